//! Patients.

use audit::Actor;
use automations::Reminders;
use consent::{
    Address, Grant, Scope,
    ledger::{Evidence, Method, Standing},
    preference::{Preference, Source},
};
use kernel::{Category, Channel, MessageId, PersonId, Timestamp};
use messaging::{Body, Draft, Message, Route};
use people::{
    Person,
    appointments::Status,
    mirror::{self, Effect, Kind, Put},
    origin::mirrored,
};
use serde_json::{Map, Value, json};
use table::{
    Kept,
    keys::{AppointmentKey, PersonKey},
};

use crate::{House, Visit, staff};

/// The other system of the clinic.
const SOURCE: &str = "pms";

/// Somebody who is about to be entered.
#[must_use = "somebody is entered by `who_agreed` or `without_consent`"]
pub struct NewPatient<'h> {
    house: &'h House,
    key: String,
    facts: Map<String, Value>,
    text: Option<String>,
    email: Option<String>,
}

/// A patient of the clinic, or a guardian.
pub struct Patient<'h> {
    house: &'h House,
    /// The id in the clinic's other system.
    pub key: String,
    /// Our id.
    pub id: PersonId,
    /// The number for texts.
    pub text: String,
    /// The mailbox.
    pub email: String,
}

impl House {
    /// Somebody new; the given name is also the id in the clinic's other system.
    pub fn patient(&self, name: &str) -> NewPatient<'_> {
        let mut facts = Map::new();
        facts.insert("given_name".to_owned(), json!(name));
        facts.insert("family_name".to_owned(), json!("Reyes"));
        facts.insert("birth_date".to_owned(), json!("1988-04-02"));
        NewPatient { house: self, key: name.to_lowercase(), facts, text: None, email: None }
    }

    /// The clinic's other system says something.
    pub async fn mirror_says(&self, kind: Kind, id: &str, data: &Value) -> Effect {
        let put = Put {
            kind,
            source: SOURCE,
            id,
            version: Some(self.version()),
            updated_at: None,
            data: Some(data),
        };
        let said = mirror::put(&self.table, &Reminders::of(&self.table), &Actor::system("tests"), put).await;
        said.unwrap_or_else(|fault| panic!("{id}: {:?}", kernel::Fault::details(&fault)))
    }
}

impl<'h> NewPatient<'h> {
    fn with(mut self, field: &str, value: Value) -> Self {
        self.facts.insert(field.to_owned(), value);
        self
    }

    /// Has a number for texts.
    pub fn with_text(mut self, number: &str) -> Self {
        self.text = Some(number.to_owned());
        self.with("text", json!(number))
    }

    /// Has a mailbox.
    pub fn with_email(mut self, mailbox: &str) -> Self {
        self.email = Some(mailbox.to_owned());
        self.with("email", json!(mailbox))
    }

    /// Was born on this day.
    pub fn born(self, day: &str) -> Self {
        self.with("birth_date", json!(day))
    }

    /// Is written to in this language.
    pub fn who_speaks(self, language: &str) -> Self {
        self.with("language", json!(language))
    }

    /// Is a child of somebody.
    pub fn child_of(self, guardian: &Patient<'_>) -> Self {
        let key = guardian.key.clone();
        self.with("guardians", json!([{ "person": key, "relation": "MOTHER" }]))
    }

    /// Is entered, without having agreed to anything.
    pub async fn without_consent(self) -> Patient<'h> {
        let Self { house, key, facts, text, email } = self;
        house.mirror_says(Kind::Person, &key, &Value::Object(facts)).await;
        let id = mirrored(&house.table, SOURCE, &key);
        Patient { house, key, id, text: text.unwrap_or_default(), email: email.unwrap_or_default() }
    }

    /// Is entered and has agreed to messages about care on all addresses given.
    pub async fn who_agreed(self) -> Patient<'h> {
        let patient = self.without_consent().await;
        for (channel, address) in [(Channel::Sms, &patient.text), (Channel::Email, &patient.email)] {
            if !address.is_empty() {
                patient.agrees(channel, address).await;
            }
        }
        patient
    }
}

impl<'h> Patient<'h> {
    /// An address as people write it.
    fn address(written: &str) -> Address {
        match people::read_phone(written, people::Region::us()) {
            Ok(read) => Address::Phone(read.phone),
            Err(_) => Address::read(written).unwrap(),
        }
    }

    async fn agrees(&self, channel: Channel, address: &str) {
        let house = self.house;
        let mut evidence = Evidence::of(Method::Form, house.clock.now());
        evidence.text_version = Some("1".to_owned());
        evidence.provider_message = Some(format!("form-{}-{address}", self.key));
        let address = Self::address(address);
        let grant = Grant::care(channel);
        consent::grant(&house.table, &address, Some(self.id), grant, &staff(), evidence).await.unwrap();
    }

    /// The record as it is.
    pub async fn record(&self) -> Kept<Person> {
        self.house.table.get(&PersonKey { person: self.id }).await.unwrap().unwrap()
    }

    /// What holds for the number for texts.
    pub async fn standing(&self) -> Standing {
        let address = Self::address(&self.text);
        consent::ledger::standing(&self.house.table, &address).await.unwrap()
    }

    /// Tells staff that no message is wanted on the number for texts any more.
    pub async fn revokes(&self) {
        let house = self.house;
        let address = Self::address(&self.text);
        let evidence = Evidence::of(Method::Verbal, house.clock.now());
        consent::revoke(&house.table, &address, self.id, Scope::All, &staff(), evidence).await.unwrap();
    }

    /// Wants to be written to over these channels, in this order.
    pub async fn prefers(&self, channels: &[Channel]) {
        let house = self.house;
        let new = Preference { channels: Some(channels.to_vec()), ..Preference::default() };
        consent::set_preferences(&house.table, self.id, 0, new, Source::Staff, &staff()).await.unwrap();
    }

    /// Books a visit just now, through the clinic's other system, for a time on its wall such as
    /// `2026-06-10T14:00`; what follows is done.
    pub async fn books(&self, wall: &str) -> Visit<'h> {
        let house = self.house;
        let key = format!("{}-{}", self.key, house.version());
        let data = json!({
            "person": self.key,
            "starts_at": format!("{wall}:00"),
            "minutes": 30,
            "status": "SCHEDULED",
            "created_at": house.clock.now(),
        });
        house.mirror_says(Kind::Appointment, &key, &data).await;
        let id = mirrored(&house.table, SOURCE, &key);
        let visit =
            house.table.get::<people::Appointment>(&AppointmentKey { appointment: id }).await.unwrap();
        assert_eq!(visit.map(|visit| visit.status), Some(Status::Scheduled));
        house.settles().await;
        Visit { house, key, id }
    }

    /// Writes a text to the clinic; what follows is done.
    pub async fn replies(&self, says: &str) {
        let id = format!("SMin{:028}", self.house.version());
        self.house.text_comes(&self.text, says, &id).await;
        self.house.settles().await;
    }

    /// A text of staff to the patient, not made yet.
    pub fn text_of_staff(&self, says: &str) -> Draft {
        Draft {
            id: self.house.clock.id(),
            person: self.id,
            route: Route::Only(Channel::Sms),
            category: Category::General,
            body: Body::Text { subject: None, text: says.to_owned().into() },
            send_at: self.house.clock.now(),
            not_after: None,
            about: None,
            asks: None,
            source: messaging::Source::Staff { by: "tests".to_owned() },
            resend_of: None,
        }
    }

    /// Staff writes a text to the patient; it waits for the sender.
    pub async fn is_written(&self, says: &str) -> MessageId {
        self.house.makes(self.text_of_staff(says)).await
    }

    /// Staff writes a text that is to go out later.
    pub async fn is_written_for(&self, then: Timestamp, says: &str) -> MessageId {
        self.house.makes(Draft { send_at: then, ..self.text_of_staff(says) }).await
    }

    /// All messages with the patient, in order.
    pub async fn thread(&self) -> Vec<Kept<Message>> {
        let span = table::keys::MessagesOfPerson::all(self.id);
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = self.house.table.list(&span, kernel::Limit::MOST, next.as_ref()).await.unwrap();
            found.extend(page.items);
            next = page.next;
            if next.is_none() {
                return found;
            }
        }
    }
}
