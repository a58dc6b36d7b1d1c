//! Who may do what: roles, areas, levels, special permissions, and the caller that a request comes from.
//!
//! The standard is data (`data/levels.json`, `data/permissions.json`); a clinic may grant otherwise
//! ([`RoleGrant`]). Which fields of a patient's data a role is shown is data as well (`data/fields.json`, [`Field`]):
//! a view asks [`Caller::sees`] for each. Operations say what they need ([`Need`]); the front door lets in who has it.

mod caller;
mod grant;
mod need;
mod rights;
mod words;

pub use caller::{AdmitFault, Caller, Claims, Clinics};
pub use grant::{GrantFault, RoleGrant};
pub use need::{Need, NotANeed};
pub use rights::{Reach, Rights};
pub use words::{Area, Field, Level, Permission, Role, UnknownWord};
