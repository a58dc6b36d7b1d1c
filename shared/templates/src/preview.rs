//! A look at a template before it is saved or sent.

use kernel::Language;

use crate::{
    content::Content,
    render::{RenderFault, Rendered, Strictness},
    value::Values,
};

/// What a preview is filled with.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Values as most are.
    Typical,
    /// Values that fill all the room they have: the worst case.
    Full,
    /// Given values alone; what they lack shows as missing.
    Given(Values),
    /// Given values, and typical ones where they lack.
    Over(Values),
    /// What is known of somebody, with samples of the links that a message to them would have.
    Known {
        /// What is known.
        values: Values,
        /// Whether it is about a visit.
        visit: bool,
    },
}

impl Sample {
    /// The values that were given; none for the sample that has values of its own.
    pub fn given(self) -> Option<Values> {
        match self {
            Self::Full => None,
            Self::Typical => Some(Values::new()),
            Self::Given(values) | Self::Over(values) | Self::Known { values, .. } => Some(values),
        }
    }
}

/// Fills every channel that a recipient of this language could get. Missing values are no fault here: they
/// show as their variable and are named in `missing`.
pub fn preview(content: &Content, language: &Language, sample: Sample) -> Result<Vec<Rendered>, RenderFault> {
    let values = match sample {
        Sample::Typical => Values::samples(false),
        Sample::Full => Values::samples(true),
        Sample::Given(values) => values,
        Sample::Over(values) => values.or(Values::samples(false)),
        Sample::Known { values, visit } => values.or(Values::links(visit)),
    };
    content
        .channels()
        .into_iter()
        .map(|channel| content.fill(channel, language, &values, Strictness::Preview))
        .filter(|filled| !matches!(filled, Err(RenderFault::NoBody(_))))
        .collect()
}
