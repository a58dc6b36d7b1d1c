//! Whether a call is Twilio's: <https://www.twilio.com/docs/usage/webhooks/webhooks-security>.
//!
//! The signature is base64 of HMAC-SHA1 under the account's token, over the address followed by name and value
//! of each form field, sorted by name. Twilio signs some addresses with their port and some without, and older
//! ones with another escaping of the query, so each spelling is tried.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use kernel::Masked;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use url::Url;

use super::form::{self, Pair};
use crate::{
    Provider, RawCall, Unverified, Verified,
    hook::{Call, only},
};

const HEADER: &str = "x-twilio-signature";
/// In the query of calls whose body is no form.
const BODY_HASH: &[u8] = b"bodySHA256";

pub(super) fn verify(
    provider: Provider,
    tokens: &[Masked<String>],
    raw: &RawCall,
) -> Result<Verified, Unverified> {
    let given = signature(raw)?;
    let url = Url::parse(&raw.url).map_err(|_| Unverified::Misshapen)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Unverified::Misshapen);
    }
    let query = form::lenient(url.query().unwrap_or_default().as_bytes());
    let hash = query.iter().find(|(name, _)| name == BODY_HASH).map(|(_, value)| value.clone());

    // What is signed besides the address: nothing for GET and for bodies with a hash, else the form.
    let signed = match (&raw.method, &hash) {
        (&Method::GET, _) | (_, Some(_)) => Vec::new(),
        (_, None) => form::strict(&raw.body).ok_or(Unverified::Misshapen)?,
    };
    if !bool::from(fits(tokens, &spellings(&raw.url, &url), &signed, &given)) {
        return Err(Unverified::Forged);
    }
    let fields = match hash {
        _ if raw.method == Method::GET => form::texts(query),
        Some(hash) if !bool::from(is_hash_of(&hash, &raw.body)) => return Err(Unverified::BodyChanged),
        _ => form::texts(signed),
    };
    Ok(Verified { provider, call: Call::Form { url: raw.url.clone(), fields } })
}

fn signature(raw: &RawCall) -> Result<[u8; 20], Unverified> {
    let bytes = STANDARD.decode(only(raw, HEADER)?).map_err(|_| Unverified::Forged)?;
    bytes.try_into().map_err(|_| Unverified::Forged)
}

/// Every token and spelling is tried to the end: how long it takes tells nothing.
fn fits(tokens: &[Masked<String>], urls: &[String], fields: &[Pair], given: &[u8; 20]) -> Choice {
    let tail = joined(fields);
    let mut fits = Choice::from(0);
    for token in tokens {
        for url in urls {
            let mut mac = Hmac::<Sha1>::new_from_slice(token.reveal().as_bytes())
                .expect("HMAC takes keys of any length (RFC 2104)");
            mac.update(url.as_bytes());
            mac.update(&tail);
            let right: [u8; 20] = mac.finalize().into_bytes().into();
            fits |= right.ct_eq(given);
        }
    }
    fits
}

/// Name and value of each field, by name in byte order; of a repeated name its different values in order.
fn joined(fields: &[Pair]) -> Vec<u8> {
    let mut sorted: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
    for (name, value) in fields {
        sorted.entry(name).or_default().insert(value);
    }
    let mut out = Vec::new();
    for (name, values) in sorted {
        for value in values {
            out.extend_from_slice(name);
            out.extend_from_slice(value);
        }
    }
    out
}

fn is_hash_of(hash: &[u8], body: &[u8]) -> Choice {
    hex::encode(Sha256::digest(body)).as_bytes().ct_eq(hash)
}

/// The ways Twilio may have written the address: as it came; and with or without its port, with the query as it
/// came, escaped as a browser does, or escaped as old versions of its software did.
fn spellings(original: &str, url: &Url) -> Vec<String> {
    let mut tails = vec![
        raw_tail(original).to_owned(),
        tail(url.path(), url.query()),
        tail(url.path(), url.query().map(legacy).as_deref()),
    ];
    tails.sort_unstable();
    tails.dedup();
    let mut all = vec![original.to_owned()];
    for head in [head(url, false), head(url, true)] {
        all.extend(tails.iter().map(|tail| format!("{head}{tail}")));
    }
    all
}

fn head(url: &Url, with_port: bool) -> String {
    let mut head = format!("{}://", url.scheme());
    if !url.username().is_empty() || url.password().is_some() {
        head.push_str(url.username());
        if let Some(password) = url.password() {
            head.push(':');
            head.push_str(password);
        }
        head.push('@');
    }
    head.push_str(url.host_str().unwrap_or_default());
    if with_port && let Some(port) = url.port_or_known_default() {
        head.push(':');
        head.push_str(&port.to_string());
    }
    head
}

fn tail(path: &str, query: Option<&str>) -> String {
    query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

/// Everything behind the host, untouched, without a fragment.
fn raw_tail(original: &str) -> &str {
    let behind_scheme = original.find("://").map_or(0, |at| at + 3);
    let rest = &original[behind_scheme..];
    let rest = &rest[rest.find(['/', '?', '#']).unwrap_or(rest.len())..];
    rest.split('#').next().unwrap_or_default()
}

/// The query read and written again as Node's `querystring` does: repeated names stand together where the first
/// one stood, blanks become `%20`, and `!'()*~` stay.
fn legacy(query: &str) -> String {
    let mut grouped: Vec<(Vec<u8>, Vec<Vec<u8>>)> = Vec::new();
    for (name, value) in form::lenient(query.as_bytes()) {
        match grouped.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => grouped.push((name, vec![value])),
        }
    }
    let mut out = String::new();
    for (name, values) in &grouped {
        for value in values {
            if !out.is_empty() {
                out.push('&');
            }
            escape(name, &mut out);
            out.push('=');
            escape(value, &mut out);
        }
    }
    out
}

fn escape(text: &[u8], out: &mut String) {
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
}

#[cfg(test)]
mod tests;
