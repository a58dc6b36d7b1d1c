//! `POST /v1/reminder-rules/presets/{name}`

use automations::rules::{Applied, apply_preset, apply_presets, presets};
use axum::extract::State;
use edge::{Json, Path, Problem, Staff, not_found};
use platform::Platform;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of the ready-made rules, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "created": ["48_hours", "morning_of"], "kept": ["at_booking"] }))]
pub(super) struct AppliedPresets {
    /// Created now.
    created: Vec<String>,
    /// There already, in use or put away; left as they are.
    kept: Vec<String>,
}

/// Take over ready-made rules
///
/// `standard` stands for those that a new clinic begins with: at booking, two days before, on the morning of the
/// day. Doing it again never touches what is there. The templates of the product have to be there.
#[utoipa::path(
    post,
    path = "/v1/reminder-rules/presets/{name}",
    operation_id = "apply_reminder_presets",
    tag = "reminders",
    params(("name" = String, Path, description = "`standard`, or the name of one ready-made rule.",
        example = "standard")),
    extensions(("x-access" = json!("permission comms:manage_campaigns"))),
    responses((status = 200, description = "What became of them.", body = AppliedPresets)),
)]
pub(super) async fn apply(
    State(platform): State<Platform>,
    staff: Staff,
    Path(name): Path<String>,
) -> Result<Json<AppliedPresets>, Problem> {
    let table = platform.table.of(staff.clinic);
    let actor = staff.actor();
    let Applied { created, kept } = if name == "standard" {
        apply_presets(&table, &actor).await?
    } else {
        let preset = presets().iter().find(|preset| preset.key == name).ok_or_else(not_found)?;
        let mut applied = Applied::default();
        apply_preset(&table, &actor, preset, &mut applied).await?;
        applied
    };
    Ok(Json(AppliedPresets { created, kept }))
}
