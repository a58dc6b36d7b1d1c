//! What was bought and used in a period, by kind of message and by channel, from the ledger.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use kernel::{Channel, Timestamp, Zone};
use serde::Serialize;
use table::{ClinicTable, TableFault, keys::LedgerDayKey};

use crate::{
    CHANNELS, Cell, Notification, Unit,
    ledger::{LedgerDay, Totals, Used, last_page},
};

/// The longest period that is added up, in days.
const LONGEST: u16 = 400;
/// Days of which the forecast takes the mean.
const LOOK_BACK: i64 = 28;

/// What was used of one kind or channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share<T> {
    /// Of what.
    pub of: T,
    /// How much.
    #[serde(flatten)]
    pub used: Used,
}

/// What was bought and used from one day to another, both included, on the clinic's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// In which unit.
    pub unit: Unit,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// What came in.
    pub purchased: i64,
    /// What purchases were given back.
    pub returned: i64,
    /// What was corrected by hand.
    pub adjusted: i64,
    /// What ran out.
    pub expired: i64,
    /// What messages took.
    pub used: Used,
    /// The same by kind of message; those of which there were none too.
    pub by_type: Vec<Share<Notification>>,
    /// The same by channel; those of which there were none too.
    pub by_channel: Vec<Share<Channel>>,
}

/// Adds up a period of at most 400 days. It reads one small item per day with traffic, never the messages.
pub async fn usage(table: &ClinicTable, unit: Unit, from: Date, to: Date) -> Result<Usage, TableFault> {
    let totals = totals(table, unit, from, to).await?;
    Ok(Usage::of(unit, from, to, &totals))
}

/// The first and last day of the month that an instant lies in on the clinic's calendar.
pub fn month_of(zone: &Zone, at: Timestamp) -> (Date, Date) {
    let day = zone.wall(at).date();
    (day.first_of_month(), day.last_of_month())
}

async fn totals(table: &ClinicTable, unit: Unit, from: Date, to: Date) -> Result<Totals, TableFault> {
    let span = LedgerDayKey::within(unit.to_string()).from(&from.to_string()).to(&to.to_string());
    let mut sum = Totals::default();
    for _ in 0..3 {
        let before = last_page(table, unit).await?;
        let days = table.list_short::<LedgerDay>(&span, LONGEST).await?;
        let Some(last) = last_page(table, unit).await? else { return Ok(sum) };
        sum = Totals::default();
        for day in &days {
            sum.add(&day.totals);
        }
        if (from..=to).contains(&last.head.day) {
            sum.add(&last.head.totals);
        }
        // A day that was closed between the readings would be missing or counted twice.
        if before.is_some_and(|before| before.number == last.number) {
            break;
        }
    }
    Ok(sum)
}

impl Usage {
    fn of(unit: Unit, from: Date, to: Date, totals: &Totals) -> Self {
        let sum = |keep: &dyn Fn(&Cell) -> bool| {
            let mut sum = Used::default();
            for (_, used) in totals.used.0.iter().filter(|(cell, _)| keep(cell)) {
                sum.add(*used);
            }
            sum
        };
        Self {
            unit,
            from,
            to,
            purchased: totals.bought,
            returned: totals.returned,
            adjusted: totals.adjusted,
            expired: totals.expired,
            used: sum(&|_| true),
            by_type: Notification::ALL
                .map(|of| Share { of, used: sum(&|cell| cell.notification == of) })
                .to_vec(),
            by_channel: CHANNELS.map(|of| Share { of, used: sum(&|cell| cell.channel == of) }).to_vec(),
        }
    }
}

/// How many days the balance lasts if the next ones are like the last four weeks; nothing if nothing was used.
/// A clinic that began within them is measured by the days it has had.
pub async fn days_left(table: &ClinicTable, zone: &Zone, unit: Unit) -> Result<Option<i64>, TableFault> {
    let today = zone.wall(table.clock().now()).date();
    let first = today.saturating_sub(LOOK_BACK.days());
    let span = LedgerDayKey::within(unit.to_string()).from(&first.to_string()).to(&today.to_string());
    let Some(last) = last_page(table, unit).await? else { return Ok(None) };
    let days = table.list_short::<LedgerDay>(&span, LONGEST).await?;
    let mut used: BTreeMap<Date, i64> = BTreeMap::new();
    let past = days.iter().map(|day| (day.day, &day.totals));
    for (day, totals) in past.chain([(last.head.day, &last.head.totals)]).filter(|(day, _)| *day >= first) {
        *used.entry(day).or_default() += totals.used.0.values().map(|used| used.amount).sum::<i64>();
    }
    let sum: i64 = used.values().sum();
    let Some(began) = used.keys().next().copied().filter(|_| sum > 0) else { return Ok(None) };
    let span = today.since(began).map_or(0, |span| i64::from(span.get_days())) + 1;
    Ok(Some(last.head.available().max(0).saturating_mul(span) / sum))
}

#[cfg(test)]
mod tests {
    use kernel::Fault as _;

    use super::*;
    use crate::{Amount, Ask, Cost, Fate, Hold, News, Policy, Task, Terms, Till, testing::*};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn until(house: &House, text: &str) {
        house.clock.advance(at(text).duration_since(house.clock.now()));
    }

    async fn send(house: &House, till: &Till, terms: &Terms, first: u64, cells: &[(Cell, i64)]) {
        let asks = (first..).zip(cells).map(|(n, (cell, most))| Ask { cell: *cell, ..ask(n, *most) });
        let hold = Hold::new(&house.clock, asks);
        let granted = till.reserve(&house.table, terms, &hold).await.unwrap();
        let fates = cells.iter().enumerate().map(|(index, (cell, amount))| {
            (index, Fate::Sent(Cost { channel: cell.channel, messages: 1, units: 1, amount: *amount }))
        });
        till.settle(&house.table, &granted, fates).await;
    }

    fn of<T: PartialEq>(shares: &[Share<T>], of: &T) -> (i64, i64) {
        let share = shares.iter().find(|share| share.of == *of).unwrap();
        (share.used.messages, share.used.amount)
    }

    #[tokio::test]
    async fn what_was_used_is_told_by_type_channel_and_month_of_the_clinics_calendar() {
        let (house, till, terms) = (House::new().await, Till::new(), terms(Policy::Credits));
        let mail = Cell::new(Notification::Greeting, Channel::Email);
        fill(&house, &terms, 100).await;
        send(&house, &till, &terms, 0, &[(REMINDER, 3), (mail, 1)]).await;
        // 23:50 on the last of November in New York; booked with the first batch of December.
        until(&house, "2026-12-01T04:50:00Z");
        send(&house, &till, &terms, 10, &[(REMINDER, 3), (REMINDER, 3)]).await;
        until(&house, "2026-12-01T05:10:00Z");
        send(&house, &till, &terms, 20, &[(mail, 1)]).await;
        fill(&house, &terms, 50).await;
        till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
        let month = async |text: &str| {
            let (from, to) = month_of(&terms.zone, at(text));
            usage(&house.table, Unit::Credits, from, to).await.unwrap()
        };
        let november = month("2026-11-22T00:00:00Z").await;
        assert_eq!(
            (november.from.to_string(), november.to.to_string()),
            ("2026-11-01".into(), "2026-11-30".into())
        );
        assert_eq!((november.adjusted, november.used.amount, november.used.messages), (100, 10, 4));
        assert_eq!(of(&november.by_type, &Notification::Reminder), (3, 9));
        assert_eq!(of(&november.by_type, &Notification::Greeting), (1, 1));
        assert_eq!(of(&november.by_channel, &Channel::Sms), (3, 9));
        assert_eq!(of(&november.by_channel, &Channel::Voice), (0, 0), "what there was none of is shown");
        assert_eq!((november.by_type.len(), november.by_channel.len()), (4, 6));
        let december = month("2026-12-15T00:00:00Z").await;
        assert_eq!((december.adjusted, december.used.amount), (50, 1));
        assert_eq!(month("2026-10-15T00:00:00Z").await.used, Used::default());
        let sum = house.audit(Unit::Credits).await;
        let spent = sum.of(crate::ledger::Account::Spent);
        assert_eq!(november.used.amount + december.used.amount, spent, "the statistics are the ledger's sum");
    }

    #[tokio::test]
    async fn the_panel_shows_balance_top_ups_and_use_and_a_debit_is_in_it_at_once() {
        let (house, till, terms) = (House::new().await, Till::new(), terms(Policy::Credits));
        let (from, to) = month_of(&terms.zone, house.clock.now());
        let empty = crate::panel(&house.table, &terms, from, to).await.unwrap();
        assert_eq!((empty.balance.balance, empty.usage.used, empty.days_left), (0, Used::default(), None));
        fill(&house, &terms, 100).await;
        send(&house, &till, &terms, 0, &[(REMINDER, 3)]).await;
        let panel = crate::panel(&house.table, &terms, from, to).await.unwrap();
        assert_eq!((panel.balance.available, panel.balance.held, panel.balance.balance), (97, 3, 100));
        till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
        let panel = crate::panel(&house.table, &terms, from, to).await.unwrap();
        assert_eq!((panel.balance.available, panel.balance.balance), (97, 97));
        assert_eq!(of(&panel.usage.by_type, &Notification::Reminder), (1, 3));
        assert_eq!(panel.days_left, Some(32));
    }

    #[tokio::test]
    async fn a_low_balance_is_told_once_each_time_it_falls_and_a_package_is_bought_once() {
        let (house, till, mut terms) = (House::new().await, Till::new(), terms(Policy::Credits));
        terms.settings.low_at = Some(50);
        terms.settings.top_up = Some("credits-500".into());
        fill(&house, &terms, 60).await;
        send(&house, &till, &terms, 0, &[(REMINDER, 12)]).await;
        send(&house, &till, &terms, 10, &[(REMINDER, 12)]).await;
        send(&house, &till, &terms, 20, &[(REMINDER, 12)]).await;
        let falls = async || {
            let errands = outbox(&house).into_iter();
            let falls = errands.filter(|errand| matches!(errand.task, Task::Tell { news: News::Low { .. } }));
            falls.count()
        };
        assert_eq!(falls().await, 1);
        fill(&house, &terms, 40).await;
        assert_eq!(falls().await, 1);
        send(&house, &till, &terms, 30, &[(REMINDER, 30)]).await;
        assert_eq!(falls().await, 2);
        let wishes: Vec<_> = outbox(&house)
            .into_iter()
            .filter(|errand| matches!(errand.task, Task::Tell { news: News::TopUpWanted { .. } }))
            .collect();
        assert_eq!(wishes.len(), 2);
        terms.settings.change(&house.table, &staff(), 0).await.unwrap_err();
        let mut settings = terms.settings.clone();
        settings.policies[0].from = house.clock.now();
        settings.change(&house.table, &staff(), 0).await.unwrap();
        let (shop, ears) = (Shop::default(), Ears::default());
        let hands = crate::Hands { till: &till, payments: Some(&shop), listener: &ears };
        for _ in 0..2 {
            crate::run(&house.all, &wishes[0], hands).await.unwrap();
        }
        assert_eq!(shop.begun.lock().unwrap().len(), 1);
        assert!(matches!(ears.0.lock().unwrap()[0], News::TopUpWanted { .. }));
    }

    #[tokio::test]
    async fn the_forecast_is_the_mean_of_the_last_weeks() {
        let (house, till, terms) = (House::new().await, Till::new(), terms(Policy::Credits));
        fill(&house, &terms, 100).await;
        let left = async || days_left(&house.table, &terms.zone, Unit::Credits).await.unwrap();
        assert_eq!(left().await, None, "nothing was used");
        for day in 0..5 {
            send(&house, &till, &terms, day * 10, &[(REMINDER, 4)]).await;
            house.pass(60 * 24);
        }
        till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
        // Twenty in six days; eighty are left.
        assert_eq!(left().await, Some(24));
        house.pass(60 * 24 * 40);
        assert_eq!(left().await, None, "nothing was used of late");
    }

    #[tokio::test]
    async fn a_correction_is_made_once_and_takes_no_more_than_there_is() {
        let (house, terms) = (House::new().await, terms(Policy::Credits));
        let correct = async |minor, key| {
            let amount = Amount::new(minor, Unit::Credits);
            crate::adjust(&house.table, &terms, &staff(), amount, "goodwill", key).await
        };
        correct(10, "a").await.unwrap();
        correct(10, "a").await.unwrap();
        assert_eq!(correct(-11, "b").await.unwrap_err().code(), "insufficient_balance");
        correct(-4, "c").await.unwrap();
        correct(-6, "d").await.unwrap();
        correct(-6, "d").await.unwrap();
        correct(6, "e").await.unwrap();
        assert_eq!(house.audit(Unit::Credits).await.balance, 6);
    }
}
