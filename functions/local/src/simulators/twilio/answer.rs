//! What the Messages resource answers with.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kernel::Timestamp;
use serde_json::{Value, json};

use super::{rules::Rules, segments::segments, status::Status};
use crate::simulators::state::{Bubble, Way};

/// An error by its Twilio code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u32);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(code) = self;
        let (status, message) = Rules::get().error(code);
        let more_info = format!("https://www.twilio.com/docs/errors/{code}");
        let body = json!({"code": code, "message": message, "more_info": more_info, "status": status});
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}

/// The journal could not be written: the provider has a bad day.
pub(super) fn out_of_order(error: &std::io::Error) -> Response {
    tracing::error!(%error, "the journal of the simulators cannot be written");
    Refusal(20503).into_response()
}

/// RFC 2822 as Twilio writes it: `Thu, 24 Aug 2023 05:01:45 +0000`.
fn date(at: Timestamp) -> Value {
    jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).map_or(Value::Null, Value::from)
}

/// A message as Twilio shows it.
pub(super) fn message(account: &str, bubble: &Bubble) -> Value {
    let text = &bubble.text;
    let (from, to, direction) = match bubble.way {
        Way::Out | Way::Network => (text.ours.as_str(), text.phone.as_str(), "outbound-api"),
        Way::In => (text.phone.as_str(), text.ours.as_str(), "inbound"),
    };
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", text.sid);
    let sent = bubble.status.rank() >= Status::Sent.rank();
    json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text.body.reveal(),
        "date_created": date(bubble.at),
        "date_sent": if sent { date(bubble.moved_at) } else { Value::Null },
        "date_updated": date(bubble.moved_at),
        "direction": direction,
        "error_code": bubble.code,
        "error_message": null,
        "from": from,
        "messaging_service_sid": text.service,
        "num_media": "0",
        "num_segments": segments(text.body.reveal()).to_string(),
        "price": null,
        "price_unit": "USD",
        "sid": text.sid,
        "status": bubble.status.name(),
        "subresource_uris": {"media": format!("{uri}/Media.json")},
        "to": to,
        "uri": format!("{uri}.json"),
    })
}
