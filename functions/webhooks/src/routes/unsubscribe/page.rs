//! The page behind a link that ends messages.

use consent::{
    ConsentFault,
    unsubscribe::{self, Token},
};
use kernel::Category;
use people::{Clinic, Person};
use platform::Platform;
use table::{ClinicTable, keys::PersonKey};

use crate::page::{Page, Reader, Words};

/// A link that works, with whose messages it ends.
pub(super) struct Shown {
    words: &'static Words,
    clinic: String,
    category: Category,
}

impl Shown {
    /// What a link leads to; nothing if it is unknown or too old.
    pub(super) async fn of(
        table: &ClinicTable,
        reader: Reader,
        token: &Token,
    ) -> Result<Option<Self>, ConsentFault> {
        let Some(link) = unsubscribe::look(table, token).await? else { return Ok(None) };
        let key = PersonKey { person: link.person };
        let (person, clinic) = tokio::try_join!(table.get::<Person>(&key), Clinic::read(table))?;
        let language = person.as_ref().and_then(|person| person.language.as_ref());
        let words = reader.words(language, clinic.as_ref().map(|clinic| &clinic.language));
        let clinic = clinic.map(|clinic| clinic.brand.clone()).unwrap_or_default();
        Ok(Some(Self { words, clinic, category: link.category }))
    }

    fn page(&self, heading: &str) -> Page {
        Page::new(self.words, heading).of(&self.clinic)
    }

    /// The page that asks.
    pub(super) fn asking(&self) -> Page {
        let words = &self.words.unsubscribe;
        let this = format!("{} {}", words.this, words.kind(self.category));
        let page = self.page(&words.title).says(&format!("{} {}", words.from, self.clinic));
        page.asks(&words.question, "scope", &[("this", this), ("all", words.all.clone())])
    }

    /// The page after it was done.
    pub(super) fn done(&self, everything: bool) -> Page {
        let words = &self.words.unsubscribe;
        if everything {
            self.page(&words.title).says(&words.after_all)
        } else {
            let kind = words.kind(self.category);
            self.page(&words.title).says(&format!("{} {kind}.", words.after_this))
        }
    }
}

/// The part of the table that a link names, and its token; nothing if the text cannot be a link.
pub(super) fn read(platform: &Platform, text: &str) -> Option<(ClinicTable, Token)> {
    let token = Token::read(text)?;
    Some((platform.table.of(token.clinic()?), token))
}

/// The page for a link that is unknown.
pub(super) fn unknown(reader: Reader) -> Page {
    let words = reader.words(None, None);
    Page::unknown(words, &words.unsubscribe.unknown).says(&words.call_clinic)
}
