//! `GET /v1/provider-accounts`

use axum::extract::State;
use edge::{Problem, Staff, Versioned};
use messaging::accounts;
use platform::Platform;

use super::view::AccountsView;

/// Through which accounts at providers the clinic sends
///
/// A clinic that has set nothing, which is version 0, sends through the accounts of the deployment.
#[utoipa::path(
    get,
    path = "/v1/provider-accounts",
    operation_id = "show_provider_accounts",
    tag = "settings",
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The accounts.", body = AccountsView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
) -> Result<Versioned<AccountsView>, Problem> {
    let table = platform.table.of(staff.clinic);
    Ok(AccountsView::of(&platform, staff.clinic, accounts::kept(&table).await?).versioned())
}
