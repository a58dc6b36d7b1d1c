//! Who acts.

use std::net::IpAddr;

use access::{Caller, Role};
use kernel::{CallerId, PersonId, RequestId};
use serde::{Deserialize, Serialize};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Who {
    /// Somebody of the staff.
    Staff {
        /// Who.
        id: CallerId,
        /// In which role.
        role: Role,
    },
    /// A patient or guardian, through a link or a reply.
    Patient {
        /// Who.
        id: PersonId,
    },
    /// The product itself, in the background.
    System {
        /// Which part of it.
        name: String,
    },
    /// Somebody outside whom we cannot name further.
    Outside {
        /// As what they came, such as the name of a provider.
        name: String,
    },
}

/// Who acts, in which request, from where. Features take it and write it into what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// In which request; absent in the background.
    pub request: Option<RequestId>,
    /// From which address, if known.
    pub from: Option<IpAddr>,
}

impl Actor {
    /// A part of the product, in the background.
    pub fn system(name: &'static str) -> Self {
        Self { who: Who::System { name: name.to_owned() }, request: None, from: None }
    }

    /// A patient or guardian.
    pub fn patient(id: PersonId) -> Self {
        Self { who: Who::Patient { id }, request: None, from: None }
    }

    /// Somebody outside, known only by what they came as.
    pub fn outside(name: &'static str) -> Self {
        Self { who: Who::Outside { name: name.to_owned() }, request: None, from: None }
    }

    /// The same, in a request from an address.
    #[must_use]
    pub fn in_request(self, request: RequestId, from: Option<IpAddr>) -> Self {
        Self { request: Some(request), from, ..self }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            who: Who::Staff { id: caller.id, role: caller.role },
            request: Some(caller.request),
            from: caller.from,
        }
    }
}
