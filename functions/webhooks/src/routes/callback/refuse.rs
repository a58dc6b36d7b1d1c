//! A call that nothing proves to be the provider's.

use audit::Actor;
use edge::{Problem, Visit};
use http::Uri;
use jiff::SignedDuration;
use kernel::{ClinicId, Fault, Kind, Timestamp};
use messaging::conversation::Once;
use people::Clinic;
use platform::Platform;
use providers::{Provider, Unverified};
use table::{Entity, WriteFault};
use url::form_urlencoded;

/// How long it is remembered that a minute has its entry.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// Refuses a call, and notes it in the log of the clinic that its address names.
pub(super) async fn refuse(
    platform: &Platform,
    visit: Visit,
    provider: Provider,
    clinic: Option<ClinicId>,
    unverified: Unverified,
) -> Problem {
    tracing::warn!(
        request.id = %visit.request,
        clinic.id = clinic.map(tracing::field::display),
        fault.code = unverified.code(),
        "a callback was refused"
    );
    if let Some(clinic) = clinic
        && let Err(fault) = note(platform, visit, (provider, clinic), unverified).await
    {
        tracing::error!(clinic.id = %clinic, fault = %fault, "a refusal could not be written into the audit log");
    }
    let kind = if unverified == Unverified::Unsigned { Kind::Unauthenticated } else { Kind::Forbidden };
    Problem::new(kind, unverified.code(), unverified.to_string())
}

/// The clinic that the callback address of a message names. Nobody has proven it.
pub(super) fn named(uri: &Uri) -> Option<ClinicId> {
    let query = uri.query()?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "clinic")?.1.parse().ok()
}

/// The name of a provider in the audit log.
fn caller(provider: Provider) -> &'static str {
    match provider {
        Provider::Twilio | Provider::TwilioVoice => "twilio",
        Provider::Ses => "ses",
        Provider::Sendgrid => "sendgrid",
        Provider::WhatsappCloud => "whatsapp",
        Provider::Vonage => "vonage",
        Provider::Fcm => "fcm",
    }
}

/// One entry a minute: who calls in a loop shall not fill a clinic's log.
async fn note(
    platform: &Platform,
    visit: Visit,
    (provider, clinic): (Provider, ClinicId),
    unverified: Unverified,
) -> Result<(), WriteFault> {
    let table = platform.table.of(clinic);
    let now = platform.clock.now();
    let minute = now.as_second().div_euclid(60);
    let once = Once {
        of: "callback_refused".to_owned(),
        what: minute.to_string(),
        at: now,
        until: now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX),
    };
    if table.get::<Once>(&once.key()).await?.is_some() || Clinic::read(&table).await?.is_none() {
        return Ok(());
    }
    let deed = Actor::outside(caller(provider))
        .in_request(visit.request, visit.from)
        .was_denied("callback.refused")
        .change_of("reason", None, Some(unverified.code().into()));
    let mut write = table.write();
    write.create(&once).create(&deed.entry(&table));
    match write.commit().await {
        Err(fault) if fault.is_conflict() => Ok(()),
        done => done,
    }
}
