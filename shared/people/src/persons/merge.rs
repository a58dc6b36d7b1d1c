//! Two records that turn out to be one person, and two persons that were taken for one.

use audit::Actor;
use kernel::PersonId;
use table::{ClinicTable, Kept, keys::PersonKey};

use super::PersonFault;
use crate::{address::put_person, person::Person};

/// Makes `gone` a trace that leads to `stays`, who gets the contact points, guardians and tags that only `gone`
/// had. The wish not to be contacted and a pause hold on: of two wishes the stricter is kept.
pub(crate) fn join(gone: &mut Person, stays: &mut Person) {
    for contact in &gone.contacts {
        let same =
            |other: &crate::ContactPoint| other.kind == contact.kind && other.folded() == contact.folded();
        if !stays.contacts.iter().any(same) {
            let mut contact = contact.clone();
            contact.merged_from = contact.merged_from.or(Some(gone.id));
            contact.rank = u8::MAX;
            stays.contacts.push(contact);
        }
    }
    stays.rank_contacts();
    for guardian in &gone.guardians {
        let known = stays.guardians.iter().any(|other| other.person == guardian.person);
        if !known && guardian.person != stays.id {
            stays.guardians.push(guardian.clone());
        }
    }
    stays.guardians.retain(|guardian| guardian.person != gone.id);
    stays.tags.extend(gone.tags.iter().cloned());
    stays.do_not_contact |= gone.do_not_contact;
    stays.no_contact = stays.no_contact.take().or_else(|| gone.no_contact.clone());
    stays.birth_date = stays.birth_date.take().or_else(|| gone.birth_date.clone());
    stays.language = stays.language.take().or_else(|| gone.language.clone());
    stays.automation_paused = stays.automation_paused.take().or_else(|| gone.automation_paused.clone());
    stays.merged.insert(gone.id);
    stays.merged.extend(gone.merged.iter().copied());
    gone.merged_into = Some(stays.id);
}

async fn both(
    table: &ClinicTable,
    one: PersonId,
    other: PersonId,
) -> Result<(Kept<Person>, Kept<Person>), PersonFault> {
    let keys = [PersonKey { person: one }, PersonKey { person: other }];
    let mut found = table.get_many::<Person>(&keys).await?.into_iter();
    let a = found.next().flatten().ok_or(PersonFault::NotFound(one))?;
    let b = found.next().flatten().ok_or(PersonFault::NotFound(other))?;
    Ok((a, b))
}

/// Merges the person `gone` into `stays`. Whoever asks for `gone` from now on is led to `stays`; doing it again
/// changes nothing. What hangs on the two elsewhere, such as consents, is joined by its owner when it reads
/// [`Person::merged`].
pub async fn merge(
    table: &ClinicTable,
    actor: &Actor,
    gone: PersonId,
    stays: PersonId,
) -> Result<Person, PersonFault> {
    if gone == stays {
        return Err(PersonFault::NotMergeable(gone, stays));
    }
    let (one, other) = both(table, gone, stays).await?;
    if one.merged_into == Some(stays) {
        return Ok(other.into_value());
    }
    if !one.is_current() || !other.is_current() {
        return Err(PersonFault::NotMergeable(gone, stays));
    }
    let (mut old, mut new) = ((*one).clone(), (*other).clone());
    join(&mut old, &mut new);
    let mut write = table.write();
    put_person(&mut write, Some(&one), &old);
    put_person(&mut write, Some(&other), &new);
    write.create(&actor.did("person.merged").on("person", gone).patient(gone).patient(stays).entry(table));
    write.commit().await?;
    Ok(new)
}

/// Undoes a merge: the person stands for themselves again, and the other loses the contact points that came
/// from them. Guardians and tags stay with both, to be looked through.
pub async fn unmerge(table: &ClinicTable, actor: &Actor, id: PersonId) -> Result<Person, PersonFault> {
    let trace: Kept<Person> = table.get(&PersonKey { person: id }).await?.ok_or(PersonFault::NotFound(id))?;
    let into = trace.merged_into.ok_or(PersonFault::NotMerged(id))?;
    let (one, other) = both(table, id, into).await?;
    let (mut old, mut new) = ((*one).clone(), (*other).clone());
    old.merged_into = None;
    new.merged.remove(&id);
    for further in &old.merged {
        new.merged.remove(further);
    }
    new.contacts
        .retain(|contact| contact.merged_from.is_none_or(|from| from != id && !old.merged.contains(&from)));
    new.rank_contacts();
    let mut write = table.write();
    put_person(&mut write, Some(&one), &old);
    put_person(&mut write, Some(&other), &new);
    write.create(&actor.did("person.unmerged").on("person", id).patient(id).patient(into).entry(table));
    write.commit().await?;
    Ok(old)
}
