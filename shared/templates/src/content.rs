//! What a template says: bodies per channel and language, and the variables it declares.

use std::collections::BTreeMap;

use kernel::{Channel, Language};
use serde::{Deserialize, Serialize};

use crate::{
    flaw::Flaw,
    plain::Accents,
    proof::{LengthProof, Profile},
    sensitivity::Ceilings,
    text::{Part, parse},
    variables::{Type, Variable},
};

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// At most 200 characters, on one line.
    pub subject: String,
    /// At most 50,000 characters; derived from the HTML when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// At most 100,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// A title and a body: a push note (100 and 500 characters) or a note in our apps (100 and 1,000).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The line on top.
    pub title: String,
    /// The rest.
    pub body: String,
}

/// The bodies of one language. A channel without a body cannot be sent on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bodies {
    /// A text message, at most 1,600 characters; the profile may allow less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
    /// An e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// A push note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Note>,
    /// A note in our apps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_app: Option<Note>,
    /// What a call says, at most 1,600 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// A WhatsApp message, at most 1,024 characters (the platform's limit for the body of a message template).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp: Option<String>,
}

/// A piece of text within the bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Sms,
    Subject,
    MailText,
    Html,
    PushTitle,
    PushBody,
    InAppTitle,
    InAppBody,
    Voice,
    Whatsapp,
}

impl Field {
    pub(crate) fn channel(self) -> Channel {
        match self {
            Self::Sms => Channel::Sms,
            Self::Subject | Self::MailText | Self::Html => Channel::Email,
            Self::PushTitle | Self::PushBody => Channel::Push,
            Self::InAppTitle | Self::InAppBody => Channel::InApp,
            Self::Voice => Channel::Voice,
            Self::Whatsapp => Channel::Whatsapp,
        }
    }

    pub(crate) fn pointer(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Subject => "email/subject",
            Self::MailText => "email/text",
            Self::Html => "email/html",
            Self::PushTitle => "push/title",
            Self::PushBody => "push/body",
            Self::InAppTitle => "in_app/title",
            Self::InAppBody => "in_app/body",
            Self::Voice => "voice",
            Self::Whatsapp => "whatsapp",
        }
    }

    /// Characters it may have once filled.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Sms | Self::Voice => 1600,
            Self::Subject => 200,
            Self::MailText => 50_000,
            Self::Html => 100_000,
            Self::PushTitle | Self::InAppTitle => 100,
            Self::PushBody => 500,
            Self::InAppBody => 1000,
            Self::Whatsapp => 1024,
        }
    }

    /// Whether it becomes a header or a title, which is one line.
    pub(crate) fn is_line(self) -> bool {
        matches!(self, Self::Subject | Self::PushTitle | Self::InAppTitle)
    }
}

impl Bodies {
    pub(crate) fn fields_mut(&mut self) -> impl Iterator<Item = (Field, &mut String)> {
        let (subject, text, html) = match &mut self.email {
            Some(mail) => (Some(&mut mail.subject), mail.text.as_mut(), mail.html.as_mut()),
            None => (None, None, None),
        };
        let (push_title, push_body) = self.push.as_mut().map(|n| (&mut n.title, &mut n.body)).unzip();
        let (app_title, app_body) = self.in_app.as_mut().map(|n| (&mut n.title, &mut n.body)).unzip();
        [
            (Field::Sms, self.sms.as_mut()),
            (Field::Subject, subject),
            (Field::MailText, text),
            (Field::Html, html),
            (Field::PushTitle, push_title),
            (Field::PushBody, push_body),
            (Field::InAppTitle, app_title),
            (Field::InAppBody, app_body),
            (Field::Voice, self.voice.as_mut()),
            (Field::Whatsapp, self.whatsapp.as_mut()),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)))
    }

    /// The texts there are.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (Field, &str)> {
        let mail = self.email.as_ref();
        let (push, app) = (self.push.as_ref(), self.in_app.as_ref());
        [
            (Field::Sms, self.sms.as_deref()),
            (Field::Subject, mail.map(|mail| mail.subject.as_str())),
            (Field::MailText, mail.and_then(|mail| mail.text.as_deref())),
            (Field::Html, mail.and_then(|mail| mail.html.as_deref())),
            (Field::PushTitle, push.map(|note| note.title.as_str())),
            (Field::PushBody, push.map(|note| note.body.as_str())),
            (Field::InAppTitle, app.map(|note| note.title.as_str())),
            (Field::InAppBody, app.map(|note| note.body.as_str())),
            (Field::Voice, self.voice.as_deref()),
            (Field::Whatsapp, self.whatsapp.as_deref()),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)))
    }

    /// The channels that have a body.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        [
            (Channel::Sms, self.sms.is_some()),
            (Channel::Email, self.email.is_some()),
            (Channel::Push, self.push.is_some()),
            (Channel::InApp, self.in_app.is_some()),
            (Channel::Voice, self.voice.is_some()),
            (Channel::Whatsapp, self.whatsapp.is_some()),
        ]
        .into_iter()
        .filter_map(|(channel, is)| is.then_some(channel))
    }
}

/// A variable as a template uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Path or alias; the path once saved.
    pub path: String,
    /// Its type, if the author wants to be held to it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Type>,
    /// Whether a message without it must not go out.
    #[serde(default = "required")]
    pub required: bool,
    /// Words that stand in for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

fn required() -> bool {
    true
}

/// A template as its author hands it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The language used for recipients whose own has no variant.
    #[serde(default = "Language::english")]
    pub default_language: Language,
    /// Bodies by language.
    pub languages: BTreeMap<Language, Bodies>,
    /// The variables in use. When absent they are read from the text: each is required that has no default
    /// words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Vec<Declared>>,
    /// How the length of the text message is held.
    pub profile: Profile,
    /// Whether text messages lose accents that the 7-bit alphabet lacks.
    #[serde(default)]
    pub fold_accents: bool,
}

/// What a version says, checked: canonical text, declared variables, proven length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub(crate) default_language: Language,
    pub(crate) languages: BTreeMap<Language, Bodies>,
    pub(crate) variables: Vec<Declared>,
    pub(crate) profile: Profile,
    pub(crate) fold_accents: bool,
    pub(crate) proof: BTreeMap<Language, LengthProof>,
}

pub(crate) fn accents(fold: bool) -> Accents {
    if fold { Accents::Fold } else { Accents::Keep }
}

impl Content {
    /// The language used when a recipient's own has no variant.
    pub fn default_language(&self) -> &Language {
        &self.default_language
    }

    /// Bodies by language, in canonical form.
    pub fn languages(&self) -> &BTreeMap<Language, Bodies> {
        &self.languages
    }

    /// The declared variables.
    pub fn variables(&self) -> &[Declared] {
        &self.variables
    }

    /// How the length of the text message is held.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The proof of length of each language that has a text message.
    pub fn proof(&self) -> &BTreeMap<Language, LengthProof> {
        &self.proof
    }

    /// The channels that some language has a body for.
    pub fn channels(&self) -> Vec<Channel> {
        let mut channels: Vec<_> = self.languages.values().flat_map(Bodies::channels).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    pub(crate) fn accents(&self) -> Accents {
        accents(self.fold_accents)
    }

    /// The same content as a draft, to check it again or to build the next version on.
    pub fn into_draft(self) -> Draft {
        Draft {
            default_language: self.default_language,
            languages: self.languages,
            variables: Some(self.variables),
            profile: self.profile,
            fold_accents: self.fold_accents,
        }
    }

    /// The variant for a recipient: the exact language, another region's variant of it, or the default; the
    /// flag is up when it had to be the default although the recipient reads another language.
    pub(crate) fn variant(
        &self,
        language: &Language,
        channel: Channel,
    ) -> Option<(&Language, &Bodies, bool)> {
        let fits = |bodies: &Bodies| bodies.channels().any(|has| has == channel);
        let same = |other: &Language| other.primary() == language.primary();
        let candidates = self
            .languages
            .get_key_value(language)
            .into_iter()
            .chain(self.languages.iter().filter(|(other, _)| other.as_str() == language.primary()))
            .chain(self.languages.iter().filter(|(other, _)| same(other)))
            .chain(self.languages.get_key_value(&self.default_language));
        candidates
            .into_iter()
            .find(|(_, bodies)| fits(bodies))
            .map(|(found, bodies)| (found, bodies, !same(found)))
    }

    /// The variables that a clinic's ceilings keep from a channel, for a template saved under other ceilings.
    pub fn above(&self, ceilings: &Ceilings, channel: Channel) -> Vec<String> {
        let mut paths: Vec<_> = self
            .used_on(channel)
            .filter(|variable| !variable.goes_by(channel, ceilings))
            .map(|variable| variable.path.clone())
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    fn used_on(&self, channel: Channel) -> impl Iterator<Item = &'static Variable> {
        self.languages
            .values()
            .flat_map(Bodies::fields)
            .filter(move |(field, _)| field.channel() == channel)
            .flat_map(|(field, text)| self.parts(field, text).unwrap_or_default())
            .filter_map(|part| match part {
                Part::Text(_) => None,
                Part::Variable(slot) => Some(slot.variable),
            })
    }

    /// A text of this content as parts, with the elements that stand around it.
    pub(crate) fn parts(&self, field: Field, text: &str) -> Result<Vec<Part>, Vec<Flaw>> {
        let parts = parse(text)?;
        Ok(if field == Field::Sms { self.profile.around(parts) } else { parts })
    }
}
