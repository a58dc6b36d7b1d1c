//! `POST /v1/appointments/{id}/reminders/{step}/send`

use automations::steps::send_now;
use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::{AppointmentId, Job as _};
use platform::Platform;

use super::reminders::ReminderPlan;

/// Send one reminder of a visit now
///
/// Its message goes out ahead of its time; one that was not planned or was taken back is made. The rules of
/// consent and hours still hold.
#[utoipa::path(
    post,
    path = "/v1/appointments/{id}/reminders/{step}/send",
    operation_id = "send_reminder",
    tag = "reminders",
    params(
        ("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000"),
        ("step" = u32, Path, description = "The step of the plan.", example = 1),
    ),
    extensions(("x-access" = json!("messaging:send and permission comms:send_message"))),
    responses(
        (status = 200, description = "The plan as it is now.", body = ReminderPlan),
        (status = 409, description = "The visit is not ahead any more, or the message is on its way: \
            `appointment_closed`, `message_too_late`."),
    ),
)]
pub(super) async fn send_reminder(
    State(platform): State<Platform>,
    staff: Staff,
    Path((id, step)): Path<(AppointmentId, u32)>,
) -> Result<Json<ReminderPlan>, Problem> {
    let table = platform.table.of(staff.clinic);
    let request = send_now(&table, &staff.actor(), id, step).await?;
    // The due item brings it in any case; this is only sooner.
    if let Err(fault) = platform.queue.push(&[request.raw()]).await {
        tracing::warn!(fault = %fault, "a hint was not pushed; the tick will find the work");
    }
    Ok(Json(ReminderPlan::of(&table, id).await?))
}

#[cfg(test)]
mod tests {
    use messaging::Status;
    use serde_json::json;

    use crate::testing::House;

    /// E-16
    #[tokio::test]
    async fn a_reminder_is_sent_ahead_of_its_time_or_taken_back_by_hand() {
        let house = House::open().await;
        house.reminded().await;
        let (_, visit) = house.visit("a1", "2026-11-26T19:30:00Z").await;
        let at = |rest: &str| format!("/v1/appointments/{visit}/reminders/{rest}");
        let plan = house.get("front_desk", &format!("/v1/appointments/{visit}/reminders")).await;
        let n = plan["steps"][0]["n"].to_string();
        let (status, plan) = house.send("front_desk", "POST", &at(&format!("{n}/cancel")), None, None).await;
        assert_eq!((status, &plan["steps"][0]["status"]), (200, &json!("CANCELLED")), "{plan}");
        assert_eq!(plan["steps"][0]["why"][0]["code"], "CANCELLED_BY_STAFF");
        let (status, plan) = house.send("doctor", "POST", &at(&format!("{n}/send")), None, None).await;
        assert_eq!((status, &plan["steps"][0]["status"]), (200, &json!("QUEUED")), "{plan}");
        let message = format!("/v1/messages/{}", plan["steps"][0]["message"].as_str().unwrap());
        house.becomes(&message, Status::Sent).await;
        for verb in ["send", "cancel"] {
            let (status, problem) =
                house.send("front_desk", "POST", &at(&format!("{n}/{verb}")), None, None).await;
            assert_eq!((status, &problem["code"]), (409, &json!("message_too_late")));
        }
        let (status, problem) = house.send("front_desk", "POST", &at("99/send"), None, None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("step_not_found")));
        assert_eq!(house.send("front_desk", "POST", &at("first/send"), None, None).await.0, 404);
        assert_eq!(house.send("doctor", "POST", &at(&format!("{n}/cancel")), None, None).await.0, 403);
    }
}
