use std::{
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use kernel::{Fault, Id, Limit};
use platform::inside::InsideQueue;
use rstest::rstest;
use serde_json::{Value, json};
use table::{TableFault, keys::AppointmentKey, keys::PersonKey};

use super::*;
use crate::{
    Appointment, NoPlan, Person,
    appointments::Status,
    contact::ContactKind,
    imports::{Counts, NewImport, cancel, check, create, findings, get, run},
    origin::mirrored,
    testing::{Home, actor},
};

struct Bench {
    home: Home,
    queue: InsideQueue,
    platform: Platform,
}

/// Rows as a practice system might print them.
const ROWS: &str = "\
Patient,First,Last,Born,Mobile,Mail,Visit,When,State\r\n\
P1,Ana,\"Costa, Jr.\",05/06/1990,(212) 555-0101,ana@example.com,V1,11/25/2026 9:00 AM,Booked\r\n\
P2,Leo,Reis,01/02/1985,212-555-0102,,V2,11/25/2026 9:30 AM,Booked\r\n\
P1,Ana,\"Costa, Jr.\",05/06/1990,(212) 555-0101,ana@example.com,V3,12/02/2026 9:00 AM,Booked\r\n\
P3,Mia,Silva,03/04/1999,800-555-0199,,V4,11/25/2026 10:00 AM,Gone\r\n";

fn mapping() -> Value {
    let when = |column: &str| json!({"column": column, "shape": "date_time", "pattern": "%m/%d/%Y %I:%M %p"});
    json!({
        "source": "pms",
        "entities": [
            {"kind": "person", "id": {"column": "Patient"}, "fields": {
                "given_name": {"column": "First"}, "family_name": {"column": "Last"},
                "birth_date": {"column": "Born", "shape": "date", "pattern": "%m/%d/%Y"},
                "text": {"column": "Mobile"}, "email": {"column": "Mail"}}},
            {"kind": "appointment", "id": {"column": "Visit"}, "fields": {
                "person": {"column": "Patient"}, "starts_at": when("When"),
                "status": {"column": "State", "values": {"Booked": "SCHEDULED", "Gone": "CANCELLED"}}}},
        ],
    })
}

impl Bench {
    async fn new() -> Self {
        let home = Home::new().await;
        let queue = InsideQueue::new();
        let platform = home.platform(&queue);
        Self { home, queue, platform }
    }

    async fn asked(&self, mapping: Value, format: Format, file: &[u8]) -> Result<ImportId, ImportFault> {
        let bytes = file.len() as u64;
        let new = NewImport { name: "spring".into(), mapping, format, bytes, as_of: None, shift_days: None };
        let id = self.platform.clock.id();
        let created = create(&self.platform, &self.home.table, &actor(), id, new).await?;
        let key = created.import.file(&self.home.table);
        self.platform.files.put(&key, Bytes::copy_from_slice(file)).await?;
        check(&self.platform, &self.home.table, &actor(), created.import.id).await?;
        Ok(created.import.id)
    }

    async fn csv(&self, file: &str) -> ImportId {
        self.asked(mapping(), Format::Csv, file.as_bytes()).await.unwrap()
    }

    fn jobs(&self) -> Vec<ImportContinues> {
        let taken = self.queue.take(Lane::Imports, 10);
        taken.iter().map(|delivery| delivery.job.read().unwrap().unwrap()).collect()
    }

    /// Works off all that is queued.
    async fn work_off(&self, plan: &impl Replan) {
        loop {
            let jobs = self.jobs();
            if jobs.is_empty() {
                return;
            }
            for job in jobs {
                work(&self.platform, plan, &job).await.unwrap();
            }
        }
    }

    async fn import(&self, id: ImportId) -> Import {
        get(&self.home.table, id).await.unwrap().into_value()
    }

    async fn go(&self, id: ImportId) -> Import {
        self.work_off(&NoPlan).await;
        run(&self.platform, &self.home.table, &actor(), id).await.unwrap();
        self.work_off(&NoPlan).await;
        self.import(id).await
    }

    async fn found(&self, id: ImportId) -> Vec<Finding> {
        let page = findings(&self.home.table, id, Limit::MOST, None).await.unwrap();
        page.items.into_iter().map(Kept::into_value).collect()
    }

    async fn person(&self, id: &str) -> Option<Kept<Person>> {
        let key = PersonKey { person: mirrored(&self.home.table, "pms", id) };
        self.home.table.get(&key).await.unwrap()
    }

    async fn visit(&self, id: &str) -> Option<Kept<Appointment>> {
        let key = AppointmentKey { appointment: mirrored(&self.home.table, "pms", id) };
        self.home.table.get(&key).await.unwrap()
    }
}

fn created(created: u64) -> Counts {
    Counts { created, ..Counts::default() }
}

#[tokio::test]
async fn a_dry_run_tells_what_will_happen_and_changes_nothing() {
    let bench = Bench::new().await;
    let id = bench.csv(ROWS).await;
    bench.work_off(&NoPlan).await;
    let import = bench.import(id).await;
    assert_eq!(import.state, State::Ready);
    let told = import.dry_run;
    assert_eq!((told.rows, told.refused, told.warned, told.unreachable), (4, 0, 1, 1));
    assert_eq!((told.persons, told.appointments), (Counts { unchanged: 1, ..created(3) }, created(4)));
    assert!(bench.person("P1").await.is_none() && bench.visit("V1").await.is_none());

    let found = bench.found(id).await;
    assert_eq!(found.len(), 1);
    let of_mia = &found[0];
    assert_eq!((of_mia.row, of_mia.left_out[0].at.as_str()), (4, "Mobile"));
    assert_eq!(of_mia.unreachable_because.as_deref(), Some("no_contact_point"));

    let done = bench.go(id).await;
    assert_eq!((done.state, done.totals), (State::Done, told));
    let ana = bench.person("P1").await.unwrap();
    assert_eq!(ana.names.family.reveal(), "Costa, Jr.");
    assert_eq!(ana.usable(ContactKind::Text).next().unwrap().value.reveal(), "+12125550101");
    let visit = bench.visit("V1").await.unwrap();
    assert_eq!(visit.starts_at.to_string(), "2026-11-25T14:00:00Z");
    assert_eq!(bench.visit("V4").await.unwrap().status, Status::Cancelled);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let bench = Bench::new().await;
    let first = bench.csv(ROWS).await;
    bench.go(first).await;
    let before = (bench.person("P1").await, bench.visit("V3").await);
    bench.home.clock.advance(jiff::SignedDuration::from_hours(5));
    let second = bench.csv(ROWS).await;
    let again = bench.go(second).await;
    let unchanged = |unchanged| Counts { unchanged, ..Counts::default() };
    assert_eq!((again.totals.persons, again.totals.appointments), (unchanged(4), unchanged(4)));
    assert_eq!((bench.person("P1").await, bench.visit("V3").await), before);
}

#[tokio::test]
async fn an_older_file_does_not_undo_newer_news() {
    let bench = Bench::new().await;
    let put = crate::mirror::Put {
        kind: crate::mirror::Kind::Person,
        source: "pms",
        id: "P1",
        version: None,
        updated_at: Some(crate::testing::at("2026-11-22T14:00:00Z")),
        data: Some(&json!({"given_name": "Anna"})),
    };
    crate::mirror::put(&bench.home.table, &NoPlan, &actor(), put).await.unwrap();
    let new = NewImport {
        name: "old".into(),
        mapping: mapping(),
        format: Format::Csv,
        bytes: ROWS.len() as u64,
        as_of: Some(crate::testing::at("2026-11-20T00:00:00Z")),
        shift_days: None,
    };
    let asked = create(&bench.platform, &bench.home.table, &actor(), bench.platform.clock.id(), new)
        .await
        .unwrap()
        .import;
    bench.platform.files.put(&asked.file(&bench.home.table), ROWS.into()).await.unwrap();
    check(&bench.platform, &bench.home.table, &actor(), asked.id).await.unwrap();
    let done = bench.go(asked.id).await;
    assert_eq!(done.totals.persons, Counts { created: 2, older: 2, ..Counts::default() });
    assert_eq!(bench.person("P1").await.unwrap().names.given.reveal(), "Anna");
}

/// Dies at the nth appointment, and moves the clock with each.
struct Dying {
    left: AtomicUsize,
    clock: kernel::Clock,
    pace: i64,
}

impl Replan for Dying {
    async fn replan(
        &self,
        _: &mut Write,
        _: Option<&Kept<Appointment>>,
        _: &Appointment,
        person: Option<&Person>,
    ) -> Result<(), TableFault> {
        assert!(person.is_some(), "the planner is told of persons that are new in the same write");
        self.clock.advance(jiff::SignedDuration::from_millis(self.pace));
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        if left > 0 {
            return Ok(());
        }
        Err(TableFault::Away { operation: "test", reason: "killed".to_owned() })
    }
}

fn long(rows: usize) -> String {
    let mut file = "Patient,First,Last,Born,Mobile,Mail,Visit,When,State\n".to_owned();
    for row in 0..rows {
        // Every fifth patient comes twice.
        let patient = row - usize::from(row % 5 == 4);
        writeln!(file, "P{patient},A,B,05/06/1990,212-555-0101,,V{row},11/25/2026 9:00 AM,Booked").unwrap();
    }
    file
}

#[tokio::test]
async fn an_import_killed_anywhere_goes_on_and_counts_each_row_once() {
    let file = long(60);
    for kill in (0..60).step_by(7) {
        let bench = Bench::new().await;
        let id = bench.csv(&file).await;
        bench.work_off(&NoPlan).await;
        run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap();
        let job = bench.jobs().remove(0);
        let plan = Dying { left: AtomicUsize::new(kill), clock: bench.home.clock.clone(), pace: 0 };
        work(&bench.platform, &plan, &job).await.unwrap_err();
        assert_eq!(bench.import(id).await.state, State::Running);
        // The queue brings the same job again.
        assert_eq!(work(&bench.platform, &NoPlan, &job).await.unwrap(), Worked::Ended);
        let done = bench.import(id).await;
        assert_eq!((done.totals.rows, done.totals.appointments), (60, created(60)), "killed at {kill}");
        assert_eq!(done.totals.persons, Counts { unchanged: 12, ..created(48) }, "killed at {kill}");
        // And once more: it is pointless by now.
        assert_eq!(work(&bench.platform, &NoPlan, &job).await.unwrap(), Worked::Pointless);
        assert!(bench.visit("V59").await.is_some());
    }
}

#[tokio::test]
async fn a_long_import_is_worked_off_in_stretches() {
    let bench = Bench::new().await;
    let id = bench.csv(&long(250)).await;
    bench.work_off(&NoPlan).await;
    run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap();
    let plan = Dying { left: AtomicUsize::new(9999), clock: bench.home.clock.clone(), pace: 250 };
    let first = bench.jobs().remove(0);
    assert_eq!(work(&bench.platform, &plan, &first).await.unwrap(), Worked::Continues);
    let middle = bench.import(id).await;
    assert!((100..250).contains(&middle.totals.rows), "{}", middle.totals.rows);
    assert_eq!(work(&bench.platform, &plan, &first).await.unwrap(), Worked::Pointless);
    // The hint is lost; the due bucket remembers.
    bench.jobs();
    bench.home.clock.advance(jiff::SignedDuration::from_mins(1));
    let sweep = bench.home.all.shared().sweep(bench.home.clock.now()).await.unwrap();
    let jobs: Vec<ImportContinues> =
        sweep.fresh.iter().chain(&sweep.again).filter_map(|due| due.job.read()?.ok()).collect();
    for job in jobs {
        work(&bench.platform, &NoPlan, &job).await.unwrap();
    }
    let done = bench.import(id).await;
    assert_eq!((done.state, done.totals.rows, done.totals.appointments), (State::Done, 250, created(250)));
}

#[tokio::test]
async fn two_workers_at_once_take_each_row_once() {
    let bench = Bench::new().await;
    let id = bench.csv(&long(120)).await;
    bench.work_off(&NoPlan).await;
    run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap();
    let job = bench.jobs().remove(0);
    let (one, two) =
        futures::join!(work(&bench.platform, &NoPlan, &job), work(&bench.platform, &NoPlan, &job));
    assert!([one.unwrap(), two.unwrap()].contains(&Worked::Ended));
    let done = bench.import(id).await;
    assert_eq!((done.state, done.totals.rows, done.totals.appointments), (State::Done, 120, created(120)));
}

#[tokio::test]
async fn a_cancelled_import_stops_and_keeps_what_it_took() {
    let bench = Bench::new().await;
    let id = bench.csv(&long(60)).await;
    bench.work_off(&NoPlan).await;
    run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap();
    let job = bench.jobs().remove(0);
    let plan = Dying { left: AtomicUsize::new(30), clock: bench.home.clock.clone(), pace: 0 };
    work(&bench.platform, &plan, &job).await.unwrap_err();
    for _ in 0..2 {
        assert_eq!(cancel(&bench.home.table, &actor(), id).await.unwrap().state, State::Cancelled);
    }
    assert_eq!(work(&bench.platform, &NoPlan, &job).await.unwrap(), Worked::Pointless);
    assert!(bench.visit("V0").await.is_some() && bench.visit("V59").await.is_none());
    let again = run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap_err();
    assert_eq!(again.code(), "import_state");
}

#[rstest]
#[case("P1,Ana,Costa,05/06/1990,,,V1,11/25/2026 9:00 AM", "row")]
#[case("P1,Ana,Costa,1990-05-06,,,V1,11/25/2026 9:00 AM,Booked", "Born")]
#[case("P1,Ana,Costa,,,,V1,tomorrow,Booked", "When")]
#[case("P1,Ana,Costa,,,,V1,11/25/2026 9:00 AM,Perhaps", "State")]
#[case(",Ana,Costa,,,,V1,11/25/2026 9:00 AM,Booked", "Patient")]
#[case("P1,Ana,Costa,,,,V9,,Booked", "When")]
#[case("P1,Ana,Costa,05/06/2190,,,V1,11/25/2026 9:00 AM,Booked", "Born")]
#[tokio::test]
async fn a_wrong_row_is_told_with_its_column_and_the_others_are_taken(
    #[case] row: &str,
    #[case] column: &str,
) {
    let bench = Bench::new().await;
    let mut lines: Vec<_> = ROWS.lines().collect();
    lines.insert(2, row);
    let id = bench.csv(&lines.join("\n")).await;
    let done = bench.go(id).await;
    assert_eq!((done.totals.rows, done.totals.refused, done.totals.appointments), (5, 1, created(4)));
    let found = bench.found(id).await;
    let refused: Vec<_> = found.iter().filter(|finding| !finding.refused.is_empty()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].row, 2);
    let places: Vec<_> = refused[0].refused.iter().map(|problem| problem.at.as_str()).collect();
    assert!(places.contains(&column), "{places:?}");
    assert!(!format!("{:?}", refused[0].refused).contains("Ana"));
}

#[rstest]
#[case("Patient,First,Last,Born,Mobile,Mail,Visit,When\n", "State")]
#[case("Patient,First,Last,Born,Mobile,Mail,Visit,When,State,First\n", "First")]
#[case("Patient,First,Last,Born,Mobile,Mail,Visit,When,State,\n", "header")]
#[case("\u{0}\u{1}PNG", "header")]
#[tokio::test]
async fn a_file_with_another_header_fails_and_says_why(#[case] file: &str, #[case] place: &str) {
    let bench = Bench::new().await;
    let id = bench.csv(file).await;
    bench.work_off(&NoPlan).await;
    let failed = bench.import(id).await;
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.failure[0].at, place);
    let fault = run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap_err();
    assert_eq!((fault.code(), fault.kind()), ("import_state", kernel::Kind::Conflict));
}

#[tokio::test]
async fn marks_line_ends_blank_lines_and_large_quoted_fields_are_read() {
    let bench = Bench::new().await;
    // More than one fetch of the file, with line ends in quotes across its borders.
    let filler = "x\n\"\"y\"\"".repeat(6000);
    let mut file = "\u{feff}Patient;First;Last;Born;Mobile;Mail;Visit;When;State;Note\r\n\r\n".to_owned();
    for row in 0..40 {
        write!(file, "P{row};A;B;;;;V{row};11/25/2026 9:00 AM;Booked;\"{filler}\"\r\n").unwrap();
    }
    file.truncate(file.len() - 2);
    assert!(file.len() > 1_500_000);
    let mut mapping = mapping();
    mapping["delimiter"] = json!(";");
    let id = bench.asked(mapping, Format::Csv, file.as_bytes()).await.unwrap();
    let done = bench.go(id).await;
    assert_eq!((done.totals.rows, done.totals.appointments), (40, created(40)));
}

#[tokio::test]
async fn rows_that_are_too_long_or_not_text_are_passed_over() {
    let bench = Bench::new().await;
    let mut file = ROWS.as_bytes().to_vec();
    file.extend(format!("P8,{},,,,,V8,11/25/2026 9:00 AM,Booked\n", "x".repeat(70_000)).bytes());
    file.extend(b"P9,\xff\xfe,,,,,V9,11/25/2026 9:00 AM,Booked\n");
    file.extend(b"P10,A,B,,,,V10,11/25/2026 9:00 AM,Booked\n");
    let id = bench.asked(mapping(), Format::Csv, &file).await.unwrap();
    let done = bench.go(id).await;
    assert_eq!((done.totals.rows, done.totals.refused, done.totals.appointments), (7, 2, created(5)));
    let found = bench.found(id).await;
    let refused: Vec<_> = found.iter().filter(|f| !f.refused.is_empty()).collect();
    let places: Vec<_> = refused.iter().map(|f| (f.row, f.refused[0].at.as_str())).collect();
    assert_eq!(places, [(5, "row"), (6, "First")]);
}

#[tokio::test]
async fn lines_of_json_are_rows_too() {
    let bench = Bench::new().await;
    let file = "\
{\"Patient\": 17.0, \"First\": \"Ana\", \"Visit\": 1, \"When\": \"11/25/2026 9:00 AM\", \"State\": \"Booked\"}

{\"Patient\": \"18\", \"First\"
[1]
{\"Patient\": {\"id\": 1}}
{\"Patient\": 19, \"First\": null, \"Visit\": 2, \"When\": \"11/25/2026 9:00 AM\", \"State\": \"Gone\"}";
    let mut mapping = mapping();
    mapping["entities"][0]["id"]["shape"] = json!("id");
    mapping["entities"][1]["fields"]["person"]["shape"] = json!("id");
    let id = bench.asked(mapping, Format::Ndjson, file.as_bytes()).await.unwrap();
    let done = bench.go(id).await;
    assert_eq!((done.totals.rows, done.totals.refused, done.totals.appointments), (5, 3, created(2)));
    assert!(bench.person("17").await.is_some() && bench.person("19").await.is_some());
}

#[rstest]
#[case(json!({"source": "pms", "entities": []}), "/mapping/entities")]
#[case(json!({"source": "My PMS", "entities": [{"kind": "person", "id": {"column": "A"}, "fields": {}}]}), "/mapping/source")]
#[case(json!({"source": "pms", "entities": [{"kind": "person", "id": {}, "fields": {}}]}), "/mapping/entities/0/id")]
#[case(json!({"source": "pms", "entities": [{"kind": "person", "id": {"column": "A"}, "fields": {"shoe": {"column": "B"}}}]}), "/mapping/entities/0/fields/shoe")]
#[case(json!({"source": "pms", "entities": [{"kind": "robot", "id": {"column": "A"}, "fields": {}}]}), "/mapping")]
#[case(json!({"source": "pms", "colour": 1, "entities": []}), "/mapping")]
#[tokio::test]
async fn a_wrong_mapping_is_refused_before_anything_is_sent(#[case] mapping: Value, #[case] place: &str) {
    let bench = Bench::new().await;
    let fault = bench.asked(mapping, Format::Csv, b"A\n").await.unwrap_err();
    assert_eq!((fault.code(), fault.details()[0].at.as_str()), ("import_invalid", place));
}

#[tokio::test]
async fn sizes_states_and_other_clinics_are_checked() {
    let bench = Bench::new().await;
    let new = |bytes| NewImport {
        name: "x".into(),
        mapping: mapping(),
        format: Format::Csv,
        bytes,
        as_of: None,
        shift_days: None,
    };
    for bytes in [0, 50 * 1024 * 1024 + 1] {
        let fault =
            create(&bench.platform, &bench.home.table, &actor(), bench.platform.clock.id(), new(bytes))
                .await
                .unwrap_err();
        assert_eq!(fault.details()[0].at, "/bytes");
    }
    let asked = create(&bench.platform, &bench.home.table, &actor(), bench.platform.clock.id(), new(10))
        .await
        .unwrap()
        .import;
    let missing = check(&bench.platform, &bench.home.table, &actor(), asked.id).await.unwrap_err();
    assert_eq!(missing.code(), "import_file_missing");
    let early = run(&bench.platform, &bench.home.table, &actor(), asked.id).await.unwrap_err();
    assert_eq!(early.code(), "import_state");
    let other = bench.home.clinic("other").await;
    let foreign = run(&bench.platform, &other, &actor(), asked.id).await.unwrap_err();
    assert_eq!((foreign.code(), foreign.kind()), ("import_not_found", kernel::Kind::NotFound));
    let strange = ImportContinues { clinic: other.clinic(), import: asked.id, step: 1 };
    assert_eq!(work(&bench.platform, &NoPlan, &strange).await.unwrap(), Worked::Pointless);
    assert_eq!(ImportId::PREFIX, "imp");
}

#[tokio::test]
async fn the_mapping_of_medical_appointments_reads_their_form() {
    let bench = Bench::new().await;
    let file = "\
PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,Neighbourhood,Scholarship,No-show
1.23456E+13,1000001,F,2016-04-20T18:38:08Z,2016-04-29T00:00:00Z,62,CENTRO,0,No
98765432101,1000002,M,2016-04-27T08:36:51Z,2016-04-29T00:00:00Z,8,CENTRO,1,Yes
1.23456E+13,1000063,F,2016-04-21T18:38:08Z,2016-04-29T00:00:00Z,62,CENTRO,0,No
55555555555,1000004,M,2016-04-27T08:36:51Z,2016-04-29T00:00:00Z,-1,CENTRO,0,No
";
    let mapping: Value =
        serde_json::from_str(include_str!("../../data/mappings/medical-appointments.json")).unwrap();
    let id = bench.asked(mapping, Format::Csv, file.as_bytes()).await.unwrap();
    let done = bench.go(id).await;
    let totals = done.totals;
    assert_eq!((totals.rows, totals.refused, totals.rounded_ids), (4, 1, 2));
    assert_eq!(totals.persons, Counts { unchanged: 1, ..created(2) });
    let key = PersonKey { person: mirrored(&bench.home.table, "vitoria-2016", "12345600000000") };
    let person: Kept<Person> = bench.home.table.get(&key).await.unwrap().unwrap();
    assert_eq!(person.birth_date.as_ref().unwrap().reveal().year(), 1954);
    assert!(person.birth_date_is_approximate);
    let visit = async |id| {
        let key = AppointmentKey { appointment: mirrored(&bench.home.table, "vitoria-2016", id) };
        bench.home.table.get::<Appointment>(&key).await.unwrap().unwrap()
    };
    let (one, two, far) = (visit("1000001").await, visit("1000002").await, visit("1000063").await);
    assert_eq!((one.status, two.status), (Status::Completed, Status::NoShow));
    assert_eq!((one.wall.to_string(), two.wall.to_string()), walls("14:50", "15:00"));
    assert_eq!(far.wall.to_string(), walls("15:10", "").0);
    assert_eq!(one.created_at.to_string(), "2016-04-20T18:38:08Z");
}

fn walls(one: &str, two: &str) -> (String, String) {
    (format!("2016-04-29T{one}:00"), format!("2016-04-29T{two}:00"))
}

#[tokio::test]
async fn dates_are_shifted_by_days_on_the_wall() {
    let bench = Bench::new().await;
    let mut mapping = mapping();
    // Across the end of summer time: nine in the morning stays nine in the morning.
    mapping["shift_days"] = json!(120);
    let id = bench.asked(mapping, Format::Csv, ROWS.as_bytes()).await.unwrap();
    bench.go(id).await;
    let visit = bench.visit("V1").await.unwrap();
    assert_eq!(visit.wall.to_string(), "2027-03-25T09:00:00");
    assert_eq!(visit.starts_at.to_string(), "2027-03-25T13:00:00Z");
    let ana = bench.person("P1").await.unwrap();
    assert_eq!(ana.birth_date.as_ref().unwrap().reveal().to_string(), "1990-05-06");
}

#[tokio::test]
async fn a_hundred_rows_are_few_calls() {
    let bench = Bench::new().await;
    let id = bench.csv(&long(100)).await;
    bench.work_off(&NoPlan).await;
    run(&bench.platform, &bench.home.table, &actor(), id).await.unwrap();
    bench.home.usage();
    bench.work_off(&NoPlan).await;
    let usage = bench.home.usage();
    assert!(usage.total_calls() <= 20, "{usage:?}");
    let again = bench.csv(&long(100)).await;
    bench.work_off(&NoPlan).await;
    run(&bench.platform, &bench.home.table, &actor(), again).await.unwrap();
    bench.home.usage();
    bench.work_off(&NoPlan).await;
    let usage = bench.home.usage();
    assert!(usage.total_calls() <= 14, "{usage:?}");
}

#[tokio::test]
async fn an_import_that_is_asked_for_again_is_the_same_and_one_without_a_file_is_forgotten() {
    let bench = Bench::new().await;
    let id = bench.platform.clock.id();
    let new = || NewImport {
        name: "spring".into(),
        mapping: mapping(),
        format: Format::Csv,
        bytes: 10,
        as_of: None,
        shift_days: None,
    };
    let staff = actor();
    let ask = || create(&bench.platform, &bench.home.table, &staff, id, new());
    let (one, two) = (ask().await.unwrap().import, ask().await.unwrap().import);
    assert_eq!((one.id, one.created_at), (two.id, two.created_at));
    let kept = get(&bench.home.table, id).await.unwrap();
    assert_eq!(kept.rev(), 1);
    assert!(table::Entity::expires(&*kept).is_some());
    cancel(&bench.home.table, &actor(), id).await.unwrap();
    let kept = get(&bench.home.table, id).await.unwrap();
    assert!(table::Entity::expires(&*kept).is_none());
}
