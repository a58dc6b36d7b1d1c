//! Who reads what is written about a person, and where, and what the send gate would say about a message to them.

use consent::{
    Address, ConsentFault, GateDecision, Question, Whereabouts,
    gate::{Origin, PersonFacts, Reader, Route},
    hours::{Days, Hours, Window},
    zones_of,
};
use kernel::{Category, Channel, ContactId, Timestamp, Zone};
use people::{Clinic, ContactKind, ContactPoint, Person, clinic};
use table::{ClinicTable, Kept, TableFault, keys::PersonKey};

/// A person with those who answer for them, and the clinic they come to.
#[derive(Debug, Clone)]
pub struct Readers {
    /// The person.
    pub person: Kept<Person>,
    guardians: Vec<Person>,
    /// The clinic, if it is set up.
    pub clinic: Option<Clinic>,
}

/// A contact point of somebody who reads.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The channel that leads there.
    pub channel: Channel,
    /// The contact point.
    pub contact: &'a ContactPoint,
    /// Whose it is.
    pub reader: &'a Person,
    /// Whether that is somebody who answers for the person.
    pub is_guardian: bool,
    /// The address.
    pub address: Address,
}

/// A message that might be sent.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it would be about.
    pub category: Category,
    /// Whether a rule or a campaign would send it, and not a member of the staff to this one person.
    pub automated: bool,
    /// Which channels may be used.
    pub route: Route<'a>,
    /// When it would go out.
    pub when: Timestamp,
    /// The last moment at which it would be of use.
    pub not_after: Option<Timestamp>,
}

/// The channel and the address of a contact point, as the sender takes it: texts go to numbers that were given
/// for texts.
fn reached(contact: &ContactPoint) -> Option<(Channel, Address)> {
    match contact.kind {
        ContactKind::Text => Some((Channel::Sms, Address::Phone(contact.phone()?))),
        ContactKind::Phone | ContactKind::WorkPhone => {
            Some((Channel::Voice, Address::Phone(contact.phone()?)))
        }
        ContactKind::Email | ContactKind::WorkEmail => {
            Some((Channel::Email, Address::Email(contact.email()?)))
        }
        ContactKind::App => Some((Channel::Push, Address::Device(contact.value.clone()))),
    }
}

fn places(reader: &Person, is_guardian: bool) -> impl Iterator<Item = Place<'_>> {
    reader.contacts.iter().filter_map(move |contact| {
        let (channel, address) = reached(contact)?;
        Some(Place { channel, contact, reader, is_guardian, address })
    })
}

/// The clinic's own window on every day, as the sender reads it; none if it holds nothing.
fn daily(window: clinic::Window) -> Option<Hours> {
    let minute = |time: jiff::civil::Time| time.strftime("%H:%M").to_string().parse().ok();
    let window = Window::new(minute(window.from)?, minute(window.to)?, Days::ALL).ok()?;
    Some(Hours::new(vec![window]))
}

fn zones(clinic: &Clinic, reader: &Person) -> Vec<Zone> {
    let phone = reader.contacts.iter().find_map(ContactPoint::phone);
    zones_of(&Whereabouts {
        stated: reader.zone.as_ref(),
        state: reader.state.as_deref(),
        phone: phone.as_ref(),
        clinic: &clinic.zone,
        clinic_state: clinic.state.as_deref(),
    })
}

impl Readers {
    /// Reads who answers for a person, and the clinic.
    pub async fn of(table: &ClinicTable, person: Kept<Person>) -> Result<Self, TableFault> {
        let keys: Vec<_> =
            person.guardians.iter().map(|guardian| PersonKey { person: guardian.person }).collect();
        let guardians = if keys.is_empty() { Vec::new() } else { table.get_many::<Person>(&keys).await? };
        let guardians = guardians.into_iter().flatten().map(Kept::into_value).collect();
        let clinic = Clinic::read(table).await?.map(Kept::into_value);
        Ok(Self { person, guardians, clinic })
    }

    /// The state whose law holds for somebody.
    pub fn state<'a>(&'a self, of: &'a Person) -> Option<&'a str> {
        of.state.as_deref().or_else(|| self.clinic.as_ref()?.state.as_deref())
    }

    /// Whether others answer for the person at a moment.
    pub fn minor_at(&self, at: Timestamp) -> bool {
        let zone = self.clinic.as_ref().map_or_else(Zone::utc, |clinic| clinic.zone.clone());
        self.person.is_minor(zone.wall(at).date(), self.state(&self.person))
    }

    /// Every contact point of the person and of those who answer for them.
    pub fn everywhere(&self) -> impl Iterator<Item = Place<'_>> {
        places(&self.person, false).chain(self.guardians.iter().flat_map(|guardian| places(guardian, true)))
    }

    /// Where a message of a category about the person could go at a moment, in the order to try: to a minor's
    /// guardians who get such messages, else to the person.
    pub fn places(&self, category: Category, at: Timestamp) -> Vec<Place<'_>> {
        if !self.minor_at(at) {
            return places(&self.person, false).collect();
        }
        let covering = self.person.guardians.iter().filter(|guardian| guardian.covers(category));
        let known = covering.filter_map(|of| self.guardians.iter().find(|person| person.id == of.person));
        known
            .filter(|guardian| !guardian.deceased && guardian.is_current() && !guardian.do_not_contact)
            .flat_map(|guardian| places(guardian, true))
            .collect()
    }

    /// Who would read a message of a category at a moment.
    pub fn reader(&self, category: Category, at: Timestamp) -> &Person {
        self.places(category, at).first().map_or(&*self.person, |place| place.reader)
    }

    /// What the send gate would say about a message as it would be now; nothing is sent, written or counted.
    /// Nothing if the clinic is not set up.
    pub async fn explain(
        &self,
        table: &ClinicTable,
        asked: Asked<'_>,
    ) -> Result<Option<GateDecision>, ConsentFault> {
        let Some(clinic) = &self.clinic else { return Ok(None) };
        let places = self.places(asked.category, asked.when);
        let person: &Person = &self.person;
        let reader = places.first().map_or(person, |place| place.reader);
        let usable = places.iter().filter(|place| place.contact.is_usable());
        let addresses: Vec<(Channel, Option<ContactId>, Reader, Address)> = usable
            .map(|place| {
                let reads = if place.is_guardian { Reader::Guardian(place.reader.id) } else { Reader::Own };
                (place.channel, Some(place.contact.id), reads, place.address.clone())
            })
            .collect();
        let mut ready = Vec::new();
        ready.extend(clinic.text.is_some().then_some(Channel::Sms));
        ready.extend(clinic.mail.is_some().then_some(Channel::Email));
        let zones = zones(clinic, reader);
        let (business, usual) = (daily(clinic.marketing_window), daily(clinic.window));
        let question = Question {
            reader: reader.id,
            person: PersonFacts {
                deceased: person.deceased,
                active: person.active && person.is_current(),
                do_not_contact: person.do_not_contact,
                paused: person.automation_paused.as_ref().map(|pause| pause.until),
                minor: self.minor_at(asked.when),
            },
            addresses: &addresses,
            category: asked.category,
            origin: if asked.automated { Origin::Automated } else { Origin::Manual },
            route: asked.route,
            when: asked.when,
            not_after: asked.not_after,
            ready: &ready,
            zones: &zones,
            state: self.state(reader),
            business_hours: business.as_ref(),
            clinic_hours: usual.as_ref(),
        };
        consent::explain(table, &question).await.map(Some)
    }
}
