//! Languages as BCP 47 tags.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A BCP 47 language tag, such as `en`, `es-MX` or `zh-Hant`, in its usual letter case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(String);

/// The text is not a language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language tag (BCP 47), such as en or es-MX")]
pub struct NotALanguage;

impl Language {
    /// English.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The whole tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, without script or region.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl FromStr for Language {
    type Err = NotALanguage;
    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let mut tag = String::with_capacity(text.len());
        for (index, part) in text.split('-').enumerate() {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let cased = match (index, part.len()) {
                (0, 2..=3) if letters => part.to_ascii_lowercase(),
                (0, _) => return Err(NotALanguage),
                (_, 4) if letters => {
                    format!("{}{}", part[..1].to_ascii_uppercase(), part[1..].to_ascii_lowercase())
                }
                (_, 2) if letters => part.to_ascii_uppercase(),
                (_, 1..=8) if part.bytes().all(|b| b.is_ascii_alphanumeric()) => part.to_ascii_lowercase(),
                _ => return Err(NotALanguage),
            };
            if index > 0 {
                tag.push('-');
            }
            tag.push_str(&cased);
        }
        if tag.len() > 35 { Err(NotALanguage) } else { Ok(Self(tag)) }
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_their_usual_case() {
        for (text, tag) in
            [("EN", "en"), ("es-mx", "es-MX"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")]
        {
            assert_eq!(text.parse::<Language>().unwrap().as_str(), tag);
        }
        for bad in ["", "e", "english", "en_US", "en-", "é"] {
            assert_eq!(bad.parse::<Language>(), Err(NotALanguage), "{bad}");
        }
    }
}
