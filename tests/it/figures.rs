//! The day adds up.

use automations::rules::{Timing, Unit};
use messaging::{Draft, Status, counters};
use people::appointments::Status as Visits;
use testkit::{Answer, House, Patient, at, minutes, staff};

/// Everything that was ever planned is in exactly one figure, and told twice it is counted once.
#[tokio::test]
async fn a_day_with_all_that_can_happen_adds_up() {
    let house = House::new(100).await;
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", two_hours)).await;
    let mut people: Vec<Patient<'_>> = Vec::new();
    for n in 0..10 {
        let patient = house.patient(&format!("P{n}")).with_text(&format!("+1212555011{n}"));
        people.push(patient.who_agreed().await);
    }
    let mut visits = Vec::new();
    for patient in &people {
        visits.push(patient.books("2026-06-08T15:00").await);
    }
    let planned: i64 = 10;
    // One called off, one moved, one opted out, one confirmed before, one without a mobile, one lost.
    visits[0].becomes(Visits::Cancelled).await;
    visits[1].moves("2026-06-08T16:00").await;
    people[2].revokes().await;
    // At night: moved, and out in the morning.
    let night = Draft {
        send_at: at("2026-06-09T05:00:00Z"),
        source: messaging::Source::Reminder { rule: kernel::RuleId::FIRST },
        ..people[3].text_of_staff("Please bring your card.")
    };
    let night = house.makes(night).await;
    let taken_back = people[4].is_written_for(at("2026-06-08T20:00:00Z"), "Hello").await;
    messaging::cancel(&house.table, &staff(), taken_back, None).await.unwrap();
    house.until("2026-06-08T16:59:30Z").await;
    for answer in [Answer::Refuse("21614"), Answer::AcceptUnheard, Answer::Busy, Answer::Silence] {
        house.providers.will(answer);
    }
    house.until("2026-06-08T17:00:30Z").await;
    house.figures("2026-06", &people.iter().collect::<Vec<_>>()).await;
    for sent in house.outbox().iter().take(3) {
        house.provider_says(sent, "delivered").await;
    }
    people[9].replies("C").await;
    people[8].replies("what?").await;
    house.until("2026-06-09T14:00:00Z").await;
    let everybody: Vec<_> = people.iter().collect();
    let figures = house.figures("2026-06", &everybody).await;
    assert_eq!(house.message(night).await.shifted_from, Some(at("2026-06-09T05:00:00Z")));
    // Ten reminders, one more for the moved visit, the one at night, the one taken back and the polite answer.
    let total: i64 = figures.values().sum();
    assert_eq!(total, planned + 4, "{figures:?}");
    let of = |status: Status| figures.get(status.name()).copied().unwrap_or(0);
    assert_eq!(
        (of(Status::Cancelled), of(Status::Skipped), of(Status::Failed), of(Status::Unknown)),
        (3, 1, 1, 1)
    );
    let sent = of(Status::Sent) + of(Status::Delivered);
    assert_eq!(usize::try_from(sent).unwrap(), house.outbox().len());
    assert_eq!(
        total,
        sent + of(Status::Cancelled) + of(Status::Skipped) + of(Status::Failed) + of(Status::Unknown)
    );
    // The whole stream once more.
    house.follows_again().await;
    assert_eq!(house.figures("2026-06", &everybody).await, figures);
    let day = counters::counts(&house.table, "2026-06-08").await.unwrap();
    assert!(day.iter().all(|count| count.day == "2026-06-08"));
}

#[tokio::test]
async fn a_day_is_a_day_of_the_clinic() {
    let house = House::new(102).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    // In New York it is still the eighth, at half past eight in the evening.
    ana.is_written_for(at("2026-06-09T00:30:00Z"), "See you").await;
    house.time_passes(minutes(1)).await;
    let count = async |day: &str| -> i64 {
        let counts = counters::counts(&house.table, day).await.unwrap();
        counts.iter().filter(|count| count.source == "staff").map(|count| count.messages).sum()
    };
    assert_eq!((count("2026-06-08").await, count("2026-06-09").await), (1, 0));
    house.until("2026-06-09T00:31:00Z").await;
    assert_eq!((count("2026-06-08").await, count("2026-06-09").await), (1, 0));
}

#[tokio::test]
async fn the_figures_of_a_month_are_whole_even_if_every_day_has_many() {
    let house = House::new(101).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    for day in 9..31 {
        for status in 0..5 {
            let then = at(&format!("2026-06-{day:02}T15:{status:02}:00Z"));
            let message = ana.is_written_for(then, "Hello").await;
            let kept = house.message(message).await;
            let to =
                [Status::Scheduled, Status::Failed, Status::Cancelled, Status::Expired, Status::Delivered]
                    [status];
            let mut write = house.table.write();
            write.replace(&kept, &(*kept).clone().moved(to, house.clock.now()));
            write.commit().await.unwrap();
        }
    }
    house.settles().await;
    let figures = house.figures("2026-06", &[&ana]).await;
    assert_eq!(figures.values().sum::<i64>(), 110);
    house.time_passes(minutes(1)).await;
}
