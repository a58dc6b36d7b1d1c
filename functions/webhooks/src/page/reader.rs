//! In which language somebody reads.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use kernel::Language;
use url::form_urlencoded;

use super::Words;

/// What a request tells of its reader: the language they chose on the page, and the one their browser asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader {
    chosen: Option<&'static Words>,
    asked: Option<&'static Words>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Scanners and mail programs add parameters of their own: what is not known is passed over.
        let query = parts.uri.query().unwrap_or_default();
        let chosen = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "lang")
            .and_then(|(_, value)| Words::of(&value.parse().ok()?));
        let asked = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| asked(value.to_str().ok()?));
        Ok(Self { chosen, asked })
    }
}

impl Reader {
    /// The words for this reader: as they chose, else as we know they like it, else as their browser asks for,
    /// else as the clinic writes.
    pub(crate) fn words(&self, person: Option<&Language>, clinic: Option<&Language>) -> &'static Words {
        self.chosen
            .or_else(|| person.and_then(Words::of))
            .or(self.asked)
            .or_else(|| clinic.and_then(Words::of))
            .unwrap_or_else(Words::usual)
    }
}

/// The first of our languages in `Accept-Language` by weight (RFC 9110 §12.5.4).
fn asked(header: &str) -> Option<&'static Words> {
    let mut best: Option<(f32, &'static Words)> = None;
    for range in header.split(',').take(20) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(weight) => weight.parse().unwrap_or(0.0),
            None => 1.0,
        };
        let Some(words) = tag.trim().parse().ok().and_then(|language| Words::of(&language)) else { continue };
        if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, words));
        }
    }
    best.map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("es-MX,es;q=0.9,en;q=0.8", Some("es"))]
    #[case("fr-CA, en;q=0.3, es;q=0.7", Some("es"))]
    #[case("de, en;q=0", None)]
    #[case("*", None)]
    #[case("", None)]
    #[case("en;q=x, ES", Some("es"))]
    fn the_browser_is_read_by_weight(#[case] header: &str, #[case] language: Option<&str>) {
        assert_eq!(asked(header).map(|words| words.language.as_str()), language);
    }

    #[test]
    fn a_choice_goes_before_what_we_know_and_that_before_the_browser() {
        let (en, es): (Language, Language) = ("en-US".parse().unwrap(), "es".parse().unwrap());
        let (english, spanish) = (Words::of(&en), Words::of(&es));
        let told =
            |chosen, asked, person, clinic| Reader { chosen, asked }.words(person, clinic).language.as_str();
        assert_eq!(told(english, spanish, Some(&es), Some(&es)), "en");
        assert_eq!(told(None, english, Some(&es), Some(&en)), "es");
        assert_eq!(told(None, spanish, None, Some(&en)), "es");
        let vietnamese: Language = "vi".parse().unwrap();
        assert_eq!(told(None, None, Some(&vietnamese), Some(&es)), "es");
        assert_eq!(told(None, None, None, None), "en");
    }
}
