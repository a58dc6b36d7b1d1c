//! Templates: what a clinic says again and again, with places for what differs.
//!
//! A [`Draft`] is checked on save: every variable is known, allowed on its channel and declared; HTML is
//! harmless; and the text message is proven to fit whatever the values ([`LengthProof`]). The checked
//! [`Content`] is kept as an immutable version, and a message points to the version it was made from.
//! Rendering puts values in place, escaped for their channel, and never reads them again.
//!
//! A value that has too little room is cut, never the words around it: a variable's room is part of the
//! registry, so the proof on save is one sum, and what is sent is weighed once more.
//!
//! ```ignore
//! let version = templates::version(&table, id, number).await?;
//! let values = Values::new()
//!     .with("patient.name", Value::Name { first, last })
//!     .with("appointment.date_time", Value::DateTime { at, zone });
//! let kept_back = version.content.above(&templates::ceilings(&table).await?, Channel::Sms);
//! let rendered = version.render(Channel::Sms, &language, &values)?;
//! ```

mod archive;
mod check;
mod content;
mod create;
mod dates;
mod describe;
mod fault;
mod flaw;
mod get;
mod html;
mod limit;
mod list;
mod plain;
mod preview;
mod proof;
mod render;
mod revise;
#[cfg(test)]
mod seams;
mod seed;
mod segments;
mod sensitivity;
mod set_ceilings;
mod template;
mod text;
mod value;
mod variables;
mod words;

pub use archive::archive;
pub use content::{Bodies, Content, Declared, Draft, Email, Note};
pub use create::{NewTemplate, create, create_with};
pub use dates::long_date_time;
pub use describe::{Description, describe};
pub use fault::TemplateFault;
pub use flaw::{ContentFault, Flaw};
pub use get::{get, version, versions};
pub use limit::{ceilings, limit};
pub use list::{Filter, list};
pub use plain::{Accents, Plain, plain};
pub use preview::{Sample, preview};
pub use proof::{Elements, LONG_LIMIT, LengthProof, Profile, SHORT_LIMIT};
pub use render::{RenderFault, Rendered};
pub use revise::revise;
pub use seed::{Seeded, seed, seed_id};
pub use segments::{Encoding, Weight, is_gsm7, weigh};
pub use sensitivity::{Acknowledgement, Ceilings, NotAcknowledged, Sensitivity};
pub use set_ceilings::{kept_ceilings, set_ceilings};
pub use template::{Template, TemplateVersion};
pub use value::{Value, Values};
pub use variables::{Type, Variable, Variables, variables};
