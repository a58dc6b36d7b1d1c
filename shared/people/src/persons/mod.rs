//! Operations on persons that are our own business: pauses, contact points that fail, merges, lists.

mod adjust;
mod edit;
mod list;
mod merge;

pub use adjust::{Adjustment, adjust};
pub use edit::{PersonFault, Verdict, do_not_contact, judge_contact, pause, resume};
pub use list::{by_name, current, of_household};
pub(crate) use merge::join;
pub use merge::{merge, unmerge};
