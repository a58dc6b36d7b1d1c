//! The handles of a function that was not given them.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use kernel::RawJob;

use crate::{Auth, Files, Http, HttpFault, PlatformFault, Queue, Secret, Secrets, Upload};

/// Stands where a handle was not asked for; using it is a defect that shows at once.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

fn absent<T: Send + 'static>(what: &'static str) -> BoxFuture<'static, Result<T, PlatformFault>> {
    Box::pin(std::future::ready(Err(PlatformFault::Absent { what })))
}

impl Queue for Nothing {
    fn push<'a>(&'a self, _: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>> {
        absent("queue")
    }
}

impl Files for Nothing {
    fn put<'a>(&'a self, _: &'a str, _: Bytes) -> BoxFuture<'a, Result<(), PlatformFault>> {
        absent("files")
    }
    fn read<'a>(&'a self, _: &'a str, _: u64, _: u64) -> BoxFuture<'a, Result<Bytes, PlatformFault>> {
        absent("files")
    }
    fn size<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<u64, PlatformFault>> {
        absent("files")
    }
    fn upload<'a>(&'a self, _: &'a str, _: u64) -> BoxFuture<'a, Result<Upload, PlatformFault>> {
        absent("files")
    }
}

impl Secrets for Nothing {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Secret, PlatformFault>> {
        absent("secrets")
    }
}

impl Http for Nothing {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        _: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        Box::pin(std::future::ready(Err(HttpFault::NotSent("this function makes no calls".to_owned()))))
    }
}
