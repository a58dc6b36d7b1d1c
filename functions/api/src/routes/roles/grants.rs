//! What a role may do in a clinic, as it is shown.

use std::collections::{BTreeMap, BTreeSet};

use access::{Area, Rights, Role, RoleGrant};
use edge::Versioned;
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

/// What a role may do in this clinic, and where that differs from the standard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "role": "front_desk",
    "version": 1,
    "levels": { "records": "view" },
    "given": ["comms:send_bulk"],
    "withheld": [],
    "effective": {
        "levels": { "messaging": "full", "records": "view" },
        "permissions": ["comms:send_bulk", "comms:send_message"]
    }
}))]
pub(super) struct Grants {
    role: &'static str,
    /// 0 while the standard holds.
    version: u64,
    /// Levels that differ from the standard.
    levels: BTreeMap<&'static str, &'static str>,
    /// Permissions beyond the standard.
    given: BTreeSet<&'static str>,
    /// Permissions of the standard that are taken away.
    withheld: BTreeSet<&'static str>,
    effective: Effective,
}

/// What comes of it.
#[derive(Debug, Serialize, ToSchema)]
struct Effective {
    /// The level in each area.
    levels: BTreeMap<&'static str, &'static str>,
    /// The special permissions.
    permissions: Vec<&'static str>,
}

pub(super) fn version(kept: Option<&Kept<RoleGrant>>) -> u64 {
    kept.map_or(0, Kept::rev)
}

impl Grants {
    pub(super) fn of(role: Role, kept: Option<&Kept<RoleGrant>>) -> Self {
        Self::at(role, version(kept), kept.map(|kept| &**kept))
    }

    pub(super) fn at(role: Role, version: u64, grant: Option<&RoleGrant>) -> Self {
        let rights = Rights::of(role, grant);
        let levels = grant.iter().flat_map(|grant| &grant.levels);
        Self {
            role: role.name(),
            version,
            levels: levels.map(|(area, level)| (area.name(), level.name())).collect(),
            given: grant.iter().flat_map(|grant| &grant.given).map(|each| each.name()).collect(),
            withheld: grant.iter().flat_map(|grant| &grant.withheld).map(|each| each.name()).collect(),
            effective: Effective {
                levels: Area::ALL.iter().map(|area| (area.name(), rights.level(*area).name())).collect(),
                permissions: rights.permissions().map(access::Permission::name).collect(),
            },
        }
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}
