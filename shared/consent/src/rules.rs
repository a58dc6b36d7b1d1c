//! The rules in force: dated data, and what a clinic sets for itself.

use std::sync::LazyLock;

use jiff::civil::Date;
use kernel::{Category, Channel, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::{
    hours::Hours,
    keywords::Keywords,
    ledger::Level,
    open::{Whose, Windows},
    reply::words::ReplyWords,
};

/// The days on which a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validity {
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
}

impl Validity {
    /// From its first day on and before its last.
    pub(crate) fn holds(self, on: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_until.is_none_or(|until| on < until)
    }
}

/// How much one revocation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Everything to this address.
    All,
    /// What is about one thing.
    Category(Category),
}

impl Scope {
    /// The name on the wire: `ALL`, or the category.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Category(category) => category.name(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Breadth {
    All,
    Category,
}

/// Whose windows apply to marketing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MarketingHours {
    /// The house policy, inside the window of every state.
    #[default]
    Cautious,
    /// The windows of the state the person is in; the house policy where the state is unknown.
    State,
}

impl MarketingHours {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cautious => "CAUTIOUS",
            Self::State => "STATE",
        }
    }
}

/// What a clinic may set for itself. Nothing here widens what a law narrows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Further whole texts that end messages.
    pub opt_out_words: Vec<String>,
    /// Further words that confirm a visit.
    pub confirm_words: Vec<String>,
    /// Whether a lone `thanks` confirms.
    pub courtesy_confirms: bool,
    /// Whose windows apply to marketing.
    pub marketing_hours: MarketingHours,
    /// How many messages one person may get in a day, instead of the house's number.
    pub per_person_per_day: Option<u32>,
    /// Whether a revocation by keyword ends only what the answered message was about, while the law allows it.
    pub revocation_by_category: bool,
}

/// What decides which hours a message keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<'a> {
    /// What it is about.
    pub category: Category,
    /// A member of staff writes it to one person.
    pub by_hand: bool,
    /// The zones its reader may be in; see [`crate::zones_of`].
    pub zones: &'a [Zone],
    /// The state its reader is in, as two letters.
    pub state: Option<&'a str>,
    /// The clinic's own hours for messages.
    pub clinic: Option<&'a Hours>,
    /// The clinic's business hours; marketing keeps to them.
    pub business: Option<&'a Hours>,
    /// The hours its reader has stated.
    pub person: Option<&'a Hours>,
}

/// How many messages are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Caps {
    pub(crate) per_person_per_day: u32,
    pub(crate) kept_for_care: u32,
    pub(crate) marketing_per_week: u32,
}

#[derive(Deserialize)]
struct HoursRow {
    #[serde(default)]
    region: String,
    #[serde(default)]
    policy: String,
    about: About,
    channels: Vec<Channel>,
    #[serde(flatten)]
    hours: Hours,
    #[serde(flatten)]
    validity: Validity,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum About {
    Solicitation,
    Care,
    Any,
}

#[derive(Deserialize)]
struct QuietHours {
    law: Vec<HoursRow>,
    policy: Vec<HoursRow>,
    solicitations: Vec<Category>,
    earlier_margin_minutes: i64,
    search_days: i64,
}

#[derive(Deserialize)]
struct RevocationRow {
    widest_choice: Breadth,
    standard: Breadth,
    #[serde(flatten)]
    validity: Validity,
}

#[derive(Deserialize)]
struct LevelRow {
    category: Box<str>,
    channels: Vec<Channel>,
    level: Level,
}

#[derive(Deserialize)]
struct KeywordReply {
    within_minutes: i64,
}

#[derive(Deserialize)]
struct ConsentRules {
    revocation_scope: Vec<RevocationRow>,
    levels: Vec<LevelRow>,
    caps: Vec<Caps>,
    keyword_reply: Vec<KeywordReply>,
}

/// All rules as one value: the data, and what the clinic sets.
#[derive(Clone)]
pub struct Rules {
    data: &'static Data,
    own: Overrides,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("own", &self.own).finish_non_exhaustive()
    }
}

struct Data {
    quiet: QuietHours,
    consent: ConsentRules,
}

static DATA: LazyLock<Data> = LazyLock::new(|| Data {
    quiet: read(include_str!("../data/quiet_hours.json")),
    consent: read(include_str!("../data/consent_rules.json")),
});

// Apart from the rest, and read when the first reply is: a sender never does, and folding all these words would be
// half of its cold start.
static KEYWORDS: LazyLock<Keywords> =
    LazyLock::new(|| Keywords::of(&read(include_str!("../data/keywords.json"))));
static REPLIES: LazyLock<ReplyWords> =
    LazyLock::new(|| ReplyWords::of(&read(include_str!("../data/reply_words.json"))));

pub(crate) fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("the data of this crate is part of it and each file is read by a test")
}

static STANDARD: LazyLock<Rules> = LazyLock::new(|| Rules::of(Overrides::default()));

impl Rules {
    /// The rules of a clinic that has set nothing.
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The rules of a clinic.
    pub fn of(own: Overrides) -> Self {
        Self { data: &DATA, own }
    }

    /// What the clinic has set.
    pub fn own(&self) -> &Overrides {
        &self.own
    }

    #[expect(clippy::unused_self, reason = "they are a part of the rules, whoever set them")]
    pub(crate) fn keywords(&self) -> &'static Keywords {
        &KEYWORDS
    }

    #[expect(clippy::unused_self, reason = "they are a part of the rules, whoever set them")]
    pub(crate) fn replies(&self) -> &'static ReplyWords {
        &REPLIES
    }

    /// How much a keyword ends at an instant, answering a message about `answered`. Everything, unless the law
    /// of the day leaves a choice and the clinic has chosen (47 CFR 64.1200(a)(10)).
    pub fn revocation(&self, at: Timestamp, answered: Option<Category>) -> Scope {
        let on = Zone::utc().wall(at).date();
        let row = self.data.consent.revocation_scope.iter().find(|row| row.validity.holds(on));
        let allowed = row.map_or(Breadth::All, |row| row.widest_choice);
        let standard = row.map_or(Breadth::All, |row| row.standard);
        let chosen = if self.own.revocation_by_category { Breadth::Category } else { standard };
        match (allowed, chosen, answered) {
            (Breadth::Category, Breadth::Category, Some(category)) => Scope::Category(category),
            _ => Scope::All,
        }
    }

    /// The consent a message needs; the strictest row decides, and what no row names needs the most.
    pub fn needed(&self, channel: Channel, category: Category) -> Level {
        let fits = |row: &&LevelRow| {
            row.channels.contains(&channel) && (&*row.category == "ANY" || &*row.category == category.name())
        };
        self.data.consent.levels.iter().filter(fits).map(|row| row.level).max().unwrap_or(Level::Written)
    }

    pub(crate) fn is_solicitation(&self, category: Category) -> bool {
        self.data.quiet.solicitations.contains(&category)
    }

    pub(crate) fn caps(&self) -> Caps {
        let rows = &self.data.consent.caps;
        let least = |pick: fn(&Caps) -> u32| rows.iter().map(pick).min().unwrap_or(0);
        Caps {
            per_person_per_day: self.own.per_person_per_day.unwrap_or(least(|caps| caps.per_person_per_day)),
            kept_for_care: rows.iter().map(|caps| caps.kept_for_care).max().unwrap_or(0),
            marketing_per_week: least(|caps| caps.marketing_per_week),
        }
    }

    /// How long after a keyword its one answer may go out.
    pub(crate) fn keyword_reply_within(&self) -> jiff::SignedDuration {
        let least = self.data.consent.keyword_reply.iter().map(|row| row.within_minutes).min();
        jiff::SignedDuration::from_mins(least.unwrap_or(0))
    }

    /// How long before the end of a window something goes out that was moved to earlier.
    pub fn earlier_margin(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_mins(self.data.quiet.earlier_margin_minutes)
    }

    /// How many days a search for an open moment looks at.
    pub fn search_days(&self) -> i64 {
        self.data.quiet.search_days
    }

    /// All hours that a message has to keep to on a day if it goes out over any of these channels: the law's,
    /// those of its category, the clinic's and the person's. Messages inside our own apps keep to none.
    pub fn windows<'a>(&'a self, keeping: &Keeping<'a>, channels: &[Channel], on: Date) -> Windows<'a> {
        let Keeping { category, by_hand, zones, state, .. } = *keeping;
        let solicits = self.is_solicitation(category);
        let mut windows = Windows::new(zones, self.search_days());
        for channel in channels.iter().copied().filter(|channel| *channel != Channel::InApp) {
            for law in self.law(channel, category, state, on) {
                windows.add(Whose::Law, law);
            }
            // Mail that a member of staff writes to one person does not ring in the night.
            let quiet = channel == Channel::Email && by_hand;
            let clinic = keeping.clinic.filter(|_| !quiet);
            // A clinic's own hours stand in the place of the house's for care; for marketing both hold.
            let house = self.house_hours(channel, category, state).filter(|_| solicits || clinic.is_none());
            let business = keeping.business.filter(|_| solicits);
            let usual = self.person_hours(channel).filter(|_| !quiet);
            let all = [
                (Whose::Category, house),
                (Whose::Category, business),
                (Whose::Clinic, clinic),
                (Whose::Person, keeping.person.or(usual)),
            ];
            for (whose, hours) in all {
                if let Some(hours) = hours {
                    windows.add(whose, hours);
                }
            }
        }
        windows
    }

    /// The hours that laws set for a message on a day in a state (two letters), each with its source. Without a
    /// state the federal rows alone.
    pub fn law(
        &self,
        channel: Channel,
        category: Category,
        state: Option<&str>,
        on: Date,
    ) -> impl Iterator<Item = &'static Hours> {
        let solicits = self.is_solicitation(category);
        let here = state.map(|state| format!("US-{state}"));
        self.data.quiet.law.iter().filter_map(move |row| {
            let place = row.region == "US" || Some(&row.region) == here.as_ref();
            let topic = row.about == About::Any || solicits == (row.about == About::Solicitation);
            (place && topic && row.channels.contains(&channel) && row.validity.holds(on))
                .then_some(&row.hours)
        })
    }

    fn policy(&self, name: &str, channel: Channel) -> Option<&'static Hours> {
        let row = self.data.quiet.policy.iter().find(|row| row.policy == name)?;
        row.channels.contains(&channel).then_some(&row.hours)
    }

    /// The house's hours for a category: cautious ones for marketing unless the clinic goes by the state, wider
    /// ones for care.
    fn house_hours(
        &self,
        channel: Channel,
        category: Category,
        state: Option<&str>,
    ) -> Option<&'static Hours> {
        if !self.is_solicitation(category) {
            return self.policy("TRANSACTIONAL", channel);
        }
        let by_state = self.own.marketing_hours == MarketingHours::State && state.is_some();
        if by_state { None } else { self.policy("CAUTIOUS_MARKETING", channel) }
    }

    /// The hours of a person who has stated none.
    pub fn person_hours(&self, channel: Channel) -> Option<&'static Hours> {
        self.policy("PERSON", channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_row_names_its_source_day_and_confidence() {
        let files = [
            include_str!("../data/quiet_hours.json"),
            include_str!("../data/consent_rules.json"),
            include_str!("../data/keywords.json"),
            include_str!("../data/reply_words.json"),
            include_str!("../data/holidays.json"),
        ];
        for file in files {
            let file: serde_json::Value = serde_json::from_str(file).unwrap();
            let rows = file.as_object().unwrap().values().filter_map(|part| part.as_array());
            let rows: Vec<_> = rows.flatten().filter(|row| row.is_object()).collect();
            assert!(!rows.is_empty());
            for row in rows {
                assert!(row["source"].as_str().is_some_and(|source| !source.is_empty()), "{row}");
                assert!(row["as_of"].as_str().unwrap().parse::<Date>().is_ok(), "{row}");
                let sure = ["VERIFIED", "SECONDARY", "CONFLICTING", "UNVERIFIED", "POLICY"];
                assert!(sure.contains(&row["confidence"].as_str().unwrap()), "{row}");
            }
        }
    }

    /// D-09
    #[test]
    fn a_revocation_ends_everything_unless_law_and_clinic_narrow_it() {
        let narrow = Rules::of(Overrides { revocation_by_category: true, ..Overrides::default() });
        let (before, after) = (at("2027-01-30T12:00:00Z"), at("2027-01-31T12:00:00Z"));
        let billing = Some(Category::Billing);
        assert_eq!(narrow.revocation(before, billing), Scope::Category(Category::Billing));
        assert_eq!(narrow.revocation(before, None), Scope::All);
        assert_eq!(narrow.revocation(after, billing), Scope::All);
        assert_eq!(Rules::standard().revocation(before, billing), Scope::All);
    }

    /// D-05, D-06
    #[rstest]
    #[case(Channel::InApp, Category::Appointment, Level::None)]
    #[case(Channel::Sms, Category::Appointment, Level::Express)]
    #[case(Channel::Email, Category::Billing, Level::Express)]
    #[case(Channel::Email, Category::Marketing, Level::Express)]
    #[case(Channel::Sms, Category::Marketing, Level::Written)]
    fn messages_need_their_level(#[case] channel: Channel, #[case] about: Category, #[case] level: Level) {
        assert_eq!(Rules::standard().needed(channel, about), level);
    }

    #[test]
    fn cautious_marketing_lies_within_the_weekdays_of_every_state() {
        let cautious = Rules::standard().policy("CAUTIOUS_MARKETING", Channel::Sms).unwrap().windows()[0];
        for row in &DATA.quiet.law {
            let wide = row.hours.windows().iter().any(|window| {
                window.days().has(jiff::civil::Weekday::Wednesday)
                    && window.from() <= cautious.from()
                    && window.until() >= cautious.until()
            });
            assert!(wide, "{}", row.region);
        }
    }
}
