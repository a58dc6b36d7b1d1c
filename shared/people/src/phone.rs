//! Reading phone numbers the way people write them.
//!
//! Everything that is typed or imported goes through [`read_phone`]; what the rest of the product holds is
//! E.164. The rules of each country are libphonenumber's metadata.

use std::{fmt, str::FromStr};

use kernel::{Detail, Phone};
use phonenumber::{Mode, Type, country, metadata::DATABASE};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The country in which a number without a country code is dialled, as ISO 3166-1 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(country::Id);

/// The text is no country with a telephone plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country code of two letters (ISO 3166-1), such as US")]
pub struct NotARegion;

impl Region {
    /// The United States.
    pub fn us() -> Self {
        Self(country::Id::US)
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        self.0.as_ref()
    }
}

impl Default for Region {
    fn default() -> Self {
        Self::us()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Region {
    type Err = NotARegion;
    fn from_str(text: &str) -> Result<Self, NotARegion> {
        text.parse().map(Self).map_err(|_| NotARegion)
    }
}

impl Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// What a number is by its country's plan. In North America a plan cannot tell a mobile from a landline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PhoneKind {
    /// A mobile.
    Mobile,
    /// A landline or a mobile.
    FixedOrMobile,
    /// A landline.
    Fixed,
    /// Free for the caller; a company's.
    TollFree,
    /// Dear for the caller.
    Premium,
    /// The cost is shared.
    SharedCost,
    /// Follows a person from line to line.
    Personal,
    /// Over the Internet.
    Voip,
    /// A pager.
    Pager,
    /// A company's number for all its places.
    Company,
    /// A mailbox.
    Voicemail,
}

impl PhoneKind {
    /// Whether a text to it can reach a person. Toll-free and premium numbers are companies', landlines have
    /// no screen.
    pub fn takes_texts(self) -> bool {
        matches!(self, Self::Mobile | Self::FixedOrMobile | Self::Personal | Self::Voip)
    }
}

/// A number as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPhone {
    /// The number.
    pub phone: Phone,
    /// Digits to dial after the answer. Texts ignore them.
    pub extension: Option<String>,
    /// What it is.
    pub kind: PhoneKind,
}

impl ReadPhone {
    /// The number, if texts to it can reach a person.
    pub fn for_texts(&self) -> Result<&Phone, PhoneProblem> {
        match self.kind {
            PhoneKind::TollFree => Err(PhoneProblem::TollFree),
            PhoneKind::Premium | PhoneKind::SharedCost => Err(PhoneProblem::Premium),
            kind if kind.takes_texts() => Ok(&self.phone),
            _ => Err(PhoneProblem::TakesNoTexts),
        }
    }
}

/// Why a text is not a number, or not one for the purpose. Never holds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneProblem {
    /// Nothing there.
    #[error("the number is empty")]
    Empty,
    /// Letters or signs that numbers do not have.
    #[error("a number has digits, spaces and the signs ( ) - . / + only")]
    StrangeSigns,
    /// Two numbers in one field.
    #[error("there is more than one number; give each its own contact point")]
    SeveralNumbers,
    /// An extension that is no extension.
    #[error("an extension has 1 to 7 digits")]
    Extension,
    /// Fewer digits than any number of the country.
    #[error("the number is too short")]
    TooShort,
    /// Can be dialled within its area only.
    #[error("the area code is missing")]
    LocalOnly,
    /// More digits than any number.
    #[error("the number is too long")]
    TooLong,
    /// The code after the plus sign is no country's.
    #[error("no country has this country code")]
    UnknownCountry,
    /// Its country does not give out such numbers.
    #[error("the country's plan has no such number")]
    NotInPlan,
    /// Toll-free where texts must arrive.
    #[error("a toll-free number belongs to a company and takes no texts to patients")]
    TollFree,
    /// Premium or shared cost where texts must arrive.
    #[error("a premium-rate number takes no texts")]
    Premium,
    /// A landline, pager or mailbox where texts must arrive.
    #[error("this kind of line takes no texts")]
    TakesNoTexts,
}

impl PhoneProblem {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::StrangeSigns => "phone_strange_signs",
            Self::SeveralNumbers => "phone_several_numbers",
            Self::Extension => "phone_extension_invalid",
            Self::TooShort => "phone_too_short",
            Self::LocalOnly => "phone_area_code_missing",
            Self::TooLong => "phone_too_long",
            Self::UnknownCountry => "phone_country_unknown",
            Self::NotInPlan => "phone_not_in_plan",
            Self::TollFree => "phone_toll_free",
            Self::Premium => "phone_premium",
            Self::TakesNoTexts => "phone_takes_no_texts",
        }
    }

    /// The problem at a place.
    pub fn at(self, place: impl Into<String>) -> Detail {
        Detail::new(place, self.to_string())
    }
}

/// A digit in any of the scripts people copy numbers from; full-width forms come from East Asian keyboards.
fn digit(letter: char) -> Option<char> {
    let zero = match letter {
        '0'..='9' => return Some(letter),
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06f0}'..='\u{06f9}' => '\u{06f0}',
        _ => return None,
    };
    char::from_digit(letter as u32 - zero as u32, 10)
}

fn invisible(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn separator(letter: char) -> bool {
    invisible(letter)
        || matches!(letter, '(' | ')' | '-' | '.' | '/' | '[' | ']' | '~')
        || matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}')
}

/// The text before an extension, and the extension.
fn split_extension(text: &str) -> Result<(&str, Option<String>), PhoneProblem> {
    // The longest words first: `ext` is also how `extension` begins.
    const WORDS: [&str; 8] = [";ext=", "extension", "extn", "ext", "доб", "x", "#", ","];
    let Some((start, word)) = WORDS.iter().find_map(|word| {
        let at = text
            .char_indices()
            .map(|(at, _)| at)
            .find(|at| text[*at..].get(..word.len()).is_some_and(|here| here.to_lowercase() == **word))?;
        Some((at, word))
    }) else {
        return Ok((text, None));
    };
    let digits: Option<String> = text[start + word.len()..]
        .chars()
        .filter(|letter| !separator(*letter) && !matches!(letter, ':' | ',' | '#'))
        .map(digit)
        .collect();
    match digits {
        Some(digits) if (1..=7).contains(&digits.len()) => Ok((&text[..start], Some(digits))),
        _ => Err(PhoneProblem::Extension),
    }
}

/// Reads one number as people write it. A number without a country code is dialled in `region`.
pub fn read_phone(text: &str, region: Region) -> Result<ReadPhone, PhoneProblem> {
    if text.chars().all(invisible) {
        return Err(PhoneProblem::Empty);
    }
    if text.len() > 250 {
        return Err(PhoneProblem::TooLong);
    }
    if text.contains([';', '|', '\n']) && !text.to_lowercase().contains(";ext=") {
        return Err(PhoneProblem::SeveralNumbers);
    }
    let (number, extension) = split_extension(text.strip_prefix("tel:").unwrap_or(text))?;
    let mut plain = String::with_capacity(16);
    for letter in number.chars() {
        if let Some(digit) = digit(letter) {
            plain.push(digit);
        } else if matches!(letter, '+' | '\u{ff0b}') {
            if plain.is_empty() {
                plain.push('+');
            } else if plain != "+" {
                return Err(PhoneProblem::SeveralNumbers);
            }
        } else if !separator(letter) {
            return Err(PhoneProblem::StrangeSigns);
        }
    }
    let digits = plain.trim_start_matches('+').len();
    match digits {
        0 => return Err(PhoneProblem::Empty),
        1..=3 => return Err(PhoneProblem::TooShort),
        // Two numbers with an area code stand in one field; one number never has so many digits.
        20.. => return Err(PhoneProblem::SeveralNumbers),
        18..=19 => return Err(PhoneProblem::TooLong),
        _ => {}
    }
    resolve(&plain, region).map(|(phone, kind)| ReadPhone { phone, extension, kind })
}

fn resolve(plain: &str, region: Region) -> Result<(Phone, PhoneKind), PhoneProblem> {
    // With a region the crate strips that region's trunk prefix from numbers of every country, which makes
    // another number out of +49 151 …; with a country code the region has no say.
    let region_in_doubt = (!plain.starts_with('+')).then_some(region.0);
    let parsed = phonenumber::parse(region_in_doubt, plain).map_err(|error| match error {
        phonenumber::ParseError::InvalidCountryCode => PhoneProblem::UnknownCountry,
        phonenumber::ParseError::TooLong => PhoneProblem::TooLong,
        _ => PhoneProblem::TooShort,
    })?;
    if !parsed.is_valid() {
        return Err(why_not(&parsed, plain, region));
    }
    let kind = match parsed.number_type(&DATABASE) {
        Type::Mobile => PhoneKind::Mobile,
        Type::FixedLineOrMobile => PhoneKind::FixedOrMobile,
        Type::FixedLine => PhoneKind::Fixed,
        Type::TollFree => PhoneKind::TollFree,
        Type::PremiumRate => PhoneKind::Premium,
        Type::SharedCost => PhoneKind::SharedCost,
        Type::PersonalNumber => PhoneKind::Personal,
        Type::Voip => PhoneKind::Voip,
        Type::Pager => PhoneKind::Pager,
        Type::Uan => PhoneKind::Company,
        Type::Voicemail => PhoneKind::Voicemail,
        _ => return Err(PhoneProblem::NotInPlan),
    };
    let text = parsed.format().mode(Mode::E164).to_string();
    let phone = text.parse().map_err(|_| PhoneProblem::TooLong)?;
    Ok((phone, kind))
}

/// Why a number that could be taken apart is none that its country gives out.
fn why_not(parsed: &phonenumber::PhoneNumber, plain: &str, region: Region) -> PhoneProblem {
    let code = parsed.code().value();
    let Some(meta) = DATABASE.by_code(&code).and_then(|all| all.into_iter().next()) else {
        return PhoneProblem::UnknownCountry;
    };
    let national = parsed.national().to_string();
    let length = u16::try_from(national.len()).unwrap_or(u16::MAX);
    // The local lengths of North America are not in the general descriptor of the compact metadata.
    let local = if code == 1 { &[7][..] } else { meta.descriptors().general().possible_local_length() };
    let possible = meta.descriptors().general().possible_length();
    if local.contains(&length) && !plain.starts_with('+') && region.0.as_ref() == meta.id() {
        PhoneProblem::LocalOnly
    } else if possible.first().is_some_and(|least| length < *least) {
        PhoneProblem::TooShort
    } else if possible.last().is_some_and(|most| length > *most) {
        PhoneProblem::TooLong
    } else {
        PhoneProblem::NotInPlan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read(text: &str) -> Result<ReadPhone, PhoneProblem> {
        read_phone(text, Region::us())
    }

    /// D-20
    #[rstest]
    #[case("(212) 555-0123", "+12125550123")]
    #[case("1 212 555 0123", "+12125550123")]
    #[case("12125550123", "+12125550123")]
    #[case("(2 1 2) 5 5 5.0 1 4 2", "+12125550142")]
    #[case("２１２－５５５－０１２３", "+12125550123")]
    #[case("\u{202a}212\u{a0}555\u{2011}0123\u{202c}", "+12125550123")]
    #[case("tel:+1-212-555-0123", "+12125550123")]
    #[case("+442079460018", "+442079460018")]
    #[case("+52 55 1234 5678", "+525512345678")]
    #[case("+49 1512 3456789", "+4915123456789")]
    #[case("+33 1 42 68 53 00", "+33142685300")]
    #[case("011 44 20 7946 0018", "+442079460018")]
    #[case("(416) 555-0123", "+14165550123")]
    fn numbers_are_read_as_people_write_them(#[case] text: &str, #[case] e164: &str) {
        let read = read(text).unwrap();
        assert_eq!(read.phone.as_str(), e164);
        assert_eq!(read.extension, None);
    }

    /// D-20
    #[rstest]
    #[case("2125550123 x45", "45")]
    #[case("2125550123;ext=7", "7")]
    #[case("+1 212 555 0123 ext. 0031", "0031")]
    #[case("212-555-0123 Extension: 12", "12")]
    #[case("212-555-0123 #9", "9")]
    fn extensions_are_kept_apart(#[case] text: &str, #[case] extension: &str) {
        let read = read(text).unwrap();
        assert_eq!((read.phone.as_str(), read.extension.as_deref()), ("+12125550123", Some(extension)));
        assert!(read.for_texts().is_ok());
    }

    /// D-20
    #[rstest]
    #[case("", PhoneProblem::Empty)]
    #[case(" \u{200b} ", PhoneProblem::Empty)]
    #[case("555-0123", PhoneProblem::LocalOnly)]
    #[case("(123) 456-7890", PhoneProblem::NotInPlan)]
    #[case("(212) 155-0123", PhoneProblem::NotInPlan)]
    #[case("+1 (555) 555-5555", PhoneProblem::NotInPlan)]
    #[case("911", PhoneProblem::TooShort)]
    #[case("0012125550123", PhoneProblem::NotInPlan)]
    #[case("+52 1 55 1234 5678", PhoneProblem::NotInPlan)]
    #[case("+999 1234567", PhoneProblem::UnknownCountry)]
    #[case("1-800-FLOWERS", PhoneProblem::StrangeSigns)]
    #[case("none", PhoneProblem::StrangeSigns)]
    #[case("212-555-0123 / 212-555-0124", PhoneProblem::SeveralNumbers)]
    #[case("212-555-0123; 212-555-0124", PhoneProblem::SeveralNumbers)]
    #[case("2125550123 x", PhoneProblem::Extension)]
    #[case("2125550123 x123456789", PhoneProblem::Extension)]
    #[case("+1212555012345678", PhoneProblem::NotInPlan)]
    fn what_is_no_number_says_why(#[case] text: &str, #[case] problem: PhoneProblem) {
        assert_eq!(read(text), Err(problem));
    }

    /// D-20
    #[rstest]
    #[case("8005550100", PhoneKind::TollFree, Err(PhoneProblem::TollFree))]
    #[case("+18885550100", PhoneKind::TollFree, Err(PhoneProblem::TollFree))]
    #[case("+19005550100", PhoneKind::Premium, Err(PhoneProblem::Premium))]
    #[case("+442079460018", PhoneKind::Fixed, Err(PhoneProblem::TakesNoTexts))]
    #[case("+12125550123", PhoneKind::FixedOrMobile, Ok(()))]
    #[case("+447400123456", PhoneKind::Mobile, Ok(()))]
    fn texts_go_to_lines_that_people_read(
        #[case] text: &str,
        #[case] kind: PhoneKind,
        #[case] texts: Result<(), PhoneProblem>,
    ) {
        let read = read(text).unwrap();
        assert_eq!(read.kind, kind);
        assert_eq!(read.for_texts().map(|_| ()), texts);
    }

    #[test]
    fn the_region_decides_what_a_bare_number_means() {
        let british = read_phone("020 7946 0018", "GB".parse().unwrap()).unwrap();
        assert_eq!(british.phone.as_str(), "+442079460018");
        assert_eq!("ZZ".parse::<Region>(), Err(NotARegion));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn what_was_read_reads_the_same_again(area in 200u32..999, line in 0u32..10_000) {
            if let Ok(first) = read(&format!("{area}555{line:04}")) {
                prop_assert_eq!(read(first.phone.as_str()).unwrap(), first);
            }
        }
    }
}
