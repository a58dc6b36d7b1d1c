//! The links that reminders carry.

use std::sync::Arc;

use automations::links::{Link, Purpose, make};
use futures::future::BoxFuture;
use messaging::Links;
use people::Appointment;
use platform::{PlatformFault, Secrets};
use table::ClinicTable;

/// Makes links to confirm a visit or to ask for another time, signed with the secret `links`.
pub struct VisitLinks {
    secrets: Arc<dyn Secrets>,
}

impl VisitLinks {
    /// With these secrets.
    pub fn with(secrets: Arc<dyn Secrets>) -> Self {
        Self { secrets }
    }
}

impl Links for VisitLinks {
    fn about<'a>(
        &'a self,
        table: &'a ClinicTable,
        visit: &'a Appointment,
        public_url: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(&'static str, String)>, PlatformFault>> {
        Box::pin(async move {
            let secret = self.secrets.get("links").await?;
            // The secret in use stands first; the one before may follow after a comma, for links that are out.
            let key = secret.reveal().split(',').next().unwrap_or_default().trim().as_bytes();
            let link = |purpose| {
                let link = Link {
                    clinic: table.clinic(),
                    appointment: visit.id,
                    generation: visit.generation,
                    purpose,
                };
                format!("{public_url}/l/v/{}", make(key, &link))
            };
            Ok(vec![
                ("links.confirm", link(Purpose::Confirm)),
                ("links.reschedule", link(Purpose::Reschedule)),
            ])
        })
    }
}
