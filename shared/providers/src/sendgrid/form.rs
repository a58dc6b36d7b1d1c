//! Forms with files (RFC 7578), read from their bytes.

/// Parts that a form may have: far more than the provider sends, far fewer than would hurt.
const MOST_PARTS: usize = 200;

/// One field or file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: &'a [u8],
}

/// The boundary, as the body itself begins with it.
pub(super) fn boundary(body: &[u8]) -> Option<&str> {
    let rest = body.strip_prefix(b"--")?;
    let end = find(&rest[..rest.len().min(72)], b"\r\n")?;
    let boundary = str::from_utf8(&rest[..end]).ok()?;
    // RFC 2046 §5.1.1: 1 to 70 characters of these.
    let is_boundary = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    ((1..=70).contains(&boundary.len()) && boundary.bytes().all(is_boundary)).then_some(boundary)
}

/// All parts; `None` if the body is not a whole form.
pub(super) fn parts<'a>(boundary: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, delimiter.as_bytes())?;
        if parts.len() == MOST_PARTS {
            return None;
        }
        parts.push(part(&rest[..end])?);
        rest = &rest[end + delimiter.len()..];
    }
}

fn part(all: &[u8]) -> Option<Part<'_>> {
    let end = find(all, b"\r\n\r\n")?;
    let head = str::from_utf8(&all[..end]).ok()?;
    let header = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case(wanted).then_some(value.trim())
        })
    };
    let disposition = header("content-disposition")?;
    if !disposition.starts_with("form-data") {
        return None;
    }
    Some(Part {
        name: parameter(disposition, "name")?,
        file_name: parameter(disposition, "filename"),
        content_type: header("content-type").map(str::to_owned),
        bytes: &all[end + 4..],
    })
}

/// A quoted parameter; quotation marks inside are escaped with `\` or, as browsers do, `%22`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let marker = format!("; {name}=\"");
    let rest = &header[header.find(&marker)? + marker.len()..];
    let mut out = String::new();
    let mut letters = rest.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => return Some(out.replace("%22", "\"")),
            '\\' => out.push(letters.next()?),
            c => out.push(c),
        }
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..)?.iter().position(|&b| b == first) {
        let at = from + at;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const FORM: &[u8] = b"--xYzZY\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\nAna\r\n--xYzZY\r\n\
        content-disposition: form-data; name=\"attachment1\"; filename=\"a \\\"b\\\" %22c%22.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--xYz\r\n\r\n--xYzZY--\r\n";

    #[test]
    fn fields_and_files_are_read_to_the_byte() {
        assert_eq!(boundary(FORM), Some("xYzZY"));
        let parts = parts("xYzZY", FORM).unwrap();
        assert_eq!((parts[0].name.as_str(), parts[0].bytes), ("from", &b"Ana"[..]));
        assert_eq!(parts[1].file_name.as_deref(), Some("a \"b\" \"c\".png"));
        assert_eq!(parts[1].content_type.as_deref(), Some("image/png"));
        assert_eq!(parts[1].bytes, b"\x89PNG\r\n\r\n--xYz\r\n");
        assert_eq!(parts.len(), 2);
    }

    #[rstest]
    #[case(b"")]
    #[case(b"--")]
    #[case(b"--\r\n")]
    #[case(b"--a\"b\r\n")]
    #[case(b"xx\r\n")]
    #[case(&[b'-'; 200])]
    fn what_does_not_begin_a_form_is_none(#[case] body: &[u8]) {
        assert_eq!(boundary(body), None);
    }

    #[rstest]
    #[case(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1")]
    #[case(b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--")]
    #[case(b"--x\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--x--")]
    #[case(b"--x\r\nno head\r\n--x--")]
    #[case(b"--x")]
    fn half_a_form_is_none(#[case] body: &[u8]) {
        assert_eq!(parts("x", body), None);
    }

    #[test]
    fn a_form_of_endless_parts_is_none() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(201);
        assert_eq!(parts("x", format!("{body}--x--").as_bytes()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(body in prop::collection::vec(prop::sample::select(b"-x\r\n:;=\"a".to_vec()), 0..200)) {
            if let Some(boundary) = boundary(&body) {
                let _ = parts(boundary, &body);
            }
        }
    }
}
