//! What a clinic may send to whom: consent, preferences, suppressions, the send gate, and what answers mean.
//!
//! - [`gate::decide`] decides about each message from the facts it is given; [`Cleared`] is the pass a carrier
//!   asks for.
//! - [`reply::read`] tells what an answer means; [`keywords::classify`] knows the words that end messages.
//! - The ledger of consent ([`ledger`]) is only ever added to. [`ledger::Standing`] is what it amounts to for an
//!   address now, one item per address.
//! - Each operation is a function of its own: [`grant`], [`revoke`], [`opt_out`], [`opt_in`], [`suppress`],
//!   [`release`], [`set_preferences`], [`list_suppressions`], [`explain`].
//!
//! Laws and carrier rules are dated rows in `data/`; [`Rules`] is those rows and what a clinic sets for itself.

mod address;
mod counters;
mod explain;
mod fold;
mod frequency;
pub mod gate;
mod grant;
mod holidays;
pub mod hours;
pub mod keywords;
pub mod ledger;
mod list_suppressions;
mod open;
mod opt_in;
mod opt_out;
pub mod preference;
mod release;
pub mod reply;
mod revoke;
mod rules;
mod set_preferences;
mod settings;
mod suppress;
pub mod unsubscribe;
mod zones;

pub use address::{Address, AddressError};
pub use counters::{count, counted, counter_keys, counters};
pub use explain::{Question, explain};
pub use frequency::Frequency;
pub use gate::{Cleared, GateDecision, Inputs, Reason, Verdict};
pub use grant::{Grant, grant};
pub use holidays::is_federal_holiday;
pub use ledger::ConsentFault;
pub use list_suppressions::list_suppressions;
pub use open::{Closed, Whose, Windows};
pub use opt_in::opt_in;
pub use opt_out::opt_out;
pub use release::release;
pub use revoke::revoke;
pub use rules::{Keeping, MarketingHours, Overrides, Rules, Scope};
pub use set_preferences::{preference, preference_history, set_preferences};
pub use settings::{ConsentSettings, set_settings, settings};
pub use suppress::suppress;
pub use zones::{Whereabouts, zones_of};
