//! The log on a table.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use audit::{
    Actor, Damage, Entry, Seal, SealRequested, VerifyFault, by_clinic, by_patient, record, seal, verify,
    viewed,
};
use embedded::Embedded;
use jiff::SignedDuration;
use kernel::{ClinicId, Clock, Id as _, Job as _, Limit, PersonId};
use table::{
    ClinicTable, Table,
    keys::{AuditEntryKey, AuditHeadKey, AuditSealKey},
};

async fn clinic() -> (Clock, Table, ClinicTable) {
    let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
    let table = embedded::table(clock.clone()).await;
    let clinic = table.of(ClinicId::derived(&["a"]));
    (clock, table, clinic)
}

fn person(n: &str) -> PersonId {
    PersonId::derived(&[n])
}

async fn busy(clock: &Clock, clinic: &ClinicTable, entries: usize) {
    for n in 0..entries {
        let deed = Actor::system("test").did("thing.done").patient(person(&n.to_string()));
        record(clinic, deed).await.unwrap();
        clock.advance(SignedDuration::from_millis(1));
    }
}

///
#[tokio::test]
async fn a_view_of_many_patients_is_one_entry_that_each_of_them_leads_to() {
    let (clock, _, clinic) = clinic().await;
    let actor = Actor::system("test");
    viewed(&clinic, &actor, "people.viewed", &["name"], [person("a"), person("b"), person("a")])
        .await
        .unwrap();
    viewed(&clinic, &actor, "people.viewed", &["name"], []).await.unwrap();
    let all = by_clinic(&clinic, None, Limit::MOST, None).await.unwrap().items;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].patients.len(), 2);
    for sealed in [false, true] {
        if sealed {
            clock.advance(SignedDuration::from_mins(10));
            assert_eq!(seal(&clinic).await.unwrap(), 1);
        }
        for (who, found) in [("a", 1), ("b", 1), ("c", 0)] {
            let page = by_patient(&clinic, person(who), Limit::MOST, None).await.unwrap();
            assert_eq!(page.items.len(), found, "{who}, sealed: {sealed}");
        }
    }
}

///
#[tokio::test]
async fn the_history_of_a_patient_goes_on_from_what_is_new_to_what_is_sealed() {
    let (clock, _, clinic) = clinic().await;
    for n in 0..7i64 {
        if n == 4 {
            clock.advance(SignedDuration::from_mins(10));
            assert_eq!(seal(&clinic).await.unwrap(), 4);
        }
        let deed = Actor::system("test").did("thing.done").patient(person("a"));
        record(&clinic, deed.change("n", 0i64, n + 1)).await.unwrap();
        clock.advance(SignedDuration::from_millis(1));
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = by_patient(&clinic, person("a"), Limit::new(2).unwrap(), after.as_ref()).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 7);
    assert!(found.is_sorted_by(|a, b| a.at > b.at));
}

#[tokio::test]
async fn what_has_not_settled_is_not_sealed() {
    let (clock, _, clinic) = clinic().await;
    busy(&clock, &clinic, 3).await;
    assert_eq!(seal(&clinic).await.unwrap(), 0);
    clock.advance(SignedDuration::from_mins(6));
    busy(&clock, &clinic, 1).await;
    assert_eq!(seal(&clinic).await.unwrap(), 3);
    assert_eq!(seal(&clinic).await.unwrap(), 0, "a second run does nothing");
    let sound = verify(&clinic, None).await.unwrap();
    assert_eq!((sound.seals, sound.entries), (1, 3));
}

#[tokio::test]
async fn two_sealers_do_the_work_of_one() {
    let (clock, _, clinic) = clinic().await;
    busy(&clock, &clinic, 130).await;
    clock.advance(SignedDuration::from_mins(6));
    let (one, two) = tokio::join!(seal(&clinic), seal(&clinic));
    assert_eq!(one.unwrap() + two.unwrap(), 130);
    let sound = verify(&clinic, None).await.unwrap();
    assert_eq!((sound.seals, sound.entries), (2, 130));
}

///
#[tokio::test]
async fn an_entry_that_was_edited_or_taken_out_is_found() {
    for edit in [true, false] {
        let (clock, _, clinic) = clinic().await;
        busy(&clock, &clinic, 3).await;
        clock.advance(SignedDuration::from_mins(6));
        seal(&clinic).await.unwrap();
        let entries = clinic.list::<Entry>(&AuditEntryKey::within(), Limit::MOST, None).await.unwrap().items;
        let mut write = clinic.write();
        if edit {
            let edited = Entry { action: "other.done".to_owned(), ..(*entries[1]).clone() };
            write.replace(&entries[1], &edited);
        } else {
            write.delete(&entries[1]);
        }
        write.commit().await.unwrap();
        let fault = verify(&clinic, None).await.unwrap_err();
        assert!(matches!(fault, VerifyFault::Damaged(Damage::Changed(1))), "{fault}");
    }
}

///
#[tokio::test]
async fn an_end_that_was_cut_off_is_found_by_the_head_or_by_an_anchor() {
    let (clock, _, clinic) = clinic().await;
    for _ in 0..2 {
        busy(&clock, &clinic, 2).await;
        clock.advance(SignedDuration::from_mins(6));
        seal(&clinic).await.unwrap();
    }
    let anchor = verify(&clinic, None).await.unwrap().end.unwrap();
    verify(&clinic, Some(&anchor)).await.unwrap();
    let seals = clinic.list::<Seal>(&AuditSealKey::within(), Limit::MOST, None).await.unwrap().items;
    let mut write = clinic.write();
    write.delete(&seals[1]);
    write.commit().await.unwrap();
    assert!(matches!(verify(&clinic, None).await, Err(VerifyFault::Damaged(Damage::End(2)))));

    let mut write = clinic.write();
    write.delete(&seals[0]);
    write.remove(&AuditHeadKey {});
    write.commit().await.unwrap();
    verify(&clinic, None).await.expect("nothing in the table tells that there was more");
    assert!(matches!(verify(&clinic, Some(&anchor)).await, Err(VerifyFault::Damaged(Damage::End(2)))));
}

#[tokio::test]
async fn new_entries_lead_to_one_sealing_when_they_have_settled() {
    let clock = Clock::fixed("2026-11-22T08:01:00Z".parse().unwrap(), 7);
    let database = Embedded::memory().unwrap();
    let table = database.table(clock.clone()).await.unwrap();
    let clinic = table.of(ClinicId::derived(&["a"]));
    busy(&clock, &clinic, 5).await;
    let (changes, _) = database.changes(None).unwrap();
    audit::noticed(&table, &changes).await.unwrap();
    audit::noticed(&table, &changes).await.unwrap();
    let (changes, _) = database.changes(None).unwrap();
    let due: Vec<_> =
        changes.iter().filter_map(|change| table::changed::<table::Due>(change)?.ok()?.1).collect();
    assert!(!due.is_empty());
    for each in due {
        assert_eq!(each.at, "2026-11-22T08:10:00Z".parse().unwrap());
        let job = each.job.read::<SealRequested>().unwrap().unwrap();
        assert_eq!((job.clinic, each.job.lane), (clinic.clinic(), SealRequested::LANE));
    }
}

#[tokio::test]
async fn entries_that_are_seen_late_are_sealed_in_time_to_come() {
    let clock = Clock::fixed("2026-11-22T08:01:00Z".parse().unwrap(), 7);
    let database = Embedded::memory().unwrap();
    let table = database.table(clock.clone()).await.unwrap();
    busy(&clock, &table.of(ClinicId::derived(&["a"])), 1).await;
    let (changes, after) = database.changes(None).unwrap();
    clock.advance(SignedDuration::from_hours(3));
    audit::noticed(&table, &changes).await.unwrap();
    let (changes, _) = database.changes(after.as_deref()).unwrap();
    let due = changes.iter().find_map(|change| table::changed::<table::Due>(change)?.ok()?.1).unwrap();
    assert_eq!(due.at, "2026-11-22T11:05:00Z".parse().unwrap());
}

#[tokio::test]
async fn another_clinic_has_its_own_log() {
    let (clock, table, clinic) = clinic().await;
    busy(&clock, &clinic, 2).await;
    let other = table.of(ClinicId::derived(&["b"]));
    assert!(by_clinic(&other, None, Limit::MOST, None).await.unwrap().items.is_empty());
    assert!(by_patient(&other, person("0"), Limit::MOST, None).await.unwrap().items.is_empty());
    assert_eq!(verify(&other, None).await.unwrap().seals, 0);
}
