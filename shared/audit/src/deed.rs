//! Writing entries: what somebody did, said in the words of the feature that did it.

use kernel::{ClinicId, Clock, Id, PersonId};
use table::{ClinicTable, WriteFault};

use crate::{Access, AccessKind, Actor, Change, Entry, Outcome, Plain, Purpose, Severity, Subject};

/// What somebody did; becomes an [`Entry`] in the transaction that does it.
///
/// ```ignore
/// let deed = actor.did("template.published").on("template", id).change("status", "draft", "published");
/// let mut write = table.write();
/// write.replace(&kept, &new).create(&deed.entry(&table));
/// write.commit().await?;
/// ```
#[derive(Debug, Clone)]
pub struct Deed {
    actor: Actor,
    action: &'static str,
    severity: Severity,
    outcome: Outcome,
    subject: Option<Subject>,
    patients: Vec<PersonId>,
    access: Option<Access>,
    changes: Vec<Change>,
}

impl Actor {
    /// They did this; `action` is `thing.done`.
    pub fn did(&self, action: &'static str) -> Deed {
        Deed {
            actor: self.clone(),
            action,
            severity: Severity::Info,
            outcome: Outcome::Allowed,
            subject: None,
            patients: Vec::new(),
            access: None,
            changes: Vec::new(),
        }
    }

    /// They tried this and were refused.
    pub fn was_denied(&self, action: &'static str) -> Deed {
        Deed { severity: Severity::Warning, outcome: Outcome::Denied, ..self.did(action) }
    }
}

impl Deed {
    /// To what it was done.
    #[must_use]
    pub fn on(mut self, kind: &'static str, id: impl Id) -> Self {
        self.subject = Some(Subject { kind: kind.to_owned(), id: id.to_string() });
        self
    }

    /// To what it was done, where a word of the program names it.
    #[must_use]
    pub fn on_word(mut self, kind: &'static str, word: &str) -> Self {
        self.subject = Some(Subject { kind: kind.to_owned(), id: word.to_owned() });
        self
    }

    /// A patient it concerns.
    #[must_use]
    pub fn patient(mut self, patient: PersonId) -> Self {
        self.patients.push(patient);
        self
    }

    /// A field with its values before and after; nothing if they are the same.
    #[must_use]
    pub fn change(self, field: &str, before: impl Into<Plain>, after: impl Into<Plain>) -> Self {
        self.change_of(field, Some(before.into()), Some(after.into()))
    }

    /// A field whose value may be absent before or after; nothing if they are the same.
    #[must_use]
    pub fn change_of(mut self, field: &str, before: Option<Plain>, after: Option<Plain>) -> Self {
        if before != after {
            self.changes.push(Change { field: field.to_owned(), before, after });
        }
        self
    }

    /// A field that changed and whose values do not belong into a log.
    #[must_use]
    pub fn touched(mut self, field: &str) -> Self {
        self.changes.push(Change { field: field.to_owned(), before: None, after: None });
        self
    }

    /// How patient data was reached.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// How much it matters, if more than daily work.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The entry, now, for the clinic of the table it will be written to.
    pub fn entry(self, table: &ClinicTable) -> Entry {
        self.entry_at(table.clinic(), table.clock())
    }

    pub(crate) fn entry_at(self, clinic: ClinicId, clock: &Clock) -> Entry {
        let mut patients = self.patients;
        patients.sort_unstable();
        patients.dedup();
        Entry {
            id: clock.id(),
            at: clock.now(),
            clinic,
            who: self.actor.who,
            request: self.actor.request,
            from: self.actor.from,
            action: self.action.to_owned(),
            severity: self.severity,
            outcome: self.outcome,
            subject: self.subject,
            patients,
            access: self.access,
            changes: self.changes,
        }
    }
}

/// Writes an entry by itself, for what changes nothing: refusals and reads.
pub async fn record(table: &ClinicTable, deed: Deed) -> Result<(), WriteFault> {
    let mut write = table.write();
    write.create(&deed.entry(table));
    write.commit().await
}

/// Notes that patient data was shown: one entry for all the patients of an answer. `what` is `thing.viewed`,
/// `fields` are the groups of fields that were shown. An answer without patients leaves no entry.
pub async fn viewed(
    table: &ClinicTable,
    actor: &Actor,
    what: &'static str,
    fields: &[&'static str],
    patients: impl IntoIterator<Item = PersonId>,
) -> Result<(), WriteFault> {
    reached(table, actor, what, AccessKind::View, fields, None, patients).await
}

/// Notes that patient data was taken out, and why.
pub async fn exported(
    table: &ClinicTable,
    actor: &Actor,
    what: &'static str,
    fields: &[&'static str],
    purpose: Purpose,
    patients: impl IntoIterator<Item = PersonId>,
) -> Result<(), WriteFault> {
    reached(table, actor, what, AccessKind::Export, fields, Some(purpose), patients).await
}

async fn reached(
    table: &ClinicTable,
    actor: &Actor,
    what: &'static str,
    kind: AccessKind,
    fields: &[&'static str],
    purpose: Option<Purpose>,
    patients: impl IntoIterator<Item = PersonId>,
) -> Result<(), WriteFault> {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut deed = actor.did(what).access(Access { kind, fields, purpose });
    deed.patients.extend(patients);
    if deed.patients.is_empty() { Ok(()) } else { record(table, deed).await }
}
