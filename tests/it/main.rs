//! What the product does, in sentences: the functions as they are deployed, on a clinic in memory.

mod consent;
mod cost;
mod figures;
mod inbound;
mod receipts;
mod reminders;
mod sending;
