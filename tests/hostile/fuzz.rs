//! Everything that reads what others write, fed with what they would never write: nothing falls over, and what is
//! read comes back as it was.

use consent::{
    Rules,
    reply::{Answers, Context, Intent, Prompt, ProviderSays, read},
};
use http_body_util::BodyExt as _;
use kernel::{
    AppointmentId, ClinicId, Clock, ContactId, Cursor, EmailAddress, Id as _, Language, Limit, Masked,
    MessageId, PersonId, Phone, Zone,
};
use people::{Region, read_phone};
use providers::{Event, Hook, RawCall, SesHook, TwilioHook};
use serde_json::{Value, json};
use table::keys::{AuditEntryKey, Conversations, PersonsByName};
use templates::{Ceilings, Draft, Sample, Values, preview, weigh};
use testkit::{House, PUBLIC};

use crate::dice::{Dice, NASTY, tries};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:mail-events";

/// The recorded payloads of a provider.
fn recorded(provider: &str) -> Vec<String> {
    let folder = format!("{}/../events/{provider}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Text that somebody might send: a seed with mistakes in it, or a heap of nasty pieces.
fn text(dice: &mut Dice, seeds: &[&str]) -> String {
    if dice.below(4) == 0 {
        (0..dice.below(8)).map(|_| *dice.one(&NASTY)).collect()
    } else {
        let seed = *dice.one(seeds);
        dice.break_text(seed, &NASTY)
    }
}

fn comes_back(events: &[Event]) {
    for event in events {
        let written = serde_json::to_string(event).unwrap();
        let again: Event =
            serde_json::from_str(&written).unwrap_or_else(|fault| panic!("{fault}: {written}"));
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
        assert_eq!(event.key().len(), 32);
    }
}

#[tokio::test]
async fn calls_of_twilio() {
    let mut dice = Dice::new(20);
    let hook = TwilioHook::new([Masked::new("a-token-of-tests".to_owned())]);
    let names = [
        "MessageSid",
        "SmsSid",
        "MessageStatus",
        "SmsStatus",
        "From",
        "To",
        "Body",
        "NumMedia",
        "MediaUrl0",
        "MediaContentType0",
        "OptOutType",
        "ErrorCode",
        "ErrorMessage",
        "RawDlrDoneDate",
        "",
    ];
    let values = [
        "SM1",
        "delivered",
        "received",
        "+12125550123",
        "failed",
        "30003",
        "C",
        "https://api.twilio.com/m",
        "STOP",
        "99",
    ];
    let mut read = 0;
    for _ in 0..tries(5_000) {
        let fields: Vec<(String, String)> = (0..dice.below(9))
            .map(|_| {
                let name =
                    if dice.below(9) == 0 { text(&mut dice, &names) } else { (*dice.one(&names)).to_owned() };
                let value = if dice.below(3) == 0 {
                    text(&mut dice, &values)
                } else {
                    (*dice.one(&values)).to_owned()
                };
                (name, value)
            })
            .collect();
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = format!("{PUBLIC}/hooks/twilio/status?clinic={}&message=x&attempt=1", ClinicId::FIRST);
        let (parts, body) = House::call_of_twilio(&url, &fields).into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let raw = RawCall { method: parts.method, url, headers: parts.headers, body };
        // The fields of a name are signed in their order of value; what the test signs is not always that.
        let Ok(verified) = hook.verify(&raw) else { continue };
        if let Ok(events) = hook.events(&verified) {
            read += 1;
            comes_back(&events);
        }
    }
    assert!(read > tries(500), "{read}");
}

#[test]
fn raw_bodies_and_signatures() {
    let mut dice = Dice::new(21);
    let hook = TwilioHook::new([Masked::new("a-token-of-tests".to_owned())]);
    let urls = [
        "https://comms.example.com/hooks/twilio/inbound",
        "https://u:p@x:99999/?a=%zz#f",
        "http://[::1]:80/?bodySHA256=00",
    ];
    for _ in 0..tries(20_000) {
        let mut headers = http::HeaderMap::new();
        let signature = dice.break_bytes(b"RSOYDt4T1cUTdK1PDd93/VVr8B8=", &["=", "\r"]);
        if let Ok(value) = http::HeaderValue::from_bytes(&signature) {
            headers.insert("x-twilio-signature", value);
        }
        let url = dice.one(&urls).to_string();
        let url = dice.break_text(&url, &["%", "?", "#", "&bodySHA256=", "\u{130}", "xn--", "@"]);
        let body = dice.break_bytes(b"Body=S%C3%AD&From=%2B12125550123&To=%2B12125550100", &NASTY).into();
        assert!(hook.verify(&RawCall { method: http::Method::POST, url, headers, body }).is_err());
    }
}

#[test]
fn notices_about_mail() {
    let mut dice = Dice::new(22);
    let hook = SesHook::new(TOPIC);
    let seeds = recorded("ses");
    let mut read = 0;
    for _ in 0..tries(10_000) {
        let seed = dice.one(&seeds).clone();
        let seed: Value = serde_json::from_str(&seed).unwrap();
        let message = seed["call"]["queued"]["Message"].as_str().unwrap().to_owned();
        let broken = dice.break_text(
            &message,
            &["null", "[]", "{}", "\"\"", "-1", "1e99", "\"9999-99-99T00:00:00Z\"", "\\u0000"],
        );
        let envelope = json!({ "Type": "Notification", "TopicArn": TOPIC, "Message": broken }).to_string();
        let verified = hook.verify(&RawCall::queued(envelope)).unwrap();
        if let Ok(events) = hook.events(&verified) {
            read += 1;
            comes_back(&events);
        }
        let raw = dice.break_bytes(seed["call"]["queued"].to_string().as_bytes(), &NASTY);
        let _ = hook.verify(&RawCall::queued(raw));
    }
    assert!(read > tries(300), "{read}");
}

/// C-25
#[test]
fn templates_and_what_fills_them() {
    let mut dice = Dice::new(23);
    let seeds = [
        "Hello {{patient.first_name}}, see you on {{appointment.date_time}} at {{clinic.name}}.",
        "{{patient.name|friend}}: {{ appointment.date }} {{practitioner.name}} {{clinic.phone}} {{confirm.url}}",
        "{{patient_first_name}} {{firstName}} {{#if x}}y{{/if}} {{{patient.name}}} {{> part}} {{!-- note --}}",
    ];
    let html = [
        "<p>Hello <b>{{patient.first_name}}</b> <a href=\"{{confirm.url}}\">come</a></p>",
        "<table><tr><td style=\"color:red\">{{clinic.name}}</td></tr></table>",
    ];
    let english = Language::english();
    let mut filled = 0;
    for _ in 0..tries(4_000) {
        let (sms, subject, page) = (text(&mut dice, &seeds), text(&mut dice, &seeds), text(&mut dice, &html));
        let draft = json!({
            "profile": { "kind": "SEGMENTS" },
            "fold_accents": dice.below(2) == 0,
            "languages": { "en": if dice.below(2) == 0 { json!({ "sms": sms }) } else { json!({ "email": { "subject": subject, "html": page } }) } },
        });
        let draft: Draft = serde_json::from_value(draft).unwrap();
        let Ok(content) = draft.check(&Ceilings::default()) else { continue };
        // What was found sound is so again, and says the same.
        let again = content.clone().into_draft().check(&Ceilings::default());
        assert_eq!(again.as_ref().ok(), Some(&content));
        let name = text(&mut dice, &["Ana", "{{clinic.name}}", "<b>Ana</b>"]);
        let values =
            Values::new().with("patient.first_name", name.as_str()).with("patient.name", name.as_str());
        for sample in [Sample::Typical, Sample::Full, Sample::Over(values)] {
            // A value with an end of line in it is refused where it would get into a subject.
            for rendered in preview(&content, &english, sample).unwrap_or_default() {
                filled += 1;
                let subject =
                    rendered.subject.as_ref().map(|subject| subject.reveal().clone()).unwrap_or_default();
                assert!(!subject.contains(['\r', '\n', '\0']), "{subject:?}");
                if let Some(html) = &rendered.html {
                    let html = html.reveal().to_lowercase();
                    // What a browser begins a tag with; within one it is only part of a strange name.
                    let mut rest = html.as_str();
                    while let Some((_, tag)) = rest.split_once('<') {
                        assert!(!tag.starts_with("script") && !tag.starts_with("iframe"), "{html}");
                        rest = tag.split_once('>').map_or("", |(_, behind)| behind);
                    }
                    assert!(!html.contains("javascript:"), "{html}");
                }
            }
        }
    }
    assert!(filled > tries(1_000), "{filled}");
}

#[test]
fn numbers_as_people_write_them() {
    let mut dice = Dice::new(24);
    let seeds = [
        "(212) 555-0123",
        "+1 212 555 0123 x45",
        "00 44 20 7946 0018",
        "tel:+12125550123;ext=9",
        "２１２５５５０１２３",
        "1-800-555-0199",
    ];
    let mut read = 0;
    for _ in 0..tries(20_000) {
        let written = text(&mut dice, &seeds);
        if let Ok(number) = read_phone(&written, Region::us()) {
            read += 1;
            let plain = number.phone.as_str();
            assert_eq!(plain.parse::<Phone>().unwrap(), number.phone);
            assert_eq!(read_phone(plain, Region::us()).unwrap().phone, number.phone, "{written:?}");
        }
    }
    assert!(read > tries(500), "{read}");
}

/// D-09
#[test]
fn answers_of_patients() {
    let mut dice = Dice::new(25);
    let seeds = [
        "C",
        "STOP",
        "stop.",
        "yes I'll be there",
        "No puedo ir, gracias",
        "1",
        "R 2",
        "wrong number",
        "Loved “See you”",
        "ALTO",
        "start",
        "help?",
        "👍",
    ];
    let now = "2026-12-08T17:00:00Z".parse().unwrap();
    let prompt = Prompt {
        message: MessageId::FIRST,
        sent_at: "2026-12-07T15:00:00Z".parse().unwrap(),
        until: "2026-12-10T15:00:00Z".parse().unwrap(),
        answers: Answers::Numbered,
        visits: vec![AppointmentId::FIRST, AppointmentId::LAST],
    };
    let prompts = [prompt];
    let languages: [Language; 3] = ["en", "es-MX", "zh-Hant"].map(|tag| tag.parse().unwrap());
    for _ in 0..tries(20_000) {
        let said = text(&mut dice, &seeds);
        let provider = (dice.below(8) == 0).then_some(ProviderSays::OptOut);
        let open: &[Prompt] = if dice.below(2) == 0 { &prompts } else { &[] };
        let context = Context {
            at: now,
            opted_out: dice.below(2) == 0,
            provider,
            language: Some(dice.one(&languages)),
            prompts: open,
            rules: Rules::standard(),
        };
        let reading = read(&said, &context);
        assert_eq!(reading, read(&said, &context), "{said:?}");
        if provider.is_some() {
            assert_eq!(reading.intent, Intent::OptOut, "{said:?}");
        }
        // Who ends messages does so whatever stands around the word.
        let around = format!(" \t{}\u{200b} ", said.trim());
        if reading.intent == Intent::OptOut && provider.is_none() {
            assert_eq!(read(&around, &context).intent, Intent::OptOut, "{said:?}");
        }
    }
    for stop in ["STOP", "stop", "Stop.", " stop ", "STOPALL", "unsubscribe", "\u{feff}stop", "stop\u{200b}"]
    {
        let context = Context {
            at: now,
            opted_out: false,
            provider: None,
            language: None,
            prompts: &prompts,
            rules: Rules::standard(),
        };
        assert_eq!(read(stop, &context).intent, Intent::OptOut, "{stop:?}");
    }
}

/// C-05
#[test]
fn lengths_of_texts() {
    let mut dice = Dice::new(26);
    let seeds = [
        "Your visit is on Friday at 9:30. ",
        "{[~^]}€|\\",
        "ñandú à la crème",
        "👩‍👧 família 你好",
        "\u{1f600}\u{1f600}\u{1f600}",
    ];
    for _ in 0..tries(20_000) {
        let mut written = text(&mut dice, &seeds);
        // Lengths are those of the composed text.
        written = written.repeat(1 + dice.below(9)).replace('\u{301}', "");
        let weight = weigh(&written);
        if written.is_empty() {
            continue;
        }
        // The same by the words of 3GPP TS 23.038, written down another way.
        let basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        let extended = "^{}\\[~]|€\u{c}";
        let seven = written.chars().all(|c| basic.contains(c) || extended.contains(c));
        let (single, part) = if seven { (160, 153) } else { (70, 67) };
        let size = |c: char| if seven { 1 + usize::from(extended.contains(c)) } else { c.len_utf16() };
        let units: usize = written.chars().map(size).sum();
        let mut segments = 1;
        if units > single {
            let mut room = part;
            for c in written.chars() {
                if size(c) > room {
                    (segments, room) = (segments + 1, part);
                }
                room -= size(c);
            }
        }
        assert_eq!((weight.units, weight.segments), (units, segments), "{written:?}");
    }
}

#[test]
fn ids_addresses_languages_and_zones() {
    let mut dice = Dice::new(27);
    let id = PersonId::derived(&["x"]).to_string();
    let seeds = [
        id.as_str(),
        "ana@example.com",
        "es-MX",
        "America/New_York",
        "+12125550123",
        "zh-Hant-TW",
        "o'neil+x@ex-ample.com",
    ];
    for _ in 0..tries(40_000) {
        let written = text(&mut dice, &seeds);
        if let Ok(id) = written.parse::<PersonId>() {
            assert_eq!(id.to_string(), written);
        }
        if let Ok(id) = written.parse::<ContactId>() {
            assert_eq!(id.to_string(), written);
        }
        if let Ok(mail) = written.parse::<EmailAddress>() {
            assert!(!mail.as_str().contains(char::is_whitespace) && mail.as_str().is_ascii(), "{written:?}");
            assert_eq!(mail.as_str().parse::<EmailAddress>().unwrap(), mail);
        }
        if let Ok(language) = written.parse::<Language>() {
            assert_eq!(language.as_str().parse::<Language>().unwrap(), language);
        }
        if let Ok(phone) = written.parse::<Phone>() {
            assert_eq!(phone.as_str(), written);
        }
        if let Ok(zone) = written.parse::<Zone>() {
            assert!(!zone.name().contains(".."), "{written:?}");
        }
    }
}

/// Z-06
#[tokio::test]
async fn cursors() {
    let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 28);
    let table = embedded::table(clock.clone()).await;
    let (ours, theirs) = (table.of(ClinicId::derived(&["ours"])), table.of(ClinicId::derived(&["theirs"])));
    for clinic in [&ours, &theirs] {
        for n in 0..3 {
            audit::record(
                clinic,
                audit::Actor::system("tests").did("thing.done").change("n", 0i64, i64::from(n)),
            )
            .await
            .unwrap();
            clock.advance(jiff::SignedDuration::from_millis(1));
        }
    }
    let span = AuditEntryKey::within();
    let one = Limit::new(1).unwrap();
    let own = ours.list::<audit::Entry>(&span, one, None).await.unwrap().next.unwrap();
    let foreign = theirs.list::<audit::Entry>(&span, one, None).await.unwrap().next.unwrap();
    let refused = ours.list::<audit::Entry>(&span, one, Some(&foreign)).await;
    assert!(refused.is_err(), "a cursor of another clinic");
    let mut dice = Dice::new(28);
    for _ in 0..tries(2_000) {
        let seed = if dice.below(3) == 0 { &foreign.0 } else { &own.0 };
        let broken = Cursor(dice.break_text(seed, &["=", "A", "#", "%00", "cln_"]));
        for row in ours
            .list::<audit::Entry>(&span, Limit::MOST, Some(&broken))
            .await
            .map(|page| page.items)
            .unwrap_or_default()
        {
            assert_eq!(row.clinic, ours.clinic(), "{}", broken.0);
        }
        // Nor in another list.
        let _ = ours
            .list::<messaging::conversation::Conversation>(&Conversations::all(), one, Some(&broken))
            .await;
        let _ = ours.list::<people::Person>(&PersonsByName::all(), one, Some(&broken)).await;
    }
}
