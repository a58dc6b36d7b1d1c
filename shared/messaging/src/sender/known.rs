//! What changes so seldom that a sender may remember it for some seconds: the clinic, its rules, places,
//! practitioners; and the versions of templates, which never change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use consent::{
    ConsentSettings, Rules,
    hours::{Days, Hours, Window},
    preference::Defaults,
};
use jiff::SignedDuration;
use kernel::{ClinicId, Fault, LocationId, PractitionerId, TemplateId, Timestamp};
use people::{Appointment, Clinic, Location, Practitioner};
use table::{
    ClinicTable, Found, Reads, Table, TableFault,
    keys::{AccountsKey, ClinicKey, ConsentSettingsKey, LocationKey, PractitionerKey, TemplateVersionKey},
};
use templates::{Ceilings, TemplateVersion};

use crate::accounts::Accounts;

const REMEMBERED: SignedDuration = SignedDuration::from_secs(10);

/// A clinic as the sender needs it.
pub(crate) struct Known {
    pub(crate) clinic: Clinic,
    pub(crate) accounts: Accounts,
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
    /// Wants what is to be known of a clinic, unless it is remembered.
    pub(crate) fn wants_clinic(&self, of: &ClinicTable, reads: &mut Reads) {
        if recall(&self.clinics, &of.clinic(), of.clock().now(), REMEMBERED).is_none() {
            reads.want(of, &ClinicKey {}).want(of, &AccountsKey {}).want(of, &ConsentSettingsKey {});
        }
    }

    /// What is to be known of a clinic: remembered, or as it was found.
    pub(crate) async fn learn_clinic(
        &self,
        of: &ClinicTable,
        found: &Found,
    ) -> Result<Arc<Known>, UnknownClinic> {
        let now = of.clock().now();
        if let Some(known) = recall(&self.clinics, &of.clinic(), now, REMEMBERED) {
            return Ok(known);
        }
        let clinic = match found.get::<Clinic>(of, &ClinicKey {})? {
            Some(clinic) => clinic,
            None => Clinic::read(of).await?.ok_or(UnknownClinic::NoRecord)?,
        };
        let clinic = clinic.into_value();
        let accounts = Accounts::or_standard(found.get::<Accounts>(of, &AccountsKey {})?);
        let settings = found.get::<ConsentSettings>(of, &ConsentSettingsKey {})?;
        let settings = settings.map(table::Kept::into_value).unwrap_or_default();
        let ceilings =
            templates::ceilings(of).await.map_err(|fault| UnknownClinic::Ceilings(fault.to_string()))?;
        let (hours, business_hours) = (hours(clinic.window), hours(clinic.marketing_window));
        let known = Known {
            rules: settings.rules(),
            defaults: settings.defaults,
            ceilings,
            hours,
            business_hours,
            clinic,
            accounts,
        };
        Ok(remember(&self.clinics, of.clinic(), now, known))
    }

    /// What is to be known of a clinic.
    pub(crate) async fn clinic(&self, table: &Table, of: &ClinicTable) -> Result<Arc<Known>, UnknownClinic> {
        let mut reads = table.reads();
        self.wants_clinic(of, &mut reads);
        self.learn_clinic(of, &reads.now().await?).await
    }

    /// Wants a version of a template, unless it is remembered.
    pub(crate) fn wants_version(&self, of: &ClinicTable, id: TemplateId, number: u32, reads: &mut Reads) {
        let key = (of.clinic(), id, number);
        if recall(&self.versions, &key, of.clock().now(), SignedDuration::MAX).is_none() {
            reads.want(of, &TemplateVersionKey { template: id, number });
        }
    }

    /// Remembers a version of a template if it was found.
    pub(crate) fn learn_version(&self, of: &ClinicTable, id: TemplateId, number: u32, found: &Found) {
        let key = TemplateVersionKey { template: id, number };
        // One that cannot be read is read again when it is needed, and that says so.
        if let Ok(Some(version)) = found.get::<TemplateVersion>(of, &key) {
            remember(&self.versions, (of.clinic(), id, number), of.clock().now(), version.into_value());
        }
    }

    /// Wants the place and the practitioner of a visit, unless they are remembered.
    pub(crate) fn wants_whereabouts(&self, of: &ClinicTable, visit: &Appointment, reads: &mut Reads) {
        let now = of.clock().now();
        if let Some(id) = visit.location
            && recall(&self.locations, &(of.clinic(), id), now, REMEMBERED).is_none()
        {
            reads.want(of, &LocationKey { location: id });
        }
        if let Some(id) = visit.practitioner
            && recall(&self.practitioners, &(of.clinic(), id), now, REMEMBERED).is_none()
        {
            reads.want(of, &PractitionerKey { practitioner: id });
        }
    }

    /// Remembers the place and the practitioner of a visit if they were found.
    pub(crate) fn learn_whereabouts(&self, of: &ClinicTable, visit: &Appointment, found: &Found) {
        let now = of.clock().now();
        if let Some(id) = visit.location
            && let Ok(Some(kept)) = found.get::<Location>(of, &LocationKey { location: id })
        {
            remember(&self.locations, (of.clinic(), id), now, Some(kept.into_value()));
        }
        if let Some(id) = visit.practitioner
            && let Ok(Some(kept)) = found.get::<Practitioner>(of, &PractitionerKey { practitioner: id })
        {
            remember(&self.practitioners, (of.clinic(), id), now, Some(kept.into_value()));
        }
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
