//! The check of a draft on save: every flaw at once, canonical text, proven length.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Channel;

use crate::{
    content::{Content, Declared, Draft, Field, accents},
    flaw::{ContentFault, Flaw},
    html,
    plain::Accents,
    proof::{LengthProof, Profile},
    sensitivity::Ceilings,
    text::{Part, Slot, canonical, check_default, parse},
    variables::variables,
};

/// The most languages of one template.
const MOST_LANGUAGES: usize = 10;
/// The most bytes of one version; the database keeps items of 400 KB, keys and proof included.
const MOST_BYTES: usize = 350_000;

impl Draft {
    /// Checks everything and proves the length; the pointers in the faults lead into the draft.
    pub fn check(self, ceilings: &Ceilings) -> Result<Content, ContentFault> {
        let check = Check {
            ceilings,
            profile: self.profile,
            accents: accents(self.fold_accents),
            flaws: Vec::new(),
            used: BTreeMap::new(),
        };
        check.run(self)
    }
}

struct Check<'a> {
    ceilings: &'a Ceilings,
    profile: Profile,
    accents: Accents,
    flaws: Vec<(String, Flaw)>,
    /// Every variable in use: where first, and whether it has default words wherever it stands.
    used: BTreeMap<&'static str, (String, bool)>,
}

impl Check<'_> {
    fn say(&mut self, at: impl Into<String>, flaw: Flaw) {
        self.flaws.push((at.into(), flaw));
    }

    fn run(mut self, draft: Draft) -> Result<Content, ContentFault> {
        let Draft { default_language, mut languages, variables, profile, fold_accents } = draft;
        if languages.len() > MOST_LANGUAGES {
            self.say("/languages", Flaw::TooManyLanguages);
            return Err(ContentFault(self.flaws));
        }
        if !languages.contains_key(&default_language) {
            self.say(format!("/languages/{}", default_language.as_str()), Flaw::NoBody);
        }
        let mut proof = BTreeMap::new();
        for (language, bodies) in &mut languages {
            let at = format!("/languages/{}", language.as_str());
            if bodies.channels().next().is_none() {
                self.say(&at, Flaw::NoBody);
            }
            if bodies.email.as_ref().is_some_and(|mail| mail.text.is_none() && mail.html.is_none()) {
                self.say(format!("{at}/email"), Flaw::NoMailBody);
            }
            for (field, text) in bodies.fields_mut() {
                if let Some(proven) = self.field(&format!("{at}/{}", field.pointer()), field, text) {
                    proof.insert(language.clone(), proven);
                }
            }
        }
        let variables = self.declared(variables);
        let content = Content { default_language, languages, variables, profile, fold_accents, proof };
        if serde_json::to_vec(&content).map_or(usize::MAX, |bytes| bytes.len()) > MOST_BYTES {
            self.say("/languages", Flaw::TooBig);
        }
        if self.flaws.is_empty() { Ok(content) } else { Err(ContentFault(self.flaws)) }
    }

    /// Checks one text and rewrites it to its canonical form.
    fn field(&mut self, at: &str, field: Field, text: &mut String) -> Option<LengthProof> {
        let raw = text.chars().count();
        if raw > field.limit() {
            self.say(at, Flaw::TooLong { limit: field.limit(), over: raw - field.limit() });
            return None;
        }
        tidy(text);
        if field.is_line() && text.contains('\n') {
            self.say(at, Flaw::LineBreak);
        }
        let short = field == Field::Sms && matches!(self.profile, Profile::Short133 { .. });
        if short {
            *text = text.trim().to_owned();
        }
        let mut parts = match parse(text) {
            Ok(parts) => parts,
            Err(flaws) => {
                for flaw in flaws {
                    self.say(at, flaw);
                }
                return None;
            }
        };
        *text = canonical(&parts);
        if field == Field::Html {
            for flaw in html::flaws(&parts) {
                self.say(at, flaw);
            }
        }
        for part in &parts {
            if let Part::Variable(slot) = part {
                let with_default = slot.default.is_some();
                let used =
                    self.used.entry(&slot.variable.path).or_insert_with(|| (at.to_owned(), with_default));
                used.1 &= with_default;
            }
        }
        if field == Field::Sms {
            parts = self.profile.around(parts);
        }
        if parts.is_empty() || (!short && text.trim().is_empty()) {
            self.say(at, Flaw::Empty);
        }
        for part in &parts {
            if let Part::Variable(slot) = part {
                self.allowed(at, field.channel(), slot);
            }
        }
        if field == Field::Sms {
            let proof = LengthProof::of(&parts, self.profile.limit(), self.accents);
            if proof.remaining < 0 {
                self.say(at, Flaw::TooLong { limit: proof.limit, over: proof.worst - proof.limit });
            }
            return Some(proof);
        }
        let worst = worst(&parts, field);
        if worst > field.limit() {
            self.say(at, Flaw::TooLong { limit: field.limit(), over: worst - field.limit() });
        }
        None
    }

    fn allowed(&mut self, at: &str, channel: Channel, slot: &Slot) {
        let (variable, path) = (slot.variable, slot.variable.path.clone());
        let ceiling = self.ceilings.of(channel);
        if variable.class > ceiling {
            self.say(at, Flaw::TooSensitive { path, class: variable.class, channel, ceiling });
        } else if !variable.channel_allowed(channel) {
            self.say(at, Flaw::WrongChannel { path, channel });
        }
    }

    fn declared(&mut self, declared: Option<Vec<Declared>>) -> Vec<Declared> {
        let elements: Vec<_> = match self.profile {
            Profile::Short133 { elements } => elements.slots().collect(),
            Profile::Segments => Vec::new(),
        };
        let Some(mut declared) = declared else {
            let mut all: BTreeMap<&str, bool> = elements
                .iter()
                .map(|(slot, element)| (slot.variable.path.as_str(), element.required()))
                .collect();
            all.extend(self.used.iter().map(|(path, (_, with_default))| (*path, !with_default)));
            return all
                .into_iter()
                .map(|(path, required)| Declared {
                    path: path.to_owned(),
                    kind: None,
                    required,
                    default: None,
                })
                .collect();
        };
        let mut seen = BTreeSet::new();
        for (index, one) in declared.iter_mut().enumerate() {
            let at = format!("/variables/{index}");
            let Some(variable) = variables().find(&one.path) else {
                self.say(at, Flaw::UnknownVariable(one.path.chars().take(60).collect()));
                continue;
            };
            one.path.clone_from(&variable.path);
            if one.kind.is_some_and(|kind| kind != variable.kind) {
                self.say(&at, Flaw::WrongType { path: variable.path.clone(), is: variable.kind });
            }
            if let Some(words) = &one.default
                && let Err(flaw) = check_default(variable, words)
            {
                self.say(&at, flaw);
            }
            if !seen.insert(variable.path.as_str()) {
                self.say(&at, Flaw::DeclaredTwice(variable.path.clone()));
            }
        }
        let undeclared: Vec<_> = self
            .used
            .iter()
            .filter(|(path, _)| !seen.contains(*path))
            .map(|(path, (at, _))| (at.clone(), Flaw::Undeclared((*path).to_owned())))
            .collect();
        self.flaws.extend(undeclared);
        for (slot, element) in elements {
            if !seen.contains(slot.variable.path.as_str()) {
                let (path, required) = (slot.variable.path.clone(), element.required());
                declared.push(Declared { path, kind: None, required, default: None });
            }
        }
        declared
    }
}

/// Takes out what no body needs: carriage returns and control characters other than line breaks and tabs.
fn tidy(text: &mut String) {
    if text.contains('\r') {
        *text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    text.retain(|c| !c.is_control() || c == '\n' || c == '\t');
}

/// Characters of a text if every value fills its room; escaping for HTML can make six of one.
fn worst(parts: &[Part], field: Field) -> usize {
    let factor = if field == Field::Html { 6 } else { 1 };
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.chars().count(),
            Part::Variable(slot) => factor * slot.variable.budget(field.channel()),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use kernel::{CallerId, Fault, Language, Timestamp};
    use rstest::rstest;

    use super::*;
    use crate::{Acknowledgement, Bodies, Elements, Email, Note, Sensitivity, variables::Type};

    fn draft(bodies: Bodies) -> Draft {
        Draft {
            default_language: Language::english(),
            languages: [(Language::english(), bodies)].into(),
            variables: None,
            profile: Profile::Segments,
            fold_accents: false,
        }
    }

    fn sms(text: &str) -> Bodies {
        Bodies { sms: Some(text.to_owned()), ..Bodies::default() }
    }

    fn mail(subject: &str, html: &str) -> Bodies {
        let email = Email { subject: subject.to_owned(), text: None, html: Some(html.to_owned()) };
        Bodies { email: Some(email), ..Bodies::default() }
    }

    fn flaws(draft: Draft) -> Vec<(String, Flaw)> {
        draft.check(&Ceilings::default()).map_or_else(|fault| fault.0, |_| Vec::new())
    }

    fn declare(path: &str, kind: Option<Type>) -> Declared {
        Declared { path: path.to_owned(), kind, required: true, default: None }
    }

    /// C-05
    #[test]
    fn each_body_has_its_limit() {
        type Fill = fn(&mut Bodies, usize);
        let note =
            |title: usize, body: usize| Some(Note { title: "t".repeat(title), body: "b".repeat(body) });
        let with = |change: Fill, length: usize| {
            let mut bodies = sms("x");
            bodies.email = Some(Email {
                subject: "s".to_owned(),
                text: Some("x".to_owned()),
                html: Some("x".to_owned()),
            });
            (bodies.push, bodies.in_app) = (note(1, 1), note(1, 1));
            change(&mut bodies, length);
            flaws(draft(bodies))
        };
        let limits: [(Fill, usize, &str); 10] = [
            (|b, n| b.sms = Some("x".repeat(n)), 1600, "sms"),
            (|b, n| b.voice = Some("x".repeat(n)), 1600, "voice"),
            (|b, n| b.whatsapp = Some("x".repeat(n)), 1024, "whatsapp"),
            (|b, n| b.email.as_mut().unwrap().subject = "x".repeat(n), 200, "email/subject"),
            (|b, n| b.email.as_mut().unwrap().text = Some("x".repeat(n)), 50_000, "email/text"),
            (|b, n| b.email.as_mut().unwrap().html = Some("x".repeat(n)), 100_000, "email/html"),
            (|b, n| b.push.as_mut().unwrap().title = "x".repeat(n), 100, "push/title"),
            (|b, n| b.push.as_mut().unwrap().body = "x".repeat(n), 500, "push/body"),
            (|b, n| b.in_app.as_mut().unwrap().title = "x".repeat(n), 100, "in_app/title"),
            (|b, n| b.in_app.as_mut().unwrap().body = "x".repeat(n), 1000, "in_app/body"),
        ];
        for (change, limit, name) in limits {
            assert_eq!(with(change, limit), [], "{name}");
            let over = (format!("/languages/en/{name}"), Flaw::TooLong { limit, over: 1 });
            assert_eq!(with(change, limit + 1), [over], "{name}");
        }
    }

    /// C-17
    #[rstest]
    #[case(61, None)]
    #[case(60, None)]
    #[case(62, Some(1))]
    #[case(70, Some(9))]
    fn a_reminder_that_could_get_longer_than_133_is_not_saved(
        #[case] length: usize,
        #[case] over: Option<usize>,
    ) {
        let elements = Elements { patient_name: true, date_time: true, doctor: true, office: true };
        // The comma is the clinic's own here: three separators are left.
        let mut draft = draft(sms(&format!(",{}", "a".repeat(length))));
        draft.profile = Profile::Short133 { elements };
        let fault = draft.check(&Ceilings::default());
        match over {
            None => assert_eq!(
                fault.unwrap().proof()[&Language::english()].remaining,
                61 - i64::try_from(length).unwrap()
            ),
            Some(over) => {
                let fault = fault.unwrap_err();
                assert_eq!(fault.0, [("/languages/en/sms".to_owned(), Flaw::TooLong { limit: 133, over })]);
                assert!(fault.details()[0].says.contains(&format!("remaining -{over}")));
                assert_eq!(fault.code(), "body_too_long");
            }
        }
    }

    /// C-03
    #[test]
    fn undeclared_variables_and_wrong_declarations_are_refused_all_at_once() {
        let mut draft = draft(sms("{{firstName}} {{clinic.name}} {{doctor}}"));
        draft.variables = Some(vec![
            declare("firstName", Some(Type::Text)),
            declare("patient_first_name", None),
            declare("clinic.name", Some(Type::Date)),
            declare("shoe.size", None),
        ]);
        let at = |place: &str, flaw: Flaw| (place.to_owned(), flaw);
        let path = |path: &str| path.to_owned();
        assert_eq!(
            flaws(draft),
            [
                at("/variables/1", Flaw::DeclaredTwice(path("patient.first_name"))),
                at("/variables/2", Flaw::WrongType { path: path("clinic.name"), is: Type::Text }),
                at("/variables/3", Flaw::UnknownVariable(path("shoe.size"))),
                at("/languages/en/sms", Flaw::Undeclared(path("provider.name"))),
            ]
        );
    }

    ///
    #[test]
    fn a_variable_above_the_channels_ceiling_is_named() {
        let fault =
            draft(sms("Your {{serviceType}} and {{diagnosis}}")).check(&Ceilings::default()).unwrap_err();
        assert_eq!(fault.code(), "variable_too_sensitive");
        let says: Vec<_> = fault.details().into_iter().map(|detail| detail.says).collect();
        assert_eq!(
            says,
            [
                "appointment.service is CLINICAL and SMS carries APPOINTMENT at most",
                "treatment.diagnosis is CLINICAL and SMS carries APPOINTMENT at most"
            ]
        );
        let mut raised = Ceilings::default();
        let signed = Acknowledgement {
            by: CallerId::FIRST,
            at: Timestamp::UNIX_EPOCH,
            text: "We accept the risk.".to_owned().into(),
        };
        raised.set(Channel::Sms, Sensitivity::Clinical, Some(signed)).unwrap();
        let content = draft(sms("Your {{serviceType}}")).check(&raised).unwrap();
        assert_eq!(content.above(&Ceilings::default(), Channel::Sms), ["appointment.service"]);
        let fault = draft(sms("{{diagnosis}}")).check(&raised).unwrap_err();
        assert_eq!(fault.code(), "variable_not_on_channel");
    }

    /// C-25
    #[test]
    fn a_subject_is_one_line_and_html_is_harmless() {
        let found = flaws(draft(mail("Hi\r\nBcc: x", "<p onclick=x>{{firstName}}<script>")));
        let codes: Vec<_> = found.iter().map(|(at, flaw)| (at.as_str(), flaw.code())).collect();
        assert_eq!(
            codes,
            [
                ("/languages/en/email/subject", "line_break_in_header"),
                ("/languages/en/email/html", "html_broken"),
                ("/languages/en/email/html", "html_active"),
                ("/languages/en/email/html", "html_active"),
            ]
        );
    }

    /// C-05
    #[test]
    fn nothing_said_is_refused_and_one_channel_is_enough() {
        assert_eq!(flaws(draft(Bodies::default())), [("/languages/en".to_owned(), Flaw::NoBody)]);
        assert_eq!(flaws(draft(sms(" \n"))), [("/languages/en/sms".to_owned(), Flaw::Empty)]);
        assert_eq!(flaws(draft(mail("Subject", "<p>Text</p>"))), []);
        let mut other = draft(sms("Hola"));
        other.default_language = "es".parse().unwrap();
        assert_eq!(flaws(other), [("/languages/es".to_owned(), Flaw::NoBody)]);
    }

    #[test]
    fn a_version_is_no_larger_than_the_database_keeps() {
        let large = |languages: usize| {
            let mut draft = draft(mail("x", &"<p>x</p>".repeat(12_500)));
            for language in ["es", "fr", "vi"].iter().take(languages - 1) {
                let bodies = draft.languages[&Language::english()].clone();
                draft.languages.insert(language.parse().unwrap(), bodies);
            }
            draft
        };
        assert_eq!(flaws(large(3)), []);
        assert_eq!(flaws(large(4)), [("/languages".to_owned(), Flaw::TooBig)]);
    }

    #[test]
    fn other_spellings_are_kept_in_canonical_form() {
        let content = draft(sms("Hi {first_name|there}")).check(&Ceilings::default()).unwrap();
        let saved = &content.languages()[&Language::english()];
        assert_eq!(saved.sms.as_deref(), Some("Hi {{patient.first_name|there}}"));
        assert!(!content.variables()[0].required);
        assert_eq!(content.clone().into_draft().check(&Ceilings::default()).unwrap(), content);
    }
}
