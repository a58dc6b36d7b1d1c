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
            let key = in_use(secret.reveal()).ok_or(PlatformFault::Absent { what: "secrets" })?.as_bytes();
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

/// The secret in use stands first; the one before may follow after a comma, for links that are out. What anybody could
/// sign with is none.
fn in_use(secret: &str) -> Option<&str> {
    secret.split(',').map(str::trim).find(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_signed_with_the_first_secret_and_never_with_an_empty_one() {
        for secret in ["now", " now ,before", ",now", " , now,before"] {
            assert_eq!(in_use(secret), Some("now"), "{secret}");
        }
        for secret in ["", " ", ",", " , ,"] {
            assert_eq!(in_use(secret), None, "{secret}");
        }
    }
}
