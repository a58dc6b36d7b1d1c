//! Several of our own facts about a person, changed at once.

use audit::Actor;
use kernel::{ContactId, PersonId};
use table::{ClinicTable, Kept, keys::PersonKey};

use super::{PersonFault, edit::different};
use crate::{
    address::put_person,
    contact::ContactStatus,
    mirror::Given,
    person::{NoContact, Pause, Person},
};

/// What is to be different about a person; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adjustment {
    /// A pause of everything that goes to them by itself, or none.
    pub automation_paused: Given<Pause>,
    /// The wish for no contact at all, or none.
    pub do_not_contact: Given<NoContact>,
    /// Whether contact points work, as staff found out.
    pub contacts: Vec<(ContactId, ContactStatus)>,
}

/// Changes a person that was read at `version`, all of it or nothing.
pub async fn adjust(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    version: u64,
    adjustment: &Adjustment,
) -> Result<Kept<Person>, PersonFault> {
    let kept: Kept<Person> = table.get(&PersonKey { person: id }).await?.ok_or(PersonFault::NotFound(id))?;
    if kept.rev() != version {
        return Err(PersonFault::Stale { id, version: kept.rev() });
    }
    let mut next = (*kept).clone();
    adjustment.automation_paused.put(&mut next.automation_paused);
    match &adjustment.do_not_contact {
        Given::Set(wish) => next.wishes_no_contact(Some(wish.clone())),
        Given::Cleared => next.wishes_no_contact(None),
        Given::Left => {}
    }
    for (contact, status) in &adjustment.contacts {
        let found = next.contacts.iter_mut().find(|known| known.id == *contact);
        let found = found.ok_or(PersonFault::NoContact { person: id, contact: *contact })?;
        if found.status != *status {
            found.status = *status;
            found.status_reason = Some("staff".to_owned());
            found.status_at = Some(table.clock().now());
        }
    }
    if next == *kept {
        return Ok(kept);
    }
    let deed = different(actor.did("person.adjusted"), &kept, &next);
    let mut write = table.write();
    put_person(&mut write, Some(&kept), &next);
    write.create(&deed.entry(table));
    match write.commit().await {
        Ok(()) => Ok(kept.followed_by(next)),
        Err(fault) if fault.is_conflict() => {
            let now: Option<Kept<Person>> = table.get(&PersonKey { person: id }).await?;
            let version = now.ok_or(PersonFault::NotFound(id))?.rev();
            Err(PersonFault::Stale { id, version })
        }
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        mirror::Kind,
        origin::mirrored,
        testing::{Home, actor, at},
    };

    /// D-16, D-17, Q-02
    #[tokio::test]
    async fn several_facts_change_at_once_or_not_at_all() {
        let home = Home::new().await;
        let data = json!({ "given_name": "Ana", "text": "+12125550123" });
        home.says(Kind::Person, "p1", 1, data).await.unwrap();
        let id: PersonId = mirrored(&home.table, "pms", "p1");
        let person = home.table.get::<Person>(&PersonKey { person: id }).await.unwrap().unwrap();
        let pause = Pause {
            at: at(crate::testing::NOW),
            by: "usr".to_owned(),
            until: None,
            reason: "in hospital".to_owned(),
        };
        let mut wanted = Adjustment {
            automation_paused: Given::Set(pause),
            do_not_contact: Given::Set(NoContact {
                at: at(crate::testing::NOW),
                by: "usr".to_owned(),
                reason: "said so on the phone".to_owned().into(),
            }),
            contacts: vec![(ContactId::LAST, ContactStatus::Bad)],
        };
        let fault = adjust(&home.table, &actor(), id, person.rev(), &wanted).await.unwrap_err();
        assert!(matches!(fault, PersonFault::NoContact { .. }));
        wanted.contacts[0].0 = person.contacts[0].id;
        let changed = adjust(&home.table, &actor(), id, person.rev(), &wanted).await.unwrap();
        assert!(changed.do_not_contact && changed.automation_paused.is_some());
        assert_eq!(changed.contacts[0].status, ContactStatus::Bad);
        let log = audit::by_clinic(&home.table, None, kernel::Limit::MOST, None).await.unwrap().items;
        let entry = log.iter().find(|entry| entry.action == "person.adjusted").unwrap();
        let fields: Vec<_> = entry.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["automation_paused", "do_not_contact", "do_not_contact_reason", "contacts"]);
        assert_eq!(entry.changes[1].after, Some(true.into()));
        assert!(entry.changes[2].after.is_none(), "the reason itself is not told to the log");
        let fault = adjust(&home.table, &actor(), id, person.rev(), &wanted).await.unwrap_err();
        assert!(matches!(fault, PersonFault::Stale { version, .. } if version == changed.rev()));
        let same = adjust(&home.table, &actor(), id, changed.rev(), &wanted).await.unwrap();
        assert_eq!(same.rev(), changed.rev());
    }
}
