//! The facts of the moment, between the claim and the call.

use std::{collections::HashMap, sync::Arc};

use consent::{
    Address,
    gate::{Candidate, Counters, Inputs, Origin, PersonFacts, Purpose, Reader, Route as GateRoute},
    ledger::Standing,
    preference::Preference,
};
use kernel::{AppointmentId, Category, Channel, ContactId, PersonId, Timestamp, Zone};
use people::{Appointment, ContactPoint, Person};
use table::{ClinicTable, Digest, Found, Kept, keys::CounterKey};

use super::known::Known;
use crate::{Message, Route, Source};

/// Facts about the persons and visits of a batch of messages of one clinic.
pub(crate) struct Facts {
    pub(crate) now: Timestamp,
    pub(crate) known: Arc<Known>,
    /// All of it was read as it is now.
    pub(crate) exact: bool,
    persons: HashMap<PersonId, Person>,
    appointments: HashMap<AppointmentId, Kept<Appointment>>,
    preferences: HashMap<PersonId, Preference>,
    standings: HashMap<Digest, Standing>,
    counts: Option<(ClinicTable, Arc<Found>)>,
}

/// A contact point of somebody who may read a message.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    pub(crate) channel: Channel,
    pub(crate) contact: ContactId,
    pub(crate) reader: PersonId,
    pub(crate) is_guardian: bool,
    pub(crate) usable: bool,
    pub(crate) address: Address,
    pub(crate) who: &'a Person,
}

/// Texts go to numbers that people gave for texts; a number given for calls may be a landline.
fn address(contact: &ContactPoint) -> Option<(Channel, Address)> {
    use people::ContactKind::{App, Email, Phone, Text, WorkEmail, WorkPhone};
    match contact.kind {
        Text => contact.phone().map(|phone| (Channel::Sms, Address::Phone(phone))),
        Email | WorkEmail => contact.email().map(|email| (Channel::Email, Address::Email(email))),
        App => Some((Channel::Push, Address::Device(contact.value.clone()))),
        Phone | WorkPhone => contact.phone().map(|phone| (Channel::Voice, Address::Phone(phone))),
    }
}

fn places(who: &Person, is_guardian: bool) -> impl Iterator<Item = Place<'_>> {
    who.contacts.iter().filter_map(move |contact| {
        let (channel, address) = address(contact)?;
        let usable = contact.is_usable() && address.takes(channel);
        Some(Place { channel, contact: contact.id, reader: who.id, is_guardian, usable, address, who })
    })
}

impl Facts {
    /// Nothing is known yet.
    pub(super) fn new(now: Timestamp, known: Arc<Known>, exact: bool) -> Self {
        Self {
            now,
            known,
            exact,
            persons: HashMap::new(),
            appointments: HashMap::new(),
            preferences: HashMap::new(),
            standings: HashMap::new(),
            counts: None,
        }
    }

    pub(super) fn takes_person(&mut self, person: Person) {
        self.persons.insert(person.id, person);
    }

    pub(super) fn takes_preference(&mut self, person: PersonId, preference: Preference) {
        self.preferences.insert(person, preference);
    }

    pub(super) fn takes_appointment(&mut self, visit: Kept<Appointment>) {
        self.appointments.insert(visit.id, visit);
    }

    pub(super) fn takes_standing(&mut self, standing: Standing) {
        self.standings.insert(standing.address, standing);
    }

    pub(super) fn takes_counts(&mut self, of: ClinicTable, found: Arc<Found>) {
        self.counts = Some((of, found));
    }

    pub(super) fn appointments(&self) -> impl Iterator<Item = &Appointment> {
        self.appointments.values().map(|kept| &**kept)
    }

    /// Who answers for the minors.
    pub(super) fn guardians(&self) -> Vec<PersonId> {
        let minors = self.persons.values().filter(|person| self.is_minor(person));
        let guardians = minors.flat_map(|person| person.guardians.iter().map(|guardian| guardian.person));
        guardians.filter(|guardian| !self.persons.contains_key(guardian)).collect()
    }

    /// Every address that a message might go to.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.persons.values().flat_map(|person| places(person, false)).map(|place| place.address).collect()
    }

    /// Who would read a message, as far as can be told before the gate decides.
    fn reader(&self, message: &Message) -> Option<&Person> {
        let person = self.person(message.person)?;
        Some(self.places(person, message.category).first().map_or(person, |place| place.who))
    }

    fn zone(&self, message: &Message) -> Zone {
        let zones = self.reader(message).map(|reader| self.zones(reader)).unwrap_or_default();
        zones.into_iter().next().unwrap_or_else(|| self.known.clinic.zone.clone())
    }

    /// Where it stands how many messages the reader of a message has had.
    pub(super) fn counter_keys(&self, message: &Message) -> (CounterKey, Option<CounterKey>) {
        let reader = self.reader(message).map_or(message.person, |reader| reader.id);
        consent::counter_keys(reader, &self.zone(message), self.now, message.category)
    }

    /// How many messages the reader of a message has had.
    pub(super) fn counters(&self, message: &Message) -> Counters {
        let (day, week) = self.counter_keys(message);
        let count = |key: &CounterKey| self.counts.as_ref().map_or(0, |(of, found)| found.count(of, key));
        consent::counters(&self.zone(message), self.now, count(&day), week.as_ref().map_or(0, count))
    }

    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.get(&id)
    }

    pub(crate) fn appointment(&self, id: AppointmentId) -> Option<&Kept<Appointment>> {
        self.appointments.get(&id)
    }

    fn is_minor(&self, person: &Person) -> bool {
        let clinic = &self.known.clinic;
        let today = clinic.zone.wall(self.now).date();
        person.is_minor(today, person.state.as_deref().or(clinic.state.as_deref()))
    }

    /// Where a message about a person could go, in the order to try: a minor's guardians, else the person.
    pub(crate) fn places(&self, person: &Person, category: Category) -> Vec<Place<'_>> {
        let clinic = &self.known.clinic;
        let today = clinic.zone.wall(self.now).date();
        let state = person.state.as_deref().or(clinic.state.as_deref());
        let Some(person) = self.persons.get(&person.id) else { return Vec::new() };
        if !self.is_minor(person) {
            return places(person, false).collect();
        }
        let guardians: Vec<Person> = person
            .guardians
            .iter()
            .filter_map(|guardian| self.persons.get(&guardian.person))
            .cloned()
            .collect();
        let Ok(recipients) = people::reach::contacts_for(person, &guardians, category, today, state) else {
            return Vec::new();
        };
        recipients
            .into_iter()
            .filter_map(|recipient| self.persons.get(&recipient.person.id))
            .flat_map(|guardian| places(guardian, true))
            .collect()
    }

    /// Asks the send gate about a message, over this route.
    pub(crate) fn decide(
        &self,
        message: &Message,
        person: &Person,
        places: &[Place<'_>],
        route: &Route,
        counters: Counters,
        ready: &[Channel],
    ) -> consent::GateDecision {
        let known = &*self.known;
        let clinic = &known.clinic;
        let candidates: Vec<_> = places
            .iter()
            .filter_map(|place| {
                Some(Candidate {
                    channel: place.channel,
                    contact: Some(place.contact),
                    reader: if place.is_guardian { Reader::Guardian(place.reader) } else { Reader::Own },
                    usable: place.usable,
                    standing: self.standings.get(&place.address.digest())?,
                })
            })
            .collect();
        let reader = places.first().map_or(person, |place| place.who);
        let stated = Preference::default();
        let paused = person.automation_paused.as_ref().map(|pause| pause.until);
        let state = reader.state.as_deref().or(clinic.state.as_deref());
        consent::gate::decide(&Inputs {
            now: self.now,
            when: self.now,
            not_after: message.not_after,
            category: message.category,
            purpose: Self::purpose(message),
            origin: if message.source.is_automatic() { Origin::Automated } else { Origin::Manual },
            route: match route {
                Route::Auto => GateRoute::Auto,
                Route::FirstOf(channels) => GateRoute::AnyOf(channels),
                Route::Only(channel) => GateRoute::Only(*channel),
            },
            person: PersonFacts {
                deceased: person.deceased,
                active: person.active && person.is_current(),
                do_not_contact: person.do_not_contact,
                paused,
                minor: self.is_minor(person),
            },
            candidates: &candidates,
            preference: self.preferences.get(&reader.id).unwrap_or(&stated),
            defaults: &known.defaults,
            ready,
            counters,
            zones: &self.zones(reader),
            state,
            business_hours: known.business_hours.as_ref(),
            clinic_hours: known.hours.as_ref(),
            rules: &known.rules,
        })
    }

    fn purpose(message: &Message) -> Purpose {
        match message.source {
            Source::Reply { keyword_at: Some(received), .. } => Purpose::KeywordReply { received },
            _ => Purpose::Ordinary,
        }
    }

    /// The zones a reader may be in, the likeliest first.
    pub(crate) fn zones(&self, reader: &Person) -> Vec<Zone> {
        let clinic = &self.known.clinic;
        let phone = reader.contacts.iter().find_map(ContactPoint::phone);
        consent::zones_of(&consent::Whereabouts {
            stated: reader.zone.as_ref(),
            state: reader.state.as_deref(),
            phone: phone.as_ref(),
            clinic: &clinic.zone,
            clinic_state: clinic.state.as_deref(),
        })
    }
}
