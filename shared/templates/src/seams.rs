//! What the tests of the kept part stand on.

use access::Role;
use audit::{Actor, Who};
use kernel::{CallerId, Category, ClinicId, Clock, Id, Language, Limit};
use table::{ClinicTable, Table};

use crate::{Bodies, Draft, Filter, NewTemplate, Profile, list};

async fn table() -> Table {
    embedded::table(Clock::fixed("2026-11-22T15:00:00Z".parse().unwrap(), 7)).await
}

pub(crate) async fn clinic() -> ClinicTable {
    table().await.of(ClinicId::FIRST)
}

pub(crate) async fn two_clinics() -> (ClinicTable, ClinicTable) {
    let table = table().await;
    (table.of(ClinicId::derived(&["one"])), table.of(ClinicId::derived(&["two"])))
}

pub(crate) fn staff() -> Actor {
    Actor { who: Who::Staff { id: CallerId::FIRST, role: Role::ClinicAdmin }, request: None, from: None }
}

pub(crate) fn english() -> Language {
    Language::english()
}

pub(crate) fn sms(text: &str) -> Draft {
    Draft {
        default_language: english(),
        languages: [(english(), Bodies { sms: Some(text.to_owned()), ..Bodies::default() })].into(),
        variables: None,
        profile: Profile::Segments,
        fold_accents: false,
    }
}

pub(crate) fn new(name: &str, text: &str) -> NewTemplate {
    NewTemplate {
        name: name.to_owned(),
        description: String::new(),
        category: Category::Appointment,
        tags: vec!["Visit".to_owned(), "reminder".to_owned(), "visit".to_owned()],
        draft: sms(text),
        note: None,
    }
}

pub(crate) async fn names(table: &ClinicTable) -> Vec<String> {
    let page = list(table, &Filter::default(), Limit::MOST, None).await.unwrap();
    page.items.iter().map(|template| template.name.clone()).collect()
}
