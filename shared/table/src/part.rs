//! How values are written into keys, so that the order of the text is the order of the values.

use kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// A value that can stand in a key.
pub trait Part {
    /// Appends the value.
    fn write(&self, out: &mut String);
}

/// Sixteen bytes of SHA-256 over something personal that must lead to an item without standing in its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u128);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(D::Error::custom)
    }
}

impl Digest {
    /// The digest of a text in its folded form; the caller folds.
    pub fn of(text: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        Self(u128::from_be_bytes(half))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Part for Digest {
    fn write(&self, out: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(out, "{self}");
    }
}

/// Bytes up to `$` are written as `$` and two hex digits: they stay above the separator `#`, below everything
/// else and in their own order.
impl Part for str {
    fn write(&self, out: &mut String) {
        use std::fmt::Write as _;
        for letter in self.chars() {
            if letter <= '$' {
                let _ = write!(out, "${:02x}", letter as u32);
            } else {
                out.push(letter);
            }
        }
    }
}

impl Part for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl Part for kernel::$id {
            fn write(&self, out: &mut String) {
                use std::fmt::Write as _;
                let _ = write!(out, "{self}");
            }
        }
    )*};
}

ids!(
    AppointmentId,
    CallerId,
    ClinicId,
    ContactId,
    EventId,
    ImportId,
    LocationId,
    MessageId,
    PersonId,
    PractitionerId,
    PurchaseId,
    RequestId,
    RuleId,
    TaskId,
    TemplateId
);

impl Part for Timestamp {
    fn write(&self, out: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(out, "{self:.3}");
    }
}

macro_rules! numbers {
    ($($number:ty: $width:literal),*) => {$(
        impl Part for $number {
            fn write(&self, out: &mut String) {
                use std::fmt::Write as _;
                let _ = write!(out, concat!("{:0", $width, "}"), self);
            }
        }
    )*};
}

numbers!(u8: 3, u16: 5, u32: 10, u64: 20);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(part: &(impl Part + ?Sized)) -> String {
        let mut out = String::new();
        part.write(&mut out);
        out
    }

    proptest! {
        #[test]
        fn text_before_a_separator_keeps_its_order(a in "[ -~é\u{0}-\u{1f}]{0,8}", b in "[ -~é\u{0}-\u{1f}]{0,8}") {
            let (x, y) = (written(&a) + "#", written(&b) + "#");
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }

        #[test]
        fn numbers_keep_their_order(a: u64, b: u64) {
            prop_assert_eq!(written(&a).cmp(&written(&b)), a.cmp(&b));
        }

        #[test]
        fn instants_keep_their_order(a in 0i64..4_102_444_800_000, b in 0i64..4_102_444_800_000) {
            let (x, y) = (Timestamp::from_millisecond(a).unwrap(), Timestamp::from_millisecond(b).unwrap());
            prop_assert_eq!(written(&x).cmp(&written(&y)), a.cmp(&b));
        }
    }
}
