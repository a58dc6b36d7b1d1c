//! A clinic on a database in memory, for the tests of this crate.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use embedded::{Embedded, Usage};
use futures::future::{BoxFuture, ready};
use kernel::{ClinicId, Clock, Id, Timestamp};
use platform::{
    Files, Platform, PlatformFault, Settings, Upload,
    inside::{InsideQueue, Nothing},
};
use serde_json::Value;
use table::{ClinicTable, Table};

use crate::{
    NoPlan,
    clinic::Clinic,
    mirror::{self, Effect, Kind, MirrorFault, Put},
};

pub(crate) struct Home {
    pub(crate) db: Embedded,
    pub(crate) all: Table,
    pub(crate) table: ClinicTable,
    pub(crate) clock: Clock,
}

/// Files in memory.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<HashMap<String, Bytes>>);

impl Shelf {
    fn get(&self, key: &str) -> Result<Bytes, PlatformFault> {
        self.0.lock().unwrap().get(key).cloned().ok_or(PlatformFault::Absent { what: "files" })
    }
}

impl Files for Shelf {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), PlatformFault>> {
        self.0.lock().unwrap().insert(key.to_owned(), bytes);
        Box::pin(ready(Ok(())))
    }
    fn read<'a>(
        &'a self,
        key: &'a str,
        offset: u64,
        most: u64,
    ) -> BoxFuture<'a, Result<Bytes, PlatformFault>> {
        let cut = |bytes: Bytes| {
            let begin = usize::try_from(offset).unwrap().min(bytes.len());
            let end = bytes.len().min(begin + usize::try_from(most).unwrap());
            bytes.slice(begin..end)
        };
        Box::pin(ready(self.get(key).map(cut)))
    }
    fn size<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, PlatformFault>> {
        Box::pin(ready(self.get(key).map(|bytes| bytes.len() as u64)))
    }
    fn upload<'a>(&'a self, key: &'a str, _: u64) -> BoxFuture<'a, Result<Upload, PlatformFault>> {
        Box::pin(ready(Ok(Upload { url: format!("memory:{key}"), headers: Vec::new() })))
    }
}

pub(crate) const NOW: &str = "2026-11-22T15:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn actor() -> audit::Actor {
    audit::Actor::system("tests")
}

impl Home {
    pub(crate) async fn new() -> Self {
        let clock = Clock::fixed(at(NOW), 7);
        let db = Embedded::memory().unwrap();
        let all = db.table(clock.clone()).await.unwrap();
        let home = Self { table: all.of(ClinicId::derived(&["one"])), all, clock, db };
        home.clinic("one").await;
        home
    }

    pub(crate) fn platform(&self, queue: &InsideQueue) -> Platform {
        let read = |name: &str| matches!(name, "STAGE" | "PUBLIC_URL").then(|| "test".to_owned());
        Platform {
            clock: self.clock.clone(),
            table: self.all.clone(),
            queue: Arc::new(queue.clone()),
            files: Arc::new(Shelf::default()),
            secrets: Arc::new(Nothing),
            http: Arc::new(Nothing),
            settings: Arc::new(Settings::from(read).unwrap()),
        }
    }

    pub(crate) async fn clinic(&self, name: &str) -> ClinicTable {
        let id = ClinicId::derived(&[name]);
        let mut clinic = Clinic::new(id, "Bright Smiles", "America/New_York".parse().unwrap());
        clinic.state = Some("NY".into());
        clinic.save(&self.all).await.unwrap();
        self.all.of(id)
    }

    pub(crate) fn usage(&self) -> Usage {
        self.db.meter().take()
    }

    pub(crate) async fn says(
        &self,
        kind: Kind,
        id: &str,
        version: u64,
        data: Value,
    ) -> Result<Effect, MirrorFault> {
        self.told(kind, id, version, Some(&data)).await
    }

    pub(crate) async fn told(
        &self,
        kind: Kind,
        id: &str,
        version: u64,
        data: Option<&Value>,
    ) -> Result<Effect, MirrorFault> {
        let put = Put { kind, source: "pms", id, version: Some(version), updated_at: None, data };
        mirror::put(&self.table, &NoPlan, &actor(), put).await
    }
}
