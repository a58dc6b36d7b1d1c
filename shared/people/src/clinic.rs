//! The clinic itself, and what its messages need to know of it.

use jiff::civil::Time;
use kernel::{ClinicId, EmailAddress, Language, Phone, Zone};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, Table, TableFault, WriteFault, keys::ClinicKey};

use crate::{location::Address, phone::Region};

/// Which number or service texts come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TextSender {
    /// One number.
    Number {
        /// The number.
        number: Phone,
    },
    /// A pool of numbers that the provider chooses from; answers come in on `number`.
    Service {
        /// The provider's id of the pool.
        service: String,
        /// The number people know.
        number: Phone,
    },
}

impl TextSender {
    /// The number people answer to.
    pub fn number(&self) -> &Phone {
        match self {
            Self::Number { number } | Self::Service { number, .. } => number,
        }
    }
}

/// Whom mail comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSender {
    /// The address.
    pub address: EmailAddress,
    /// The name beside it.
    pub name: String,
    /// Where answers go, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EmailAddress>,
}

/// A stretch of the day, on the recipient's clock, in which the clinic wants messages to go out. The law may
/// narrow it further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first minute.
    pub from: Time,
    /// The minute it ends.
    pub to: Time,
}

/// A clinic and the settings that every message reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clinic {
    /// The id.
    pub id: ClinicId,
    /// The name of the company.
    pub name: String,
    /// The name in messages, at most 25 characters.
    pub brand: String,
    /// The zone its days are counted in, unless a location has its own.
    pub zone: Zone,
    /// The state whose law holds, two letters in the United States.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The country in which numbers without a country code are dialled.
    #[serde(default)]
    pub region: Region,
    /// The language of messages to people who want no other.
    pub language: Language,
    /// The number people call for help; it stands in the answer to HELP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_phone: Option<Phone>,
    /// The mailbox people write to for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_email: Option<EmailAddress>,
    /// The postal address that mail with offers must show (CAN-SPAM, 15 USC 7704(a)(5)).
    #[serde(default)]
    pub address: Address,
    /// Who texts come from; without it no text is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextSender>,
    /// Who mail comes from; without it no mail is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSender>,
    /// When messages about visits and care may go out.
    pub window: Window,
    /// When offers may go out.
    pub marketing_window: Window,
}

/// The longest brand name in characters: what a text message has room for.
pub const LONGEST_BRAND: usize = 25;

impl Clinic {
    /// A clinic with the usual windows (08:00 to 21:00, offers 09:00 to 17:00) and no sender yet.
    pub fn new(id: ClinicId, name: &str, zone: Zone) -> Self {
        let window =
            |from, to| Window { from: Time::constant(from, 0, 0, 0), to: Time::constant(to, 0, 0, 0) };
        Self {
            id,
            name: name.to_owned(),
            brand: name.chars().take(LONGEST_BRAND).collect::<String>().trim().to_owned(),
            zone,
            state: None,
            region: Region::us(),
            language: Language::english(),
            help_phone: None,
            help_email: None,
            address: Address::default(),
            text: None,
            mail: None,
            window: window(8, 21),
            marketing_window: window(9, 17),
        }
    }

    /// The clinic as it is now.
    pub async fn read(table: &ClinicTable) -> Result<Option<Kept<Self>>, TableFault> {
        table.get::<Self>(&ClinicKey {}).await
    }

    /// Enters a clinic or changes its settings, claims its addresses and enters it into the register. Doing it
    /// again changes nothing. A number or mailbox of another clinic is a conflict.
    pub async fn save(&self, table: &Table) -> Result<(), WriteFault> {
        let shared = table.shared();
        let mut ours = Vec::new();
        ours.extend(self.text.as_ref().map(|text| text.number().as_str().to_owned()));
        ours.extend(self.mail.as_ref().map(|mail| mail.address.folded()));
        for address in ours {
            shared.claim_address(&address, self.id).await?;
        }
        shared.register(self.id).await?;
        let part = table.of(self.id);
        let mut write = part.write();
        match Self::read(&part).await? {
            Some(kept) if *kept == *self => return Ok(()),
            Some(kept) => write.replace(&kept, self),
            None => write.create(self),
        };
        write.commit().await
    }
}

impl Entity for Clinic {
    type Key = ClinicKey;
    fn key(&self) -> ClinicKey {
        ClinicKey {}
    }
}
