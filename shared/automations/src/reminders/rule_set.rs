//! All that plans of a clinic depend on besides the visit and the patient.

use std::fmt::Write as _;

use consent::Rules;
use futures::future::try_join3;
use people::Clinic;
use table::{ClinicTable, Digest, Kept, TableFault, keys::TemplateKey};
use templates::Template;

use crate::{plan::InForce, rules};

/// The rules of a clinic as they are now.
#[derive(Debug)]
pub(crate) struct RuleSet {
    /// Those that are switched on.
    pub(crate) in_force: Vec<InForce>,
    pub(crate) clinic: Clinic,
    pub(crate) consent: Rules,
    /// Changes when anything of this does.
    pub(crate) mark: Digest,
}

impl RuleSet {
    pub(crate) async fn read(table: &ClinicTable) -> Result<Self, TableFault> {
        let read = try_join3(rules::list(table), Clinic::read(table), consent::settings(table));
        let (rules, clinic, settings) = Box::pin(read).await?;
        let mut in_force: Vec<_> = rules
            .into_iter()
            .filter(|rule| rule.enabled)
            .map(|kept| InForce {
                version: kept.rev(),
                template_version: kept.template_version,
                rule: kept.into_value(),
            })
            .collect();
        newest_templates(table, &mut in_force).await?;
        // A clinic that has set nothing yet has the usual hours.
        let clinic =
            clinic.map_or_else(|| Clinic::new(table.clinic(), "", kernel::Zone::utc()), Kept::into_value);
        let mut mark = format!(
            "{}-{} {:?} {}",
            clinic.window.from,
            clinic.window.to,
            clinic.state,
            settings.as_ref().map_or(0, Kept::rev)
        );
        for rule in &in_force {
            let _ = write!(mark, " {}.{}.{}", rule.rule.id, rule.version, rule.template_version);
        }
        let consent = settings.map_or_else(|| Rules::standard().clone(), |kept| kept.rules());
        Ok(Self { in_force, clinic, consent, mark: Digest::of(&mark) })
    }
}

/// Rules that follow their template take its newest version.
async fn newest_templates(table: &ClinicTable, rules: &mut [InForce]) -> Result<(), TableFault> {
    let following: Vec<_> = rules.iter_mut().filter(|rule| rule.rule.follow_latest).collect();
    if following.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = following.iter().map(|rule| TemplateKey { template: rule.rule.template }).collect();
    let found = table.get_many::<Template>(&keys).await?;
    for (rule, template) in following.into_iter().zip(found) {
        if let Some(template) = template {
            rule.template_version = template.latest;
        }
    }
    Ok(())
}
