//! Just enough of HTML to know where a variable stands in it, to refuse what no e-mail should carry, and to
//! derive the plain text of a mail.

use crate::{
    flaw::Flaw,
    text::{Part, Slot},
    variables::Type,
};

/// Elements that run something, load a foreign page or move every address of the mail.
const ACTIVE: [&str; 7] = ["script", "iframe", "frame", "object", "embed", "base", "form"];
/// Attributes whose value is an address.
const ADDRESSES: [&str; 8] =
    ["href", "src", "srcset", "action", "formaction", "background", "poster", "cite"];
const SCHEMES: [&str; 6] = ["http", "https", "mailto", "tel", "sms", "cid"];
/// Elements whose content is not read as markup.
const RAW: [&str; 3] = ["script", "style", "title"];

fn is_address(attribute: &str) -> bool {
    ADDRESSES.contains(&attribute) || attribute.ends_with(":href")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Open,
    TagName,
    Inside,
    AttributeName,
    AfterName,
    BeforeValue,
    Quoted(char),
    Unquoted,
    Declaration,
    Comment,
    Raw,
}

/// Reads markup letter by letter, so that it can stop where a variable stands.
struct Scanner {
    state: State,
    tag: String,
    closing: bool,
    name: String,
    value: String,
    href: Option<String>,
    tail: String,
    active: Vec<String>,
}

enum Event {
    Letter(char),
    Tag { name: String, closing: bool, href: Option<String> },
}

impl Scanner {
    fn new() -> Self {
        Self {
            state: State::Text,
            tag: String::new(),
            closing: false,
            name: String::new(),
            value: String::new(),
            href: None,
            tail: String::new(),
            active: Vec::new(),
        }
    }

    fn feed(&mut self, c: char) -> Option<Event> {
        match self.state {
            State::Text if c == '<' => {
                self.state = State::Open;
                self.tag.clear();
                self.closing = false;
                self.href = None;
            }
            State::Text => return Some(Event::Letter(c)),
            State::Open => match c {
                '/' if !self.closing => self.closing = true,
                '!' | '?' => {
                    self.tail.clear();
                    self.state = State::Declaration;
                }
                c if c.is_ascii_alphabetic() => {
                    self.tag.push(c.to_ascii_lowercase());
                    self.state = State::TagName;
                }
                // A lone `<` is a letter; what it was before stays lost, as in a browser after `</`.
                _ => {
                    self.state = State::Text;
                    return Some(Event::Letter(c));
                }
            },
            State::TagName => match c {
                '>' => return self.end_tag(),
                c if c.is_whitespace() || c == '/' => self.state = State::Inside,
                c => self.tag.push(c.to_ascii_lowercase()),
            },
            State::Inside => match c {
                '>' => return self.end_tag(),
                c if c.is_whitespace() || c == '/' => {}
                c => self.begin_name(c),
            },
            State::AttributeName
            | State::AfterName
            | State::BeforeValue
            | State::Quoted(_)
            | State::Unquoted => return self.attribute(c),
            State::Declaration => {
                self.tail.push(c);
                if self.tail == "--" {
                    self.tail.clear();
                    self.state = State::Comment;
                } else if c == '>' {
                    self.state = State::Text;
                }
            }
            State::Comment => {
                self.remember(c);
                if self.tail.ends_with("-->") {
                    self.state = State::Text;
                }
            }
            State::Raw => {
                self.remember(c);
                if self.tail.ends_with(&format!("</{}", self.tag)) {
                    self.state = State::Inside;
                    self.closing = true;
                }
            }
        }
        None
    }

    /// A letter within an attribute.
    fn attribute(&mut self, c: char) -> Option<Event> {
        match self.state {
            State::AttributeName => match c {
                '=' => self.state = State::BeforeValue,
                '>' => {
                    self.end_attribute();
                    return self.end_tag();
                }
                c if c.is_whitespace() || c == '/' => self.state = State::AfterName,
                c => self.name.push(c.to_ascii_lowercase()),
            },
            State::AfterName => match c {
                '=' => self.state = State::BeforeValue,
                c if c.is_whitespace() => {}
                '>' => {
                    self.end_attribute();
                    return self.end_tag();
                }
                c => {
                    self.end_attribute();
                    self.begin_name(c);
                }
            },
            State::BeforeValue => match c {
                '"' | '\'' => self.state = State::Quoted(c),
                '>' => {
                    self.end_attribute();
                    return self.end_tag();
                }
                c if c.is_whitespace() => {}
                c => {
                    self.value.push(c);
                    self.state = State::Unquoted;
                }
            },
            State::Quoted(quote) if c == quote => {
                self.end_attribute();
                self.state = State::Inside;
            }
            State::Quoted(_) => self.value.push(c),
            State::Unquoted => match c {
                '>' => {
                    self.end_attribute();
                    return self.end_tag();
                }
                c if c.is_whitespace() => {
                    self.end_attribute();
                    self.state = State::Inside;
                }
                c => self.value.push(c),
            },
            _ => {}
        }
        None
    }

    fn remember(&mut self, c: char) {
        self.tail.push(c.to_ascii_lowercase());
        if self.tail.chars().count() > 16 {
            self.tail.remove(0);
        }
    }

    fn begin_name(&mut self, c: char) {
        self.name = c.to_ascii_lowercase().to_string();
        self.value.clear();
        self.state = State::AttributeName;
    }

    fn end_attribute(&mut self) {
        if self.name.starts_with("on") || self.name == "srcdoc" {
            self.active.push(self.name.clone());
        }
        if is_address(&self.name) {
            let to: String = decoded(&self.value).chars().filter(|c| !c.is_control() && *c != ' ').collect();
            let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            let scheme = scheme.filter(|scheme| !scheme.contains(['/', '?', '#']));
            // Browsers read `&#106` without its semicolon, too; nobody writes an address like that in good faith.
            if to.contains("&#") || scheme.is_some_and(|scheme| !SCHEMES.contains(&scheme.as_str())) {
                self.active.push(self.name.clone());
            } else if self.name == "href" {
                self.href = Some(to);
            }
        }
        self.name.clear();
        self.value.clear();
    }

    #[expect(clippy::unnecessary_wraps, reason = "the end of a tag is one of the things a letter can mean")]
    fn end_tag(&mut self) -> Option<Event> {
        if ACTIVE.contains(&self.tag.as_str()) && !self.closing {
            self.active.push(self.tag.clone());
        }
        self.state = State::Text;
        if RAW.contains(&self.tag.as_str()) && !self.closing {
            self.tail.clear();
            self.state = State::Raw;
        }
        Some(Event::Tag { name: self.tag.clone(), closing: self.closing, href: self.href.take() })
    }

    /// Whether the escaped value of a variable is safe here.
    fn takes(&self, slot: &Slot) -> bool {
        match self.state {
            State::Text => true,
            State::Raw => self.tag == "title",
            State::Quoted(_) if is_address(&self.name) => {
                // Escaping keeps a value inside of its quotes, but an address can do harm by its content.
                match self.value.trim() {
                    "" => slot.variable.kind == Type::Link && slot.default.is_none(),
                    "tel:" | "sms:" => slot.variable.kind == Type::Phone,
                    _ => false,
                }
            }
            State::Quoted(_) => !self.name.starts_with("on") && self.name != "style",
            _ => false,
        }
    }
}

/// What is wrong with the HTML of a template: active content, and variables where escaping cannot protect.
pub(crate) fn flaws(parts: &[Part]) -> Vec<Flaw> {
    let (mut scanner, mut flaws) = (Scanner::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(text) => {
                for c in text.chars() {
                    scanner.feed(c);
                }
            }
            Part::Variable(slot) => {
                if !scanner.takes(slot) {
                    flaws.push(Flaw::UnsafePlace(slot.variable.path.clone()));
                }
            }
        }
    }
    if scanner.state != State::Text {
        flaws.push(Flaw::BrokenHtml);
    }
    scanner.active.dedup();
    flaws.extend(scanner.active.into_iter().map(Flaw::ActiveContent));
    flaws
}

/// The text of a page as a reader without pictures and styles would want it.
pub(crate) fn to_text(html: &str) -> String {
    let mut scanner = Scanner::new();
    let (mut out, mut link) = (String::new(), None::<(String, usize)>);
    let mut run = String::new();
    for c in html.chars() {
        match scanner.feed(c) {
            Some(Event::Letter(c)) => run.push(c),
            Some(Event::Tag { name, closing, href }) => {
                add(&mut out, &std::mem::take(&mut run));
                match name.as_str() {
                    "br" => out.push('\n'),
                    "li" if !closing => line(&mut out, "- "),
                    "a" if closing => {
                        if let Some((to, from)) = link.take()
                            && out.get(from..).is_some_and(|said| said.trim() != to)
                        {
                            add(&mut out, &format!(" ({})", to.replace('&', "&amp;")));
                        }
                    }
                    "a" => link = href.filter(|to| to.contains(':')).map(|to| (to, out.len())),
                    "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "blockquote" => {
                        line(&mut out, "");
                        if !out.is_empty() && !out.ends_with("\n\n") {
                            out.push('\n');
                        }
                    }
                    "div" | "tr" | "hr" | "section" | "header" | "footer" => line(&mut out, ""),
                    "td" | "th" if closing => add(&mut out, " "),
                    _ => {}
                }
            }
            None => {}
        }
    }
    add(&mut out, &run);
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

fn line(out: &mut String, begin: &str) {
    let kept = out.trim_end_matches(' ').len();
    out.truncate(kept);
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(begin);
}

/// Adds a run of text, its white space folded as a browser does.
fn add(out: &mut String, run: &str) {
    for c in decoded(run).chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
}

/// Text with its character references read.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let read =
            rest[1..].split_once(';').filter(|(name, _)| name.len() <= 10).and_then(|(name, after)| {
                let c = match name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    "ndash" => '–',
                    "mdash" => '—',
                    "hellip" => '…',
                    "colon" => ':',
                    "nbsp" | "Tab" | "NewLine" => ' ',
                    _ => {
                        let number = name.strip_prefix('#')?;
                        let code = match number.strip_prefix(['x', 'X']) {
                            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                            None => number.parse().ok()?,
                        };
                        char::from_u32(code).filter(|c| !c.is_control()).unwrap_or(' ')
                    }
                };
                Some((c, after))
            });
        if let Some((c, after)) = read {
            out.push(c);
            rest = after;
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::text::parse;

    fn said(html: &str) -> Vec<Flaw> {
        flaws(&parse(html).unwrap())
    }

    /// C-25
    #[rstest]
    #[case("<p title=\"{{patient.first_name}}\">Hi {{patient.first_name}}</p>")]
    #[case("<a href='{{links.confirm}}'>Confirm</a> <a href=\"tel:{{clinic.phone}}\">Call</a>")]
    #[case(
        "<html><head><title>{{clinic.name}}</title><style>a{color:red}</style></head><body>x</body></html>"
    )]
    #[case("<!doctype html><!--[if mso]><i>x</i><![endif]--> 1 < 2 <img src=\"https://example.com/a.png\">")]
    fn escaped_values_are_safe_in_text_and_quotes(#[case] html: &str) {
        assert_eq!(said(html), []);
    }

    /// C-25
    #[rstest]
    #[case("<p title={{patient.first_name}}>x</p>")]
    #[case("<{{patient.first_name}}>")]
    #[case("<p {{patient.first_name}}=\"1\">x</p>")]
    #[case("<style>{{patient.first_name}}</style>")]
    #[case("<!-- {{patient.first_name}} -->")]
    #[case("<a href=\"{{patient.first_name}}\">x</a>")]
    #[case("<a href=\"https://example.com/?n={{patient.first_name}}\">x</a>")]
    #[case("<p style=\"color:{{patient.first_name}}\">x</p>")]
    fn variables_where_escaping_cannot_protect_are_refused(#[case] html: &str) {
        assert!(said(html).contains(&Flaw::UnsafePlace("patient.first_name".to_owned())), "{html}");
    }

    /// C-25
    #[rstest]
    #[case("<script>alert(1)</script>", "script")]
    #[case("<IFRAME src='https://example.com'></IFRAME>", "iframe")]
    #[case("<p onclick=alert(1)>x</p>", "onclick")]
    #[case("<p/onclick>x</p>", "onclick")]
    #[case("<a href=\"java&#115;cript:alert(1)\">x</a>", "href")]
    #[case("<a href=' JavaScript:alert(1)'>x</a>", "href")]
    #[case("<a href=\"&#106avascript:alert(1)\">x</a>", "href")]
    #[case("<a href=\"jav&Tab;ascript&colon;alert(1)\">x</a>", "href")]
    #[case("<img src=data:text/html,x>", "src")]
    fn active_content_is_refused(#[case] html: &str, #[case] what: &str) {
        assert_eq!(said(html), [Flaw::ActiveContent(what.to_owned())]);
    }

    #[rstest]
    #[case("<p>unfinished", false)]
    #[case("<a href=\"x", true)]
    #[case("<style>", true)]
    fn markup_that_never_ends_is_refused(#[case] html: &str, #[case] broken: bool) {
        assert_eq!(said(html).contains(&Flaw::BrokenHtml), broken);
    }

    /// C-05
    #[test]
    fn plain_text_is_derived_from_html() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body>
            <h1>Your visit</h1><p>Hi Ana &amp; Leo,<br>see you   on <b>Monday</b>.</p>
            <ul><li>Bring a card</li><li>Come early</li></ul>
            <p><a href=\"https://example.com/c?a=1&amp;b=2\">Confirm</a> or
            <a href=\"https://example.com\">https://example.com</a></p></body></html>";
        assert_eq!(
            to_text(html),
            "Your visit\n\nHi Ana & Leo,\nsee you on Monday.\n\n- Bring a card\n- Come early\n\n\
             Confirm (https://example.com/c?a=1&b=2) or https://example.com"
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(html in "[<>/=\"'a-c&;#! -]{0,80}") {
            to_text(&html);
            prop_assert!(flaws(&[Part::Text(html)]).len() <= 80);
        }
    }
}
