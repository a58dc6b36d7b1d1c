//! How long a text message can get, whatever the values: the proof that is made on save.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{
    plain::{Accents, plain},
    segments::{Encoding, weigh},
    text::{Part, Slot},
    value::room,
    variables::variables,
};
use kernel::Channel;

/// The limit of a short reminder text, everything included. It leaves a concatenated single part of eight-bit
/// text its header, and is what clinics' reminder products of this kind allow.
pub const SHORT_LIMIT: usize = 133;
/// The limit of any other text message: what the large carriers' interfaces take in one request.
pub const LONG_LIMIT: usize = 1600;

/// What is put around the text of a short reminder. Order and wording are fixed; each value has its room:
/// name 25, date with time 16, doctor 22, office 5.
#[expect(clippy::struct_excessive_bools, reason = "four switches that staff see as four switches")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// The patient's name at the beginning; there unless taken away.
    #[serde(default = "yes")]
    pub patient_name: bool,
    /// Date and time of the visit at the end.
    #[serde(default)]
    pub date_time: bool,
    /// Name of the doctor at the end.
    #[serde(default)]
    pub doctor: bool,
    /// Number of the office at the end.
    #[serde(default)]
    pub office: bool,
}

fn yes() -> bool {
    true
}

impl Default for Elements {
    fn default() -> Self {
        Self { patient_name: true, date_time: false, doctor: false, office: false }
    }
}

impl Elements {
    /// The variables in use, in the order of the message.
    pub(crate) fn slots(self) -> impl Iterator<Item = (Slot, Element)> {
        [
            (self.patient_name, Element::PatientName),
            (self.date_time, Element::DateTime),
            (self.doctor, Element::Doctor),
            (self.office, Element::Office),
        ]
        .into_iter()
        .filter(|(used, _)| *used)
        .filter_map(|(_, element)| Some((Slot::of(variables().find(element.path())?), element)))
    }

    /// Wraps a text into its elements. One space stands before each element at the end, and `, ` after the
    /// name unless the text brings its own punctuation.
    pub(crate) fn around(self, text: Vec<Part>) -> Vec<Part> {
        let joined = match text.first() {
            Some(Part::Text(words)) if words.starts_with([',', '.', ':', ';', '!', '?', ')']) => "",
            Some(_) => ", ",
            None => "",
        };
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for (mut slot, element) in self.slots() {
            slot.budget = Some(slot.variable.budget(Channel::Sms));
            if element == Element::PatientName {
                slot.after = joined;
                first.push(Part::Variable(slot));
            } else {
                if !(first.is_empty() && text.is_empty() && last.is_empty()) {
                    slot.before = " ";
                }
                last.push(Part::Variable(slot));
            }
        }
        first.into_iter().chain(text).chain(last).collect()
    }
}

/// One of the things that can be put around a short text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    PatientName,
    DateTime,
    Doctor,
    Office,
}

impl Element {
    fn path(self) -> &'static str {
        match self {
            Self::PatientName => "patient.name",
            Self::DateTime => "appointment.date_time",
            Self::Doctor => "provider.name",
            Self::Office => "office.number",
        }
    }

    /// A reminder without its hour is none; without a doctor or an office it still is one.
    pub(crate) fn required(self) -> bool {
        self == Self::DateTime
    }
}

/// How the length of the text message is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Profile {
    /// 133 characters with everything: reminders, greetings, mass and private texts of a clinic.
    #[serde(rename = "SHORT_133")]
    Short133 {
        /// What stands around the text.
        #[serde(default)]
        elements: Elements,
    },
    /// 1,600 characters, paid by the segment.
    Segments,
}

impl Profile {
    /// Units of a text message that it may take.
    pub fn limit(self) -> usize {
        match self {
            Self::Short133 { .. } => SHORT_LIMIT,
            Self::Segments => LONG_LIMIT,
        }
    }

    pub(crate) fn around(self, text: Vec<Part>) -> Vec<Part> {
        match self {
            Self::Short133 { elements } => elements.around(text),
            Self::Segments => text,
        }
    }
}

/// The longest that a text message can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LengthProof {
    /// Units it may take: characters, where an extension character or an emoji counts two.
    pub limit: usize,
    /// Units if every value fills its room, separators included.
    pub worst: usize,
    /// What the variables in use leave for words and separators.
    pub room: i64,
    /// What is left to write; negative when the text is too long.
    pub remaining: i64,
    /// The encoding of the words alone.
    pub encoding: Encoding,
    /// The most segments while values need no other encoding than the words.
    pub segments: usize,
    /// The most segments when a value (a name with `í`) turns the message into UCS-2.
    pub segments_unicode: usize,
}

impl LengthProof {
    pub(crate) fn of(parts: &[Part], limit: usize, accents: Accents) -> Self {
        let (mut words, mut defaults, mut values, mut any) = (String::new(), String::new(), 0, false);
        for part in parts {
            match part {
                Part::Text(text) => words.push_str(&plain(text, accents).text),
                Part::Variable(slot) => {
                    any = true;
                    words.push_str(slot.before);
                    words.push_str(slot.after);
                    values += slot.room();
                    defaults.push_str(&plain(slot.default.as_deref().unwrap_or_default(), accents).text);
                }
            }
        }
        let alone = weigh(&words);
        let encoding = alone.encoding.max(weigh(&defaults).encoding);
        // Words of an extension character count two until something turns the message into UCS-2; taking the
        // larger of both keeps the sum true either way.
        let worst = match encoding {
            Encoding::Gsm7 => alone.units,
            Encoding::Ucs2 if alone.encoding == Encoding::Ucs2 => alone.units,
            Encoding::Ucs2 => room(&words.nfc().collect::<String>()),
        } + values;
        let (segments, segments_unicode) = if any {
            (encoding.most_segments(worst), Encoding::Ucs2.most_segments(worst))
        } else {
            (alone.segments, alone.segments)
        };
        let left =
            |taken: usize| i64::try_from(limit).unwrap_or(0) - i64::try_from(taken).unwrap_or(i64::MAX);
        Self {
            limit,
            worst,
            room: left(values),
            remaining: left(worst),
            encoding,
            segments,
            segments_unicode,
        }
    }
}

impl Slot {
    /// The most units it takes in a text message.
    pub(crate) fn room(&self) -> usize {
        self.budget.unwrap_or_else(|| self.variable.budget(Channel::Sms))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::text::parse;

    fn proof(elements: Elements, text: &str) -> LengthProof {
        LengthProof::of(&elements.around(parse(text).unwrap()), SHORT_LIMIT, Accents::Keep)
    }

    fn elements(used: &str) -> Elements {
        Elements {
            patient_name: used.contains('n'),
            date_time: used.contains('t'),
            doctor: used.contains('d'),
            office: used.contains('o'),
        }
    }

    /// C-15, C-17
    #[rstest]
    #[case(elements("ntdo"), 65)]
    #[case(elements(""), 133)]
    #[case(elements("n"), 108)]
    #[case(elements("nt"), 92)]
    #[case(elements("ntd"), 70)]
    #[case(elements("tdo"), 90)]
    fn each_element_takes_its_room(#[case] elements: Elements, #[case] left: i64) {
        assert_eq!(proof(elements, "").room, left);
    }

    /// C-16
    #[rstest]
    #[case("see you", 25 + 2 + 7 + 1 + 16 + 1 + 22 + 1 + 5)]
    #[case(": see you", 25 + 9 + 1 + 16 + 1 + 22 + 1 + 5)]
    #[case("", 25 + 1 + 16 + 1 + 22 + 1 + 5)]
    fn separators_are_counted(#[case] text: &str, #[case] worst: usize) {
        let proof = proof(elements("ntdo"), text);
        assert_eq!((proof.worst, proof.remaining), (worst, 133 - i64::try_from(worst).unwrap()));
    }

    /// C-17
    #[test]
    fn the_limit_is_met_to_the_character() {
        let none = elements("");
        assert_eq!(proof(none, &"A".repeat(133)).remaining, 0);
        assert_eq!(proof(none, &"A".repeat(140)).remaining, -7);
        // An extension character counts two, and three dots take the place of an ellipsis.
        assert_eq!(proof(none, "€…").worst, 5);
        let cyrillic = proof(none, &"Ж".repeat(133));
        assert_eq!((cyrillic.remaining, cyrillic.segments), (0, 2));
    }

    ///
    #[test]
    fn segments_of_the_worst_case_are_told() {
        let text = format!("{{{{clinic.name}}}}{}", "A".repeat(130));
        let proof = LengthProof::of(&parse(&text).unwrap(), LONG_LIMIT, Accents::Keep);
        assert_eq!((proof.worst, proof.segments, proof.segments_unicode), (160, 1, 3));
    }
}
