//! A clinic on a database in memory, for the tests of this crate.

use embedded::{Embedded, Usage};
use kernel::{ClinicId, Clock, Id, Timestamp};
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
