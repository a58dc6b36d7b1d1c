//! R14: the table and the queue refuse and fail, and the provider is away for ten minutes.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;
use kernel::{Job as _, Lane, RawJob, Timestamp};
use messaging::Status;
use platform::{Queue as _, Redelivery, Worked};
use testkit::{Answer, Fuse, House, Weather, minutes};

use crate::{
    cast::Cast,
    dice::Dice,
    history::History,
    world::{Played, Told, World, meaning},
};

/// Messages that fall due in the storm, the same number every second minute.
const MESSAGES: usize = 120;
/// How many minutes it lasts.
const LASTS: i64 = 40;
/// In which of them the provider cannot be reached.
const AWAY: std::ops::Range<i64> = 5..15;

/// A job that failed, when it may be seen again, and how often it was tried.
#[derive(Debug)]
struct Hidden {
    job: RawJob,
    until: Timestamp,
    tries: u32,
}

/// A queue with the patience of the real one, in front of the queues of the house.
#[derive(Default)]
struct Sqs {
    hidden: VecDeque<Hidden>,
    dead: Vec<RawJob>,
    /// How often the job was tried that was tried most often and done in the end.
    longest: u32,
}

impl Sqs {
    /// What may be worked at now: what was pushed, and what failed some time ago.
    fn takes(&mut self, house: &House, lane: Lane) -> Vec<(RawJob, u32)> {
        let now = house.clock.now();
        let mut taken = Vec::new();
        self.hidden.retain(|hidden| {
            let comes = hidden.job.lane == lane && hidden.until <= now;
            if comes {
                taken.push((hidden.job.clone(), hidden.tries));
            }
            !comes
        });
        loop {
            let pushed = house.queue.take(lane, 10);
            if pushed.is_empty() {
                return taken;
            }
            taken.extend(pushed.iter().map(|delivery| (delivery.job.clone(), 0)));
            house.queue.settle(pushed.into_iter().map(|delivery| (delivery, Ok(()))).collect());
        }
    }

    /// What became of a batch.
    fn settles(&mut self, batch: &[(RawJob, u32)], worked: Vec<Worked>, now: Timestamp) {
        for ((job, tries), worked) in batch.iter().zip(worked) {
            let (patience, tries) = (Redelivery::of(job.lane), tries + 1);
            if worked.is_ok() {
                self.longest = self.longest.max(tries);
            } else if tries >= patience.tries {
                self.dead.push(job.clone());
            } else {
                let until = now + SignedDuration::try_from(patience.hidden).unwrap();
                self.hidden.push_back(Hidden { job: job.clone(), until, tries });
            }
        }
    }
}

/// A patient whose message is due in the storm, and what the provider has yet to tell of it.
struct Waiting {
    cast: Cast,
    words: VecDeque<&'static str>,
    told: Told,
}

/// The functions in the storm.
struct Storm {
    fuse: Fuse,
    tick: reminders::Work,
    sender: sender::Work,
    inbound: inbound::Work,
    projector: projector::Work,
    webhooks: axum::Router,
    sqs: Sqs,
}

impl Storm {
    fn around(house: &House) -> Self {
        let fuse = Fuse::silent("storm");
        let platform = house.worker(&fuse);
        Self {
            tick: reminders::Work::on(&platform),
            sender: sender::Work::on(&platform),
            inbound: inbound::Work::on(&platform),
            projector: projector::Work::on(&platform),
            webhooks: webhooks::open(&platform).unwrap(),
            sqs: Sqs::default(),
            fuse,
        }
    }

    /// A minute of all functions. What fails comes again as each of their callers has it.
    async fn minute(&mut self, house: &House, waiting: &mut [Waiting]) {
        // A minute that failed is made up for by the next.
        let _ = self.tick.tick().await;
        for lane in [Lane::Outbound, Lane::Inbound] {
            for batch in self.sqs.takes(house, lane).chunks(10) {
                let raw: Vec<_> = batch.iter().map(|(job, _)| job.clone()).collect();
                let worked = if lane == Lane::Outbound {
                    Box::pin(self.sender.run(raw)).await
                } else {
                    Box::pin(self.inbound.run(raw)).await
                };
                self.sqs.settles(batch, worked, house.clock.now());
            }
        }
        // A batch of the stream that failed comes again.
        for _ in 0..8 {
            Box::pin(house.follows_with(&self.projector)).await;
        }
        // The provider calls again in the next minute what was not answered to.
        for Waiting { cast, words, told } in waiting {
            let Some(sent) = house.sent(cast.message) else { continue };
            while let Some(word) = words.front() {
                let call = House::receipt_of_twilio(&sent, word, None);
                if !Box::pin(House::through(&self.webhooks, call)).await.0.is_success() {
                    break;
                }
                told.receipts.push(meaning(word));
                words.pop_front();
            }
        }
        house.clock.advance(minutes(1));
    }
}

/// What the provider does in a minute of the storm.
fn provider(house: &House, minute: i64, dice: &mut Dice) {
    house.providers.forgets();
    if AWAY.contains(&minute) {
        house.providers.always(Answer::Unreachable);
        return;
    }
    for _ in 0..60 {
        house.providers.will(match dice.below(10) {
            0..3 => Answer::Busy,
            3 => Answer::Away,
            _ => Answer::Accept,
        });
    }
}

/// 120 messages in 40 minutes; 30 % of all calls to the table and the queue are refused for now and 10 % fail, half
/// of those after they were done. The provider cannot be reached from the fifth minute to the fifteenth, and is busy
/// or fails often enough around that. Two jobs are poison: of a type that nobody knows, and without its content.
///
///
#[tokio::test]
async fn nothing_is_lost_in_a_storm_and_only_poison_is_put_aside() {
    let mut world = Box::pin(World::new(1, None)).await;
    let mut storm = Storm::around(&world.stage.house);
    let mut dice = Dice::new(14);
    let mut waiting: Vec<Waiting> = Vec::new();
    let poison = ["nobody_knows.1", "send_requested.1"].map(|of| RawJob {
        r#type: of.to_owned(),
        lane: Lane::Outbound,
        data: serde_json::json!({ "x": 1 }),
    });
    storm.fuse.arm(None, 0x1234_5678_9abc_def1);
    storm.fuse.weathers(Weather { throttled: 30, failing: 10 });
    for minute in 0..LASTS {
        let falls_due = if minute % 2 == 0 { MESSAGES / 20 } else { 0 };
        for _ in 0..falls_due {
            let cast = world.stage.casts(waiting.len() as u64 + 1, &History::calm()).await;
            if dice.percent(70) {
                let hint = world.stage.request(cast.message).raw();
                world.stage.house.queue.push(&[hint]).await.unwrap();
            }
            let words = VecDeque::from(["sent", "delivered"]);
            waiting.push(Waiting { cast, words, told: Told::default() });
        }
        let house = &world.stage.house;
        if minute == 1 {
            house.queue.push(&poison).await.unwrap();
        }
        provider(house, minute, &mut dice);
        Box::pin(storm.minute(house, &mut waiting)).await;
    }
    // The storm is over: what failed last comes again, and is done.
    storm.fuse.weathers(Weather::default());
    let house = &world.stage.house;
    house.providers.forgets();
    for _ in 0..12 {
        Box::pin(storm.minute(house, &mut waiting)).await;
    }
    let is_poison = |job: &RawJob| poison.contains(job);
    assert!(storm.sqs.hidden.iter().all(|hidden| is_poison(&hidden.job)), "{:?}", storm.sqs.hidden);
    eprintln!("the job that was tried most often was done at the try number {}", storm.sqs.longest);
    assert!(storm.sqs.longest > 5, "it was a storm");
    // The rest of the five hours that a lane has patience.
    let outbound = Redelivery::of(Lane::Outbound);
    for _ in 0..=outbound.tries {
        house.clock.advance(SignedDuration::try_from(outbound.hidden).unwrap());
        let jobs = storm.sqs.takes(house, Lane::Outbound);
        let raw = jobs.iter().map(|(job, _)| job.clone()).collect();
        let worked = Box::pin(storm.sender.run(raw)).await;
        storm.sqs.settles(&jobs, worked, house.clock.now());
    }
    assert!(storm.sqs.hidden.is_empty(), "{:?}", storm.sqs.hidden);
    assert_eq!(storm.sqs.dead.len(), 2, "{:?}", storm.sqs.dead);
    assert!(storm.sqs.dead.iter().all(is_poison), "only poison is put aside: {:?}", storm.sqs.dead);
    for Waiting { cast, told, .. } in waiting {
        // The provider was not fair: what it may have taken stays unknown.
        let mut history = History::calm();
        history.answers = vec![Answer::Away];
        world.played.push(Played { seed: 1, history, cast, told });
    }
    Box::pin(world.comes_to_rest()).await;
    assert!(world.broken.is_empty(), "{:#?}", &world.broken[..world.broken.len().min(5)]);
    let mut ends = BTreeMap::<Status, usize>::new();
    for sent in world.stage.house.outbox() {
        *ends.entry(world.stage.house.status(sent.message).await).or_default() += 1;
    }
    eprintln!("after the storm: {ends:?}");
    assert!(ends.get(&Status::Delivered).is_some_and(|many| *many > MESSAGES * 3 / 4), "{ends:?}");
}
