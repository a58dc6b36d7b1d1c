//! The chain of hashes, without a database.

use kernel::{ClinicId, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use table::{
    Entity,
    keys::{AuditHeadKey, AuditSealKey},
};

use crate::Entry;

/// Closes a stretch of the log: every entry after the seal before, up to and with `through`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Counted from 1.
    pub number: u64,
    /// The last entry it covers.
    pub through: EventId,
    /// How many it covers.
    pub entries: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The hash of the seal before; of the first, one of the clinic's id.
    pub previous: String,
    /// SHA-256, in hex, over all of the above and the entries in order.
    pub hash: String,
}

impl Entity for Seal {
    type Key = AuditSealKey;
    fn key(&self) -> AuditSealKey {
        AuditSealKey { number: self.number }
    }
}

/// The newest seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// The last entry that is sealed.
    pub through: EventId,
    /// Its hash.
    pub hash: String,
    /// How many entries all seals cover together.
    pub entries: u64,
}

impl Entity for Head {
    type Key = AuditHeadKey;
    fn key(&self) -> AuditHeadKey {
        AuditHeadKey {}
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A seal is missing, or stands where it should not.
    #[error("seal {0} is missing")]
    SealMissing(u64),
    /// The seal, or an entry it covers, was edited, taken out, slipped in or moved.
    #[error("seal {0} or what it covers was changed")]
    Changed(u64),
    /// The newest seal is not the one it should be: the end of the log was cut off or replaced.
    #[error("the log does not end at seal {0}")]
    End(u64),
}

/// How far a chain has been followed: the last seal and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    clinic: ClinicId,
    /// The number of the last seal; 0 before the first.
    pub number: u64,
    /// The last entry that is sealed.
    pub through: EventId,
    /// The hash of the last seal.
    pub hash: String,
    /// How many entries are sealed.
    pub entries: u64,
}

fn hash(seal: &Seal, clinic: ClinicId, entries: &[&Entry]) -> String {
    let mut sha = Sha256::new();
    let mut part = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_be_bytes());
        sha.update(bytes);
    };
    part(b"audit seal 1");
    part(clinic.to_string().as_bytes());
    part(&seal.number.to_be_bytes());
    part(seal.through.to_string().as_bytes());
    part(&seal.entries.to_be_bytes());
    part(seal.at.to_string().as_bytes());
    part(seal.previous.as_bytes());
    for entry in entries {
        // An entry is a struct of ids, words and numbers: there is nothing in it JSON cannot hold.
        part(&serde_json::to_vec(entry).unwrap_or_default());
    }
    hex::encode(sha.finalize())
}

impl Link {
    /// Before the first seal of a clinic.
    pub fn first(clinic: ClinicId) -> Self {
        let hash = hex::encode(Sha256::digest(clinic.to_string().as_bytes()));
        Self { clinic, number: 0, through: EventId::FIRST, hash, entries: 0 }
    }

    /// At the newest seal of a clinic.
    pub fn at(clinic: ClinicId, head: &Head) -> Self {
        Self {
            clinic,
            number: head.number,
            through: head.through,
            hash: head.hash.clone(),
            entries: head.entries,
        }
    }

    /// The head that says how far this is.
    pub fn head(&self) -> Head {
        Head { number: self.number, through: self.through, hash: self.hash.clone(), entries: self.entries }
    }

    /// Seals the entries that come next, which are in order; nothing if there are none.
    pub fn seal(&self, at: Timestamp, entries: &[&Entry]) -> Option<(Seal, Self)> {
        let through = entries.last()?.id;
        let mut seal = Seal {
            number: self.number + 1,
            through,
            entries: entries.len() as u64,
            at,
            previous: self.hash.clone(),
            hash: String::new(),
        };
        seal.hash = hash(&seal, self.clinic, entries);
        let next = self.after(&seal);
        Some((seal, next))
    }

    /// Follows the chain over a seal and all entries that stand between the seal before and its end.
    pub fn follow(&self, seal: &Seal, entries: &[&Entry]) -> Result<Self, Damage> {
        if seal.number != self.number + 1 {
            return Err(Damage::SealMissing(self.number + 1));
        }
        let fits = seal.previous == self.hash
            && seal.entries == entries.len() as u64
            && entries.last().is_some_and(|last| last.id == seal.through)
            && seal.hash == hash(seal, self.clinic, entries);
        if fits { Ok(self.after(seal)) } else { Err(Damage::Changed(seal.number)) }
    }

    fn after(&self, seal: &Seal) -> Self {
        Self {
            clinic: self.clinic,
            number: seal.number,
            through: seal.through,
            hash: seal.hash.clone(),
            entries: self.entries + seal.entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Actor;
    use kernel::Clock;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    struct Log {
        clinic: ClinicId,
        entries: Vec<Entry>,
        seals: Vec<Seal>,
        head: Option<Head>,
    }

    fn log(clinic: ClinicId, seed: u64, sizes: &[usize]) -> Log {
        let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), seed);
        let mut link = Link::first(clinic);
        let mut log = Log { clinic, entries: Vec::new(), seals: Vec::new(), head: None };
        for size in sizes {
            let from = log.entries.len();
            for n in 0..*size {
                clock.advance(jiff::SignedDuration::from_millis(3));
                let deed =
                    Actor::system("test").did("thing.done").change("n", 0i64, i64::try_from(n).unwrap() + 1);
                log.entries.push(deed.entry_at(clinic, &clock));
            }
            let fresh: Vec<_> = log.entries[from..].iter().collect();
            let (seal, next) = link.seal(clock.now(), &fresh).unwrap();
            log.seals.push(seal);
            link = next;
        }
        log.head = Some(link.head());
        log
    }

    fn check(log: &Log) -> Result<Link, Damage> {
        let mut link = Link::first(log.clinic);
        let mut entries: Vec<_> = log.entries.iter().collect();
        entries.sort_by_key(|entry| entry.id);
        for seal in &log.seals {
            let covered: Vec<_> = entries
                .iter()
                .filter(|entry| entry.id > link.through && entry.id <= seal.through)
                .copied()
                .collect();
            link = link.follow(seal, &covered)?;
        }
        match &log.head {
            Some(head) if *head == link.head() => Ok(link),
            Some(head) => Err(Damage::End(head.number)),
            None => Err(Damage::End(0)),
        }
    }

    /// What somebody with access to the table might do to it.
    #[derive(Debug, Clone)]
    enum Attack {
        EditEntry(prop::sample::Index, u8),
        DropEntry(prop::sample::Index),
        SwapEntries(prop::sample::Index, prop::sample::Index),
        CopyEntry(prop::sample::Index),
        Splice(prop::sample::Index, u64),
        EditSeal(prop::sample::Index, u8),
        DropSeal(prop::sample::Index),
        SwapSeals(prop::sample::Index, prop::sample::Index),
        Truncate(prop::sample::Index),
        MoveHead,
        DropHead,
    }

    fn attack() -> impl Strategy<Value = Attack> {
        let at = any::<prop::sample::Index>;
        prop_oneof![
            (at(), 0u8..8).prop_map(|(n, how)| Attack::EditEntry(n, how)),
            at().prop_map(Attack::DropEntry),
            (at(), at()).prop_map(|(a, b)| Attack::SwapEntries(a, b)),
            at().prop_map(Attack::CopyEntry),
            (at(), any::<u64>()).prop_map(|(n, seed)| Attack::Splice(n, seed)),
            (at(), 0u8..5).prop_map(|(n, how)| Attack::EditSeal(n, how)),
            at().prop_map(Attack::DropSeal),
            (at(), at()).prop_map(|(a, b)| Attack::SwapSeals(a, b)),
            at().prop_map(Attack::Truncate),
            Just(Attack::MoveHead),
            Just(Attack::DropHead),
        ]
    }

    fn edit(entry: &mut Entry, how: u8) {
        match how {
            0 => entry.action.push('x'),
            1 => entry.at = entry.at.checked_add(jiff::SignedDuration::from_millis(1)).unwrap(),
            2 => entry.clinic = ClinicId::LAST,
            3 => entry.who = Actor::outside("somebody").who,
            4 => entry.outcome = crate::Outcome::Denied,
            5 => entry.changes.clear(),
            6 => entry.patients.push(kernel::PersonId::LAST),
            _ => entry.severity = crate::Severity::Critical,
        }
    }

    fn harm(log: &mut Log, attack: &Attack) {
        match attack {
            Attack::EditEntry(n, how) => edit(n.get_mut(&mut log.entries), *how),
            Attack::DropEntry(n) => {
                log.entries.remove(n.index(log.entries.len()));
            }
            Attack::SwapEntries(a, b) => {
                // Two entries change places: each takes the id, and with it the place, of the other.
                let (a, b) = (a.index(log.entries.len()), b.index(log.entries.len()));
                let (first, second) = (log.entries[a].id, log.entries[b].id);
                log.entries[a].id = second;
                log.entries[b].id = first;
            }
            Attack::CopyEntry(n) => {
                let mut copy = n.get(&log.entries).clone();
                let clock = Clock::fixed(copy.at, 7);
                copy.id = clock.id();
                log.entries.push(copy);
            }
            Attack::Splice(n, seed) => {
                let n = n.index(log.entries.len());
                let clock = Clock::fixed(log.entries[n].at, *seed);
                log.entries[n] = Actor::system("test").did("thing.done").entry_at(log.clinic, &clock);
            }
            Attack::EditSeal(n, how) => {
                let seal = n.get_mut(&mut log.seals);
                match how {
                    0 => seal.entries += 1,
                    1 => seal.through = EventId::FIRST,
                    2 => seal.at = seal.at.checked_add(jiff::SignedDuration::from_millis(1)).unwrap(),
                    3 => seal.previous.insert(0, '0'),
                    _ => seal.hash.insert(0, '0'),
                }
            }
            Attack::DropSeal(n) => {
                log.seals.remove(n.index(log.seals.len()));
            }
            Attack::SwapSeals(a, b) => {
                let (a, b) = (a.index(log.seals.len()), b.index(log.seals.len()));
                log.seals.swap(a, b);
            }
            Attack::Truncate(n) => {
                let keep = n.index(log.seals.len());
                log.seals.truncate(keep);
                let end = log.seals.last().map_or(EventId::FIRST, |seal| seal.through);
                log.entries.retain(|entry| entry.id <= end);
            }
            Attack::MoveHead => {
                if let Some(head) = &mut log.head {
                    head.number += 1;
                }
            }
            Attack::DropHead => log.head = None,
        }
    }

    #[test]
    fn an_untouched_log_is_sound() {
        let log = log(ClinicId::FIRST, 1, &[1, 5, 3]);
        let link = check(&log).unwrap();
        assert_eq!((link.number, link.entries), (3, 9));
    }

    #[test]
    fn a_log_of_another_clinic_does_not_pass_for_ours() {
        let mut foreign = log(ClinicId::LAST, 1, &[2, 2]);
        foreign.clinic = ClinicId::FIRST;
        assert_eq!(check(&foreign), Err(Damage::Changed(1)));
    }

    /// How many logs are harmed: `HOSTILE_TIMES` multiplies them.
    fn cases() -> u32 {
        let times = std::env::var("HOSTILE_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
        10_000 * times
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(cases()))]

        ///
        #[test]
        fn every_change_to_what_is_sealed_is_found(
            seed in any::<u64>(),
            sizes in prop::collection::vec(1usize..6, 1..5),
            attacks in prop::collection::vec(attack(), 1..3),
        ) {
            let sound = log(ClinicId::FIRST, seed, &sizes);
            prop_assert!(check(&sound).is_ok());
            let mut harmed = sound.clone();
            for attack in &attacks {
                if !harmed.entries.is_empty() && !harmed.seals.is_empty() {
                    harm(&mut harmed, attack);
                }
            }
            let by_id = |log: &Log| {
                let mut entries = log.entries.clone();
                entries.sort_by_key(|entry| entry.id);
                entries
            };
            // Some attacks do nothing: a swap of one with itself, two that undo each other.
            let end = sound.head.as_ref().unwrap().through;
            let sealed = |log: &Log| by_id(log).into_iter().filter(|entry| entry.id <= end).collect::<Vec<_>>();
            let same = sealed(&harmed) == sealed(&sound) && harmed.seals == sound.seals && harmed.head == sound.head;
            prop_assert_eq!(check(&harmed).is_err(), !same);
        }
    }
}
