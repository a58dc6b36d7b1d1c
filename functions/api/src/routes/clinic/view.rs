//! The settings of a clinic as they are shown and set.

use edge::Versioned;
use jiff::civil::Time;
use kernel::{ClinicId, EmailAddress, Language, Phone, Zone};
use people::{
    Clinic, Region,
    clinic::{MailSender, TextSender, Window},
    location::Address,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use table::Kept;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::words;

/// A clinic, and what its messages need to know of it.
#[derive(Debug, Serialize)]
pub(super) struct ClinicView {
    id: ClinicId,
    version: u64,
    #[serde(flatten)]
    settings: ClinicSettings,
}

/// The settings with two more fields. A body of settings alone takes no others, so that one schema cannot be put
/// beside the other.
impl PartialSchema for ClinicView {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut object)) = ClinicSettings::schema() else {
            return ClinicSettings::schema();
        };
        object.additional_properties = None;
        object.description = Some("A clinic as it is set up.".to_owned());
        for (name, r#type) in [("id", Type::String), ("version", Type::Integer)] {
            object.properties.insert(name.to_owned(), ObjectBuilder::new().schema_type(r#type).into());
            object.required.push(name.to_owned());
        }
        object.example = Some(json!({
            "id": "cln_01m8cz00000000000000000000",
            "version": 3,
            "name": "Bright Smiles Dental, LLC",
            "brand": "Bright Smiles",
            "zone": "America/New_York",
            "state": "NY",
            "region": "US",
            "language": "en",
            "help_phone": "+12125550100",
            "address": { "street": "12 Elm Street", "city": "Albany", "state": "NY", "postal": "12207" },
            "text": { "number": "+12125550100" },
            "mail": { "address": "hello@clinic.example", "name": "Bright Smiles" },
            "window": { "from": "08:00:00", "to": "21:00:00" },
            "marketing_window": { "from": "09:00:00", "to": "17:00:00" }
        }));
        object.into()
    }
}

impl ToSchema for ClinicView {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ClinicSettings::schemas(schemas);
    }
}

/// What a clinic sets for its messages. It takes the place of what there was.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Bright Smiles Dental, LLC",
    "brand": "Bright Smiles",
    "zone": "America/New_York",
    "state": "NY",
    "language": "en",
    "help_phone": "+12125550100",
    "text": { "number": "+12125550100" },
    "mail": { "address": "hello@clinic.example", "name": "Bright Smiles" },
    "window": { "from": "08:00:00", "to": "21:00:00" },
    "marketing_window": { "from": "09:00:00", "to": "17:00:00" }
}))]
pub(super) struct ClinicSettings {
    /// The name of the company, 1 to 100 characters.
    name: String,
    /// The name in messages, 1 to 25 characters.
    brand: String,
    /// The zone its days are counted in, unless a location has its own.
    #[schema(value_type = words::Zone)]
    zone: Zone,
    /// The state whose law holds, two letters in the United States.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// The country in which numbers without a country code are dialled; `US` unless told.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    region: Region,
    /// The language of messages to people who want no other.
    #[schema(value_type = words::Language)]
    language: Language,
    /// The number in the answer to HELP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Phone>)]
    help_phone: Option<Phone>,
    /// The mailbox people write to for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::EmailAddress>)]
    help_email: Option<EmailAddress>,
    /// The postal address that mail with offers shows.
    #[serde(default)]
    address: PostalAddress,
    /// Who texts come from; without it no text is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<TextFrom>,
    /// Who mail comes from; without it no mail is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mail: Option<MailFrom>,
    /// When messages about visits and care may go out, on the recipient's clock.
    window: Hours,
    /// When offers may go out, on the recipient's clock.
    marketing_window: Hours,
}

/// A postal address.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PostalAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal: Option<String>,
}

impl From<&Address> for PostalAddress {
    fn from(address: &Address) -> Self {
        let Address { street, city, state, postal } = address.clone();
        Self { street, city, state, postal }
    }
}

/// Who texts come from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TextFrom {
    /// The number people know and answer to.
    #[schema(value_type = words::Phone)]
    number: Phone,
    /// The provider's id of a pool of numbers, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
}

/// Who mail comes from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailFrom {
    #[schema(value_type = words::EmailAddress)]
    address: EmailAddress,
    /// The name beside it.
    name: String,
    /// Where answers go, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::EmailAddress>)]
    reply_to: Option<EmailAddress>,
}

/// A stretch of the day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Hours {
    /// The first minute.
    #[schema(value_type = String)]
    from: Time,
    /// The minute it ends.
    #[schema(value_type = String)]
    to: Time,
}

impl From<Window> for Hours {
    fn from(window: Window) -> Self {
        Self { from: window.from, to: window.to }
    }
}

impl From<Hours> for Window {
    fn from(hours: Hours) -> Self {
        Self { from: hours.from, to: hours.to }
    }
}

impl ClinicSettings {
    /// The clinic that has these settings.
    pub(super) fn of(self, id: ClinicId) -> Clinic {
        let PostalAddress { street, city, state, postal } = self.address;
        Clinic {
            id,
            name: self.name,
            brand: self.brand,
            zone: self.zone,
            state: self.state,
            region: self.region,
            language: self.language,
            help_phone: self.help_phone,
            help_email: self.help_email,
            address: Address { street, city, state, postal },
            text: self.text.map(|TextFrom { number, service }| match service {
                Some(service) => TextSender::Service { service, number },
                None => TextSender::Number { number },
            }),
            mail: self.mail.map(|MailFrom { address, name, reply_to }| MailSender {
                address,
                name,
                reply_to,
            }),
            window: self.window.into(),
            marketing_window: self.marketing_window.into(),
        }
    }
}

impl ClinicView {
    pub(super) fn of(version: u64, clinic: Clinic) -> Self {
        let settings = ClinicSettings {
            name: clinic.name,
            brand: clinic.brand,
            zone: clinic.zone,
            state: clinic.state,
            region: clinic.region,
            language: clinic.language,
            help_phone: clinic.help_phone,
            help_email: clinic.help_email,
            address: (&clinic.address).into(),
            text: clinic.text.map(|text| match text {
                TextSender::Number { number } => TextFrom { number, service: None },
                TextSender::Service { service, number } => TextFrom { number, service: Some(service) },
            }),
            mail: clinic.mail.map(|MailSender { address, name, reply_to }| MailFrom {
                address,
                name,
                reply_to,
            }),
            window: clinic.window.into(),
            marketing_window: clinic.marketing_window.into(),
        };
        Self { id: clinic.id, version, settings }
    }

    pub(super) fn kept(kept: Kept<Clinic>) -> Self {
        Self::of(kept.rev(), kept.into_value())
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}
