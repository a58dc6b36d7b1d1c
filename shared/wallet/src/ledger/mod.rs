//! The ledger: a chain of pages per clinic and unit. Pages are added and never changed.
//!
//! A page is one item with the next number. It holds what is booked and, in its head, what all pages up to it
//! amount to. It is written where none stands under a condition, so whoever adds a page has seen every page
//! before: the balance in the head is exact, and no two writers can spend the same money. One page can carry the
//! reservations of a whole batch of messages and what became of the batches before.

mod append;
mod book;
mod day;
mod entry;
mod head;
mod lines;
mod page;
mod ranges;
mod read;

pub(crate) use append::{Extra, Last, Seat, append};
pub(crate) use book::Book;
pub use book::Held;
pub use day::LedgerDay;
pub use entry::{Account, Entry, EntryKind};
pub use head::{Head, Open, Totals, Used};
pub use lines::{Booked, Line, Lines, What};
pub use page::{BookedOnce, LedgerPage};
pub use ranges::Ranges;
pub use read::{Balance, Row, balance, book_of, last_page};
