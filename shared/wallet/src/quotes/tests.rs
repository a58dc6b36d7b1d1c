use kernel::{Channel, ClinicId, Fault as _, Id as _, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{
    Amount, Balance, Cell, Currency, Measure, Notification, Policy, Unit,
    testing::{NOON, terms, york},
};

const SECRET: &[u8] = b"a secret";

fn now() -> Timestamp {
    NOON.parse().unwrap()
}

fn clinic() -> ClinicId {
    ClinicId::derived(&["wallet"])
}

fn expected(channel: Channel, messages: u32, least: Measure, most: Measure) -> Expected {
    Expected { cell: Cell::new(Notification::Mass, channel), messages, least, most }
}

fn mixed() -> Vec<Expected> {
    let text = |segments| Measure::text(100 * segments, segments);
    vec![
        expected(Channel::Email, 30, Measure::ONE, Measure::ONE),
        expected(Channel::Sms, 10, text(1), text(2)),
        expected(Channel::Voice, 4, Measure { answered: false, ..Measure::ONE }, Measure::ONE),
        expected(Channel::Whatsapp, 0, Measure::ONE, Measure::ONE),
    ]
}

fn quoted(policy: Policy, list: &[Expected], available: i64) -> Quote {
    let unit = policy.unit();
    let balance = Balance { unit, balance: available, held: 0, available };
    quote(SECRET, clinic(), &terms(policy), &york(), list, 3, &balance, b"v1", now()).unwrap()
}

#[test]
fn credits_are_told_per_channel_and_in_total_before_anything_is_sent() {
    let quote = quoted(Policy::Credits, &mixed(), 110);
    let lines: Vec<_> =
        quote.lines.iter().map(|line| (line.cell.channel, line.messages, line.least, line.most)).collect();
    assert_eq!(lines, [(Channel::Email, 30, 30, 30), (Channel::Sms, 10, 30, 60), (Channel::Voice, 4, 0, 20)]);
    assert_eq!((quote.least, quote.most, quote.unreachable), (60, 110, 3));
    assert!(quote.is_covered && !quoted(Policy::Credits, &mixed(), 109).is_covered);
    assert_eq!(
        quote.tolerance,
        "it costs between 60 CREDIT and 110 CREDIT, by the length each text has in the end; never more"
    );
    let exact = quoted(Policy::Credits, &mixed()[..1], 110);
    assert_eq!(exact.tolerance, "it costs 30 CREDIT");
    let usd = quoted(Policy::Money { currency: Currency::USD }, &mixed()[1..2], 0);
    assert_eq!((usd.least, usd.most, usd.is_covered), (40, 80, false));
    assert!(quoted(Policy::Flat, &mixed(), 0).is_covered);
}

#[test]
fn one_agrees_to_exactly_what_was_quoted_and_hears_if_it_is_dearer_by_now() {
    let quote = quoted(Policy::Credits, &mixed(), 110);
    let costs = |minor| Amount::new(minor, Unit::Credits);
    let agreed = |token: &str, clinic, inputs: &[u8], costs, at| {
        agree(&[b"new", SECRET], clinic, token, inputs, costs, at)
    };
    let most = agreed(&quote.token, clinic(), b"v1", costs(110), now()).unwrap().most;
    assert_eq!(most, 110);
    assert!(agreed(&quote.token, clinic(), b"v1", costs(90), now()).is_ok(), "less is fine");
    let dearer = agreed(&quote.token, clinic(), b"v1", costs(111), now()).unwrap_err();
    assert_eq!((dearer.code(), dearer.kind().status()), ("quote_dearer", 409));
    let other = Err(QuoteFault::Other);
    assert_eq!(agreed(&quote.token, clinic(), b"v2", costs(110), now()), other);
    assert_eq!(agreed(&quote.token, ClinicId::FIRST, b"v1", costs(110), now()), other);
    let usd = Amount::new(110, Unit::Money(Currency::USD));
    assert_eq!(agreed(&quote.token, clinic(), b"v1", usd, now()), other);
    assert_eq!(agree(&[b"new"], clinic(), &quote.token, b"v1", costs(110), now()), other);
    let late = quote.valid_until + jiff::SignedDuration::from_secs(1);
    assert_eq!(agreed(&quote.token, clinic(), b"v1", costs(110), late), Err(QuoteFault::Expired));
}

proptest! {
    #[test]
    fn a_token_that_was_touched_is_worth_nothing(at in 0usize..54, flip in 1u8..=255) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let token = quoted(Policy::Credits, &mixed(), 110).token;
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let touched = URL_SAFE_NO_PAD.encode(bytes);
        let costs = Amount::new(110, Unit::Credits);
        prop_assert_eq!(agree(&[SECRET], clinic(), &touched, b"v1", costs, now()), Err(QuoteFault::Other));
    }

    #[test]
    fn any_text_is_read_as_no_token(text in ".{0,120}") {
        let costs = Amount::new(110, Unit::Credits);
        prop_assert_eq!(agree(&[SECRET], clinic(), &text, b"v1", costs, now()), Err(QuoteFault::Other));
    }
}
