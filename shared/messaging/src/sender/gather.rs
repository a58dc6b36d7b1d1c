//! Reading the facts of a batch of claimed messages, of whatever clinics, in as few calls as there are steps.
//!
//! What somebody said or moved counts up to the last moment: the visit, and consent and suppressions of the address,
//! are read as they are now, last of all. Persons, preferences and counts are read as they were a moment ago, at half
//! the price; where they stand in the way of a message, they are read once more as they are now.

use std::collections::{BTreeMap, HashMap};

use consent::{Address, ledger::Standing, preference::KeptPreference};
use futures::future::try_join;
use kernel::{ClinicId, PersonId};
use people::{Appointment, Person};
use platform::JobFault;
use table::{
    ClinicTable, Found, Reads, Table, TableFault,
    keys::{AppointmentKey, PersonKey, PreferenceKey, StandingKey},
};

use super::{Held, facts::Facts, known::Memory};
use crate::{Body, Message};

/// The facts of each clinic, or why there are none.
pub(super) type Gathered = HashMap<ClinicId, Result<Facts, JobFault>>;

/// A clinic of the batch, with its messages.
struct Group<'a> {
    of: &'a ClinicTable,
    messages: Vec<&'a Message>,
}

/// Reads what the messages stand on; with `exact` all of it as it is now.
pub(super) async fn gather(table: &Table, memory: &Memory, held: &[Held], exact: bool) -> Gathered {
    let mut groups: BTreeMap<ClinicId, Group<'_>> = BTreeMap::new();
    for held in held {
        let group = groups.entry(held.of.clinic());
        group.or_insert_with(|| Group { of: &held.of, messages: Vec::new() }).messages.push(&held.kept);
    }
    let groups: Vec<Group<'_>> = groups.into_values().collect();
    match read(table, memory, &groups, exact).await {
        Ok(gathered) => gathered,
        Err(fault) => {
            let fault = JobFault::from_fault(&fault);
            groups.iter().map(|group| (group.of.clinic(), Err(fault.clone()))).collect()
        }
    }
}

async fn asked(reads: Reads, exact: bool) -> Result<Found, TableFault> {
    if exact { reads.now().await } else { reads.lately().await }
}

fn version(message: &Message) -> Option<(kernel::TemplateId, u32)> {
    match message.body.as_ref()? {
        Body::Template { template, version, .. } => Some((*template, *version)),
        Body::Text { .. } => None,
    }
}

async fn read(
    table: &Table,
    memory: &Memory,
    groups: &[Group<'_>],
    exact: bool,
) -> Result<Gathered, TableFault> {
    let mut reads = table.reads();
    for Group { of, messages } in groups {
        memory.wants_clinic(of, &mut reads);
        for message in messages {
            wants_person(of, message.person, &mut reads);
            if let Some((id, number)) = version(message) {
                memory.wants_version(of, id, number, &mut reads);
            }
        }
    }
    let first = asked(reads, exact).await?;
    let mut gathered = Gathered::new();
    for Group { of, messages } in groups {
        for (id, number) in messages.iter().filter_map(|message| version(message)) {
            memory.learn_version(of, id, number, &first);
        }
        let facts = match memory.learn_clinic(of, &first).await {
            Ok(known) => Ok(Facts::new(of.clock().now(), known, exact)),
            Err(fault) => Err(JobFault::from_fault(&fault)),
        };
        gathered.insert(of.clinic(), facts);
    }
    persons(table, groups, &mut gathered, first, exact).await?;
    states(table, groups, &mut gathered, exact).await?;
    let mut reads = table.reads();
    for (of, facts) in read_so_far(groups, &gathered) {
        for visit in facts.appointments() {
            memory.wants_whereabouts(of, visit, &mut reads);
        }
    }
    let found = asked(reads, false).await?;
    for (of, facts) in read_so_far(groups, &gathered) {
        for visit in facts.appointments() {
            memory.learn_whereabouts(of, visit, &found);
        }
    }
    Ok(gathered)
}

fn wants_person(of: &ClinicTable, person: PersonId, reads: &mut Reads) {
    reads.want(of, &PersonKey { person }).want(of, &PreferenceKey { person });
}

/// The clinics whose facts can be read.
fn read_so_far<'g, 'a: 'g>(
    groups: &'g [Group<'a>],
    gathered: &'g Gathered,
) -> impl Iterator<Item = (&'a ClinicTable, &'g Facts)> {
    groups.iter().filter_map(|group| Some((group.of, gathered.get(&group.of.clinic())?.as_ref().ok()?)))
}

/// Persons, and the guardians of those who are minors, with their preferences.
async fn persons(
    table: &Table,
    groups: &[Group<'_>],
    gathered: &mut Gathered,
    first: Found,
    exact: bool,
) -> Result<(), TableFault> {
    let mut missing = table.reads();
    let mut any = false;
    for Group { of, messages } in groups {
        let Some(Ok(facts)) = gathered.get_mut(&of.clinic()) else { continue };
        let mut unreadable = None;
        for person in messages.iter().map(|message| message.person) {
            match take_person(of, person, &first, facts) {
                // Made a moment ago, perhaps.
                Ok(false) if !exact => {
                    wants_person(of, person, &mut missing);
                    any = true;
                }
                Ok(_) => {}
                Err(fault) => unreadable = Some(fault),
            }
        }
        fails(gathered, of, unreadable);
    }
    if any {
        let found = missing.now().await?;
        for Group { of, messages } in groups {
            let Some(Ok(facts)) = gathered.get_mut(&of.clinic()) else { continue };
            let people = messages.iter().map(|message| message.person);
            let mut taken = people.map(|person| {
                if facts.person(person).is_none() { take_person(of, person, &found, facts) } else { Ok(true) }
            });
            let unreadable = taken.find_map(Result::err);
            fails(gathered, of, unreadable);
        }
    }
    let mut reads = table.reads();
    let guardians: Vec<(&ClinicTable, PersonId)> = read_so_far(groups, gathered)
        .flat_map(|(of, facts)| facts.guardians().into_iter().map(move |guardian| (of, guardian)))
        .collect();
    for (of, guardian) in &guardians {
        wants_person(of, *guardian, &mut reads);
    }
    let found = asked(reads, exact).await?;
    for (of, guardian) in guardians {
        if let Some(Ok(facts)) = gathered.get_mut(&of.clinic()) {
            let unreadable = take_person(of, guardian, &found, facts).err();
            fails(gathered, of, unreadable);
        }
    }
    Ok(())
}

/// What cannot be read of one clinic is no matter of the others.
fn fails(gathered: &mut Gathered, of: &ClinicTable, fault: Option<TableFault>) {
    if let Some(fault) = fault {
        gathered.insert(of.clinic(), Err(JobFault::from_fault(&fault)));
    }
}

fn take_person(
    of: &ClinicTable,
    person: PersonId,
    found: &Found,
    facts: &mut Facts,
) -> Result<bool, TableFault> {
    if let Some(kept) = found.get::<KeptPreference>(of, &PreferenceKey { person })? {
        facts.takes_preference(person, kept.preference.clone());
    }
    let Some(person) = found.get::<Person>(of, &PersonKey { person })? else { return Ok(false) };
    facts.takes_person(person.into_value());
    Ok(true)
}

/// Visits, consent and counts: what may have changed a moment ago, read last.
async fn states(
    table: &Table,
    groups: &[Group<'_>],
    gathered: &mut Gathered,
    exact: bool,
) -> Result<(), TableFault> {
    let (mut now, mut lately) = (table.reads(), table.reads());
    let mut addresses: Vec<(ClinicId, Vec<Address>)> = Vec::new();
    for (of, facts) in read_so_far(groups, gathered) {
        let messages = groups.iter().find(|group| group.of.clinic() == of.clinic());
        for message in messages.into_iter().flat_map(|group| &group.messages) {
            if let Some(about) = &message.about {
                now.want(of, &AppointmentKey { appointment: about.appointment });
            }
            let (day, week) = facts.counter_keys(message);
            lately.want(of, &day);
            if let Some(week) = week {
                lately.want(of, &week);
            }
        }
        let all = facts.addresses();
        for address in &all {
            now.want(of, &StandingKey { address: address.digest() });
        }
        addresses.push((of.clinic(), all));
    }
    let (now, lately) = try_join(now.now(), asked(lately, exact)).await?;
    let lately = std::sync::Arc::new(lately);
    for Group { of, messages } in groups {
        let Some(Ok(facts)) = gathered.get_mut(&of.clinic()) else { continue };
        facts.takes_counts((*of).clone(), lately.clone());
        let all = addresses.iter().find(|(clinic, _)| *clinic == of.clinic()).map(|(_, all)| all.as_slice());
        let unreadable = take_states(of, messages, all.unwrap_or_default(), &now, facts).err();
        fails(gathered, of, unreadable);
    }
    Ok(())
}

fn take_states(
    of: &ClinicTable,
    messages: &[&Message],
    addresses: &[Address],
    found: &Found,
    facts: &mut Facts,
) -> Result<(), TableFault> {
    for about in messages.iter().filter_map(|message| message.about.as_ref()) {
        let key = AppointmentKey { appointment: about.appointment };
        if let Some(visit) = found.get::<Appointment>(of, &key)? {
            facts.takes_appointment(visit);
        }
    }
    for address in addresses {
        let digest = address.digest();
        let kept = found.get::<Standing>(of, &StandingKey { address: digest })?;
        let unknown = || Standing::unknown(digest, &address.ending());
        facts.takes_standing(kept.map_or_else(unknown, table::Kept::into_value));
    }
    Ok(())
}
