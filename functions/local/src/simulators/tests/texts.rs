//! Texts out, statuses and replies back.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{ACCOUNT, OURS, TOKEN, World};

const MESSAGE: &str = "msg_01hzx3k8q7c5n9v2b4m6t8w0ya";

#[tokio::test]
async fn a_text_is_taken_and_its_statuses_are_called_back_signed() {
    let world = World::new().await;
    let (status, sent) = world.text_to("+12125550123", MESSAGE).await.unwrap();
    assert_eq!(status, 201);
    assert_eq!(sent["status"], "queued");
    assert_eq!(sent["direction"], "outbound-api");
    assert_eq!(sent["num_segments"], "1");
    assert_eq!(sent["error_code"], json!(null));
    let sid = sent["sid"].as_str().unwrap();
    assert!(sid.len() == 34 && sid.starts_with("SM"), "{sid}");

    assert_eq!(world.statuses(3).await, ["sending", "sent", "delivered"]);
    let last = &world.calls(3).await[2];
    assert_eq!(last.path, format!("/status?m={MESSAGE}"));
    assert_eq!((last.fields["MessageSid"].as_str(), last.fields["To"].as_str()), (sid, "+12125550123"));
    let shown = world.get(&format!("/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json")).await;
    assert_eq!(shown["status"], "delivered");
    assert_ne!(shown["date_sent"], json!(null));
}

#[tokio::test]
async fn through_a_messaging_service_the_first_status_is_accepted_and_queued_is_called_back() {
    let world = World::new().await;
    let callback = world.callback(MESSAGE);
    let fields = [
        ("To", "+12125550123"),
        ("MessagingServiceSid", "MG00000000000000000000000000000001"),
        ("Body", "Hello"),
        ("StatusCallback", &callback),
    ];
    let (_, sent) = world.text(&fields).await.unwrap();
    assert_eq!(sent["status"], "accepted");
    assert_eq!(world.statuses(4).await, ["queued", "sending", "sent", "delivered"]);
    assert_eq!(world.calls(4).await[0].fields["MessagingServiceSid"], "MG00000000000000000000000000000001");
}

#[tokio::test]
async fn wrong_credentials_and_foreign_accounts_get_nowhere() {
    let world = World::new().await;
    let url =
        |account: &str| format!("{}/sim/twilio/2010-04-01/Accounts/{account}/Messages.json", world.base);
    let foreign = "AC00000000000000000000000000000002";
    for (account, user, password, status, code) in [
        (ACCOUNT, ACCOUNT, "wrong", 401, 20003),
        (ACCOUNT, foreign, TOKEN, 401, 20003),
        (foreign, ACCOUNT, TOKEN, 404, 20404),
    ] {
        let request = world.http.post(url(account)).basic_auth(user, Some(password));
        let answer = request.body("To=%2B12125550123&From=%2B15005550006&Body=x").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        let error: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(error["code"], code);
        assert_eq!(error["status"], status);
        assert_eq!(error["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
    }
    assert_eq!(world.get("/sim/log").await["sends"], json!([]));
}

#[tokio::test]
async fn magic_numbers_and_bad_requests_are_refused_with_twilios_codes() {
    let world = World::new().await;
    let long = "x".repeat(1_601);
    for (to, from, body, callback, code) in [
        ("+15005550001", OURS, "x", "", 21211),
        ("+15005550002", OURS, "x", "", 21612),
        ("+15005550003", OURS, "x", "", 21408),
        ("+15005550004", OURS, "x", "", 21610),
        ("+15005550009", OURS, "x", "", 21614),
        ("+12125550123", "+15005550001", "x", "", 21212),
        ("+12125550123", "+15005550007", "x", "", 21606),
        ("+12125550123", "+15005550008", "x", "", 21611),
        ("2125550123", OURS, "x", "", 21211),
        ("", OURS, "x", "", 21604),
        ("+12125550123", "", "x", "", 21603),
        ("+12125550123", OURS, "", "", 21602),
        ("+12125550123", OURS, &long, "", 21617),
        ("+12125550123", OURS, "x", "not an address", 21609),
        ("+12125550123", OURS, "x", "http://under_score.example/", 21609),
    ] {
        let fields = [("To", to), ("From", from), ("Body", body), ("StatusCallback", callback)];
        let (status, error) = world.text(&fields).await.unwrap();
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{to} {from}");
    }
    let (status, error) = world.text_to("+12125550195", MESSAGE).await.unwrap();
    assert_eq!((status, &error["code"]), (503, &json!(20503)));
    assert_eq!(world.get("/sim/log").await["sends"], json!([]));
    assert!(world.product.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn numbers_fail_late_with_their_codes() {
    let world = World::new().await;
    for (to, code) in [("+12125550190", "30003"), ("+12125550191", "30006"), ("+12125550199", "30007")] {
        world.product.calls.lock().unwrap().clear();
        assert_eq!(world.text_to(to, MESSAGE).await.unwrap().0, 201);
        assert_eq!(world.statuses(3).await, ["sending", "sent", "undelivered"], "{to}");
        assert_eq!(world.calls(3).await[2].fields["ErrorCode"], code);
    }
}

#[tokio::test]
async fn callbacks_can_come_before_the_answer_and_out_of_order() {
    let world = World::new().await;
    assert_eq!(world.text_to("+12125550192", MESSAGE).await.unwrap().0, 201);
    assert_eq!(world.product.calls.lock().unwrap().len(), 3, "all before the answer");

    world.product.calls.lock().unwrap().clear();
    let (_, sent) = world.text_to("+12125550193", MESSAGE).await.unwrap();
    assert_eq!(world.statuses(4).await, ["delivered", "sent", "delivered", "sending"]);
    let sid = sent["sid"].as_str().unwrap();
    let shown = world.get(&format!("/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json")).await;
    assert_eq!(shown["status"], "delivered");
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection_and_a_text_that_arrived() {
    let world = World::new().await;
    let body =
        format!("To=%2B12125550194&From=%2B15005550006&Body=Hi&StatusCallback={}", world.callback(MESSAGE));
    let credentials = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{ACCOUNT}:{TOKEN}"));
    let request = format!(
        "POST /sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\nhost: x\r\n\
         authorization: Basic {credentials}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(world.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));

    // The product sees no answer at all, and finds the text by looking it up.
    assert!(world.text_to("+12125550194", "msg_01hzx3k8q7c5n9v2b4m6t8w0yb").await.is_none());
    let today = kernel::Clock::system().now().to_string();
    let list = format!(
        "/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B12125550194&DateSent={}&PageSize=1",
        &today[..10]
    );
    let found = world.get(&list).await;
    assert_eq!(found["messages"][0]["to"], "+12125550194");
    let next = format!("/sim/twilio{}", found["next_page_uri"].as_str().unwrap());
    let second = world.get(&next).await;
    assert_eq!(second["messages"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_page_uri"], json!(null));
    let none = world.get(&list.replace(&today[..10], "2016-04-29")).await;
    assert_eq!(none["messages"], json!([]));
}

#[tokio::test]
async fn a_limited_number_takes_the_second_try_of_each_message() {
    let world = World::new().await;
    for message in [MESSAGE, "msg_01hzx3k8q7c5n9v2b4m6t8w0yb"] {
        assert_eq!(world.text_to("+12125550196", message).await.unwrap().0, 429);
        assert_eq!(world.text_to("+12125550196", message).await.unwrap().0, 201);
    }
}

#[tokio::test]
async fn a_slow_number_has_taken_the_text_before_it_answers() {
    let world = World::with(None, |settings| settings.slow = Duration::from_secs(30)).await;
    let answer =
        tokio::time::timeout(Duration::from_millis(150), world.text_to("+12125550197", MESSAGE)).await;
    assert!(answer.is_err());
    assert_eq!(world.get("/sim/log").await["sends"][0]["reference"], MESSAGE);
    assert_eq!(world.statuses(3).await, ["sending", "sent", "delivered"]);
}

#[tokio::test]
async fn a_silent_number_moves_but_never_calls_back() {
    let world = World::new().await;
    let (_, sent) = world.text_to("+12125550198", MESSAGE).await.unwrap();
    let path =
        format!("/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages/{}.json", sent["sid"].as_str().unwrap());
    let mut status = json!(null);
    for _ in 0..200 {
        status = world.get(&path).await["status"].clone();
        if status == "delivered" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status, "delivered");
    assert!(world.product.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_callback_is_tried_again_with_the_same_token_until_it_is_taken() {
    let world = World::new().await;
    world.product.away.store(2, Ordering::Release);
    world.text_to("+12125550123", MESSAGE).await.unwrap();
    assert_eq!(world.statuses(3).await, ["sending", "sent", "delivered"]);
    let calls = world.calls(3).await;
    assert_ne!(calls[0].idempotency, calls[1].idempotency);
}

#[tokio::test]
async fn a_reply_reaches_the_webhook_as_it_was_written() {
    let world = World::new().await;
    assert_eq!(world.reply("+12125550123", "C").await, 409, "nobody wrote yet");
    world.text_to("+12125550123", MESSAGE).await.unwrap();
    world.calls(3).await;
    assert_eq!(world.reply("+12125550123", " Sí, confirmo 👍 ").await, 202);
    let call = world.calls(4).await.pop().unwrap();
    assert!(call.signed);
    assert_eq!(call.path, "/inbound");
    assert_eq!(call.fields["Body"], " Sí, confirmo 👍 ");
    assert_eq!((call.fields["From"].as_str(), call.fields["To"].as_str()), ("+12125550123", OURS));
    assert_eq!(call.fields["NumMedia"], "0");

    let (status, _) = world
        .post("/sim/phone/+13125550123/reply", &json!({"text": "who is this", "to": "+15005550006"}))
        .await;
    assert_eq!(status, 202, "a stranger can write when told to whom");
    for bad in [json!({"text": ""}), json!({}), json!({"text": "C", "from": "x"})] {
        assert_eq!(world.post("/sim/phone/+12125550123/reply", &bad).await.0, 422, "{bad}");
    }
    assert_eq!(world.post("/sim/phone/2125550123/reply", &json!({"text": "C"})).await.0, 422);
}

#[tokio::test]
async fn after_stop_the_network_refuses_this_number_until_start() {
    let world = World::new().await;
    let phone = "+12125550123";
    world.text_to(phone, MESSAGE).await.unwrap();
    assert_eq!(world.reply(phone, "stop").await, 202);
    let (status, error) = world.text_to(phone, "msg_01hzx3k8q7c5n9v2b4m6t8w0yb").await.unwrap();
    assert_eq!((status, &error["code"]), (400, &json!(21610)));
    // Another number of ours and another phone are not concerned.
    let other = [("To", phone), ("From", "+15005550010"), ("Body", "x")];
    assert_eq!(world.text(&other).await.unwrap().0, 201);
    assert_eq!(world.text_to("+12125550124", MESSAGE).await.unwrap().0, 201);

    world.post(&format!("/sim/phone/{phone}/reply"), &json!({"text": "START", "to": OURS})).await;
    assert_eq!(world.text_to(phone, "msg_01hzx3k8q7c5n9v2b4m6t8w0yc").await.unwrap().0, 201);
    // Several words are no keyword to the network; the product has to understand them itself.
    world.post(&format!("/sim/phone/{phone}/reply"), &json!({"text": "stop please", "to": OURS})).await;
    assert_eq!(world.text_to(phone, "msg_01hzx3k8q7c5n9v2b4m6t8w0yd").await.unwrap().0, 201);

    let feed = world.get("/sim/feed").await;
    let rows = feed["rows"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["way"] == "network").count(), 2, "told on the phone, not to us");
}

#[tokio::test]
async fn the_log_counts_every_send_once_and_names_what_came_twice() {
    let world = World::new().await;
    world.text_to("+12125550123", MESSAGE).await.unwrap();
    world.text_to("+12125550124", "msg_01hzx3k8q7c5n9v2b4m6t8w0yb").await.unwrap();
    let log = world.get("/sim/log").await;
    assert_eq!(log["repeated"], json!([]));
    assert_eq!(log["sends"][1]["reference"], "msg_01hzx3k8q7c5n9v2b4m6t8w0yb");
    world.text_to("+12125550123", MESSAGE).await.unwrap();
    assert_eq!(world.get("/sim/log").await["repeated"], json!([MESSAGE]));
}

#[tokio::test]
async fn the_feed_tells_only_what_changed() {
    let world = World::new().await;
    world.text_to("+12125550123", MESSAGE).await.unwrap();
    world.calls(3).await;
    let first = world.get("/sim/feed").await;
    assert_eq!(first["rows"].as_array().unwrap().len(), 1);
    let cursor = &first["cursor"];
    world.reply("+12125550123", "C").await;
    world.calls(4).await;
    let second = world.get(&format!("/sim/feed?after={cursor}")).await;
    let ways: Vec<_> = second["rows"].as_array().unwrap().iter().map(|row| row["way"].clone()).collect();
    assert_eq!(ways, ["in"]);
    assert_eq!(world.get("/sim/feed?after=99999").await["rows"].as_array().unwrap().len(), 2);
}
