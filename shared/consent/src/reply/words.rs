//! The words of answers, folded once.

use std::collections::HashMap;

use serde::Deserialize;

use crate::fold::{Folded, fold, is_picture};

/// What a word of an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Class {
    Confirm,
    Reschedule,
    Decline,
    Courtesy,
    /// Says nothing by itself: `please`, `I`, `my`.
    Neutral,
    /// Names the visit.
    Visit,
}

#[derive(Deserialize)]
pub(crate) struct ReplyData {
    rows: Vec<Row>,
    most_neutral_words: usize,
    reactions: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    class: Class,
    language: String,
    words: Vec<String>,
}

struct Word {
    class: Class,
    /// Languages in which a single letter means this; empty if it is a word that any reader may use.
    languages: Vec<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Word(Class),
    Digit(u8),
    Unknown,
}

pub(crate) struct ReplyWords {
    words: HashMap<String, Word>,
    longest: usize,
    pub(crate) most_neutral_words: usize,
    reactions: Vec<Vec<String>>,
}

impl ReplyWords {
    pub(crate) fn of(data: &ReplyData) -> Self {
        let mut words: HashMap<String, Word> = HashMap::new();
        let mut longest = 1;
        for row in &data.rows {
            for text in &row.words {
                let tokens = fold(text).tokens;
                longest = longest.max(tokens.len());
                let key = tokens.join(" ");
                // `s` is yes in Spanish alone and `c` is ours in English: a letter counts in its language only.
                let letter = key.len() == 1;
                let word =
                    words.entry(key).or_insert_with(|| Word { class: row.class, languages: Vec::new() });
                if letter {
                    word.languages.push(row.language.clone());
                }
            }
        }
        let reactions = data.reactions.iter().map(|text| fold(text).tokens).collect();
        Self { words, longest, most_neutral_words: data.most_neutral_words, reactions }
    }

    /// Whether a text is what a phone makes of a thumb on a message of ours: a word, and our text in quotes.
    pub(crate) fn is_reaction(&self, text: &str) -> bool {
        let trimmed = text.trim_start();
        let Some((head, _)) = trimmed.split_once(['“', '"', '«']) else { return false };
        let tokens = fold(head).tokens;
        let words: Vec<_> = tokens.iter().filter(|token| !is_picture(token)).collect();
        let named = self.reactions.iter().any(|reaction| {
            words.len() >= reaction.len() && reaction.iter().zip(&words).all(|(one, other)| one == *other)
        });
        let pictured = tokens.len() == 2 && is_picture(&tokens[0]) && tokens[1] == "to";
        (named && words.len() <= 4) || pictured
    }

    /// Splits a text into pieces, longest known words first. Pictures nobody knows are left out.
    pub(crate) fn pieces(&self, text: &Folded, language: &str, own_confirm: &[Vec<String>]) -> Vec<Piece> {
        let known: Vec<&str> = text
            .tokens
            .iter()
            .map(String::as_str)
            .filter(|token| !is_picture(token) || self.words.contains_key(*token))
            .collect();
        let mut pieces = Vec::new();
        let mut rest = &known[..];
        while let Some(first) = rest.first() {
            if let Some(own) = own_confirm.iter().find(|own| !own.is_empty() && rest.starts_with_words(own)) {
                pieces.push(Piece::Word(Class::Confirm));
                rest = &rest[own.len()..];
                continue;
            }
            let found = (1..=rest.len().min(self.longest)).rev().find_map(|length| {
                let word = self.words.get(&rest[..length].join(" "))?;
                let here =
                    word.languages.is_empty() || word.languages.iter().any(|of| of == "en" || of == language);
                here.then_some((length, word.class))
            });
            let (length, piece) = match found {
                Some((length, class)) => (length, Piece::Word(class)),
                None => (1, first.parse().map_or(Piece::Unknown, Piece::Digit)),
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
        pieces
    }
}

trait StartsWithWords {
    fn starts_with_words(&self, words: &[String]) -> bool;
}

impl StartsWithWords for &[&str] {
    fn starts_with_words(&self, words: &[String]) -> bool {
        self.len() >= words.len() && words.iter().zip(*self).all(|(one, other)| one == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keywords::{Keyword, classify},
        rules::{Rules, read},
    };

    #[test]
    fn no_word_has_two_meanings() {
        let data: ReplyData = read(include_str!("../../data/reply_words.json"));
        let mut seen: HashMap<String, Class> = HashMap::new();
        for row in &data.rows {
            for word in &row.words {
                let key = fold(word).tokens.join(" ");
                assert!(!key.is_empty(), "{word}");
                let before = seen.insert(key.clone(), row.class);
                assert!(before.is_none_or(|class| class == row.class), "{key}");
            }
        }
    }

    /// D-09, E-19
    #[test]
    fn no_word_that_confirms_or_moves_a_visit_ends_messages() {
        let data: ReplyData = read(include_str!("../../data/reply_words.json"));
        for row in data.rows.iter().filter(|row| matches!(row.class, Class::Confirm | Class::Reschedule)) {
            for word in &row.words {
                assert_eq!(classify(word, Rules::standard()), Keyword::None, "{word}");
            }
        }
    }
}
