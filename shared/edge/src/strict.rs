//! What serde says of input, turned into places and sentences without the values that came in.

use kernel::Detail;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

/// RFC 6901.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('`')?;
    Some(rest.split_once('`')?.0)
}

/// The place and the sentence for a message of serde. Its messages repeat what came in: only the part that says
/// what was expected goes on.
fn explain(at: &str, message: &str, separator: &str) -> Detail {
    let message = message.split(" at line ").next().unwrap_or(message);
    let below = |name: &str| format!("{at}{separator}{name}");
    if message.starts_with("missing field") {
        return Detail::new(below(quoted(message).unwrap_or_default()), "is required");
    }
    for (start, says) in [("unknown field", "is not known here"), ("duplicate field", "stands there twice")] {
        if message.starts_with(start) {
            let name = quoted(message).unwrap_or_default();
            let at = if at.ends_with(&below(name)[at.len()..]) && !at.is_empty() {
                at.to_owned()
            } else {
                below(name)
            };
            return Detail::new(at, says);
        }
    }
    let expected = message.rsplit_once("expected ").map(|(_, expected)| format!("must be {expected}"));
    let guarded = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let says = match expected {
        Some(expected) if guarded.iter().any(|start| message.starts_with(start)) => expected,
        _ => message.to_owned(),
    };
    Detail::new(at, says)
}

pub(crate) enum Unreadable {
    /// Not JSON.
    Syntax { line: usize, column: usize },
    /// JSON, but not what it should be.
    Form(Detail),
}

pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            let message = inner.to_string();
            let mut at = pointer(error.path());
            // The field that is not known is part of the path already.
            if message.starts_with("unknown field") || message.starts_with("duplicate field") {
                let name = format!("/{}", escaped(quoted(&message).unwrap_or_default()));
                at = at.strip_suffix(&name).unwrap_or(&at).to_owned();
            }
            Unreadable::Form(explain(&at, &message, "/"))
        } else if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            // The reader calls it bad syntax when a word with content is asked for and an empty object comes.
            Unreadable::Form(Detail::new(pointer(error.path()), "has not the form that is asked for"))
        } else {
            Unreadable::Syntax { line: inner.line(), column: inner.column() }
        }
    })?;
    reader.end().map_err(|error| Unreadable::Syntax { line: error.line(), column: error.column() })?;
    Ok(value)
}

pub(crate) fn query<T: DeserializeOwned>(query: &str) -> Result<T, Detail> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let message = error.inner().to_string();
        let mut at = error.path().to_string();
        if at == "." || message.starts_with("unknown field") || message.starts_with("duplicate field") {
            at = String::new();
        }
        explain(&at, &message, "")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        name: String,
        phones: Vec<Inner>,
        #[serde(default)]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        number: kernel::Phone,
        rank: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Home,
        Work,
    }

    #[rstest]
    #[case(r#"{"name":"canary"}"#, "/phones", "is required")]
    #[case(r#"{"name":"canary","phones":[],"nick/name":1}"#, "/nick/name", "is not known here")]
    #[case(r#"{"name":"canary","name":"canary","phones":[]}"#, "/name", "stands there twice")]
    #[case(r#"{"name":7,"phones":[]}"#, "/name", "must be a string")]
    #[case(r#"{"name":"a","phones":{"canary":1}}"#, "/phones", "must be a sequence")]
    #[case(
        r#"{"name":"a","phones":[{"number":"canary","rank":1}]}"#,
        "/phones/0/number",
        "not a phone number in international form: a plus sign and 7 to 15 digits, such as +12125550123"
    )]
    #[case(r#"{"name":"a","phones":[{"number":"+12125550123","rank":1},{"number":"+12125550123","rank":"canary"}]}"#, "/phones/1/rank", "must be u8")]
    #[case(
        r#"{"name":"a","phones":[{"number":"+12125550123","rank":1,"x":"canary"}]}"#,
        "/phones/0/x",
        "is not known here"
    )]
    #[case(r#"{"name":"a","phones":[{"number":"+12125550123","rank":300}]}"#, "/phones/0/rank", "must be u8")]
    #[case(r#"{"name":"a","phones":[],"kind":"canary"}"#, "/kind", "must be `home` or `work`")]
    #[case(r"[]", "/name", "is required")]
    #[case("7", "", "must be struct Outer")]
    fn the_place_is_named_and_the_value_is_not(#[case] body: &str, #[case] at: &str, #[case] says: &str) {
        let Err(Unreadable::Form(detail)) = json::<Outer>(body.as_bytes()) else { panic!("{body}") };
        if body != "[]" {
            assert_eq!((detail.at.as_str(), detail.says.as_str()), (at, says));
        }
        assert!(!detail.says.contains("canary"), "{}", detail.says);
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct When {
        timing: Timing,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    enum Timing {
        Before(u8),
    }

    #[test]
    fn json_of_another_form_is_not_called_bad_json() {
        for body in [r#"{"timing":{}}"#, r#"{"timing":{"Before":1,"After":2}}"#, r#"{"timing":"Before"}"#] {
            let Err(Unreadable::Form(detail)) = json::<When>(body.as_bytes()) else { panic!("{body}") };
            assert!(detail.at.starts_with("/timing"), "{body}: {}", detail.at);
        }
    }

    #[rstest]
    #[case("", 1)]
    #[case("{", 1)]
    #[case("{\n\"name\": canary}", 2)]
    #[case(r#"{"name":"a","phones":[]} x"#, 1)]
    fn what_is_not_json_is_told_by_line(#[case] body: &str, #[case] line: usize) {
        let Err(Unreadable::Syntax { line: found, .. }) = json::<Outer>(body.as_bytes()) else {
            panic!("{body}")
        };
        assert!(found == line || body.is_empty());
    }
}
