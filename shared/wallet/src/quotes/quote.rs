//! A quote: per kind and channel, and in total.

use jiff::SignedDuration;
use kernel::{ClinicId, Timestamp};
use serde::Serialize;

use super::token;
use crate::{Amount, Cell, Direction, Measure, NoRate, Place, Terms, Unit, ledger::Balance};

/// How long a quote can be agreed to.
const HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// Messages of one kind on one channel that are about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What they are and which way they go.
    pub cell: Cell,
    /// How many.
    pub messages: u32,
    /// The shortest of them.
    pub least: Measure,
    /// The longest of them, with every variable as long as it can be.
    pub most: Measure,
}

/// What messages of one kind on one channel will cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quoted {
    /// What they are and which way they go.
    pub cell: Cell,
    /// How many.
    pub messages: u32,
    /// If all are as short as the shortest.
    pub least: i64,
    /// If all are as long as the longest.
    pub most: i64,
}

/// What messages will cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// In which unit.
    pub unit: Unit,
    /// Kind by kind and channel by channel.
    pub lines: Vec<Quoted>,
    /// Altogether, at least.
    pub least: i64,
    /// Altogether, at most; so much is set aside.
    pub most: i64,
    /// People who are left out because no way leads to them; nothing is counted for them.
    pub unreachable: u32,
    /// What can be spent now.
    pub available: i64,
    /// Whether that is enough for the most it can cost.
    pub is_covered: bool,
    /// How exact this is, in a sentence.
    pub tolerance: String,
    /// Until when it can be agreed to.
    pub valid_until: Timestamp,
    /// Agrees to exactly this: what is to be sent, to whom, for this much.
    pub token: String,
}

fn line(terms: &Terms, place: &Place, expected: &Expected, now: Timestamp) -> Result<Quoted, NoRate> {
    let price = |measure: &Measure| {
        let price = terms.price(place, expected.cell, Direction::Out, measure, now)?;
        Ok(price.amount.saturating_mul(expected.messages.into()))
    };
    let (least, most) = (price(&expected.least)?, price(&expected.most)?);
    Ok(Quoted { cell: expected.cell, messages: expected.messages, least, most: most.max(least) })
}

/// Quotes what is about to be made, by the prices of now. `inputs` is whatever decides what is sent to whom, such
/// as the template's version and the list: a token for other inputs is worth nothing.
#[expect(clippy::too_many_arguments, reason = "each of them decides what a quote says")]
pub fn quote(
    secret: &[u8],
    clinic: ClinicId,
    terms: &Terms,
    place: &Place,
    expected: &[Expected],
    unreachable: u32,
    balance: &Balance,
    inputs: &[u8],
    now: Timestamp,
) -> Result<Quote, NoRate> {
    let unit = terms.policy(now).unit();
    let mut lines = Vec::with_capacity(expected.len());
    for one in expected.iter().filter(|one| one.messages > 0) {
        lines.push(line(terms, place, one, now)?);
    }
    let sum = |of: fn(&Quoted) -> i64| lines.iter().map(of).fold(0i64, i64::saturating_add);
    let (least, most) = (sum(|line| line.least), sum(|line| line.most));
    let tolerance = if least == most {
        format!("it costs {}", Amount::new(most, unit))
    } else {
        let (least, most) = (Amount::new(least, unit), Amount::new(most, unit));
        format!("it costs between {least} and {most}, by the length each text has in the end; never more")
    };
    let valid_until = now.saturating_add(HOLDS).unwrap_or(Timestamp::MAX);
    let agreed = token::Agreed { unit, most, until: valid_until };
    Ok(Quote {
        unit,
        least,
        most,
        unreachable,
        available: balance.available,
        is_covered: most == 0 || most <= balance.available,
        tolerance,
        valid_until,
        token: token::make(secret, clinic, &agreed, inputs),
        lines,
    })
}
