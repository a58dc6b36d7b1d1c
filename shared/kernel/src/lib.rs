//! Words that every other crate uses: ids, the clock, faults, masked personal data, phones, e-mails, channels,
//! zones and pages.
//!
//! Nothing here knows a database, a provider or a transport.

mod channel;
mod clock;
mod email;
mod fault;
mod ids;
mod job;
mod locale;
mod masked;
mod page;
mod phone;
mod zone;

pub use channel::{Category, Channel};
pub use clock::Clock;
pub use email::{EmailAddress, NotAnEmail};
pub use fault::{Detail, Fault, Kind};
pub use ids::{
    AppointmentId, CallerId, ClinicId, ContactId, EventId, Id, ImportId, LocationId, MessageId, NotAnId,
    PersonId, PractitionerId, PurchaseId, RequestId, RuleId, TaskId, TemplateId,
};
pub use job::{Job, Lane, RawJob};
pub use locale::{Language, NotALanguage};
pub use masked::Masked;
pub use page::{Cursor, Limit, LimitOutOfRange, Page};
pub use phone::{NotAPhone, Phone};
pub use zone::{NotAZone, Zone};

/// An instant, to the microsecond or better; always UTC until a [`Zone`] is applied.
pub type Timestamp = jiff::Timestamp;
