//! Ways to reach people, and what messages are about.

use serde::{Deserialize, Serialize};

/// A way a message can travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// Text message.
    Sms,
    /// E-mail.
    Email,
    /// A note inside our own apps.
    InApp,
    /// Push to a registered device.
    Push,
    /// A call.
    Voice,
    /// WhatsApp.
    Whatsapp,
}

impl Channel {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::Email => "EMAIL",
            Self::InApp => "IN_APP",
            Self::Push => "PUSH",
            Self::Voice => "VOICE",
            Self::Whatsapp => "WHATSAPP",
        }
    }
}

/// What a message is about; decides consent, caps and windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Visits: reminders, confirmations, changes.
    Appointment,
    /// Care: before and after visits, results, progress.
    Treatment,
    /// Money.
    Billing,
    /// Offers and news.
    Marketing,
    /// Everything else one person writes to another.
    General,
    /// Questions about satisfaction.
    Survey,
    /// Reading and viewing matter.
    Education,
    /// Leads and referrals.
    Crm,
}

impl Category {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Appointment => "APPOINTMENT",
            Self::Treatment => "TREATMENT",
            Self::Billing => "BILLING",
            Self::Marketing => "MARKETING",
            Self::General => "GENERAL",
            Self::Survey => "SURVEY",
            Self::Education => "EDUCATION",
            Self::Crm => "CRM",
        }
    }
}
