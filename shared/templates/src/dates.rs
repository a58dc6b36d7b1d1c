//! Dates, times and money in the words of a language.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::civil::{Date, DateTime};
use kernel::Language;
use serde::Deserialize;

#[derive(Deserialize)]
struct Data {
    languages: BTreeMap<String, Words>,
}

#[derive(Deserialize)]
struct Words {
    months: [String; 12],
    months_short: [String; 12],
    weekdays: [String; 7],
    date_time_short: String,
    date_time_long: String,
    date_short: String,
    date_long: String,
    time: String,
    thousands: String,
    decimal: String,
    currency_first: bool,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/dates.json"))
        .expect("the file is part of the build and tested")
});

/// How much room a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Text messages and push notes: a date with its time takes 16 characters at most.
    Short,
    /// Everything else.
    Long,
}

fn words(language: &Language) -> &'static Words {
    let known = &DATA.languages;
    known.get(language.primary()).unwrap_or_else(|| &known["und"])
}

fn written(pattern: &str, at: DateTime, words: &Words) -> String {
    let month = usize::from(at.month().unsigned_abs()) - 1;
    let weekday = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
    let hour = at.hour();
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    pattern
        .replace("{weekday}", &words.weekdays[weekday])
        .replace("{month}", &words.months[month])
        .replace("{mon}", &words.months_short[month])
        .replace("{dd}", &format!("{:02}", at.day()))
        .replace("{d}", &at.day().to_string())
        .replace("{yyyy}", &format!("{:04}", at.year()))
        .replace("{hh}", &format!("{hour:02}"))
        .replace("{h12}", &twelve.to_string())
        .replace("{h}", &hour.to_string())
        .replace("{mm}", &format!("{:02}", at.minute()))
        .replace("{half}", if hour < 12 { "AM" } else { "PM" })
}

pub(crate) fn date_time(at: DateTime, language: &Language, style: Style) -> String {
    let words = words(language);
    let pattern = match style {
        Style::Short => &words.date_time_short,
        Style::Long => &words.date_time_long,
    };
    written(pattern, at, words)
}

/// A date with its time on the wall, in words, for places with room: `Thursday, January 15, 2026 at 10:30 AM`.
pub fn long_date_time(at: DateTime, language: &Language) -> String {
    date_time(at, language, Style::Long)
}

pub(crate) fn date(day: Date, language: &Language, style: Style) -> String {
    let words = words(language);
    let pattern = match style {
        Style::Short => &words.date_short,
        Style::Long => &words.date_long,
    };
    written(pattern, day.to_datetime(jiff::civil::Time::midnight()), words)
}

pub(crate) fn time(at: DateTime, language: &Language) -> String {
    let words = words(language);
    written(&words.time, at, words)
}

/// An amount in hundredths of a currency; dollars of the United States get their sign, others their code.
pub(crate) fn money(cents: i64, currency: &str, language: &Language) -> String {
    let words = words(language);
    let whole = (cents.unsigned_abs() / 100).to_string();
    let mut amount = String::with_capacity(whole.len() * 2);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            amount.push_str(&words.thousands);
        }
        amount.push(digit);
    }
    let sign = if cents < 0 { "-" } else { "" };
    let amount = format!("{amount}{}{:02}", words.decimal, cents.unsigned_abs() % 100);
    match currency {
        "USD" if words.currency_first => format!("{sign}${amount}"),
        "USD" => format!("{sign}{amount} $"),
        code => format!("{sign}{amount} {code}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::segments::is_gsm7;

    #[rstest]
    #[case("en", "Jan 15, 10:30 AM", "Thursday, January 15, 2026 at 10:30 AM")]
    #[case("es-MX", "15 ene, 10:30 AM", "jueves 15 de enero de 2026, 10:30 AM")]
    #[case("fr", "15/01/2026 10:30", "jeudi 15 janvier 2026 à 10 h 30")]
    #[case("vi", "2026-01-15 10:30", "2026-01-15 10:30")]
    fn a_visit_is_told_in_the_words_of_the_language(
        #[case] language: &str,
        #[case] short: &str,
        #[case] long: &str,
    ) {
        let (language, at) = (language.parse().unwrap(), "2026-01-15T10:30".parse().unwrap());
        assert_eq!(date_time(at, &language, Style::Short), short);
        assert_eq!(date_time(at, &language, Style::Long), long);
    }

    #[test]
    fn noon_and_midnight_are_twelve() {
        let show = |text: &str| time(text.parse().unwrap(), &Language::english());
        assert_eq!(
            (show("2026-01-15T00:05"), show("2026-01-15T12:05")),
            ("12:05 AM".into(), "12:05 PM".into())
        );
    }

    #[test]
    fn money_is_grouped() {
        let fr: Language = "fr".parse().unwrap();
        assert_eq!(money(123_456_789, "USD", &Language::english()), "$1,234,567.89");
        assert_eq!(money(-5, "USD", &Language::english()), "-$0.05");
        assert_eq!(money(123_450, "CAD", &fr), "1 234,50 CAD");
    }

    proptest! {
        /// C-17
        #[test]
        fn a_short_date_with_time_is_sixteen_plain_characters_at_most(
            days in 0..20_000_i32, minutes in 0..1440_i64,
        ) {
            let at = DateTime::constant(2020, 1, 1, 0, 0, 0, 0)
                + jiff::SignedDuration::from_hours(i64::from(days) * 24)
                + jiff::SignedDuration::from_mins(minutes);
            for language in DATA.languages.keys() {
                let language: Language = language.parse().unwrap();
                let short = date_time(at, &language, Style::Short);
                prop_assert!(short.chars().count() <= 16 && short.chars().all(is_gsm7), "{short}");
                prop_assert!(date_time(at, &language, Style::Long).chars().count() <= 60);
                prop_assert!(date(at.date(), &language, Style::Short).chars().count() <= 12);
                prop_assert!(date(at.date(), &language, Style::Long).chars().count() <= 40);
                prop_assert!(time(at, &language).chars().count() <= 8);
            }
        }
    }
}
