//! Templates: what a clinic says again and again, with places for what differs.
//!
//! A [`Draft`] is checked on save: every variable is known, allowed on its channel and declared; HTML is
//! harmless; and the text message is proven to fit whatever the values ([`LengthProof`]). The checked
//! [`Content`] is kept as an immutable version, and a message points to the version it was made from.
//! Rendering puts values in place, escaped for their channel, and never reads them again.
//!
//! A value that has too little room is cut, never the words around it: a variable's room is part of the
//! registry, so the proof on save is one sum, and what is sent is weighed once more.

mod check;
mod content;
mod dates;
mod flaw;
mod html;
mod plain;
mod preview;
mod proof;
mod render;
mod segments;
mod sensitivity;
mod text;
mod value;
mod variables;

pub use content::{Bodies, Content, Declared, Draft, Email, Note};
pub use flaw::{ContentFault, Flaw};
pub use plain::{Accents, Plain, plain};
pub use preview::{Sample, preview};
pub use proof::{Elements, LONG_LIMIT, LengthProof, Profile, SHORT_LIMIT};
pub use render::{RenderFault, Rendered};
pub use segments::{Encoding, Weight, is_gsm7, weigh};
pub use sensitivity::{Acknowledgement, Ceilings, NotAcknowledged, Sensitivity};
pub use value::{Value, Values};
pub use variables::{Type, Variable, Variables, variables};
