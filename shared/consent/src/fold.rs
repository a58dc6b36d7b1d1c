//! What people type, made comparable.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// A text as words: compatibility forms unified, lower case, no accents, no punctuation. Pictures stay as words
/// of their own; apostrophes join (`can't` is `cant`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) tokens: Vec<String>,
    /// A question mark stands somewhere.
    pub(crate) asks: bool,
    /// A question mark ends it.
    pub(crate) ends_asking: bool,
}

impl Folded {
    /// The words without the pictures.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.tokens.iter().map(String::as_str).filter(|token| !is_picture(token)).collect()
    }
}

/// Whether a folded word is a picture.
pub(crate) fn is_picture(token: &str) -> bool {
    token.chars().next().is_some_and(pictured)
}

// Arrows to miscellaneous symbols, and the planes of emoji.
fn pictured(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

// Skin tones, the selectors of a presentation, and what joins pictures.
fn modifies(letter: char) -> bool {
    matches!(letter, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn joins(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' | '\u{00b4}' | '\u{2032}')
}

/// Folds a text.
pub(crate) fn fold(text: &str) -> Folded {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            tokens.push(std::mem::take(word));
        }
    };
    for letter in text.chars().filter(|letter| !joins(*letter)).nfkc().flat_map(char::to_lowercase).nfd() {
        if is_combining_mark(letter) || modifies(letter) || joins(letter) {
            continue;
        }
        if pictured(letter) {
            end(&mut word);
            word.push(letter);
            end(&mut word);
        } else if letter.is_alphanumeric() {
            word.push(letter);
        } else {
            end(&mut word);
        }
    }
    end(&mut word);
    let asked = |letter: char| matches!(letter, '?' | '\u{ff1f}' | '\u{61f}');
    let ends_asking = text.trim_end_matches(|letter: char| !letter.is_alphanumeric() && !asked(letter));
    Folded {
        tokens,
        asks: text.chars().any(|letter| asked(letter) || letter == '¿'),
        ends_asking: ends_asking.ends_with(asked),
    }
}

/// The folded words of a text, as one.
pub(crate) fn folded(text: &str) -> String {
    fold(text).tokens.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(" STOP. ", "stop")]
    #[case("Sí, ahí estaré", "si ahi estare")]
    #[case("I can’t  make-it", "i cant make it")]
    #[case("ＳＴＯＰ", "stop")]
    #[case("Y👍🏽ok", "y 👍 ok")]
    #[case("1️⃣", "1")]
    #[case("确认。", "确认")]
    #[case("й Đúng", "и đung")]
    fn texts_fold_to_words(#[case] text: &str, #[case] words: &str) {
        assert_eq!(folded(text), words);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
