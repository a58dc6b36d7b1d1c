//! What balances are counted in: money in the minor units of a currency, credits, or messages.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

#[derive(Deserialize)]
struct Currencies {
    digits: BTreeMap<String, u8>,
}

static CURRENCIES: LazyLock<BTreeMap<String, u8>> = LazyLock::new(|| {
    let data: Currencies = serde_json::from_str(include_str!("../data/currencies.json"))
        .expect("the list of currencies is checked by a test");
    data.digits
});

/// A currency that clinics pay in (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text names no unit that balances are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a currency we take (ISO 4217), nor CREDIT or MESSAGE")]
pub struct NotAUnit;

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// Three capital letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals its minor unit stands for: 2 for cents.
    pub fn digits(&self) -> u8 {
        CURRENCIES.get(self.code()).copied().unwrap_or(2)
    }
}

impl FromStr for Currency {
    type Err = NotAUnit;
    fn from_str(code: &str) -> Result<Self, NotAUnit> {
        let letters: [u8; 3] = code.as_bytes().try_into().map_err(|_| NotAUnit)?;
        if CURRENCIES.contains_key(code) { Ok(Self(letters)) } else { Err(NotAUnit) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a balance is counted in. Each clinic has one ledger per unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Minor units of a currency: cents for dollars.
    Money(Currency),
    /// Credits.
    Credits,
    /// Messages: for clinics that pay a flat price, with or without a cap.
    Messages,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(currency) => fmt::Display::fmt(currency, f),
            Self::Credits => f.write_str("CREDIT"),
            Self::Messages => f.write_str("MESSAGE"),
        }
    }
}

impl FromStr for Unit {
    type Err = NotAUnit;
    fn from_str(text: &str) -> Result<Self, NotAUnit> {
        match text {
            "CREDIT" => Ok(Self::Credits),
            "MESSAGE" => Ok(Self::Messages),
            code => code.parse().map(Self::Money),
        }
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Currency, Unit);

/// So much of a unit. Whole numbers only: there is no rounding anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units of money, or whole credits or messages.
    pub minor: i64,
    /// Of what.
    pub unit: Unit,
}

impl Amount {
    /// So much of a unit.
    pub fn new(minor: i64, unit: Unit) -> Self {
        Self { minor, unit }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.unit {
            Unit::Money(currency) => usize::from(currency.digits()),
            _ => 0,
        };
        if digits == 0 {
            return write!(f, "{} {}", self.minor, self.unit);
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        let text = format!("{:0>width$}", self.minor.unsigned_abs(), width = digits + 1);
        let (whole, rest) = text.split_at(text.len() - digits);
        write!(f, "{sign}{whole}.{rest} {}", self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("USD", 1234, "12.34 USD")]
    #[case("USD", -5, "-0.05 USD")]
    #[case("JPY", 500, "500 JPY")]
    #[case("KWD", 1, "0.001 KWD")]
    #[case("CREDIT", 15, "15 CREDIT")]
    #[case("MESSAGE", 0, "0 MESSAGE")]
    fn amounts_are_whole_minor_units_and_read_as_people_write_them(
        #[case] unit: &str,
        #[case] minor: i64,
        #[case] text: &str,
    ) {
        let amount = Amount::new(minor, unit.parse().unwrap());
        assert_eq!(amount.to_string(), text);
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, format!(r#"{{"minor":{minor},"unit":"{unit}"}}"#));
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
    }

    #[test]
    fn units_nobody_knows_are_refused() {
        for text in ["", "usd", "XXX", "DOLLAR", "CREDITS"] {
            assert_eq!(text.parse::<Unit>(), Err(NotAUnit), "{text}");
        }
    }
}
