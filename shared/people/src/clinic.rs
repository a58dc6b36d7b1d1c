//! The clinic itself, and what its messages need to know of it.

use audit::{Actor, Plain};
use jiff::civil::Time;
use kernel::{ClinicId, Detail, EmailAddress, Fault, Kind, Language, Phone, Zone};
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

/// Why a clinic's settings did not change.
#[derive(Debug, thiserror::Error)]
pub enum ClinicFault {
    /// Somebody else changed them since they were read.
    #[error("clinic {id} has version {version} by now")]
    Stale {
        /// The clinic.
        id: ClinicId,
        /// The revision; 0 if it has no settings.
        version: u64,
    },
    /// Fields cannot be as they are.
    #[error("{} settings of the clinic cannot be", .0.len())]
    Invalid(Vec<Detail>),
    /// A number or mailbox belongs to another clinic.
    #[error("the address at {0} belongs to another clinic")]
    AddressTaken(&'static str),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for ClinicFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for ClinicFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Stale { .. } | Self::AddressTaken(_) => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "version_is_stale",
            Self::Invalid(_) => "clinic_invalid",
            Self::AddressTaken(_) => "address_taken",
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Stale { .. } => Vec::new(),
            Self::Invalid(details) => details.clone(),
            Self::AddressTaken(at) => vec![Detail::new(*at, "give an address that no other clinic has")],
            Self::Write(fault) => fault.details(),
        }
    }
}

/// Text that stands in messages and headers: short, with something in it, on one line.
fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

impl Clinic {
    /// What cannot be as it is, by the names that [`Clinic`] has for it.
    fn faults(&self) -> Vec<Detail> {
        let mut faults = Vec::new();
        let mut check = |fine: bool, at: &str, says: String| {
            if !fine {
                faults.push(Detail::new(at, says));
            }
        };
        check(is_line(&self.name, 100), "/name", "give a name of 1 to 100 characters on one line".to_owned());
        let brand = format!("give a name of 1 to {LONGEST_BRAND} characters on one line");
        check(is_line(&self.brand, LONGEST_BRAND), "/brand", brand);
        let letters = |state: &String| state.len() == 2 && state.bytes().all(|b| b.is_ascii_uppercase());
        let state = self.state.as_ref().is_none_or(letters);
        check(state, "/state", "give two capital letters, such as NY".to_owned());
        for (at, window) in [("/window", self.window), ("/marketing_window", self.marketing_window)] {
            check(window.from < window.to, at, "it has to end after it begins, on the same day".to_owned());
        }
        if let Some(TextSender::Service { service, .. }) = &self.text {
            let fine =
                (1..=64).contains(&service.len()) && service.bytes().all(|b| b.is_ascii_alphanumeric());
            check(fine, "/text/service", "give the provider's id: 1 to 64 letters and digits".to_owned());
        }
        if let Some(mail) = &self.mail {
            let says = "give a name of 1 to 100 characters on one line".to_owned();
            check(is_line(&mail.name, 100), "/mail/name", says);
        }
        let address = &self.address;
        for (at, part) in [
            ("/address/street", &address.street),
            ("/address/city", &address.city),
            ("/address/state", &address.state),
            ("/address/postal", &address.postal),
        ] {
            let fine = part.as_ref().is_none_or(|text| is_line(text, 120));
            check(fine, at, "give 1 to 120 characters on one line, or none".to_owned());
        }
        faults
    }

    /// Puts these settings in the place of those that were read at `version`, 0 for none, and gives back the new
    /// version. Numbers and mailboxes are claimed first; a former one stays the clinic's, so that late answers
    /// to it still arrive.
    pub async fn change(&self, table: &Table, actor: &Actor, version: u64) -> Result<u64, ClinicFault> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(ClinicFault::Invalid(faults));
        }
        let part = table.of(self.id);
        let before = Self::read(&part).await?;
        let now = before.as_ref().map_or(0, Kept::rev);
        if now != version {
            return Err(ClinicFault::Stale { id: self.id, version: now });
        }
        if before.as_deref() == Some(self) {
            return Ok(now);
        }
        let shared = table.shared();
        let text = self.text.as_ref().map(|text| ("/text/number", text.number().as_str().to_owned()));
        let mail = self.mail.as_ref().map(|mail| ("/mail/address", mail.address.folded()));
        for (at, address) in text.into_iter().chain(mail) {
            match shared.claim_address(&address, self.id).await {
                Err(fault) if fault.is_conflict() => return Err(ClinicFault::AddressTaken(at)),
                done => done?,
            }
        }
        shared.register(self.id).await?;
        let mut write = part.write();
        match &before {
            Some(kept) => write.replace(kept, self),
            None => write.create(self),
        };
        write.create(&self.deed(actor, before.as_deref()).entry(&part));
        match write.commit().await {
            Ok(()) => Ok(version + 1),
            Err(fault) if fault.is_conflict() => {
                let version = Self::read(&part).await?.as_ref().map_or(0, Kept::rev);
                Err(ClinicFault::Stale { id: self.id, version })
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn deed(&self, actor: &Actor, before: Option<&Self>) -> audit::Deed {
        let plain = |clinic: &Self| -> [(&'static str, Plain); 6] {
            [
                ("zone", Plain::from(&clinic.zone)),
                ("language", Plain::from(&clinic.language)),
                ("window.from", clinic.window.from.into()),
                ("window.to", clinic.window.to.into()),
                ("marketing_window.from", clinic.marketing_window.from.into()),
                ("marketing_window.to", clinic.marketing_window.to.into()),
            ]
        };
        let mut old = before.map(plain).into_iter().flatten();
        let deed = actor.did("clinic.changed").on("clinic", self.id);
        let deed = plain(self).into_iter().fold(deed, |deed, (field, now)| {
            deed.change_of(field, old.next().map(|(_, was)| was), Some(now))
        });
        let Some(before) = before else { return deed };
        // Names, numbers and addresses do not belong into a log: it says only that they changed.
        [
            ("name", before.name != self.name),
            ("brand", before.brand != self.brand),
            ("state", before.state != self.state),
            ("region", before.region != self.region),
            ("help_phone", before.help_phone != self.help_phone),
            ("help_email", before.help_email != self.help_email),
            ("address", before.address != self.address),
            ("text", before.text != self.text),
            ("mail", before.mail != self.mail),
        ]
        .into_iter()
        .filter(|(_, different)| *different)
        .fold(deed, |deed, (field, _)| deed.touched(field))
    }

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
