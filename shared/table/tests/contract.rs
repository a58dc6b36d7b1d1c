//! What the table promises, whatever answers behind it: the embedded database, or the DynamoDB API at
//! `TABLE_ENDPOINT` (the local AWS emulator, see `scripts/stack test`).

use kernel::{ClinicId, Clock, Id, Job, Lane, Limit, MessageId, PersonId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    Entity, Table, TableFault, WriteFault,
    keys::{CounterKey, MessagesOfPerson, OnceKey, OpenTasks, Place, TaskKey},
};

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("it is an instant")
}

async fn table(seed: u64) -> Table {
    let clock = Clock::fixed(now(), seed);
    let Ok(endpoint) = std::env::var("TABLE_ENDPOINT") else { return embedded::table(clock).await };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::from_static("us-east-1"))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
            "test", "test", None, None, "contract",
        ))
        .endpoint_url(endpoint)
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let name = format!("contract-{}", Clock::system().id::<ClinicId>());
    let table = Table::new(move || client.clone(), name, clock);
    table.create().await.expect("a table can be created");
    table
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: TaskId,
    person: PersonId,
    title: String,
    done: bool,
    at: Timestamp,
}

impl Entity for Task {
    type Key = TaskKey;
    fn key(&self) -> TaskKey {
        TaskKey { task: self.id }
    }
    fn listed(&self) -> Option<Place> {
        (!self.done).then(|| OpenTasks { at: self.at, task: self.id }.into())
    }
    fn held(&self) -> Option<Place> {
        let message = MessageId::from_uuid(self.id.uuid());
        Some(MessagesOfPerson { person: self.person, message }.into())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Once {
    of: String,
    what: String,
}

impl Entity for Once {
    type Key = OnceKey;
    fn key(&self) -> OnceKey {
        OnceKey { of: self.of.clone(), what: self.what.clone() }
    }
}

fn task(table: &Table, title: &str) -> Task {
    let clock = table.of(ClinicId::FIRST).clock().clone();
    clock.advance(jiff::SignedDuration::from_millis(1));
    Task { id: clock.id(), person: PersonId::FIRST, title: title.to_owned(), done: false, at: clock.now() }
}

#[tokio::test]
async fn what_is_created_is_read_back_with_its_first_revision() {
    let table = table(1).await;
    let clinic = table.of(ClinicId::FIRST);
    let task = task(&table, "Call {{back}} \u{0} #1 — größer");
    let mut write = clinic.write();
    write.create(&task);
    write.commit().await.unwrap();
    let kept = clinic.get::<Task>(&task.key()).await.unwrap().unwrap();
    assert_eq!((&*kept, kept.rev()), (&task, 1));
}

#[tokio::test]
async fn an_entity_is_created_once() {
    let table = table(2).await;
    let clinic = table.of(ClinicId::FIRST);
    let task = task(&table, "one");
    for expected in [true, false] {
        let mut write = clinic.write();
        write.create(&task);
        assert_eq!(write.commit().await.is_ok(), expected);
    }
}

#[tokio::test]
async fn of_two_replacements_of_one_revision_one_holds() {
    let table = table(3).await;
    let clinic = table.of(ClinicId::FIRST);
    let task = task(&table, "one");
    let mut write = clinic.write();
    write.create(&task);
    write.commit().await.unwrap();
    let kept = clinic.get::<Task>(&task.key()).await.unwrap().unwrap();
    for (title, holds) in [("two", true), ("three", false)] {
        let mut write = clinic.write();
        write.replace(&kept, &Task { title: title.to_owned(), ..task.clone() });
        assert_eq!(write.commit().await.is_ok(), holds);
    }
    let kept = clinic.get::<Task>(&task.key()).await.unwrap().unwrap();
    assert_eq!((kept.title.as_str(), kept.rev()), ("two", 2));
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all_and_says_what_failed() {
    let table = table(4).await;
    let clinic = table.of(ClinicId::FIRST);
    let (one, two) = (task(&table, "one"), task(&table, "two"));
    let mut write = clinic.write();
    write.create(&two);
    write.commit().await.unwrap();
    let mut write = clinic.write();
    write.create(&one).create(&two);
    match write.commit().await {
        Err(WriteFault::Conflict { act: 1, kind: "task" }) => {}
        other => panic!("{other:?}"),
    }
    assert!(clinic.get::<Task>(&one.key()).await.unwrap().is_none());
}

/// Z-01
#[tokio::test]
async fn another_clinic_sees_nothing() {
    let table = table(5).await;
    let (ours, theirs) = (table.of(ClinicId::FIRST), table.of(ClinicId::LAST));
    let task = task(&table, "ours");
    let mut write = ours.write();
    write.create(&task);
    write.commit().await.unwrap();
    assert!(theirs.get::<Task>(&task.key()).await.unwrap().is_none());
    assert!(theirs.list::<Task>(&OpenTasks::all(), Limit::MOST, None).await.unwrap().items.is_empty());
    let extra = self::task(&table, "more");
    let mut write = ours.write();
    write.create(&extra);
    write.commit().await.unwrap();
    let page = ours.list::<Task>(&OpenTasks::all(), Limit::new(1).unwrap(), None).await.unwrap();
    let stolen = theirs.list::<Task>(&OpenTasks::all(), Limit::MOST, page.next.as_ref()).await;
    assert!(matches!(stolen, Err(TableFault::StrangeCursor)));
}

/// Z-06
#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let table = table(6).await;
    let clinic = table.of(ClinicId::FIRST);
    let mut all = Vec::new();
    for number in 0..23 {
        let task = task(&table, &number.to_string());
        let mut write = clinic.write();
        write.create(&task);
        write.commit().await.unwrap();
        all.push(task);
    }
    for (span, forward) in [
        (OpenTasks::all(), true),
        (OpenTasks::all().backwards(), false),
        (MessagesOfPerson::all(PersonId::FIRST), true),
    ] {
        let (mut seen, mut next) = (Vec::new(), None);
        loop {
            let page = clinic.list::<Task>(&span, Limit::new(5).unwrap(), next.as_ref()).await.unwrap();
            seen.extend(page.items.into_iter().map(table::Kept::into_value));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        if !forward {
            seen.reverse();
        }
        assert_eq!(seen, all);
    }
    let from = OpenTasks::all().from(&all[3].at).to(&all[5].at);
    let page = clinic.list::<Task>(&from, Limit::MOST, None).await.unwrap();
    assert_eq!(page.items.len(), 3);
    let even = |task: &Task| task.title.parse::<u32>().unwrap() % 2 == 0;
    let page = clinic.list_where(&OpenTasks::all(), Limit::new(7).unwrap(), None, even).await.unwrap();
    assert_eq!(page.items.len(), 7);
}

#[tokio::test]
async fn what_leaves_a_list_is_listed_no_more() {
    let table = table(7).await;
    let clinic = table.of(ClinicId::FIRST);
    let task = task(&table, "done soon");
    let mut write = clinic.write();
    write.create(&task);
    write.commit().await.unwrap();
    let kept = clinic.get::<Task>(&task.key()).await.unwrap().unwrap();
    let mut write = clinic.write();
    write.replace(&kept, &Task { done: true, ..task.clone() });
    write.commit().await.unwrap();
    assert!(clinic.list::<Task>(&OpenTasks::all(), Limit::MOST, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_partition_is_a_list_of_its_own() {
    let table = table(8).await;
    let clinic = table.of(ClinicId::FIRST);
    let once = |of: &str, what: &str| Once { of: of.to_owned(), what: what.to_owned() };
    let (other, mine) = (once("b", "1"), [once("a", "1"), once("a", "2 #")]);
    let mut write = clinic.write();
    write.create(&other).create(&mine[0]).create(&mine[1]);
    write.commit().await.unwrap();
    let found = clinic.list_short::<Once>(&OnceKey::within("a".to_owned()).backwards(), 10).await.unwrap();
    assert_eq!(found.iter().map(|kept| kept.what.as_str()).collect::<Vec<_>>(), ["2 #", "1"]);
    let many = clinic.get_many::<Once>(&[mine[1].key(), other.key()]).await.unwrap();
    assert_eq!(many[0].as_ref().map(|kept| kept.what.as_str()), Some("2 #"));
    let mut write = clinic.write();
    write.delete(&found[0]).check(&found[1]);
    write.commit().await.unwrap();
    let mut write = clinic.write();
    write.delete(&found[0]);
    assert!(write.commit().await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn counters_add_up_under_many_hands() {
    let table = table(9).await;
    let clinic = table.of(ClinicId::FIRST);
    let key = CounterKey { of: "messages".to_owned(), name: "2026-11-22".to_owned() };
    let adding = (0..20).map(|_| {
        let mut write = clinic.write();
        write.add(&key, 2, None);
        write.commit()
    });
    for added in futures::future::join_all(adding).await {
        added.unwrap();
    }
    assert_eq!(clinic.count(&key).await.unwrap(), 40);
    let counters = clinic.counts("messages", "2026").await.unwrap();
    assert_eq!(
        counters.iter().map(|counter| (counter.name.as_str(), counter.value)).collect::<Vec<_>>(),
        [("2026-11-22", 40)]
    );
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Ring {
    number: u32,
}

impl Job for Ring {
    const TYPE: &'static str = "ring.1";
    const LANE: Lane = Lane::Outbound;
}

fn numbers(due: &[table::Due]) -> Vec<u32> {
    let mut numbers: Vec<_> = due
        .iter()
        .map(|due| due.job.read::<Ring>().and_then(Result::ok).map_or(0, |ring| ring.number))
        .collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn due_work_is_swept_when_it_is_due_and_looked_at_again() {
    let table = table(10).await;
    let (clinic, shared) = (table.of(ClinicId::FIRST), table.shared());
    let minute = jiff::SignedDuration::from_mins(1);
    shared.swept(&shared.sweep(now()).await.unwrap()).await.unwrap();
    for number in 1..=4u32 {
        let mut write = clinic.write();
        write.due(now() + minute * i32::try_from(number).unwrap(), &number.to_string(), &Ring { number });
        write.commit().await.unwrap();
    }
    let mut write = clinic.write();
    write.undue(now() + minute * 4, "4");
    write.commit().await.unwrap();

    assert!(shared.sweep(now()).await.unwrap().fresh.is_empty());
    let at = now() + minute * 2;
    let sweep = shared.sweep(at).await.unwrap();
    assert_eq!(numbers(&sweep.fresh), [1, 2]);
    // Not marked as swept: the next one finds the same.
    let sweep = shared.sweep(at).await.unwrap();
    assert_eq!(numbers(&sweep.fresh), [1, 2]);
    shared.swept(&sweep).await.unwrap();
    let sweep = shared.sweep(at + minute).await.unwrap();
    assert_eq!((numbers(&sweep.fresh), numbers(&sweep.again)), (vec![3], vec![1, 2]));
    shared.swept(&sweep).await.unwrap();
    // A late commit into a minute that was swept already is found by the second look.
    let mut write = clinic.write();
    write.due(at + minute, "late", &Ring { number: 9 });
    write.commit().await.unwrap();
    let sweep = shared.sweep(at + minute * 2).await.unwrap();
    assert!(numbers(&sweep.again).contains(&9));
}

#[tokio::test]
async fn after_a_long_absence_no_due_work_is_missed() {
    let table = table(11).await;
    let (clinic, shared) = (table.of(ClinicId::FIRST), table.shared());
    shared.swept(&shared.sweep(now()).await.unwrap()).await.unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    for number in 0..10u32 {
        let mut write = clinic.write();
        write.due(now() + hour * i32::try_from(number).unwrap(), &number.to_string(), &Ring { number });
        write.commit().await.unwrap();
    }
    let sweep = shared.sweep(now() + hour * 9).await.unwrap();
    let mut all = numbers(&sweep.fresh);
    all.extend(numbers(&sweep.again));
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_address_of_ours_belongs_to_one_clinic() {
    let table = table(12).await;
    let shared = table.shared();
    shared.claim_address("+12125550100", ClinicId::FIRST).await.unwrap();
    shared.claim_address("+12125550100", ClinicId::FIRST).await.unwrap();
    assert!(shared.claim_address("+12125550100", ClinicId::LAST).await.is_err());
    assert_eq!(shared.clinic_of("+12125550100").await.unwrap(), Some(ClinicId::FIRST));
}
