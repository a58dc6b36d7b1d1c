//! Random histories: several senders that die at any point, top-ups, corrections, the passing of time, and
//! messages that two senders fight for. Whatever happens, the ledger adds up, nothing is overspent, and in the end
//! every message is paid exactly as it was sent.
//!
//! A page is one atomic write, and each sender remembers the last page it saw. So a sender whose memory is behind
//! is a sender that was overtaken between its reading and its writing: these histories hold every order in which
//! the writes of concurrent senders can happen.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{Channel, Limit, MessageId};
use proptest::prelude::*;

use super::*;
use crate::{
    Amount, Policy, Terms, Unit, adjust,
    ledger::{Account, EntryKind, book_of, last_page},
    testing::*,
};

const OVERDRAFT: i64 = 6;

/// Where a sender dies, if it does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dies {
    Never,
    AfterReserving,
    AfterClaiming,
    AfterSending,
    AfterWriting,
}

#[derive(Debug, Clone)]
enum Step {
    Send { by: usize, messages: Vec<(u8, i64, i64, u8)>, care: bool, claim_first: bool, dies: Dies },
    Flush { by: usize },
    Sweep { by: usize },
    TopUp { amount: i64 },
    Correct { amount: i64 },
    Pass { minutes: i64 },
    FindUnsent { which: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let dies = prop_oneof![
        6 => Just(Dies::Never),
        1 => Just(Dies::AfterReserving),
        1 => Just(Dies::AfterClaiming),
        1 => Just(Dies::AfterSending),
        1 => Just(Dies::AfterWriting),
    ];
    let message = (0u8..40, 0i64..6, 0i64..7, 0u8..10);
    let send =
        (0usize..3, proptest::collection::vec(message, 1..6), any::<bool>(), any::<bool>(), dies).prop_map(
            |(by, messages, care, claim_first, dies)| Step::Send { by, messages, care, claim_first, dies },
        );
    let step = prop_oneof![
        10 => send,
        1 => (0usize..3).prop_map(|by| Step::Flush { by }),
        1 => (0usize..3).prop_map(|by| Step::Sweep { by }),
        2 => (1i64..30).prop_map(|amount| Step::TopUp { amount }),
        1 => (-10i64..10).prop_map(|amount| Step::Correct { amount }),
        2 => (1i64..8).prop_map(|minutes| Step::Pass { minutes }),
        1 => (0u8..40).prop_map(|which| Step::FindUnsent { which }),
    ];
    proptest::collection::vec(step, 1..28)
}

struct World {
    house: House,
    terms: Terms,
    tills: Vec<Till>,
    messages: Arc<Messages>,
    /// What is known of the charge of each attempt that its sender wrote down.
    charges: BTreeMap<MessageId, Charge>,
    /// Attempts in doubt that turned out not to have been sent.
    unsent: Vec<MessageId>,
    came_in: i64,
    keys: u32,
}

impl World {
    async fn new() -> Self {
        let mut terms = terms(Policy::Credits);
        terms.settings.overdraft = OVERDRAFT;
        terms.settings.low_at = Some(10);
        let messages: Arc<Messages> = Arc::default();
        let tills = (0..3).map(|_| Till::asking(messages.clone())).collect();
        let house = House::new().await;
        Self {
            house,
            terms,
            tills,
            messages,
            charges: BTreeMap::new(),
            unsent: Vec::new(),
            came_in: 0,
            keys: 0,
        }
    }

    fn kill(&mut self, by: usize) {
        self.tills[by] = Till::asking(self.messages.clone());
    }

    async fn correct(&mut self, amount: i64) {
        self.keys += 1;
        let wanted = Amount::new(amount, Unit::Credits);
        let key = self.keys.to_string();
        // Asked for twice, as by a client that heard no answer.
        for _ in 0..2 {
            match adjust(&self.house.table, &self.terms, &staff(), wanted, "test", &key).await {
                Ok(()) => {}
                Err(fault) => {
                    assert_eq!(kernel::Fault::code(&fault), "insufficient_balance");
                    return;
                }
            }
        }
        self.came_in += amount;
    }

    async fn send(
        &mut self,
        by: usize,
        wanted: &[(u8, i64, i64, u8)],
        care: bool,
        claim_first: bool,
        dies: Dies,
    ) {
        let purpose = if care { Purpose::Care } else { Purpose::Other };
        let asks = wanted.iter().map(|(n, most, ..)| Ask { purpose, ..ask((*n).into(), *most) });
        let hold = Hold::new(&self.house.clock, asks);
        let until = self.house.clock.now() + jiff::SignedDuration::from_mins(1);
        let messages = self.messages.clone();
        let claim = || -> Vec<bool> {
            wanted
                .iter()
                .map(|(n, ..)| messages.claim((message((*n).into()), 1), hold.mark(), until))
                .collect()
        };
        let early = claim_first.then(claim);
        let granted = self.tills[by].reserve(&self.house.table, &self.terms, &hold).await.unwrap();
        if dies == Dies::AfterReserving {
            return self.kill(by);
        }
        let ours = early.unwrap_or_else(claim);
        if dies == Dies::AfterClaiming {
            return self.kill(by);
        }
        let mut fates = Vec::new();
        for (index, ((n, _, amount, luck), ours)) in wanted.iter().zip(ours).enumerate() {
            let id = (message((*n).into()), 1);
            if !ours {
                fates.push((index, Fate::NotSent));
                continue;
            }
            if !granted.is_granted(index) {
                messages.conclude(id, hold.mark(), Known::Failed);
                continue;
            }
            if dies == Dies::AfterSending {
                continue;
            }
            let cost = Cost { channel: Channel::Sms, messages: 1, units: 1, amount: *amount };
            let (known, fate) = match luck {
                0 => (Known::Failed, Fate::NotSent),
                1 => (Known::Unknown, Fate::Unknown),
                _ => (Known::Sent(cost), Fate::Sent(cost)),
            };
            assert!(messages.conclude(id, hold.mark(), known));
            let shown = if fate == Fate::Unknown { Cost { amount: i64::MAX, ..cost } } else { cost };
            self.charges.insert(id.0, granted.charge(index, &shown).unwrap());
            fates.push((index, fate));
        }
        if dies == Dies::Never {
            self.tills[by].settle(&self.house.table, &granted, fates).await;
        } else {
            self.kill(by);
        }
    }

    async fn step(&mut self, step: &Step) {
        let unit = Unit::Credits;
        match step {
            Step::Send { by, messages, care, claim_first, dies } => {
                self.send(*by, messages, *care, *claim_first, *dies).await;
            }
            Step::Flush { by } => {
                self.tills[*by].flush(&self.house.table, &self.terms, unit).await.unwrap();
            }
            Step::Sweep { by } => {
                self.tills[*by].sweep(&self.house.table, &self.terms, unit).await.unwrap();
            }
            Step::TopUp { amount } | Step::Correct { amount } => self.correct(*amount).await,
            Step::Pass { minutes } => self.house.pass(*minutes),
            Step::FindUnsent { which } => {
                let id = message((*which).into());
                let in_doubt = matches!(self.messages.of((id, 1)), Some((_, Known::Unknown)));
                if let (true, Some(charge)) = (in_doubt, self.charges.get(&id)) {
                    for till in &self.tills[..2] {
                        till.refund(&self.house.table, &self.terms, charge).await.unwrap();
                    }
                    self.unsent.push(id);
                }
            }
        }
    }

    /// What each message has cost according to the ledger.
    async fn paid(&self) -> BTreeMap<MessageId, i64> {
        let (mut paid, mut next) = (BTreeMap::new(), None);
        loop {
            let page = book_of(&self.house.table, Unit::Credits, Limit::MOST, next.as_ref()).await.unwrap();
            for row in page.items {
                if matches!(row.kind, EntryKind::Debit | EntryKind::Refund) {
                    *paid.entry(row.message.unwrap()).or_default() -= row.on_balance;
                }
            }
            next = page.next;
            if next.is_none() {
                return paid;
            }
        }
    }

    async fn end(&mut self) {
        // Everybody dies, and the errand of the day comes.
        self.house.pass(10);
        for _ in 0..40 {
            let till = Till::asking(self.messages.clone());
            till.sweep(&self.house.table, &self.terms, Unit::Credits).await.unwrap();
            if open(&self.house).await == 0 {
                break;
            }
        }
        let sum = self.house.audit(Unit::Credits).await;
        assert_eq!(sum.of(Account::Held), 0, "nothing stays set aside");
        let last = sum.last.as_ref().map(|page| page.head.open.0.len());
        assert_eq!(last.unwrap_or_default(), 0, "no reservation stays open");
        let paid = self.paid().await;
        for ((id, _), known) in self.messages.all() {
            let paid = paid.get(&id).copied().unwrap_or_default();
            match known {
                Known::Sent(_) => {
                    assert_eq!(paid, self.charges[&id].amount, "{id} costs what its charge says");
                }
                Known::Failed => assert_eq!(paid, 0, "{id} was not sent"),
                Known::Unknown if self.unsent.contains(&id) => assert_eq!(paid, 0, "{id} never left"),
                Known::Unknown => assert!((0..=5).contains(&paid), "{id} costs what was set aside at most"),
                // Its sender died before it could give back what was not granted.
                Known::Claimed { .. } => assert_eq!(paid, 0, "{id} was never reserved"),
            }
        }
        let used: i64 = sum.totals().used.0.values().map(|used| used.amount).sum();
        assert_eq!(used, sum.of(Account::Spent), "the statistics are the sum of the ledger");
        assert_eq!(sum.balance, self.came_in - used, "what came in is there or was spent");
    }
}

async fn open(house: &House) -> usize {
    let last = last_page(&house.table, Unit::Credits).await.unwrap();
    last.map_or(0, |page| page.head.open.0.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// G-13
    #[test]
    fn whatever_happens_the_balance_is_the_sum_of_its_ledger_and_is_never_overspent(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.step(step).await;
                let sum = world.house.audit(Unit::Credits).await;
                assert!(sum.of(Account::Available) >= -OVERDRAFT, "overspent");
            }
            world.end().await;
        });
    }
}
