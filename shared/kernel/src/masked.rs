//! Personal data that cannot be printed by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value about a person. It is stored and sent as it is, but `Debug` shows only that something is there.
/// There is no `Display`: whoever needs the value says so with [`Masked::reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked<T>(T);

impl<T> Masked<T> {
    /// Covers a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Masked<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_and_json_keeps() {
        let name = Masked::new("Ana".to_owned());
        assert_eq!(format!("{name:?}"), "•••");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ana\"");
    }
}
