//! What a message costs, by place, channel and date.

use std::sync::LazyLock;

use kernel::{Channel, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Direction, Place, Unit};

/// Characters that one unit of a short text holds.
const SHORT_TEXT: u32 = 133;

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Per {
    /// The whole message.
    Message,
    /// Each begun 133 characters of a text.
    #[serde(rename = "TEXT_133")]
    Text133,
    /// Each segment that a carrier bills.
    Segment,
    /// A call that somebody or something answered.
    AnsweredCall,
}

/// How much of a message there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Characters, those counted twice by a carrier twice.
    pub characters: u32,
    /// Segments of a text; 1 for everything else.
    pub segments: u32,
    /// Of a call: whether it was answered. Suppose so before it was made.
    pub answered: bool,
}

impl Measure {
    /// One of a thing that has no length.
    pub const ONE: Self = Self { characters: 0, segments: 1, answered: true };

    /// A text.
    pub fn text(characters: u32, segments: u32) -> Self {
        Self { characters, segments, answered: true }
    }
}

impl Per {
    /// How many times the price is taken.
    pub fn units(self, measure: &Measure) -> u32 {
        match self {
            Self::Message => 1,
            Self::Text133 => measure.characters.div_ceil(SHORT_TEXT).max(1),
            Self::Segment => measure.segments.max(1),
            Self::AnsweredCall => u32::from(measure.answered),
        }
    }
}

/// A line of the price list: from a date on, until a later line of the same place, channel and unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// What the price is counted in.
    pub unit: Unit,
    /// Where it holds; everywhere if absent. A state goes before its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// For which channel.
    pub channel: Channel,
    /// For messages that go out, or come in.
    #[serde(default)]
    pub direction: Direction,
    /// What the price is for.
    pub per: Per,
    /// The price, in minor units.
    pub price: i64,
    /// From when.
    pub valid_from: Timestamp,
}

#[derive(Deserialize)]
struct PriceList {
    rates: Vec<Rate>,
}

static PRICE_LIST: LazyLock<PriceList> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/rates.json")).expect("the price list is checked by a test")
});

/// What is asked of a price list.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Counted in what.
    pub unit: Unit,
    /// Sent from where.
    pub place: &'a Place,
    /// On which channel.
    pub channel: Channel,
    /// Which way.
    pub direction: Direction,
}

impl Wanted<'_> {
    fn fits(&self, rate: &Rate) -> bool {
        rate.unit == self.unit
            && rate.channel == self.channel
            && rate.direction == self.direction
            && rate.place.as_ref().is_none_or(|place| place.holds(self.place))
    }
}

/// The narrower of two places goes first, then the later date.
fn rank(rate: &Rate) -> (usize, Timestamp) {
    (rate.place.as_ref().map_or(0, |place| place.as_str().len()), rate.valid_from)
}

/// The rate that holds at an instant: the clinic's own before the price list.
pub fn rate_at<'a>(own: &'a [Rate], wanted: &Wanted<'_>, at: Timestamp) -> Option<&'a Rate> {
    let best = |rates: &'a [Rate]| {
        rates.iter().filter(|rate| wanted.fits(rate) && rate.valid_from <= at).max_by_key(|rate| rank(rate))
    };
    best(own).or_else(|| best(&PRICE_LIST.rates))
}

/// The rate that holds at an instant and those to come, each with the date it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// Now; absent if nothing is sold there.
    pub current: Option<Rate>,
    /// Later, in order of their dates.
    pub future: Vec<Rate>,
}

/// Current and future price for a place and channel, readable before anybody applies for anything.
pub fn rates(own: &[Rate], wanted: &Wanted<'_>, at: Timestamp) -> Rates {
    let current = rate_at(own, wanted, at).cloned();
    let mut dates: Vec<Timestamp> = own
        .iter()
        .chain(&PRICE_LIST.rates)
        .filter(|rate| wanted.fits(rate) && rate.valid_from > at)
        .map(|rate| rate.valid_from)
        .collect();
    dates.sort_unstable();
    dates.dedup();
    let mut future: Vec<Rate> = Vec::new();
    for date in dates {
        let Some(rate) = rate_at(own, wanted, date) else { continue };
        // A line of a wider place, or of the price list behind the clinic's own, changes nothing.
        if future.last().or(current.as_ref()) != Some(rate) {
            future.push(rate.clone());
        }
    }
    Rates { current, future }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use rstest::rstest;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn texts(unit: Unit, place: &Place) -> Wanted<'_> {
        Wanted { unit, place, channel: Channel::Sms, direction: Direction::Out }
    }

    #[rstest]
    #[case(Per::Text133, 0, 1, 1)]
    #[case(Per::Text133, 133, 1, 1)]
    #[case(Per::Text133, 134, 1, 2)]
    #[case(Per::Text133, 266, 2, 2)]
    #[case(Per::Segment, 161, 2, 2)]
    #[case(Per::Segment, 0, 0, 1)]
    #[case(Per::Message, 900, 6, 1)]
    fn a_text_is_billed_by_133_characters_or_by_segments(
        #[case] per: Per,
        #[case] characters: u32,
        #[case] segments: u32,
        #[case] units: u32,
    ) {
        assert_eq!(per.units(&Measure::text(characters, segments)), units);
    }

    #[test]
    fn the_price_of_a_text_depends_on_place_and_date_and_the_next_one_is_known_before() {
        let usd = Unit::Money(Currency::USD);
        let (york, rico): (Place, Place) = ("US-NY".parse().unwrap(), "US-PR".parse().unwrap());
        let now = at("2026-11-22T12:00:00Z");
        let seen = rates(&[], &texts(usd, &york), now);
        let current = seen.current.unwrap();
        assert_eq!((current.price, current.valid_from), (4, at("2026-01-01T00:00:00Z")));
        assert_eq!(seen.future.len(), 1);
        assert_eq!((seen.future[0].price, seen.future[0].valid_from), (5, at("2027-01-01T00:00:00Z")));
        let later = rate_at(&[], &texts(usd, &york), at("2027-01-01T00:00:00Z")).unwrap();
        assert_eq!(later.price, 5);
        let there = rates(&[], &texts(usd, &rico), now);
        assert_eq!(there.current.unwrap().price, 6);
        assert!(there.future.is_empty(), "the line of the wider place changes nothing there");
        let nowhere: Place = "BR".parse().unwrap();
        assert_eq!(rates(&[], &texts(usd, &nowhere), now).current, None);
        let before = rate_at(&[], &texts(usd, &york), at("2025-12-31T23:59:59Z"));
        assert_eq!(before, None);
    }

    #[test]
    fn a_price_of_the_clinics_own_goes_before_the_list() {
        let usd = Unit::Money(Currency::USD);
        let york: Place = "US-NY".parse().unwrap();
        let own = [Rate {
            unit: usd,
            place: None,
            channel: Channel::Sms,
            direction: Direction::Out,
            per: Per::Segment,
            price: 3,
            valid_from: at("2026-12-01T00:00:00Z"),
        }];
        let seen = rates(&own, &texts(usd, &york), at("2026-11-22T12:00:00Z"));
        assert_eq!(seen.current.unwrap().price, 4);
        assert_eq!(seen.future, own, "the list's next price never comes to hold");
    }

    #[rstest]
    #[case(Channel::Email, 1)]
    #[case(Channel::Sms, 3)]
    #[case(Channel::Voice, 5)]
    fn mail_takes_one_credit_a_text_three_and_a_call_five(#[case] channel: Channel, #[case] price: i64) {
        let place: Place = "US".parse().unwrap();
        let wanted = Wanted { unit: Unit::Credits, place: &place, channel, direction: Direction::Out };
        assert_eq!(rate_at(&[], &wanted, at("2026-11-22T12:00:00Z")).unwrap().price, price);
    }

    #[test]
    fn every_line_of_the_price_list_is_sound() {
        assert!(PRICE_LIST.rates.iter().all(|rate| rate.price >= 0));
        for (index, rate) in PRICE_LIST.rates.iter().enumerate() {
            let twin = PRICE_LIST.rates[..index].iter().any(|other| {
                (other.unit, &other.place, other.channel, other.direction, other.valid_from)
                    == (rate.unit, &rate.place, rate.channel, rate.direction, rate.valid_from)
            });
            assert!(!twin, "two lines for the same: {rate:?}");
        }
    }
}
