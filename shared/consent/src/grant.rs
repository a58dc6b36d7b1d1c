//! Somebody agrees to messages.

use audit::Actor;
use kernel::{Category, Channel, PersonId};
use table::ClinicTable;

use crate::{
    address::Address,
    ledger::{ConsentFault, Deed, Entry, Evidence, Level, Method, Standing, record},
};

/// What is agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The channel.
    pub channel: Channel,
    /// The kinds of message.
    pub categories: Vec<Category>,
    /// How far.
    pub level: Level,
}

impl Grant {
    /// Consent to messages about care, as giving the number or mailbox to the clinic is: all kinds but
    /// marketing.
    pub fn care(channel: Channel) -> Self {
        let categories = vec![
            Category::Appointment,
            Category::Treatment,
            Category::Billing,
            Category::General,
            Category::Survey,
            Category::Education,
            Category::Crm,
        ];
        Self { channel, categories, level: Level::Express }
    }
}

/// Records that somebody agreed to messages. Consent from before an opt-out does not lift it; consent after it
/// makes messages possible again only through [`crate::opt_in`] or a release. Written consent needs the version
/// of the text that was agreed to; an import has to say in its note what the evidence is.
pub async fn grant(
    table: &ClinicTable,
    address: &Address,
    person: Option<PersonId>,
    grant: Grant,
    actor: &Actor,
    evidence: Evidence,
) -> Result<Standing, ConsentFault> {
    if !address.takes(grant.channel) {
        return Err(ConsentFault::Invalid { at: "/channel", says: "the address does not take this channel" });
    }
    if grant.categories.is_empty() || grant.level == Level::None {
        return Err(ConsentFault::Invalid { at: "/categories", says: "a consent is to something" });
    }
    if grant.level == Level::Written && evidence.text_version.is_none() {
        return Err(ConsentFault::Invalid {
            at: "/evidence/text_version",
            says: "written consent names the version of the text that was agreed to",
        });
    }
    if evidence.method == Method::Import && evidence.note.is_none() {
        return Err(ConsentFault::Invalid {
            at: "/evidence/note",
            says: "imported consent says what the evidence for it is",
        });
    }
    if matches!(evidence.method, Method::Provider | Method::Staff) {
        return Err(ConsentFault::Invalid {
            at: "/evidence/method",
            says: "consent is given by the reader, not by the clinic or a provider",
        });
    }
    let Grant { channel, mut categories, level } = grant;
    categories.sort_unstable();
    categories.dedup();
    let (address, ending) = (address.digest(), address.ending());
    let entry = Entry { address, ending, person, actor, evidence };
    record(table, &entry, |_| Ok(vec![Deed::Granted { channel, categories: categories.clone(), level }]))
        .await
}
