use kernel::{Fault as _, Masked};
use rstest::rstest;
use table::Kept;

use super::*;
use crate::{Currency, Notification, Place, Policy, Task, Terms, WalletErrand, testing::*};

fn application(sender: &str) -> Application {
    Application {
        company: "Smile Orthodontics LLC".into(),
        contact: Applicant {
            name: Masked::new("Dana Reed".into()),
            email: "dana@smile.example".parse().unwrap(),
            phone: None,
        },
        place: york(),
        sender_name: sender.into(),
        documents: vec!["cln_1/license.pdf".into()],
    }
}

fn paying() -> Terms {
    let mut terms = terms(Policy::Money { currency: Currency::USD });
    terms.settings.bought.insert(location(), york());
    terms
}

async fn filed(
    house: &House,
    terms: &Terms,
    version: u64,
    sender: &str,
) -> Result<Kept<Activation>, ActivationFault> {
    file(&house.table, terms, &staff(), location(), version, application(sender), true).await
}

async fn decided(house: &House, kept: &Kept<Activation>, decision: Decision) -> Kept<Activation> {
    decide(&house.table, &staff(), location(), kept.rev(), &decision).await.unwrap()
}

async fn refusal(house: &House, terms: &Terms) -> Option<(&'static str, u16)> {
    let asked = may_send(&house.table, terms, location(), Notification::Reminder).await;
    asked.err().map(|fault| (fault.code(), fault.kind().status()))
}

#[tokio::test]
async fn nothing_that_is_paid_for_is_sent_before_its_location_is_active() {
    let (house, terms) = (House::new().await, paying());
    let inactive = Some(("service_not_active", 409));
    assert_eq!(refusal(&house, &terms).await, inactive);
    let draft =
        file(&house.table, &terms, &staff(), location(), 0, application("Smile"), false).await.unwrap();
    assert_eq!((draft.state, draft.window), (ServiceState::Draft, None));
    assert_eq!(refusal(&house, &terms).await, inactive);
    let kept = filed(&house, &terms, draft.rev(), "Smile").await.unwrap();
    assert_eq!(kept.state, ServiceState::Submitted);
    let kept = decided(&house, &kept, Decision::Begin).await;
    assert_eq!(refusal(&house, &terms).await, inactive);
    let kept = decided(&house, &kept, Decision::Ask { says: "Which license?".into() }).await;
    assert_eq!((kept.state, refusal(&house, &terms).await), (ServiceState::NeedsInfo, inactive));
    let kept = filed(&house, &terms, kept.rev(), "Smile").await.unwrap();
    let kept = decided(&house, &kept, Decision::Approve).await;
    let (sender, place) =
        may_send(&house.table, &terms, location(), Notification::Reminder).await.unwrap().unwrap();
    assert_eq!((sender.as_str(), place), ("Smile", york()));
    let kept = decided(&house, &kept, Decision::Suspend { says: "Complaints.".into() }).await;
    assert_eq!(refusal(&house, &terms).await, inactive);
    let kept = decided(&house, &kept, Decision::Resume).await;
    assert_eq!((kept.state, refusal(&house, &terms).await), (ServiceState::Active, None));
    let says: Vec<_> = kept.steps.iter().filter_map(|step| step.says.as_deref()).collect();
    assert_eq!(says, ["Which license?", "Complaints."]);
    // Who pays a flat price pays for no message.
    let other = House::new().await;
    assert_eq!(refusal(&other, &crate::testing::terms(Policy::Flat)).await, None);
}

#[tokio::test]
async fn a_refused_location_applies_again_and_a_new_sender_name_is_reviewed_again() {
    let (house, terms) = (House::new().await, paying());
    let kept = filed(&house, &terms, 0, "Free Money").await.unwrap();
    let first = kept.window.unwrap();
    let kept = decided(&house, &kept, Decision::Reject { says: "Not your name.".into() }).await;
    assert_eq!(kept.state, ServiceState::Rejected);
    house.pass(60 * 24 * 2);
    let kept = filed(&house, &terms, kept.rev(), "Smile").await.unwrap();
    assert_eq!((kept.state, kept.round), (ServiceState::Submitted, 2));
    assert!(kept.window.unwrap().from > first.from);
    let kept = decided(&house, &kept, Decision::Approve).await;
    let kept = filed(&house, &terms, kept.rev(), "Smile Kids").await.unwrap();
    let change = kept.change.as_ref().unwrap();
    assert_eq!((change.sender_name.as_str(), kept.state), ("Smile Kids", ServiceState::Active));
    let name =
        async || may_send(&house.table, &terms, location(), Notification::Reminder).await.unwrap().unwrap().0;
    assert_eq!(name().await, "Smile", "the approved name stays until the new one is approved");
    let kept = decided(&house, &kept, Decision::Reject { says: "Taken.".into() }).await;
    assert_eq!((name().await.as_str(), &kept.change), ("Smile", &None));
    let kept = filed(&house, &terms, kept.rev(), "Smile Team").await.unwrap();
    decided(&house, &kept, Decision::Approve).await;
    assert_eq!(name().await, "Smile Team");
}

#[tokio::test]
async fn the_location_that_sends_is_the_one_that_was_bought() {
    let (house, mut terms) = (House::new().await, paying());
    let elsewhere = Application { place: "US-NJ".parse().unwrap(), ..application("Smile") };
    let fault = file(&house.table, &terms, &staff(), location(), 0, elsewhere, true).await.unwrap_err();
    assert_eq!((fault.code(), fault.kind().status()), ("location_mismatch", 422));
    let kept = filed(&house, &terms, 0, "Smile").await.unwrap();
    decided(&house, &kept, Decision::Approve).await;
    assert_eq!(refusal(&house, &terms).await, None);
    // Each location has an activation of its own.
    let other = kernel::Id::derived(&["second street"]);
    let asked = may_send(&house.table, &terms, other, Notification::Reminder).await.unwrap_err();
    assert_eq!(asked.code(), "service_not_active");
    let fault = file(&house.table, &terms, &staff(), other, 0, application("Smile"), true).await.unwrap_err();
    assert_eq!(fault.code(), "location_mismatch");
    terms.settings.bought.insert(location(), "US-CT".parse::<Place>().unwrap());
    assert_eq!(refusal(&house, &terms).await, Some(("location_mismatch", 422)));
    assert_eq!(activations(&house.table).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_platform_hears_once_of_an_application_whose_time_is_over() {
    let (house, terms) = (House::new().await, paying());
    let kept = filed(&house, &terms, 0, "Smile").await.unwrap();
    let window = kept.window.unwrap();
    assert_eq!((window.from.to_string(), window.to.to_string()), ("2026-12-02".into(), "2026-12-08".into()));
    let errands: Vec<WalletErrand> = outbox(&house);
    let review = errands.into_iter().find(|errand| matches!(errand.task, Task::Review { .. })).unwrap();
    let (till, ears) = (crate::Till::new(), Ears::default());
    let hands = crate::Hands { till: &till, payments: None, listener: &ears };
    let heard = async |days: i64| {
        house.pass(60 * 24 * days);
        for _ in 0..2 {
            crate::run(&house.all, &review, hands).await.unwrap();
        }
        ears.0.lock().unwrap().len()
    };
    assert_eq!(heard(16).await, 0);
    assert_eq!(heard(1).await, 1);
    let now = activation(&house.table, location()).await.unwrap().unwrap();
    assert!(now.overdue);
    let now = decided(&house, &now, Decision::Approve).await;
    assert!(!now.overdue);
    assert_eq!(heard(30).await, 1);
}

#[tokio::test]
async fn each_of_the_four_kinds_of_messages_has_its_switch() {
    let (house, mut terms) = (House::new().await, terms(Policy::Flat));
    assert_eq!(Notification::ALL.map(Notification::name), ["REMINDER", "GREETING", "MASS", "PRIVATE"]);
    terms.settings.off.insert(Notification::Greeting);
    for kind in Notification::ALL {
        let asked = may_send(&house.table, &terms, location(), kind).await;
        assert_eq!(asked.is_ok(), kind != Notification::Greeting, "{kind:?}");
    }
    let (from, to) = crate::month_of(&terms.zone, house.clock.now());
    let panel = crate::panel(&house.table, &terms, from, to).await.unwrap();
    let on: Vec<_> = panel.switches.iter().filter(|switch| switch.on).map(|switch| switch.of).collect();
    assert_eq!(on, [Notification::Reminder, Notification::Mass, Notification::Private]);
}

#[rstest]
#[case(Application { sender_name: "A name of twenty-six letters".into(), ..application("x") }, "/sender_name")]
#[case(Application { company: " ".into(), ..application("Smile") }, "/company")]
#[case(Application { documents: vec!["../secret".into()], ..application("Smile") }, "/documents")]
#[tokio::test]
async fn an_application_says_who_applies(#[case] wrong: Application, #[case] at: &str) {
    let house = House::new().await;
    let fault = file(&house.table, &paying(), &staff(), location(), 0, wrong, true).await.unwrap_err();
    assert_eq!((fault.code(), fault.details()[0].at.as_str()), ("activation_invalid", at));
    assert!(!fault.to_string().contains("Dana"));
}

#[tokio::test]
async fn decisions_are_taken_in_order_and_on_the_version_that_was_read() {
    let (house, terms) = (House::new().await, paying());
    let nobody = decide(&house.table, &staff(), location(), 1, &Decision::Approve).await.unwrap_err();
    assert_eq!(nobody.code(), "activation_not_found");
    let kept = filed(&house, &terms, 0, "Smile").await.unwrap();
    let stale = decide(&house.table, &staff(), location(), 9, &Decision::Approve).await.unwrap_err();
    assert_eq!(stale.code(), "version_is_stale");
    for wrong in [Decision::Resume, Decision::Suspend { says: "x".into() }] {
        let fault = decide(&house.table, &staff(), location(), kept.rev(), &wrong).await.unwrap_err();
        assert_eq!(fault.code(), "activation_state");
    }
    let again = filed(&house, &terms, kept.rev(), "Smile").await.unwrap_err();
    assert_eq!(again.code(), "activation_state");
    let foreign = house.all.of(kernel::Id::derived(&["another"]));
    assert!(activation(&foreign, location()).await.unwrap().is_none());
}
