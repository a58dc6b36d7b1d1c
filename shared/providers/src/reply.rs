//! Addresses to reply to: `reply+…@in.example.com`, from which an answer finds what it answers, and which nobody
//! but us can make.

use hmac::{Hmac, KeyInit, Mac};
use kernel::{EmailAddress, Masked, MessageId};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

const PREFIX: &str = "reply+";
/// Letters of an id behind its prefix.
const ID: usize = 26;
/// Bytes of the proof. Guessing one of 80 bits is beyond anybody who has to send a mail for each try.
const PROOF: usize = 10;

/// Makes and reads reply addresses of one domain.
pub struct ReplyTokens {
    keys: Vec<Masked<String>>,
    domain: String,
}

impl ReplyTokens {
    /// Addresses are proven with the first key and believed with any; a blank key is none. `None` without a key.
    pub fn new(keys: impl IntoIterator<Item = Masked<String>>, domain: impl Into<String>) -> Option<Self> {
        let keys: Vec<_> = keys.into_iter().filter(|key| !key.reveal().trim().is_empty()).collect();
        (!keys.is_empty()).then(|| Self { keys, domain: domain.into().to_ascii_lowercase() })
    }

    /// The address at which a message is answered; `None` if the domain is none.
    pub fn address(&self, message: MessageId) -> Option<EmailAddress> {
        let id = message.to_string();
        let (_, id) = id.split_once('_')?;
        let proof = hex::encode(proof(self.keys.first()?, id));
        format!("{PREFIX}{id}{proof}@{}", self.domain).parse().ok()
    }

    /// The message that a mail to this address answers; `None` if the address is not one that we made. Case does
    /// not count: mail servers on the way may change it.
    pub fn read(&self, address: &EmailAddress) -> Option<MessageId> {
        let address = address.folded();
        let (local, domain) = address.rsplit_once('@')?;
        let token = local.strip_prefix(PREFIX)?;
        if domain != self.domain || token.len() != ID + 2 * PROOF || !token.is_ascii() {
            return None;
        }
        let (id, given) = token.split_at(ID);
        let given: [u8; PROOF] = hex::decode(given).ok()?.try_into().ok()?;
        let mut fits = Choice::from(0);
        for key in &self.keys {
            fits |= proof(key, id).ct_eq(&given);
        }
        bool::from(fits).then(|| format!("msg_{id}").parse().ok()).flatten()
    }
}

fn proof(key: &Masked<String>, id: &str) -> [u8; PROOF] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes())
        .expect("HMAC takes keys of any length (RFC 2104)");
    // What else is proven with this key begins otherwise.
    mac.update(b"reply address of a message\0");
    mac.update(id.as_bytes());
    let mut proof = [0; PROOF];
    proof.copy_from_slice(&mac.finalize().into_bytes()[..PROOF]);
    proof
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn tokens(keys: &[&str]) -> ReplyTokens {
        let keys = keys.iter().map(|key| Masked::new((*key).to_owned()));
        ReplyTokens::new(keys, "In.Example.com").unwrap()
    }

    fn message() -> MessageId {
        "msg_01kaq3v7m1f9s0t3w5x7y9z1bc".parse().unwrap()
    }

    #[test]
    fn an_address_leads_back_to_its_message() {
        let address = tokens(&["key"]).address(message()).unwrap();
        assert!(address.as_str().starts_with("reply+01kaq3v7m1f9s0t3w5x7y9z1bc"));
        assert!(address.as_str().ends_with("@in.example.com"));
        assert_eq!(tokens(&["key"]).read(&address), Some(message()));
        let shouted: EmailAddress = address.as_str().to_ascii_uppercase().parse().unwrap();
        assert_eq!(tokens(&["key"]).read(&shouted), Some(message()));
        assert_eq!(tokens(&["new", "key"]).read(&address), Some(message()), "while the key is being changed");
        assert_eq!(tokens(&["new"]).read(&address), None);
    }

    #[rstest]
    #[case("reply@in.example.com")]
    #[case("reply+@in.example.com")]
    #[case("reply+01kaq3v7m1f9s0t3w5x7y9z1bc@in.example.com")]
    #[case("reply+01kaq3v7m1f9s0t3w5x7y9z1bc00000000000000000000@in.example.com")]
    #[case("ana@example.com")]
    fn what_we_did_not_make_leads_nowhere(#[case] address: &str) {
        assert_eq!(tokens(&["key"]).read(&address.parse().unwrap()), None);
    }

    #[test]
    fn another_domain_and_a_blank_key_lead_nowhere() {
        let address = tokens(&["key"]).address(message()).unwrap();
        let moved = address.as_str().replace("in.example.com", "example.com").parse().unwrap();
        assert_eq!(tokens(&["key"]).read(&moved), None);
        assert!(ReplyTokens::new([Masked::new(" ".to_owned())], "in.example.com").is_none());
        let nowhere = ReplyTokens::new([Masked::new("key".to_owned())], "nowhere").unwrap();
        assert_eq!(nowhere.address(message()), None);
    }

    proptest! {
        #[test]
        fn one_letter_changed_leads_nowhere(at in 6_usize..52, letter in "[0-9a-z]") {
            let address = tokens(&["key"]).address(message()).unwrap();
            let mut wrong = address.as_str().to_owned();
            wrong.replace_range(at..=at, &letter);
            prop_assume!(wrong != address.as_str());
            prop_assert_eq!(tokens(&["key"]).read(&wrong.parse().unwrap()), None);
        }
    }
}
