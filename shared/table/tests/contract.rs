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

#[tokio::test]
async fn what_is_counted_by_its_name_is_counted_once() {
    let table = table(19).await;
    let clinic = table.of(ClinicId::FIRST);
    let key = CounterKey { of: "sent_to.per_1".to_owned(), name: "day.2026-11-22".to_owned() };
    let later = now() + jiff::SignedDuration::from_hours(48);
    for name in ["a", "b", "a", "b", "c"] {
        let mut write = clinic.write();
        write.note(&key, name, Some(later));
        write.commit().await.unwrap();
    }
    assert_eq!(clinic.count(&key).await.unwrap(), 3);
    let other = CounterKey { name: "week.2026-11-16".to_owned(), ..key.clone() };
    let mut write = clinic.write();
    write.note(&key, "a", None).note(&other, "a", None);
    write.commit().await.unwrap();
    assert_eq!((clinic.count(&key).await.unwrap(), clinic.count(&other).await.unwrap()), (3, 1));
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
    clinic.clock().advance(minute * 3);
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

fn made(table: &Table, number: u32) -> Task {
    task(table, &number.to_string())
}

async fn create(clinic: &table::ClinicTable, task: &Task) -> table::Kept<Task> {
    let mut write = clinic.write();
    write.create(task);
    write.commit().await.expect("it is new");
    clinic.get::<Task>(&task.key()).await.expect("the table answers").expect("it was created")
}

#[tokio::test]
async fn of_many_replacements_in_one_call_each_holds_or_fails_for_itself() {
    let table = table(13).await;
    let (ours, theirs) = (table.of(ClinicId::FIRST), table.of(ClinicId::LAST));
    let mut kept = Vec::new();
    for number in 0..30 {
        let of = if number % 2 == 0 { &ours } else { &theirs };
        kept.push((of, create(of, &made(&table, number)).await));
    }
    // One of them was changed by somebody else, and one is gone.
    let mut write = ours.write();
    write.replace(&kept[4].1, &Task { title: "other".to_owned(), ..(*kept[4].1).clone() });
    write.commit().await.unwrap();
    let mut write = theirs.write();
    write.delete(&kept[7].1);
    write.commit().await.unwrap();

    let mut each = table.each();
    for (of, task) in &kept {
        each.replace(
            of,
            task,
            &Task { done: true, title: "{{\u{0} größer\"".to_owned(), ..(**task).clone() },
        );
    }
    assert_eq!(each.len(), 30);
    let answers = each.commit().await;
    for (number, answer) in answers.iter().enumerate() {
        let conflicts = matches!(answer, Err(WriteFault::Conflict { kind: "task", .. }));
        assert_eq!(conflicts, [4, 7].contains(&number), "{number}: {answer:?}");
        assert_eq!(answer.is_ok(), !conflicts, "{number}: {answer:?}");
    }
    for (number, (of, task)) in kept.iter().enumerate().filter(|(number, _)| *number != 7) {
        let there = of.get::<Task>(&task.key()).await.unwrap().unwrap();
        assert_eq!((there.done, there.rev()), (number != 4, 2));
    }
    // What is done has left the list of open ones, and all are still held by their owner.
    let open = ours.list::<Task>(&OpenTasks::all(), Limit::MOST, None).await.unwrap();
    assert_eq!(open.items.iter().map(|task| task.title.as_str()).collect::<Vec<_>>(), ["other"]);
    let held = ours.list::<Task>(&MessagesOfPerson::all(PersonId::FIRST), Limit::MOST, None).await.unwrap();
    assert_eq!(held.items.len(), 15);
}

#[tokio::test]
async fn two_who_replace_the_same_items_in_one_call_each_share_them() {
    let table = table(14).await;
    let clinic = table.of(ClinicId::FIRST);
    let mut kept = Vec::new();
    for number in 0..5 {
        kept.push(create(&clinic, &made(&table, number)).await);
    }
    let both = ["a", "b"].map(|name| {
        let mut each = table.each();
        for task in &kept {
            each.replace(&clinic, task, &Task { title: name.to_owned(), ..(**task).clone() });
        }
        each.commit()
    });
    let [first, second] = <[_; 2]>::try_from(futures::future::join_all(both).await).unwrap();
    for (number, task) in kept.iter().enumerate() {
        assert!(first[number].is_ok() != second[number].is_ok(), "{number}");
        let there = clinic.get::<Task>(&task.key()).await.unwrap().unwrap();
        assert_eq!(there.title, if first[number].is_ok() { "a" } else { "b" });
    }
}

#[tokio::test]
async fn items_of_many_kinds_and_clinics_are_read_in_one_go() {
    let table = table(15).await;
    let (ours, theirs) = (table.of(ClinicId::FIRST), table.of(ClinicId::LAST));
    let task = made(&table, 1);
    create(&ours, &task).await;
    let counter = CounterKey { of: "tasks".to_owned(), name: "all".to_owned() };
    let mut write = theirs.write();
    write.add(&counter, 3, None);
    write.commit().await.unwrap();
    for exact in [true, false] {
        let mut reads = table.reads();
        reads.want(&ours, &task.key()).want(&ours, &task.key()).want(&theirs, &task.key());
        reads.want(&theirs, &counter).want(&ours, &counter);
        let found = if exact { reads.now().await } else { reads.lately().await }.unwrap();
        assert_eq!(found.get::<Task>(&ours, &task.key()).unwrap().map(|kept| kept.rev()), Some(1));
        assert!(found.get::<Task>(&theirs, &task.key()).unwrap().is_none());
        assert_eq!((found.count(&theirs, &counter), found.count(&ours, &counter)), (3, 0));
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parcel {
    id: TaskId,
    text: String,
}

impl Entity for Parcel {
    type Key = TaskKey;
    const WORDS: &'static [&'static [u8]] =
        &[b"{\"id\":\"tsk_\",\"text\":\"a text that says what all of them say\"}"];
    fn key(&self) -> TaskKey {
        TaskKey { task: self.id }
    }
    fn state(&self) -> Option<&'static str> {
        (self.text == "open").then_some("OPEN")
    }
}

#[tokio::test]
async fn packed_items_are_written_and_replaced_as_others_are() {
    let table = table(16).await;
    let clinic = table.of(ClinicId::FIRST);
    let parcel = Parcel { id: TaskId::FIRST, text: "open".to_owned() };
    let other = Parcel { id: TaskId::LAST, ..parcel.clone() };
    let mut write = clinic.write();
    write.create(&parcel).create(&other);
    write.commit().await.unwrap();
    let keys = [parcel.key(), other.key()];
    let kept: Vec<_> = clinic.get_many::<Parcel>(&keys).await.unwrap().into_iter().flatten().collect();
    assert_eq!((&*kept[0], kept.len()), (&parcel, 2));
    let mut each = table.each();
    for one in &kept {
        each.replace(&clinic, one, &Parcel { text: "größer \u{0}".repeat(40), ..(**one).clone() });
    }
    assert!(each.commit().await.iter().all(Result::is_ok));
    let there = clinic.get::<Parcel>(&parcel.key()).await.unwrap().unwrap();
    assert_eq!((there.text.as_str(), there.rev()), ("größer \u{0}".repeat(40).as_str(), 2));
}

#[tokio::test]
async fn works_of_many_clinics_are_planned_in_one_go_and_again_is_the_same() {
    let table = table(17).await;
    let (ours, shared) = (table.of(ClinicId::FIRST), table.shared());
    let works = || (0..30u32).map(|number| (ours.clone(), now(), number.to_string(), Ring { number }));
    for _ in 0..2 {
        table.plan(works()).await.unwrap();
    }
    assert_eq!(numbers(&shared.sweep(now()).await.unwrap().fresh), (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_pushed_in_its_minute_is_looked_at_once_more_and_what_came_late_more_often() {
    let table = table(18).await;
    let (clinic, shared) = (table.of(ClinicId::FIRST), table.shared());
    let minute = jiff::SignedDuration::from_mins(1);
    shared.swept(&shared.sweep(now()).await.unwrap()).await.unwrap();
    let at = now() + minute * 10;
    let mut write = clinic.write();
    write.due(at, "early", &Ring { number: 1 }).due(at + minute / 2, "later", &Ring { number: 2 });
    write.commit().await.unwrap();
    let clock = clinic.clock().clone();
    clock.advance(minute * 10);
    let mut seen = Vec::new();
    for after in 0..12 {
        if after == 1 {
            let mut write = clinic.write();
            write.due(at, "late", &Ring { number: 3 });
            write.commit().await.unwrap();
        }
        let sweep = shared.sweep(clock.now()).await.unwrap();
        shared.swept(&sweep).await.unwrap();
        seen.push((numbers(&sweep.fresh), numbers(&sweep.again)));
        clock.advance(minute);
    }
    assert_eq!(seen[0], (vec![1], vec![]));
    assert_eq!(seen[1], (vec![2], vec![3]), "what came due within the minute is fresh");
    assert_eq!(seen[2], (vec![], vec![1, 2, 3]));
    assert_eq!((seen[4].1.clone(), seen[11].1.clone()), (vec![3], vec![3]));
    assert!(seen[3].1.is_empty() && seen[5].1.is_empty());
}
