//! Lines of mail are at most 998 bytes and their end (RFC 5322 §2.1.1).

const LONGEST: usize = 998;

/// The text with its ends of line as CR LF and lines that are too long broken at a blank; `None` if there is one
/// without a blank to break at.
pub(crate) fn wrapped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for (index, line) in text.replace("\r\n", "\n").replace('\r', "\n").split('\n').enumerate() {
        if index > 0 {
            out.push_str("\r\n");
        }
        let mut rest = line;
        while rest.len() > LONGEST {
            // The blank itself may stand just behind what fits.
            let at = rest.as_bytes()[..=LONGEST].iter().rposition(|&b| b == b' ').filter(|&at| at > 0)?;
            out.push_str(&rest[..at]);
            out.push_str("\r\n");
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_lines_stay() {
        assert_eq!(wrapped("a\nb\r\nc\rd").unwrap(), "a\r\nb\r\nc\r\nd");
        let full = "é".repeat(499);
        assert_eq!(wrapped(&full).unwrap(), full);
    }

    #[test]
    fn a_line_without_a_blank_cannot_be_broken() {
        assert_eq!(wrapped(&"a".repeat(999)), None);
        assert_eq!(wrapped(&format!(" {}", "a".repeat(999))), None);
        assert_eq!(wrapped(&format!("{} b", "a".repeat(998))).unwrap(), format!("{}\r\nb", "a".repeat(998)));
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_word_is_lost(words in prop::collection::vec("[a-zé👍]{1,40}", 0..300)) {
            let text = words.join(" ");
            let wrapped = wrapped(&text).unwrap();
            prop_assert!(wrapped.split("\r\n").all(|line| line.len() <= LONGEST));
            prop_assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), words);
        }
    }
}
