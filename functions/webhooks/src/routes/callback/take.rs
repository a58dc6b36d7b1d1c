//! What a verified call tells, kept before the answer.

use axum::body::Bytes;
use edge::{Problem, Visit};
use http::Uri;
use messaging::{inbound, receipt};
use platform::Platform;
use providers::{Event, Hook, Inbound, Provider, Verified};
use serde_json::{Value, json};
use table::{Digest, WriteFault, shared::StrayEvent};

use super::Whose;

/// Keeps everything a call tells. If anything could not be kept, the provider shall tell all of it again.
pub(super) async fn take(
    platform: &Platform,
    visit: Visit,
    (whose, hook): (Whose, &dyn Hook),
    verified: &Verified,
    (uri, body): (&Uri, &Bytes),
) -> Result<(), Problem> {
    let provider = hook.provider();
    let events = match hook.events(verified) {
        Ok(events) => events,
        Err(unreadable) => {
            // The same call will not fare better: kept for whoever mends the reader, and never told again.
            tracing::error!(request.id = %visit.request, fault = %unreadable, "a callback cannot be read and is kept aside");
            let call = json!({
                "unreadable": { "path": uri.path(), "query": uri.query(), "body": String::from_utf8_lossy(body) }
            });
            keep(platform, provider, "unreadable", &call.to_string(), &call).await?;
            return Ok(());
        }
    };
    for event in events {
        match event {
            Event::Receipt(receipt) if whose.may_tell_of(receipt.clinic) => {
                receipt::apply(platform, &receipt).await?;
            }
            Event::Inbound(text) => received(platform, whose, text).await?,
            // Nothing of ours causes it on this address, or it is about a clinic that this account has nothing to
            // tell of; kept for whoever finds out why it came.
            other => {
                let key = other.key();
                tracing::error!(request.id = %visit.request, event.key = %key, "an event of another kind or clinic is kept aside");
                keep(platform, provider, &key, &key, &serde_json::to_value(&other).unwrap_or_default())
                    .await?;
            }
        }
    }
    Ok(())
}

/// Keeps what somebody wrote for the clinic that answers on the number.
async fn received(platform: &Platform, whose: Whose, text: Inbound) -> Result<(), WriteFault> {
    let clinic = platform.table.shared().clinic_of(text.to.as_str()).await?;
    let Some(clinic) = clinic.filter(|clinic| whose.may_tell_of(Some(*clinic))) else {
        tracing::error!(
            inbound.provider_id = %text.provider_id,
            "a text came to a number that is no clinic's of this account and is kept aside"
        );
        let event = Event::Inbound(text);
        let Event::Inbound(text) = &event else { return Ok(()) };
        let told = serde_json::to_value(&event).unwrap_or_default();
        return keep(platform, text.provider, &text.provider_id, &event.key(), &told).await;
    };
    inbound::keep(platform, clinic, text).await
}

async fn keep(
    platform: &Platform,
    provider: Provider,
    id: &str,
    digest: &str,
    event: &Value,
) -> Result<(), WriteFault> {
    let stray = StrayEvent {
        provider: provider.name().to_owned(),
        provider_id: id.to_owned(),
        digest: Digest::of(digest),
        event: event.clone(),
        at: platform.clock.now(),
    };
    platform.table.shared().keep_stray(&stray).await
}
