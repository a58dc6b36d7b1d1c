//! Setting a clinic's accounts.

use audit::{Actor, Deed, Plain};
use kernel::{Channel, Detail, Fault, Kind};
use providers::Provider;
use table::{ClinicTable, Kept, Table, TableFault, WriteFault};

use super::{Account, Accounts, kept};

/// More accounts than any clinic has, and few enough for one item.
const MOST: usize = 20;

/// Why accounts were not set.
#[derive(Debug, thiserror::Error)]
pub enum AccountsFault {
    /// Somebody else changed them since they were read.
    #[error("the accounts were changed by somebody else")]
    Stale,
    /// Some cannot be as they are.
    #[error("{} fields of the accounts cannot be", .0.len())]
    Invalid(Vec<Detail>),
    /// A number belongs to another clinic.
    #[error("the number at {0} belongs to another clinic")]
    NumberTaken(String),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for AccountsFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for AccountsFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Stale | Self::NumberTaken(_) => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Stale => "version_is_stale",
            Self::Invalid(_) => "accounts_invalid",
            Self::NumberTaken(_) => "address_taken",
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Stale => Vec::new(),
            Self::Invalid(details) => details.clone(),
            Self::NumberTaken(at) => {
                vec![Detail::new(at.clone(), "give a number that no other clinic has")]
            }
            Self::Write(fault) => fault.details(),
        }
    }
}

/// Whether a deployment may have an account of its own there.
fn is_deployments(provider: Provider) -> bool {
    matches!(provider, Provider::Twilio | Provider::Ses)
}

/// Whether clinics may bring an account of their own. Mail through SES is sent with the function's role.
fn is_clinics(provider: Provider) -> bool {
    matches!(provider, Provider::Twilio | Provider::Vonage | Provider::Sendgrid)
}

fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(letter)
}

fn is_own(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn faults(accounts: &[Account]) -> Vec<Detail> {
    let mut faults = Vec::new();
    if accounts.len() > MOST {
        faults.push(Detail::new("/accounts", format!("give at most {MOST} accounts")));
    }
    for (at, account) in accounts.iter().enumerate().take(MOST) {
        let mut check = |fine: bool, field: &str, says: &str| {
            if !fine {
                faults.push(Detail::new(format!("/accounts/{at}/{field}"), says));
            }
        };
        check(is_name(&account.id), "id", "give 1 to 32 small letters, digits and hyphens");
        let first = accounts.iter().position(|other| other.id == account.id) == Some(at);
        check(first, "id", "another account has this name");
        check((1..=9).contains(&account.priority), "priority", "give 1 for the first to 9 for the last");
        match &account.own {
            None => check(
                is_deployments(account.provider),
                "own",
                "there is no account of the deployment at this provider: name the clinic's own",
            ),
            Some(own) => {
                check(
                    is_clinics(account.provider),
                    "provider",
                    "clinics cannot bring an account of theirs here",
                );
                check(
                    is_own(own),
                    "own",
                    "give the provider's id of the account: letters, digits and hyphens",
                );
            }
        }
        let texts = account.provider.channel() == Channel::Sms;
        check(texts || account.number.is_none(), "number", "only texts come from a number");
        let has_own_number = account.provider != Provider::Vonage || account.number.is_some();
        check(has_own_number, "number", "give the number that this provider sends from");
    }
    faults
}

/// Puts these accounts in the place of those that were read at `version`, 0 for none. Numbers are claimed first, so
/// that what people answer to them finds the clinic.
pub async fn set(
    table: &Table,
    of: &ClinicTable,
    actor: &Actor,
    version: u64,
    new: Accounts,
) -> Result<Kept<Accounts>, AccountsFault> {
    let faults = faults(&new.accounts);
    if !faults.is_empty() {
        return Err(AccountsFault::Invalid(faults));
    }
    let before = kept(of).await?;
    if before.as_ref().map_or(0, Kept::rev) != version {
        return Err(AccountsFault::Stale);
    }
    if let Some(same) = before.as_ref().filter(|before| ***before == new) {
        return Ok(same.clone());
    }
    for (at, account) in new.accounts.iter().enumerate() {
        let Some(number) = &account.number else { continue };
        match table.shared().claim_address(number.as_str(), of.clinic()).await {
            Err(fault) if fault.is_conflict() => {
                return Err(AccountsFault::NumberTaken(format!("/accounts/{at}/number")));
            }
            done => done?,
        }
    }
    let mut write = of.write();
    match &before {
        Some(before) => write.replace(before, &new),
        None => write.create(&new),
    };
    let deed = actor.did("accounts.set").on_word("settings", "accounts");
    let old = before.as_deref().cloned().unwrap_or_default();
    write.create(&different(deed, &old, &new).entry(of));
    match write.commit().await {
        Ok(()) => kept(of).await?.ok_or(AccountsFault::Stale),
        Err(fault) if fault.is_conflict() => Err(AccountsFault::Stale),
        Err(fault) => Err(fault.into()),
    }
}

/// The name of a field, and what is told of it.
type Teller = (&'static str, fn(&Account) -> Plain);

/// What changes, account by account. Numbers and ids at providers do not belong into a log.
fn different(deed: Deed, before: &Accounts, after: &Accounts) -> Deed {
    let names = |accounts: &Accounts| -> Vec<String> {
        accounts.accounts.iter().map(|account| account.id.clone()).collect()
    };
    let (mut all, new) = (names(before), names(after));
    all.extend(new);
    all.sort();
    all.dedup();
    all.into_iter().fold(deed, |deed, id| {
        let (old, new) = (before.named(&id), after.named(&id));
        let field = |name: &str| format!("{id}.{name}");
        let told = |tell: fn(&Account) -> Plain| (old.map(tell), new.map(tell));
        let tellers: [Teller; 4] = [
            ("provider", |account| account.provider.name().into()),
            ("priority", |account| u32::from(account.priority).into()),
            ("enabled", |account| account.enabled.into()),
            ("own", |account| account.own.is_some().into()),
        ];
        let deed = tellers.into_iter().fold(deed, |deed, (name, tell)| {
            let (old, new) = told(tell);
            deed.change_of(&field(name), old, new)
        });
        let hidden = |account: Option<&Account>| account.map(|one| (one.own.clone(), one.number.clone()));
        if hidden(old) == hidden(new) { deed } else { deed.touched(&field("settings")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twilio(change: impl Fn(&mut Account)) -> Account {
        let mut account = Account::of_deployment("main", Provider::Twilio);
        change(&mut account);
        account
    }

    #[test]
    fn an_account_that_cannot_be_is_told_by_its_field() {
        let cases = [
            (twilio(|a| a.id = "Main".to_owned()), "id"),
            (twilio(|a| a.id = "a/../b".to_owned()), "id"),
            (twilio(|a| a.id = String::new()), "id"),
            (twilio(|a| a.priority = 0), "priority"),
            (twilio(|a| a.provider = Provider::Sendgrid), "own"),
            (twilio(|a| (a.provider, a.own) = (Provider::Ses, Some("a".to_owned()))), "provider"),
            (twilio(|a| a.own = Some("AC1?x=1".to_owned())), "own"),
            (twilio(|a| (a.provider, a.number) = (Provider::Ses, "+12125550100".parse().ok())), "number"),
            (twilio(|a| (a.provider, a.own) = (Provider::Vonage, Some("a".to_owned()))), "number"),
        ];
        for (account, field) in cases {
            let at: Vec<_> = faults(&[account]).into_iter().map(|detail| detail.at).collect();
            assert_eq!(at, [format!("/accounts/0/{field}")]);
        }
    }

    #[test]
    fn names_stand_once_and_the_standard_accounts_can_be_set() {
        let twice = [twilio(|_| ()), twilio(|_| ())];
        assert_eq!(faults(&twice).len(), 1);
        assert_eq!(faults(&Accounts::default().accounts), []);
    }
}
