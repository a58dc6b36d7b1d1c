//! Form bodies and queries, read to the byte: signatures are over what was sent, not over what a friendly reader
//! would make of it.

pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Names and values of a form body. `None` if a part has no `=`: Twilio always writes one, and since its
/// signature runs names and values together, `Body&C` would otherwise pass for `Body=C`.
pub(super) fn strict(body: &[u8]) -> Option<Vec<Pair>> {
    parts(body)
        .map(|part| {
            let equals = part.iter().position(|&b| b == b'=')?;
            Some((decoded(&part[..equals]), decoded(&part[equals + 1..])))
        })
        .collect()
}

/// Names and values of a query, where a missing `=` is an empty value.
pub(super) fn lenient(query: &[u8]) -> Vec<Pair> {
    parts(query)
        .map(|part| match part.iter().position(|&b| b == b'=') {
            Some(equals) => (decoded(&part[..equals]), decoded(&part[equals + 1..])),
            None => (decoded(part), Vec::new()),
        })
        .collect()
}

fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'&').filter(|part| !part.is_empty())
}

/// Percent escapes and `+` undone; an escape that is none stays as it is.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = (first == b'%')
            .then(|| tail.get(..2).and_then(|digits| str::from_utf8(digits).ok()))
            .flatten()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => out.push(if first == b'+' { b' ' } else { first }),
        }
    }
    out
}

/// For reading, after the signature was checked over the bytes.
pub(super) fn texts(pairs: Vec<Pair>) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_to_the_byte() {
        let pairs = strict(b"A=%2B1+x&B=&C=%zz%2&&D=%80=").unwrap();
        let expected: Vec<Pair> = vec![
            (b"A".into(), b"+1 x".into()),
            (b"B".into(), b"".into()),
            (b"C".into(), b"%zz%2".into()),
            (b"D".into(), b"\x80=".into()),
        ];
        assert_eq!(pairs, expected);
        assert_eq!(strict(b"A=1&B"), None);
        assert_eq!(lenient(b"B"), [(b"B".to_vec(), Vec::new())]);
    }
}
