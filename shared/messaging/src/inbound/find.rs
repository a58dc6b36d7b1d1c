//! Who a text is from, and which questions of ours it may answer.

use consent::{
    Address,
    reply::{Answers, Prompt, Reading},
};
use kernel::{Category, Language, Limit, MessageId, PersonId, Timestamp};
use people::{Appointment, Person};
use table::{
    ClinicTable, TableFault,
    keys::{AppointmentKey, MessagesOfPerson},
};

use crate::{Asks, Direction, Message, Status};

/// How many messages of a person are looked at for open questions.
const LOOKED_AT: i64 = 40;
/// How many persons on one number are looked at; families are smaller.
const MOST_PERSONS: usize = 20;

/// Who may have written, and what we asked them.
pub(super) struct Sender {
    persons: Vec<Person>,
    /// What was sent to the address, newest first.
    sent: Vec<Message>,
    /// The questions that were sent to the address.
    pub(super) prompts: Vec<Prompt>,
}

impl Sender {
    /// Looks for everybody who has the address, and for what was sent to it about them or about those they
    /// answer for.
    pub(super) async fn find(
        table: &ClinicTable,
        address: &Address,
        at: Timestamp,
    ) -> Result<Self, TableFault> {
        let folded = match address {
            Address::Phone(phone) => phone.as_str().to_owned(),
            Address::Email(email) => email.folded(),
            Address::Device(token) => token.reveal().clone(),
        };
        let persons: Vec<Person> =
            people::persons_at(table, &folded).await?.into_iter().map(table::Kept::into_value).collect();
        let mut about: Vec<PersonId> = persons.iter().map(|person| person.id).collect();
        for holder in &persons {
            about.extend(people::dependants_of(table, holder.id).await?.iter().map(|person| person.id));
        }
        about.sort_unstable();
        about.dedup();
        about.truncate(MOST_PERSONS);
        let mut sent = Vec::new();
        let limit = Limit::new(LOOKED_AT).unwrap_or_default();
        for person in about {
            // Ids are in the order of the planned times. What lies ahead was asked about only if staff has sent
            // it before its time.
            let now = <MessageId as kernel::Id>::derived_at(at, &[]);
            let all = || MessagesOfPerson::all(person);
            for span in [all().to(&now).backwards(), all().from(&now)] {
                let page = table.list::<Message>(&span, limit, None).await?;
                sent.extend(page.items.into_iter().map(table::Kept::into_value).filter(|message| {
                    message.direction == Direction::Out && went_to(message, address) && was_sent(message)
                }));
            }
        }
        sent.sort_by_key(|message| std::cmp::Reverse(sent_at(message)));
        let prompts = prompts(table, &sent).await?;
        Ok(Self { persons, sent, prompts })
    }

    /// The language of whoever holds the number.
    pub(super) fn language(&self) -> Option<&Language> {
        self.persons.iter().find_map(|person| person.language.as_ref())
    }

    /// Whose thread it belongs to: of the one whose message it answers, else of the one we wrote to last on
    /// this number, else of the first who has it.
    pub(super) fn person(&self, reading: &Reading) -> Option<PersonId> {
        self.answered(reading)
            .or_else(|| self.sent.first())
            .map(|message| message.person)
            .or_else(|| self.persons.first().map(|person| person.id))
    }

    /// Whoever holds the number, for what is done in their name.
    pub(super) fn holder(&self) -> Option<&Person> {
        self.persons.first()
    }

    /// The message it answers.
    pub(super) fn answered(&self, reading: &Reading) -> Option<&Message> {
        self.sent.iter().find(|message| Some(message.id) == reading.prompt)
    }

    /// What the message it answers, or the last one, was about.
    pub(super) fn category(&self, reading: &Reading) -> Option<Category> {
        self.answered(reading).or_else(|| self.sent.first()).map(|message| message.category)
    }
}

fn went_to(message: &Message, address: &Address) -> bool {
    match (&message.address, address) {
        (Some(providers::Address::Phone(to)), Address::Phone(from)) => to == from,
        (Some(providers::Address::Email(to)), Address::Email(from)) => to.folded() == from.folded(),
        _ => false,
    }
}

/// Whether it may have arrived: an answer proves that it did, even if nobody knew.
fn was_sent(message: &Message) -> bool {
    matches!(
        message.status,
        Status::Sending | Status::Unknown | Status::Sent | Status::Delivered | Status::Read
    )
}

fn sent_at(message: &Message) -> Timestamp {
    message.attempts.last().map_or(message.created_at, |attempt| attempt.at)
}

async fn prompts(table: &ClinicTable, sent: &[Message]) -> Result<Vec<Prompt>, TableFault> {
    let asking: Vec<_> = sent
        .iter()
        .filter(|message| message.asks == Some(Asks::Confirmation))
        .filter_map(|message| Some((message, message.about.as_ref()?)))
        .collect();
    let keys: Vec<_> =
        asking.iter().map(|(_, about)| AppointmentKey { appointment: about.appointment }).collect();
    let visits = table.get_many::<Appointment>(&keys).await?;
    let mut prompts: Vec<Prompt> = Vec::new();
    for ((message, about), visit) in asking.into_iter().zip(visits) {
        let Some(visit) = visit else { continue };
        // A visit that was moved since is another visit: the answer was given about the old time.
        let until = if visit.is_open() && visit.generation == about.generation {
            visit.starts_at
        } else {
            sent_at(message)
        };
        // A second reminder of the same visit takes the first one's place.
        if prompts.iter().any(|prompt| prompt.visits == [about.appointment]) {
            continue;
        }
        prompts.push(Prompt {
            message: message.id,
            sent_at: sent_at(message),
            until,
            answers: Answers::Words,
            visits: vec![about.appointment],
        });
    }
    Ok(prompts)
}
