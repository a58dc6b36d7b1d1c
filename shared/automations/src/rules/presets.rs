//! Rules that are offered ready-made.

use std::sync::LazyLock;

use audit::Actor;
use kernel::{Id, RuleId, TemplateId};
use serde::Deserialize;
use table::{
    ClinicTable,
    keys::{ArchivedRuleKey, RuleKey},
};

use super::{ArchivedRule, Channels, Late, Rule, RuleDraft, RuleFault, Timing, create::create_as};

/// A ready-made rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Names it in the product.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Whether a new clinic begins with it.
    pub standard: bool,
    /// The key of the template that comes with the product.
    pub template: String,
    /// When.
    pub timing: Timing,
    /// By which way.
    pub channels: Channels,
    /// It asks whether the patient will come.
    #[serde(default)]
    pub asks_confirmation: bool,
    /// Pointless once the patient has confirmed.
    #[serde(default)]
    pub skip_if_confirmed: bool,
    /// What becomes of it when it is late.
    #[serde(default)]
    pub late: Late,
}

#[derive(Deserialize)]
struct Data {
    presets: Vec<Preset>,
}

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let data: Data = serde_json::from_str(include_str!("../../data/presets.json"))
        .expect("the file is part of the build and tested");
    data.presets
});

/// The rules that are offered: those a new clinic begins with, then others.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

impl Preset {
    /// The rule it makes, with the words of a template.
    pub fn draft(&self, template: TemplateId) -> RuleDraft {
        RuleDraft {
            name: self.name.clone(),
            enabled: true,
            timing: self.timing,
            statuses: super::draft_statuses(),
            out_of_reach: true,
            channels: self.channels.clone(),
            template,
            template_version: None,
            follow_latest: false,
            service_types: Vec::new(),
            asks_confirmation: self.asks_confirmation,
            skip_if_confirmed: self.skip_if_confirmed,
            late: self.late,
        }
    }

    /// The id of a clinic's rule that came from it.
    pub fn rule(&self, table: &ClinicTable) -> RuleId {
        RuleId::derived(&[&table.clinic().to_string(), "preset", &self.key])
    }
}

/// What became of the presets, by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Created now.
    pub created: Vec<String>,
    /// There already, changed or not, in use or put away; left as they are.
    pub kept: Vec<String>,
}

/// Gives a clinic the standard rules where it has none of them yet; the templates of the product have to be
/// there. It can run any number of times and never touches what is there.
pub async fn apply_presets(table: &ClinicTable, actor: &Actor) -> Result<Applied, RuleFault> {
    let mut applied = Applied::default();
    for preset in presets().iter().filter(|preset| preset.standard) {
        apply_preset(table, actor, preset, &mut applied).await?;
    }
    Ok(applied)
}

/// Gives a clinic one of the rules, if it has not got it yet, and notes in `applied` what became of it.
pub async fn apply_preset(
    table: &ClinicTable,
    actor: &Actor,
    preset: &Preset,
    applied: &mut Applied,
) -> Result<(), RuleFault> {
    let id = preset.rule(table);
    let there = table.get::<Rule>(&RuleKey { rule: id }).await?.is_some()
        || table.get::<ArchivedRule>(&ArchivedRuleKey { rule: id }).await?.is_some();
    if there {
        applied.kept.push(preset.key.clone());
        return Ok(());
    }
    let draft = preset.draft(templates::seed_id(table, &preset.template));
    match create_as(table, actor, id, &draft).await {
        Ok(()) => applied.created.push(preset.key.clone()),
        // Another run was quicker.
        Err(RuleFault::Write(fault)) if fault.is_conflict() => applied.kept.push(preset.key.clone()),
        Err(fault) => return Err(fault),
    }
    Ok(())
}
