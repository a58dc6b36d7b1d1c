//! The token of a quote: what was agreed to, and the proof that we offered it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{ClinicId, Detail, Fault, Id as _, Kind, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::{Amount, Unit};

const VERSION: u8 = 1;
/// Version, end, most, unit; then the digest of the inputs, then the proof.
const SAYS: usize = 1 + 8 + 8 + 7;
const INPUTS: usize = 16;
const PROOF: usize = 16;
/// Keeps these proofs apart from others made with the same secret.
const LABEL: &[u8] = b"quote";

/// What somebody agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// In which unit.
    pub unit: Unit,
    /// The most it may cost.
    pub most: i64,
    /// Until when the offer held, to the second.
    pub until: Timestamp,
}

/// Why a quote cannot be agreed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteFault {
    /// It is not one of ours, or of other inputs.
    #[error("the quote is not for what is to be sent")]
    Other,
    /// Its time is over.
    #[error("the quote has expired")]
    Expired,
    /// It costs more by now.
    #[error("it costs {now} by now, which is more than the {agreed} agreed to")]
    Dearer {
        /// What was agreed to.
        agreed: Amount,
        /// What it costs now.
        now: Amount,
    },
}

impl Fault for QuoteFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Other => Kind::Invalid,
            Self::Expired => Kind::Gone,
            Self::Dearer { .. } => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Other => "quote_differs",
            Self::Expired => "quote_expired",
            Self::Dearer { .. } => "quote_dearer",
        }
    }

    fn details(&self) -> Vec<Detail> {
        vec![Detail::new("/quote", "ask for a new quote and agree to that")]
    }
}

fn proof(secret: &[u8], clinic: ClinicId, says: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC takes a key of any length");
    mac.update(LABEL);
    mac.update(clinic.uuid().as_bytes());
    mac.update(says);
    mac
}

fn says(agreed: &Agreed, inputs: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SAYS + INPUTS + PROOF);
    bytes.push(VERSION);
    bytes.extend_from_slice(&agreed.until.as_second().to_be_bytes());
    bytes.extend_from_slice(&agreed.most.to_be_bytes());
    bytes.extend_from_slice(format!("{:<7}", agreed.unit.to_string()).as_bytes());
    bytes.extend_from_slice(&Sha256::digest(inputs)[..INPUTS]);
    bytes
}

pub(super) fn make(secret: &[u8], clinic: ClinicId, agreed: &Agreed, inputs: &[u8]) -> String {
    let mut bytes = says(agreed, inputs);
    let mac = proof(secret, clinic, &bytes);
    bytes.extend_from_slice(&mac.finalize().into_bytes()[..PROOF]);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(bytes: &[u8]) -> Option<Agreed> {
    let number = |at: usize| Some(i64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let unit = str::from_utf8(bytes.get(17..SAYS)?).ok()?.trim_end().parse().ok()?;
    let until = Timestamp::from_second(number(1)?).ok()?;
    (bytes[0] == VERSION).then_some(Agreed { unit, most: number(9)?, until })
}

/// Reads an agreement: it must be an offer of ours to this clinic, for these inputs, not expired, and what it
/// costs now must not be more. The price is that of the time of sending: less than agreed is fine.
pub fn agree(
    secrets: &[&[u8]],
    clinic: ClinicId,
    token: &str,
    inputs: &[u8],
    costs: Amount,
    now: Timestamp,
) -> Result<Agreed, QuoteFault> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| QuoteFault::Other)?;
    if bytes.len() != SAYS + INPUTS + PROOF {
        return Err(QuoteFault::Other);
    }
    let (signed, tag) = bytes.split_at(SAYS + INPUTS);
    let ours = |secret: &&[u8]| proof(secret, clinic, signed).verify_truncated_left(tag).is_ok();
    if !secrets.iter().any(ours) || signed[SAYS..] != Sha256::digest(inputs)[..INPUTS] {
        return Err(QuoteFault::Other);
    }
    let agreed = read(signed).ok_or(QuoteFault::Other)?;
    if agreed.unit != costs.unit {
        return Err(QuoteFault::Other);
    }
    if agreed.until < now {
        return Err(QuoteFault::Expired);
    }
    if costs.minor > agreed.most {
        return Err(QuoteFault::Dearer { agreed: Amount::new(agreed.most, agreed.unit), now: costs });
    }
    Ok(agreed)
}
