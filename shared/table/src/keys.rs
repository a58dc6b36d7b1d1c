//! The whole map of the table. One entry per kind of item, one per list.
//!
//! A key has a partition and an order within it, each beginning with a fixed word. Within a clinic every
//! partition begins with the clinic's id; the few shared kinds begin with `all`. Lists are the two sparse
//! indexes `listed` (of the clinic) and `held` (of an owner); both hold keys only, the items are read after.

use std::borrow::Borrow;

use kernel::{
    AppointmentId, ClinicId, EventId, ImportId, LocationId, MessageId, PersonId, PractitionerId, PurchaseId,
    RuleId, TaskId, TemplateId, Timestamp,
};

use crate::{Digest, Part, Span, list::Index};

/// Where an item is found directly.
pub trait Key: Send + Sync {
    /// What kind of item stands there; unique in the map.
    const KIND: &'static str;
    /// Whether it belongs to no clinic.
    const SHARED: bool;
    /// Partition and order, without the clinic.
    fn parts(&self) -> (String, String);

    /// Partition and order as they stand in the table.
    fn full(&self, prefix: &str) -> (String, String) {
        let (partition, order) = self.parts();
        ([if Self::SHARED { "all" } else { prefix }, &partition].join("#"), order)
    }
}

/// A place in a list: which list, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(crate) partition: String,
    pub(crate) order: String,
}

impl Place {
    pub(crate) fn full(&self, prefix: &str) -> (String, String) {
        ([prefix, &self.partition].join("#"), self.order.clone())
    }
}

/// A line of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The kind of item, or the name of the list.
    pub name: &'static str,
    /// `table`, `shared`, `listed` or `held`.
    pub whence: &'static str,
    /// Partition and order, as a pattern.
    pub pattern: &'static str,
    /// What it is.
    pub says: &'static str,
}

fn joined(word: &str, parts: &[&dyn Part]) -> String {
    let mut out = word.to_owned();
    for part in parts {
        out.push('#');
        part.write(&mut out);
    }
    out
}

macro_rules! keys {
    ($map:ident $scope:literal; $(#[doc = $doc:literal] $key:ident $kind:literal
        [$pword:literal $(, $pname:ident : $pty:ty)*] / [$sword:literal $(, $sname:ident : $sty:ty)*];)*) => {
        $(
            #[doc = $doc]
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $key {
                $(#[doc = concat!("Of the partition: ", stringify!($pname), ".")] pub $pname: $pty,)*
                $(#[doc = concat!("Of the order: ", stringify!($sname), ".")] pub $sname: $sty,)*
            }

            impl $key {
                /// All items of this kind in one partition, in order.
                pub fn within($($pname: impl Borrow<$pty>),*) -> Span {
                    Span::new(Index::Table, <Self as Key>::SHARED, joined($pword, &[$(Borrow::<$pty>::borrow(&$pname)),*]), concat!($sword, "#"))
                }
            }

            impl Key for $key {
                const KIND: &'static str = $kind;
                const SHARED: bool = matches!($scope.as_bytes(), b"shared");
                fn parts(&self) -> (String, String) {
                    (joined($pword, &[$(&self.$pname),*]), joined($sword, &[$(&self.$sname),*]) + "#")
                }
            }
        )*
        const $map: &[Entry] = &[$(Entry {
            name: $kind,
            whence: $scope,
            pattern: concat!($pword $(, "#{", stringify!($pname), "}")*, " / ", $sword $(, "#{", stringify!($sname), "}")*),
            says: $doc,
        },)*];
    };
}

macro_rules! lists {
    ($(#[doc = $doc:literal] $list:ident in $index:ident
        [$pword:literal $(, $pname:ident : $pty:ty)*] / [$($sname:ident : $sty:ty),+];)*) => {
        $(
            #[doc = $doc]
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $list {
                $(#[doc = concat!("Whose: ", stringify!($pname), ".")] pub $pname: $pty,)*
                $(#[doc = concat!("In the order of ", stringify!($sname), ".")] pub $sname: $sty,)+
            }

            impl $list {
                /// The whole list, in order.
                pub fn all($($pname: impl Borrow<$pty>),*) -> Span {
                    Span::new(Index::$index, false, joined($pword, &[$(Borrow::<$pty>::borrow(&$pname)),*]), "")
                }
            }

            impl From<$list> for Place {
                fn from(at: $list) -> Self {
                    let order = joined("", &[$(&at.$sname),+])[1..].to_owned() + "#";
                    Place { partition: joined($pword, &[$(&at.$pname),*]), order }
                }
            }
        )*
        const LISTS: &[Entry] = &[$(Entry {
            name: stringify!($list),
            whence: Index::$index.name(),
            pattern: concat!($pword $(, "#{", stringify!($pname), "}")*, " / " $(, "{", stringify!($sname), "}#")+),
            says: $doc,
        },)*];
    };
}

keys! { SHARED "shared";
    /// Work that is due in a minute; the outbox.
    DueKey "due" ["due", minute: Timestamp, shard: u8] / ["due", id: String];
    /// How far the minute tick has swept.
    SweptKey "swept" ["swept"] / ["swept"];
    /// A number or mailbox of ours, and the clinic that answers on it.
    OurAddressKey "our_address" ["our_address", address: Digest] / ["our_address"];
    /// A clinic in the register of clinics.
    RegisterKey "registered_clinic" ["register"] / ["clinic", clinic: ClinicId];
    /// An event from a provider that leads to nothing we know yet.
    StrayEventKey "stray_event" ["stray", provider: String, provider_id: String] / ["stray", event: Digest];
}

keys! { ITEMS "table";
    /// A number that only goes up or down by steps, such as messages of a day.
    CounterKey "counter" ["counter", of: String] / ["counter", name: String];
    // audit and access
    /// What a clinic grants to a role beyond the standard, or keeps from it.
    RoleGrantKey "role_grant" ["grants"] / ["role", role: String];
    /// Who did what: an entry of the audit log.
    AuditEntryKey "audit_entry" ["audit"] / ["entry", entry: EventId];
    /// An entry of the audit log, found from a patient it concerns.
    AuditSeenKey "audit_seen" ["audit_of", person: PersonId] / ["entry", entry: EventId];
    /// A seal over a stretch of the audit log.
    AuditSealKey "audit_seal" ["audit_chain"] / ["seal", number: u64];
    /// How far the audit log is sealed.
    AuditHeadKey "audit_head" ["audit_chain"] / ["head"];
    /// A create that is under way or done, by its idempotency key.
    CreateKey "create" ["create", key: Digest] / ["create"];
    // people
    /// A clinic and its settings.
    ClinicKey "clinic" ["clinic"] / ["clinic"];
    /// A person, with contact points and guardians.
    PersonKey "person" ["person", person: PersonId] / ["person"];
    /// A person at an address; numbers and mailboxes are shared in families.
    PersonAddressKey "person_address" ["person_address", address: Digest] / ["person", person: PersonId];
    /// A person whom a guardian answers for.
    DependantKey "dependant" ["dependants", guardian: PersonId] / ["dependant", person: PersonId];
    /// A member of staff whom patients see.
    PractitionerKey "practitioner" ["practitioners"] / ["practitioner", practitioner: PractitionerId];
    /// A place where visits happen.
    LocationKey "location" ["locations"] / ["location", location: LocationId];
    /// A visit, planned or past.
    AppointmentKey "appointment" ["appointment", appointment: AppointmentId] / ["appointment"];
    /// That an event from another system was taken.
    TakenEventKey "taken_event" ["taken_event", event: EventId] / ["taken_event"];
    /// An event that cannot be used yet, with others about the same subject in order of their time.
    ParkedEventKey "parked_event" ["parked_events", subject: String] / ["parked", at: Timestamp, event: EventId];
    /// A run of an import.
    ImportKey "import" ["import", import: ImportId] / ["import"];
    /// What was found in a row of an imported file.
    ImportFindingKey "import_finding" ["import", import: ImportId] / ["finding", row: u64];
    // consent
    /// Consent and suppressions of an address as they are now.
    StandingKey "standing" ["consent", address: Digest] / ["standing"];
    /// Something that was agreed to, ended or released at an address; never changed.
    ConsentEventKey "consent_event" ["consent", address: Digest] / ["event", at: Timestamp, event: EventId];
    /// How a person wants to be written to.
    PreferenceKey "preference" ["preference", person: PersonId] / ["preference"];
    /// How a person wanted to be written to from a moment on; never changed.
    PreferenceChangeKey "preference_change" ["preference", person: PersonId] / ["change", at: Timestamp, event: EventId];
    /// A clinic's own rules of consent and its default preferences.
    ConsentSettingsKey "consent_settings" ["consent_settings"] / ["consent_settings"];
    /// A link that ends messages to an address.
    UnsubscribeKey "unsubscribe" ["unsubscribe", token: Digest] / ["unsubscribe"];
    // templates
    /// A template through all its versions.
    TemplateKey "template" ["template", template: TemplateId] / ["template"];
    /// A version of a template; never changed.
    TemplateVersionKey "template_version" ["template", template: TemplateId] / ["version", number: u32];
    /// That the name of a template is taken.
    TemplateNameKey "template_name" ["template_name", name: Digest] / ["template_name"];
    /// How much each channel of a clinic may give away.
    ChannelCeilingsKey "channel_ceilings" ["channel_ceilings"] / ["channel_ceilings"];
    // messaging
    /// Through which accounts at providers a clinic sends.
    AccountsKey "accounts" ["accounts"] / ["accounts"];
    /// A message in either direction, with its attempts.
    MessageKey "message" ["message", message: MessageId] / ["message"];
    /// That something was collected, and into which message.
    CollectedKey "collected" ["collected", piece: MessageId] / ["collected"];
    /// In which figure a message is counted.
    CountedKey "counted" ["counted", message: MessageId] / ["counted"];
    /// The head of the one conversation with a person.
    ConversationKey "conversation" ["conversation", person: PersonId] / ["conversation"];
    /// Something that did not reach anybody, for the desk.
    NotSentKey "not_sent" ["not_sent", message: MessageId] / ["not_sent"];
    /// What came in from outside, kept whole.
    InboundKey "inbound" ["inbound", provider: String, provider_id: String] / ["inbound"];
    /// Work for a member of staff.
    TaskKey "task" ["task", task: TaskId] / ["task"];
    /// That something was done once: a reply on this day, a change seen.
    OnceKey "once" ["once", of: String] / ["once", what: String];
    // automations
    /// A rule that reminds of visits.
    RuleKey "rule" ["rules"] / ["rule", rule: RuleId];
    /// A rule that was put away, with who did it.
    ArchivedRuleKey "archived_rule" ["archived_rules"] / ["rule", rule: RuleId];
    /// How far a change of the rules has been carried into the plans.
    RulesPassKey "rules_pass" ["rules"] / ["pass"];
    /// What is planned for a visit, step by step.
    PlanKey "plan" ["plan", appointment: AppointmentId] / ["plan"];
    // wallet
    /// A page of a clinic's ledger in one unit; never changed.
    LedgerPageKey "ledger_page" ["ledger", unit: String] / ["page", number: u64];
    /// What a day of a ledger amounts to, once it is over.
    LedgerDayKey "ledger_day" ["ledger", unit: String] / ["day", day: String];
    /// That something was booked, which is booked once.
    BookedOnceKey "booked_once" ["booked", what: String] / ["booked"];
    /// How a clinic is billed, and what it is told of its balance.
    WalletSettingsKey "wallet_settings" ["wallet"] / ["settings"];
    /// The application to send messages from a location.
    ActivationKey "activation" ["activations"] / ["activation", location: LocationId];
    /// A purchase of credits or of money to send with.
    PurchaseKey "purchase" ["purchase", purchase: PurchaseId] / ["purchase"];
}

lists! {
    // people
    /// Persons, by family name and given name in lower case.
    PersonsByName in Listed ["persons"] / [name: String, person: PersonId];
    /// The members of a household.
    PersonsOfHousehold in Held ["household", household: String] / [person: PersonId];
    /// Appointments, by their start.
    AppointmentsByStart in Listed ["appointments"] / [start: Timestamp, appointment: AppointmentId];
    /// A person's appointments, by their start.
    AppointmentsOfPerson in Held ["appointments_of", person: PersonId] / [start: Timestamp, appointment: AppointmentId];
    /// Events that cannot be used yet, by when they came.
    ParkedEvents in Listed ["parked_events"] / [at: Timestamp, event: EventId];
    /// Runs of imports, by when they were asked for.
    ImportsByTime in Listed ["imports"] / [at: Timestamp, import: ImportId];
    // consent
    /// Suppressed addresses, by when that began.
    SuppressedSince in Listed ["suppressed"] / [at: Timestamp, address: Digest];
    /// Consent events about a person, in order of time.
    ConsentOfPerson in Held ["consent_of", person: PersonId] / [at: Timestamp, event: EventId];
    // templates
    /// Templates in use, by name in lower case.
    TemplatesByName in Listed ["templates"] / [name: String, template: TemplateId];
    /// Templates that were put away, by name in lower case.
    ArchivedTemplates in Listed ["archived_templates"] / [name: String, template: TemplateId];
    // messaging
    /// Messages with a person, in order of creation.
    MessagesOfPerson in Held ["messages_of", person: PersonId] / [message: MessageId];
    /// Messages of a kind that went out or wait to, by when they were due.
    MessagesByTime in Listed ["messages_out", category: String] / [at: Timestamp, message: MessageId];
    /// Conversations, by their last message.
    Conversations in Listed ["conversations"] / [at: Timestamp, person: PersonId];
    /// What did not reach anybody, by when it was noticed.
    NotSentByTime in Listed ["not_sent"] / [at: Timestamp, message: MessageId];
    /// What came in and leads to nobody, by time.
    UnmatchedInbound in Listed ["unmatched"] / [at: Timestamp, provider_id: String];
    /// Open work for staff, by when it came up.
    OpenTasks in Listed ["open_tasks"] / [at: Timestamp, task: TaskId];
    // automations
    // wallet
    /// Purchases, by when they were begun.
    PurchasesByTime in Listed ["purchases"] / [at: Timestamp, purchase: PurchaseId];
}

/// The map of the table, one line per kind and list, for people and for a test that snapshots it.
pub fn map() -> impl Iterator<Item = &'static Entry> {
    SHARED.iter().chain(ITEMS).chain(LISTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_unique() {
        let mut names: Vec<_> = map().map(|entry| entry.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len());
    }

    #[test]
    fn no_two_patterns_meet() {
        let mut patterns: Vec<_> = map().map(|entry| (entry.whence, entry.pattern)).collect();
        patterns.sort_unstable();
        let all = patterns.len();
        patterns.dedup();
        assert_eq!(all, patterns.len());
    }
}
