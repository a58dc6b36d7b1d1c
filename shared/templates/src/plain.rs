//! Smart encoding: characters that would turn a whole text message into UCS-2 for no gain are written with
//! those of the 7-bit alphabet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::segments::{composed, is_gsm7};

#[derive(Deserialize)]
struct Data {
    replace: BTreeMap<char, String>,
    delete: BTreeSet<char>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/plain.json"))
        .expect("the file is part of the build and tested")
});

/// What to do with letters whose accent the 7-bit alphabet lacks (`á`, `í`, `ó`, `ú`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accents {
    /// Keep them: folding changes how a name is written.
    Keep,
    /// Write the letter without its accent; a clinic's own choice.
    Fold,
}

/// A text after smart encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// The text to count and to send.
    pub text: String,
    /// The characters, each once, that still need UCS-2; empty when the text is GSM-7 now.
    pub remains: Vec<char>,
}

/// Writes a text with the 7-bit alphabet as far as it goes, composed first (NFC). Works character by
/// character, so the parts of a text can be encoded one by one. The result may be longer (`…` takes three).
pub fn plain(text: &str, accents: Accents) -> Plain {
    let mut out = String::with_capacity(text.len());
    let mut remains = BTreeSet::new();
    for c in composed(text).chars() {
        if is_gsm7(c) {
            out.push(c);
        } else if let Some(instead) = DATA.replace.get(&c) {
            out.push_str(instead);
        } else if !DATA.delete.contains(&c) {
            let c = match accents {
                Accents::Keep => c,
                Accents::Fold => unaccented(c),
            };
            out.push(c);
            if !is_gsm7(c) {
                remains.insert(c);
            }
        }
    }
    Plain { text: out, remains: remains.into_iter().collect() }
}

fn unaccented(c: char) -> char {
    std::iter::once(c).nfd().next().filter(char::is_ascii_alphabetic).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::segments::{Encoding, weigh};

    ///
    #[test]
    fn typographic_marks_become_plain_ones() {
        let typed = "“Hello” — it’s… fine";
        assert_eq!((weigh(typed).encoding, weigh(typed).units), (Encoding::Ucs2, 20));
        let plain = plain(typed, Accents::Keep);
        assert_eq!(plain.text, "\"Hello\" - it's... fine");
        assert_eq!((weigh(&plain.text).encoding, weigh(&plain.text).units), (Encoding::Gsm7, 22));
        assert!(plain.remains.is_empty());
    }

    ///
    #[test]
    fn accents_stay_unless_the_clinic_folds_them() {
        let kept = plain("José está, garçon 👍 \u{200b}ok", Accents::Keep);
        assert_eq!((kept.text.as_str(), kept.remains), ("José está, garcon 👍 ok", vec!['á', '👍']));
        assert_eq!(plain("José está", Accents::Fold).text, "José esta");
    }

    proptest! {
        #[test]
        fn encoding_twice_changes_nothing_more(text in "\\PC{0,60}") {
            for accents in [Accents::Keep, Accents::Fold] {
                let once = plain(&text, accents);
                let twice = plain(&once.text, accents);
                prop_assert_eq!(weigh(&once.text).encoding == Encoding::Gsm7, once.remains.is_empty());
                prop_assert_eq!(once, twice);
            }
        }
    }
}
