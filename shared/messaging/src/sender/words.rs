//! What a message says, written with the facts of the moment.

use futures::future::BoxFuture;
use kernel::{Channel, Fault, Kind, Language, Timestamp};
use people::{Appointment, Person};
use platform::{Platform, PlatformFault};
use table::{ClinicTable, TableFault};
use templates::{RenderFault, TemplateFault, Value, Values};

use super::{facts::Facts, known::Memory};
use crate::{Body, Ended, Message, Snapshot};

/// Makes the links that a message may carry. The secret behind them is the platform's; who knows what they
/// mean is not messaging.
pub trait Links: Send + Sync {
    /// The addresses by the path of their variable, such as `links.confirm`, for a message about a visit.
    fn about<'a>(
        &'a self,
        table: &'a ClinicTable,
        visit: &'a Appointment,
        public_url: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(&'static str, String)>, PlatformFault>>;
}

/// Why there are no words now.
pub(crate) enum Wordless {
    /// There never will be: the message ends.
    Never(Ended),
    /// Something could not be read.
    NotNow(TableFault),
}

impl From<TableFault> for Wordless {
    fn from(fault: TableFault) -> Self {
        Self::NotNow(fault)
    }
}

fn never(code: &str, says: impl Into<String>) -> Wordless {
    Wordless::Never(Ended::new(code, says))
}

impl From<TemplateFault> for Wordless {
    fn from(fault: TemplateFault) -> Self {
        match fault.kind() {
            Kind::Unavailable => {
                Self::NotNow(TableFault::Away { operation: "GetItem", reason: fault.code().to_owned() })
            }
            _ => never("TEMPLATE_MISSING", "the template or its version is gone"),
        }
    }
}

impl From<RenderFault> for Wordless {
    fn from(fault: RenderFault) -> Self {
        match &fault {
            RenderFault::NoBody(channel) => {
                never("TEMPLATE_WITHOUT_BODY", format!("the template says nothing on {}", channel.name()))
            }
            RenderFault::Missing(names) => {
                never("VARIABLE_MISSING", format!("there is no value for {}", names.join(", ")))
            }
            _ => never("TEMPLATE_UNFILLABLE", fault.to_string()),
        }
    }
}

pub(crate) struct Writer<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) table: &'a ClinicTable,
    pub(crate) memory: &'a Memory,
    pub(crate) facts: &'a Facts,
    pub(crate) links: &'a dyn Links,
}

impl Writer<'_> {
    /// The words of a message on a channel, for its reader.
    pub(crate) async fn write(
        &self,
        message: &Message,
        person: &Person,
        reader: &Person,
        channel: Channel,
        unsubscribe: Option<&str>,
    ) -> Result<Snapshot, Wordless> {
        match message.body.as_ref() {
            None => Err(never("NOTHING_TO_SAY", "the message has no body")),
            Some(Body::Text { subject, text }) => {
                let weight = (channel == Channel::Sms).then(|| templates::weigh(text.reveal()).segments);
                let brand = || self.facts.known.clinic.brand.clone().into();
                let subject = (channel == Channel::Email).then(|| subject.clone().unwrap_or_else(brand));
                Ok(Snapshot { subject, text: text.clone(), segments: weight, ..Snapshot::default() })
            }
            Some(Body::Template { template, version, values }) => {
                let version = self.memory.version(self.table, *template, *version).await?;
                let above = version.content.above(&self.facts.known.ceilings, channel);
                if !above.is_empty() {
                    return Err(never(
                        "TOO_SENSITIVE",
                        format!("{} may not be told over {}", above.join(", "), channel.name()),
                    ));
                }
                let mut filled = self.values(message, person, reader).await?;
                if let Some(link) = unsubscribe {
                    filled.put("links.unsubscribe", Value::Link(link.to_owned()));
                }
                for (path, value) in values {
                    filled.put(path, Value::Text(value.reveal().clone()));
                }
                let language = self.language(reader, version.content.languages().keys());
                let rendered = version.render(channel, &language, &filled)?;
                Ok(Snapshot {
                    subject: rendered.subject,
                    text: rendered.text,
                    html: rendered.html,
                    language: Some(rendered.language),
                    segments: rendered.weight.map(|weight| weight.segments),
                    truncated: !rendered.truncated.is_empty(),
                })
            }
        }
    }

    fn language<'a>(&self, reader: &Person, offered: impl Iterator<Item = &'a Language>) -> Language {
        let offered: Vec<_> = offered.cloned().collect();
        reader.language_among(&offered, &self.facts.known.clinic.language).clone()
    }

    async fn values(
        &self,
        message: &Message,
        person: &Person,
        reader: &Person,
    ) -> Result<Values, TableFault> {
        let clinic = &self.facts.known.clinic;
        let mut values = Values::new()
            .with(
                "patient.name",
                Value::Name {
                    first: person.names.calling().to_owned(),
                    last: person.names.family.reveal().clone(),
                },
            )
            .with("recipient.first_name", Value::Text(reader.names.calling().to_owned()))
            .with("clinic.name", Value::Text(clinic.brand.clone()));
        if let Some(phone) = &clinic.help_phone {
            values.put("clinic.phone", Value::Phone(phone.clone()));
        }
        let Some(visit) = message.about.as_ref().and_then(|about| self.facts.appointment(about.appointment))
        else {
            return Ok(values);
        };
        self.visit(visit, &mut values).await?;
        Ok(values)
    }

    async fn visit(&self, visit: &Appointment, values: &mut Values) -> Result<(), TableFault> {
        let at: Timestamp = visit.starts_at;
        values.put("appointment.date_time", Value::DateTime { at, zone: visit.zone.clone() });
        if let Some(service) = &visit.service_type {
            values.put("appointment.service", Value::Text(service.clone()));
        }
        if let Some(id) = visit.practitioner
            && let Some(practitioner) = &*self.memory.practitioner(self.table, id).await?
        {
            values.put("provider.name", Value::Text(practitioner.display.clone()));
        }
        if let Some(id) = visit.location
            && let Some(location) = &*self.memory.location(self.table, id).await?
        {
            if let Some(office) = &location.office_number {
                values.put("office.number", Value::Text(office.clone()));
            }
            let address = &location.address;
            let lines: Vec<_> = [&address.street, &address.city].into_iter().flatten().cloned().collect();
            if !lines.is_empty() {
                values.put("clinic.address", Value::Text(lines.join(", ")));
            }
            if let Some(phone) = &location.phone {
                values.put("clinic.phone", Value::Phone(phone.clone()));
            }
        }
        let links = self.links.about(self.table, visit, &self.platform.settings.public_url).await;
        let links =
            links.map_err(|fault| TableFault::Away { operation: "links", reason: fault.to_string() })?;
        for (path, link) in links {
            values.put(path, Value::Link(link));
        }
        Ok(())
    }
}
