//! The forms of ids and words that come in, for the document of the API: whoever writes a client sees what fits
//! before it is refused.
//!
//! Each type here stands beside one of the product: the words are read off the type that takes them in, so that
//! there is no second list.

use std::borrow::Cow;

use kernel::Id;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

/// Asks a type for its words by letting it read something that is none.
struct Asking<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("it has no list of words"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = words;
        Err(Error::custom("the words are known now"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn words_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut words: &'static [&'static str] = &[];
    let _ = T::deserialize(Asking(&mut words));
    words
}

fn one_of<T: for<'de> Deserialize<'de>>() -> ObjectBuilder {
    text().enum_values(Some(words_of::<T>().iter().copied()))
}

/// As [`kernel::ids`] writes them: the first letter carries three bits, the others five.
fn id<I: Id>() -> ObjectBuilder {
    text().pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", I::PREFIX)))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

words! {
    /// The id of a person.
    PersonId = id::<kernel::PersonId>();
    /// The id of a way to reach a person.
    ContactId = id::<kernel::ContactId>();
    /// The id of a place.
    LocationId = id::<kernel::LocationId>();
    /// The id of a member of the staff that patients see.
    PractitionerId = id::<kernel::PractitionerId>();
    /// The id of a visit.
    AppointmentId = id::<kernel::AppointmentId>();
    /// The id of a template.
    TemplateId = id::<kernel::TemplateId>();
    /// The id of whoever is signed in.
    CallerId = id::<kernel::CallerId>();
    /// A channel.
    Channel = one_of::<kernel::Channel>();
    /// What a message is about.
    Category = one_of::<kernel::Category>();
    /// How far a consent goes.
    ConsentLevel = one_of::<consent::ledger::Level>();
    /// How somebody said what they want.
    Method = one_of::<consent::ledger::Method>();
    /// Why nothing goes to an address.
    StopReason = one_of::<consent::ledger::StopReason>();
    /// What a file of facts is written in.
    FileFormat = one_of::<people::imports::Format>();
    /// What there is to do for staff.
    TaskKind = one_of::<messaging::desk::TaskKind>();
    /// How far a message is.
    MessageStatus = one_of::<messaging::Status>();
    /// Where a visit stands.
    VisitStatus = one_of::<people::appointments::Status>();
    /// What is known about whether an address works.
    ContactStatus = one_of::<people::ContactStatus>();
    /// What becomes of a reminder whose moment has passed.
    Late = one_of::<automations::rules::Late>();
    /// How private a value is.
    Sensitivity = one_of::<templates::Sensitivity>();
    /// A language as a BCP 47 tag.
    Language = text().pattern(Some("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"));
    /// A phone number as E.164.
    Phone = text().pattern(Some(r"^\+[1-9][0-9]{6,14}$"));
    /// A mail address.
    EmailAddress = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)));
    /// A time zone of the tz database.
    Zone = text().pattern(Some("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_the_type_takes() {
        assert_eq!(words_of::<kernel::Channel>(), ["SMS", "EMAIL", "IN_APP", "PUSH", "VOICE", "WHATSAPP"]);
        for (name, words) in [
            ("category", words_of::<kernel::Category>()),
            ("level", words_of::<consent::ledger::Level>()),
            ("method", words_of::<consent::ledger::Method>()),
            ("reason", words_of::<consent::ledger::StopReason>()),
            ("format", words_of::<people::imports::Format>()),
            ("task", words_of::<messaging::desk::TaskKind>()),
            ("message", words_of::<messaging::Status>()),
            ("visit", words_of::<people::appointments::Status>()),
            ("contact", words_of::<people::ContactStatus>()),
            ("late", words_of::<automations::rules::Late>()),
            ("sensitivity", words_of::<templates::Sensitivity>()),
        ] {
            assert!(words.len() > 1, "{name} is taken in some other way than as one of its words");
        }
        assert!(words_of::<String>().is_empty());
    }
}
