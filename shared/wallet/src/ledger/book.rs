//! A page while it is being written: pure, so that it can be written again on top of another one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::{MessageId, PurchaseId, Timestamp};

use super::{Booked, Entry, Head, LedgerPage, Line, Lines, Open, Ranges, Totals, Used};
use crate::{Cell, News, Policy, Terms, Unit, till::Fate};

/// A reservation that was made: where it stands and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its page.
    pub page: u64,
    /// The day it was made on, on which its messages count.
    pub day: Date,
    /// What the reserver calls it.
    pub mark: String,
    /// What it is for.
    pub lines: Lines,
}

impl Held {
    /// The reservation in a page, if there is one.
    pub(crate) fn of(page: &LedgerPage) -> Option<Self> {
        page.entries.iter().find_map(|entry| match entry {
            Entry::Reserve { mark, lines, .. } => {
                Some(Self { page: page.number, day: page.head.day, mark: mark.clone(), lines: lines.clone() })
            }
            _ => None,
        })
    }
}

/// A page while it is being written.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the page")]
#[derive(Debug)]
pub(crate) struct Book<'a> {
    pub(crate) unit: Unit,
    pub(crate) number: u64,
    pub(crate) now: Timestamp,
    pub(crate) head: Head,
    pub(crate) entries: Vec<Entry>,
    /// What is added to days that are over.
    pub(crate) past: BTreeMap<Date, Totals>,
    pub(crate) news: Vec<News>,
    /// The first page of a day.
    pub(crate) new_day: bool,
    was_empty: bool,
    came_in: bool,
    refused: bool,
    settled: bool,
    terms: &'a Terms,
}

impl<'a> Book<'a> {
    /// The page after `last`.
    pub(crate) fn after(last: Option<&LedgerPage>, unit: Unit, terms: &'a Terms, now: Timestamp) -> Self {
        let today = terms.zone.wall(now).date();
        let mut head = last.map_or_else(|| Head::new(today), |page| page.head.clone());
        let mut past = BTreeMap::new();
        // A clinic that moves west does not go back to a day that is closed.
        let new_day = last.is_none() || today > head.day;
        if today > head.day {
            let totals = std::mem::take(&mut head.totals);
            if !totals.is_zero() {
                past.insert(head.day, totals);
            }
            head.day = today;
        }
        Self {
            unit,
            number: last.map_or(0, |page| page.number) + 1,
            now,
            was_empty: head.empty,
            head,
            entries: Vec::new(),
            past,
            news: Vec::new(),
            new_day,
            came_in: false,
            refused: false,
            settled: false,
            terms,
        }
    }

    fn totals(&mut self, day: Date) -> &mut Totals {
        if day == self.head.day { &mut self.head.totals } else { self.past.entry(day).or_default() }
    }

    /// Something was refused for want of balance.
    pub(crate) fn is_short(&self) -> bool {
        self.refused
    }

    /// Nothing to write.
    pub(crate) fn is_idle(&self) -> bool {
        self.entries.is_empty() && !self.settled && self.head.empty == self.was_empty
    }

    pub(crate) fn top_up(&mut self, amount: i64, purchase: PurchaseId, ends: Option<Timestamp>) {
        self.put_in(amount, Entry::Topup { amount, purchase: Some(purchase), month: None, ends });
    }

    fn put_in(&mut self, amount: i64, entry: Entry) {
        self.head.put_in += amount;
        self.head.totals.bought += amount;
        self.came_in |= amount > 0;
        self.entries.push(entry);
    }

    /// Corrects by hand. A correction downwards takes no more than is available; false if it would.
    pub(crate) fn adjust(&mut self, amount: i64, by: &str, reason: &str) -> bool {
        if amount < 0 && self.head.available() + amount < 0 {
            return false;
        }
        if amount > 0 {
            self.head.put_in += amount;
        } else {
            self.head.taken_out -= amount;
        }
        self.head.totals.adjusted += amount;
        self.came_in |= amount > 0;
        self.entries.push(Entry::Adjust { amount, by: by.to_owned(), reason: reason.to_owned() });
        true
    }

    /// Pays a purchase back; false if that much is not available.
    pub(crate) fn give_back(&mut self, amount: i64, purchase: PurchaseId) -> bool {
        if self.head.available() < amount {
            return false;
        }
        self.head.taken_out += amount;
        self.head.totals.returned += amount;
        self.entries.push(Entry::RefundPurchase { amount, purchase });
        true
    }

    fn expire(&mut self, amount: i64, of: Option<u64>) {
        if amount > 0 {
            self.head.taken_out += amount;
            self.head.totals.expired += amount;
            self.entries.push(Entry::Expire { amount, of });
        }
    }

    /// Lets run out what is left of `amount` that came in with `page`, after which `put_in` had come in
    /// altogether. What came in first is spent first, and what is held counts as spent.
    pub(crate) fn expire_lot(&mut self, page: u64, amount: i64, put_in: i64) {
        let left = put_in - self.head.taken_out - self.head.held;
        let most = amount.min(self.head.available());
        self.expire(left.min(most), Some(page));
    }

    /// Gives the allowance of the month: what is left of the last one runs out. A cap that is changed within its
    /// month is followed as far as it has not been used.
    fn allow(&mut self, monthly: i64) {
        let month = self.head.day.strftime("%Y-%m").to_string();
        let given = match &self.head.allowed {
            Some((of, given)) if *of == month => *given,
            _ => {
                self.expire(self.head.available(), None);
                0
            }
        };
        let more = monthly - given;
        if more > 0 {
            let entry = Entry::Topup { amount: more, purchase: None, month: Some(month.clone()), ends: None };
            self.put_in(more, entry);
            self.head.allowed = Some((month, monthly));
        } else {
            let less = (-more).min(self.head.available()).max(0);
            self.expire(less, None);
            self.head.allowed = Some((month, given - less));
        }
    }

    /// Sets aside what is asked for, one after the other, as far as the balance goes. The answer stands in the
    /// order of the asks: the part of the page that each has become, or none.
    pub(crate) fn reserve(
        &mut self,
        mark: &str,
        asks: &[(Line, bool)],
        until: Timestamp,
    ) -> (Vec<Option<u32>>, Lines) {
        let policy = self.terms.policy(self.now);
        if let Policy::CapOnly { monthly } = policy {
            self.allow(monthly.into());
        }
        let mut granted = Vec::with_capacity(asks.len());
        let mut lines = Lines::default();
        let mut sum = 0;
        for (line, care) in asks {
            // Of an attempt that is named twice, the second is none: both would be paid if the first was sent.
            if lines.0.iter().any(|other| other.what == line.what) {
                granted.push(None);
                continue;
            }
            let floor = if *care { -self.terms.settings.overdraft } else { 0 };
            let fits = line.most == 0 || self.head.available() - sum - line.most >= floor;
            if fits {
                granted.push(u32::try_from(lines.0.len()).ok());
                sum += line.most;
                lines.0.push(line.clone());
            } else {
                granted.push(None);
                self.refused = true;
            }
        }
        if !lines.0.is_empty() {
            self.head.held += sum;
            let parts = lines.parts();
            let open = Open { page: self.number, held: sum, until, parts, done: Ranges::default() };
            self.head.open.0.push(open);
            self.entries.push(Entry::Reserve {
                amount: sum,
                policy: policy.name().to_owned(),
                mark: mark.to_owned(),
                lines: lines.clone(),
            });
        }
        (granted, lines)
    }

    /// Books what became of parts of a reservation. Parts that are settled already stay as they are.
    pub(crate) fn settle(&mut self, held: &Held, fates: &[(u32, Fate)]) {
        let Some(index) = self.head.open.0.iter().position(|open| open.page == held.page) else { return };
        let blast = held.lines.is_blast();
        let (mut booked, mut released) = (Vec::new(), 0);
        for (part, fate) in fates {
            let Some(line) = held.lines.of(*part) else { continue };
            let open = &mut self.head.open.0[index];
            let most = if blast { open.held } else { line.most };
            let one = match fate {
                Fate::Open => continue,
                // Of a blast somebody always knows which parts were sent: it waits for them.
                Fate::Unknown if blast => continue,
                Fate::Unknown => {
                    Some(Booked { part: *part, cell: line.cell, messages: 1, units: 1, amount: most })
                }
                Fate::Sent(cost) => Some(Booked {
                    part: *part,
                    cell: Cell::new(line.cell.notification, cost.channel),
                    messages: cost.messages,
                    units: cost.units,
                    amount: cost.amount.clamp(0, most),
                }),
                Fate::NotSent => None,
            };
            if !open.done.put(*part) {
                continue;
            }
            self.settled = true;
            let amount = one.map_or(0, |one| one.amount);
            let freed = if blast { amount } else { most };
            open.held -= freed;
            self.head.held -= freed;
            released += freed - amount;
            booked.extend(one);
        }
        let open = &self.head.open.0[index];
        if open.done.len() >= open.parts {
            let rest = open.held;
            self.head.held -= rest;
            released += rest;
            self.head.open.0.remove(index);
        }
        if !booked.is_empty() {
            self.head.taken_out += self.use_up(held.day, &booked);
            let amount = booked.iter().map(|one| one.amount).sum();
            self.entries.push(Entry::Debit { amount, of: held.page, lines: booked });
        }
        if released > 0 {
            self.entries.push(Entry::Release { amount: released, of: held.page });
        }
    }

    /// Counts what was booked on its day and gives back its sum.
    fn use_up(&mut self, day: Date, booked: &[Booked]) -> i64 {
        let totals = self.totals(day);
        for one in booked {
            let used = Used { messages: one.messages.into(), units: one.units.into(), amount: one.amount };
            totals.used.0.entry(one.cell).or_default().add(used);
        }
        booked.iter().map(|one| one.amount).sum()
    }

    /// Books a message that came in. It takes no more than there is, and nothing ever keeps it out.
    pub(crate) fn came_in(&mut self, message: MessageId, cell: Cell, units: u32, price: i64) {
        let amount = price.min(self.head.available()).max(0);
        let lines = vec![Booked { part: 0, cell, messages: 1, units, amount }];
        self.head.taken_out += self.use_up(self.head.day, &lines);
        self.entries.push(Entry::DebitIn { amount, message, lines });
    }

    /// Gives back what was booked for a part of a reservation.
    pub(crate) fn refund(&mut self, held: &Held, booked: Booked) {
        self.head.taken_out -= booked.amount;
        let back = Used {
            messages: -i64::from(booked.messages),
            units: -i64::from(booked.units),
            amount: -booked.amount,
        };
        self.totals(held.day).used.0.entry(booked.cell).or_default().add(back);
        self.came_in |= booked.amount > 0;
        self.entries.push(Entry::Refund { amount: booked.amount, of: held.page, lines: vec![booked] });
    }

    /// Compares the balance with what the clinic wants to be told of.
    pub(crate) fn finish(&mut self) {
        let (unit, available) = (self.unit, self.head.available());
        if self.head.empty && self.came_in && !self.refused && available > 0 {
            self.head.empty = false;
            self.news.push(News::Restored { unit, available });
        }
        if self.refused && !self.head.empty {
            self.head.empty = true;
            self.news.push(News::Empty { unit, available });
        }
        let settings = &self.terms.settings;
        if self.terms.policy(self.now).unit() != unit || self.terms.policy(self.now) == Policy::Flat {
            return;
        }
        let low_at = settings.low_at.unwrap_or(0);
        if available >= low_at {
            self.head.low = false;
        } else if !self.head.low {
            self.head.low = true;
            self.news.push(News::Low { unit, available, low_at });
            if let Some(package) = settings.top_up.clone() {
                self.news.push(News::TopUpWanted { unit, package, page: self.number });
            }
        }
    }
}
