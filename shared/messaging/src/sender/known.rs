//! What changes so seldom that a sender may remember it for half a minute: the clinic, its rules, places,
//! practitioners; and the versions of templates, which never change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use consent::{
    Rules,
    hours::{Days, Hours, Window},
    preference::Defaults,
};
use jiff::SignedDuration;
use kernel::{ClinicId, Fault, LocationId, PractitionerId, TemplateId, Timestamp};
use people::{Clinic, Location, Practitioner};
use table::{
    ClinicTable, TableFault,
    keys::{LocationKey, PractitionerKey},
};
use templates::{Ceilings, TemplateVersion};

const REMEMBERED: SignedDuration = SignedDuration::from_secs(30);

/// A clinic as the sender needs it.
pub(crate) struct Known {
    pub(crate) clinic: Clinic,
    pub(crate) rules: Rules,
    pub(crate) defaults: Defaults,
    pub(crate) ceilings: Ceilings,
    pub(crate) hours: Option<Hours>,
    pub(crate) business_hours: Option<Hours>,
}

/// Something the sender needs to know of the clinic cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnknownClinic {
    #[error("the clinic has no record")]
    NoRecord,
    #[error(transparent)]
    Table(#[from] TableFault),
    #[error("the clinic's ceilings cannot be read: {0}")]
    Ceilings(String),
}

impl Fault for UnknownClinic {
    fn kind(&self) -> kernel::Kind {
        match self {
            Self::NoRecord => kernel::Kind::Broken,
            Self::Table(fault) => fault.kind(),
            Self::Ceilings(_) => kernel::Kind::Unavailable,
        }
    }
    fn code(&self) -> &'static str {
        "clinic_unreadable"
    }
}

/// The clinic's own window as hours of every day; none if it is empty or the whole day.
pub(crate) fn hours(window: people::clinic::Window) -> Option<Hours> {
    let minute = |time: jiff::civil::Time| time.strftime("%H:%M").to_string().parse().ok();
    let window = Window::new(minute(window.from)?, minute(window.to)?, Days::ALL).ok()?;
    Some(Hours::new(vec![window]))
}

type Remembered<K, V> = Mutex<HashMap<K, (Timestamp, Arc<V>)>>;

/// What this sender has read lately.
#[derive(Default)]
pub(crate) struct Memory {
    clinics: Remembered<ClinicId, Known>,
    locations: Remembered<(ClinicId, LocationId), Option<Location>>,
    practitioners: Remembered<(ClinicId, PractitionerId), Option<Practitioner>>,
    versions: Remembered<(ClinicId, TemplateId, u32), TemplateVersion>,
}

fn recall<K: std::hash::Hash + Eq, V>(
    memory: &Remembered<K, V>,
    key: &K,
    now: Timestamp,
    keeps: SignedDuration,
) -> Option<Arc<V>> {
    let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let (since, value) = memory.get(key)?;
    (now.duration_since(*since) < keeps).then(|| value.clone())
}

fn remember<K: std::hash::Hash + Eq, V>(
    memory: &Remembered<K, V>,
    key: K,
    now: Timestamp,
    value: V,
) -> Arc<V> {
    let value = Arc::new(value);
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    // A sender lives for hours and meets every clinic: what is old goes before the memory grows.
    if memory.len() >= 500 {
        memory.retain(|_, (since, _)| now.duration_since(*since) < REMEMBERED);
    }
    memory.insert(key, (now, value.clone()));
    value
}

impl Memory {
    pub(crate) async fn clinic(&self, table: &ClinicTable) -> Result<Arc<Known>, UnknownClinic> {
        let now = table.clock().now();
        if let Some(known) = recall(&self.clinics, &table.clinic(), now, REMEMBERED) {
            return Ok(known);
        }
        let clinic = Clinic::read(table).await?.ok_or(UnknownClinic::NoRecord)?.into_value();
        let settings = consent::settings(table).await?.map(table::Kept::into_value).unwrap_or_default();
        let ceilings =
            templates::ceilings(table).await.map_err(|fault| UnknownClinic::Ceilings(fault.to_string()))?;
        let (hours, business_hours) = (hours(clinic.window), hours(clinic.marketing_window));
        let known = Known {
            rules: settings.rules(),
            defaults: settings.defaults,
            ceilings,
            hours,
            business_hours,
            clinic,
        };
        Ok(remember(&self.clinics, table.clinic(), now, known))
    }

    pub(crate) async fn location(
        &self,
        table: &ClinicTable,
        id: LocationId,
    ) -> Result<Arc<Option<Location>>, TableFault> {
        let now = table.clock().now();
        let key = (table.clinic(), id);
        if let Some(known) = recall(&self.locations, &key, now, REMEMBERED) {
            return Ok(known);
        }
        let read = table.get::<Location>(&LocationKey { location: id }).await?;
        Ok(remember(&self.locations, key, now, read.map(table::Kept::into_value)))
    }

    pub(crate) async fn practitioner(
        &self,
        table: &ClinicTable,
        id: PractitionerId,
    ) -> Result<Arc<Option<Practitioner>>, TableFault> {
        let now = table.clock().now();
        let key = (table.clinic(), id);
        if let Some(known) = recall(&self.practitioners, &key, now, REMEMBERED) {
            return Ok(known);
        }
        let read = table.get::<Practitioner>(&PractitionerKey { practitioner: id }).await?;
        Ok(remember(&self.practitioners, key, now, read.map(table::Kept::into_value)))
    }

    pub(crate) async fn version(
        &self,
        table: &ClinicTable,
        id: TemplateId,
        number: u32,
    ) -> Result<Arc<TemplateVersion>, templates::TemplateFault> {
        let now = table.clock().now();
        let key = (table.clinic(), id, number);
        if let Some(known) = recall(&self.versions, &key, now, SignedDuration::MAX) {
            return Ok(known);
        }
        let read = templates::version(table, id, number).await?;
        Ok(remember(&self.versions, key, now, read))
    }
}
