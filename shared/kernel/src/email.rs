//! E-mail addresses, as far as a tenant's data needs them (RFC 5321 limits, ASCII local part for SES).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// An e-mail address with its domain in lower case. `Debug` shows the domain only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// The text is not an address mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: a name, one @ and a domain with a dot, such as ana@example.com")]
pub struct NotAnEmail;

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The form under which two spellings of one mailbox are the same, for suppression.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn local_fits(local: &str) -> bool {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    (1..=64).contains(&local.len())
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn label_fits(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl FromStr for EmailAddress {
    type Err = NotAnEmail;
    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let fits = text.len() <= 254
            && local_fits(local)
            && domain.contains('.')
            && domain.split('.').all(label_fits);
        if fits { Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()))) } else { Err(NotAnEmail) }
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "•••@{}", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-20
    #[test]
    fn addresses_are_taken_or_refused_as_the_field_does() {
        for good in ["a@b.co", "o'neil+x@ex-ample.com", "x_1.2@sub.example.museum"] {
            assert_eq!(good.parse::<EmailAddress>().unwrap().as_str(), good);
        }
        let long = format!("{}@x.com", "a".repeat(65));
        for bad in ["a@b", "a..b@x.com", ".a@x.com", "a@-x.com", "a b@x.com", "a@x..com", "a@x.com.", &long] {
            assert_eq!(bad.parse::<EmailAddress>(), Err(NotAnEmail), "{bad}");
        }
        assert_eq!("Ana@Example.COM".parse::<EmailAddress>().unwrap().as_str(), "Ana@example.com");
    }
}
