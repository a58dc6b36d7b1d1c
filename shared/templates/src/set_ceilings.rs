//! Setting the ceilings of all channels at once.

use std::collections::BTreeMap;

use audit::{Actor, Severity, Who};
use kernel::Channel;
use table::{ClinicTable, WriteFault, keys::ChannelCeilingsKey};

use crate::{
    fault::TemplateFault,
    limit::Kept,
    sensitivity::{Acknowledgement, Ceilings, Sensitivity},
};

/// The ceilings of a clinic with their version; 0 while it has changed none.
pub async fn kept_ceilings(table: &ClinicTable) -> Result<(u64, Ceilings), TemplateFault> {
    let kept = table.get::<Kept>(&ChannelCeilingsKey {}).await?;
    Ok(kept.map_or_else(|| (0, Ceilings::default()), |kept| (kept.rev(), kept.into_value().0)))
}

/// Puts new ceilings in the place of those read at `version`. A channel that is not named goes back to the
/// product's own. What is raised above that, and was not before, needs the words in `signed`, and a member of
/// the staff who signs them. Setting the same again changes nothing.
pub async fn set_ceilings(
    table: &ClinicTable,
    actor: &Actor,
    version: u64,
    wanted: &BTreeMap<Channel, Sensitivity>,
    signed: Option<&str>,
) -> Result<(u64, Ceilings), TemplateFault> {
    let kept = table.get::<Kept>(&ChannelCeilingsKey {}).await?;
    if kept.as_ref().map_or(0, table::Kept::rev) != version {
        return Err(TemplateFault::CeilingsStale);
    }
    let before = kept.as_ref().map(|kept| kept.0.clone()).unwrap_or_default();
    let after = changed(table, actor, &before, wanted, signed)?;
    if after == before {
        return Ok((version, before));
    }
    let mut write = table.write();
    match &kept {
        Some(kept) => write.replace(kept, &Kept(after.clone())),
        None => write.create(&Kept(after.clone())),
    };
    for channel in CHANNELS {
        let (old, new) = (before.of(channel), after.of(channel));
        if old != new {
            let deed = actor.did("channel.limited").on_word("channel", channel.name());
            let deed = deed.severity(Severity::Warning).change("ceiling", old.name(), new.name());
            write.create(&deed.entry(table));
        }
    }
    match write.commit().await {
        Err(WriteFault::Conflict { .. }) => Err(TemplateFault::CeilingsStale),
        done => {
            done?;
            kept_ceilings(table).await
        }
    }
}

const CHANNELS: [Channel; 6] =
    [Channel::Sms, Channel::Email, Channel::InApp, Channel::Push, Channel::Voice, Channel::Whatsapp];

fn changed(
    table: &ClinicTable,
    actor: &Actor,
    before: &Ceilings,
    wanted: &BTreeMap<Channel, Sensitivity>,
    signed: Option<&str>,
) -> Result<Ceilings, TemplateFault> {
    let product = Ceilings::default();
    let mut after = Ceilings::default();
    for (channel, most) in wanted {
        if *most == before.of(*channel) {
            after.keep(*channel, before);
            continue;
        }
        let signer = match &actor.who {
            Who::Staff { id, .. } if *most > product.of(*channel) => Some(*id),
            _ => None,
        };
        let acknowledged = signed.zip(signer).map(|(text, by)| Acknowledgement {
            by,
            at: table.clock().now(),
            text: text.trim().to_owned().into(),
        });
        after.set(*channel, *most, acknowledged).map_err(TemplateFault::NotAcknowledged)?;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use kernel::Fault;

    use super::*;
    use crate::seams::*;

    ///
    #[tokio::test]
    async fn raised_ceilings_keep_their_signature_and_what_is_not_named_goes_back() {
        let table = clinic().await;
        let high: BTreeMap<_, _> = [(Channel::Sms, Sensitivity::Clinical)].into();
        let fault = set_ceilings(&table, &staff(), 0, &high, Some(" ")).await.unwrap_err();
        assert_eq!(fault.code(), "acknowledgement_missing");
        let (version, now) = set_ceilings(&table, &staff(), 0, &high, Some("They asked.")).await.unwrap();
        assert_eq!((version, now.of(Channel::Sms)), (1, Sensitivity::Clinical));
        let both: BTreeMap<_, _> =
            [(Channel::Sms, Sensitivity::Clinical), (Channel::Email, Sensitivity::None)].into();
        let (version, now) = set_ceilings(&table, &staff(), 1, &both, None).await.unwrap();
        assert!(now.acknowledgement(Channel::Sms).is_some() && now.acknowledgement(Channel::Email).is_none());
        assert_eq!((version, now.of(Channel::Email)), (2, Sensitivity::None));
        assert_eq!(set_ceilings(&table, &staff(), 2, &both, None).await.unwrap().0, 2);
        let fault = set_ceilings(&table, &staff(), 1, &high, None).await.unwrap_err();
        assert_eq!(fault.code(), "version_is_stale");
        let (_, now) = set_ceilings(&table, &staff(), 2, &BTreeMap::new(), None).await.unwrap();
        assert_eq!(now, Ceilings::default());
    }
}
