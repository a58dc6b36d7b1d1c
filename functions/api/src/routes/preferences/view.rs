//! Preferences as they are shown.

use std::collections::BTreeMap;

use consent::{
    Frequency,
    hours::Hours,
    preference::{Defaults, KeptPreference, Preference},
};
use edge::{Problem, Versioned};
use kernel::{Category, Channel, Language, PersonId};
use serde::Serialize;
use table::{ClinicTable, Kept};
use utoipa::ToSchema;

const CATEGORIES: [Category; 8] = [
    Category::Appointment,
    Category::Treatment,
    Category::Billing,
    Category::Marketing,
    Category::General,
    Category::Survey,
    Category::Education,
    Category::Crm,
];

/// What a person has stated about messages, and what comes of it here. What is absent is not stated.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "version": 2,
    "channels": ["EMAIL", "SMS"],
    "categories": { "SURVEY": false },
    "frequency": { "EMAIL": "DAILY" },
    "hours": { "windows": [{ "from": "09:00", "until": "18:00", "days": ["MON", "TUE", "WED", "THU", "FRI"] }] },
    "language": "es",
    "effective": { "APPOINTMENT": ["EMAIL", "SMS"], "SURVEY": [] }
}))]
pub(super) struct PreferencesView {
    /// Whose; another than in the path if the two were merged.
    #[schema(value_type = String)]
    person: PersonId,
    /// 0 while nothing is stated.
    version: u64,
    /// Channels that are on, in the person's order. An empty list is a wish for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<Channel>>,
    /// Kinds of message switched on or off.
    #[schema(value_type = std::collections::HashMap<String, bool>)]
    categories: BTreeMap<Category, bool>,
    /// How often messages are wanted over a channel: `IMMEDIATE`, `DAILY` or `WEEKLY`, the latter two collected into
    /// one message. At once where nothing is stated, and always for what is about visits and care.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    frequency: BTreeMap<Channel, Frequency>,
    /// Weekdays and hours at which messages are welcome, in the person's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    hours: Option<Hours>,
    /// The language to be written to in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
    /// For each kind of message the channels it may take, with the clinic's defaults where nothing is stated.
    /// Whether there is consent is another question.
    #[schema(value_type = std::collections::HashMap<String, Vec<String>>)]
    effective: BTreeMap<Category, Vec<Channel>>,
}

fn effective(stated: &Preference, defaults: &Defaults) -> BTreeMap<Category, Vec<Channel>> {
    let channels = |category| {
        let wanted = stated.channels.as_deref().or_else(|| defaults.of(category)).unwrap_or_default();
        if stated.wants(category) { wanted.to_vec() } else { Vec::new() }
    };
    CATEGORIES.into_iter().map(|category| (category, channels(category))).collect()
}

impl PreferencesView {
    pub(super) async fn read(table: &ClinicTable, person: PersonId) -> Result<Self, Problem> {
        Self::of(table, person, consent::preference(table, person).await?).await
    }

    pub(super) async fn of(
        table: &ClinicTable,
        person: PersonId,
        kept: Option<Kept<KeptPreference>>,
    ) -> Result<Self, Problem> {
        let settings = consent::settings(table).await?.map(Kept::into_value).unwrap_or_default();
        let version = kept.as_ref().map_or(0, Kept::rev);
        let stated = kept.map(|kept| kept.into_value().preference).unwrap_or_default();
        let effective = effective(&stated, &settings.defaults);
        let Preference { channels, categories, frequency, hours, language } = stated;
        Ok(Self { person, version, channels, categories, frequency, hours, language, effective })
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}
