//! What a text message weighs: its encoding, its units and the segments a carrier will bill.
//!
//! Alphabet and sizes are those of 3GPP TS 23.038 (7-bit default alphabet and its extension table) and
//! TS 23.040 (a concatenated segment loses six octets to its header).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The 127 characters of the basic table, without the escape itself.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Reached through the escape, so each takes two septets.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How the characters of a text message travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Encoding {
    /// Seven bits per character; 160 in a single message, 153 in each of several.
    #[serde(rename = "GSM_7")]
    Gsm7,
    /// Sixteen bits per unit; 70 in a single message, 67 in each of several.
    #[serde(rename = "UCS_2")]
    Ucs2,
}

impl Encoding {
    /// Units that a message of one segment holds.
    pub fn single(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that each segment of a longer message holds.
    pub fn part(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 if EXTENSION.contains(c) => 2,
            Self::Gsm7 => 1,
            Self::Ucs2 => c.len_utf16(),
        }
    }

    /// The most segments that `units` can take when nobody knows which of them are pairs: a pair never
    /// straddles two segments, so each segment may stay one unit short.
    pub(crate) fn most_segments(self, units: usize) -> usize {
        if units <= self.single() { units.min(1) } else { units.div_ceil(self.part() - 1) }
    }
}

/// What a text message weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The narrowest encoding that holds every character.
    pub encoding: Encoding,
    /// Septets in GSM-7 (an extension character takes two), UTF-16 units in UCS-2.
    pub units: usize,
    /// What a carrier bills; 0 for an empty text, which no carrier takes.
    pub segments: usize,
}

/// Whether a character is in the 7-bit alphabet or its extension.
pub fn is_gsm7(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ' ' || BASIC.contains(c) || EXTENSION.contains(c)
}

/// The most units a character takes in either encoding.
pub(crate) fn most_units(c: char) -> usize {
    if EXTENSION.contains(c) { 2 } else { c.len_utf16() }
}

/// A text composed (NFC). Most are already: what is ASCII always is, and composing anything is dear.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Weighs a text as it would be sent, composed first (NFC).
pub fn weigh(text: &str) -> Weight {
    let text = &*composed(text);
    let encoding = if text.chars().all(is_gsm7) { Encoding::Gsm7 } else { Encoding::Ucs2 };
    let units: usize = text.chars().map(|c| encoding.units(c)).sum();
    let segments = if units <= encoding.single() {
        units.min(1)
    } else {
        let (mut segments, mut filled) = (1, 0);
        for size in text.chars().map(|c| encoding.units(c)) {
            if filled + size > encoding.part() {
                segments += 1;
                filled = 0;
            }
            filled += size;
        }
        segments
    };
    Weight { encoding, units, segments }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{Encoding::*, *};

    #[test]
    fn the_alphabet_has_its_127_characters_and_ten_more() {
        assert_eq!((BASIC.chars().count(), EXTENSION.chars().count()), (127, 10));
    }

    ///
    #[rstest]
    #[case("A".repeat(160), Gsm7, 160, 1)]
    #[case("A".repeat(161), Gsm7, 161, 2)]
    #[case("A".repeat(306), Gsm7, 306, 2)]
    #[case("A".repeat(307), Gsm7, 307, 3)]
    #[case("A".repeat(459), Gsm7, 459, 3)]
    #[case("A".repeat(460), Gsm7, 460, 4)]
    #[case("A".repeat(158) + "€", Gsm7, 160, 1)]
    #[case("A".repeat(159) + "€", Gsm7, 161, 2)]
    #[case("A".repeat(152) + "€" + &"A".repeat(152), Gsm7, 306, 3)]
    #[case("€".repeat(80), Gsm7, 160, 1)]
    #[case("€".repeat(81), Gsm7, 162, 2)]
    #[case("€".repeat(153), Gsm7, 306, 3)]
    #[case("Ж".repeat(70), Ucs2, 70, 1)]
    #[case("Ж".repeat(71), Ucs2, 71, 2)]
    #[case("Ж".repeat(134), Ucs2, 134, 2)]
    #[case("Ж".repeat(135), Ucs2, 135, 3)]
    #[case("👍".repeat(35), Ucs2, 70, 1)]
    #[case("👍".repeat(36), Ucs2, 72, 2)]
    #[case("👍".repeat(67), Ucs2, 134, 3)]
    #[case("A".repeat(69) + "👍", Ucs2, 71, 2)]
    #[case("A".repeat(159) + "’", Ucs2, 160, 3)]
    #[case("Señor Müller café".to_owned(), Gsm7, 17, 1)]
    #[case("cafe\u{301}".to_owned(), Gsm7, 4, 1)]
    #[case("garçon".to_owned(), Ucs2, 6, 1)]
    #[case("Árbol está".to_owned(), Ucs2, 10, 1)]
    #[case("fenêtre".to_owned(), Ucs2, 7, 1)]
    #[case("it`s".to_owned(), Ucs2, 4, 1)]
    #[case("a\tb".to_owned(), Ucs2, 3, 1)]
    #[case("a\u{a0}b".to_owned(), Ucs2, 3, 1)]
    #[case("{name}".to_owned(), Gsm7, 8, 1)]
    #[case("A".repeat(133), Gsm7, 133, 1)]
    #[case("Ж".repeat(133), Ucs2, 133, 2)]
    #[case(String::new(), Gsm7, 0, 0)]
    fn a_text_weighs_what_carriers_bill(
        #[case] text: String,
        #[case] encoding: Encoding,
        #[case] units: usize,
        #[case] segments: usize,
    ) {
        assert_eq!(weigh(&text), Weight { encoding, units, segments });
    }

    proptest! {
        #[test]
        fn segments_hold_all_units_and_never_waste_more_than_one_each(text in "[a-z€{Жé👍]{0,700}") {
            let weight = weigh(&text);
            let per = if weight.units <= weight.encoding.single() {
                weight.encoding.single()
            } else {
                weight.encoding.part()
            };
            prop_assert!(weight.segments >= weight.units.div_ceil(per));
            prop_assert!(weight.segments <= weight.encoding.most_segments(weight.units));
            prop_assert!(weight.units <= text.chars().map(most_units).sum::<usize>());
        }

        #[test]
        fn a_longer_text_never_costs_less(text in "[a-z€{Жé👍]{0,400}", more in "[a-z€{Жé👍]{1,40}") {
            prop_assert!(weigh(&(text.clone() + &more)).segments >= weigh(&text).segments);
        }
    }
}
