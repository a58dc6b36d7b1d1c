//! Finding an attempt of which no answer came. There is no idempotency key at Twilio, so the list of messages
//! to the same number is searched for the same text from the same sender at that time.

use bytes::Bytes;
use http::{Method, Request, header};
use jiff::{SignedDuration, fmt::rfc2822, tz::TimeZone};
use kernel::Timestamp;
use serde::Deserialize;
use url::form_urlencoded;

use super::Twilio;
use crate::{Accepted, Address, Content, LookedUp, Lookup, Prepared, TextSender};

/// Clocks differ, and Twilio's tell whole seconds.
pub(super) const BEFORE: SignedDuration = SignedDuration::from_mins(2);
/// Longer than any call of ours waits for an answer, shorter than the pause before another attempt.
pub(super) const AFTER: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn request(twilio: &Twilio, lookup: &Lookup) -> Option<Prepared> {
    let (Address::Phone(to), Content::Text { .. } | Content::Media { .. }) = (&lookup.to, &lookup.content)
    else {
        return None;
    };
    // `DateSent>` with its `=` reads "on or after": a bare `DateSent=` would lose what midnight in UTC divides.
    let day = lookup.at.checked_sub(BEFORE).ok()?.to_zoned(TimeZone::UTC).date();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", to.as_str())
        .append_pair("DateSent>", &day.to_string())
        .append_pair("PageSize", "100")
        .finish();
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{}?{query}", twilio.list("Messages")))
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .ok()?;
    Some(Prepared { request, auth: twilio.auth() })
}

#[derive(Deserialize)]
struct List {
    messages: Vec<Row>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    sid: String,
    status: String,
    to: Option<String>,
    from: Option<String>,
    messaging_service_sid: Option<String>,
    body: Option<String>,
    num_media: Option<String>,
    date_created: Option<String>,
}

pub(super) fn read(lookup: &Lookup, response: &http::Response<Bytes>) -> LookedUp {
    if !response.status().is_success() {
        return LookedUp::Unclear;
    }
    let Ok(list) = serde_json::from_slice::<List>(response.body()) else { return LookedUp::Unclear };
    let mut alike = list.messages.into_iter().filter(|row| is_it(lookup, row));
    match (alike.next(), alike.next()) {
        (Some(row), None) => {
            LookedUp::Found(Accepted { status: super::status(&row.status), provider_id: row.sid })
        }
        (Some(_), Some(_)) => LookedUp::Unclear,
        (None, _) if list.next_page_uri.is_some() => LookedUp::Unclear,
        (None, _) => LookedUp::Absent,
    }
}

fn is_it(lookup: &Lookup, row: &Row) -> bool {
    let Address::Phone(to) = &lookup.to else { return false };
    let (from, body, media) = match &lookup.content {
        Content::Text { from, body } => (from, body, 0),
        Content::Media { from, body, media } => (from, body, media.len()),
        _ => return false,
    };
    let from_us = match from {
        TextSender::Number(number) => row.from.as_deref() == Some(number.as_str()),
        TextSender::Service(id) => row.messaging_service_sid.as_deref() == Some(id),
    };
    from_us
        && row.to.as_deref() == Some(to.as_str())
        && row.body.as_deref() == Some(body.reveal())
        && row.num_media.as_deref().unwrap_or("0").parse() == Ok(media)
        && row.date_created.as_deref().and_then(instant).is_some_and(|made| {
            let after = made.duration_since(lookup.at);
            after >= -BEFORE && after <= AFTER
        })
}

pub(super) fn instant(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use kernel::Masked;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{Carrier, ReceiptStatus};

    fn twilio() -> Twilio {
        Twilio { base_url: "http://127.0.0.1:9/".into(), account_sid: "AC01".into(), secret: "s".into() }
    }

    fn lookup(at: &str) -> Lookup {
        Lookup {
            to: Address::Phone("+12125550123".parse().unwrap()),
            content: Content::Text {
                from: TextSender::Number("+12125550100".parse().unwrap()),
                body: Masked::new("Your visit is at 9:30".into()),
            },
            at: at.parse().unwrap(),
        }
    }

    fn row(sid: &str, created: &str) -> serde_json::Value {
        json!({
            "sid": sid, "status": "sent", "to": "+12125550123", "from": "+12125550100",
            "messaging_service_sid": null, "num_media": "0", "body": "Your visit is at 9:30", "date_created": created,
        })
    }

    fn read_rows(rows: &[serde_json::Value], next: Option<&str>) -> LookedUp {
        let body = json!({ "messages": rows, "next_page_uri": next }).to_string();
        let response = http::Response::new(Bytes::from(body));
        twilio().looked_up(&lookup("2026-11-22T00:00:30Z"), &response)
    }

    const CREATED: &str = "Sun, 22 Nov 2026 00:00:31 +0000";

    #[test]
    fn the_list_begins_on_the_day_before_if_midnight_is_near() {
        let prepared = twilio().lookup(&lookup("2026-11-22T00:00:30Z")).unwrap();
        assert_eq!(prepared.request.method(), Method::GET);
        assert_eq!(
            prepared.request.uri(),
            "http://127.0.0.1:9/2010-04-01/Accounts/AC01/Messages.json\
             ?To=%2B12125550123&DateSent%3E=2026-11-21&PageSize=100"
        );
        assert!(!format!("{prepared:?}").contains("5550123"));
    }

    #[test]
    fn the_one_that_is_alike_is_found() {
        let mut other = row("SM2", CREATED);
        other["body"] = "Something else".into();
        let found = read_rows(&[other, row("SM1", CREATED)], None);
        assert_eq!(
            found,
            LookedUp::Found(Accepted { provider_id: "SM1".into(), status: ReceiptStatus::Sent })
        );
    }

    #[test]
    fn two_that_are_alike_settle_nothing() {
        assert_eq!(read_rows(&[row("SM1", CREATED), row("SM2", CREATED)], None), LookedUp::Unclear);
    }

    #[rstest]
    #[case("from", json!("+12125550199"))]
    #[case("to", json!("+12125550199"))]
    #[case("body", json!("Your visit is at 9:31"))]
    #[case("date_created", json!("Sun, 22 Nov 2026 00:30:00 +0000"))]
    #[case("date_created", json!("Sat, 21 Nov 2026 20:00:00 +0000"))]
    #[case("date_created", json!(null))]
    #[case("num_media", json!("1"))]
    fn what_differs_is_not_it(#[case] field: &str, #[case] value: serde_json::Value) {
        let mut row = row("SM1", CREATED);
        row[field] = value;
        assert_eq!(read_rows(std::slice::from_ref(&row), None), LookedUp::Absent);
        assert_eq!(read_rows(&[row], Some("/more")), LookedUp::Unclear);
    }

    #[test]
    fn a_pool_is_matched_by_its_id() {
        let mut lookup = lookup("2026-11-22T00:00:30Z");
        lookup.content = Content::Text {
            from: TextSender::Service("MG1".into()),
            body: Masked::new("Your visit is at 9:30".into()),
        };
        let mut row = row("SM1", CREATED);
        row["messaging_service_sid"] = "MG1".into();
        let response = http::Response::new(Bytes::from(json!({ "messages": [row] }).to_string()));
        assert!(matches!(twilio().looked_up(&lookup, &response), LookedUp::Found(_)));
    }

    #[test]
    fn pictures_are_counted() {
        let mut lookup = lookup("2026-11-22T00:00:30Z");
        lookup.content = Content::Media {
            from: TextSender::Number("+12125550100".parse().unwrap()),
            body: Masked::new("Your visit is at 9:30".into()),
            media: vec![Masked::new("https://files.example.com/1".into()); 2],
        };
        assert!(twilio().lookup(&lookup).is_some());
        let mut row = row("MM1", CREATED);
        let look = |row: &serde_json::Value| {
            let response = http::Response::new(Bytes::from(json!({ "messages": [row] }).to_string()));
            twilio().looked_up(&lookup, &response)
        };
        assert_eq!(look(&row), LookedUp::Absent);
        row["num_media"] = "2".into();
        assert!(matches!(look(&row), LookedUp::Found(_)));
    }

    #[test]
    fn an_answer_that_is_none_settles_nothing() {
        let lookup = lookup("2026-11-22T00:00:30Z");
        let failed = http::Response::builder().status(503).body(Bytes::new()).unwrap();
        assert_eq!(twilio().looked_up(&lookup, &failed), LookedUp::Unclear);
        assert_eq!(twilio().looked_up(&lookup, &http::Response::new("<html>".into())), LookedUp::Unclear);
    }
}
