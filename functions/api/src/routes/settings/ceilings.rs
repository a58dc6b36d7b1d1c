//! How much each channel may give away, as it is shown.

use std::collections::BTreeMap;

use edge::Versioned;
use kernel::{CallerId, Channel, Timestamp};
use serde::Serialize;
use templates::Ceilings;
use utoipa::ToSchema;

const CHANNELS: [Channel; 6] =
    [Channel::Sms, Channel::Email, Channel::Push, Channel::InApp, Channel::Voice, Channel::Whatsapp];

/// The most that each channel may tell about a patient.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 1,
    "channels": {
        "SMS": {
            "ceiling": "CLINICAL",
            "standard": "APPOINTMENT",
            "signed": {
                "by": "usr_01m8cz00000000000000000000",
                "at": "2026-11-22T08:00:00Z",
                "text": "Our patients asked for it in writing."
            }
        },
        "EMAIL": { "ceiling": "FINANCIAL", "standard": "FINANCIAL" }
    }
}))]
pub(super) struct CeilingsView {
    /// 0 while the product's own hold.
    version: u64,
    /// By channel.
    channels: BTreeMap<&'static str, CeilingView>,
}

/// The ceiling of one channel.
#[derive(Debug, Serialize, ToSchema)]
struct CeilingView {
    /// `NONE`, `DEMOGRAPHIC`, `APPOINTMENT`, `FINANCIAL` or `CLINICAL`.
    ceiling: &'static str,
    /// The product's own.
    standard: &'static str,
    /// The written word that a raised ceiling rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<SignedView>,
}

/// Who carries the risk of a raised ceiling.
#[derive(Debug, Serialize, ToSchema)]
struct SignedView {
    #[schema(value_type = String)]
    by: CallerId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was signed.
    text: String,
}

impl CeilingsView {
    pub(super) fn of((version, ceilings): &(u64, Ceilings)) -> Self {
        let standard = Ceilings::default();
        let channels = CHANNELS.into_iter().map(|channel| {
            let signed = ceilings.acknowledgement(channel).map(|signed| SignedView {
                by: signed.by,
                at: signed.at,
                text: signed.text.reveal().clone(),
            });
            let view = CeilingView {
                ceiling: ceilings.of(channel).name(),
                standard: standard.of(channel).name(),
                signed,
            };
            (channel.name(), view)
        });
        Self { version: *version, channels: channels.collect() }
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}
