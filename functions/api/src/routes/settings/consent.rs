//! A clinic's own rules of consent, as they are shown.

use ::consent::{ConsentSettings, Overrides, preference::Defaults};
use edge::Versioned;
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

/// What the clinic has set: its own rules, and the channels for people who have stated none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 2,
    "defaults": { "APPOINTMENT": ["SMS", "EMAIL"], "BILLING": ["EMAIL"] },
    "overrides": {
        "opt_out_words": ["no more"],
        "confirm_words": ["claro"],
        "courtesy_confirms": false,
        "marketing_hours": "CAUTIOUS",
        "per_person_per_day": 3,
        "revocation_by_category": false
    }
}))]
pub(super) struct ConsentSettingsView {
    /// 0 while the product's own settings hold.
    version: u64,
    /// For each category the channels in their order; a category that is not named has none.
    #[schema(value_type = Object)]
    defaults: Defaults,
    /// `opt_out_words`, `confirm_words`, `courtesy_confirms`, `marketing_hours`, `per_person_per_day` and
    /// `revocation_by_category`.
    #[schema(value_type = Object)]
    overrides: Overrides,
}

impl ConsentSettingsView {
    pub(super) fn of(kept: Option<Kept<ConsentSettings>>) -> Self {
        let version = kept.as_ref().map_or(0, Kept::rev);
        let ConsentSettings { defaults, overrides } = kept.map(Kept::into_value).unwrap_or_default();
        Self { version, defaults, overrides }
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}
