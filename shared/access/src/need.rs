//! What an operation needs of its caller.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Area, Level, Permission};

/// What an operation needs. Its text stands in the `OpenAPI` document as `x-access`, and the front door reads it
/// from there: `public`, `any staff`, `admin`, `messaging:send`, `permission comms:send_bulk`, or
/// `messaging:send and permission comms:send_message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing, not even a name.
    Public,
    /// To be of the staff, in any known role.
    AnyStaff,
    /// To administer the clinic. This goes by role: no grant gives it, none takes it away.
    Admin,
    /// A level in an area.
    Level(Area, Level),
    /// A special permission.
    Permission(Permission),
    /// A level in an area, and a special permission.
    Both(Area, Level, Permission),
}

/// The text says no need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is none of: public, any staff, admin, <area>:<level>, permission <name>, or the last two with `and`"
)]
pub struct NotANeed(pub String);

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::AnyStaff => f.write_str("any staff"),
            Self::Admin => f.write_str("admin"),
            Self::Level(area, level) => write!(f, "{area}:{level}"),
            Self::Permission(permission) => write!(f, "permission {permission}"),
            Self::Both(area, level, permission) => write!(f, "{area}:{level} and permission {permission}"),
        }
    }
}

fn level(text: &str) -> Option<(Area, Level)> {
    let (area, level) = text.split_once(':')?;
    let (area, level): (Area, Level) = (area.parse().ok()?, level.parse().ok()?);
    // A need for nothing is a mistake, and `send` means nothing outside of messaging.
    let means_something = level != Level::None && (level != Level::Send || area == Area::Messaging);
    means_something.then_some((area, level))
}

fn permission(text: &str) -> Option<Permission> {
    text.strip_prefix("permission ")?.parse().ok()
}

impl FromStr for Need {
    type Err = NotANeed;
    fn from_str(text: &str) -> Result<Self, NotANeed> {
        let found = match text {
            "public" => Some(Self::Public),
            "any staff" => Some(Self::AnyStaff),
            "admin" => Some(Self::Admin),
            _ => match text.split_once(" and ") {
                Some((first, second)) => level(first)
                    .zip(permission(second))
                    .map(|((area, level), permission)| Self::Both(area, level, permission)),
                None => permission(text)
                    .map(Self::Permission)
                    .or_else(|| level(text).map(|(area, level)| Self::Level(area, level))),
            },
        };
        found.ok_or_else(|| NotANeed(text.to_owned()))
    }
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Need {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_read_as_it_is_written() {
        for text in [
            "public",
            "any staff",
            "admin",
            "messaging:send",
            "records:full",
            "permission comms:send_bulk",
            "messaging:send and permission comms:send_message",
        ] {
            assert_eq!(text.parse::<Need>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_text_is_no_need() {
        for text in [
            "",
            "Public",
            "messaging",
            "messaging:none",
            "leads:send",
            "comms:send_bulk",
            "permission",
            "permission comms:nothing",
            "permission comms:send_bulk and messaging:send",
            "messaging:send and",
        ] {
            assert!(text.parse::<Need>().is_err(), "{text}");
        }
    }
}
