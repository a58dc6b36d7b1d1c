//! Adding a page to the chain.

use std::time::Duration;

use jiff::ToSpan as _;
use table::{ClinicTable, Write, WriteFault, keys::LedgerDayKey};

use super::{Book, BookedOnce, LedgerDay, LedgerPage, last_page};
use crate::{Task, Terms, Unit, WalletErrand, WalletFault, till::Settlement};

/// How often a writer that was overtaken begins anew.
const TRIES: u32 = 30;

/// The last page of a ledger, if it has any.
#[derive(Debug)]
pub(crate) struct Last(pub(crate) Option<LedgerPage>);

/// What a process knows of a ledger: its last page, and what is to be booked with the next one.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// Absent while unknown.
    pub(crate) last: Option<Last>,
    /// What became of reservations, and has not been written yet.
    pub(crate) ready: Vec<Settlement>,
}

/// What else is written in the transaction of a page.
#[derive(Default)]
pub(crate) struct Extra<'a> {
    /// Books only if nothing was booked under this name.
    pub(crate) once: Option<String>,
    /// Adds to the transaction.
    pub(crate) with: Option<&'a (dyn Fn(&mut Write) + Send + Sync)>,
    /// Left in the outbox; gets the number of the page.
    pub(crate) later: Option<&'a (dyn Fn(u64) -> (kernel::Timestamp, Task) + Send + Sync)>,
}

/// Writes what `make` puts into a page, after every page there is. Gives back the page too, if there was
/// anything to write. An expectation of `extra` that fails comes back as the conflict it is.
pub(crate) async fn append<T>(
    table: &ClinicTable,
    terms: &Terms,
    unit: Unit,
    seat: &mut Seat,
    extra: &Extra<'_>,
    mut make: impl FnMut(&mut Book<'_>) -> Result<T, WalletFault>,
) -> Result<(T, Option<u64>), WalletFault> {
    for tried in 0..TRIES {
        let remembered = seat.last.is_some();
        let last = match seat.last.take() {
            Some(Last(last)) => last,
            None => last_page(table, unit).await?,
        };
        let mut book = Book::after(last.as_ref(), unit, terms, table.clock().now());
        let made = match make(&mut book) {
            // What is short by memory may not be short any more.
            Err(_) if remembered => continue,
            Ok(_) if remembered && book.is_short() => continue,
            Ok(made) => made,
            Err(fault) => {
                seat.last = Some(Last(last));
                return Err(fault);
            }
        };
        book.finish();
        if book.is_idle() {
            seat.last = Some(Last(last));
            return Ok((made, None));
        }
        let page = LedgerPage {
            unit,
            number: book.number,
            at: book.now,
            entries: std::mem::take(&mut book.entries),
            head: book.head.clone(),
        };
        match write(table, terms, &page, &book, extra).await?.commit().await {
            Ok(()) => {
                let number = page.number;
                seat.last = Some(Last(Some(page)));
                return Ok((made, Some(number)));
            }
            // Somebody else wrote this page, or into a day that is over.
            Err(WriteFault::Conflict { kind: "ledger_page" | "ledger_day", .. } | WriteFault::Contended) => {
                platform::count("ledger.overtaken", 1);
                let ms = u64::from(tried.min(6) * tried.min(6)) + jitter(table);
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            // The page may stand or not: what was known of the chain is forgotten.
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(WalletFault::Busy(unit))
}

fn jitter(table: &ClinicTable) -> u64 {
    let mut byte = [0];
    table.clock().random(&mut byte);
    u64::from(byte[0] % 4)
}

async fn write(
    table: &ClinicTable,
    terms: &Terms,
    page: &LedgerPage,
    book: &Book<'_>,
    extra: &Extra<'_>,
) -> Result<Write, WalletFault> {
    let (unit, number, clinic) = (page.unit, page.number, table.clinic());
    let mut write = table.write();
    write.create(page);
    for (day, totals) in &book.past {
        let key = LedgerDayKey { unit: unit.to_string(), day: day.to_string() };
        match table.get::<LedgerDay>(&key).await? {
            Some(kept) => {
                let mut after = (*kept).clone();
                after.totals.add(totals);
                write.replace(&kept, &after);
            }
            None => {
                write.create(&LedgerDay { unit, day: *day, totals: totals.clone() });
            }
        }
    }
    let mut due = |at, id: String, task| {
        write.due(at, &id, &WalletErrand { clinic, task });
    };
    for (index, news) in book.news.iter().enumerate() {
        let id = format!("wallet/{clinic}/{unit}/{number}/{index}");
        due(page.at, id, Task::Tell { news: news.clone() });
    }
    if book.new_day {
        // What the last batch of a day leaves open is settled when the day is over, if nothing comes before.
        let midnight = page.head.day.saturating_add(1.day()).at(0, 20, 0, 0);
        let id = format!("wallet/{clinic}/{unit}/settle/{}", page.head.day);
        due(terms.zone.instant(midnight), id, Task::Settle { unit });
    }
    if let Some(later) = extra.later {
        let (at, task) = later(number);
        due(at, format!("wallet/{clinic}/{unit}/{number}/later"), task);
    }
    if let Some(what) = &extra.once {
        write.create(&BookedOnce { what: what.clone(), at: page.at });
    }
    if let Some(with) = extra.with {
        with(&mut write);
    }
    Ok(write)
}
