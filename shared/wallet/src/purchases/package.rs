//! The price list of what clinics can buy.

use std::sync::LazyLock;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, Unit};

/// Something a clinic can buy. A package that is sold no more is closed and stays readable: purchases name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name in the price list; never used again for something else.
    pub id: String,
    /// What one gets.
    pub unit: Unit,
    /// How much of it, in minor units.
    pub amount: i64,
    /// What it costs, in minor units of the currency.
    pub price: i64,
    /// The currency.
    pub currency: Currency,
    /// From when it is sold.
    pub valid_from: Timestamp,
    /// From when it is sold no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_from: Option<Timestamp>,
    /// After how many days what is left of it runs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_days: Option<i32>,
}

#[derive(Deserialize)]
struct PriceList {
    packages: Vec<Package>,
}

static PRICE_LIST: LazyLock<PriceList> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/packages.json"))
        .expect("the packages are checked by a test")
});

impl Package {
    /// Whether it is sold at an instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.valid_from <= at && self.closed_from.is_none_or(|closed| closed > at)
    }
}

/// Every package there is and was, in the order of the list.
pub fn packages() -> &'static [Package] {
    &PRICE_LIST.packages
}

/// A package by its name.
pub fn package(id: &str) -> Option<&'static Package> {
    packages().iter().find(|package| package.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_list_keeps_packages_that_are_sold_no_more() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let old = package("credits-500-2025").unwrap();
        assert!(!old.is_open(now) && old.is_open("2025-12-31T23:59:59Z".parse().unwrap()));
        assert!(package("credits-500").unwrap().is_open(now));
        assert!(!package("credits-500").unwrap().is_open("2025-06-01T00:00:00Z".parse().unwrap()));
        for package in packages() {
            assert!(package.amount > 0 && package.price > 0, "{package:?}");
            assert!(packages().iter().filter(|other| other.id == package.id).count() == 1);
            if let Unit::Money(currency) = package.unit {
                assert_eq!((currency, package.amount), (package.currency, package.price));
            }
        }
    }
}
