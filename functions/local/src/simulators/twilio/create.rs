//! `POST Messages.json`: takes a text for sending.

use std::io;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use kernel::{Masked, Phone};

use super::{
    answer::{self, Refusal},
    courier,
    rules::{self, Behaviour, Rules},
    status::Status,
};
use crate::simulators::{
    Simulators, answer_lost,
    fact::{Fact, Text, reference},
};

/// The fields that matter here; others are taken and ignored, as Twilio does.
#[derive(Default)]
struct Fields {
    to: String,
    from: Option<String>,
    service: Option<String>,
    body: String,
    callback: Option<String>,
}

impl Fields {
    fn read(body: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = value.into_owned();
            match name.as_ref() {
                "To" => fields.to = value,
                "From" => fields.from = Some(value).filter(|from| !from.is_empty()),
                "MessagingServiceSid" => fields.service = Some(value).filter(|sid| !sid.is_empty()),
                "Body" => fields.body = value,
                "StatusCallback" => fields.callback = Some(value).filter(|url| !url.is_empty()),
                _ => {}
            }
        }
        fields
    }
}

pub(super) async fn create(
    State(simulators): State<Simulators>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let settings = &simulators.0.settings;
    if let Err(refusal) = super::admit(settings, &account, &headers) {
        return refusal.into_response();
    }
    let fields = Fields::read(&body);
    let (behaviour, code) = Rules::get().behaviour(&fields.to);
    let sid = match accept(&simulators, fields, behaviour, code) {
        Ok(Ok(sid)) => sid,
        Ok(Err(refusal)) => return refusal.into_response(),
        Err(error) => return answer::out_of_order(&error),
    };
    // The answer shows the text as it was taken, however far the callbacks are by now.
    let shown = simulators.books().state.bubble(&sid).map(|bubble| answer::message(&account, bubble));
    let courier = tokio::spawn(courier::tell(simulators.clone(), sid));
    match behaviour {
        Behaviour::AnswerLost => return answer_lost(),
        Behaviour::Slow => tokio::time::sleep(settings.slow).await,
        Behaviour::EarlyCallback if courier.await.is_err() => {
            tracing::error!("a courier of the simulators broke off");
        }
        _ => {}
    }
    (StatusCode::CREATED, Json(shown)).into_response()
}

/// Checks and writes down in one go, so that a STOP cannot slip in between.
fn accept(
    simulators: &Simulators,
    fields: Fields,
    behaviour: Behaviour,
    code: Option<u32>,
) -> io::Result<Result<String, Refusal>> {
    let settings = &simulators.0.settings;
    let reference = fields.callback.as_deref().and_then(reference);
    let ours = match (&fields.from, &fields.service) {
        (Some(from), _) => from.clone(),
        (None, Some(service)) => {
            settings.services.get(service).cloned().unwrap_or_else(|| pool_number(service))
        }
        (None, None) => String::new(),
    };
    let mut books = simulators.books();
    let fate = check(&fields, &ours).and_then(|phone| {
        let key = reference.as_deref().unwrap_or(&fields.to);
        let tried = books.state.turned_away.contains_key(key);
        if books.state.blocked.contains(&(phone.clone(), ours.clone())) {
            Err(Refusal(21610))
        } else if behaviour == Behaviour::Unavailable {
            Err(Refusal(20503))
        } else if behaviour == Behaviour::LimitedOnce && !tried {
            Err(Refusal(20429))
        } else {
            Ok(phone)
        }
    });
    let phone = match fate {
        Ok(phone) => phone,
        Err(refusal) => {
            let (channel, to) = ("SMS".to_owned(), Masked::new(fields.to));
            books.record(Fact::TurnedAway { channel, to, code: refusal.0.to_string(), reference })?;
            return Ok(Err(refusal));
        }
    };
    let sid = format!("SM{}", simulators.hex(16));
    let first = if fields.service.is_some() { Status::Accepted } else { Status::Queued };
    let script = rules::script(behaviour, code, first);
    let callback = fields.callback.filter(|_| behaviour != Behaviour::Silent);
    let Fields { body, service, .. } = Fields { to: String::new(), callback: None, ..fields };
    let body = Masked::new(body);
    let text = Text { sid: sid.clone(), phone, ours, body, service, callback, reference, first, script };
    books.record(Fact::TextAccepted(text))?;
    Ok(Ok(sid))
}

fn check(fields: &Fields, ours: &str) -> Result<Phone, Refusal> {
    if fields.to.is_empty() {
        return Err(Refusal(21604));
    }
    if ours.is_empty() {
        return Err(Refusal(21603));
    }
    if let Some(code) = Rules::get().magic(ours, &fields.to) {
        return Err(Refusal(code));
    }
    let phone = fields.to.parse().map_err(|_| Refusal(21211))?;
    if fields.body.is_empty() {
        return Err(Refusal(21602));
    }
    if fields.body.chars().count() > 1_600 {
        return Err(Refusal(21617));
    }
    let callback = fields.callback.as_deref().map(url::Url::parse).transpose().map_err(|_| Refusal(21609))?;
    // Twilio refuses hosts with an underscore.
    let host_fits = |url: &url::Url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_'))
    };
    if callback.is_some_and(|url| !host_fits(&url)) {
        return Err(Refusal(21609));
    }
    Ok(phone)
}

/// A fictional number for a Messaging Service that the settings do not name: the same for the same id.
fn pool_number(service: &str) -> String {
    let sum = service.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("+1500555{:04}", 100 + sum % 90)
}
