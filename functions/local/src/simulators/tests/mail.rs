//! Mails out, events back.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::world::World;

const MESSAGE: &str = "msg_01hzx3k8q7c5n9v2b4m6t8w0ya";

fn simple(to: &str) -> Value {
    json!({
        "FromEmailAddress": "Smile Dental <care@clinic.example>",
        "Destination": {"ToAddresses": [to]},
        "ReplyToAddresses": ["front@clinic.example"],
        "Content": {"Simple": {
            "Subject": {"Data": "Sí, your visit", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "See you on Monday"}, "Html": {"Data": "<p>See you on <b>Monday</b></p>"}},
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<HOOK>, <mailto:out@clinic.example>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
            "Attachments": [{
                "FileName": "visit.ics",
                "ContentType": "text/calendar",
                "RawContent": BASE64_STANDARD.encode("BEGIN:VCALENDAR"),
            }],
        }},
        "EmailTags": [{"Name": "message", "Value": MESSAGE}],
        "ConfigurationSetName": "clinic",
    })
}

#[tokio::test]
async fn a_mail_is_taken_shown_and_its_events_name_it() {
    let world = World::new().await;
    let (status, _, sent) = world.mail(&simple("Ana <ana@example.com>")).await.unwrap();
    assert_eq!(status, 200);
    let id = sent["MessageId"].as_str().unwrap();
    let events = world.events(2).await;
    let kinds: Vec<_> = events.iter().map(|event| event.event["eventType"].clone()).collect();
    assert_eq!(kinds, ["Send", "Delivery"]);
    let delivery = &events[1];
    assert_eq!(delivery.event["mail"]["messageId"], id);
    assert_eq!(delivery.event["mail"]["tags"]["message"], json!([MESSAGE]));
    assert_eq!(delivery.event["mail"]["tags"]["ses:configuration-set"], json!(["clinic"]));
    assert_eq!(delivery.event["delivery"]["recipients"], json!(["ana@example.com"]));
    let envelope = delivery.envelope();
    assert_eq!(envelope["Type"], "Notification");
    let inner: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    assert_eq!(inner, delivery.event);
    assert_ne!(events[0].id, events[1].id);

    let shown = world.get(&format!("/sim/mail/{id}")).await;
    assert_eq!(shown["subject"], "Sí, your visit");
    assert_eq!(shown["attachments"][0]["text"], "BEGIN:VCALENDAR");
    assert_eq!(world.get("/sim/log").await["sends"][0]["reference"], MESSAGE);

    let html = world.http.get(format!("{}/sim/mail/{id}/html", world.base)).send().await.unwrap();
    let fence = html.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(fence.starts_with("sandbox") && fence.contains("default-src 'none'"), "{fence}");
    assert!(html.text().await.unwrap().ends_with("<p>See you on <b>Monday</b></p>"));
    let file = world.http.get(format!("{}/sim/mail/{id}/attachments/0", world.base)).send().await.unwrap();
    assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"visit.ics\"");
    assert_eq!(file.bytes().await.unwrap(), "BEGIN:VCALENDAR");
}

#[tokio::test]
async fn one_click_is_a_bare_post_to_the_address_of_the_header() {
    let world = World::new().await;
    let mail = simple("ana@example.com").to_string().replace("HOOK", &format!("{}/out/abc", world.hooks));
    let (_, _, sent) = world.mail(&serde_json::from_str(&mail).unwrap()).await.unwrap();
    let path = format!("/sim/mail/{}", sent["MessageId"].as_str().unwrap());
    assert_eq!(world.get(&path).await["one_click"], true);
    let (status, answer) = world.post(&format!("{path}/unsubscribe"), &Value::Null).await;
    assert_eq!((status, &answer["answer"]), (200, &json!(204)));
    let call = world.calls(1).await.remove(0);
    assert_eq!(call.path, "/out/abc");
    assert_eq!(call.fields, [("List-Unsubscribe".to_owned(), "One-Click".to_owned())].into());
    assert_eq!(world.get(&path).await["unsubscribed"], 204);
    assert_eq!(world.post("/sim/mail/none/unsubscribe", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn mailboxes_bounce_and_complain_by_their_names() {
    let world = World::new().await;
    for (name, last) in [
        ("bounce", json!(["Bounce", "Permanent", "General"])),
        ("ooto", json!(["Bounce", "Transient", "General"])),
        ("full+tag", json!(["Bounce", "Transient", "MailboxFull"])),
        ("complaint", json!(["Complaint", null, null])),
    ] {
        world.product.events.lock().unwrap().clear();
        let (status, ..) = world.mail(&simple(&format!("{name}@example.com"))).await.unwrap();
        assert_eq!(status, 200);
        let count = if name == "complaint" { 3 } else { 2 };
        let event = world.events(count).await.pop().unwrap().event;
        let bounce = &event["bounce"];
        assert_eq!(
            json!([event["eventType"], bounce["bounceType"], bounce["bounceSubType"]]),
            last,
            "{name}"
        );
    }
    world.product.events.lock().unwrap().clear();
    world.mail(&simple("disorder@example.com")).await.unwrap();
    let kinds: Vec<_> = world.events(3).await.iter().map(|event| event.event["eventType"].clone()).collect();
    assert_eq!(kinds, ["Delivery", "Send", "Delivery"]);
}

#[tokio::test]
async fn refusals_have_the_names_of_ses_and_send_nothing() {
    let world = World::new().await;
    let mut many = simple("ana@example.com");
    many["Destination"]["ToAddresses"] = json!(vec!["ana@example.com"; 51]);
    let mut tagged = simple("ana@example.com");
    tagged["EmailTags"][0]["Value"] = json!("two words");
    let mut headers = simple("ana@example.com");
    headers["Content"]["Simple"]["Headers"] = json!(vec![json!({"Name": "X-A", "Value": "b"}); 16]);
    let mut accented = simple("ana@example.com");
    accented["Content"]["Simple"]["Headers"] = json!([{"Name": "X-A", "Value": "Sí"}]);
    let mut template = simple("ana@example.com");
    template["Content"] = json!({"Template": {"TemplateName": "x"}});
    let mut long = simple("ana@example.com");
    long["Content"] =
        json!({"Raw": {"Data": BASE64_STANDARD.encode(format!("Subject: {}\r\n\r\n", "x".repeat(1_001)))}});
    for (mail, status, error) in [
        (simple("throttle@example.com"), 429, "TooManyRequestsException"),
        (simple("reject@example.com"), 400, "MessageRejected"),
        (simple("not an address"), 400, "BadRequestException"),
        (many, 400, "BadRequestException"),
        (tagged, 400, "BadRequestException"),
        (headers, 400, "BadRequestException"),
        (accented, 400, "BadRequestException"),
        (template, 400, "BadRequestException"),
        (long, 400, "BadRequestException"),
        (json!({}), 400, "BadRequestException"),
    ] {
        let (given, name, _) = world.mail(&mail).await.unwrap();
        assert_eq!((given, name.as_str()), (status, error), "{mail}");
    }
    let url = format!("{}/sim/ses/v2/email/outbound-emails", world.base);
    let unsigned = world.http.post(url).body(simple("ana@example.com").to_string()).send().await.unwrap();
    assert_eq!(unsigned.status(), 403);
    assert_eq!(unsigned.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
    assert_eq!(world.get("/sim/log").await["sends"], json!([]));
}

#[tokio::test]
async fn a_lost_answer_is_a_mail_that_arrived() {
    let world = World::new().await;
    assert!(world.mail(&simple("lost@example.com")).await.is_none());
    assert_eq!(world.get("/sim/log").await["sends"][0]["reference"], MESSAGE);
    assert_eq!(world.events(2).await[1].event["eventType"], "Delivery");
}

#[tokio::test]
async fn an_event_that_is_not_taken_comes_again_with_the_same_id() {
    let world = World::new().await;
    world.product.away.store(1, std::sync::atomic::Ordering::Release);
    world.mail(&simple("ana@example.com")).await.unwrap();
    let events = world.events(2).await;
    assert_eq!(events[0].event["eventType"], "Send");
    assert_eq!(events[0].id.len(), 36);
}
