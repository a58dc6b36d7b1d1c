//! The gate: each rule by itself, their order, and what must never be allowed.

use audit::Who;
use jiff::SignedDuration;
use kernel::{Category, Channel, ContactId, EventId, Id as _, PersonId, Timestamp, Zone};
use proptest::prelude::*;
use rstest::rstest;
use table::Digest;

use super::*;
use crate::{
    Overrides, Rules, Scope,
    grant::Grant,
    hours::{Days, Hours, Window},
    ledger::{ConsentEvent, Deed, Evidence, Level, Method, Standing, StopReason},
    preference::{Defaults, Preference},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Tuesday, 12:00 in New York.
const NOON: &str = "2026-12-08T17:00:00Z";

fn standing(deeds: impl IntoIterator<Item = (&'static str, Deed)>) -> Standing {
    let address = Digest::of("+12125550123");
    let mut standing = Standing::unknown(address, "23");
    for (index, (when, deed)) in deeds.into_iter().enumerate() {
        standing.take(&ConsentEvent {
            id: EventId::derived(&[&index.to_string()]),
            address,
            person: None,
            at: at(when),
            recorded_at: at(when),
            by: Who::System { name: "test".into() },
            deed,
            evidence: Evidence::of(Method::Form, at(when)),
        });
    }
    standing
}

fn granted(channel: Channel, categories: Vec<Category>, level: Level) -> Deed {
    Deed::Granted { channel, categories, level }
}

fn care(channel: Channel) -> Deed {
    let care = Grant::care(channel);
    granted(channel, care.categories, care.level)
}

const LONG_AGO: &str = "2026-01-02T00:00:00Z";

/// A person with a phone and a mailbox, both consented to for care, and a clinic with text and mail.
struct Case {
    now: Timestamp,
    when: Timestamp,
    not_after: Option<Timestamp>,
    category: Category,
    purpose: Purpose,
    origin: Origin,
    route: Route<'static>,
    person: PersonFacts,
    phone: Standing,
    mailbox: Standing,
    reader: Reader,
    has_phone: bool,
    preference: Preference,
    defaults: Defaults,
    ready: Vec<Channel>,
    counters: Counters,
    zones: Vec<Zone>,
    state: Option<&'static str>,
    business_hours: Option<Hours>,
    clinic_hours: Option<Hours>,
    rules: Rules,
}

impl Case {
    fn new() -> Self {
        Self {
            now: at(NOON),
            when: at(NOON),
            not_after: None,
            category: Category::Appointment,
            purpose: Purpose::Ordinary,
            origin: Origin::Automated,
            route: Route::Auto,
            person: PersonFacts {
                deceased: false,
                active: true,
                do_not_contact: false,
                paused: None,
                minor: false,
            },
            phone: standing([(LONG_AGO, care(Channel::Sms))]),
            mailbox: standing([(LONG_AGO, care(Channel::Email))]),
            reader: Reader::Own,
            has_phone: true,
            preference: Preference::default(),
            defaults: Defaults::default(),
            ready: vec![Channel::Sms, Channel::Email],
            counters: Counters::default(),
            zones: vec!["America/New_York".parse().unwrap()],
            state: None,
            business_hours: None,
            clinic_hours: None,
            rules: Rules::standard().clone(),
        }
    }

    fn of(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self::new();
        change(&mut case);
        case
    }

    fn decide(&self) -> GateDecision {
        let candidate = |channel, standing, usable| Candidate {
            channel,
            contact: Some(ContactId::derived(&[channel_name(channel)])),
            reader: self.reader,
            usable,
            standing,
        };
        let inside = Candidate { contact: None, ..candidate(Channel::InApp, &self.mailbox, true) };
        let candidates = [
            candidate(Channel::Sms, &self.phone, self.has_phone),
            candidate(Channel::Email, &self.mailbox, true),
            inside,
        ];
        decide(&Inputs {
            now: self.now,
            when: self.when,
            not_after: self.not_after,
            category: self.category,
            purpose: self.purpose,
            origin: self.origin,
            route: self.route,
            person: self.person,
            candidates: &candidates,
            preference: &self.preference,
            defaults: &self.defaults,
            ready: &self.ready,
            counters: self.counters,
            zones: &self.zones,
            state: self.state,
            business_hours: self.business_hours.as_ref(),
            clinic_hours: self.clinic_hours.as_ref(),
            rules: &self.rules,
        })
    }
}

fn channel_name(channel: Channel) -> &'static str {
    channel.name()
}

fn stopped(reason: StopReason) -> Deed {
    Deed::Stopped { scope: Scope::All, reason }
}

fn stop(case: &mut Case, deed: Deed) {
    case.phone = standing([(LONG_AGO, care(Channel::Sms)), ("2026-11-01T00:00:00Z", deed)]);
}

fn marketing(case: &mut Case) {
    case.category = Category::Marketing;
    case.phone = standing([(LONG_AGO, granted(Channel::Sms, vec![Category::Marketing], Level::Written))]);
}

#[test]
fn what_nothing_stands_against_is_allowed() {
    let decision = Case::new().decide();
    assert_eq!(decision.verdict(), Verdict::Allow);
    assert_eq!(decision.channel(), Some(Channel::Sms));
    assert_eq!(decision.contact(), Some(ContactId::derived(&["SMS"])));
    assert!(decision.rules().iter().all(|hit| hit.outcome == Outcome::Pass));
}

/// D-03, D-04, D-05, D-06, D-07, D-13, D-15, D-16, D-17, D-26, A-12
#[rstest]
#[case(Case::of(|c| c.person.deceased = true), Reason::Deceased)]
#[case(Case::of(|c| c.person.active = false), Reason::Inactive)]
#[case(Case::of(|c| c.not_after = Some(at("2026-12-08T16:59:59Z"))), Reason::Expired)]
#[case(Case::of(|c| c.person.do_not_contact = true), Reason::DoNotContact)]
#[case(Case::of(|c| c.person.minor = true), Reason::MinorWithoutGuardian)]
#[case(Case::of(|c| { c.has_phone = false; c.route = Route::Only(Channel::Sms) }), Reason::NoAddress)]
#[case(Case::of(|c| c.route = Route::Only(Channel::Voice)), Reason::NoAddress)]
#[case(Case::of(|c| { c.ready.clear(); c.route = Route::Only(Channel::Sms) }), Reason::ChannelNotReady)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::HardBounce)); c.route = Route::Only(Channel::Sms) }), Reason::HardBounce)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::Invalid)); c.route = Route::Only(Channel::Sms) }), Reason::InvalidAddress)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::Complaint)); c.route = Route::Only(Channel::Sms) }), Reason::Complaint)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::WrongNumber)); c.route = Route::Only(Channel::Sms) }), Reason::WrongNumber)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::Staff)); c.route = Route::Only(Channel::Sms) }), Reason::Suppressed)]
#[case(Case::of(|c| { stop(c, stopped(StopReason::Keyword)); c.route = Route::Only(Channel::Sms) }), Reason::OptedOut)]
#[case(Case::of(|c| { stop(c, Deed::Stopped { scope: Scope::Category(Category::Appointment), reason: StopReason::Told }); c.route = Route::Only(Channel::Sms) }), Reason::OptedOut)]
#[case(Case::of(|c| { c.phone = standing([]); c.route = Route::Only(Channel::Sms) }), Reason::NoConsent)]
#[case(Case::of(|c| { c.category = Category::Marketing; c.route = Route::Only(Channel::Sms) }), Reason::NoConsent)]
#[case(Case::of(|c| c.defaults = Defaults([].into())), Reason::NoPreferredMethod)]
#[case(Case::of(|c| c.preference.channels = Some(vec![])), Reason::NoPreferredMethod)]
#[case(Case::of(|c| { c.preference.channels = Some(vec![Channel::Email]); c.route = Route::Only(Channel::Sms) }), Reason::ChannelOff)]
#[case(Case::of(|c| { c.preference.categories.insert(Category::Appointment, false); }), Reason::CategoryOff)]
#[case(Case::of(|c| c.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 10, marketing_of_week: 0 }), Reason::DailyCap)]
#[case(Case::of(|c| { marketing(c); c.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 9, marketing_of_week: 0 } }), Reason::DailyCap)]
#[case(Case::of(|c| { marketing(c); c.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 1, marketing_of_week: 1 } }), Reason::MarketingCap)]
#[case(Case::of(|c| { c.now = at("2026-12-09T03:00:00Z"); c.not_after = Some(at("2026-12-09T12:30:00Z")) }), Reason::QuietHoursTooLate)]
#[case(Case::of(|c| c.zones.clear()), Reason::NoOpenHours)]
#[case(Case::of(|c| c.person.paused = Some(None)), Reason::AutomationPaused)]
#[case(Case::of(|c| c.person.paused = Some(Some(at("2026-12-08T17:00:01Z")))), Reason::AutomationPaused)]
fn each_rule_refuses_by_itself(#[case] case: Case, #[case] reason: Reason) {
    let decision = case.decide();
    assert_eq!(decision.verdict(), Verdict::Refuse { reason }, "{:#?}", decision.rules());
    assert!(decision.rules().iter().any(|hit| hit.rule == reason && hit.outcome == Outcome::Fail));
    assert!(Cleared::by(decision, ()).is_err());
}

/// D-16
#[rstest]
#[case(Case::of(|c| { c.person.paused = Some(None); c.origin = Origin::Manual }))]
#[case(Case::of(|c| c.person.paused = Some(Some(at(NOON)))))]
fn a_pause_ends_and_spares_what_staff_writes(#[case] case: Case) {
    assert_eq!(case.decide().verdict(), Verdict::Allow);
}

/// D-15
#[test]
fn an_own_wish_counts_where_the_clinic_has_no_default() {
    let mut case = Case::of(|c| c.defaults = Defaults([].into()));
    case.preference.channels = Some(vec![Channel::Email]);
    assert_eq!(case.decide().channel(), Some(Channel::Email));
    assert!(case.decide().allows());
    // Messages inside our own apps need neither wish nor consent.
    let inside = Case { route: Route::Only(Channel::InApp), mailbox: standing([]), ..Case::new() };
    assert!(inside.decide().allows());
}

/// A-02, D-26
#[test]
fn the_first_channel_that_works_is_taken_and_another_one_is_a_swap() {
    let mut case = Case::of(|c| stop(c, stopped(StopReason::Keyword)));
    let auto = case.decide();
    assert_eq!((auto.verdict(), auto.channel()), (Verdict::Allow, Some(Channel::Email)));
    case.route = Route::AnyOf(&[Channel::Sms, Channel::Email]);
    let swap = case.decide();
    assert_eq!(swap.verdict(), Verdict::Swap { channel: Channel::Email });
    assert!(Cleared::by(swap, ()).is_err());
    case.route = Route::Only(Channel::Email);
    assert!(case.decide().allows());
}

/// D-12
#[test]
fn a_message_in_quiet_hours_moves_to_the_next_window() {
    // 23:30 in New York; the person's hours begin at 08:00.
    let mut case = Case::of(|c| c.now = at("2026-12-09T04:30:00Z"));
    case.when = case.now;
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-09T13:00:00Z") });
    case.preference.hours = Some(Hours::new(vec![
        Window::new("09:15".parse().unwrap(), "12:00".parse().unwrap(), Days::ALL).unwrap(),
    ]));
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-09T14:15:00Z") });
}

/// E-17
#[test]
fn the_reminder_of_an_early_visit_goes_the_evening_before() {
    // Planned days before: meant for 06:30, the visit is at 07:30.
    let mut case = Case::of(|c| c.when = at("2026-12-10T11:30:00Z"));
    case.not_after = Some(at("2026-12-10T12:30:00Z"));
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-10T00:30:00Z") });
}

/// D-12
#[test]
fn a_clinic_may_set_hours_for_all_its_messages() {
    let hours: Hours = serde_json::from_str(
        r#"{"windows":[{"from":"14:00","until":"16:00","days":["TUE","WED"]}],"closed":["2026-12-08"]}"#,
    )
    .unwrap();
    let mut case = Case::of(|c| c.clinic_hours = Some(hours));
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-09T19:00:00Z") });
    // Mail from one to one does not ring; nor do notes inside our own apps.
    case.route = Route::Only(Channel::Email);
    case.origin = Origin::Manual;
    assert!(case.decide().allows());
}

/// D-12
#[test]
fn a_clinic_may_write_earlier_about_care_to_who_welcomes_it() {
    let early = |from: &str| {
        let window = Window::new(from.parse().unwrap(), "20:00".parse().unwrap(), Days::ALL).unwrap();
        Some(Hours::new(vec![window]))
    };
    // 07:00 in New York.
    let mut case = Case::of(|c| c.now = at("2026-12-08T12:00:00Z"));
    case.when = case.now;
    case.preference.hours = early("06:00");
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-08T13:00:00Z") });
    case.clinic_hours = early("06:30");
    assert!(case.decide().allows());
}

/// D-13
#[test]
fn marketing_keeps_to_business_hours_and_to_the_state() {
    let hours = |from: &str, until: &str| {
        Hours::new(vec![Window::new(from.parse().unwrap(), until.parse().unwrap(), Days::ALL).unwrap()])
    };
    let mut case = Case::of(marketing);
    case.business_hours = Some(hours("13:00", "17:00"));
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-08T18:00:00Z") });
    // Texas on a Sunday: from noon on, if the clinic goes by the state; else not before Monday at ten.
    case.business_hours = None;
    case.zones = vec!["America/Chicago".parse().unwrap()];
    case.state = Some("TX");
    case.when = at("2026-12-13T16:00:00Z");
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-14T16:00:00Z") });
    case.rules =
        Rules::of(Overrides { marketing_hours: crate::MarketingHours::State, ..Overrides::default() });
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-13T18:00:00Z") });
}

/// A-12, D-13
#[test]
fn caps_are_those_of_the_day_it_would_go_out() {
    let mut case = Case::of(|c| c.now = at("2026-12-09T04:30:00Z"));
    case.when = case.now;
    case.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 10, marketing_of_week: 1 };
    assert_eq!(case.decide().verdict(), Verdict::Shift { to: at("2026-12-09T13:00:00Z") });
    case.purpose = Purpose::Emergency;
    case.when = at(NOON);
    case.now = at(NOON);
    assert!(case.decide().allows());
}

/// A-12
#[test]
fn a_clinic_may_set_its_own_cap() {
    let mut case =
        Case::of(|c| c.rules = Rules::of(Overrides { per_person_per_day: Some(3), ..Overrides::default() }));
    case.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 3, marketing_of_week: 0 };
    assert_eq!(case.decide().refusal(), Some(Reason::DailyCap));
}

/// D-26
#[test]
fn of_several_reasons_the_weightiest_is_told_and_all_are_shown() {
    let mut case = Case::of(|c| stop(c, stopped(StopReason::Keyword)));
    case.route = Route::Only(Channel::Sms);
    case.person.paused = Some(None);
    case.counters = Counters { day: Some("2026-12-08".parse().unwrap()), of_day: 10, marketing_of_week: 0 };
    let decision = case.decide();
    assert_eq!(decision.refusal(), Some(Reason::OptedOut));
    let failed: Vec<_> =
        decision.rules().iter().filter(|hit| hit.outcome == Outcome::Fail).map(|hit| hit.rule).collect();
    for reason in [Reason::OptedOut, Reason::NoConsent, Reason::DailyCap, Reason::AutomationPaused] {
        assert!(failed.contains(&reason), "{reason:?}");
    }
    stop(&mut case, stopped(StopReason::HardBounce));
    assert_eq!(case.decide().refusal(), Some(Reason::HardBounce));
}

/// D-09
#[test]
fn the_answer_to_a_stop_goes_out_within_five_minutes_and_no_later() {
    let mut case = Case::of(|c| {
        c.phone = standing([(LONG_AGO, care(Channel::Sms)), (NOON, stopped(StopReason::Keyword))]);
        c.route = Route::Only(Channel::Sms);
        c.category = Category::General;
    });
    case.purpose = Purpose::KeywordReply { received: at(NOON) };
    for (minutes, allowed) in [(0, true), (5, true), (6, false)] {
        case.now = at(NOON) + SignedDuration::from_mins(minutes);
        case.when = case.now;
        assert_eq!(case.decide().allows(), allowed, "{minutes}");
    }
    // A bounce holds even then.
    case.now = at(NOON);
    case.when = case.now;
    stop(&mut case, stopped(StopReason::HardBounce));
    assert_eq!(case.decide().refusal(), Some(Reason::HardBounce));
}

/// D-17
#[test]
fn a_legal_notice_goes_in_spite_of_the_flag_but_not_of_an_opt_out() {
    let mut case = Case::of(|c| c.person.do_not_contact = true);
    case.purpose = Purpose::LegalNotice;
    case.route = Route::Only(Channel::Sms);
    case.preference.channels = Some(vec![]);
    assert!(case.decide().allows());
    stop(&mut case, stopped(StopReason::Keyword));
    assert_eq!(case.decide().refusal(), Some(Reason::OptedOut));
}

/// D-23
#[test]
fn a_minor_is_written_to_through_a_guardian() {
    let mut case = Case::of(|c| c.person.minor = true);
    assert_eq!(case.decide().refusal(), Some(Reason::MinorWithoutGuardian));
    case.reader = Reader::Guardian(PersonId::FIRST);
    assert!(case.decide().allows());
}

/// D-26
#[test]
fn a_decision_comes_back_as_it_was_but_clears_nothing_any_more() {
    let decision = Case::of(|c| c.phone = standing([])).decide();
    let json = serde_json::to_string(&decision).unwrap();
    let back: GateDecision = serde_json::from_str(&json).unwrap();
    assert_eq!(decision, back);
    assert!(json.contains("NO_CONSENT@SMS FAIL needs EXPRESS, has NONE"), "{json}");
    assert!(Cleared::by(back, ()).is_err());
    let cleared = Cleared::by(decision, "text").unwrap();
    assert_eq!(*cleared.value(), "text");
    let later = Case::of(|c| c.when = at(NOON) + SignedDuration::from_hours(1)).decide();
    assert!(later.allows() && Cleared::by(later, ()).is_err());
}

#[test]
fn every_reason_has_a_code_and_a_sentence_of_its_own() {
    let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert!(reason.sentence().ends_with('.'));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
}

fn some_reason() -> impl Strategy<Value = StopReason> {
    prop::sample::select(vec![
        StopReason::HardBounce,
        StopReason::Invalid,
        StopReason::Complaint,
        StopReason::WrongNumber,
        StopReason::Staff,
        StopReason::Keyword,
        StopReason::Unsubscribed,
        StopReason::Provider,
        StopReason::Told,
    ])
}

fn some_category() -> impl Strategy<Value = Category> {
    prop::sample::select(vec![
        Category::Appointment,
        Category::Billing,
        Category::Marketing,
        Category::Survey,
    ])
}

fn some_deed() -> impl Strategy<Value = Deed> {
    let scope = prop_oneof![Just(Scope::All), some_category().prop_map(Scope::Category)];
    let channel = prop::sample::select(vec![Channel::Sms, Channel::Email]);
    prop_oneof![
        3 => (channel, prop::collection::vec(some_category(), 1..4), prop::sample::select(vec![Level::Express, Level::Written]))
            .prop_map(|(channel, categories, level)| granted(channel, categories, level)),
        1 => (scope.clone(), some_reason()).prop_map(|(scope, reason)| Deed::Stopped { scope, reason }),
        1 => (scope, some_reason()).prop_map(|(scope, reason)| Deed::Released { scope, reason }),
    ]
}

/// The ledger read plainly: whether a message may go by consent and suppressions, without folding.
fn plainly_allowed(deeds: &[Deed], channel: Channel, category: Category, needed: Level) -> bool {
    let covers = |scope: &Scope| *scope == Scope::All || *scope == Scope::Category(category);
    let mut level = Level::None;
    let mut stops: Vec<(Scope, StopReason)> = Vec::new();
    for deed in deeds {
        match deed {
            Deed::Granted { channel: on, categories, level: to } => {
                if *on == channel && categories.contains(&category) {
                    level = level.max(*to);
                }
            }
            Deed::Stopped { scope, reason } => {
                stops.push((*scope, *reason));
                if covers(scope) && reason.is_readers_will() {
                    level = Level::None;
                }
            }
            Deed::Released { scope, reason } => stops.retain(|stop| *stop != (*scope, *reason)),
        }
    }
    level >= needed && !stops.iter().any(|(scope, _)| covers(scope))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    /// D-26, D-07, D-12
    #[test]
    fn nothing_revoked_suppressed_outside_a_window_or_too_late_is_ever_allowed(
        deeds in prop::collection::vec(some_deed(), 0..8),
        category in some_category(),
        route in prop::sample::select(vec![
            Route::Auto, Route::Only(Channel::Sms), Route::Only(Channel::Email),
            Route::AnyOf(&[Channel::Sms, Channel::Email]),
        ]),
        hour in 0i64..24 * 14,
        later in 0i64..72,
        useful in prop::option::of(0i64..96),
        origin in prop::sample::select(vec![Origin::Automated, Origin::Bulk, Origin::Manual]),
        emergency in any::<bool>(),
    ) {
        let mut case = Case::new();
        let times = ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z",
            "2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z", "2026-02-07T00:00:00Z", "2026-02-08T00:00:00Z"];
        case.phone = standing(times.into_iter().zip(deeds.clone()));
        case.mailbox = case.phone.clone();
        case.category = category;
        case.route = route;
        case.origin = origin;
        if emergency { case.purpose = Purpose::Emergency }
        case.now = at("2026-11-25T00:30:00Z") + SignedDuration::from_hours(hour);
        case.when = case.now + SignedDuration::from_hours(later);
        case.not_after = useful.map(|hours| case.when + SignedDuration::from_hours(hours - 24));
        let decision = case.decide();
        let send_at = match decision.verdict() {
            Verdict::Allow => Some(case.when),
            Verdict::Shift { to } => Some(to),
            Verdict::Swap { .. } | Verdict::Refuse { .. } => None,
        };
        if let Some(send_at) = send_at {
            let channel = decision.channel().unwrap();
            let needed = case.rules.needed(channel, category);
            prop_assert!(plainly_allowed(&deeds, channel, category, needed), "{deeds:?} {decision:?}");
            prop_assert!(send_at >= case.now && case.not_after.is_none_or(|last| send_at <= last));
            let wall = case.zones[0].wall(send_at);
            if channel == Channel::Sms {
                let daily = Window::new("08:00".parse().unwrap(), "20:00".parse().unwrap(), Days::ALL).unwrap();
                prop_assert!(Hours::new(vec![daily]).hold(wall), "{wall}");
            }
            if category == Category::Marketing {
                prop_assert!((10..18).contains(&wall.hour()) && !crate::is_federal_holiday(wall.date()), "{wall}");
            }
        }
        let fresh = decision.allows() && later == 0;
        prop_assert_eq!(Cleared::by(decision, ()).is_ok(), fresh);
    }

    /// D-08
    #[test]
    fn the_order_in_which_facts_arrive_does_not_matter(
        deeds in prop::collection::vec((0u8..20, some_deed()), 0..10),
        order in any::<u64>(),
    ) {
        let days: Vec<(String, Deed)> =
            deeds.into_iter().map(|(day, deed)| (format!("2026-02-{:02}T00:00:00Z", day + 1), deed)).collect();
        let address = Digest::of("x");
        let event = |index: usize, (when, deed): &(String, Deed)| ConsentEvent {
            id: EventId::derived(&[&index.to_string()]),
            address,
            person: None,
            at: at(when),
            recorded_at: at(when),
            by: Who::System { name: "test".into() },
            deed: deed.clone(),
            evidence: Evidence::of(Method::Form, at(when)),
        };
        let events: Vec<_> = days.iter().enumerate().map(|(index, day)| event(index, day)).collect();
        let (mut one, mut two) = (Standing::unknown(address, "x"), Standing::unknown(address, "x"));
        let mut mixed: Vec<_> = events.iter().collect();
        mixed.sort_by_key(|e| e.id.uuid().as_u128() ^ u128::from(order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for e in &events { one.take(e) }
        for e in mixed.iter().chain(&mixed) { two.take(e) }
        for category in [Category::Appointment, Category::Billing, Category::Marketing, Category::Survey] {
            prop_assert_eq!(one.stopped(category).collect::<Vec<_>>(), two.stopped(category).collect::<Vec<_>>());
            for channel in [Channel::Sms, Channel::Email] {
                prop_assert_eq!(one.level(channel, category), two.level(channel, category));
            }
        }
    }
}
