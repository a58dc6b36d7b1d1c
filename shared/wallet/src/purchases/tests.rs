use kernel::{Fault as _, Id as _, Limit, PurchaseId};
use rstest::rstest;

use super::*;
use crate::{Currency, Policy, Task, Terms, Unit, WalletFault, balance, expire, ledger::Account, testing::*};

fn id(n: u32) -> PurchaseId {
    PurchaseId::derived(&["purchase", &n.to_string()])
}

fn paid(n: u32, money: i64) -> Told {
    let kind = ToldKind::Paid { money, currency: Currency::USD };
    Told { purchase: id(n), reference: format!("pay_{}", id(n)), kind }
}

fn failed(n: u32) -> Told {
    Told { kind: ToldKind::Failed { code: "expired_card".into() }, ..paid(n, 0) }
}

async fn bought(house: &House, terms: &Terms, shop: &Shop, n: u32, package: &str) -> Purchase {
    buy(&house.table, terms, &staff(), shop, id(n), package).await.unwrap().into_value()
}

async fn state(house: &House, n: u32) -> State {
    purchase(&house.table, id(n)).await.unwrap().unwrap().state
}

async fn available(house: &House) -> i64 {
    balance(&house.table, Unit::Credits).await.unwrap().available
}

#[tokio::test]
async fn a_purchase_is_credited_once_however_often_its_payment_is_told() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    let made = bought(&house, &terms, &shop, 1, "credits-500").await;
    assert_eq!((made.state, made.amount, made.price), (State::Pending, 500, 2200));
    assert!(made.url.unwrap().contains("shop.example"));
    // The same request again is the same purchase.
    bought(&house, &terms, &shop, 1, "credits-500").await;
    assert_eq!(shop.begun.lock().unwrap().len(), 1);
    for _ in 0..3 {
        told(&house.table, &terms, &paid(1, 2200)).await.unwrap();
        assert_eq!((state(&house, 1).await, available(&house).await), (State::Credited, 500));
    }
    // A failure that is told late changes nothing.
    told(&house.table, &terms, &failed(1)).await.unwrap();
    assert_eq!((state(&house, 1).await, available(&house).await), (State::Credited, 500));
    let list = purchases(&house.table, Limit::default(), None).await.unwrap().items;
    assert_eq!(list.len(), 1);
    let times: Vec<_> = list[0].times.keys().copied().collect();
    assert_eq!(times, [State::Created, State::Pending, State::Paid, State::Credited]);
    assert_eq!((&list[0].by, list[0].reference.is_some()), (&staff().who, true));
    house.audit(Unit::Credits).await;
}

#[tokio::test]
async fn money_that_comes_after_a_failure_is_taken_and_wrong_money_is_not() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    bought(&house, &terms, &shop, 1, "credits-500").await;
    told(&house.table, &terms, &failed(1)).await.unwrap();
    assert_eq!((state(&house, 1).await, available(&house).await), (State::Failed, 0));
    let wrong = Told { kind: ToldKind::Paid { money: 2199, currency: Currency::USD }, ..paid(1, 0) };
    let other = Told { reference: "pay_other".into(), ..paid(1, 2200) };
    for strange in [wrong, other] {
        let fault = told(&house.table, &terms, &strange).await.unwrap_err();
        assert_eq!(fault.code(), "payment_differs");
    }
    house.pass(60 * 24 * 3);
    told(&house.table, &terms, &paid(1, 2200)).await.unwrap();
    assert_eq!((state(&house, 1).await, available(&house).await), (State::Credited, 500));
    let fault = told(&house.table, &terms, &paid(2, 2200)).await.unwrap_err();
    assert_eq!(fault.code(), "purchase_not_found");
}

#[tokio::test]
async fn a_payment_that_is_not_begun_is_begun_again_or_fails() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    *shop.away.lock().unwrap() = true;
    let fault = buy(&house.table, &terms, &staff(), &shop, id(1), "credits-500").await.unwrap_err();
    assert_eq!((fault.code(), state(&house, 1).await), ("payment_unavailable", State::Created));
    *shop.away.lock().unwrap() = false;
    assert_eq!(bought(&house, &terms, &shop, 1, "credits-500").await.state, State::Pending);
    let strict = Shop { refuses: true, ..Shop::default() };
    let refused = bought(&house, &terms, &strict, 2, "credits-500").await;
    assert_eq!((refused.state, refused.failure.as_deref()), (State::Failed, Some("card_declined")));
    let fault = buy(&house.table, &terms, &staff(), &shop, id(1), "credits-2500").await.unwrap_err();
    assert_eq!(fault.code(), "purchase_differs");
}

/// G-13
#[tokio::test]
async fn a_purchase_that_is_paid_is_credited_by_its_errand_if_the_process_died() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    bought(&house, &terms, &shop, 1, "credits-500").await;
    told(&house.table, &terms, &paid(1, 2200)).await.unwrap();
    let errand = outbox(&house).into_iter().find(|errand| matches!(errand.task, Task::Credit { .. }));
    let (till, ears) = (crate::Till::new(), Ears::default());
    let hands = crate::Hands { till: &till, payments: None, listener: &ears };
    for _ in 0..2 {
        crate::run(&house.all, errand.as_ref().unwrap(), hands).await.unwrap();
    }
    assert_eq!(available(&house).await, 500);
}

#[rstest]
#[case("credits-500-2025", "package_closed")]
#[case("credits-1", "package_unknown")]
#[case("usd-20", "package_of_other_unit")]
#[tokio::test]
async fn only_what_is_on_sale_and_of_use_can_be_bought(#[case] package: &str, #[case] code: &str) {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    let fault = buy(&house.table, &terms, &staff(), &shop, id(1), package).await.unwrap_err();
    assert_eq!(fault.code(), code);
    assert!(purchase(&house.table, id(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_purchase_is_given_back_in_parts_that_add_up_to_its_price() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    bought(&house, &terms, &shop, 1, "credits-500").await;
    let back = async |version, amount| {
        give_back(&house.table, &terms, &staff(), &shop, id(1), version, amount).await
    };
    assert_eq!(back(2, 100).await.unwrap_err().code(), "purchase_state");
    told(&house.table, &terms, &paid(1, 2200)).await.unwrap();
    let version = purchase(&house.table, id(1)).await.unwrap().unwrap().rev();
    assert_eq!(back(version - 1, 100).await.unwrap_err().code(), "version_is_stale");
    assert_eq!(back(version, 501).await.unwrap_err().code(), "purchase_exceeded");
    let part = back(version, 333).await.unwrap();
    assert_eq!((part.state, part.returned, part.paid_back), (State::Credited, 333, 1465));
    // The provider is away: what was taken out of the balance is paid by the next call.
    *shop.away.lock().unwrap() = true;
    assert_eq!(back(part.rev(), 100).await.unwrap_err().code(), "payment_unavailable");
    *shop.away.lock().unwrap() = false;
    let part = back(part.rev(), 100).await.unwrap();
    assert_eq!((part.returned, part.paying_out.is_none()), (433, true));
    // What is spent cannot be given back.
    crate::adjust(&house.table, &terms, &staff(), crate::Amount::new(-60, Unit::Credits), "test", "less")
        .await
        .unwrap();
    let fault = back(part.rev(), 67).await.unwrap_err();
    assert!(matches!(fault, PurchaseFault::Wallet(WalletFault::Insufficient(_))), "{fault}");
    fill(&house, &terms, 60).await;
    let whole = back(part.rev(), 67).await.unwrap();
    assert_eq!((whole.state, available(&house).await), (State::Refunded, 0));
    assert_eq!(shop.paid_back.lock().unwrap().values().sum::<i64>(), 2200);
    house.audit(Unit::Credits).await;
}

/// G-13
#[tokio::test]
async fn what_is_left_of_a_package_for_a_year_runs_out_and_what_was_spent_first_is_what_came_first() {
    let (house, shop, terms) = (House::new().await, Shop::default(), terms(Policy::Credits));
    bought(&house, &terms, &shop, 1, "credits-10000-year").await;
    told(&house.table, &terms, &paid(1, 34_900)).await.unwrap();
    bought(&house, &terms, &shop, 2, "credits-500").await;
    told(&house.table, &terms, &paid(2, 2200)).await.unwrap();
    crate::adjust(&house.table, &terms, &staff(), crate::Amount::new(-4_000, Unit::Credits), "test", "used")
        .await
        .unwrap();
    let ends = outbox(&house).into_iter().find_map(|errand| match errand.task {
        Task::Expire { unit, page } => Some((unit, page)),
        _ => None,
    });
    let (unit, page) = ends.unwrap();
    expire(&house.table, &terms, unit, page).await.unwrap();
    assert_eq!(available(&house).await, 6_500, "it is not over yet");
    house.pass(60 * 24 * 365);
    for _ in 0..2 {
        expire(&house.table, &terms, unit, page).await.unwrap();
        assert_eq!(available(&house).await, 500);
    }
    assert_eq!(house.audit(Unit::Credits).await.of(Account::Expired), 6_000);
}
