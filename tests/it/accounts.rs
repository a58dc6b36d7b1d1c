//! Accounts at providers: which one carries a message, and what happens when it cannot.

use kernel::{Channel, Kind};
use messaging::{
    AttemptStatus, CreateFault, Draft, Route, Status,
    accounts::{self, Account, Accounts},
};
use providers::Provider;
use testkit::{Answer, House, hours, minutes, staff};

fn account(id: &str, provider: Provider, priority: u8) -> Account {
    Account { id: id.to_owned(), provider, priority, enabled: true, own: None, number: None }
}

fn own(id: &str, provider: Provider, priority: u8) -> Account {
    Account { own: Some("ACown".to_owned()), ..account(id, provider, priority) }
}

fn vonage(priority: u8) -> Account {
    Account { number: "+12125550155".parse().ok(), ..own("vonage", Provider::Vonage, priority) }
}

async fn sends_through(house: &House, list: &[Account]) {
    let version = accounts::kept(&house.table).await.unwrap().map_or(0, |kept| kept.rev());
    let new = Accounts { accounts: list.to_vec() };
    let table = &house.platform.table;
    accounts::set(table, &house.table, &staff(), version, new).await.unwrap();
    // What a sender remembers of the clinic.
    house.time_passes(minutes(1)).await;
}

///
#[tokio::test]
async fn another_vendor_carries_as_soon_as_the_settings_say_so() {
    let house = House::new(70).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    ana.is_written("One").await;
    house.settles().await;
    sends_through(&house, &[vonage(1), own("sendgrid", Provider::Sendgrid, 1)]).await;
    ana.is_written("Two").await;
    house.settles().await;
    house.mails(&ana, "Three").await;
    house.settles().await;
    let carried: Vec<_> = house.outbox().into_iter().map(|sent| (sent.provider, sent.from)).collect();
    assert_eq!(carried[0].0, Provider::Twilio);
    assert_eq!(carried[1], (Provider::Vonage, "+12125550155".to_owned()));
    assert_eq!(carried[2].0, Provider::Sendgrid);
    // A switch takes it away again: by hand, at once.
    let off = Account { enabled: false, ..vonage(1) };
    sends_through(&house, &[off, account("twilio", Provider::Twilio, 2)]).await;
    ana.is_written("Four").await;
    house.settles().await;
    assert_eq!(house.last().provider, Provider::Twilio);
}

///
#[tokio::test]
async fn what_no_account_carries_is_refused_when_it_is_made() {
    let house = House::new(71).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    sends_through(&house, &[account("ses", Provider::Ses, 1)]).await;
    let makes = async |route: Route| {
        let draft = Draft { route, ..ana.text_of_staff("Hello") };
        messaging::create(&house.platform, &house.table, &staff(), draft).await
    };
    for channel in [Channel::Sms, Channel::Voice, Channel::Whatsapp, Channel::Push] {
        let fault = makes(Route::Only(channel)).await.unwrap_err();
        assert!(matches!(fault, CreateFault::NotConfigured), "{channel:?}: {fault}");
        assert_eq!(kernel::Fault::kind(&fault), Kind::Conflict);
    }
    makes(Route::FirstOf(vec![Channel::Sms, Channel::Email])).await.unwrap();
    house.settles().await;
    assert_eq!((house.outbox().len(), house.last().channel), (1, Channel::Email));
}

///
#[tokio::test]
async fn when_an_account_cannot_carry_the_next_one_does_at_once() {
    for trouble in [Answer::Denied, Answer::Unreachable, Answer::Busy] {
        let house = House::new(72).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        sends_through(&house, &[account("twilio", Provider::Twilio, 1), vonage(2)]).await;
        house.providers.will(trouble.clone());
        let message = ana.is_written("Hello").await;
        house.time_passes(minutes(1)).await;
        let kept = house.message(message).await;
        let tried: Vec<_> = kept
            .attempts
            .iter()
            .map(|attempt| (attempt.n, attempt.account.as_deref().unwrap(), attempt.status))
            .collect();
        let sent = AttemptStatus::Sent;
        assert_eq!(tried, [(1, "twilio", AttemptStatus::Failed), (2, "vonage", sent)], "{trouble:?}");
        assert_eq!((kept.status, house.last().provider), (Status::Sent, Provider::Vonage));
        assert!(house.not_sent().await.is_empty());
    }
}

///
#[tokio::test]
async fn what_one_account_may_have_taken_no_other_one_carries() {
    for silence in [Answer::Silence, Answer::AcceptUnheard, Answer::Away] {
        let house = House::new(73).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        sends_through(&house, &[vonage(1), account("twilio", Provider::Twilio, 2)]).await;
        house.providers.will(silence.clone());
        let message = ana.is_written("Hello").await;
        house.time_passes(hours(3)).await;
        let kept = house.message(message).await;
        assert_eq!((kept.status, kept.attempts.len()), (Status::Unknown, 1), "{silence:?}");
        assert_eq!(house.providers.heard().len(), 1);
    }
}

///
#[tokio::test]
async fn when_no_account_can_carry_it_waits_and_ends_on_the_desk() {
    let house = House::new(74).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    sends_through(&house, &[account("twilio", Provider::Twilio, 1), vonage(2)]).await;
    house.providers.always(Answer::Busy);
    let message = ana.is_written("Hello").await;
    house.time_passes(hours(2)).await;
    let kept = house.message(message).await;
    let through: Vec<_> = kept.attempts.iter().map(|attempt| attempt.account.clone().unwrap()).collect();
    assert_eq!(through, ["twilio", "vonage", "twilio", "vonage"]);
    assert_eq!((kept.status, house.not_sent().await.len()), (Status::Failed, 1));
    house.providers.forgets();
}
