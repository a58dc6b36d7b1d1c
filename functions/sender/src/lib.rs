//! Sends the messages that the outbound queue asks for.

mod links;

use std::sync::Arc;

use kernel::RawJob;
use messaging::{Carriers, SendRequested, Sender, SendsRequested, SettleUnknown};
use platform::{JobFault, Platform, Worked};
use providers::{Provider, Sendgrid, Ses, Twilio, Vonage};

pub use links::VisitLinks;

/// The sender with its carriers.
pub struct Work {
    sender: Sender,
}

/// The carriers there are, as the settings say where they are.
pub fn carriers(platform: &Platform) -> Carriers {
    let settings = &platform.settings;
    let (twilio, vonage) = (settings.twilio_base_url.clone(), settings.vonage_base_url.clone());
    let sendgrid = settings.sendgrid_base_url.clone();
    Carriers::new()
        .opening(Provider::Twilio, move |account, secret| Twilio {
            base_url: twilio.clone(),
            account_sid: account.to_owned(),
            secret,
        })
        .opening(Provider::Vonage, move |application, secret| Vonage {
            base_url: vonage.clone(),
            application_id: application.to_owned(),
            secret,
        })
        .opening(Provider::Sendgrid, move |_, secret| Sendgrid { base_url: sendgrid.clone(), secret })
        .with(Twilio {
            base_url: settings.twilio_base_url.clone(),
            account_sid: settings.twilio_account_sid.clone(),
            secret: "twilio".to_owned(),
        })
        .with(Ses {
            base_url: settings.ses_base_url.clone(),
            configuration_set: settings.ses_configuration_set.clone(),
        })
}

impl Work {
    /// Ready to send on a platform.
    pub fn on(platform: &Platform) -> Self {
        let links = Arc::new(VisitLinks::with(platform.secrets.clone()));
        Self { sender: Sender::on(platform, carriers(platform), links) }
    }

    /// Does a batch of jobs; the answer stands in their order.
    pub async fn run(&self, jobs: Vec<RawJob>) -> Vec<Worked> {
        let mut worked: Vec<Worked> = jobs.iter().map(|_| Ok(())).collect();
        let (mut sends, mut at) = (Vec::new(), Vec::new());
        for (index, job) in jobs.iter().enumerate() {
            if let Some(Ok(request)) = job.read::<SendRequested>() {
                sends.push(request);
                at.push(index);
            } else if let Some(Ok(requests)) = job.read::<SendsRequested>() {
                at.extend(requests.sends.iter().map(|_| index));
                sends.extend(requests.sends);
            } else if let Some(Ok(settle)) = job.read::<SettleUnknown>() {
                worked[index] = self.sender.settle(settle).await;
            } else {
                worked[index] = Err(JobFault::unknown(&job.r#type));
            }
        }
        for (index, result) in at.into_iter().zip(self.sender.run(&sends).await) {
            // What asks for several comes again if one of them failed: the others are found to be done.
            if worked[index].is_ok() {
                worked[index] = result;
            }
        }
        worked
    }
}
