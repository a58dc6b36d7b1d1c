//! `GET` and `POST /l/unsubscribe/{token}`

use axum::body::Body;
use consent::{Address, Scope, ledger::Standing};
use http::Request;
use jiff::SignedDuration;
use kernel::{Category, MessageId};
use rstest::rstest;

use crate::world::{FORM, World};

const MAIL: &str = "ana@example.com";

async fn link(world: &World, category: Category) -> String {
    let person = world.person(None).await;
    let mut write = world.clinic.write();
    let address = Address::read(MAIL).unwrap();
    let token =
        consent::unsubscribe::issue(&world.clinic, &mut write, &address, person, MessageId::FIRST, category);
    write.commit().await.unwrap();
    world.writes();
    format!("/l/unsubscribe/{}", token.unwrap().as_str())
}

async fn standing(world: &World) -> Standing {
    consent::ledger::standing(&world.clinic, &Address::read(MAIL).unwrap()).await.unwrap()
}

async fn ended(world: &World) -> Vec<Scope> {
    standing(world).await.stops.iter().filter(|stop| stop.holds()).map(|stop| stop.scope).collect()
}

/// D-10
#[tokio::test]
async fn looking_at_the_link_ends_nothing() {
    let world = World::new().await;
    let link = link(&world, Category::Appointment).await;
    for _ in 0..10 {
        let page = world.get(&link).await;
        assert_eq!(page.status, 200);
        for shown in
            ["<form method=\"post\">", "value=\"this\"", "value=\"all\"", "about visits", "R &amp; D Dental"]
        {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        assert!(!page.body.contains(MAIL) && !page.body.contains("Ana"), "{}", page.body);
        let head = Request::head(&link).body(Body::empty()).unwrap();
        assert_eq!(world.send(head).await.status, 200);
    }
    assert_eq!((world.writes(), ended(&world).await), (0, Vec::new()));
}

const ONE_CLICK: &str =
    "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";

/// D-10
#[rstest]
#[case::one_click(FORM, "List-Unsubscribe=One-Click")]
#[case::one_click_as_multipart("multipart/form-data; boundary=b", ONE_CLICK)]
#[case::from_the_page(FORM, "scope=this")]
#[tokio::test]
async fn one_post_ends_the_kind_at_once_without_login_cookie_or_redirect(
    #[case] kind: &str,
    #[case] body: &str,
) {
    let world = World::new().await;
    let link = link(&world, Category::Marketing).await;
    let page = world.post(&link, kind, body).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.headers.get("location").is_none() && page.headers.get("set-cookie").is_none());
    assert!(page.body.contains("offers and news"), "{}", page.body);
    assert_eq!(ended(&world).await, [Scope::Category(Category::Marketing)]);
    let (first, _) = (standing(&world).await, world.writes());
    for _ in 0..20 {
        world.clock.advance(SignedDuration::from_hours(7));
        assert_eq!(world.post(&link, kind, body).await.status, 200);
    }
    assert_eq!((standing(&world).await, world.writes()), (first, 0), "twice is once");
}

/// D-10
#[tokio::test]
async fn everything_can_be_ended_also_after_one_kind() {
    let world = World::new().await;
    let link = link(&world, Category::Marketing).await;
    assert_eq!(world.post(&link, FORM, "scope=this").await.status, 200);
    let page = world.post(&link, FORM, "scope=all").await;
    assert!(page.body.contains("no longer send you messages at this address"), "{}", page.body);
    let ended = ended(&world).await;
    assert!(ended.contains(&Scope::All), "{ended:?}");
}

/// D-10
#[tokio::test]
async fn a_post_that_does_not_say_so_ends_nothing() {
    let world = World::new().await;
    let link = link(&world, Category::Marketing).await;
    for body in ["", "x=1", "scope=none", "List-Unsubscribe=", "List-Unsubscribe=Maybe"] {
        assert_eq!(world.post(&link, FORM, body).await.status, 422, "{body}");
    }
    assert_eq!(world.post(&link, "multipart/form-data", ONE_CLICK).await.status, 415);
    assert_eq!(world.post(&link, "multipart/form-data; boundary=other", ONE_CLICK).await.status, 422);
    assert_eq!(world.post(&link, "application/json", "{}").await.status, 415);
    let big = format!("scope=all&x={}", "a".repeat(64 * 1024));
    assert_eq!(world.post(&link, FORM, &big).await.status, 413);
    assert!(ended(&world).await.is_empty());
}

/// D-10
#[tokio::test]
async fn an_unknown_or_old_link_is_404_and_ends_nothing() {
    let world = World::new().await;
    let link = link(&world, Category::Marketing).await;
    let last = if link.ends_with('0') { "1" } else { "0" };
    let guessed = format!("{}{last}", &link[..link.len() - 1]);
    let elsewhere = link.replace(&world.id.to_string(), &kernel::ClinicId::LAST.to_string());
    for path in [guessed.as_str(), elsewhere.as_str(), "/l/unsubscribe/x", "/l/unsubscribe/%00.%ff"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
        assert_eq!(world.post(path, FORM, "scope=all").await.status, 404, "{path}");
    }
    world.clock.advance(SignedDuration::from_hours(24 * 367));
    assert_eq!(world.post(&link, FORM, "scope=all").await.status, 404);
    assert!(ended(&world).await.is_empty());
}

/// D-10
#[tokio::test]
async fn a_link_that_cannot_be_followed_now_is_503_and_works_later() {
    let world = World::new().await;
    let link = link(&world, Category::Marketing).await;
    world.database(false);
    assert_eq!(world.get(&link).await.status, 503);
    assert_eq!(world.post(&link, FORM, "List-Unsubscribe=One-Click").await.status, 503);
    world.database(true);
    assert!(ended(&world).await.is_empty());
    assert_eq!(world.post(&link, FORM, "List-Unsubscribe=One-Click").await.status, 200);
    assert_eq!(ended(&world).await.len(), 1);
}
