//! Finding a call of which no answer came: the list of calls between the two numbers at that time. What was said
//! is not listed, so that two calls at once stay undecided.

use bytes::Bytes;
use http::{Method, Request, header};
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    Accepted, Address, Content, LookedUp, Lookup, Prepared,
    twilio::{
        Twilio,
        lookup::{AFTER, BEFORE, instant},
    },
};

pub(super) fn request(twilio: &Twilio, lookup: &Lookup) -> Option<Prepared> {
    let (Address::Phone(to), Content::Call(call)) = (&lookup.to, &lookup.content) else { return None };
    let day = lookup.at.checked_sub(BEFORE).ok()?.to_zoned(TimeZone::UTC).date();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", to.as_str())
        .append_pair("From", call.from.as_str())
        .append_pair("StartTime>", &day.to_string())
        .append_pair("PageSize", "100")
        .finish();
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{}?{query}", twilio.list("Calls")))
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .ok()?;
    Some(Prepared { request, auth: twilio.auth() })
}

#[derive(Deserialize)]
struct List {
    calls: Vec<Row>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    sid: String,
    status: String,
    to: Option<String>,
    from: Option<String>,
    date_created: Option<String>,
}

pub(super) fn read(lookup: &Lookup, response: &http::Response<Bytes>) -> LookedUp {
    if !response.status().is_success() {
        return LookedUp::Unclear;
    }
    let Ok(list) = serde_json::from_slice::<List>(response.body()) else { return LookedUp::Unclear };
    let mut alike = list.calls.into_iter().filter(|row| is_it(lookup, row));
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
    let (Address::Phone(to), Content::Call(call)) = (&lookup.to, &lookup.content) else { return false };
    row.to.as_deref() == Some(to.as_str())
        && row.from.as_deref() == Some(call.from.as_str())
        && row.date_created.as_deref().and_then(instant).is_some_and(|made| {
            let after = made.duration_since(lookup.at);
            after >= -BEFORE && after <= AFTER
        })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Call, Carrier, ReceiptStatus, Script, TwilioVoice};

    fn twilio() -> TwilioVoice {
        TwilioVoice(Twilio {
            base_url: "http://127.0.0.1:9/".into(),
            account_sid: "AC01".into(),
            secret: "s".into(),
        })
    }

    fn lookup() -> Lookup {
        Lookup {
            to: Address::Phone("+12125550123".parse().unwrap()),
            content: Content::Call(Box::new(Call {
                from: "+12125550100".parse().unwrap(),
                script: Script::Asked("https://api.example.com/s".into()),
                ring_for: SignedDuration::from_secs(30),
            })),
            at: "2026-11-22T15:00:00Z".parse().unwrap(),
        }
    }

    fn row() -> Value {
        json!({
            "sid": "CA1", "status": "in-progress", "to": "+12125550123", "from": "+12125550100",
            "date_created": "Sun, 22 Nov 2026 15:00:01 +0000",
        })
    }

    fn look(rows: &[Value]) -> LookedUp {
        let response = http::Response::new(Bytes::from(json!({ "calls": rows }).to_string()));
        twilio().looked_up(&lookup(), &response)
    }

    #[test]
    fn calls_between_the_two_numbers_are_listed() {
        assert_eq!(
            twilio().lookup(&lookup()).unwrap().request.uri(),
            "http://127.0.0.1:9/2010-04-01/Accounts/AC01/Calls.json\
             ?To=%2B12125550123&From=%2B12125550100&StartTime%3E=2026-11-22&PageSize=100"
        );
    }

    #[test]
    fn the_one_call_at_that_time_is_it_and_two_settle_nothing() {
        let found = Accepted { provider_id: "CA1".into(), status: ReceiptStatus::Sent };
        assert_eq!(look(&[row()]), LookedUp::Found(found));
        assert_eq!(look(&[row(), row()]), LookedUp::Unclear);
        assert_eq!(look(&[]), LookedUp::Absent);
    }

    #[rstest]
    #[case("to", "+12125550199")]
    #[case("from", "+12125550199")]
    #[case("date_created", "Sun, 22 Nov 2026 14:00:00 +0000")]
    fn what_differs_is_not_it(#[case] field: &str, #[case] value: &str) {
        let mut row = row();
        row[field] = value.into();
        assert_eq!(look(&[row]), LookedUp::Absent);
    }

    #[test]
    fn an_answer_that_is_none_settles_nothing() {
        assert_eq!(twilio().looked_up(&lookup(), &http::Response::new("<html>".into())), LookedUp::Unclear);
        let failed = http::Response::builder().status(503).body(Bytes::new()).unwrap();
        assert_eq!(twilio().looked_up(&lookup(), &failed), LookedUp::Unclear);
    }
}
