//! `GET` and `POST /l/v/{token}`

use automations::links::Purpose;
use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use kernel::Limit;
use messaging::desk::{Task, TaskKind};
use people::{
    Appointment, NoPlan,
    appointments::{Answer, Change, How, Status},
};
use rstest::rstest;
use table::keys::OpenTasks;

use crate::world::{FORM, World, at};

async fn tasks(world: &World) -> Vec<Task> {
    let page = world.clinic.list::<Task>(&OpenTasks::all(), Limit::MOST, None).await.unwrap();
    page.items.into_iter().map(table::Kept::into_value).collect()
}

async fn change(world: &World, visit: &Appointment, change: Change) {
    let actor = audit::Actor::system("tests");
    people::appointments::change(&world.clinic, &NoPlan, &actor, visit.id, None, &change).await.unwrap();
}

/// E-18
#[tokio::test]
async fn the_page_shows_when_and_where_to_call_and_nothing_of_what_for() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let page = world.get(&world.link(&visit, Purpose::Confirm)).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for shown in [
        "<html lang=\"en\">",
        "R &amp; D Dental",
        "Ana &lt;3",
        "Tuesday, December 15, 2026 at 9:00 AM",
        "value=\"confirm\">I will come<",
        "value=\"reschedule\">I need another time<",
        "href=\"tel:+12125550111\">(212) 555-0111<",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for hidden in ["root canal", "Souza", "src=", "http://", "https://", "<script", "apt_", "per_"] {
        assert!(!page.body.contains(hidden), "{hidden}: {}", page.body);
    }
}

#[tokio::test]
async fn a_page_is_kept_nowhere_found_by_nobody_and_runs_nothing() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let works = world.get(&world.link(&visit, Purpose::Confirm)).await;
    let broken = world.get("/l/v/broken").await;
    for page in [works, broken] {
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        for part in ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && page.headers.get("set-cookie").is_none());
    }
}

/// E-18
#[rstest]
#[case(None, None, "/?", "en")]
#[case(Some("es-MX"), Some("en-US,en"), "/?", "es")]
#[case(None, Some("es-ES,en;q=0.5"), "/?", "es")]
#[case(Some("es"), None, "?utm=1&lang=en", "en")]
#[case(Some("vi"), Some("es;q=0.1"), "/?", "es")]
#[tokio::test]
async fn the_page_is_in_the_readers_language(
    #[case] person: Option<&str>,
    #[case] browser: Option<&str>,
    #[case] query: &str,
    #[case] language: &str,
) {
    let world = World::new().await;
    let visit = world.visit(person).await;
    let path = format!("{}{}", world.link(&visit, Purpose::Confirm), query.trim_start_matches('/'));
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(browser) = browser {
        request.headers_mut().insert("accept-language", browser.parse().unwrap());
    }
    let page = world.send(request).await;
    assert_eq!((page.status, page.header("content-language")), (200, language));
    let words = if language == "es" { "martes 15 de diciembre de 2026" } else { "I will come" };
    assert!(page.body.contains(words), "{}", page.body);
}

/// E-22, E-18
#[tokio::test]
async fn looking_never_answers() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let before = world.now_of(&visit).await;
    for purpose in [Purpose::Confirm, Purpose::Reschedule] {
        let link = world.link(&visit, purpose);
        for _ in 0..10 {
            assert_eq!(world.get(&link).await.status, 200);
            assert_eq!(world.get(&format!("{link}?answer=confirm")).await.status, 200);
            let head = Request::head(&link).body(Body::empty()).unwrap();
            assert_eq!(world.send(head).await.status, 200);
        }
    }
    assert_eq!((world.writes(), tasks(&world).await.len()), (0, 0));
    assert_eq!(world.now_of(&visit).await, before);
}

/// E-18
#[tokio::test]
async fn saying_yes_confirms_the_visit_once_however_often_it_is_said() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    for _ in 0..20 {
        let page = world.post(&link, FORM, "answer=confirm").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("We look forward to seeing you"), "{}", page.body);
        assert!(page.headers.get("location").is_none());
    }
    let now = world.now_of(&visit).await;
    assert_eq!((now.status, now.confirmation.answer), (Status::Confirmed, Answer::Confirmed));
    assert_eq!(now.confirmation.how, Some(How::Link));
    assert_eq!(now.confirmation.by, Some(visit.person.to_string()));
    assert_eq!(now.rev(), 2, "one write");
    assert!(tasks(&world).await.is_empty());
    let page = world.get(&link).await;
    assert!(page.body.contains("You have told us that you will come."), "{}", page.body);
    assert!(!page.body.contains("value=\"confirm\"") && page.body.contains("value=\"reschedule\""));
}

/// E-22
#[rstest]
#[case(Purpose::Confirm, 200)]
#[case(Purpose::Reschedule, 410)]
#[tokio::test]
async fn asking_for_another_time_is_one_task_for_staff(#[case] purpose: Purpose, #[case] again: u16) {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, purpose);
    let page = world.post(&link, FORM, "answer=reschedule").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("to find another time"), "{}", page.body);
    for _ in 0..5 {
        let page = world.post(&link, FORM, "answer=reschedule").await;
        assert_eq!(page.status, again);
        assert!(page.body.contains("(212) 555-0111"), "{}", page.body);
    }
    let tasks = tasks(&world).await;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].kind, tasks[0].appointment), (TaskKind::Reschedule, Some(visit.id)));
    assert_eq!(tasks[0].person, visit.person);
    assert_eq!(world.now_of(&visit).await.status, Status::Scheduled, "the visit stays as it is");
}

/// E-18
#[tokio::test]
async fn saying_no_keeps_the_visit_and_tells_staff() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    for _ in 0..3 {
        assert_eq!(world.post(&link, FORM, "answer=decline").await.status, 200);
    }
    let now = world.now_of(&visit).await;
    assert_eq!((now.status, now.confirmation.answer), (Status::Scheduled, Answer::Declined));
    let kinds: Vec<_> = tasks(&world).await.iter().map(|task| task.kind).collect();
    assert_eq!(kinds, [TaskKind::Declined]);
}

/// E-18
#[tokio::test]
async fn two_answers_at_once_are_both_taken() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    let (yes, other) = futures::join!(
        world.post(&link, FORM, "answer=confirm"),
        world.post(&link, FORM, "answer=reschedule")
    );
    assert_eq!((yes.status, other.status), (200, 200));
    assert_eq!(world.now_of(&visit).await.confirmation.answer, Answer::Confirmed);
    assert_eq!(tasks(&world).await.len(), 1);
}

/// E-22
#[rstest]
#[case::moved("moved")]
#[case::cancelled("cancelled")]
#[case::begun("begun")]
#[tokio::test]
async fn a_link_that_has_lost_its_visit_is_410_with_the_clinics_phone(#[case] how: &str) {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let links = [Purpose::Confirm, Purpose::Reschedule].map(|purpose| world.link(&visit, purpose));
    match how {
        "moved" => {
            let to = at("2026-12-16T14:00:00Z");
            let moved = Change::Move { starts_at: to, ends_at: None, location: None, practitioner: None };
            change(&world, &visit, moved).await;
        }
        "cancelled" => change(&world, &visit, Change::Status { to: Status::Cancelled, reason: None }).await,
        _ => world.clock.advance(SignedDuration::from_hours(24 * 7)),
    }
    let before = world.now_of(&visit).await;
    for link in links {
        for page in [world.get(&link).await, world.post(&link, FORM, "answer=reschedule").await] {
            assert_eq!(page.status, 410, "{how}");
            assert!(page.body.contains("tel:+12125550111"), "{}", page.body);
            assert!(!page.body.contains("Ana") && !page.body.contains("<button"), "{}", page.body);
        }
    }
    assert_eq!(world.now_of(&visit).await, before);
    assert!(tasks(&world).await.is_empty());
}

/// E-22
#[tokio::test]
async fn a_link_to_confirm_dies_before_the_visit_and_says_whom_to_call() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let closes = visit.starts_at - automations::links::CONFIRM_CLOSES_BEFORE;
    world.clock.advance(closes.duration_since(world.clock.now()));
    let page = world.post(&world.link(&visit, Purpose::Confirm), FORM, "answer=confirm").await;
    assert_eq!(page.status, 410);
    assert!(page.body.contains("too late") && page.body.contains("(212) 555-0111"), "{}", page.body);
    assert_eq!(world.get(&world.link(&visit, Purpose::Reschedule)).await.status, 200);
}

/// E-22
#[tokio::test]
async fn a_link_that_was_tampered_with_is_404() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    let start = "/l/v/".len();
    for index in start..link.len() {
        let mut other = link.clone();
        let letter = if &link[index..=index] == "A" { "B" } else { "A" };
        other.replace_range(index..=index, letter);
        let status = world.post(&other, FORM, "answer=confirm").await.status;
        assert_eq!(status, 404, "letter {index}");
    }
    for other in ["/l/v/x", "/l/v/%00", "/l/v/%ff", &link[..link.len() - 1], &format!("{link}A")] {
        assert_eq!(world.get(other).await.status, 404, "{other}");
        assert_eq!(world.post(other, FORM, "answer=confirm").await.status, 404, "{other}");
    }
    let other = World::with_secrets(&[("links", "another secret")]).await;
    let visit = other.visit(None).await;
    assert_eq!(other.get(&other.link(&visit, Purpose::Confirm)).await.status, 404);
    assert_eq!((world.writes(), other.writes()), (0, 0));
}

#[tokio::test]
async fn an_answer_that_is_none_is_422_and_what_is_no_form_415() {
    let world = World::new().await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    for body in ["", "answer=", "answer=yes", "answer=CONFIRM", "other=confirm"] {
        let page = world.post(&link, FORM, body).await;
        assert_eq!(page.status, 422, "{body}");
        assert!(page.body.contains("<button"), "{}", page.body);
    }
    let reschedule = world.link(&visit, Purpose::Reschedule);
    assert_eq!(world.post(&reschedule, FORM, "answer=confirm").await.status, 422);
    assert_eq!(world.post(&link, "application/json", "{}").await.status, 415);
    let big = format!("answer=confirm&x={}", "a".repeat(64 * 1024));
    assert_eq!(world.post(&link, FORM, &big).await.status, 413);
    assert_eq!(world.writes(), 0);
}

#[rstest]
#[case(&[("twilio-hook", "x")])]
#[case(&[("links", "")])]
#[tokio::test]
async fn without_its_secret_no_link_is_believed(#[case] secrets: &[(&str, &str)]) {
    let world = World::with_secrets(secrets).await;
    let visit = world.visit(None).await;
    for page in [
        world.get(&world.link(&visit, Purpose::Confirm)).await,
        world.post(&world.link(&visit, Purpose::Confirm), FORM, "answer=confirm").await,
    ] {
        assert_eq!((page.status, page.header("retry-after")), (503, "60"));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn links_of_the_secret_before_still_work_and_a_database_that_is_away_is_503() {
    let world = World::with_secrets(&[("links", "a newer one,the secret of links")]).await;
    let visit = world.visit(None).await;
    let link = world.link(&visit, Purpose::Confirm);
    world.database(false);
    assert_eq!(world.get(&link).await.status, 503);
    assert_eq!(world.post(&link, FORM, "answer=confirm").await.status, 503);
    world.database(true);
    assert_eq!(world.post(&link, FORM, "answer=confirm").await.status, 200);
}
