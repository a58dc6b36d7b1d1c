//! Who is calling, for which clinic, with which rights.

use std::net::IpAddr;

use kernel::{CallerId, ClinicId, Detail, Fault, Id as _, Kind, Masked, RequestId};
use table::{Table, TableFault};
use uuid::Uuid;

use crate::{Area, Field, Level, Need, Permission, Reach, Rights, Role, RoleGrant};

/// What a verified token says. The names in brackets are those of the user pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Who (`sub`): a UUID, or an id of ours.
    pub sub: String,
    /// In which role (`custom:role`).
    pub role: String,
    /// The clinics assigned, separated by commas or spaces (`custom:clinics`).
    pub clinics: String,
    /// The clinic somebody is at home in (`custom:clinic`).
    pub clinic: String,
}

impl Claims {
    /// The claims by their names in the user pool; absent ones are empty.
    pub fn read<'a>(claim: impl Fn(&str) -> Option<&'a str>) -> Self {
        let read = |name| claim(name).unwrap_or_default().to_owned();
        Self {
            sub: read("sub"),
            role: read("custom:role"),
            clinics: read("custom:clinics"),
            clinic: read("custom:clinic"),
        }
    }

    /// The clinic somebody is at home in, if the token tells one.
    pub fn home(&self) -> Option<ClinicId> {
        self.clinic.trim().parse().ok()
    }

    /// Who it is, if the token tells it in a form we know.
    pub fn id(&self) -> Option<CallerId> {
        self.sub.parse().ok().or_else(|| self.sub.parse::<Uuid>().ok().map(CallerId::from_uuid))
    }
}

/// The clinics somebody may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clinics {
    /// All.
    All,
    /// These.
    Some(Vec<ClinicId>),
}

impl Clinics {
    /// Whether a clinic is among them.
    pub fn contains(&self, clinic: ClinicId) -> bool {
        match self {
            Self::All => true,
            Self::Some(clinics) => clinics.contains(&clinic),
        }
    }
}

/// Somebody of the staff in one request: who, as what, for which clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub id: CallerId,
    /// In which role.
    pub role: Role,
    /// The clinic that this request is for.
    pub clinic: ClinicId,
    /// The clinics that requests may be for.
    pub clinics: Clinics,
    /// What the role may do in this clinic.
    pub rights: Rights,
    /// The request.
    pub request: RequestId,
    /// The address it came from, if known.
    pub from: Option<IpAddr>,
    /// Whether the request is for another clinic than the one the caller is at home in.
    pub switched: bool,
}

/// Why somebody with a valid token is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmitFault {
    /// The token names nobody we can know again.
    #[error("the token names no caller")]
    Nameless,
    /// The role is none of ours.
    #[error("the role of {caller} is not known")]
    UnknownRole {
        /// Who.
        caller: CallerId,
    },
    /// The caller may work in several clinics and has not said in which.
    #[error("{caller} has not said for which clinic")]
    NoClinic {
        /// Who.
        caller: CallerId,
    },
    /// The clinic asked for is not assigned to the caller, or not a clinic.
    #[error("{caller} is not assigned to the clinic asked for")]
    OtherClinic {
        /// Who.
        caller: CallerId,
        /// In which role.
        role: Role,
    },
    /// The grants of the clinic cannot be read.
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl Fault for AdmitFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Nameless => Kind::Unauthenticated,
            Self::UnknownRole { .. } => Kind::Forbidden,
            Self::NoClinic { .. } => Kind::Invalid,
            Self::OtherClinic { .. } => Kind::NotFound,
            Self::Table(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Nameless => "token_unusable",
            Self::UnknownRole { .. } => "role_unknown",
            Self::NoClinic { .. } => "clinic_required",
            Self::OtherClinic { .. } => "clinic_not_found",
            Self::Table(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NoClinic { .. } => {
                vec![Detail::new("X-Clinic", "name the clinic that the request is for")]
            }
            _ => Vec::new(),
        }
    }
}

impl Caller {
    /// Who calls by these claims, with the standard rights of the role. `asked` is the text of the `X-Clinic`
    /// header; it leads only to a clinic that the caller may work in.
    pub fn of(claims: &Claims, asked: Option<&str>, request: RequestId) -> Result<Self, AdmitFault> {
        let id = claims.id().ok_or(AdmitFault::Nameless)?;
        let role: Role = claims.role.parse().map_err(|_| AdmitFault::UnknownRole { caller: id })?;
        let home = claims.home();
        let clinics = match role.reach() {
            Reach::All => Clinics::All,
            Reach::Assigned => Clinics::Some(assigned(&claims.clinics, home)),
            Reach::One => Clinics::Some(home.into_iter().collect()),
        };
        let other = || AdmitFault::OtherClinic { caller: id, role };
        let clinic = match (asked, home, &clinics) {
            (Some(asked), ..) => asked.parse().map_err(|_| other())?,
            (None, Some(home), _) => home,
            (None, None, Clinics::Some(only)) if only.len() == 1 => only[0],
            (None, None, _) => return Err(AdmitFault::NoClinic { caller: id }),
        };
        if !clinics.contains(clinic) {
            return Err(other());
        }
        let switched = asked.is_some() && home != Some(clinic);
        let rights = Rights::of(role, None);
        Ok(Self { id, role, clinic, clinics, rights, request, from: None, switched })
    }

    /// The same, with the rights that the clinic grants at this moment. They are read anew for every request,
    /// so that a change holds from the next one on.
    pub async fn admit(
        table: &Table,
        claims: &Claims,
        asked: Option<&str>,
        request: RequestId,
    ) -> Result<Self, AdmitFault> {
        let mut caller = Self::of(claims, asked, request)?;
        if caller.role != Role::SuperAdmin {
            let grant = RoleGrant::read(&table.of(caller.clinic), caller.role).await?;
            caller.rights = Rights::of(caller.role, grant.as_deref());
        }
        Ok(caller)
    }

    /// The level in an area.
    pub fn level(&self, area: Area) -> Level {
        self.rights.level(area)
    }

    /// Whether the permission is there.
    pub fn may(&self, permission: Permission) -> bool {
        self.rights.may(permission)
    }

    /// Whether the caller may do what needs this.
    pub fn meets(&self, need: Need) -> bool {
        self.rights.meets(need)
    }

    /// Whether the caller is shown a group of fields.
    pub fn shows(&self, field: Field) -> bool {
        self.rights.shows(field)
    }

    /// A value about a patient, for those who are shown fields of its group; nothing for the others.
    pub fn sees<'a, T>(&self, field: Field, value: &'a Masked<T>) -> Option<&'a T> {
        self.shows(field).then(|| value.reveal())
    }

    /// Those of some groups that the caller is shown, by name.
    pub fn shown(&self, fields: &[Field]) -> Vec<&'static str> {
        fields.iter().filter(|field| self.shows(**field)).map(|field| field.name()).collect()
    }
}

fn assigned(text: &str, home: Option<ClinicId>) -> Vec<ClinicId> {
    let listed = text.split([',', ' ', '[', ']']).filter_map(|each| each.parse().ok());
    let mut clinics: Vec<ClinicId> = home.into_iter().chain(listed).collect();
    clinics.sort_unstable();
    clinics.dedup();
    clinics
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn clinic(n: &str) -> ClinicId {
        ClinicId::derived(&[n])
    }

    fn claims(role: &str, home: Option<&str>, others: &[&str]) -> Claims {
        Claims {
            sub: "5f1c4c3e-8f5b-4c0e-9f57-0c2b6f1f7c11".to_owned(),
            role: role.to_owned(),
            clinics: others.iter().map(|n| clinic(n).to_string()).collect::<Vec<_>>().join(","),
            clinic: home.map(|n| clinic(n).to_string()).unwrap_or_default(),
        }
    }

    fn let_in(claims: &Claims, asked: Option<&str>) -> Result<Caller, AdmitFault> {
        let asked = asked.map(|n| clinic(n).to_string());
        Caller::of(claims, asked.as_deref(), RequestId::FIRST)
    }

    /// P-05
    #[rstest]
    #[case("super_admin", Some("home"), "elsewhere", true)]
    #[case("super_admin", None, "elsewhere", true)]
    #[case("clinic_admin", Some("home"), "second", true)]
    #[case("clinic_admin", Some("home"), "elsewhere", false)]
    #[case("doctor", Some("home"), "home", true)]
    #[case("doctor", Some("home"), "second", false)]
    #[case("front_desk", Some("home"), "elsewhere", false)]
    fn a_request_is_for_a_clinic_within_reach(
        #[case] role: &str,
        #[case] home: Option<&str>,
        #[case] asked: &str,
        #[case] fine: bool,
    ) {
        match let_in(&claims(role, home, &["second"]), Some(asked)) {
            Ok(caller) => {
                assert!(fine);
                assert_eq!(caller.clinic, clinic(asked));
                assert_eq!(caller.switched, home != Some(asked));
            }
            Err(fault) => {
                assert!(!fine);
                assert_eq!((fault.kind(), fault.code()), (Kind::NotFound, "clinic_not_found"));
            }
        }
    }

    /// P-05
    #[test]
    fn without_a_header_the_request_is_for_the_clinic_at_home() {
        let caller = let_in(&claims("clinic_admin", Some("home"), &["second"]), None).unwrap();
        assert_eq!((caller.clinic, caller.switched), (clinic("home"), false));
        let caller = let_in(&claims("clinic_admin", None, &["second"]), None).unwrap();
        assert_eq!(caller.clinic, clinic("second"));
        let fault = let_in(&claims("super_admin", None, &[]), None).unwrap_err();
        assert_eq!(fault.code(), "clinic_required");
    }

    #[test]
    fn a_header_that_is_no_clinic_is_not_found() {
        let fault = Caller::of(&claims("super_admin", Some("home"), &[]), Some("cln_x"), RequestId::FIRST)
            .unwrap_err();
        assert_eq!(fault.kind(), Kind::NotFound);
    }

    /// P-01
    #[rstest]
    #[case("")]
    #[case("owner")]
    #[case("SUPER_ADMIN")]
    fn an_unknown_role_is_not_let_in(#[case] role: &str) {
        let fault = let_in(&claims(role, Some("home"), &[]), None).unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (Kind::Forbidden, "role_unknown"));
    }

    #[test]
    fn a_token_without_a_name_is_not_believed() {
        let nameless = Claims { sub: "someone".to_owned(), ..claims("doctor", Some("home"), &[]) };
        assert_eq!(let_in(&nameless, None).unwrap_err().kind(), Kind::Unauthenticated);
    }

    /// P-06
    #[test]
    fn those_without_the_right_see_neither_patients_nor_answers() {
        let (name, answers) = (Masked::new("Ana"), Masked::new("penicillin"));
        let seen = |role| {
            let caller = let_in(&claims(role, Some("home"), &[]), None).unwrap();
            assert!(caller.meets(Need::Level(Area::Intake, Level::View)));
            (
                caller.sees(Field::PersonName, &name).copied(),
                caller.sees(Field::IntakeAnswers, &answers).copied(),
            )
        };
        assert_eq!(seen("read_only"), (None, None));
        assert_eq!(seen("billing"), (Some("Ana"), None));
        assert_eq!(seen("clinical_staff"), (Some("Ana"), Some("penicillin")));
    }
}
