//! How to talk to those who carry messages: what to ask of them, how to read their answers, and how to believe
//! and read their calls.
//!
//! Nothing here does I/O, reads a clock or holds a provider account's secret for sending: a [`Carrier`] makes a
//! request and reads a response, a [`Hook`] checks a call and reads its events. Base addresses are settings, so
//! that a simulator receives the bytes that the provider would.

mod answered;
mod carrier;
mod classes;
mod event;
mod fault;
pub mod fcm;
mod hook;
mod ids;
pub mod mail;
mod outgoing;
mod provider;
mod reply;
pub mod sendgrid;
pub mod ses;
pub mod token;
pub mod twilio;
pub mod vonage;
pub mod whatsapp;

pub use carrier::{Accepted, Auth, Carrier, LookedUp, Prepared};
pub use event::{
    AnsweredBy, Event, Inbound, InboundMail, Key, MailFile, MailPlace, MailStored, MediaRef, OptOutType,
    Pressed, Rang, Receipt, ReceiptError, ReceiptStatus, Unread, Verdict, Verdicts,
};
pub use fault::{ErrorClass, SendError};
pub use fcm::Fcm;
pub use hook::{Hook, RawCall, Unreadable, Unverified, Verified};
pub use outgoing::{
    Address, Approved, Attachment, Call, Content, Keys, Lookup, Mail, Outgoing, Push, Script, Spoken,
    TextSender,
};
pub use provider::Provider;
pub use reply::ReplyTokens;
pub use sendgrid::{Sendgrid, SendgridHook};
pub use ses::{Ses, SesHook};
pub use twilio::{Twilio, TwilioHook, voice::TwilioVoice, voice::TwilioVoiceHook};
pub use vonage::{Vonage, VonageHook};
pub use whatsapp::{Whatsapp, WhatsappHook};
