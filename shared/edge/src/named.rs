//! Maps whose keys are words of the product, such as channels.

use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IntoDeserializer, value::CowStrDeserializer},
};

/// A key that is read as text first: the place of a fault below a key that is an enum would miss the key.
struct Named<K>(K);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Named<K> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        let inner: CowStrDeserializer<'_, D::Error> = text.into_deserializer();
        K::deserialize(inner).map(Named)
    }
}

/// Reads a map by words, for `deserialize_with`: what is wrong below a key is told with the key.
pub fn by_name<'de, D, K, V>(d: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    d.deserialize_map(Words(PhantomData))
}

struct Words<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> serde::de::Visitor<'de> for Words<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = BTreeMap::new();
        while let Some((Named(key), value)) = map.next_entry()? {
            all.insert(key, value);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict::{self, Unreadable};
    use kernel::Channel;
    use rstest::rstest;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(deserialize_with = "by_name")]
        on: BTreeMap<Channel, Vec<bool>>,
    }

    #[rstest]
    #[case(r#"{"on":{"SMS":[true,"canary"]}}"#, "/on/SMS/1")]
    #[case(r#"{"on":{"SMS":"canary"}}"#, "/on/SMS")]
    #[case(r#"{"on":[]}"#, "/on")]
    #[case(r#"{"on":{"FAX":[]}}"#, "/on/FAX")]
    fn what_is_wrong_below_a_word_is_told_with_the_word(#[case] body: &str, #[case] at: &str) {
        let Err(Unreadable::Form(detail)) = strict::json::<Body>(body.as_bytes()) else { panic!("{body}") };
        assert_eq!(detail.at, at, "{}", detail.says);
        assert!(!detail.says.contains("canary"));
    }

    #[test]
    fn a_map_by_words_is_read() {
        let Ok(body) = strict::json::<Body>(br#"{"on":{"SMS":[true],"EMAIL":[]}}"#) else { panic!() };
        assert_eq!(body.on[&Channel::Sms], [true]);
    }
}
