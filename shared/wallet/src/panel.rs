//! What a clinic sees of its money at a glance.

use jiff::civil::Date;
use serde::Serialize;
use table::{ClinicTable, TableFault};

use crate::{
    Notification, Policy, Terms,
    ledger::{Balance, balance},
    statistics::{Usage, days_left, usage},
};

/// A kind of message and whether it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The kind.
    pub of: Notification,
    /// Whether it is sent.
    pub on: bool,
}

/// The balance panel. The company's name is the sender's, from its activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Panel {
    /// How the clinic is billed.
    pub policy: Policy,
    /// What there is.
    pub balance: Balance,
    /// Whether it is below the warning.
    pub low: bool,
    /// How many days it lasts, if anything was used of late.
    pub days_left: Option<i64>,
    /// What was bought and used in the period.
    pub usage: Usage,
    /// The kinds of messages.
    pub switches: Vec<Switch>,
}

/// The balance panel for a period, in the unit the clinic is billed in now.
pub async fn panel(table: &ClinicTable, terms: &Terms, from: Date, to: Date) -> Result<Panel, TableFault> {
    let policy = terms.policy(table.clock().now());
    let unit = policy.unit();
    let balance = balance(table, unit).await?;
    let switch = |of| Switch { of, on: terms.settings.sends(of) };
    Ok(Panel {
        policy,
        balance,
        low: policy != Policy::Flat && balance.available < terms.settings.low_at.unwrap_or(0),
        days_left: days_left(table, &terms.zone, unit).await?,
        usage: usage(table, unit, from, to).await?,
        switches: Notification::ALL.map(switch).to_vec(),
    })
}
