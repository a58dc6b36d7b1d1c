//! Filling a template with values, escaped for where they go.

use std::collections::BTreeSet;

use kernel::{Channel, Detail, Fault, Kind, Language, Masked};
use serde::Serialize;

use crate::{
    content::{Bodies, Content, Field},
    html,
    plain::plain,
    segments::{Weight, composed, weigh},
    text::{Part, Slot},
    value::{Misfit, Value, Values},
    variables::{Type, style},
};

/// A message ready for its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rendered {
    /// The way it is for.
    pub channel: Channel,
    /// The language it is in.
    pub language: Language,
    /// Whether that is the template's default only because the recipient's language has no variant.
    pub language_missing: bool,
    /// Subject of a mail, title of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Masked<String>>,
    /// The text; of a mail the plain part.
    pub text: Masked<String>,
    /// The HTML part of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<Masked<String>>,
    /// What a text message said before typographic characters were written plainly, if that changed anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Masked<String>>,
    /// Encoding, units and segments of a text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// Variables without a value that were left out or, in a preview, are still needed.
    pub missing: Vec<String>,
    /// Variables whose value was cut to its room.
    pub truncated: Vec<String>,
}

/// A message that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// The template says nothing on this channel.
    #[error("the template has no body for {}", .0.name())]
    NoBody(Channel),
    /// Required variables have no value.
    #[error("required variables have no value: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A value is not of its variable's type.
    #[error("the value of {0} is not of its type")]
    WrongType(String),
    /// A value that must not be cut has no room.
    #[error("the value of {0} is too long and cannot be cut")]
    ValueTooLong(String),
    /// A line break in something that becomes a header.
    #[error("the value of {0} holds a line break and stands in a subject or title")]
    LineBreak(String),
    /// Nothing is left to send.
    #[error("the text for {} is empty", .0.name())]
    Empty(Channel),
    /// Longer than proven: a defect, so nothing is sent.
    #[error("the text has {units} units and {limit} are allowed")]
    TooLong {
        /// What it has.
        units: usize,
        /// What it may have.
        limit: usize,
    },
    /// The stored text no longer reads, because a variable was taken out of the product.
    #[error("the template cannot be read any more; save it again")]
    Unreadable,
}

impl Fault for RenderFault {
    fn kind(&self) -> Kind {
        match self {
            Self::TooLong { .. } => Kind::Broken,
            _ => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoBody(_) => "template_has_no_body",
            Self::Missing(_) => "variables_missing",
            Self::WrongType(_) => "variable_type_wrong",
            Self::ValueTooLong(_) => "value_too_long",
            Self::LineBreak(_) => "line_break_in_header",
            Self::Empty(_) => "body_empty",
            Self::TooLong { .. } => "body_too_long",
            Self::Unreadable => "template_unreadable",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Missing(paths) => paths
                .iter()
                .map(|path| Detail::new(format!("/values/{path}"), "a value is required"))
                .collect(),
            Self::WrongType(path) | Self::ValueTooLong(path) | Self::LineBreak(path) => {
                vec![Detail::new(format!("/values/{path}"), self.to_string())]
            }
            _ => Vec::new(),
        }
    }
}

/// Whether values may be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// A message that goes out.
    Sending,
    /// A look at one that does not: what is missing shows as its variable.
    Preview,
}

/// Whether a text message is written plainly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Plain,
    AsTyped,
}

struct Filling<'a> {
    content: &'a Content,
    channel: Channel,
    language: &'a Language,
    values: &'a Values,
    strictness: Strictness,
    required: BTreeSet<String>,
    missing: BTreeSet<String>,
    truncated: BTreeSet<String>,
}

impl Content {
    pub(crate) fn fill(
        &self,
        channel: Channel,
        recipient: &Language,
        values: &Values,
        strictness: Strictness,
    ) -> Result<Rendered, RenderFault> {
        let (language, bodies, language_missing) =
            self.variant(recipient, channel).ok_or(RenderFault::NoBody(channel))?;
        let mut filling = Filling {
            content: self,
            channel,
            language,
            values,
            strictness,
            required: BTreeSet::new(),
            missing: BTreeSet::new(),
            truncated: BTreeSet::new(),
        };
        let (subject, text, html, original) = filling.bodies(bodies)?;
        if !filling.required.is_empty() && strictness == Strictness::Sending {
            return Err(RenderFault::Missing(filling.required.into_iter().collect()));
        }
        if text.trim().is_empty() && strictness == Strictness::Sending {
            return Err(RenderFault::Empty(channel));
        }
        let weight = (channel == Channel::Sms).then(|| weigh(&text));
        let limit = self.profile.limit();
        if let Some(Weight { units, .. }) = weight
            && units > limit
            && strictness == Strictness::Sending
        {
            return Err(RenderFault::TooLong { units, limit });
        }
        filling.missing.append(&mut filling.required);
        Ok(Rendered {
            channel,
            language: language.clone(),
            language_missing,
            subject: subject.map(Masked::new),
            text: text.into(),
            html: html.map(Masked::new),
            original: original.map(Masked::new),
            weight,
            missing: filling.missing.into_iter().collect(),
            truncated: filling.truncated.into_iter().collect(),
        })
    }
}

type Texts = (Option<String>, String, Option<String>, Option<String>);

impl Filling<'_> {
    fn bodies(&mut self, bodies: &Bodies) -> Result<Texts, RenderFault> {
        let (mut subject, mut text, mut html, mut original) = (None, None, None, None);
        let channel = self.channel;
        for (field, source) in bodies.fields().filter(|(field, _)| field.channel() == channel) {
            let parts = self.content.parts(field, source).map_err(|_| RenderFault::Unreadable)?;
            let filled = self.field(field, &parts, Letters::Plain)?;
            match field {
                Field::Subject | Field::PushTitle | Field::InAppTitle => subject = Some(filled),
                Field::Html => html = Some(filled),
                Field::Sms => {
                    let typed = self.field(field, &parts, Letters::AsTyped)?;
                    original = Some(typed).filter(|typed| *typed != filled);
                    text = Some(filled);
                }
                _ => text = Some(filled),
            }
        }
        let text = text.or_else(|| html.as_deref().map(html::to_text)).unwrap_or_default();
        Ok((subject, text, html, original))
    }

    fn field(&mut self, field: Field, parts: &[Part], letters: Letters) -> Result<String, RenderFault> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(&self.lettered(text, letters)),
                Part::Variable(slot) => {
                    if let Some(value) = self.value(field, slot, letters)? {
                        let value = if field == Field::Html { escaped(&value) } else { value };
                        out.push_str(slot.before);
                        out.push_str(&value);
                        out.push_str(slot.after);
                    }
                }
            }
        }
        if self.channel == Channel::Sms {
            // Elements that fell away may leave a space behind.
            out = composed(out.trim()).into_owned();
        }
        Ok(out)
    }

    fn lettered(&self, text: &str, letters: Letters) -> String {
        if self.channel == Channel::Sms && letters == Letters::Plain {
            plain(text, self.content.accents()).text
        } else {
            text.to_owned()
        }
    }

    fn value(&mut self, field: Field, slot: &Slot, letters: Letters) -> Result<Option<String>, RenderFault> {
        let (variable, path) = (slot.variable, &slot.variable.path);
        let declared = self.content.variables.iter().find(|declared| declared.path == *path);
        let words = slot.default.as_ref().or_else(|| declared?.default.as_ref());
        let own = self.values.get(variable);
        let (value, kind) = match (own, words) {
            (Some(value), _) => (value, variable.kind),
            (None, Some(words)) => (Value::Text(words.clone()), Type::Text),
            (None, None) => {
                if declared.is_none_or(|declared| declared.required) {
                    self.required.insert(path.clone());
                } else {
                    self.missing.insert(path.clone());
                }
                // The placeholder is for the eyes of whoever previews; it is not read again either.
                return Ok((self.strictness == Strictness::Preview).then(|| format!("{{{{{path}}}}}")));
            }
        };
        if field.is_line() && value.has_line_break() {
            return Err(RenderFault::LineBreak(path.clone()));
        }
        let budget = if self.channel == Channel::Sms { slot.room() } else { variable.budget(self.channel) };
        let prepare = |text: &str| self.lettered(&clean(text), letters);
        match value.shown(kind, self.language, style(self.channel), budget, prepare) {
            Ok(shown) => {
                if shown.cut {
                    self.truncated.insert(path.clone());
                }
                Ok(Some(shown.text))
            }
            Err(Misfit::WrongType) => Err(RenderFault::WrongType(path.clone())),
            Err(Misfit::TooLong) => Err(RenderFault::ValueTooLong(path.clone())),
        }
    }
}

/// A value without what could steer its surroundings: control characters, and the marks that turn the
/// direction of the text after them (Unicode Standard Annex 9).
fn clean(value: &str) -> String {
    value
        .chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

/// A value within HTML, safe in text and in quoted attributes.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{
        Bodies, Ceilings, Declared, Draft, Elements, Email, Note, Profile, Sample, preview,
        segments::Encoding,
    };

    fn draft(bodies: Bodies, profile: Profile) -> Draft {
        Draft {
            default_language: Language::english(),
            languages: [(Language::english(), bodies)].into(),
            variables: None,
            profile,
            fold_accents: false,
        }
    }

    fn content(bodies: Bodies) -> Content {
        draft(bodies, Profile::Segments).check(&Ceilings::default()).unwrap()
    }

    fn sms(text: &str) -> Bodies {
        Bodies { sms: Some(text.to_owned()), ..Bodies::default() }
    }

    fn short(text: &str, elements: Elements) -> Content {
        draft(sms(text), Profile::Short133 { elements }).check(&Ceilings::default()).unwrap()
    }

    fn send(content: &Content, channel: Channel, values: &Values) -> Result<Rendered, RenderFault> {
        content.fill(channel, &Language::english(), values, Strictness::Sending)
    }

    const ALL: Elements = Elements { patient_name: true, date_time: true, doctor: true, office: true };

    /// C-25
    #[rstest]
    #[case("{{7*7}}", "{{7*7}}", "{{7*7}}")]
    #[case("{{clinic.name}}", "{{clinic.name}}", "{{clinic.name}}")]
    #[case("<script>1</script>", "<script>1</script>", "&lt;script&gt;1&lt;/script&gt;")]
    #[case("\" onload=x", "\" onload=x", "&quot; onload=x")]
    #[case("Ana\r\nBcc: x", "Ana  Bcc: x", "Ana  Bcc: x")]
    #[case("Ana\u{202e}gnp.exe\u{0}", "Anagnp.exe", "Anagnp.exe")]
    fn a_hostile_name_stays_a_name(#[case] name: &str, #[case] text: &str, #[case] html: &str) {
        let mail = Email {
            subject: "Visit".to_owned(),
            text: None,
            html: Some("<p title=\"{{firstName}}\">Hi {{firstName}}</p>".to_owned()),
        };
        let content = content(Bodies { email: Some(mail), ..sms("Hi {{firstName}}") });
        let values = Values::new().with("patient.first_name", name).with("clinic.name", "Clinic");
        let sent = send(&content, Channel::Sms, &values).unwrap();
        assert_eq!(sent.text.reveal(), &format!("Hi {text}"));
        let sent = send(&content, Channel::Email, &values).unwrap();
        assert_eq!(sent.html.unwrap().reveal(), &format!("<p title=\"{html}\">Hi {html}</p>"));
        assert_eq!(sent.text.reveal(), &format!("Hi {}", text.replace("  ", " ")));
    }

    /// C-25
    #[rstest]
    #[case("Ana\nBcc: x@example.com")]
    #[case("Ana\rBcc: x@example.com")]
    #[case("Ana\u{2028}x")]
    fn a_line_break_never_gets_into_a_header(#[case] name: &str) {
        let mail = Email { subject: "For {{firstName}}".to_owned(), text: Some("x".to_owned()), html: None };
        let content = content(Bodies { email: Some(mail), ..Bodies::default() });
        assert_eq!(
            send(&content, Channel::Email, &Values::new().with("patient.first_name", name)),
            Err(RenderFault::LineBreak("patient.first_name".to_owned()))
        );
    }

    /// C-05
    #[test]
    fn a_channel_without_a_body_cannot_be_sent_on() {
        let note = |title: &str| Some(Note { title: title.to_owned(), body: "Body".to_owned() });
        let content = content(Bodies { push: note("Push"), in_app: note("App"), ..Bodies::default() });
        for (channel, title) in [(Channel::Push, "Push"), (Channel::InApp, "App")] {
            let sent = send(&content, channel, &Values::new()).unwrap();
            assert_eq!((sent.subject.unwrap().reveal().as_str(), sent.weight), (title, None));
        }
        for channel in [Channel::Sms, Channel::Email, Channel::Voice, Channel::Whatsapp] {
            let fault = send(&content, channel, &Values::new()).unwrap_err();
            assert_eq!((&fault, fault.kind()), (&RenderFault::NoBody(channel), Kind::Invalid));
        }
    }

    /// C-03, C-26
    #[test]
    fn missing_values_are_named_or_replaced_by_default_words() {
        let mut draft = draft(
            sms("Hi {{firstName|there}}, {{clinic.name}} {{doctor}} {{office}} {{links.portal}}"),
            Profile::Segments,
        );
        let declare = |path: &str, required: bool, default: Option<&str>| Declared {
            path: path.to_owned(),
            kind: None,
            required,
            default: default.map(str::to_owned),
        };
        draft.variables = Some(vec![
            declare("firstName", true, None),
            declare("clinic.name", true, None),
            declare("links.portal", true, None),
            declare("doctor", true, Some("your doctor")),
            declare("office", false, None),
        ]);
        let content = draft.check(&Ceilings::default()).unwrap();
        let fault = send(&content, Channel::Sms, &Values::new().with("patient.first_name", " ")).unwrap_err();
        assert_eq!(fault, RenderFault::Missing(vec!["clinic.name".to_owned(), "links.portal".to_owned()]));
        assert_eq!(fault.details()[0].at, "/values/clinic.name");
        let values = Values::new()
            .with("clinic.name", "Bright Smiles")
            .with("links.portal", Value::Link("https://example.com/p".to_owned()));
        let sent = send(&content, Channel::Sms, &values).unwrap();
        assert_eq!(sent.text.reveal(), "Hi there, Bright Smiles your doctor  https://example.com/p");
        assert_eq!(sent.missing, ["office.number"]);
    }

    /// C-15, C-16, E-12
    #[test]
    fn a_reminder_has_the_name_in_front_and_its_elements_in_order_at_the_end() {
        let values = Values::samples(false);
        let sent = send(&short("see you soon", ALL), Channel::Sms, &values).unwrap();
        assert_eq!(sent.text.reveal(), "Ana Reyes, see you soon Jan 15, 10:30 AM Dr. Lee 204");
        let nameless = Elements { patient_name: false, doctor: false, ..ALL };
        let sent = send(&short("See you", nameless), Channel::Sms, &values).unwrap();
        assert_eq!(sent.text.reveal(), "See you Jan 15, 10:30 AM 204");
    }

    /// E-12, C-17
    #[test]
    fn what_is_too_long_is_the_element_and_never_the_text() {
        let text = "a".repeat(60);
        let values = Values::samples(true).with(
            "patient.name",
            Value::Name { first: "Bartholomew-Maximilian".to_owned(), last: "Oyelaran".to_owned() },
        );
        let sent = send(&short(&text, ALL), Channel::Sms, &values).unwrap();
        assert_eq!(
            sent.text.reveal(),
            &format!("Bartholomew-Maximilian O., {text} Sep 30, 11:30 AM Dr. Konstantina Papadi B-204")
        );
        assert_eq!(sent.truncated, ["patient.name", "provider.name"]);
        assert!(sent.weight.unwrap().units <= 133);
    }

    #[test]
    fn a_reminder_without_doctor_is_one_and_without_its_hour_is_none() {
        let content = short("see you", ALL);
        let fault = send(&content, Channel::Sms, &Values::new()).unwrap_err();
        assert_eq!(fault, RenderFault::Missing(vec!["appointment.date_time".to_owned()]));
        let at = Values::samples(false).get(crate::variables().find("appointment.date_time").unwrap());
        let sent =
            send(&content, Channel::Sms, &Values::new().with("appointment.date_time", at.unwrap())).unwrap();
        assert_eq!(sent.text.reveal(), "see you Jan 15, 10:30 AM");
        assert_eq!(sent.missing, ["office.number", "patient.name", "provider.name"]);
    }

    ///
    #[test]
    fn the_weight_is_of_what_is_sent_and_the_original_is_kept() {
        let content = content(sms("Hi “{{firstName}}” — see you…"));
        let sent = send(&content, Channel::Sms, &Values::new().with("patient.first_name", "Ana’s")).unwrap();
        assert_eq!(sent.text.reveal(), "Hi \"Ana's\" - see you...");
        assert_eq!(sent.original.unwrap().reveal(), "Hi “Ana’s” — see you…");
        assert_eq!(sent.weight, Some(Weight { encoding: Encoding::Gsm7, units: 23, segments: 1 }));
        let sent = send(&content, Channel::Sms, &Values::new().with("patient.first_name", "Íris")).unwrap();
        assert_eq!(sent.weight.unwrap().encoding, Encoding::Ucs2);
    }

    /// C-21
    #[test]
    fn the_recipients_language_comes_first_and_the_default_is_flagged() {
        let mut draft = draft(sms("Hello"), Profile::Segments);
        draft.languages.insert("es".parse().unwrap(), sms("Hola"));
        draft.languages.insert("pt-BR".parse().unwrap(), sms("Oi"));
        let content = draft.check(&Ceilings::default()).unwrap();
        for (language, text, flagged) in [
            ("es-MX", "Hola", false),
            ("es", "Hola", false),
            ("pt", "Oi", false),
            ("en-GB", "Hello", false),
            ("vi", "Hello", true),
        ] {
            let sent = content
                .fill(Channel::Sms, &language.parse().unwrap(), &Values::new(), Strictness::Sending)
                .unwrap();
            assert_eq!((sent.text.reveal().as_str(), sent.language_missing), (text, flagged), "{language}");
        }
    }

    /// C-04
    #[test]
    fn a_preview_shows_every_channel_with_its_weight_and_what_is_missing() {
        let mail =
            Email { subject: "Visit".to_owned(), text: Some("Hi {{firstName}}".to_owned()), html: None };
        let content = content(Bodies { email: Some(mail), ..sms("Hi {{firstName}} at {{clinic.name}}") });
        let given = Values::new().with("clinic.name", "Bright Smiles");
        let seen = preview(&content, &Language::english(), Sample::Given(given.clone())).unwrap();
        assert_eq!(seen.iter().map(|r| r.channel).collect::<Vec<_>>(), [Channel::Sms, Channel::Email]);
        assert_eq!(seen[0].text.reveal(), "Hi {{patient.first_name}} at Bright Smiles");
        assert_eq!(seen[0].missing, ["patient.first_name"]);
        assert!(seen[0].weight.is_some() && seen[1].weight.is_none());
        let seen = preview(&content, &Language::english(), Sample::Over(given)).unwrap();
        assert_eq!(seen[0].text.reveal(), "Hi Ana at Bright Smiles");
        assert!(seen[0].missing.is_empty());
    }

    /// C-04, C-17
    #[test]
    fn the_full_sample_fills_a_reminder_to_the_proven_worst() {
        let content = short(&"a".repeat(60), ALL);
        let proven = content.proof()[&Language::english()];
        let seen = preview(&content, &Language::english(), Sample::Full).unwrap();
        assert_eq!((seen[0].weight.unwrap().units, proven.remaining), (proven.worst, 0));
    }

    proptest! {
        /// C-17, A-13
        #[test]
        fn no_value_makes_a_text_longer_than_proven(
            text in "[a-zé€Ж…“ ]{0,60}", first in "\\PC{0,40}", last in "\\PC{0,40}", doctor in "\\PC{0,60}",
            office in "\\PC{0,9}", fold: bool, elements in prop::array::uniform4(any::<bool>()),
        ) {
            let elements = Elements {
                patient_name: elements[0], date_time: elements[1], doctor: elements[2], office: elements[3],
            };
            let mut draft = draft(sms(&text), Profile::Short133 { elements });
            draft.fold_accents = fold;
            let Ok(content) = draft.check(&Ceilings::default()) else { return Ok(()) };
            let proof = content.proof()[&Language::english()];
            let values = Values::samples(true)
                .with("patient.name", Value::Name { first, last })
                .with("provider.name", doctor.as_str())
                .with("office.number", office.as_str());
            match send(&content, Channel::Sms, &values) {
                Ok(sent) => {
                    let weight = sent.weight.unwrap();
                    prop_assert!(weight.units <= proof.worst && proof.worst <= 133);
                    prop_assert!(weight.segments <= proof.segments.max(proof.segments_unicode));
                }
                Err(fault) => prop_assert_eq!(fault, RenderFault::Empty(Channel::Sms)),
            }
        }

        ///
        #[test]
        fn no_value_takes_more_segments_than_told(
            text in "[a-zé€Ж… ]{0,200}", name in "\\PC{0,60}", clinic in "[a-z€{}]{1,60}",
        ) {
            let content = content(sms(&format!("{{{{firstName|there}}}} {text} {{{{clinic.name}}}}")));
            let proof = content.proof()[&Language::english()];
            let values =
                Values::new().with("patient.first_name", name.as_str()).with("clinic.name", clinic.as_str());
            let weight = send(&content, Channel::Sms, &values).unwrap().weight.unwrap();
            let told = if weight.encoding == proof.encoding { proof.segments } else { proof.segments_unicode };
            prop_assert!(weight.units <= proof.worst && weight.segments <= told);
        }

        /// C-25
        #[test]
        fn no_value_brings_markup_into_html(name in "[<>\"'&{}a-c\\r\\n]{1,20}") {
            let mail = Email {
                subject: "x".to_owned(), text: None, html: Some("<p>{{firstName}}</p>".to_owned()),
            };
            let content = content(Bodies { email: Some(mail), ..Bodies::default() });
            if let Ok(sent) = send(&content, Channel::Email, &Values::new().with("patient.first_name", name.as_str())) {
                let html = sent.html.unwrap().into_revealed();
                prop_assert_eq!(html.matches(['<', '>', '"', '\'']).count(), 4);
            }
        }
    }
}
