//! Where messages are sent from, as prices and activations see it.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A country, or a state of one: `US`, `US-NY` (ISO 3166-1 alpha-2, ISO 3166-2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Place(String);

/// The text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country or state, such as US or US-NY")]
pub struct NotAPlace;

impl Place {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the other is this place or within it.
    pub fn holds(&self, other: &Self) -> bool {
        other.0 == self.0 || (!self.0.contains('-') && other.0.split('-').next() == Some(&self.0))
    }
}

impl FromStr for Place {
    type Err = NotAPlace;
    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (country, state) = text.split_once('-').map_or((text, None), |(c, s)| (c, Some(s)));
        let fits = country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && state.is_none_or(|state| {
                (1..=3).contains(&state.len())
                    && state.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAPlace) }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}
