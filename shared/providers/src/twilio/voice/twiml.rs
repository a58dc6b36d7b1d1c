//! What is said in a call, in Twilio's markup: <https://www.twilio.com/docs/voice/twiml>.

use std::fmt::{self, Display, Write as _};

use kernel::Language;

use super::{Asked, classes};
use crate::{AnsweredBy, Keys, Spoken, ids::Ids};

/// Instructions for a call. Written as a document with [`ToString`]; whatever people wrote is escaped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Twiml(String);

impl Twiml {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Words, read in a language of the provider (`en-US`).
    #[must_use]
    pub fn say(mut self, language: &str, words: &str) -> Self {
        let _ = write!(self.0, "<Say language=\"{}\">{}</Say>", Escaped(language), Escaped(words));
        self
    }

    /// Silence.
    #[must_use]
    pub fn pause(mut self, seconds: u8) -> Self {
        let _ = write!(self.0, "<Pause length=\"{seconds}\"/>");
        self
    }

    /// Waits for one key while and after doing what is `inside`, and tells it to an address. Without a key the
    /// call goes on behind it.
    #[must_use]
    pub fn gather(mut self, told: &str, wait_seconds: u8, inside: &Self) -> Self {
        let _ = write!(
            self.0,
            "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"{wait_seconds}\" method=\"POST\" action=\"{}\">\
             {}</Gather>",
            Escaped(told),
            inside.0
        );
        self
    }

    /// The end of the call.
    #[must_use]
    pub fn hang_up(mut self) -> Self {
        self.0.push_str("<Hangup/>");
        self
    }

    /// The refusal of a call that comes in, before it costs anything.
    #[must_use]
    pub fn reject(mut self) -> Self {
        self.0.push_str("<Reject/>");
        self
    }
}

impl Display for Twiml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{}</Response>", self.0)
    }
}

/// Text inside XML 1.0: marks escaped, and characters left out that no document may hold (§2.2).
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// What to say once it is known who picked up; `None` if no voice speaks the language or the address for keys is
/// none. A person hears everything and may press a key. A machine gets what anybody may hear. Somebody unknown
/// hears that too, and may press a key, since it may be a person.
pub fn answer(spoken: &Spoken, asked: &Asked) -> Option<Twiml> {
    let tag = classes().speech(&spoken.language)?;
    let machine = spoken.machine.reveal();
    let mut spoken = spoken.clone();
    if let Some(keys) = &mut spoken.keys {
        let ids = Ids { clinic: asked.clinic, message: asked.message, attempt: asked.attempt };
        keys.told = ids.onto(&keys.told)?.into();
    }
    Some(match asked.answered_by {
        AnsweredBy::Person => asking(&spoken, tag, spoken.person.reveal()),
        AnsweredBy::Unknown => asking(&spoken, tag, machine),
        AnsweredBy::Machine => Twiml::new().say(tag, machine).hang_up(),
        // What is said into a greeting is lost, and a fax does not listen.
        AnsweredBy::MachineSpeaking | AnsweredBy::Fax => Twiml::new().hang_up(),
    })
}

/// What to say after a key was pressed; `None` if no voice speaks the language.
pub fn thanks(language: &Language, words: &str) -> Option<Twiml> {
    Some(Twiml::new().say(classes().speech(language)?, words).hang_up())
}

/// The refusal of a call that comes in to a number which only sends.
pub fn refused() -> Twiml {
    Twiml::new().reject()
}

/// The same for whoever picks up.
pub(super) fn fixed(spoken: &Spoken) -> Option<Twiml> {
    Some(asking(spoken, classes().speech(&spoken.language)?, spoken.person.reveal()))
}

fn asking(spoken: &Spoken, tag: &str, words: &str) -> Twiml {
    let words = Twiml::new().say(tag, words);
    let words = match &spoken.keys {
        Some(Keys { prompt, told, wait_seconds }) => {
            let inside = words.pause(1).say(tag, prompt.reveal());
            Twiml::new().gather(told, *wait_seconds, &inside)
        }
        None => words,
    };
    words.say(tag, spoken.goodbye.reveal()).hang_up()
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, Masked, MessageId};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn spoken() -> Spoken {
        Spoken {
            language: "es-MX".parse().unwrap(),
            person: Masked::new("O'Neil & <Sons>: mañana a las 9".into()),
            machine: Masked::new("Bright Smiles, +1 212 555 0100.".into()),
            keys: Some(Keys {
                prompt: Masked::new("Marque 1".into()),
                told: "https://api.example.com/k?a=1&b=2".into(),
                wait_seconds: 6,
            }),
            goodbye: Masked::new("Adiós".into()),
        }
    }

    fn asked(answered_by: AnsweredBy) -> Asked {
        Asked {
            provider_id: "CA1".into(),
            message: Some(MessageId::FIRST),
            clinic: Some(ClinicId::LAST),
            attempt: Some(2),
            answered_by,
        }
    }

    #[test]
    fn a_person_hears_everything_and_may_press_a_key() {
        assert_eq!(
            answer(&spoken(), &asked(AnsweredBy::Person)).unwrap().to_string(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Gather input=\"dtmf\" numDigits=\"1\" timeout=\"6\" method=\"POST\" \
             action=\"https://api.example.com/k?a=1&amp;b=2&amp;clinic=cln_7zzzzzzzzzzzzzzzzzzzzzzzzz\
             &amp;message=msg_00000000000000000000000000&amp;attempt=2\">\
             <Say language=\"es-MX\">O&apos;Neil &amp; &lt;Sons&gt;: mañana a las 9</Say>\
             <Pause length=\"1\"/><Say language=\"es-MX\">Marque 1</Say></Gather>\
             <Say language=\"es-MX\">Adiós</Say><Hangup/></Response>"
        );
    }

    #[rstest]
    #[case(AnsweredBy::Machine)]
    #[case(AnsweredBy::MachineSpeaking)]
    #[case(AnsweredBy::Fax)]
    #[case(AnsweredBy::Unknown)]
    fn nobody_but_a_person_hears_what_is_theirs(#[case] answered_by: AnsweredBy) {
        let said = answer(&spoken(), &asked(answered_by)).unwrap().to_string();
        assert!(!said.contains("mañana"), "{said}");
        assert_eq!(
            said.contains("Bright Smiles"),
            matches!(answered_by, AnsweredBy::Machine | AnsweredBy::Unknown)
        );
        assert_eq!(said.contains("<Gather"), answered_by == AnsweredBy::Unknown);
    }

    #[rstest]
    #[case("en", Some("en-US"))]
    #[case("es", Some("es-US"))]
    #[case("es-MX", Some("es-MX"))]
    #[case("fr", Some("fr-FR"))]
    #[case("fr-CA", Some("fr-CA"))]
    #[case("tlh", None)]
    fn languages_have_voices(#[case] language: &str, #[case] voice: Option<&str>) {
        assert_eq!(classes().speech(&language.parse().unwrap()), voice);
    }

    #[test]
    fn a_call_that_comes_in_can_be_refused_and_a_key_thanked_for() {
        assert!(refused().to_string().ends_with("<Response><Reject/></Response>"));
        let thanks = thanks(&Language::english(), "Thank you.").unwrap().to_string();
        assert!(thanks.ends_with("<Say language=\"en-US\">Thank you.</Say><Hangup/></Response>"));
    }

    proptest! {
        #[test]
        fn no_words_break_the_document(words in any::<String>()) {
            let said = Twiml::new().say("en-US", &words).to_string();
            let inner = said
                .split_once("<Say language=\"en-US\">")
                .and_then(|(_, rest)| rest.strip_suffix("</Say></Response>"))
                .unwrap();
            let breaks = inner.contains(['<', '>', '"', '\'', '\0', '\u{b}']);
            prop_assert!(!breaks, "{}", inner);
            // Every ampersand begins an entity.
            for (at, _) in inner.match_indices('&') {
                let entity = &inner[at..];
                prop_assert!(
                    ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"].iter().any(|known| entity.starts_with(known))
                );
            }
        }
    }
}
