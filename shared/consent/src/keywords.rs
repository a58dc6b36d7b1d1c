//! Words that end, begin or explain messages, whoever sends them and whatever else is going on.
//!
//! Single words are those of the carriers and of 47 CFR 64.1200(a)(10); any other wording that a reasonable
//! person reads as a revocation counts as well. What is read wrongly on the safe side is flagged for staff.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::{
    fold::{Folded, fold, folded, is_picture},
    rules::Rules,
};

/// What a text says about messages as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    OptOut {
        /// The whole text is a listed word: a carrier has blocked the number as well. Otherwise it was read out
        /// of other wording and staff should have a look.
        exact: bool,
        /// The word may be about the visit as well, as `CANCEL` may.
        visit: bool,
    },
    /// Messages again.
    OptIn,
    /// What is this?
    Help,
    /// Somebody else has this number. Ends messages to it, and its link to the person.
    WrongNumber,
    /// It may be one of these; a person has to read it.
    Review,
    /// Nothing of the kind.
    None,
}

#[derive(Deserialize)]
pub(crate) struct KeywordData {
    rows: Vec<Row>,
    guards: Vec<Guard>,
    negations: Vec<String>,
    unless: Unless,
    politeness: Vec<String>,
    yes: Vec<String>,
    stop_signs: Vec<String>,
    disguises: BTreeMap<char, char>,
    misspelt_from: usize,
}

#[derive(Deserialize)]
struct Row {
    effect: Effect,
    place: Place,
    words: Vec<String>,
    #[serde(default)]
    exact: bool,
    #[serde(default)]
    visit: bool,
}

#[derive(Deserialize)]
struct Guard {
    after: Vec<String>,
    words: Vec<String>,
}

#[derive(Deserialize)]
struct Unless {
    words: Vec<String>,
    but_not_with: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Effect {
    OptOut,
    OptIn,
    Help,
    WrongNumber,
}

/// Where in a text a word counts: as the whole of it, also at the head of a very short one, or anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Place {
    Whole,
    Lead,
    Anywhere,
}

#[derive(Debug, Clone, Copy)]
struct Meaning {
    effect: Effect,
    exact: bool,
    visit: bool,
}

impl Meaning {
    fn said(self, exactly: bool) -> Keyword {
        match self.effect {
            Effect::OptOut => Keyword::OptOut { exact: self.exact && exactly, visit: self.visit },
            Effect::OptIn => Keyword::OptIn,
            Effect::Help => Keyword::Help,
            Effect::WrongNumber => Keyword::WrongNumber,
        }
    }
}

struct Phrase {
    words: Vec<String>,
    meaning: Meaning,
    guarded_by: Vec<Vec<String>>,
}

/// The words, folded once.
pub(crate) struct Keywords {
    whole: HashMap<String, Meaning>,
    lead: Vec<Phrase>,
    anywhere: Vec<Phrase>,
    negations: Vec<Vec<String>>,
    unless: Vec<Vec<String>>,
    but_not_with: Vec<Vec<String>>,
    politeness: Vec<Vec<String>>,
    yes: Vec<String>,
    stop_signs: Vec<String>,
    disguises: BTreeMap<char, char>,
    misspelt_from: usize,
}

/// A text with more words than this is a sentence, and the word at its head just a word (a text such as
/// `stop please` is no sentence).
const SHORT: usize = 3;

fn words(text: &str) -> Vec<String> {
    fold(text).tokens
}

fn all_words(texts: &[String]) -> Vec<Vec<String>> {
    texts.iter().map(|text| words(text)).collect()
}

fn begins_with(text: &[&str], phrase: &[String]) -> bool {
    text.len() >= phrase.len() && phrase.iter().zip(text).all(|(one, other)| one == other)
}

fn holds(text: &[&str], phrase: &[String]) -> bool {
    find(text, phrase).is_some()
}

fn find(text: &[&str], phrase: &[String]) -> Option<usize> {
    (0..text.len()).find(|start| begins_with(&text[*start..], phrase))
}

impl Keywords {
    pub(crate) fn of(data: &KeywordData) -> Self {
        let mut all = Self {
            whole: HashMap::new(),
            lead: Vec::new(),
            anywhere: Vec::new(),
            negations: all_words(&data.negations),
            unless: all_words(&data.unless.words),
            but_not_with: all_words(&data.unless.but_not_with),
            politeness: all_words(&data.politeness),
            yes: data.yes.iter().map(|word| folded(word)).collect(),
            stop_signs: data.stop_signs.clone(),
            disguises: data.disguises.clone(),
            misspelt_from: data.misspelt_from,
        };
        for row in &data.rows {
            let meaning = Meaning { effect: row.effect, exact: row.exact, visit: row.visit };
            for word in &row.words {
                let phrase = || Phrase {
                    words: words(word),
                    meaning,
                    guarded_by: data
                        .guards
                        .iter()
                        .filter(|guard| guard.after.iter().any(|after| folded(after) == folded(word)))
                        .flat_map(|guard| all_words(&guard.words))
                        .collect(),
                };
                if row.place != Place::Anywhere {
                    all.whole.insert(folded(word), meaning);
                }
                match row.place {
                    Place::Whole => {}
                    Place::Lead => all.lead.push(phrase()),
                    Place::Anywhere => all.anywhere.push(phrase()),
                }
            }
        }
        all
    }

    /// Whether the whole text is a plain yes.
    pub(crate) fn is_yes(&self, text: &Folded) -> bool {
        matches!(text.words()[..], [word] if self.yes.iter().any(|yes| yes == word))
    }

    /// Whether a whole text is one of the words that a clinic cannot give another meaning.
    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        self.whole.contains_key(word)
    }

    fn without_politeness<'t, 'w>(&self, mut text: &'t [&'w str]) -> &'t [&'w str] {
        'again: loop {
            for polite in &self.politeness {
                if text.len() > polite.len() && begins_with(text, polite) {
                    text = &text[polite.len()..];
                    continue 'again;
                }
                if text.len() > polite.len() && begins_with(&text[text.len() - polite.len()..], polite) {
                    text = &text[..text.len() - polite.len()];
                    continue 'again;
                }
            }
            return text;
        }
    }

    /// `stop stop`, `stop unsubscribe`: nothing but words that end messages.
    fn repeated(&self, text: &[&str]) -> Option<Keyword> {
        let mut rest = text;
        let mut visit = true;
        while !rest.is_empty() {
            let (length, meaning) = (1..=rest.len().min(SHORT)).rev().find_map(|length| {
                let meaning = self.whole.get(&rest[..length].join(" "))?;
                (meaning.effect == Effect::OptOut).then_some((length, meaning))
            })?;
            visit &= meaning.visit;
            rest = &rest[length..];
        }
        Some(Keyword::OptOut { exact: false, visit })
    }

    fn leads(&self, text: &[&str]) -> Option<Keyword> {
        if text.len() > SHORT {
            return None;
        }
        self.lead.iter().find_map(|phrase| {
            let rest = begins_with(text, &phrase.words).then(|| &text[phrase.words.len()..])?;
            let guarded = phrase.guarded_by.iter().any(|guard| begins_with(rest, guard));
            (!guarded).then(|| phrase.meaning.said(false))
        })
    }

    fn contained(&self, text: &[&str], ends_asking: bool) -> Option<Keyword> {
        let mut review = false;
        for phrase in &self.anywhere {
            let Some(start) = find(text, &phrase.words) else { continue };
            let (before, after) = (&text[..start], &text[start + phrase.words.len()..]);
            let negated = self.negations.iter().any(|negation| {
                before.len() >= negation.len()
                    && begins_with(&before[before.len() - negation.len()..], negation)
            });
            let guarded = phrase.guarded_by.iter().any(|guard| begins_with(after, guard));
            let elsewhere = self.unless.iter().any(|word| holds(text, word))
                && !self.but_not_with.iter().any(|word| holds(text, word));
            let asked = phrase.meaning.effect == Effect::WrongNumber && ends_asking;
            if negated || guarded || elsewhere || asked {
                review = true;
            } else {
                return Some(phrase.meaning.said(false));
            }
        }
        review.then_some(Keyword::Review)
    }

    /// `ST0P`, `s t o p`, `sotp`: perhaps.
    fn resembles(&self, text: &[&str]) -> bool {
        let ends = |word: &str| self.whole.get(word).is_some_and(|meaning| meaning.effect == Effect::OptOut);
        if text.len() > 1 && text.iter().all(|word| word.chars().count() == 1) {
            return ends(&text.concat());
        }
        let [word] = text else { return false };
        let plain: String =
            word.chars().map(|letter| self.disguises.get(&letter).copied().unwrap_or(letter)).collect();
        let known = |known: &&String| {
            known.chars().count() >= self.misspelt_from && !known.contains(' ') && one_slip(known, &plain)
        };
        ends(&plain)
            || plain.chars().count() >= self.misspelt_from
                && self.whole.keys().filter(|word| ends(word)).any(|word| known(&word))
    }

    fn classify(&self, text: &Folded, own: &[String]) -> Keyword {
        let all = text.words();
        if all.is_empty() {
            let sign = text.tokens.iter().any(|token| self.stop_signs.contains(token));
            return if sign { Keyword::Review } else { Keyword::None };
        }
        if let Some(meaning) = self.whole.get(&all.join(" ")) {
            return meaning.said(true);
        }
        let core = self.without_politeness(&all);
        let core_text = core.join(" ");
        match self.whole.get(&core_text) {
            // To begin again takes the word itself: a polite sentence around it is for staff.
            Some(meaning) if meaning.effect == Effect::OptIn => return Keyword::Review,
            Some(meaning) => return meaning.said(false),
            None => {}
        }
        if own.iter().any(|word| folded(word) == core_text) {
            return Keyword::OptOut { exact: false, visit: false };
        }
        self.repeated(core)
            .or_else(|| self.leads(core))
            .or_else(|| self.contained(&all, text.ends_asking))
            .or_else(|| self.resembles(core).then_some(Keyword::Review))
            .unwrap_or(Keyword::None)
    }
}

/// Whether two words differ by one letter too many, missing, wrong, or two swapped (Damerau's four slips).
fn one_slip(known: &str, typed: &str) -> bool {
    let (known, typed): (Vec<_>, Vec<_>) = (known.chars().collect(), typed.chars().collect());
    let same = known.iter().zip(&typed).take_while(|(a, b)| a == b).count();
    let (known, typed) = (&known[same..], &typed[same..]);
    match (known, typed) {
        ([], [_]) | ([_], []) => true,
        ([a, b, known @ ..], [c, d, typed @ ..]) if a == d && b == c && known == typed => true,
        ([_, known @ ..], [_, typed @ ..]) if known == typed => true,
        ([_, known @ ..], typed) if known == typed => true,
        (known, [_, typed @ ..]) if known == typed => true,
        _ => false,
    }
}

/// What a text says about messages as such.
pub fn classify(text: &str, rules: &Rules) -> Keyword {
    classify_folded(&fold(text), rules)
}

pub(crate) fn classify_folded(text: &Folded, rules: &Rules) -> Keyword {
    rules.keywords().classify(text, &rules.own().opt_out_words)
}

/// The words of a clinic that cannot be what it wants them to be, because they already end, begin or explain
/// messages, or say nothing.
pub fn reserved<'a>(words: &'a [String], rules: &Rules) -> Vec<&'a str> {
    let fits = |word: &&String| {
        let text = fold(word);
        let empty = text.tokens.iter().all(|token| is_picture(token));
        empty || rules.keywords().is_reserved(&folded(word))
    };
    words.iter().filter(fits).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Vectors {
        keywords: Vec<(String, String)>,
    }

    fn name(keyword: Keyword) -> String {
        match keyword {
            Keyword::OptOut { exact, visit } => {
                format!("OPT_OUT{}{}", if exact { "" } else { "_SOFT" }, if visit { "+VISIT" } else { "" })
            }
            Keyword::OptIn => "OPT_IN".into(),
            Keyword::Help => "HELP".into(),
            Keyword::WrongNumber => "WRONG_NUMBER".into(),
            Keyword::Review => "REVIEW".into(),
            Keyword::None => "NONE".into(),
        }
    }

    /// D-09
    #[test]
    fn texts_are_read_as_the_vectors_say() {
        let vectors: Vectors = crate::rules::read(include_str!("../data/reply_vectors.json"));
        let wrong: Vec<_> = vectors
            .keywords
            .iter()
            .map(|(text, expected)| (text, expected, name(classify(text, Rules::standard()))))
            .filter(|(_, expected, read)| *expected != read)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(vectors.keywords.len() > 100);
    }

    #[test]
    fn a_clinic_adds_words_but_takes_none_away() {
        let own = crate::Overrides { opt_out_words: vec!["No Texts!".into()], ..Default::default() };
        let rules = Rules::of(own);
        assert_eq!(classify("no texts please", &rules), Keyword::OptOut { exact: false, visit: false });
        assert_eq!(classify("stop", &rules), Keyword::OptOut { exact: true, visit: false });
        let words = ["Stop".to_owned(), "fine".into(), "HELP".into(), "!!".into()];
        assert_eq!(reserved(&words, &rules), ["Stop", "HELP", "!!"]);
    }

    proptest! {
        /// D-09
        #[test]
        fn a_lone_stop_word_ends_messages_however_it_is_dressed(
            word in prop::sample::select(vec!["stop", "unsubscribe", "quit", "end", "cancel", "revoke", "optout", "opt out", "stop all"]),
            upper in any::<bool>(),
            before in "[ .!*\"]{0,3}",
            after in "[ .!*\"🛑🙏]{0,4}",
        ) {
            let word = if upper { word.to_uppercase() } else { word.to_owned() };
            let read = classify(&format!("{before}{word}{after}"), Rules::standard());
            let out = matches!(read, Keyword::OptOut { exact: true, .. });
            prop_assert!(out, "{:?}", read);
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC{0,80}") {
            classify(&text, Rules::standard());
        }
    }
}
