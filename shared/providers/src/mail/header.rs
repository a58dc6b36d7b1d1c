//! What goes into header lines: nothing that could begin another line, and ASCII only.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Bytes of text in one encoded word: 45 become 60 in base64, with its frame 72 of the 75 allowed.
const WORD: usize = 45;

/// Whether the text could end its header line and begin another.
pub(crate) fn breaks_out(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Text for a header that is not ASCII, as encoded words (RFC 2047); ASCII stays as it is.
pub(crate) fn encoded(text: &str) -> String {
    // What looks like an encoded word would be decoded by whoever reads it.
    if text.is_ascii() && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (1..=rest.len().min(WORD)).rev().find(|&end| rest.is_char_boundary(end));
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = behind;
    }
    words.join(" ")
}

/// A name before an address (RFC 5322 §3.4): plain words, quoted text or encoded words.
pub(crate) fn mailbox(name: &str, address: &str) -> String {
    let name = name.trim();
    if name.is_empty() {
        return address.to_owned();
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&b);
    let name = if !name.is_ascii() || name.contains("=?") {
        encoded(name)
    } else if name.bytes().all(plain) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    };
    format!("{name} <{address}>")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "a@example.com")]
    #[case("Bright Smiles", "Bright Smiles <a@example.com>")]
    #[case("Dr. O'Neil, \"Bo\"", r#""Dr. O'Neil, \"Bo\"" <a@example.com>"#)]
    #[case("Clínica", "=?UTF-8?B?Q2zDrW5pY2E=?= <a@example.com>")]
    #[case("x <b@example.com>", r#""x <b@example.com>" <a@example.com>"#)]
    #[case("=?UTF-8?B?QQ==?=", "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?= <a@example.com>")]
    fn names_are_written_so_that_they_stay_names(#[case] name: &str, #[case] written: &str) {
        assert_eq!(mailbox(name, "a@example.com"), written);
    }

    proptest! {
        #[test]
        fn encoded_words_are_short_ascii_and_hold_the_text(text in "[a-zé👍ß ]{1,300}") {
            let written = encoded(&text);
            prop_assert!(written.is_ascii());
            if !text.is_ascii() {
                let mut read = String::new();
                for word in written.split(' ') {
                    prop_assert!(word.len() <= 75);
                    let inner = word.strip_prefix("=?UTF-8?B?").and_then(|w| w.strip_suffix("?=")).unwrap();
                    read.push_str(str::from_utf8(&STANDARD.decode(inner).unwrap()).unwrap());
                }
                prop_assert_eq!(read, text);
            }
        }
    }
}
