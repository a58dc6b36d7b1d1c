//! Through which accounts at providers a clinic sends, and in which order they are tried.
//!
//! A clinic that has set nothing sends through the deployment's own accounts. Another provider, or an account of
//! the clinic's own, is a matter of settings: what proves an account stays in the store of secrets, under a name
//! that follows from the clinic and the account.

mod set;

use kernel::{Channel, ClinicId, Phone};
use people::{Clinic, clinic::TextSender};
use providers::Provider;
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, TableFault, keys::AccountsKey};

pub use set::{AccountsFault, set};

use crate::{Attempt, AttemptStatus};

/// An account at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The clinic's name for it: 1 to 32 small letters, digits and hyphens.
    pub id: String,
    /// At whom.
    pub provider: Provider,
    /// 1 is tried first; those of one priority in the order of their names.
    pub priority: u8,
    /// Whether it is used.
    pub enabled: bool,
    /// The provider's id of the clinic's own account or application; none for the deployment's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// The number that texts through it come from, if it is not the clinic's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Phone>,
}

impl Account {
    /// An account of the deployment's, tried first.
    fn of_deployment(id: &str, provider: Provider) -> Self {
        Self { id: id.to_owned(), provider, priority: 1, enabled: true, own: None, number: None }
    }

    /// The name of the secret that proves who sends, for an account of the clinic's own.
    pub fn secret(&self, clinic: ClinicId) -> String {
        format!("clinics/{clinic}/{}", self.id)
    }

    /// The name of the secret that the provider's calls are checked with, for an account of the clinic's own.
    pub fn hook_secret(&self, clinic: ClinicId) -> String {
        format!("{}/hook", self.secret(clinic))
    }

    /// Who texts through it come from.
    pub(crate) fn text_sender(&self, clinic: &Clinic) -> Option<providers::TextSender> {
        if let Some(number) = &self.number {
            return Some(providers::TextSender::Number(number.clone()));
        }
        Some(match clinic.text.as_ref()? {
            TextSender::Number { number } => providers::TextSender::Number(number.clone()),
            TextSender::Service { service, .. } => providers::TextSender::Service(service.clone()),
        })
    }

    /// Whether the clinic has set who messages through it come from.
    fn has_sender(&self, clinic: &Clinic) -> bool {
        match self.provider.channel() {
            Channel::Sms => self.number.is_some() || clinic.text.is_some(),
            Channel::Email => clinic.mail.is_some(),
            _ => false,
        }
    }
}

/// All accounts of a clinic: one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// In the order they were set.
    pub accounts: Vec<Account>,
}

impl Default for Accounts {
    fn default() -> Self {
        let texts = Account::of_deployment("twilio", Provider::Twilio);
        let mail = Account::of_deployment("ses", Provider::Ses);
        Self { accounts: vec![texts, mail] }
    }
}

impl Entity for Accounts {
    type Key = AccountsKey;
    fn key(&self) -> AccountsKey {
        AccountsKey {}
    }
}

impl Accounts {
    /// What a clinic has set, or the deployment's accounts.
    pub(crate) fn or_standard(kept: Option<Kept<Self>>) -> Self {
        kept.map(Kept::into_value).unwrap_or_default()
    }

    /// The account of this name.
    pub fn named(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The accounts that may be used for a channel of a clinic, in the order they are tried.
    pub fn usable(&self, clinic: &Clinic, channel: Channel) -> Vec<&Account> {
        let mut usable: Vec<_> = self
            .accounts
            .iter()
            .filter(|account| account.enabled && account.provider.channel() == channel)
            .filter(|account| account.has_sender(clinic))
            .collect();
        usable.sort_by_key(|account| (account.priority, &account.id));
        usable
    }

    /// Whether a clinic can send over a channel at all.
    pub fn can_send(&self, clinic: &Clinic, channel: Channel) -> bool {
        !self.usable(clinic, channel).is_empty()
    }

    /// Which account the next attempt goes through: the first one that has not failed this message yet; when each of
    /// them has, the one whose turn it is again.
    pub(crate) fn next(&self, clinic: &Clinic, channel: Channel, attempts: &[Attempt]) -> Option<&Account> {
        let usable = self.usable(clinic, channel);
        let failed = |account: &Account| {
            let by = |attempt: &&Attempt| attempt.account.as_deref() == Some(&account.id);
            attempts.iter().filter(|attempt| attempt.status == AttemptStatus::Failed).filter(by).count()
        };
        usable.into_iter().min_by_key(|account| failed(account))
    }
}

/// The accounts of a clinic as they were set, with their version; absent if it has set nothing.
pub async fn kept(table: &ClinicTable) -> Result<Option<Kept<Accounts>>, TableFault> {
    table.get(&AccountsKey {}).await
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;

    use super::*;

    fn account(id: &str, provider: Provider, priority: u8) -> Account {
        Account { own: Some("acct".to_owned()), priority, ..Account::of_deployment(id, provider) }
    }

    fn clinic() -> Clinic {
        let mut clinic = Clinic::new(ClinicId::FIRST, "Bright Smiles", kernel::Zone::utc());
        clinic.text = Some(TextSender::Number { number: "+12125550100".parse().unwrap() });
        clinic
    }

    fn failed(n: u32, account: &str) -> Attempt {
        Attempt {
            n,
            provider: None,
            account: Some(account.to_owned()),
            status: AttemptStatus::Failed,
            provider_id: None,
            at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            error: None,
            machine_open: false,
        }
    }

    #[test]
    fn who_has_set_nothing_sends_through_the_deployments_accounts_where_a_sender_is_set() {
        let (accounts, clinic) = (Accounts::default(), clinic());
        assert!(accounts.can_send(&clinic, Channel::Sms));
        for channel in [Channel::Email, Channel::Voice, Channel::Push, Channel::Whatsapp] {
            assert!(!accounts.can_send(&clinic, channel), "{channel:?}");
        }
    }

    ///
    #[test]
    fn accounts_are_tried_in_their_order_and_switched_off_ones_are_not() {
        let mut accounts = Accounts {
            accounts: vec![
                account("second", Provider::Twilio, 2),
                account("first", Provider::Vonage, 1),
                account("mail", Provider::Sendgrid, 1),
            ],
        };
        let clinic = clinic();
        let next = |accounts: &Accounts, attempts: &[Attempt]| {
            accounts.next(&clinic, Channel::Sms, attempts).map(|account| account.id.clone())
        };
        assert_eq!(next(&accounts, &[]).unwrap(), "first");
        assert_eq!(next(&accounts, &[failed(1, "first")]).unwrap(), "second");
        assert_eq!(next(&accounts, &[failed(1, "first"), failed(2, "second")]).unwrap(), "first");
        accounts.accounts[1].enabled = false;
        assert_eq!(next(&accounts, &[]).unwrap(), "second");
        accounts.accounts[0].enabled = false;
        assert_eq!(next(&accounts, &[]), None);
    }
}
