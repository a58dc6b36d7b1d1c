//! What a member of the staff writes: the forms that a message of their own and a reply share.

use std::collections::BTreeMap;

use edge::Problem;
use kernel::{Category, Channel, Detail, Fault as _, Kind, Masked, TemplateId};
use messaging::{Body, CreateFault, Route};
use serde::Deserialize;
use table::ClinicTable;
use templates::{Template, TemplateFault};
use utoipa::ToSchema;

/// The longest value for a variable, in characters.
const LONGEST_VALUE: usize = 500;
/// The longest subject, in characters (RFC 5322 allows lines of 998 octets; mail programs show far less).
const LONGEST_SUBJECT: usize = 200;

/// Which way a message is to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = MessageWay)]
pub(crate) enum Way {
    /// The first usable one in the recipient's own order.
    #[default]
    Auto,
    /// Text message.
    Sms,
    /// E-mail.
    Email,
    /// A note inside our own apps.
    InApp,
    /// Push to a device.
    Push,
    /// A call.
    Voice,
    /// WhatsApp.
    Whatsapp,
}

impl Way {
    /// The channel that is named.
    pub(crate) fn channel(self) -> Option<Channel> {
        Some(match self {
            Self::Auto => return None,
            Self::Sms => Channel::Sms,
            Self::Email => Channel::Email,
            Self::InApp => Channel::InApp,
            Self::Push => Channel::Push,
            Self::Voice => Channel::Voice,
            Self::Whatsapp => Channel::Whatsapp,
        })
    }

    /// The route it stands for.
    pub(crate) fn route(self) -> Route {
        self.channel().map_or(Route::Auto, Route::Only)
    }
}

/// What a message says, as it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) template: Option<TemplateId>,
    pub(crate) template_version: Option<u32>,
    pub(crate) variables: BTreeMap<String, Masked<String>>,
    pub(crate) subject: Option<Masked<String>>,
    pub(crate) text: Option<Masked<String>>,
}

fn invalid(code: &str, says: &str, at: &str, mend: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, code, says).at([Detail::new(at, mend)])
}

impl Words {
    /// The body they make for a way, and the template they are from. Whether a version exists and a text has a
    /// length that can be sent is for `messaging` to say.
    pub(crate) async fn body(
        self,
        table: &ClinicTable,
        way: Way,
    ) -> Result<(Body, Option<Template>), Problem> {
        match (self.template, self.text) {
            (None, Some(text)) => {
                if self.template_version.is_some() || !self.variables.is_empty() {
                    return Err(invalid(
                        "template_missing",
                        "versions and variables belong to a template",
                        "/template",
                        "name the template, or leave out its version and variables",
                    ));
                }
                let long = |subject: &Masked<String>| subject.reveal().chars().count() > LONGEST_SUBJECT;
                if self.subject.as_ref().is_some_and(long) {
                    return Err(invalid(
                        "subject_too_long",
                        "the subject is too long",
                        "/subject",
                        format!("write at most {LONGEST_SUBJECT} characters"),
                    ));
                }
                Ok((Body::Text { subject: self.subject, text }, None))
            }
            (Some(id), None) => {
                if self.subject.is_some() {
                    return Err(invalid(
                        "subject_of_template",
                        "a template has its own subject",
                        "/subject",
                        "leave it out",
                    ));
                }
                of_template(table, way, id, self.template_version, self.variables).await
            }
            (Some(_), Some(_)) => Err(invalid(
                "message_ambiguous",
                "a message has a template or a text, not both",
                "/text",
                "leave out either the text or the template",
            )),
            (None, None) => Err(CreateFault::Empty.into()),
        }
    }
}

async fn of_template(
    table: &ClinicTable,
    way: Way,
    id: TemplateId,
    version: Option<u32>,
    values: BTreeMap<String, Masked<String>>,
) -> Result<(Body, Option<Template>), Problem> {
    let lost = |fault: TemplateFault| match fault.kind() {
        Kind::NotFound => CreateFault::NoTemplate(id).into(),
        _ => Problem::from(fault),
    };
    let template = templates::get(table, id).await.map_err(lost)?.into_value();
    if !template.is_usable() {
        return Err(invalid(
            "template_not_usable",
            "the template was put away or is switched off",
            "/template",
            "name a template in use",
        ));
    }
    let version = version.unwrap_or(template.latest);
    let content = templates::version(table, id, version).await.map_err(lost)?.content;
    let mut faults: Vec<Detail> = Vec::new();
    for (path, value) in &values {
        let at = format!("/variables/{}", path.replace('~', "~0").replace('/', "~1"));
        if !content.variables().iter().any(|declared| declared.path == *path) {
            faults.push(Detail::new(at, "the template has no such variable"));
        } else if value.reveal().chars().count() > LONGEST_VALUE {
            faults.push(Detail::new(at, format!("write at most {LONGEST_VALUE} characters")));
        }
    }
    if !faults.is_empty() {
        return Err(Problem::new(Kind::Invalid, "variables_invalid", "some variables cannot be").at(faults));
    }
    if let Some(channel) = way.channel() {
        if !content.channels().contains(&channel) {
            return Err(invalid(
                "template_without_body",
                "the template says nothing on this channel",
                "/channel",
                "name a channel of the template, or AUTO",
            ));
        }
        let above = content.above(&templates::ceilings(table).await?, channel);
        if !above.is_empty() {
            let says = format!("{} may not be told over {}", above.join(", "), channel.name());
            return Err(invalid(
                "variable_too_sensitive",
                "the template tells more than this channel may carry",
                "/template",
                says,
            ));
        }
    }
    Ok((Body::Template { template: id, version, values }, Some(template)))
}

/// What the message is about: as told, or as the template has it. A message says of itself what its template
/// says, since consent and hours follow from it.
pub(crate) fn category(
    told: Option<Category>,
    template: Option<&Template>,
    usual: Option<Category>,
) -> Result<Category, Problem> {
    match (told, template.map(|template| template.category)) {
        (Some(told), Some(of_template)) if told != of_template => Err(invalid(
            "category_of_template",
            "the template is about something else",
            "/category",
            format!("leave it out, or say {}", of_template.name()),
        )),
        (Some(category), _) | (None, Some(category)) => Ok(category),
        (None, None) => usual.ok_or_else(|| {
            invalid("category_missing", "a text does not say what it is about", "/category", "is required")
        }),
    }
}
