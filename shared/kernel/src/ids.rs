//! Typed ids: a prefix that names the thing and a UUID of version 7, so that text order is order of creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What every typed id can do.
pub trait Id: Copy + Ord + Send + Sync + fmt::Display + FromStr<Err = NotAnId> + 'static {
    /// The letters before the underscore, for example `per`.
    const PREFIX: &'static str;
    /// Wraps the 128 bits.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The 128 bits.
    fn uuid(self) -> Uuid;

    /// The same id for the same parts, always: used where a foreign key must lead to one of our things without
    /// a look-up.
    #[must_use]
    fn derived(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(Self::PREFIX.as_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self::from_uuid(uuid::Builder::from_custom_bytes(first).into_uuid())
    }

    /// Like [`Id::derived`], but in the order of `at` among others of its kind.
    #[must_use]
    fn derived_at(at: crate::Timestamp, parts: &[&str]) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&Self::derived(parts).uuid().as_bytes()[..10]);
        let ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }
}

/// The text is not an id of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {0}_ and 26 letters or digits")]
pub struct NotAnId(pub &'static str);

fn encode(uuid: Uuid) -> [u8; 26] {
    let mut bits = uuid.as_u128();
    let mut out = [b'0'; 26];
    for slot in out.iter_mut().rev() {
        *slot = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    out
}

const NO_LETTER: u8 = u8::MAX;

/// The value of every byte as a letter. A batch reads hundreds of ids; searching for each letter was a tenth of it.
const VALUES: [u8; 256] = {
    let mut values = [NO_LETTER; 256];
    let mut value = 0;
    while value < 32 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};

fn decode(text: &[u8]) -> Option<Uuid> {
    if text.len() != 26 || text[0] > b'7' {
        return None;
    }
    let mut bits: u128 = 0;
    for letter in text {
        let value = VALUES[usize::from(*letter)];
        if value == NO_LETTER {
            return None;
        }
        bits = (bits << 5) | u128::from(value);
    }
    Some(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Sorts before every id of this kind.
            pub const FIRST: Self = Self(Uuid::nil());
            /// Sorts after every id of this kind.
            pub const LAST: Self = Self(Uuid::max());
        }

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(str::from_utf8(&encode(self.0)).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| decode(rest.as_bytes()))
                    .map(Self)
                    .ok_or(NotAnId($prefix))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A clinic: the tenant that everything belongs to.
    ClinicId = "cln";
    /// A patient, guardian, lead contact: anyone a clinic talks to.
    PersonId = "per";
    /// One way to reach a person.
    ContactId = "con";
    /// A doctor, hygienist or other member of staff that patients see.
    PractitionerId = "pra";
    /// A place of a clinic where visits happen.
    LocationId = "loc";
    /// A visit, planned or past.
    AppointmentId = "apt";
    /// A message in either direction.
    MessageId = "msg";
    /// A template, through all its versions.
    TemplateId = "tpl";
    /// A rule that sends by itself.
    RuleId = "rul";
    /// Work for a member of staff.
    TaskId = "tsk";
    /// A run of an import.
    ImportId = "imp";
    /// An event, from outside or inside.
    EventId = "evt";
    /// A purchase of credits or of money to send with.
    PurchaseId = "pur";
    /// Whoever is signed in.
    CallerId = "usr";
    /// One request through the front door.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_order_is_value_order(a: u128, b: u128) {
            let (a, b) = (PersonId(Uuid::from_u128(a)), PersonId(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }

        #[test]
        fn other_text_is_refused(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<PersonId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn another_kind_is_refused() {
        assert_eq!(MessageId::FIRST.to_string().parse::<PersonId>(), Err(NotAnId("per")));
    }

    #[test]
    fn an_id_derived_at_an_instant_is_in_its_order() {
        let at = |ms| crate::Timestamp::from_millisecond(ms).unwrap();
        assert!(MessageId::derived_at(at(1_000), &["z"]) < MessageId::derived_at(at(1_001), &["a"]));
        assert_eq!(MessageId::derived_at(at(5), &["a"]), MessageId::derived_at(at(5), &["a"]));
        assert_ne!(MessageId::derived_at(at(5), &["a"]), MessageId::derived_at(at(5), &["b"]));
    }

    #[test]
    fn parts_of_a_derived_id_do_not_run_together() {
        assert_eq!(PersonId::derived(&["a", "b"]), PersonId::derived(&["a", "b"]));
        assert_ne!(PersonId::derived(&["a", "b"]), PersonId::derived(&["ab"]));
        assert_ne!(PersonId::derived(&["a"]).to_string()[4..], ContactId::derived(&["a"]).to_string()[4..]);
    }
}
