//! A clinic with a wallet, staff, a shop and messages, for the tests of this crate.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use access::Role;
use audit::{Actor, Who};
use embedded::Embedded;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use kernel::{CallerId, Channel, ClinicId, Clock, Id as _, LocationId, MessageId, Timestamp, Zone};
use platform::Worked;
use table::{ClinicTable, Kept, Table, keys::LedgerPageKey};

use crate::{
    Ask, Cell, Cost, Dated, Fate, Fates, Held, News, Notification, PaymentFault, Payments, Place, Policy,
    Purchase, Purpose, Terms, Unit, WalletFault, WalletSettings,
    ledger::{Account, LedgerPage, Totals, What},
    purchases::Begun,
};

pub(crate) const NOON: &str = "2026-11-22T17:00:00Z";
pub(crate) const REMINDER: Cell = Cell { notification: Notification::Reminder, channel: Channel::Sms };

pub(crate) struct House {
    pub(crate) db: Embedded,
    pub(crate) all: Table,
    pub(crate) table: ClinicTable,
    pub(crate) clock: Clock,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::seeded(7).await
    }

    pub(crate) async fn seeded(seed: u64) -> Self {
        let clock = Clock::fixed(NOON.parse().unwrap(), seed);
        let db = Embedded::memory().unwrap();
        let all = db.table(clock.clone()).await.unwrap();
        let table = all.of(ClinicId::derived(&["wallet"]));
        Self { db, all, table, clock }
    }

    pub(crate) fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    pub(crate) async fn pages(&self, unit: Unit) -> Vec<LedgerPage> {
        let span = LedgerPageKey::within(unit.to_string());
        let pages = self.table.list_short::<LedgerPage>(&span, 10_000).await.unwrap();
        pages.into_iter().map(Kept::into_value).collect()
    }

    /// Reads the whole ledger and holds every page to the sum of what stands before it.
    pub(crate) async fn audit(&self, unit: Unit) -> LedgerSum {
        let mut sum = LedgerSum::default();
        for (index, page) in self.pages(unit).await.iter().enumerate() {
            assert_eq!(page.number, index as u64 + 1, "pages stand without gaps");
            for entry in &page.entries {
                for account in
                    [Account::Outside, Account::Available, Account::Held, Account::Spent, Account::Expired]
                {
                    *sum.accounts.entry(account).or_default() += entry.effect(account);
                }
                sum.balance += entry.on_balance();
            }
            let account = |account| sum.accounts.get(&account).copied().unwrap_or_default();
            assert_eq!(page.head.balance(), sum.balance, "the balance is the sum of its entries");
            assert_eq!(page.head.available(), account(Account::Available));
            assert_eq!(page.head.held, account(Account::Held));
            assert_eq!(
                sum.accounts.values().sum::<i64>(),
                0,
                "every entry moves from one account to another"
            );
            let open: i64 = page.head.open.0.iter().map(|open| open.held).sum();
            assert_eq!(page.head.held, open, "what is held is what open reservations hold");
            assert!(page.head.open.0.iter().all(|open| open.held >= 0));
            sum.last = Some(page.clone());
        }
        sum
    }
}

#[derive(Default)]
pub(crate) struct LedgerSum {
    pub(crate) accounts: BTreeMap<Account, i64>,
    pub(crate) balance: i64,
    pub(crate) last: Option<LedgerPage>,
}

impl LedgerSum {
    pub(crate) fn of(&self, account: Account) -> i64 {
        self.accounts.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.last.as_ref().map(|page| page.head.totals.clone()).unwrap_or_default()
    }
}

pub(crate) fn staff() -> Actor {
    Actor {
        who: Who::Staff { id: CallerId::derived(&["owner"]), role: Role::ClinicAdmin },
        request: None,
        from: None,
    }
}

pub(crate) fn terms(policy: Policy) -> Terms {
    let from = "2026-01-01T00:00:00Z".parse().unwrap();
    let settings = WalletSettings { policies: vec![Dated { from, policy }], ..WalletSettings::default() };
    Terms { settings, zone: "America/New_York".parse::<Zone>().unwrap() }
}

pub(crate) fn york() -> Place {
    "US-NY".parse().unwrap()
}

pub(crate) fn location() -> LocationId {
    LocationId::derived(&["main street"])
}

pub(crate) fn message(n: u64) -> MessageId {
    MessageId::derived(&["message", &n.to_string()])
}

pub(crate) fn ask(n: u64, most: i64) -> Ask {
    Ask { message: message(n), attempt: 1, cell: REMINDER, most, purpose: Purpose::Other }
}

pub(crate) fn sent(amount: i64) -> Fate {
    Fate::Sent(Cost { channel: Channel::Sms, messages: 1, units: 1, amount })
}

/// Puts something into the balance.
pub(crate) async fn fill(house: &House, terms: &Terms, minor: i64) {
    static KEY: AtomicU64 = AtomicU64::new(0);
    let unit = terms.policy(house.clock.now()).unit();
    let key = KEY.fetch_add(1, Ordering::Relaxed).to_string();
    crate::adjust(&house.table, terms, &staff(), crate::Amount::new(minor, unit), "test", &key)
        .await
        .unwrap();
}

/// What a message is, as its sender has written it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Claimed { until: Timestamp },
    Sent(Cost),
    Failed,
    Unknown,
}

/// The messages of a clinic: each attempt is claimed under one mark, once.
#[derive(Default)]
pub(crate) struct Messages(Mutex<BTreeMap<(MessageId, u32), (String, Known)>>);

impl Messages {
    /// One conditional write: true if the claim is ours.
    pub(crate) fn claim(&self, id: (MessageId, u32), mark: &str, until: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap();
        if all.contains_key(&id) {
            return false;
        }
        all.insert(id, (mark.to_owned(), Known::Claimed { until }));
        true
    }

    /// The outcome write; refused if the claim has run out.
    pub(crate) fn conclude(&self, id: (MessageId, u32), mark: &str, known: Known) -> bool {
        let mut all = self.0.lock().unwrap();
        match all.get_mut(&id) {
            Some((by, state @ Known::Claimed { .. })) if by == mark => {
                *state = known;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn of(&self, id: (MessageId, u32)) -> Option<(String, Known)> {
        self.0.lock().unwrap().get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<((MessageId, u32), Known)> {
        self.0.lock().unwrap().iter().map(|(id, (_, known))| (*id, *known)).collect()
    }

    fn fate(&self, id: (MessageId, u32), mark: &str, now: Timestamp) -> Fate {
        let mut all = self.0.lock().unwrap();
        match all.get_mut(&id) {
            Some((by, known)) if by == mark => {
                if matches!(known, Known::Claimed { until } if *until <= now) {
                    *known = Known::Unknown;
                }
                match known {
                    Known::Claimed { .. } => Fate::Open,
                    Known::Sent(cost) => Fate::Sent(*cost),
                    Known::Failed => Fate::NotSent,
                    Known::Unknown => Fate::Unknown,
                }
            }
            _ => Fate::NotSent,
        }
    }
}

impl Fates for Messages {
    fn of<'a>(
        &'a self,
        table: &'a ClinicTable,
        held: &'a Held,
    ) -> BoxFuture<'a, Result<Vec<Fate>, WalletFault>> {
        let now = table.clock().now();
        let fate = |line: &crate::ledger::Line| match &line.what {
            What::Message { id, attempt } => self.fate((*id, *attempt), &held.mark, now),
            What::Blast { .. } => Fate::Open,
        };
        let fates = held.lines.0.iter().map(fate).collect();
        Box::pin(async move { Ok(fates) })
    }
}

/// Takes payments as told, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Shop {
    pub(crate) away: Mutex<bool>,
    pub(crate) refuses: bool,
    pub(crate) begun: Mutex<Vec<String>>,
    pub(crate) paid_back: Mutex<BTreeMap<String, i64>>,
}

impl Payments for Shop {
    fn begin<'a>(&'a self, purchase: &'a Purchase) -> BoxFuture<'a, Result<Begun, PaymentFault>> {
        Box::pin(async move {
            if *self.away.lock().unwrap() {
                return Err(PaymentFault::Away("timeout".into()));
            }
            if self.refuses {
                return Err(PaymentFault::Refused("card_declined".into()));
            }
            self.begun.lock().unwrap().push(purchase.id.to_string());
            let reference = format!("pay_{}", purchase.id);
            Ok(Begun { url: Some(format!("https://shop.example/{reference}")), reference })
        })
    }

    fn pay_back<'a>(
        &'a self,
        _purchase: &'a Purchase,
        money: i64,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(), PaymentFault>> {
        Box::pin(async move {
            if *self.away.lock().unwrap() {
                return Err(PaymentFault::Away("timeout".into()));
            }
            self.paid_back.lock().unwrap().insert(key.to_owned(), money);
            Ok(())
        })
    }
}

/// Writes down what it hears.
#[derive(Default)]
pub(crate) struct Ears(pub(crate) Arc<Mutex<Vec<News>>>);

impl crate::Listener for Ears {
    fn hear<'a>(&'a self, _: &'a ClinicTable, news: &'a News) -> BoxFuture<'a, Worked> {
        self.0.lock().unwrap().push(news.clone());
        Box::pin(async { Ok(()) })
    }
}

/// Everything in the outbox, by its name.
pub(crate) fn outbox(house: &House) -> Vec<crate::WalletErrand> {
    let mut errands = Vec::new();
    let mut after = None;
    loop {
        let (changes, next) = house.db.changes(after.as_deref()).unwrap();
        for change in &changes {
            if let Some(Ok((_, Some(due)))) = table::changed::<table::Due>(change)
                && let Some(Ok(errand)) = due.job.read::<crate::WalletErrand>()
            {
                errands.push(errand);
            }
        }
        if changes.is_empty() {
            return errands;
        }
        after = next;
    }
}
