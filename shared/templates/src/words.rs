//! Name, description, tags and note, tidied and measured.

use kernel::Detail;
use unicode_normalization::UnicodeNormalization;

use crate::fault::TemplateFault;

/// Collects what is wrong, so that all of it is told at once.
#[derive(Default)]
pub(crate) struct Words(Vec<Detail>);

impl Words {
    pub(crate) fn name(&mut self, name: &str) -> String {
        let name = spaced(name);
        match name.chars().count() {
            0 => self.0.push(Detail::new("/name", "a name is required")),
            1..=100 => {}
            _ => self.0.push(Detail::new("/name", "at most 100 characters")),
        }
        name
    }

    pub(crate) fn description(&mut self, text: &str) -> String {
        self.paragraph("/description", text)
    }

    pub(crate) fn note(&mut self, note: Option<&str>) -> Option<String> {
        Some(self.paragraph("/note", note?)).filter(|note| !note.is_empty())
    }

    fn paragraph(&mut self, at: &str, text: &str) -> String {
        let text: String = text.trim().nfc().filter(|c| !c.is_control() || *c == '\n').collect();
        if text.chars().count() > 500 {
            self.0.push(Detail::new(at, "at most 500 characters"));
        }
        text
    }

    pub(crate) fn tags(&mut self, tags: &[String]) -> Vec<String> {
        let mut kept: Vec<String> = tags.iter().map(|tag| spaced(tag).to_lowercase()).collect();
        for (index, tag) in kept.iter().enumerate() {
            if !(1..=40).contains(&tag.chars().count()) {
                self.0.push(Detail::new(format!("/tags/{index}"), "1 to 40 characters"));
            }
        }
        kept.sort_unstable();
        kept.dedup();
        if kept.len() > 20 {
            self.0.push(Detail::new("/tags", "at most 20 tags"));
        }
        kept
    }

    pub(crate) fn done(self) -> Result<(), TemplateFault> {
        if self.0.is_empty() { Ok(()) } else { Err(TemplateFault::Words(self.0)) }
    }
}

fn spaced(text: &str) -> String {
    let plain: String = text.nfc().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
