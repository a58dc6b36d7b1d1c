//! Pages for people without a login: a few lines of HTML that load nothing and run nothing.

mod reader;
mod words;

use std::{fmt::Write as _, sync::LazyLock};

use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use kernel::{Fault, Kind, Phone};
use sha2::{Digest, Sha256};

pub(crate) use reader::Reader;
pub(crate) use words::Words;

const STYLE: &str = include_str!("page/style.css");

/// Nothing may be loaded, run, framed or posted elsewhere; the one style is named by its hash.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// A page in the making. What is put in as text is escaped.
pub(crate) struct Page {
    status: StatusCode,
    words: &'static Words,
    heading: String,
    clinic: String,
    content: String,
    passes: bool,
}

impl Page {
    /// A page with a heading.
    pub(crate) fn new(words: &'static Words, heading: &str) -> Self {
        Self {
            status: StatusCode::OK,
            words,
            heading: heading.to_owned(),
            clinic: String::new(),
            content: String::new(),
            passes: false,
        }
    }

    /// A page for a link that leads nowhere.
    pub(crate) fn unknown(words: &'static Words, says: &str) -> Self {
        Self::new(words, &words.unknown.title).status(StatusCode::NOT_FOUND).says(says)
    }

    /// A page for what failed on our side: 503 if it may work in a moment, else 500.
    pub(crate) fn failed(words: &'static Words, fault: &dyn Fault) -> Self {
        let passes =
            matches!(fault.kind(), Kind::Unavailable | Kind::Conflict | Kind::TooMany | Kind::Locked);
        if passes {
            tracing::warn!(fault.code = fault.code(), fault = %fault, "a link met something that is away");
        } else {
            tracing::error!(fault.code = fault.code(), fault = %fault, "a link met a defect");
        }
        let status = if passes { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        let page = Self::new(words, &words.failed.title).status(status).says(&words.failed.says);
        Self { passes, ..page }
    }

    #[must_use]
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Whose page it is.
    #[must_use]
    pub(crate) fn of(mut self, clinic: &str) -> Self {
        clinic.clone_into(&mut self.clinic);
        self
    }

    /// A paragraph.
    #[must_use]
    pub(crate) fn says(mut self, text: &str) -> Self {
        let _ = write!(self.content, "<p>{}</p>", escaped(text));
        self
    }

    /// A paragraph that stands out.
    #[must_use]
    pub(crate) fn stresses(mut self, text: &str) -> Self {
        let _ = write!(self.content, "<p><strong>{}</strong></p>", escaped(text));
        self
    }

    /// A question with a button for each answer: field, value, text. They post to where the page came from.
    #[must_use]
    pub(crate) fn asks(mut self, question: &str, field: &str, answers: &[(&str, String)]) -> Self {
        let _ =
            write!(self.content, "<form method=\"post\"><fieldset><legend>{}</legend>", escaped(question));
        for (value, text) in answers {
            let (field, value, text) = (escaped(field), escaped(value), escaped(text));
            let _ = write!(self.content, "<button name=\"{field}\" value=\"{value}\">{text}</button>");
        }
        self.content.push_str("</fieldset></form>");
        self
    }

    /// A number to call, after a few words.
    #[must_use]
    pub(crate) fn calls(mut self, before: &str, phone: &Phone) -> Self {
        let _ = write!(
            self.content,
            "<p>{} <a href=\"tel:{}\">{}</a></p>",
            escaped(before),
            escaped(phone.as_str()),
            escaped(&spoken(phone))
        );
        self
    }

    fn html(&self) -> String {
        let Words { language, other, .. } = self.words;
        let turned = self.words.turned();
        let clinic = match self.clinic.as_str() {
            "" => String::new(),
            name => format!("<p class=\"clinic\">{}</p>", escaped(name)),
        };
        let (heading, other) = (escaped(&self.heading), escaped(other));
        format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"robots\" content=\"noindex, nofollow\"><meta name=\"referrer\" content=\"no-referrer\">\
             <title>{heading}</title><style>{STYLE}</style></head>\
             <body><main>{clinic}<h1>{heading}</h1>{}</main>\
             <footer><a href=\"?lang={turned}\" lang=\"{turned}\" hreflang=\"{turned}\">{other}</a></footer>\
             </body></html>\n",
            self.content
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.html()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
        if let Ok(policy) = HeaderValue::from_str(&POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Ok(language) = HeaderValue::from_str(&self.words.language) {
            headers.insert(header::CONTENT_LANGUAGE, language);
        }
        if self.passes {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// A number as people write it: (212) 555-0123 in North America, else in its international form.
fn spoken(phone: &Phone) -> String {
    match phone.as_str().strip_prefix("+1") {
        Some(rest) if rest.len() == 10 => format!("({}) {}-{}", &rest[..3], &rest[3..6], &rest[6..]),
        _ => phone.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_cannot_become_markup() {
        let words = Words::all().next().unwrap();
        let html = Page::new(words, "<b>\"x\"").of("R & D <script>").says("it's 1 < 2").html();
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("R &amp; D &lt;script&gt;") && html.contains("it&#39;s 1 &lt; 2"));
    }

    #[test]
    fn the_style_closes_nothing_and_loads_nothing() {
        assert!(!STYLE.contains('<') && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        assert_eq!(spoken(&"+12125550123".parse().unwrap()), "(212) 555-0123");
        assert_eq!(spoken(&"+442079460000".parse().unwrap()), "+442079460000");
    }
}
