//! What messages cost and who may send them: activation, rates, the ledger, quotes, purchases, statistics.
//!
//! [`Till`] is what sending calls: it reserves before a provider is called and settles after. Everything that
//! moves a balance is a page of the [`ledger`], and a balance is nothing but the sum of its pages.

pub mod activation;
mod adjust;
mod amount;
mod errand;
mod expire;
mod fault;
mod kind;
pub mod ledger;
mod panel;
mod place;
mod policy;
pub mod purchases;
mod quotes;
mod rates;
mod run;
mod settings;
mod statistics;
mod terms;
mod till;

#[cfg(test)]
mod testing;

pub use activation::{ServiceFault, may_send};
pub use adjust::adjust;
pub use amount::{Amount, Currency, NotAUnit, Unit};
pub use errand::{News, Task, WalletErrand};
pub use expire::expire;
pub use fault::WalletFault;
pub use kind::{CHANNELS, Cell, Direction, Notification};
pub use ledger::{Balance, Held, balance};
pub use panel::{Panel, Switch, panel};
pub use place::{NotAPlace, Place};
pub use policy::{Dated, Policy};
pub use purchases::{PaymentFault, Payments, Purchase, PurchaseFault};
pub use quotes::{Agreed, Expected, Quote, QuoteFault, Quoted, agree, quote};
pub use rates::{Measure, Per, Rate, Rates, Wanted, rate_at, rates};
pub use run::{Hands, Listener, run};
pub use settings::{SettingsFault, WalletSettings, WhenEmpty};
pub use statistics::{Share, Usage, days_left, month_of, usage};
pub use terms::{NoRate, Price, Terms};
pub use till::{Ask, BlastAsk, Charge, Cost, Fate, Fates, Granted, Hold, Purpose, Till};
