//! Files in S3.

use std::{sync::OnceLock, time::Duration};

use aws_sdk_s3::{Client, presigning::PresigningConfig, primitives::ByteStream};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use futures::future::BoxFuture;
use platform::{Files, PlatformFault, Upload};

use crate::{Base, configured};

pub(crate) struct S3Files {
    base: Base,
    client: OnceLock<Client>,
    bucket: String,
    archive: Option<String>,
}

/// What keys of the archive begin with: it is a bucket of its own, in which nothing can be changed.
const ARCHIVED: &str = "audit/";

fn fault(code: Option<&str>) -> PlatformFault {
    match code {
        Some("NoSuchKey" | "NotFound") => PlatformFault::Absent { what: "files" },
        code => PlatformFault::Away { what: "files", reason: code.unwrap_or("no answer").to_owned() },
    }
}

impl S3Files {
    pub(crate) fn new(base: Base, bucket: String, archive: Option<String>) -> Self {
        Self { base, client: OnceLock::new(), bucket, archive }
    }

    fn bucket(&self, key: &str) -> &str {
        self.archive.as_deref().filter(|_| key.starts_with(ARCHIVED)).unwrap_or(&self.bucket)
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let mut config = configured!(aws_sdk_s3, self.base);
            // A bucket as a part of the path is what emulators answer to; AWS takes names as hosts.
            config.set_force_path_style(Some(self.base.endpoint.is_some()));
            Client::from_conf(config.build())
        })
    }
}

impl Files for S3Files {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), PlatformFault>> {
        Box::pin(async move {
            self.client()
                .put_object()
                .bucket(self.bucket(key))
                .key(key)
                .body(ByteStream::from(bytes))
                .send()
                .await
                .map_err(|error| fault(error.code()))?;
            Ok(())
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        offset: u64,
        most: u64,
    ) -> BoxFuture<'a, Result<Bytes, PlatformFault>> {
        Box::pin(async move {
            let range = format!("bytes={offset}-{}", offset + most.saturating_sub(1));
            let got = self.client().get_object().bucket(self.bucket(key)).key(key).range(range).send().await;
            let got = match got {
                Err(error) if error.code() == Some("InvalidRange") => return Ok(Bytes::new()),
                other => other.map_err(|error| fault(error.code()))?,
            };
            let body = got.body.collect().await.map_err(|_| fault(None))?;
            Ok(body.into_bytes())
        })
    }

    fn size<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, PlatformFault>> {
        Box::pin(async move {
            let head = self.client().head_object().bucket(self.bucket(key)).key(key).send().await;
            let length = head.map_err(|error| fault(error.code()))?.content_length.unwrap_or(0);
            Ok(u64::try_from(length).unwrap_or(0))
        })
    }

    fn upload<'a>(&'a self, key: &'a str, bytes: u64) -> BoxFuture<'a, Result<Upload, PlatformFault>> {
        Box::pin(async move {
            let quarter = PresigningConfig::expires_in(Duration::from_mins(15)).map_err(|_| fault(None))?;
            // The length is signed: a PUT of other bytes than announced is refused by S3.
            let signed = self
                .client()
                .put_object()
                .bucket(self.bucket(key))
                .key(key)
                .content_length(i64::try_from(bytes).unwrap_or(i64::MAX))
                .presigned(quarter)
                .await
                .map_err(|error| fault(error.code()))?;
            let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Ok(Upload { url: signed.uri().to_owned(), headers })
        })
    }
}
