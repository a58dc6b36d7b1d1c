//! Operations on the embedded database.

use audit::Actor;
use jiff::SignedDuration;
use kernel::{
    Category, Channel, ClinicId, Clock, Fault as _, Id as _, Limit, Masked, MessageId, PersonId, Timestamp,
    Zone,
};
use table::ClinicTable;

use crate::{
    Address, ConsentFault, ConsentSettings, Grant, Overrides, Question, Reason, Scope, Verdict, count,
    counted, explain, gate,
    gate::{Origin, PersonFacts, Reader, Route},
    grant,
    ledger::{self, Evidence, Level, Method, Standing, StopReason},
    list_suppressions, opt_in, opt_out,
    preference::{Defaults, Preference, Source},
    preference_history, release, revoke, set_preferences, set_settings, suppress, unsubscribe,
};

struct Desk {
    clock: Clock,
    table: ClinicTable,
    other: ClinicTable,
}

const NOON: &str = "2026-12-08T17:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn desk() -> Desk {
    let clock = Clock::fixed(at(NOON), 7);
    let table = embedded::table(clock.clone()).await;
    let (ours, theirs) = (ClinicId::derived(&["a"]), ClinicId::derived(&["b"]));
    Desk { clock, table: table.of(ours), other: table.of(theirs) }
}

fn phone() -> Address {
    Address::read("+12125550123").unwrap()
}

fn person() -> PersonId {
    PersonId::derived(&["ana"])
}

fn said(method: Method, at: Timestamp, message: &str) -> Evidence {
    Evidence {
        provider_message: Some(message.to_owned()),
        words: Some(Masked::new("STOP".to_owned())),
        ..Evidence::of(method, at)
    }
}

impl Desk {
    fn later(&self, minutes: i64) -> Timestamp {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.clock.now()
    }

    async fn consented(&self) -> Standing {
        let evidence = Evidence::of(Method::Form, self.clock.now());
        let actor = Actor::system("test");
        let standing =
            grant(&self.table, &phone(), Some(person()), Grant::care(Channel::Sms), &actor, evidence)
                .await
                .unwrap();
        self.later(1);
        standing
    }

    async fn stop(&self, message: &str) -> Standing {
        let evidence = said(Method::Sms, self.clock.now(), message);
        let actor = Actor::patient(person());
        opt_out(&self.table, &phone(), Some(person()), Scope::All, &actor, evidence).await.unwrap()
    }

    async fn events(&self) -> usize {
        let page = ledger::events(&self.table, phone().digest(), Limit::MOST, None).await.unwrap();
        page.items.len()
    }

    async fn level(&self) -> Level {
        ledger::standing(&self.table, &phone()).await.unwrap().level(Channel::Sms, Category::Appointment)
    }
}

/// D-05, D-07, D-08
#[tokio::test]
async fn an_opt_out_counts_at_once_and_the_ledger_tells_what_was_allowed_when() {
    let desk = desk().await;
    assert_eq!(desk.level().await, Level::None);
    desk.consented().await;
    assert_eq!(desk.level().await, Level::Express);
    let between = desk.later(10);
    desk.later(10);
    let standing = desk.stop("SM1").await;
    assert!(standing.opted_out());
    assert_eq!(desk.level().await, Level::None);
    let then = ledger::state_at(&desk.table, &phone(), between).await.unwrap();
    assert_eq!(then.level(Channel::Sms, Category::Appointment), Level::Express);
    let now = ledger::state_at(&desk.table, &phone(), desk.clock.now()).await.unwrap();
    assert_eq!(now, ledger::standing(&desk.table, &phone()).await.unwrap());
    let about = ledger::events_about(&desk.table, person(), Limit::default(), None).await.unwrap();
    assert_eq!(about.items.len(), 2);
    assert_eq!(about.items[0].evidence.provider_message.as_deref(), Some("SM1"));
}

/// D-07, D-09
#[tokio::test]
async fn the_same_stop_twice_is_one_event_and_other_clinics_are_not_concerned() {
    let desk = desk().await;
    desk.consented().await;
    let evidence = || said(Method::Sms, at(NOON), "SM1");
    let actor = Actor::patient(person());
    for _ in 0..3 {
        opt_out(&desk.table, &phone(), Some(person()), Scope::All, &actor, evidence()).await.unwrap();
    }
    assert_eq!(desk.events().await, 2);
    let theirs = ledger::standing(&desk.other, &phone()).await.unwrap();
    assert!(!theirs.opted_out());
    let elsewhere = ledger::events(&desk.other, phone().digest(), Limit::MOST, None).await.unwrap();
    assert!(elsewhere.items.is_empty());
}

#[tokio::test]
async fn a_stop_that_comes_in_twice_at_the_same_time_is_one_event() {
    let desk = desk().await;
    let (actor, phone) = (Actor::patient(person()), phone());
    let one = || opt_out(&desk.table, &phone, None, Scope::All, &actor, said(Method::Sms, at(NOON), "SM1"));
    let other = || {
        suppress(
            &desk.table,
            &phone,
            None,
            (Scope::All, StopReason::Invalid),
            &actor,
            said(Method::Provider, at(NOON), "SM0"),
        )
    };
    let (a, b, c) = tokio::join!(one(), one(), other());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(desk.events().await, 2);
    let standing = ledger::standing(&desk.table, &phone).await.unwrap();
    assert_eq!(standing.stopped(Category::General).count(), 2);
}

/// D-11
#[tokio::test]
async fn staff_releases_a_bounce_but_never_a_stop() {
    let desk = desk().await;
    desk.consented().await;
    let staff = Actor::system("staff");
    let bounce = (Scope::All, StopReason::HardBounce);
    suppress(&desk.table, &phone(), None, bounce, &staff, said(Method::Provider, desk.clock.now(), "b1"))
        .await
        .unwrap();
    let listed = list_suppressions(&desk.table, Limit::default(), None).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].ending, "23");
    assert!(list_suppressions(&desk.other, Limit::default(), None).await.unwrap().items.is_empty());
    let released =
        release(&desk.table, phone().digest(), bounce, "the number was mistyped", &staff).await.unwrap();
    // Consent was never the reader's to lose here.
    assert_eq!(released.level(Channel::Sms, Category::Appointment), Level::Express);
    assert_eq!(released.suppressed_since(), None);
    assert!(list_suppressions(&desk.table, Limit::default(), None).await.unwrap().items.is_empty());
    let again = release(&desk.table, phone().digest(), bounce, "again", &staff).await.unwrap_err();
    assert_eq!(again.code(), "not_suppressed");
    desk.stop("SM1").await;
    for reason in [StopReason::Keyword, StopReason::Unsubscribed, StopReason::Complaint, StopReason::Told] {
        let refused = release(&desk.table, phone().digest(), (Scope::All, reason), "they asked", &staff)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "needs_new_opt_in");
    }
    let nothing = release(&desk.table, phone().digest(), bounce, " ", &staff).await.unwrap_err();
    assert_eq!(nothing.details()[0].at, "/why");
}

/// D-09, D-11
#[tokio::test]
async fn a_start_takes_a_stop_back_for_care_but_not_for_marketing() {
    let desk = desk().await;
    desk.consented().await;
    let actor = Actor::patient(person());
    let offers =
        Grant { channel: Channel::Sms, categories: vec![Category::Marketing], level: Level::Written };
    let form =
        Evidence { text_version: Some("2026-01".into()), ..Evidence::of(Method::Web, desk.clock.now()) };
    grant(&desk.table, &phone(), Some(person()), offers, &actor, form).await.unwrap();
    desk.later(1);
    let stopped_at = desk.clock.now();
    desk.stop("SM1").await;
    // A start from before the stop, arriving late, lifts nothing.
    let early = said(Method::Sms, stopped_at - SignedDuration::from_secs(30), "SM0");
    let standing = opt_in(&desk.table, &phone(), None, Channel::Sms, &actor, early).await.unwrap();
    assert!(standing.opted_out());
    let later = desk.later(5);
    let start = || said(Method::Sms, later, "SM2");
    for _ in 0..2 {
        let standing =
            opt_in(&desk.table, &phone(), Some(person()), Channel::Sms, &actor, start()).await.unwrap();
        assert!(!standing.opted_out());
        assert_eq!(standing.level(Channel::Sms, Category::Appointment), Level::Express);
        assert_eq!(standing.level(Channel::Sms, Category::Marketing), Level::None);
    }
    let known = desk.events().await;
    opt_in(&desk.table, &phone(), Some(person()), Channel::Sms, &actor, start()).await.unwrap();
    assert_eq!(desk.events().await, known);
    let staff = Evidence::of(Method::Staff, desk.clock.now());
    assert!(opt_in(&desk.table, &phone(), None, Channel::Sms, &actor, staff).await.is_err());
}

/// D-09
#[tokio::test]
async fn a_stop_from_before_a_start_that_comes_in_after_it_ends_nothing() {
    let desk = desk().await;
    let actor = Actor::patient(person());
    let (stop, start) = (desk.clock.now(), desk.later(1));
    let evidence = said(Method::Sms, start, "SM2");
    opt_in(&desk.table, &phone(), None, Channel::Sms, &actor, evidence).await.unwrap();
    let evidence = said(Method::Sms, stop, "SM1");
    let standing = opt_out(&desk.table, &phone(), None, Scope::All, &actor, evidence).await.unwrap();
    assert!(!standing.opted_out());
    assert_eq!(standing.level(Channel::Sms, Category::Appointment), Level::Express);
    let told = ledger::state_at(&desk.table, &phone(), stop).await.unwrap();
    assert!(told.opted_out());
}

/// D-05, D-06, D-08
#[tokio::test]
async fn consent_needs_evidence() {
    let desk = desk().await;
    let actor = Actor::system("test");
    let now = desk.clock.now();
    let care = || Grant::care(Channel::Sms);
    let written = Grant { level: Level::Written, ..care() };
    let future = Evidence::of(Method::Form, now + SignedDuration::from_hours(1));
    let cases = [
        (care(), Evidence::of(Method::Import, now), "/evidence/note"),
        (care(), Evidence::of(Method::Staff, now), "/evidence/method"),
        (written, Evidence::of(Method::Web, now), "/evidence/text_version"),
        (Grant::care(Channel::Email), Evidence::of(Method::Form, now), "/channel"),
        (Grant { categories: vec![], ..care() }, Evidence::of(Method::Form, now), "/categories"),
        (care(), future, "/evidence/at"),
    ];
    for (what, evidence, place) in cases {
        let refused = grant(&desk.table, &phone(), None, what, &actor, evidence).await.unwrap_err();
        assert_eq!(refused.details()[0].at, place);
    }
    assert_eq!(desk.events().await, 0);
}

/// D-08
#[tokio::test]
async fn what_was_told_at_the_desk_counts_from_when_it_was_said() {
    let desk = desk().await;
    desk.consented().await;
    let told = desk.later(60);
    let recorded = desk.later(180);
    let staff = Actor::system("staff");
    let evidence = Evidence::of(Method::Verbal, told);
    let billing = Scope::Category(Category::Billing);
    let standing = revoke(&desk.table, &phone(), person(), billing, &staff, evidence).await.unwrap();
    assert_eq!(standing.stopped(Category::Billing).collect::<Vec<_>>(), [StopReason::Told]);
    assert_eq!(standing.stopped(Category::Appointment).count(), 0);
    let page = ledger::events(&desk.table, phone().digest(), Limit::default(), None).await.unwrap();
    assert_eq!((page.items[0].at, page.items[0].recorded_at), (told, recorded));
    let by_link = Evidence::of(Method::Link, told);
    assert!(revoke(&desk.table, &phone(), person(), billing, &staff, by_link).await.is_err());
}

/// D-01, D-03, D-04, D-08
#[tokio::test]
async fn preferences_are_kept_with_their_whole_history() {
    let desk = desk().await;
    let staff = Actor::system("staff");
    let mail = Preference { channels: Some(vec![Channel::Email]), ..Preference::default() };
    let set = |version, new: &Preference| {
        let (new, staff) = (new.clone(), staff.clone());
        let table = desk.table.clone();
        async move { set_preferences(&table, person(), version, new, Source::Staff, &staff).await }
    };
    let kept = set(0, &mail).await.unwrap();
    assert_eq!(kept.rev(), 1);
    assert_eq!(set(0, &mail).await.unwrap().rev(), 1);
    desk.later(1);
    let none = Preference { channels: Some(vec![]), ..Preference::default() };
    assert!(matches!(set(0, &none).await, Err(ConsentFault::Stale)));
    assert_eq!(set(1, &none).await.unwrap().preference, none);
    let history = preference_history(&desk.table, person(), Limit::default(), None).await.unwrap();
    let stated: Vec<_> = history.items.iter().map(|change| change.preference.clone()).collect();
    assert_eq!(stated, [none, mail]);
    let twice = Preference { channels: Some(vec![Channel::Sms, Channel::Sms]), ..Preference::default() };
    assert_eq!(set(2, &twice).await.unwrap_err().code(), "consent_invalid");
}

/// D-10
#[tokio::test]
async fn a_link_ends_messages_when_it_is_used_and_not_when_it_is_looked_at() {
    let desk = desk().await;
    let mailbox = Address::read("Ana@example.com").unwrap();
    let mut write = desk.table.write();
    let message = MessageId::derived(&["m"]);
    let token = unsubscribe::issue(&desk.table, &mut write, &mailbox, person(), message, Category::Marketing)
        .unwrap();
    write.commit().await.unwrap();
    let token = unsubscribe::Token::read(token.as_str()).unwrap();
    assert_eq!(token.clinic(), Some(desk.table.clinic()));
    for _ in 0..2 {
        let link = unsubscribe::look(&desk.table, &token).await.unwrap().unwrap();
        assert_eq!((link.category, link.person), (Category::Marketing, person()));
    }
    assert!(!ledger::standing(&desk.table, &mailbox).await.unwrap().opted_out());
    for _ in 0..2 {
        let standing = unsubscribe::follow(&desk.table, &token, false).await.unwrap().unwrap();
        assert_eq!(standing.stopped(Category::Marketing).collect::<Vec<_>>(), [StopReason::Unsubscribed]);
        assert_eq!(standing.stopped(Category::Appointment).count(), 0);
        desk.later(1);
    }
    let folded = Address::read("ana@EXAMPLE.com").unwrap();
    let page = ledger::events(&desk.table, folded.digest(), Limit::MOST, None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(unsubscribe::follow(&desk.table, &token, true).await.unwrap().unwrap().opted_out());
    assert!(unsubscribe::look(&desk.other, &token).await.unwrap().is_none());
    let forged = format!("{}.{}", desk.table.clinic(), "0".repeat(40));
    let forged = unsubscribe::Token::read(&forged).unwrap();
    assert!(unsubscribe::follow(&desk.table, &forged, true).await.unwrap().is_none());
    assert!(unsubscribe::Token::read("cln_x.0").is_none());
    desk.later(60 * 24 * 367);
    assert!(unsubscribe::look(&desk.table, &token).await.unwrap().is_none());
}

/// A-12, D-13
#[tokio::test]
async fn messages_are_counted_by_the_day_and_week_of_the_person() {
    let desk = desk().await;
    let zone: Zone = "America/Los_Angeles".parse().unwrap();
    // Sunday evening there is Monday in UTC.
    let sunday = at("2026-12-14T02:00:00Z");
    for (category, name) in [(Category::Marketing, "a"), (Category::Appointment, "b")] {
        // Told twice is counted once.
        for _ in 0..2 {
            let mut write = desk.table.write();
            let message = kernel::MessageId::derived_at(sunday, &[name]);
            count(&mut write, person(), &zone, sunday, category, message);
            write.commit().await.unwrap();
        }
    }
    let counters = counted(&desk.table, person(), &zone, sunday, Category::Marketing).await.unwrap();
    assert_eq!((counters.of_day, counters.marketing_of_week), (2, 1));
    assert_eq!(counters.day, Some("2026-12-13".parse().unwrap()));
    let monday = at("2026-12-14T20:00:00Z");
    let counters = counted(&desk.table, person(), &zone, monday, Category::Marketing).await.unwrap();
    assert_eq!((counters.of_day, counters.marketing_of_week), (0, 0));
    let saturday = at("2026-12-12T20:00:00Z");
    let counters = counted(&desk.table, person(), &zone, saturday, Category::Marketing).await.unwrap();
    assert_eq!((counters.of_day, counters.marketing_of_week), (0, 1));
}

/// D-26
#[tokio::test]
async fn a_message_nobody_sends_can_be_explained() {
    let desk = desk().await;
    desk.consented().await;
    let zones = ["America/New_York".parse::<Zone>().unwrap()];
    let addresses = [(Channel::Sms, None, Reader::Own, phone())];
    let question = || Question {
        reader: person(),
        person: PersonFacts {
            deceased: false,
            active: true,
            do_not_contact: false,
            paused: None,
            minor: false,
        },
        addresses: &addresses,
        category: Category::Appointment,
        origin: Origin::Automated,
        route: Route::Auto,
        when: desk.clock.now(),
        not_after: None,
        ready: &[Channel::Sms],
        zones: &zones,
        state: None,
        business_hours: None,
        clinic_hours: None,
    };
    let before = desk.events().await;
    assert_eq!(explain(&desk.table, &question()).await.unwrap().verdict(), Verdict::Allow);
    desk.stop("SM1").await;
    let refused = explain(&desk.table, &question()).await.unwrap();
    assert_eq!(refused.refusal(), Some(Reason::OptedOut));
    assert!(refused.rules().len() > 10);
    assert_eq!(desk.events().await, before + 1);
    assert!(gate::Cleared::by(refused, ()).is_err());
}

/// D-14
#[tokio::test]
async fn a_clinic_sets_rules_and_defaults_of_its_own() {
    let desk = desk().await;
    let actor = Actor::system("staff");
    let defaults = Defaults([(Category::Billing, vec![Channel::Email])].into());
    let own = |words: &[&str]| ConsentSettings {
        overrides: Overrides {
            confirm_words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Overrides::default()
        },
        defaults: defaults.clone(),
    };
    let refused = set_settings(&desk.table, 0, own(&["STOP"]), &actor).await.unwrap_err();
    assert_eq!(refused.details()[0].at, "/overrides/confirm_words");
    let kept = set_settings(&desk.table, 0, own(&["smile"]), &actor).await.unwrap();
    assert_eq!(kept.defaults.of(Category::Billing), Some(&[Channel::Email][..]));
    assert_eq!(kept.defaults.of(Category::Appointment), None);
    assert!(matches!(set_settings(&desk.table, 0, own(&[]), &actor).await, Err(ConsentFault::Stale)));
    assert_eq!(set_settings(&desk.table, 1, own(&[]), &actor).await.unwrap().rev(), 2);
}

/// Q-02
#[tokio::test]
async fn consents_preferences_and_settings_are_in_the_log_with_before_and_after() {
    let desk = desk().await;
    desk.consented().await;
    desk.stop("SM1").await;
    desk.stop("SM1").await;
    let actor = Actor::system("test");
    let wish = Preference {
        channels: Some(vec![Channel::Email, Channel::Sms]),
        categories: [(Category::Survey, false)].into(),
        language: Some("es".parse().unwrap()),
        ..Preference::default()
    };
    desk.later(1);
    let kept = set_preferences(&desk.table, person(), 0, wish.clone(), Source::Staff, &actor).await.unwrap();
    set_preferences(&desk.table, person(), 1, wish, Source::Staff, &actor).await.unwrap();
    let own = Overrides {
        opt_out_words: vec!["smile".to_owned()],
        per_person_per_day: Some(3),
        ..Overrides::default()
    };
    let own = ConsentSettings { overrides: own, defaults: Defaults([(Category::Crm, vec![])].into()) };
    desk.later(1);
    set_settings(&desk.table, 0, own, &actor).await.unwrap();
    let log = audit::by_clinic(&desk.table, None, Limit::MOST, None).await.unwrap().items;
    let changes = |action: &str| -> Vec<String> {
        let entries: Vec<_> = log.iter().filter(|entry| entry.action == action).collect();
        assert_eq!(entries.len(), 1, "{action}");
        let value = |value: &Option<audit::Plain>| serde_json::to_string(value).unwrap();
        let told = entries[0].changes.iter();
        told.map(|c| format!("{} {} {}", c.field, value(&c.before), value(&c.after))).collect()
    };
    assert!(changes("consent.granted").contains(&r#"SMS.APPOINTMENT null "EXPRESS""#.to_owned()));
    let stopped = changes("consent.stopped");
    assert!(stopped.contains(&r#"STOP.ALL null "KEYWORD""#.to_owned()), "{stopped:?}");
    assert!(stopped.contains(&r#"SMS.APPOINTMENT "EXPRESS" "NONE""#.to_owned()), "{stopped:?}");
    let history = preference_history(&desk.table, person(), Limit::MOST, None).await.unwrap().items;
    assert_eq!(kept.rev(), 1);
    let stated = [
        format!(r#"statement null "{}""#, history[0].id),
        r#"channels null "EMAIL, SMS""#.to_owned(),
        r#"language null "es""#.to_owned(),
        "category.SURVEY null false".to_owned(),
    ];
    assert_eq!(changes("preferences.set"), stated);
    let set = changes("consent.settings_set");
    assert_eq!(set[..2], ["per_person_per_day null 3".to_owned(), "opt_out_words null null".to_owned()]);
    assert!(set.contains(&r#"defaults.APPOINTMENT "SMS, EMAIL, PUSH" null"#.to_owned()), "{set:?}");
    let whole = serde_json::to_string(&log).unwrap();
    assert!(!whole.contains("smile") && !whole.contains("+1212"), "no words and no numbers of people");
}
