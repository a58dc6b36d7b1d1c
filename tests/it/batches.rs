//! Messages take each step to the provider together, and each of them stands or falls by itself.

use consent::{Address, Grant, Scope};
use kernel::{Category, Channel, ClinicId, Id as _, Job as _, Lane, MessageId, PersonId, RawJob};
use messaging::{Body, Draft, Message, Route, SendRequested, SendsRequested, Source, Status};
use people::{Clinic, ContactKind, ContactPoint, Person, clinic::TextSender, origin::Origin};
use testkit::{Answer, Fuse, House, Kill, Patient, Trace, minutes, staff};

/// Three texts that are due now, and the one job that asks for them.
async fn three(house: &House) -> (Vec<MessageId>, RawJob) {
    let mut messages = Vec::new();
    for n in 0..3 {
        let number = format!("+1212555{:04}", 110 + n);
        let patient: Patient<'_> = house.patient(&format!("P{n}")).with_text(&number).who_agreed().await;
        messages.push(patient.is_written(&format!("Hello {n}")).await);
    }
    // What asks for them one by one is in the way here.
    let hints = house.queue.take(Lane::Outbound, 10);
    house.queue.settle(hints.into_iter().map(|hint| (hint, Ok(()))).collect());
    let clinic = house.table.clinic();
    let sends = messages.iter().map(|message| SendRequested { clinic, message: *message }).collect();
    (messages, SendsRequested { sends }.raw())
}

/// A sender that dies at any of its calls, before or after it was done, leaves nothing that is sent twice, lost, or
/// unknown to staff.
#[tokio::test]
async fn of_a_batch_that_dies_at_any_call_nothing_is_sent_twice_or_lost() {
    let (mut sent, mut unknown, mut calls) = (0, 0, None);
    for at in 1.. {
        if calls.is_some_and(|calls| at > calls) {
            break;
        }
        for kill in [Kill::Before(at), Kill::After(at)] {
            let house = House::new(120).await;
            let (messages, job) = three(&house).await;
            let fuse = Fuse::new(Some(kill), 0);
            let work = sender::Work::on(&house.worker(&fuse));
            let lived = fuse.run(Box::pin(work.run(vec![job.clone()]))).await;
            if let Some(worked) = lived {
                assert!(worked[0].is_ok(), "{kill:?}");
                calls = Some(fuse.calls());
            }
            // The queue brings it again, to another sender; and the minute looks at what is left.
            let again = sender::Work::on(&house.platform).run(vec![job]).await;
            assert!(again[0].is_ok(), "{kill:?}");
            house.time_passes(minutes(90)).await;
            for message in messages {
                let heard = house.providers.heard().iter().filter(|sent| sent.message == message).count();
                let shown = house.not_sent().await.iter().any(|shown| shown.message == message);
                match house.status(message).await {
                    Status::Sent => {
                        assert_eq!((heard, shown), (1, false), "{kill:?}");
                        sent += 1;
                    }
                    Status::Unknown => {
                        assert!(heard <= 1 && shown, "{kill:?}");
                        unknown += 1;
                    }
                    other => panic!("{kill:?}: {other:?}"),
                }
            }
        }
    }
    assert!(calls > Some(6) && sent > 12 && unknown > 12, "{calls:?} calls, {sent} sent, {unknown} unknown");
}

/// Each message of a batch ends in its own way: taken, refused, not answered, opted out, told about before its outcome
/// was written.
#[tokio::test]
async fn each_of_a_batch_ends_in_its_own_way() {
    let house = House::new(121).await;
    let mut messages = Vec::new();
    let mut people = Vec::new();
    for n in 0..5 {
        let number = format!("+1212555{:04}", 110 + n);
        let patient = house.patient(&format!("P{n}")).with_text(&number).who_agreed().await;
        messages.push(patient.is_written(&format!("Hello {n}")).await);
        people.push(patient);
    }
    people[1].revokes().await;
    for answer in [Answer::Accept, Answer::Refuse("21614"), Answer::Silence, Answer::Accept] {
        house.providers.will(answer);
    }
    house.settles().await;
    house.provider_says(&house.sent(messages[0]).unwrap(), "delivered").await;
    let mut ends = Vec::new();
    for message in &messages {
        ends.push(house.status(*message).await);
    }
    let expected = [Status::Delivered, Status::Skipped, Status::Failed, Status::Unknown, Status::Sent];
    assert_eq!(ends, expected);
    house.may_leave_work();
}

/// Two senders that are given overlapping batches send each message once.
#[tokio::test]
async fn what_two_senders_are_both_asked_for_is_sent_once() {
    for seed in 1..16 {
        let house = House::new(122).await;
        let (messages, job) = three(&house).await;
        let sends = job.read::<SendsRequested>().unwrap().unwrap().sends;
        let trace = Trace::default();
        let fuses = ["one", "two"].map(|who| Fuse::of(who, &trace));
        let workers = fuses.each_ref().map(|fuse| sender::Work::on(&house.worker(fuse)));
        for (fuse, seed) in fuses.iter().zip([seed, seed * 31 + 7]) {
            fuse.arm(None, seed);
        }
        let jobs = [&sends[..2], &sends[1..]].map(|some| SendsRequested { sends: some.to_vec() }.raw());
        let (one, two) =
            tokio::join!(workers[0].run(vec![jobs[0].clone()]), workers[1].run(vec![jobs[1].clone()]));
        assert!(one[0].is_ok() && two[0].is_ok());
        for message in messages {
            assert_eq!(house.status(message).await, Status::Sent);
            let heard = house.providers.heard().iter().filter(|sent| sent.message == message).count();
            assert_eq!(heard, 1, "seed {seed}");
        }
        let posted = |who: &str| trace.take().iter().any(|call| call.who == who && call.what == "POST");
        assert!(posted("one"), "each has one of its own");
    }
}

/// A pack of which one cannot be done comes again, and the others are not sent again.
#[tokio::test]
async fn what_is_done_of_a_pack_that_comes_again_stays_done() {
    let house = House::new(123).await;
    let (messages, job) = three(&house).await;
    let work = sender::Work::on(&house.platform);
    for _ in 0..3 {
        assert!(work.run(vec![job.clone(), job.clone()]).await.iter().all(Result::is_ok));
    }
    for message in messages {
        assert_eq!(house.status(message).await, Status::Sent);
    }
    assert_eq!(house.providers.heard().len(), 3);
    house.settles().await;
}

/// Another clinic with a patient who agreed to texts, and a text that is due now.
async fn elsewhere(house: &House, name: &str, number: &str, from: Option<&str>) -> SendRequested {
    let now = house.clock.now();
    let table = house.platform.table.of(ClinicId::derived(&[name]));
    let mut clinic = Clinic::new(table.clinic(), name, "America/Chicago".parse().unwrap());
    clinic.text = from.map(|from| TextSender::Number { number: from.parse().unwrap() });
    clinic.save(&house.platform.table).await.unwrap();
    let mut person = Person::new(PersonId::derived(&[name]), Origin::new("tests", name, None, now), now);
    let region = people::Region::us();
    person.contacts.push(ContactPoint::read(person.id, ContactKind::Text, number, 1, region).unwrap());
    let draft = Draft {
        id: MessageId::derived_at(now, &[name]),
        person: person.id,
        route: Route::Only(Channel::Sms),
        category: Category::General,
        body: Body::Text { subject: None, text: format!("Hello from {name}").into() },
        send_at: now,
        not_after: None,
        about: None,
        asks: None,
        source: Source::Staff { by: "tests".to_owned() },
        resend_of: None,
    };
    let message = Message::from_draft(draft, now);
    let mut write = table.write();
    write.create(&person);
    messaging::plan(&mut write, &message);
    write.commit().await.unwrap();
    let mut evidence = consent::ledger::Evidence::of(consent::ledger::Method::Form, now);
    evidence.text_version = Some("1".to_owned());
    let address = Address::read(number).unwrap();
    consent::grant(&table, &address, Some(person.id), Grant::care(Channel::Sms), &staff(), evidence)
        .await
        .unwrap();
    message.request(table.clinic())
}

/// Clinics that have nothing to do with each other travel in one batch: each by its own facts.
#[tokio::test]
async fn clinics_share_a_batch_and_nothing_else() {
    let house = House::new(124).await;
    let number = "+12125550140";
    let first = elsewhere(&house, "Lakeside", number, Some("+13125550101")).await;
    let second = elsewhere(&house, "Riverside", number, Some("+13125550102")).await;
    let silent = elsewhere(&house, "Hillside", number, None).await;
    // The same number has opted out at one of them.
    let table = house.platform.table.of(second.clinic);
    let address = Address::read(number).unwrap();
    let evidence = consent::ledger::Evidence::of(consent::ledger::Method::Sms, house.clock.now());
    consent::opt_out(&table, &address, None, Scope::All, &staff(), evidence).await.unwrap();
    // And one message is asked for as if it were another clinic's.
    let stolen = SendRequested { clinic: house.table.clinic(), ..first };
    let job = SendsRequested { sends: vec![stolen, first, second, silent] }.raw();
    let worked = sender::Work::on(&house.platform).run(vec![job]).await;
    assert!(worked[0].is_ok());
    let status = async |request: &SendRequested| {
        let key = table::keys::MessageKey { message: request.message };
        let table = house.platform.table.of(request.clinic);
        table.get::<Message>(&key).await.unwrap().map(|kept| kept.status)
    };
    assert_eq!(status(&first).await, Some(Status::Sent));
    assert_eq!(status(&second).await, Some(Status::Skipped));
    assert_eq!(status(&silent).await, Some(Status::Skipped));
    assert_eq!(status(&stolen).await, None);
    let heard = house.providers.heard();
    assert_eq!(heard.iter().map(|sent| sent.from.as_str()).collect::<Vec<_>>(), ["+13125550101"]);
}
