//! The visit on a page: when, where to call, what one can answer. Nothing of what it is for.

use automations::{confirm::Answer, links::Looked};
use kernel::Language;
use people::{Clinic, Person, appointments};
use platform::Platform;
use table::{TableFault, keys::PersonKey};

use crate::page::{Page, Reader, Words};

/// What a page about a visit is made of.
pub(super) struct Shown {
    pub(super) words: &'static Words,
    looked: Looked,
    first_name: Option<String>,
}

/// How an answer is written in a form.
pub(super) fn field(answer: Answer) -> &'static str {
    match answer {
        Answer::Confirm => "confirm",
        Answer::Reschedule => "reschedule",
        Answer::Decline => "decline",
    }
}

impl Shown {
    /// Adds who comes, and in which language they read.
    pub(super) async fn of(platform: &Platform, reader: Reader, looked: Looked) -> Result<Self, TableFault> {
        let table = platform.table.of(looked.link.clinic);
        let key = PersonKey { person: looked.visit.person };
        let (person, clinic) = tokio::try_join!(table.get::<Person>(&key), Clinic::read(&table))?;
        let language = person.as_ref().and_then(|person| person.language.as_ref());
        let words = reader.words(language, clinic.as_ref().map(|clinic| &clinic.language));
        let first_name = person.map(|person| person.names.calling().to_owned());
        Ok(Self { words, looked, first_name: first_name.filter(|name| !name.trim().is_empty()) })
    }

    /// The visit under a heading.
    fn page(&self, heading: &str) -> Page {
        let (words, visit) = (&self.words.visit, &self.looked.visit);
        let mut page = Page::new(self.words, heading).of(&self.looked.clinic);
        if let Some(name) = &self.first_name {
            page = page.says(&format!("{} {name}", words.r#for));
        }
        let language = self.words.language.parse().unwrap_or_else(|_| Language::english());
        let when = templates::long_date_time(visit.zone.wall(visit.starts_at), &language);
        page.stresses(&when).says(&words.clock)
    }

    /// The page that asks; what has been said already is told and not asked again.
    pub(super) fn asking(&self, heading: &str) -> Page {
        let words = &self.words.visit;
        let page = self.page(heading);
        let (page, known) = match self.looked.said {
            appointments::Answer::Confirmed => (page.says(&words.is_confirmed), Some(Answer::Confirm)),
            appointments::Answer::Declined => (page.says(&words.is_declined), Some(Answer::Decline)),
            appointments::Answer::Unconfirmed | appointments::Answer::Pending => (page, None),
        };
        let order = [Answer::Confirm, Answer::Reschedule, Answer::Decline];
        let answers: Vec<_> = order
            .into_iter()
            .filter(|answer| Some(*answer) != known && self.looked.offers.contains(answer))
            .map(|answer| (field(answer), self.text(answer).to_owned()))
            .collect();
        self.with_phone(page.asks(&words.question, "answer", &answers))
    }

    fn text(&self, answer: Answer) -> &'static str {
        let words = &self.words.visit;
        match answer {
            Answer::Confirm => &words.confirm,
            Answer::Reschedule => &words.reschedule,
            Answer::Decline => &words.decline,
        }
    }

    /// The page after an answer.
    pub(super) fn answered(&self, answer: Answer) -> Page {
        let words = &self.words.visit;
        self.with_phone(self.page(match answer {
            Answer::Confirm => &words.after_confirm,
            Answer::Reschedule => &words.after_reschedule,
            Answer::Decline => &words.after_decline,
        }))
    }

    /// Whether the link lets one give an answer.
    pub(super) fn offers(&self, answer: Answer) -> bool {
        self.looked.offers.contains(&answer)
    }

    fn with_phone(&self, page: Page) -> Page {
        match &self.looked.phone {
            Some(phone) => page.calls(&self.words.phone, phone),
            None => page,
        }
    }
}
