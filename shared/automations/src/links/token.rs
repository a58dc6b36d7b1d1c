//! The text of a link: what it says, and the proof that we said it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{AppointmentId, ClinicId, Id};
use sha2::Sha256;
use uuid::Uuid;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To say whether one will come.
    Confirm,
    /// To ask for another time.
    Reschedule,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Confirm => b'c',
            Self::Reschedule => b'r',
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'c' => Some(Self::Confirm),
            b'r' => Some(Self::Reschedule),
            _ => None,
        }
    }
}

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Whose visit.
    pub clinic: ClinicId,
    /// Which visit.
    pub appointment: AppointmentId,
    /// In which generation.
    pub generation: u32,
    /// What for.
    pub purpose: Purpose,
}

/// The text is no link of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link of ours")]
pub struct NotALink;

const VERSION: u8 = 1;
const SAYS: usize = 1 + 16 + 16 + 4 + 1;
/// 96 bits of the proof: nobody guesses that, and the link stays short enough for a text message.
const PROOF: usize = 12;
/// Keeps these proofs apart from others made with the same secret.
const LABEL: &[u8] = b"visit-link";

fn proof(secret: &[u8], says: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(LABEL);
    mac.update(says);
    Some(mac)
}

/// The text of a link: 67 letters, digits, `-` and `_`.
pub fn make(secret: &[u8], link: &Link) -> String {
    let mut bytes = Vec::with_capacity(SAYS + PROOF);
    bytes.push(VERSION);
    bytes.extend_from_slice(link.clinic.uuid().as_bytes());
    bytes.extend_from_slice(link.appointment.uuid().as_bytes());
    bytes.extend_from_slice(&link.generation.to_be_bytes());
    bytes.push(link.purpose.byte());
    let mac = proof(secret, &bytes).expect("an HMAC takes a key of any length");
    bytes.extend_from_slice(&mac.finalize().into_bytes()[..PROOF]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a link says, if one of the secrets has made it: the one in use, and the one before for a while.
pub fn read(secrets: &[&[u8]], text: &str) -> Result<Link, NotALink> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotALink)?;
    if bytes.len() != SAYS + PROOF {
        return Err(NotALink);
    }
    let (says, tag) = bytes.split_at(SAYS);
    let ours = |secret: &&[u8]| proof(secret, says).is_some_and(|mac| mac.verify_truncated_left(tag).is_ok());
    if says[0] != VERSION || !secrets.iter().any(ours) {
        return Err(NotALink);
    }
    let id = |from: usize| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&says[from..from + 16]);
        Uuid::from_bytes(bytes)
    };
    let mut generation = [0; 4];
    generation.copy_from_slice(&says[33..37]);
    Ok(Link {
        clinic: ClinicId::from_uuid(id(1)),
        appointment: AppointmentId::from_uuid(id(17)),
        generation: u32::from_be_bytes(generation),
        purpose: Purpose::from_byte(says[37]).ok_or(NotALink)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(clinic: u128, appointment: u128, generation: u32, purpose: Purpose) -> Link {
        Link {
            clinic: ClinicId::from_uuid(Uuid::from_u128(clinic)),
            appointment: AppointmentId::from_uuid(Uuid::from_u128(appointment)),
            generation,
            purpose,
        }
    }

    fn purpose() -> impl Strategy<Value = Purpose> {
        prop_oneof![Just(Purpose::Confirm), Just(Purpose::Reschedule)]
    }

    proptest! {
        /// E-22
        #[test]
        fn a_link_says_what_was_put_in_and_nothing_after_a_change(
            (clinic, appointment, generation) in any::<(u128, u128, u32)>(),
            purpose in purpose(),
            at in 0usize..67,
            letter in "[A-Za-z0-9_-]",
        ) {
            let link = link(clinic, appointment, generation, purpose);
            let text = make(b"secret", &link);
            prop_assert_eq!(text.len(), 67);
            prop_assert_eq!(read(&[b"secret"], &text), Ok(link));
            let mut other = text.clone();
            other.replace_range(at..=at, &letter);
            if other != text {
                prop_assert_eq!(read(&[b"secret"], &other), Err(NotALink));
            }
            prop_assert_eq!(read(&[b"another"], &text), Err(NotALink));
        }

        #[test]
        fn other_text_is_no_link(text in "\\PC{0,80}") {
            prop_assert_eq!(read(&[b"secret"], &text), Err(NotALink));
        }

        #[test]
        fn no_part_can_be_exchanged(bits in 0usize..(SAYS + PROOF) * 8) {
            let text = make(b"secret", &link(1, 2, 3, Purpose::Confirm));
            let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            bytes[bits / 8] ^= 1 << (bits % 8);
            prop_assert_eq!(read(&[b"secret"], &URL_SAFE_NO_PAD.encode(bytes)), Err(NotALink));
        }
    }

    /// E-22
    #[test]
    fn a_link_made_with_the_secret_before_still_works() {
        let link = link(1, 2, 3, Purpose::Reschedule);
        let text = make(b"before", &link);
        assert_eq!(read(&[b"now", b"before"], &text), Ok(link));
        assert_eq!(read(&[b"now"], &text), Err(NotALink));
    }
}
