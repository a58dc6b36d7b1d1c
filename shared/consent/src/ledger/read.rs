//! Reading the ledger and what it amounts to, now and then.

use kernel::{Cursor, Limit, Page, PersonId, Timestamp};
use table::{
    ClinicTable, Digest, Kept, TableFault,
    keys::{ConsentEventKey, ConsentOfPerson, StandingKey},
};

use super::{ConsentEvent, Standing};
use crate::address::Address;

/// What an address amounts to now: one strongly consistent read.
pub async fn standing(table: &ClinicTable, address: &Address) -> Result<Standing, TableFault> {
    let kept = table.get::<Standing>(&StandingKey { address: address.digest() }).await?;
    Ok(kept.map_or_else(|| Standing::unknown(address.digest(), &address.ending()), Kept::into_value))
}

/// What several addresses amount to now, in their order: one call for up to a hundred.
pub async fn standings(table: &ClinicTable, addresses: &[Address]) -> Result<Vec<Standing>, TableFault> {
    let keys: Vec<_> = addresses.iter().map(|address| StandingKey { address: address.digest() }).collect();
    let kept = table.get_many::<Standing>(&keys).await?;
    let known = kept.into_iter().zip(addresses);
    Ok(known
        .map(|(kept, address)| {
            kept.map_or_else(|| Standing::unknown(address.digest(), &address.ending()), Kept::into_value)
        })
        .collect())
}

/// What an address amounted to at an instant, from the ledger itself: was it allowed then?
pub async fn state_at(table: &ClinicTable, address: &Address, at: Timestamp) -> Result<Standing, TableFault> {
    let digest = address.digest();
    let mut standing = Standing::unknown(digest, &address.ending());
    let span = ConsentEventKey::within(digest).to(&at);
    let mut next = None;
    loop {
        let page = table.list::<ConsentEvent>(&span, Limit::MOST, next.as_ref()).await?;
        for event in page.items.iter().filter(|event| event.at <= at) {
            standing.take(event);
        }
        next = page.next;
        if next.is_none() {
            return Ok(standing);
        }
    }
}

/// The ledger of an address, the latest first.
pub async fn events(
    table: &ClinicTable,
    address: Digest,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<ConsentEvent>>, TableFault> {
    table.list(&ConsentEventKey::within(address).backwards(), limit, after).await
}

/// The events about a person, at whatever address, the latest first.
pub async fn events_about(
    table: &ClinicTable,
    person: PersonId,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<ConsentEvent>>, TableFault> {
    table.list(&ConsentOfPerson::all(person).backwards(), limit, after).await
}
