use jiff::SignedDuration;
use kernel::{Channel, Fault, Lane};
use messaging::{Body, Message, Status as Sent};
use people::appointments::Status;

use super::*;
use crate::{
    plan::{StepState, Why},
    seams::{NEW_YORK, Practice, at, hours, morning, practice, staff, visit},
    tick,
};

const NOW: &str = "2026-06-01T14:00:00Z";

fn version_of(message: &Message) -> u32 {
    match message.body {
        Some(Body::Template { version, .. }) => version,
        _ => panic!("a reminder says what a template says"),
    }
}

async fn many(practice: &Practice, count: u32) -> Vec<people::Appointment> {
    let mut visits = Vec::new();
    for n in 0..count {
        let mut one = visit(NEW_YORK, "2026-06-10T14:00");
        one.id = kernel::Id::derived(&[&n.to_string()]);
        practice.book(&one).await;
        visits.push(one);
    }
    visits
}

/// E-08
#[tokio::test]
async fn a_rule_that_is_switched_on_plans_from_then_on_and_off_takes_back() {
    let practice = practice(NOW).await;
    let ahead = practice.booked("2026-06-10T14:00").await;
    let close = practice.booked("2026-06-02T14:00").await;
    let rule = practice.rule("two days before", hours(48)).await;
    practice.settle().await;
    let plan = practice.plan(ahead.id).await;
    assert_eq!(plan.steps[0].send_at, Some(at("2026-06-08T18:00:00Z")));
    let plan = practice.plan(close.id).await;
    assert!(plan.steps[0].state == StepState::NotPlanned && plan.steps[0].has(Why::Past));
    let off = switch(&practice.clinic, &staff(), rule.id, Some(rule.rev()), false).await.unwrap();
    practice.settle().await;
    let message = practice.message_of(&practice.plan(ahead.id).await.steps[0]).await;
    assert_eq!(message.status, Sent::Cancelled);
    assert_eq!(message.ended.as_ref().unwrap().code, "RULE_OFF");
    switch(&practice.clinic, &staff(), rule.id, Some(off.rev()), true).await.unwrap();
    practice.settle().await;
    let message = practice.message_of(&practice.plan(ahead.id).await.steps[0]).await;
    assert_eq!(message.status, Sent::Scheduled);
    assert_eq!(practice.messages().await.len(), 2);
}

///
#[tokio::test]
async fn the_log_tells_every_field_of_a_rule_that_changed_before_and_after() {
    let practice = practice(NOW).await;
    let rule = practice.rule("two days before", hours(48)).await;
    let channels = Channels::FirstOf(vec![Channel::Email, Channel::Sms]);
    let draft = RuleDraft { channels, ..practice.draft("the morning", morning()) };
    change(&practice.clinic, &staff(), rule.id, rule.rev(), &draft).await.unwrap();
    let log = audit::by_clinic(&practice.clinic, None, kernel::Limit::MOST, None).await.unwrap().items;
    let entry = log.iter().find(|entry| entry.action == "reminder_rule.changed").unwrap();
    let told = serde_json::to_value(&entry.changes).unwrap();
    let of = |field: &str| {
        let found = told.as_array().unwrap().iter().find(|change| change["field"] == field);
        found.map(|change| (change["before"].clone(), change["after"].clone()))
    };
    assert_eq!(of("timing.amount"), Some((48.into(), 0.into())));
    assert_eq!(of("timing.unit"), Some(("HOURS".into(), "DAYS".into())));
    assert_eq!(of("timing.at"), Some((serde_json::Value::Null, "08:00:00".into())));
    assert_eq!(of("channels").unwrap().1, "EMAIL, SMS");
    assert_eq!(of("name"), Some((serde_json::Value::Null, serde_json::Value::Null)));
    assert!(!told.to_string().contains("the morning"), "{told}");
}

/// E-08
#[tokio::test]
async fn a_rule_that_is_put_away_takes_back_and_stays_known() {
    let practice = practice(NOW).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let rule = practice.rule("two days before", hours(48)).await;
    practice.settle().await;
    archive(&practice.clinic, &staff(), rule.id, rule.rev()).await.unwrap();
    archive(&practice.clinic, &staff(), rule.id, rule.rev()).await.unwrap();
    practice.settle().await;
    let message = practice.message_of(&practice.plan(visit.id).await.steps[0]).await;
    assert_eq!(message.ended.as_ref().unwrap().code, "RULE_OFF");
    assert!(list(&practice.clinic).await.unwrap().is_empty());
    let kept = archived(&practice.clinic, kernel::Limit::default(), None).await.unwrap();
    assert_eq!(kept.items[0].rule.name, "two days before");
    let gone = get(&practice.clinic, rule.id).await.unwrap_err();
    assert_eq!(gone.code(), "rule_not_found");
}

/// E-08
#[tokio::test]
async fn a_change_reaches_every_visit_page_by_page_though_jobs_die_and_come_twice() {
    let practice = practice(NOW).await;
    let mut visits = many(&practice, 230).await;
    for (n, wall) in ["2026-06-11T09:00", "2026-06-12T09:00"].into_iter().enumerate() {
        let mut later = visit(NEW_YORK, wall);
        later.id = kernel::Id::derived(&["later", &n.to_string()]);
        practice.book(&later).await;
        visits.push(later);
    }
    practice.rule("two days before", hours(48)).await;
    tick::run(&practice.platform).await.unwrap();
    let mut runs = 0;
    loop {
        let jobs = practice.queue.take(Lane::Reminders, 100);
        if jobs.is_empty() {
            break;
        }
        for delivery in jobs {
            let job: RuleChanged = delivery.job.read().unwrap().unwrap();
            runs += 1;
            // Delivered three times; the second and third find that the page is done.
            for _ in 0..3 {
                run(&practice.platform, &job).await.unwrap();
            }
        }
    }
    assert_eq!(runs, 2);
    for visit in &visits {
        assert_eq!(practice.plan(visit.id).await.steps.len(), 1);
    }
    practice.settle().await;
    for visit in &visits {
        assert_eq!(practice.plan(visit.id).await.edition, 1, "planned once, in whatever runs it was seen");
    }
}

/// E-08
#[tokio::test]
async fn a_visit_written_with_the_rules_of_before_is_found_in_the_second_round() {
    let practice = practice(NOW).await;
    let batch = crate::Reminders::for_batch(&practice.clinic).await.unwrap();
    practice.rule("two days before", hours(48)).await;
    tick::run(&practice.platform).await.unwrap();
    for delivery in practice.queue.take(Lane::Reminders, 100) {
        run(&practice.platform, &delivery.job.read().unwrap().unwrap()).await.unwrap();
    }
    let late = visit(NEW_YORK, "2026-06-10T14:00");
    let mut write = practice.clinic.write();
    write.create(&late);
    people::Replan::replan(&batch, &mut write, None, &late, None).await.unwrap();
    write.commit().await.unwrap();
    assert!(!practice.has_plan(late.id).await);
    practice.clock.advance(SignedDuration::from_mins(11));
    practice.settle().await;
    assert_eq!(practice.plan(late.id).await.steps.len(), 1);
}

/// C-18
#[tokio::test]
async fn a_rule_keeps_its_version_of_the_template_until_it_is_applied_again_or_follows() {
    let practice = practice(NOW).await;
    let fixed = practice.rule("fixed", hours(48)).await;
    let mut follows = practice.draft("follows", hours(24));
    follows.follow_latest = true;
    create(&practice.clinic, &staff(), &follows).await.unwrap();
    practice.settle().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let template = fixed.template;
    let first = templates::version(&practice.clinic, template, 1).await;
    let draft = first_version(first).content.into_draft();
    templates::revise(&practice.clinic, &staff(), template, 1, draft, None).await.unwrap();
    template_revised(&practice.clinic, template).await.unwrap();
    practice.settle().await;
    let versions = async || {
        let mut found = Vec::new();
        for step in &practice.plan(visit.id).await.steps {
            let message = practice.message_of(step).await;
            assert_eq!(message.status, Sent::Scheduled);
            found.push((step.rule_name.clone(), version_of(&message)));
        }
        found
    };
    assert_eq!(versions().await, [("fixed".to_owned(), 1), ("follows".to_owned(), 2)]);
    // Applied again, without a version: the newest.
    let again = practice.draft("fixed", hours(48));
    let changed = change(&practice.clinic, &staff(), fixed.id, fixed.rev(), &again).await.unwrap();
    assert_eq!(changed.template_version, 2);
    practice.settle().await;
    assert_eq!(versions().await[0], ("fixed".to_owned(), 2));
}

/// E-15, Appendix 1 row 7
#[tokio::test]
async fn a_new_clinic_begins_with_the_standard_rules_once() {
    let practice = practice(NOW).await;
    let applied = apply_presets(&practice.clinic, &staff()).await.unwrap();
    assert_eq!(applied.created, ["at_booking", "48_hours", "morning_of"]);
    let again = apply_presets(&practice.clinic, &staff()).await.unwrap();
    assert_eq!((again.created.len(), again.kept.len()), (0, 3));
    practice.settle().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let plan = practice.plan(visit.id).await;
    let shown: Vec<_> = plan
        .steps
        .iter()
        .map(|step| format!("{} {:?} {}", step.rule_name, step.route, step.send_at.unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            format!("Confirmation at booking Only(Email) {}", practice.clock.now()),
            format!("Confirmation at booking Only(Sms) {}", practice.clock.now()),
            "Two days before FirstOf([Sms]) 2026-06-08T18:00:00Z".to_owned(),
            "Morning of the day FirstOf([Sms]) 2026-06-10T12:00:00Z".to_owned(),
        ]
    );
    let others: Vec<_> = presets().iter().filter(|one| !one.standard).map(|one| one.key.as_str()).collect();
    assert_eq!(others, ["7_days", "24_hours", "2_hours"]);
}

/// E-15
#[tokio::test]
async fn every_preset_makes_a_sound_rule() {
    let practice = practice(NOW).await;
    for preset in presets() {
        let draft = preset.draft(templates::seed_id(&practice.clinic, &preset.template));
        create(&practice.clinic, &staff(), &draft).await.unwrap();
    }
}

/// E-09, E-10
#[tokio::test]
async fn a_rule_that_cannot_be_is_told_field_by_field() {
    let practice = practice(NOW).await;
    let mut draft = practice.draft("  ", Timing::Before { amount: 0, unit: Unit::Days, at: None });
    draft.statuses = vec![Status::Scheduled, Status::Cancelled];
    draft.channels = Channels::FirstOf(vec![Channel::Voice]);
    draft.template_version = Some(7);
    let fault = create(&practice.clinic, &staff(), &draft).await.unwrap_err();
    let at: Vec<_> = fault.details().into_iter().map(|detail| detail.at).collect();
    assert_eq!(at, ["/name", "/timing/at", "/statuses", "/channels", "/template_version"]);
    draft.template = kernel::TemplateId::FIRST;
    draft.channels = Channels::EachOf(vec![Channel::Sms, Channel::Sms]);
    let fault = create(&practice.clinic, &staff(), &draft).await.unwrap_err();
    assert!(fault.details().iter().any(|detail| detail.at == "/template"));
    assert!(list(&practice.clinic).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rule_that_was_changed_meanwhile_is_not_overwritten() {
    let practice = practice(NOW).await;
    let rule = practice.rule("day before", hours(24)).await;
    let draft = practice.draft("the day before", hours(24));
    let changed = change(&practice.clinic, &staff(), rule.id, rule.rev(), &draft).await.unwrap();
    assert_eq!(changed.rev(), 2);
    let fault = change(&practice.clinic, &staff(), rule.id, rule.rev(), &draft).await.unwrap_err();
    assert_eq!(fault.code(), "version_is_stale");
    let same = change(&practice.clinic, &staff(), rule.id, 2, &draft).await.unwrap();
    assert_eq!(same.rev(), 2);
    let other = practice.platform.table.of(kernel::ClinicId::FIRST);
    assert_eq!(get(&other, rule.id).await.unwrap_err().code(), "rule_not_found");
}

#[tokio::test]
async fn a_clinic_has_a_bounded_number_of_rules() {
    let practice = practice(NOW).await;
    for n in 0..MOST_RULES {
        practice.rule(&n.to_string(), morning()).await;
    }
    let draft = practice.draft("one more", morning());
    let fault = create(&practice.clinic, &staff(), &draft).await.unwrap_err();
    assert_eq!(fault.code(), "too_many_rules");
}

fn first_version<E: std::fmt::Debug>(
    version: Result<templates::TemplateVersion, E>,
) -> templates::TemplateVersion {
    version.unwrap()
}
