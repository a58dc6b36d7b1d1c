use std::sync::Arc;

use futures::future::join_all;
use kernel::Channel;

use super::*;
use crate::{
    Amount, Cell, Currency, Direction, Measure, Policy, Terms, Unit, WalletFault, WhenEmpty, balance,
    ledger::{Account, EntryKind, book_of},
    testing::*,
};

fn credits() -> Terms {
    terms(Policy::Credits)
}

async fn reserve(house: &House, till: &Till, terms: &Terms, asks: Vec<Ask>) -> Granted {
    till.reserve(&house.table, terms, &Hold::new(&house.clock, asks)).await.unwrap()
}

fn batch(from: u64, most: i64) -> Vec<Ask> {
    (from..from + 10).map(|n| ask(n, most)).collect()
}

/// G-13
#[tokio::test]
async fn ten_messages_and_what_became_of_ten_others_are_one_write_unit() {
    let (house, till, terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 10_000).await;
    let mut before = reserve(&house, &till, &terms, batch(0, 3)).await;
    for n in 1..6 {
        house.db.meter().take();
        till.settle(&house.table, &before, (0..10).map(|index| (index, sent(3)))).await;
        before = reserve(&house, &till, &terms, batch(n * 10, 3)).await;
        let usage = house.db.meter().take();
        assert!(before.is_whole());
        assert_eq!((usage.total_calls(), usage.write_units, usage.read_units), (1, 1.0, 0.0));
    }
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.balance, sum.of(Account::Held), sum.of(Account::Spent)), (10_000 - 150, 30, 150));
}

/// G-13
#[tokio::test]
async fn what_is_not_sent_is_released_and_what_is_sent_costs_no_more_than_was_set_aside() {
    let (house, till, terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 20).await;
    let granted = reserve(&house, &till, &terms, vec![ask(1, 6), ask(2, 3), ask(3, 3)]).await;
    assert_eq!(balance(&house.table, Unit::Credits).await.unwrap().available, 8);
    let fates = [(0, sent(3)), (1, Fate::NotSent), (2, sent(9))];
    till.settle(&house.table, &granted, fates).await;
    till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
    let now = balance(&house.table, Unit::Credits).await.unwrap();
    assert_eq!((now.balance, now.held, now.available), (14, 0, 14));
    // Told again, it is the same.
    till.settle(&house.table, &granted, fates).await;
    till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
    assert_eq!(balance(&house.table, Unit::Credits).await.unwrap(), now);
    house.audit(Unit::Credits).await;
}

#[tokio::test]
async fn without_enough_balance_messages_are_refused_and_staff_hear_of_it_once() {
    let (house, till, terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 7).await;
    let granted = reserve(&house, &till, &terms, vec![ask(1, 3), ask(2, 5), ask(3, 3)]).await;
    assert_eq!([0, 1, 2].map(|index| granted.is_granted(index)), [true, false, true]);
    assert_eq!(granted.charge(1, &Cost::of(Channel::Sms, crate::Price { amount: 3, units: 1 })), None);
    for n in 10..15 {
        house.db.meter().take();
        assert!(!reserve(&house, &till, &terms, vec![ask(n, 3)]).await.is_whole());
        assert!(house.db.meter().take().write_units < 0.1, "a refusal writes nothing but the first time");
    }
    let told = |news: &[crate::WalletErrand]| {
        let kinds = news.iter().filter_map(|errand| match &errand.task {
            crate::Task::Tell { news: crate::News::Empty { .. } } => Some("empty"),
            crate::Task::Tell { news: crate::News::Restored { .. } } => Some("restored"),
            _ => None,
        });
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(told(&outbox(&house)), ["empty"]);
    assert_eq!(terms.settings.when_empty, WhenEmpty::Hold);
    // What waits is tried again when something comes in.
    fill(&house, &terms, 100).await;
    assert_eq!(told(&outbox(&house)), ["empty", "restored"]);
    fill(&house, &terms, 100).await;
    assert_eq!(told(&outbox(&house)), ["empty", "restored"]);
    assert!(reserve(&house, &till, &terms, vec![ask(10, 3)]).await.is_whole());
}

#[tokio::test]
async fn messages_of_care_overdraw_as_far_as_the_clinic_allows_and_others_do_not() {
    let (house, till, mut terms) = (House::new().await, Till::new(), credits());
    terms.settings.overdraft = 5;
    fill(&house, &terms, 4).await;
    let care = |n| Ask { purpose: Purpose::Care, ..ask(n, 3) };
    let asks = vec![care(1), ask(2, 3), care(3), care(4), care(5)];
    let granted = reserve(&house, &till, &terms, asks).await;
    assert_eq!([0, 1, 2, 3, 4].map(|index| granted.is_granted(index)), [true, false, true, true, false]);
    assert_eq!(house.audit(Unit::Credits).await.of(Account::Available), -5);
}

/// G-13
#[tokio::test]
async fn many_senders_at_once_never_spend_more_than_there_is() {
    let (house, terms) = (House::new().await, credits());
    fill(&house, &terms, 100).await;
    let tills: Vec<Till> = (0..6).map(|_| Till::new()).collect();
    let granted = join_all(tills.iter().enumerate().map(async |(index, till)| {
        let mut granted = 0;
        for round in 0..8 {
            let first = index as u64 * 1000 + round * 10;
            let made = reserve(&house, till, &terms, (first..first + 3).map(|n| ask(n, 3)).collect()).await;
            granted += (0..3).filter(|index| made.is_granted(*index)).count();
            tokio::task::yield_now().await;
        }
        granted
    }))
    .await;
    assert_eq!(granted.iter().sum::<usize>(), 33);
    assert_eq!(house.audit(Unit::Credits).await.of(Account::Available), 1);
}

/// G-13
#[tokio::test]
async fn what_a_dead_sender_reserved_comes_back_and_what_it_sent_is_paid() {
    let (house, terms, messages) = (House::new().await, credits(), Arc::new(Messages::default()));
    fill(&house, &terms, 100).await;
    let hold = Hold::new(&house.clock, vec![ask(1, 3), ask(2, 3), ask(3, 3), ask(4, 3)]);
    let until = house.clock.now() + jiff::SignedDuration::from_mins(1);
    let dying = Till::asking(messages.clone());
    dying.reserve(&house.table, &terms, &hold).await.unwrap();
    for n in [1, 2, 3] {
        assert!(messages.claim((message(n), 1), hold.mark(), until));
    }
    // One was sent, one failed, one was with the provider when the process died, one was never claimed.
    let cost = Cost { channel: Channel::Sms, messages: 1, units: 1, amount: 2 };
    messages.conclude((message(1), 1), hold.mark(), Known::Sent(cost));
    messages.conclude((message(2), 1), hold.mark(), Known::Failed);
    drop(dying);
    let next = Till::asking(messages.clone());
    reserve(&house, &next, &terms, vec![ask(9, 3)]).await;
    assert_eq!(house.audit(Unit::Credits).await.of(Account::Held), 15, "its time is not over");
    house.pass(6);
    let granted = reserve(&house, &next, &terms, vec![ask(10, 3)]).await;
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.of(Account::Spent), sum.of(Account::Held)), (2 + 3, 3), "the one in doubt is paid");
    // A look-up tells that it never left.
    let charge = Charge { unit: Unit::Credits, page: 2, part: 2, cell: REMINDER, units: 1, amount: 3 };
    for _ in 0..3 {
        next.refund(&house.table, &terms, &charge).await.unwrap();
    }
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.of(Account::Spent), sum.balance), (2, 98));
    // What was never booked is not given back either.
    let failed = Charge { part: 1, ..charge };
    next.refund(&house.table, &terms, &failed).await.unwrap();
    assert_eq!(house.audit(Unit::Credits).await.balance, 98);
    // One that is still open is settled so.
    let open = granted.charge(0, &Cost { channel: Channel::Sms, messages: 1, units: 1, amount: 3 }).unwrap();
    next.refund(&house.table, &terms, &open).await.unwrap();
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.balance, sum.of(Account::Held)), (98, 0));
}

/// G-13
#[tokio::test]
async fn a_blast_sets_its_quote_aside_as_a_whole_and_is_settled_in_parts_in_any_order() {
    let (house, till, terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 1_000).await;
    let blast = |most| BlastAsk {
        id: "evt_1".into(),
        parts: 4,
        cell: Cell::new(crate::Notification::Mass, Channel::Email),
        most,
        until: house.clock.now() + jiff::SignedDuration::from_hours(4),
    };
    let too_much = Hold::blast(&house.clock, blast(1_001));
    assert!(!till.reserve(&house.table, &terms, &too_much).await.unwrap().is_whole());
    let hold = Hold::blast(&house.clock, blast(400));
    let granted = till.reserve(&house.table, &terms, &hold).await.unwrap();
    let part =
        |messages, amount| Fate::Sent(Cost { channel: Channel::Email, messages, units: messages, amount });
    till.settle_blast(&house.table, &granted, [(2, part(100, 100)), (0, part(90, 90))]).await;
    till.settle_blast(&house.table, &granted, [(2, part(100, 100)), (1, Fate::NotSent)]).await;
    till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.of(Account::Spent), sum.of(Account::Held)), (190, 210));
    till.settle_blast(&house.table, &granted, [(3, part(300, 300))]).await;
    till.flush(&house.table, &terms, Unit::Credits).await.unwrap();
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.of(Account::Spent), sum.of(Account::Held), sum.balance), (400, 0, 600));
    let rows = book_of(&house.table, Unit::Credits, kernel::Limit::MOST, None).await.unwrap().items;
    assert!(rows.iter().any(|row| row.kind == EntryKind::Debit && row.blast.as_deref() == Some("evt_1")));
}

#[tokio::test]
async fn what_comes_in_costs_its_own_rate_once_and_no_balance_keeps_it_out() {
    let (house, till, mut terms) = (House::new().await, Till::new(), credits());
    let cell = Cell::new(crate::Notification::Private, Channel::Sms);
    let one = Measure::text(10, 1);
    let received = async |terms: &Terms, n| {
        till.received(&house.table, terms, &york(), message(n), cell, &one).await.unwrap();
    };
    received(&terms, 1).await;
    assert!(house.pages(Unit::Credits).await.is_empty(), "without a rate it costs nothing");
    terms.settings.rates = vec![crate::Rate {
        unit: Unit::Credits,
        place: None,
        channel: Channel::Sms,
        direction: Direction::In,
        per: crate::Per::Message,
        price: 2,
        valid_from: NOON.parse().unwrap(),
    }];
    fill(&house, &terms, 3).await;
    for n in [1, 1, 2, 3, 3] {
        received(&terms, n).await;
    }
    let sum = house.audit(Unit::Credits).await;
    assert_eq!((sum.balance, sum.of(Account::Spent)), (0, 3), "the last ones found 1 and nothing");
    assert_eq!(sum.totals().used.0[&cell].messages, 3);
}

#[tokio::test]
async fn a_policy_that_changes_in_the_middle_leaves_old_entries_as_they_are() {
    let (house, till, mut terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 100).await;
    let before = reserve(&house, &till, &terms, vec![ask(1, 3)]).await;
    house.pass(60);
    let usd = Policy::Money { currency: Currency::USD };
    terms.settings.policies.push(crate::Dated { from: house.clock.now(), policy: usd });
    crate::adjust(
        &house.table,
        &terms,
        &staff(),
        Amount::new(500, Unit::Money(Currency::USD)),
        "test",
        "usd",
    )
    .await
    .unwrap();
    let after = reserve(&house, &till, &terms, vec![ask(2, 4)]).await;
    till.settle(&house.table, &before, [(0, sent(3))]).await;
    till.settle(&house.table, &after, [(0, sent(4))]).await;
    for unit in [Unit::Credits, Unit::Money(Currency::USD)] {
        till.flush(&house.table, &terms, unit).await.unwrap();
        house.audit(unit).await;
    }
    let debit = async |unit| {
        let rows = book_of(&house.table, unit, kernel::Limit::MOST, None).await.unwrap().items;
        let row = rows.into_iter().find(|row| row.kind == EntryKind::Debit).unwrap();
        (row.message.unwrap(), row.attempt.unwrap(), row.on_balance, row.policy.unwrap())
    };
    assert_eq!(debit(Unit::Credits).await, (message(1), 1, -3, "CREDITS".to_owned()));
    assert_eq!(debit(Unit::Money(Currency::USD)).await, (message(2), 1, -4, "MONEY".to_owned()));
}

#[tokio::test]
async fn flat_and_capped_clinics_are_metered_the_same_way() {
    let (house, till) = (House::new().await, Till::new());
    let flat = terms(Policy::Flat);
    let granted = reserve(&house, &till, &flat, vec![ask(1, 0), ask(2, 0)]).await;
    assert!(granted.is_whole());
    till.settle(&house.table, &granted, [(0, sent(0)), (1, sent(0))]).await;
    till.flush(&house.table, &flat, Unit::Messages).await.unwrap();
    let sum = house.audit(Unit::Messages).await;
    assert_eq!((sum.balance, sum.totals().used.0[&REMINDER].messages), (0, 2));
    let mut capped = terms(Policy::CapOnly { monthly: 5 });
    let granted = reserve(&house, &till, &capped, (10..17).map(|n| ask(n, 1)).collect()).await;
    assert_eq!((0..7).filter(|index| granted.is_granted(*index)).count(), 5);
    till.settle(&house.table, &granted, (0..5).map(|index| (index, sent(1)))).await;
    assert!(!reserve(&house, &till, &capped, vec![ask(20, 1)]).await.is_whole());
    // A higher cap adds, a lower one takes what is left, and going up and down gives nothing for nothing.
    for (monthly, granted) in [(7, true), (6, false), (7, true), (8, true), (8, false)] {
        let from = house.clock.now();
        capped.settings.policies.push(crate::Dated { from, policy: Policy::CapOnly { monthly } });
        let made = reserve(&house, &till, &capped, vec![ask(100 + u64::from(monthly), 1)]).await;
        assert_eq!(made.is_whole(), granted, "{monthly}");
        house.pass(1);
        if monthly == 7 && granted {
            till.settle(&house.table, &made, [(0, sent(1))]).await;
        }
    }
    house.audit(Unit::Messages).await;
    // The next month begins on the clinic's calendar: 23:30 on the last day is not yet December.
    let at = |text: &str| text.parse::<kernel::Timestamp>().unwrap();
    house.clock.advance(at("2026-12-01T04:30:00Z").duration_since(house.clock.now()));
    assert!(!reserve(&house, &till, &capped, vec![ask(300, 1), ask(301, 1)]).await.is_whole());
    house.pass(31);
    assert!(reserve(&house, &till, &capped, (310..316).map(|n| ask(n, 1)).collect()).await.is_whole());
    house.audit(Unit::Messages).await;
}

#[tokio::test]
async fn prices_are_those_of_the_time_of_sending_and_of_the_policy() {
    let at = |text: &str| text.parse::<kernel::Timestamp>().unwrap();
    let long = Measure::text(134, 1);
    let price = |policy, at| terms(policy).price(&york(), REMINDER, Direction::Out, &long, at).unwrap();
    let usd = Policy::Money { currency: Currency::USD };
    let now = at(NOON);
    assert_eq!(price(usd, now), crate::Price { amount: 8, units: 2 });
    assert_eq!(price(usd, at("2027-01-01T00:00:00Z")).amount, 10);
    assert_eq!(price(Policy::Credits, now), crate::Price { amount: 3, units: 1 });
    assert_eq!(price(Policy::Flat, now).amount, 0);
    assert_eq!(price(Policy::CapOnly { monthly: 9 }, now).amount, 1);
    let unanswered = Measure { answered: false, ..Measure::ONE };
    let call = Cell::new(crate::Notification::Reminder, Channel::Voice);
    let missed = terms(Policy::Credits).price(&york(), call, Direction::Out, &unanswered, now).unwrap();
    assert_eq!(missed, crate::Price { amount: 0, units: 0 });
    let nowhere = "BR".parse().unwrap();
    let fault = terms(usd).price(&nowhere, REMINDER, Direction::Out, &long, now).unwrap_err();
    assert_eq!(kernel::Fault::code(&fault), "rate_missing");
    let many = (0..51).map(|n| ask(n, 1));
    let house = House::new().await;
    let hold = Hold::new(&house.clock, many);
    let fault = Till::new().reserve(&house.table, &credits(), &hold).await.unwrap_err();
    assert!(matches!(fault, WalletFault::TooMany(51)));
}

#[tokio::test]
async fn cold_overtaken_and_lonely_bookings_cost_what_the_readme_says() {
    let (house, warm, terms) = (House::new().await, Till::new(), credits());
    fill(&house, &terms, 10_000).await;
    reserve(&house, &warm, &terms, batch(0, 3)).await;
    let cost = async |till: &Till, asks| {
        house.db.meter().take();
        assert!(reserve(&house, till, &terms, asks).await.is_whole());
        let usage = house.db.meter().take();
        (usage.total_calls(), usage.write_units, usage.read_units)
    };
    assert_eq!(cost(&Till::new(), batch(10, 3)).await, (2, 1.0, 1.0), "a cold sender reads the last page");
    assert_eq!(
        cost(&warm, batch(20, 3)).await,
        (3, 2.0, 1.0),
        "one that was overtaken reads and writes anew"
    );
    assert_eq!(cost(&warm, vec![ask(30, 3)]).await, (1, 1.0, 0.0), "a message alone has a page of its own");
    house.pass(60 * 24);
    let (calls, writes, _) = cost(&warm, batch(40, 3)).await;
    assert!(calls == 2 && writes <= 8.0, "the first page of a day costs {writes} in {calls} calls");
    house.db.meter().take();
    balance(&house.table, Unit::Credits).await.unwrap();
    let usage = house.db.meter().take();
    assert_eq!((usage.total_calls(), usage.read_units), (1, 1.0));
}
