//! `POST /hooks/twilio/inbound`

use jiff::SignedDuration;
use kernel::{Job as _, Lane};
use messaging::inbound::{InboundReceived, Received, take};
use people::{ContactKind, NoPlan};
use table::{Kept, keys::InboundKey};

use crate::world::{OURS, THEIRS, World, text};

const PATH: &str = "/hooks/twilio/inbound";
const SID: &str = "SM00000000000000000000000000000042";

async fn received(world: &World) -> Kept<Received> {
    let key = InboundKey { provider: "TWILIO".to_owned(), provider_id: SID.to_owned() };
    world.clinic.get::<Received>(&key).await.unwrap().unwrap()
}

///
#[tokio::test]
async fn a_text_is_kept_as_due_work_of_the_clinic_that_has_the_number_before_the_answer() {
    let world = World::new().await;
    world.writes();
    let answer = world.twilio(PATH, &text(SID, OURS, " Sí, iré 👍 ")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "<Response/>"));
    assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
    assert_eq!(world.writes(), 2, "the text, and the work");
    let due = world.due().await;
    assert_eq!(world.hints(Lane::Inbound), due, "the hint says what the due item says");
    let job: InboundReceived = due[0].read().unwrap().unwrap();
    assert_eq!((due.len(), job.clinic, job.provider_id.as_str()), (1, world.id, SID));
    let kept = received(&world).await;
    assert_eq!((kept.received_at, kept.inbound.from.as_str()), (world.clock.now(), THEIRS));
    assert_eq!(kept.inbound.body.reveal(), " Sí, iré 👍 ");
}

///
#[tokio::test]
async fn a_text_that_was_kept_when_the_call_died_is_asked_for_when_the_provider_tells_it_again() {
    let world = World::new().await;
    let person = with_number(&world).await;
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Is parking free?")).await.status, 200);
    // As if it had died between the text and the work: there is the one and not the other.
    let first = received(&world).await;
    let job: InboundReceived = world.hints(Lane::Inbound)[0].read().unwrap().unwrap();
    let mut write = world.clinic.write();
    write.undue(first.received_at, &job.due_id());
    write.commit().await.unwrap();
    assert!(world.due().await.is_empty());
    world.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Is parking free?")).await.status, 200);
    assert_eq!((received(&world).await.received_at, world.due().await.len()), (first.received_at, 1));
    take(&world.platform, &NoPlan, &job).await.unwrap();
    let thread = world.thread(person).await;
    assert_eq!(thread[0].created_at, first.received_at, "it stands where it came first");
}

///
#[tokio::test]
async fn a_hundred_repetitions_are_one_piece_of_work_and_one_message() {
    let world = World::new().await;
    let person = with_number(&world).await;
    for _ in 0..100 {
        assert_eq!(world.twilio(PATH, &text(SID, OURS, "Is parking free?")).await.status, 200);
    }
    assert_eq!(world.due().await.len(), 1);
    // Minutes later it comes once more: other work, the same message.
    world.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Is parking free?")).await.status, 200);
    let jobs: Vec<_> = world.hints(Lane::Inbound).into_iter().chain(world.due().await).collect();
    assert!(jobs.len() > 100);
    for job in jobs {
        assert_eq!(job.r#type, InboundReceived::TYPE);
        take(&world.platform, &NoPlan, &job.read().unwrap().unwrap()).await.unwrap();
    }
    let said = world.thread(person).await.into_iter().filter_map(|message| message.said);
    let said: Vec<_> = said.map(|said| said.text.into_revealed()).collect();
    assert_eq!(said.iter().filter(|text| *text == "Is parking free?").count(), 1, "{said:?}");
}

///
#[tokio::test]
async fn a_text_to_a_number_of_nobody_is_kept_aside() {
    let world = World::new().await;
    for _ in 0..3 {
        assert_eq!(world.twilio(PATH, &text(SID, "+12125550199", "Hi")).await.status, 200);
    }
    assert_eq!((world.strays(SID).await, world.due().await.len()), (1, 0));
    assert!(world.hints(Lane::Inbound).is_empty());
}

///
#[tokio::test]
async fn a_text_that_cannot_be_kept_now_is_to_be_told_again() {
    let world = World::new().await;
    world.database(false);
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Hi")).await.status, 503);
    assert!(world.hints(Lane::Inbound).is_empty(), "no hint without the work");
    world.database(true);
    assert!(world.due().await.is_empty());
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Hi")).await.status, 200);
    assert_eq!(world.due().await.len(), 1);
}

///
#[tokio::test]
async fn a_lost_hint_loses_no_text() {
    let mut world = World::new().await;
    let deaf = platform::Platform {
        queue: std::sync::Arc::new(platform::inside::Nothing),
        ..world.platform.clone()
    };
    world.router = webhooks::open(&deaf).unwrap();
    assert_eq!(world.twilio(PATH, &text(SID, OURS, "Hi")).await.status, 200);
    assert_eq!(world.due().await.len(), 1);
}

async fn with_number(world: &World) -> kernel::PersonId {
    let data = serde_json::json!({ "given_name": "Ana", "family_name": "Souza", "text": THEIRS });
    let put = people::mirror::Put {
        kind: people::mirror::Kind::Person,
        source: "pms",
        id: "1",
        version: Some(1),
        updated_at: None,
        data: Some(&data),
    };
    people::mirror::put(&world.clinic, &NoPlan, &audit::Actor::system("tests"), put).await.unwrap();
    let found = people::persons_at(&world.clinic, THEIRS).await.unwrap();
    assert!(found[0].usable(ContactKind::Text).next().is_some());
    found[0].id
}
