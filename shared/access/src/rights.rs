//! What a role may do, by the tables under `data/` and by what the clinic granted.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;

use crate::{Area, Field, Level, Need, Permission, Role, RoleGrant};

const AREAS: usize = 8;

/// What somebody may do and see: a level per area, permissions, and groups of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    levels: [Level; AREAS],
    permissions: u64,
    fields: u16,
    admin: bool,
}

/// In which clinics a role may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// In every clinic.
    All,
    /// In the clinics assigned to the person.
    Assigned,
    /// In one clinic.
    One,
}

#[derive(Deserialize)]
struct LevelsFile {
    areas: Vec<Area>,
    roles: BTreeMap<Role, RoleRow>,
}

#[derive(Deserialize)]
struct RoleRow {
    clinics: Reach,
    admin: bool,
    levels: Vec<Level>,
}

#[derive(Deserialize)]
struct PermissionsFile {
    permissions: Vec<PermissionRow>,
}

#[derive(Deserialize)]
struct PermissionRow {
    name: Permission,
    means: String,
    roles: Vec<Role>,
    from_level: Option<Need>,
}

#[derive(Deserialize)]
struct FieldsFile {
    fields: Vec<FieldRow>,
}

#[derive(Deserialize)]
struct FieldRow {
    name: Field,
    means: String,
    needs: Vec<Need>,
    roles: Vec<Role>,
}

struct Tables {
    levels: LevelsFile,
    permissions: Vec<PermissionRow>,
    fields: Vec<FieldRow>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        levels: serde_json::from_str(include_str!("../data/levels.json"))
            .expect("a test reads data/levels.json"),
        permissions: serde_json::from_str::<PermissionsFile>(include_str!("../data/permissions.json"))
            .expect("a test reads data/permissions.json")
            .permissions,
        fields: serde_json::from_str::<FieldsFile>(include_str!("../data/fields.json"))
            .expect("a test reads data/fields.json")
            .fields,
    })
}

impl Role {
    /// In which clinics this role may work.
    pub fn reach(self) -> Reach {
        tables().levels.roles.get(&self).map_or(Reach::One, |row| row.clinics)
    }

    /// Whether this role administers a clinic, and with it the rights of others.
    pub fn is_admin(self) -> bool {
        tables().levels.roles.get(&self).is_some_and(|row| row.admin)
    }
}

impl Permission {
    /// What it allows, in a few words.
    pub fn means(self) -> &'static str {
        tables().permissions.iter().find(|row| row.name == self).map_or("", |row| &row.means)
    }

    fn bit(self) -> u64 {
        1 << (self as u64)
    }
}

impl Field {
    /// What is in it, in a few words.
    pub fn means(self) -> &'static str {
        tables().fields.iter().find(|row| row.name == self).map_or("", |row| &row.means)
    }

    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

impl Rights {
    /// No rights at all.
    pub const NONE: Self = Self { levels: [Level::None; AREAS], permissions: 0, fields: 0, admin: false };

    /// What a role may do in a clinic: by the tables, changed by the clinic's grant. The platform's own
    /// administrators are not subject to a clinic's grants.
    pub fn of(role: Role, grant: Option<&RoleGrant>) -> Self {
        let tables = tables();
        let Some(row) = tables.levels.roles.get(&role) else { return Self::NONE };
        let mut rights = Self { admin: row.admin, ..Self::NONE };
        for (area, level) in tables.levels.areas.iter().zip(&row.levels) {
            rights.levels[*area as usize] = *level;
        }
        let grant = grant.filter(|grant| grant.role == role && role != Role::SuperAdmin);
        for (area, level) in grant.iter().flat_map(|grant| &grant.levels) {
            rights.levels[*area as usize] = *level;
        }
        for right in &tables.permissions {
            let by_level = right.from_level.is_some_and(|need| rights.meets(need));
            if row.admin || by_level || right.roles.contains(&role) {
                rights.permissions |= right.name.bit();
            }
        }
        if let Some(grant) = grant {
            grant.given.iter().for_each(|permission| rights.permissions |= permission.bit());
            grant.withheld.iter().for_each(|permission| rights.permissions &= !permission.bit());
        }
        for field in &tables.fields {
            let needed = row.admin || field.roles.contains(&role);
            if needed && field.needs.iter().all(|need| rights.meets(*need)) {
                rights.fields |= field.name.bit();
            }
        }
        rights
    }

    /// The level in an area.
    pub fn level(&self, area: Area) -> Level {
        self.levels[area as usize]
    }

    /// Whether the permission is there.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions & permission.bit() != 0
    }

    /// Whether a group of fields is shown.
    pub fn shows(&self, field: Field) -> bool {
        self.fields & field.bit() != 0
    }

    /// The permissions, in order.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.may(*permission))
    }

    /// Whether these rights are enough.
    pub fn meets(&self, need: Need) -> bool {
        match need {
            Need::Public | Need::AnyStaff => true,
            Need::Admin => self.admin,
            Need::Level(area, level) => self.level(area) >= level,
            Need::Permission(permission) => self.may(permission),
            Need::Both(area, level, permission) => self.level(area) >= level && self.may(permission),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    ///
    #[rstest]
    #[case(Field::PersonName, "doctor clinical_staff front_desk treatment_coordinator billing")]
    #[case(Field::PersonBirth, "doctor clinical_staff front_desk treatment_coordinator billing")]
    #[case(Field::PersonContacts, "doctor clinical_staff front_desk treatment_coordinator billing")]
    #[case(Field::PersonNotes, "doctor clinical_staff front_desk treatment_coordinator")]
    #[case(Field::VisitService, "doctor clinical_staff front_desk treatment_coordinator billing")]
    #[case(Field::MessageContent, "doctor clinical_staff front_desk treatment_coordinator billing")]
    #[case(Field::MessageCare, "doctor clinical_staff front_desk treatment_coordinator")]
    #[case(Field::ConsentEvidence, "doctor clinical_staff front_desk treatment_coordinator")]
    #[case(Field::IntakeAnswers, "doctor clinical_staff front_desk treatment_coordinator")]
    #[case(Field::AuditOrigin, "")]
    fn a_group_of_fields_is_shown_to_those_whose_work_needs_it(#[case] field: Field, #[case] roles: &str) {
        let shown: Vec<_> = Role::ALL
            .iter()
            .filter(|role| !role.is_admin() && Rights::of(**role, None).shows(field))
            .map(|role| role.name())
            .collect();
        assert_eq!(shown.join(" "), roles);
        assert!(Rights::of(Role::ClinicAdmin, None).shows(field));
        assert!(!Rights::NONE.shows(field));
    }

    #[test]
    fn every_role_area_and_permission_is_in_the_tables_once() {
        let tables = tables();
        assert_eq!(tables.levels.areas, Area::ALL);
        assert_eq!(tables.levels.roles.len(), Role::ALL.len());
        assert!(tables.levels.roles.values().all(|row| row.levels.len() == AREAS));
        let mut named: Vec<_> = tables.permissions.iter().map(|row| row.name).collect();
        named.sort_unstable();
        assert_eq!(named, Permission::ALL);
        let fields: Vec<_> = tables.fields.iter().map(|row| row.name).collect();
        assert_eq!(fields, Field::ALL);
        assert!(Field::ALL.len() <= 16 && Field::ALL.iter().all(|each| !each.means().is_empty()));
        assert!(tables.fields.iter().all(|row| !row.needs.is_empty()), "no field is for everybody");
        assert!(Permission::ALL.len() <= 64 && Permission::ALL.iter().all(|each| !each.means().is_empty()));
    }

    /// P-01
    #[rstest]
    #[case(Role::SuperAdmin, "FFFFFFFF")]
    #[case(Role::ClinicAdmin, "FFFFFFFF")]
    #[case(Role::Doctor, "SVVEVVVV")]
    #[case(Role::ClinicalStaff, "SVVVVVVV")]
    #[case(Role::FrontDesk, "FVVVEFEE")]
    #[case(Role::TreatmentCoordinator, "FVVVFFEV")]
    #[case(Role::Billing, "SVVNVVVV")]
    #[case(Role::ReadOnly, "VVVVVVVV")]
    fn a_role_has_the_level_of_the_table_in_each_area(#[case] role: Role, #[case] levels: &str) {
        let rights = Rights::of(role, None);
        let found: String =
            Area::ALL.iter().map(|area| rights.level(*area).name()[..1].to_uppercase()).collect();
        assert_eq!(found, levels);
    }

    /// P-01
    #[test]
    fn an_unknown_role_is_no_role() {
        for text in ["", "owner", "Super_Admin", "super_admin ", "doctor,clinic_admin"] {
            assert!(text.parse::<Role>().is_err(), "{text}");
        }
    }

    /// P-02
    #[test]
    fn a_level_holds_those_below_it_and_nothing_above() {
        let rights = Rights::of(Role::Doctor, None);
        assert!(rights.meets(Need::Level(Area::Messaging, Level::View)));
        assert!(rights.meets(Need::Level(Area::Messaging, Level::Send)));
        assert!(!rights.meets(Need::Level(Area::Messaging, Level::Edit)));
        assert!(rights.meets(Need::Level(Area::Content, Level::Edit)));
        assert!(!rights.meets(Need::Level(Area::Content, Level::Full)));
        assert!(!Rights::of(Role::Billing, None).meets(Need::Level(Area::Content, Level::View)));
    }

    /// P-02, P-03
    #[test]
    fn a_special_permission_is_needed_even_with_full() {
        let desk = Rights::of(Role::FrontDesk, None);
        assert_eq!(desk.level(Area::Intake), Level::Full);
        assert!(!desk.may(Permission::IntakeConfigure));
        assert!(!desk.meets(Need::Both(Area::Intake, Level::Full, Permission::IntakeConfigure)));
        assert!(desk.may(Permission::IntakeViewSubmissions), "by its level");
    }

    /// P-03
    #[rstest]
    #[case(Permission::LeadAssign, "super_admin clinic_admin treatment_coordinator")]
    #[case(Permission::RecordsAuthorize, "super_admin clinic_admin doctor")]
    #[case(Permission::RecordsPrepare, "super_admin clinic_admin front_desk")]
    #[case(Permission::CommsSendBulk, "super_admin clinic_admin")]
    #[case(Permission::LeadUpdate, "super_admin clinic_admin front_desk treatment_coordinator")]
    #[case(
        Permission::IntakeViewSubmissions,
        "super_admin clinic_admin doctor clinical_staff front_desk treatment_coordinator"
    )]
    #[case(
        Permission::CommsSendMessage,
        "super_admin clinic_admin doctor clinical_staff front_desk treatment_coordinator billing"
    )]
    #[case(Permission::AuditViewLogs, "super_admin clinic_admin")]
    fn a_permission_belongs_to_its_roles(#[case] permission: Permission, #[case] roles: &str) {
        let found: Vec<_> = Role::ALL
            .iter()
            .filter(|role| Rights::of(**role, None).may(permission))
            .map(|role| role.name())
            .collect();
        assert_eq!(found.join(" "), roles);
    }

    /// P-03
    #[test]
    fn administrators_have_every_permission() {
        for role in [Role::SuperAdmin, Role::ClinicAdmin] {
            assert_eq!(Rights::of(role, None).permissions().count(), Permission::ALL.len());
        }
    }
}
