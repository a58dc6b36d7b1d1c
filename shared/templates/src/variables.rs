//! The registry of personalisation variables, kept as data.

use std::{collections::HashMap, sync::LazyLock};

use kernel::{Category, Channel};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    dates::Style,
    sensitivity::{Ceilings, Sensitivity},
};

/// What kind of value fills a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Words.
    Text,
    /// A person's name.
    Name,
    /// A day with a time.
    DateTime,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// An amount.
    Money,
    /// A web address.
    Link,
    /// A phone number.
    Phone,
}

impl Type {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::DateTime => "date_time",
            Self::Date => "date",
            Self::Time => "time",
            Self::Money => "money",
            Self::Link => "link",
            Self::Phone => "phone",
        }
    }
}

/// Something a template can say about a patient, a visit or the clinic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The canonical dotted name, such as `patient.first_name`.
    pub path: String,
    /// What staff see in the menu.
    pub label: String,
    /// What kind of value fills it.
    #[serde(rename = "type")]
    pub kind: Type,
    /// How much it gives away.
    pub class: Sensitivity,
    /// Channels that may carry it; all if empty.
    #[serde(default)]
    channels: Vec<Channel>,
    /// Categories of template in which it makes sense; all if empty.
    #[serde(default)]
    categories: Vec<Category>,
    /// A sample as most values are, in the form [`Values::read`](crate::Values::read) takes.
    pub typical: Json,
    /// A sample that fills the room it has.
    pub full: Json,
    max: usize,
    short: Option<usize>,
    /// The wider variable it can be read from when it has no value of its own.
    pub(crate) from: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

impl Variable {
    /// The most room its value takes on a channel, in units of a text message (a character, or two for those
    /// that take two). Longer words are cut to it.
    pub fn budget(&self, channel: Channel) -> usize {
        match style(channel) {
            Style::Short => self.short.unwrap_or(self.max),
            Style::Long => self.max,
        }
    }

    /// Whether a channel may carry it at all, under a clinic's ceilings.
    pub fn goes_by(&self, channel: Channel, ceilings: &Ceilings) -> bool {
        self.channel_allowed(channel) && self.class <= ceilings.of(channel)
    }

    pub(crate) fn channel_allowed(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

pub(crate) fn style(channel: Channel) -> Style {
    match channel {
        Channel::Sms | Channel::Push => Style::Short,
        Channel::Email | Channel::InApp | Channel::Voice | Channel::Whatsapp => Style::Long,
    }
}

/// All variables there are.
#[derive(Debug)]
pub struct Variables {
    all: Vec<Variable>,
    by_name: HashMap<String, usize>,
}

#[derive(Deserialize)]
struct Data {
    variables: Vec<Variable>,
}

static VARIABLES: LazyLock<Variables> = LazyLock::new(|| {
    let data: Data = serde_json::from_str(include_str!("../data/variables.json"))
        .expect("the file is part of the build and tested");
    let by_name = data
        .variables
        .iter()
        .enumerate()
        .flat_map(|(index, variable)| {
            variable.aliases.iter().chain([&variable.path]).map(move |name| (folded(name), index))
        })
        .collect();
    Variables { all: data.variables, by_name }
});

/// The registry.
pub fn variables() -> &'static Variables {
    &VARIABLES
}

/// The form under which `patient.firstName`, `patient_first_name` and `PatientFirstName` are one name.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Variables {
    /// All of them, in the order of the menu.
    pub fn all(&self) -> impl Iterator<Item = &'static Variable> + use<> {
        VARIABLES.all.iter()
    }

    /// The variable of a canonical path or of an alias in any of the usual spellings.
    pub fn find(&self, name: &str) -> Option<&'static Variable> {
        let spelt = !name.is_empty()
            && name.len() <= 60
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
        let index = spelt.then(|| self.by_name.get(&folded(name)))??;
        VARIABLES.all.get(*index)
    }

    /// Those that a template of a category may say on a channel.
    pub fn offered<'a>(
        &self,
        channel: Channel,
        category: Category,
        ceilings: &'a Ceilings,
    ) -> impl Iterator<Item = &'static Variable> + use<'a> {
        self.all().filter(move |variable| {
            variable.goes_by(channel, ceilings)
                && (variable.categories.is_empty() || variable.categories.contains(&category))
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::Language;
    use rstest::rstest;

    use super::*;
    use crate::value::{Value, Values};

    const CHANNELS: [Channel; 6] =
        [Channel::Sms, Channel::Email, Channel::InApp, Channel::Push, Channel::Voice, Channel::Whatsapp];

    #[test]
    fn no_name_means_two_variables() {
        let names: usize = variables().all().map(|v| v.aliases.len() + 1).sum();
        assert_eq!(variables().by_name.len(), names);
        for variable in variables().all() {
            assert!(variable.from.as_ref().is_none_or(|from| variables().find(from).is_some()));
        }
    }

    /// C-09
    #[rstest]
    #[case("patient.first_name", "patient.first_name")]
    #[case("firstName", "patient.first_name")]
    #[case("patient.firstName", "patient.first_name")]
    #[case("patient_name", "patient.name")]
    #[case("appointmentDate", "appointment.date")]
    #[case("doctor_name", "provider.name")]
    #[case("serviceType", "appointment.service")]
    #[case("clinicContact", "clinic.phone")]
    #[case("portalLink", "links.portal")]
    #[case("dueDate", "invoice.due_date")]
    #[case("testName", "order.test_name")]
    #[case("officeNumber", "office.number")]
    fn usual_spellings_lead_to_one_variable(#[case] name: &str, #[case] path: &str) {
        assert_eq!(variables().find(name).unwrap().path, path);
    }

    #[rstest]
    #[case("")]
    #[case("7*7")]
    #[case("shoe.size")]
    #[case("first name")]
    fn other_names_are_unknown(#[case] name: &str) {
        assert!(variables().find(name).is_none());
    }

    /// C-04
    #[test]
    fn samples_are_values_of_their_type_and_the_full_ones_fill_their_budget() {
        for (full, values) in [(false, Values::samples(false)), (true, Values::samples(true))] {
            for variable in variables().all() {
                let value = values.get(variable).unwrap();
                for channel in CHANNELS {
                    let budget = variable.budget(channel);
                    let shown = value
                        .shown(variable.kind, &Language::english(), style(channel), budget, str::to_owned)
                        .unwrap_or_else(|_| panic!("{}", variable.path));
                    assert!(crate::value::room(&shown.text) <= budget);
                    if full && variable.kind == Type::Text {
                        assert_eq!(shown.text.chars().count(), budget, "{} on {channel:?}", variable.path);
                    }
                    assert!(full || !shown.cut, "{} on {channel:?}", variable.path);
                }
                assert!(!matches!(value, Value::Text(text) if text.is_empty()));
            }
        }
    }

    /// A-34, C-09
    #[test]
    fn what_is_offered_depends_on_channel_and_category() {
        let ceilings = Ceilings::default();
        let offered = |channel, category| -> Vec<_> {
            variables().offered(channel, category, &ceilings).map(|v| v.path.as_str()).collect()
        };
        for channel in [Channel::Sms, Channel::Whatsapp, Channel::Voice] {
            for category in [Category::Appointment, Category::Billing, Category::Treatment] {
                for path in [
                    "treatment.diagnosis",
                    "treatment.procedure",
                    "account.balance",
                    "patient.birth_date",
                    "insurance.name",
                    "appointment.service",
                ] {
                    assert!(!offered(channel, category).contains(&path), "{path} on {channel:?}");
                }
            }
        }
        assert!(offered(Channel::Sms, Category::Appointment).contains(&"appointment.public_service"));
        assert!(offered(Channel::Email, Category::Billing).contains(&"invoice.total"));
        assert!(!offered(Channel::Email, Category::Appointment).contains(&"invoice.total"));
        assert!(offered(Channel::InApp, Category::Treatment).contains(&"treatment.diagnosis"));
    }
}
