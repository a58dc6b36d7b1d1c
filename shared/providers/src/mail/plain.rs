//! The plain text of an HTML mail, for mail programs that show no HTML.

/// Elements whose content is not for reading.
const SILENT: [&str; 4] = ["head", "style", "script", "title"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 17] = [
    "br",
    "p",
    "div",
    "tr",
    "table",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "section",
    "li",
];

/// Readable text: blocks on their own lines, list entries with a dash, links with their address.
pub(crate) fn text(html: &str) -> String {
    let mut out = Lines::default();
    let mut silent: Option<&str> = None;
    let mut link: Option<(String, usize)> = None;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if silent.is_none() {
            out.say(&unescaped(before));
        }
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = tag.find('>') else {
            rest = "";
            break;
        };
        rest = &tag[end + 1..];
        let inner = tag[1..end].trim();
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let name = inner
            .split(|c: char| c.is_whitespace() || c == '/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();

        match (silent, SILENT.iter().find(|known| **known == name)) {
            (None, Some(known)) if !closes => silent = Some(known),
            (Some(open), _) if closes && open == name => silent = None,
            _ => {}
        }
        if silent.is_some() {
            continue;
        }
        if BLOCKS.contains(&name.as_str()) {
            out.break_line();
            match (name.as_str(), closes) {
                ("p" | "table" | "ul" | "ol", _) | ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) => {
                    out.gap();
                }
                ("li", false) => out.say("- "),
                _ => {}
            }
        } else if name == "a" && !closes {
            link = attribute(inner, "href").map(|href| (href, out.text.len()));
        } else if name == "a" {
            if let Some((href, from)) = link.take()
                && ["https:", "http:", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme))
                && !out.text.get(from..).unwrap_or_default().contains(&href)
            {
                out.say(&format!(" ({href})"));
            }
        } else if matches!(name.as_str(), "td" | "th") && closes {
            out.say(" ");
        }
    }
    if silent.is_none() {
        out.say(&unescaped(rest));
    }
    out.text.trim().to_owned()
}

#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    /// Adds words; blanks and ends of line of the source are one blank.
    fn say(&mut self, words: &str) {
        for c in words.chars() {
            if !c.is_whitespace() {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    fn break_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find(&format!("{name}="))?;
    let value = &tag[at + name.len() + 1..];
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    Some(unescaped(value))
}

/// The entities that mail is written with; unknown ones stay.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // No further: strangers write mail too, and theirs may be all ampersands.
        let near = rest.as_bytes().iter().take(11).position(|&b| b == b';');
        let entity = near.map(|end| &rest[1..end]);
        if let Some(c) = entity.and_then(character) {
            out.push(c);
            rest = &rest[entity.map_or(0, str::len) + 2..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "rsquo" => '’',
        "lsquo" => '‘',
        "ldquo" => '“',
        "rdquo" => '”',
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            // No entity may smuggle in an end of line or the like.
            char::from_u32(code).filter(|c| !c.is_control())?
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "<p>Hi&nbsp;Ana,</p>\n<p>see   you\nat 9 &amp; bring &lt;x&gt;.</p>",
        "Hi Ana,\n\nsee you at 9 & bring <x>."
    )]
    #[case("<style>p{}</style><h1>Hello</h1>a<br>b<BR/>c", "Hello\na\nb\nc")]
    #[case("<ul><li>One</li><li>Two</li></ul>End", "- One\n- Two\n\nEnd")]
    #[case(
        r#"<a class=x href="https://example.com/c?a=1&amp;b=2">Confirm</a>!"#,
        "Confirm (https://example.com/c?a=1&b=2)!"
    )]
    #[case("<a href='https://example.com'>https://example.com</a>", "https://example.com")]
    #[case("<a href='#top'>Up</a> <a href='javascript:x'>x</a>", "Up x")]
    #[case("a<!-- <p>no</p> -->b &#233;&#x1F44D; &unknown; &#10;", "ab é👍 &unknown; &#10;")]
    #[case("<table><tr><td>Day</td><td>Hour</td></tr><tr><td>1</td></tr></table>", "Day Hour\n1")]
    #[case("a < b", "a")]
    fn html_becomes_readable(#[case] html: &str, #[case] plain: &str) {
        assert_eq!(text(html), plain);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(html in "[<>/a-z&;#'\"= é!-]{0,80}") {
            text(&html);
        }
    }
}
