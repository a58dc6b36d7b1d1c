//! The facts of the moment: what is read, strongly consistent, between the claim and the call.

use std::{collections::HashMap, sync::Arc};

use consent::{
    Address,
    gate::{Candidate, Counters, Inputs, Origin, PersonFacts, Purpose, Reader, Route as GateRoute},
    ledger::{ConsentFault, Standing},
    preference::{KeptPreference, Preference},
};
use kernel::{AppointmentId, Category, Channel, ContactId, Fault, PersonId, Timestamp, Zone};
use people::{Appointment, ContactPoint, Person};
use table::{
    ClinicTable, Digest, Kept, TableFault,
    keys::{AppointmentKey, PersonKey, PreferenceKey},
};

use super::known::Known;
use crate::{Message, Route, Source};

/// Facts about the persons and visits of a batch of messages of one clinic.
pub(crate) struct Facts {
    pub(crate) now: Timestamp,
    pub(crate) known: Arc<Known>,
    persons: HashMap<PersonId, Person>,
    appointments: HashMap<AppointmentId, Kept<Appointment>>,
    preferences: HashMap<PersonId, Preference>,
    standings: HashMap<Digest, Standing>,
}

/// A fact cannot be read; the message waits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactsFault {
    #[error(transparent)]
    Table(#[from] TableFault),
    #[error(transparent)]
    Consent(#[from] ConsentFault),
}

impl Fault for FactsFault {
    fn kind(&self) -> kernel::Kind {
        match self {
            Self::Table(fault) => fault.kind(),
            Self::Consent(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        "facts_unreadable"
    }
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
    /// Reads what the messages stand on, in as few calls as there are kinds of facts.
    pub(crate) async fn read(
        table: &ClinicTable,
        known: Arc<Known>,
        messages: &[&Message],
    ) -> Result<Self, FactsFault> {
        let now = table.clock().now();
        let mut facts = Self {
            now,
            known,
            persons: HashMap::new(),
            appointments: HashMap::new(),
            preferences: HashMap::new(),
            standings: HashMap::new(),
        };
        let visits: Vec<_> = messages
            .iter()
            .filter_map(|message| message.about.as_ref())
            .map(|about| AppointmentKey { appointment: about.appointment })
            .collect();
        for visit in table.get_many::<Appointment>(&visits).await?.into_iter().flatten() {
            facts.appointments.insert(visit.id, visit);
        }
        facts.read_persons(table, messages.iter().map(|message| message.person).collect()).await?;
        let guardians: Vec<_> = facts
            .persons
            .values()
            .filter(|person| facts.is_minor(person))
            .flat_map(|person| person.guardians.iter().map(|guardian| guardian.person))
            .collect();
        facts.read_persons(table, guardians).await?;
        let readers: Vec<_> = facts.persons.keys().map(|person| PreferenceKey { person: *person }).collect();
        for kept in table.get_many::<KeptPreference>(&readers).await?.into_iter().flatten() {
            facts.preferences.insert(kept.person, kept.preference.clone());
        }
        let addresses: Vec<Address> = facts
            .persons
            .values()
            .flat_map(|person| places(person, false))
            .map(|place| place.address)
            .collect();
        let standings = consent::ledger::standings(table, &addresses).await?;
        facts.standings = addresses.iter().map(Address::digest).zip(standings).collect();
        Ok(facts)
    }

    async fn read_persons(&mut self, table: &ClinicTable, mut ids: Vec<PersonId>) -> Result<(), FactsFault> {
        ids.retain(|id| !self.persons.contains_key(id));
        let keys: Vec<_> = ids.into_iter().map(|person| PersonKey { person }).collect();
        for person in table.get_many::<Person>(&keys).await?.into_iter().flatten() {
            self.persons.insert(person.id, person.into_value());
        }
        Ok(())
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
