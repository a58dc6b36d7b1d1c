//! How much each channel of a clinic may give away.

use audit::{Actor, Severity, Who};
use kernel::{CallerId, Channel};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, WriteFault, keys::ChannelCeilingsKey};

use crate::{
    fault::TemplateFault,
    sensitivity::{Acknowledgement, Ceilings, NotAcknowledged, Sensitivity},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(pub(crate) Ceilings);

impl Entity for Kept {
    type Key = ChannelCeilingsKey;

    fn key(&self) -> ChannelCeilingsKey {
        ChannelCeilingsKey {}
    }
}

/// The ceilings of a clinic; the product's own until it changes them.
pub async fn ceilings(table: &ClinicTable) -> Result<Ceilings, TemplateFault> {
    let kept = table.get::<Kept>(&ChannelCeilingsKey {}).await?;
    Ok(kept.map(|kept| kept.into_value().0).unwrap_or_default())
}

/// Changes the ceiling of a channel. Lower needs nothing; higher needs the words that somebody of the staff
/// signs. Templates saved before keep their text: sending asks [`Content::above`](crate::Content::above).
pub async fn limit(
    table: &ClinicTable,
    actor: &Actor,
    channel: Channel,
    most: Sensitivity,
    signed: Option<String>,
) -> Result<Ceilings, TemplateFault> {
    let signer: Option<CallerId> = match &actor.who {
        Who::Staff { id, .. } => Some(*id),
        _ => None,
    };
    let acknowledged = signed.zip(signer).map(|(text, by)| Acknowledgement {
        by,
        at: table.clock().now(),
        text: text.into(),
    });
    // Somebody else may change another channel at the same time: read again and put both together.
    for _ in 0..5 {
        let kept = table.get::<Kept>(&ChannelCeilingsKey {}).await?;
        let before = kept.as_ref().map(|kept| kept.0.clone()).unwrap_or_default();
        let mut after = before.clone();
        after.set(channel, most, acknowledged.clone()).map_err(|NotAcknowledged { channel, most }| {
            TemplateFault::NotAcknowledged(NotAcknowledged { channel, most })
        })?;
        let deed = actor
            .did("channel.limited")
            .on_word("channel", channel.name())
            .severity(Severity::Warning)
            .change("ceiling", before.of(channel).name(), most.name());
        let mut write = table.write();
        match &kept {
            Some(kept) => write.replace(kept, &Kept(after.clone())),
            None => write.create(&Kept(after.clone())),
        };
        write.create(&deed.entry(table));
        match write.commit().await {
            Err(WriteFault::Conflict { .. }) => {}
            done => {
                done?;
                return Ok(after);
            }
        }
    }
    Err(WriteFault::Contended.into())
}

#[cfg(test)]
mod tests {
    use kernel::Fault;

    use super::*;
    use crate::{create, seams::*};

    ///
    #[tokio::test]
    async fn a_clinic_raises_a_ceiling_with_a_signature_only() {
        let table = clinic().await;
        let text = "Your {{serviceType}}";
        let fault = create(&table, &staff(), new("Service", text)).await.unwrap_err();
        assert_eq!(fault.code(), "variable_too_sensitive");
        let raise = async |signed: Option<&str>| {
            limit(&table, &staff(), Channel::Sms, Sensitivity::Clinical, signed.map(str::to_owned)).await
        };
        assert_eq!(raise(None).await.unwrap_err().code(), "acknowledgement_missing");
        raise(Some("Our patients asked for it in writing.")).await.unwrap();
        let made = create(&table, &staff(), new("Service", text)).await.unwrap();
        limit(&table, &staff(), Channel::Sms, Sensitivity::Appointment, None).await.unwrap();
        let version = crate::version(&table, made.id, 1).await.unwrap();
        let now = ceilings(&table).await.unwrap();
        assert_eq!(version.content.above(&now, Channel::Sms), ["appointment.service"]);
        let system = Actor::system("seed");
        let alone = limit(&table, &system, Channel::Sms, Sensitivity::Clinical, Some("x".to_owned())).await;
        assert!(alone.is_err());
    }
}
