//! Phone numbers as E.164.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A phone number in E.164 form, `+` and 7 to 15 digits. Reading what people type is the work of `people`;
/// this type holds what came out of it or what a provider sent. `Debug` shows the last two digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

/// The text is not an E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in international form: a plus sign and 7 to 15 digits, such as +12125550123")]
pub struct NotAPhone;

impl Phone {
    /// The number with its plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the North American plan reserves it for things no text can reach (toll-free, premium).
    pub fn is_toll_free_or_premium(&self) -> bool {
        // NANP toll-free codes, and 900 for premium.
        self.0
            .strip_prefix("+1")
            .and_then(|rest| rest.get(..3))
            .is_some_and(|code| matches!(code, "800" | "833" | "844" | "855" | "866" | "877" | "888" | "900"))
    }
}

impl FromStr for Phone {
    type Err = NotAPhone;
    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let digits = text.strip_prefix('+').ok_or(NotAPhone)?;
        let fits = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAPhone) }
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+•••{}", &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_e164_is_taken() {
        for bad in ["", "+", "12125550123", "+1 212 555 0123", "+0123456789", "+1234567890123456", "+12345"] {
            assert_eq!(bad.parse::<Phone>(), Err(NotAPhone), "{bad}");
        }
        let phone: Phone = "+12125550123".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "+•••23");
        assert!("+18005550100".parse::<Phone>().unwrap().is_toll_free_or_premium());
    }
}
