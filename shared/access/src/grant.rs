//! What a clinic grants to a role beyond the standard, or keeps from it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{CallerId, Detail, Fault, Kind, Timestamp};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, TableFault, keys::RoleGrantKey};

use crate::{Area, Caller, Level, Permission, Rights, Role};

/// A clinic's own settings for one role. They hold in place of the standard where they say something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleGrant {
    /// Whose.
    pub role: Role,
    /// Levels that differ from the standard.
    pub levels: BTreeMap<Area, Level>,
    /// Permissions beyond the standard.
    pub given: BTreeSet<Permission>,
    /// Permissions of the standard that are taken away.
    pub withheld: BTreeSet<Permission>,
    /// When it was set.
    pub at: Timestamp,
    /// Who set it.
    pub by: CallerId,
}

impl Entity for RoleGrant {
    type Key = RoleGrantKey;
    fn key(&self) -> RoleGrantKey {
        RoleGrantKey { role: self.role.name().to_owned() }
    }
}

/// Why a grant cannot be as asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// The platform's administrators have the same rights everywhere.
    #[error("the rights of {0} are fixed")]
    Fixed(Role),
    /// Nobody changes the rights of their own role: an administrator could lock everybody out, others could
    /// only try to rise.
    #[error("{0} cannot change the rights of their own role")]
    OwnRole(Role),
    /// More than the one who grants has.
    #[error("the grant goes beyond what the one who grants may do")]
    BeyondOwn(Vec<Detail>),
    /// It contradicts itself, or says what means nothing.
    #[error("the grant cannot be read")]
    Senseless(Vec<Detail>),
}

impl Fault for GrantFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Fixed(_) | Self::OwnRole(_) | Self::BeyondOwn(_) => Kind::Forbidden,
            Self::Senseless(_) => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "role_is_fixed",
            Self::OwnRole(_) => "role_is_your_own",
            Self::BeyondOwn(_) => "grant_beyond_own",
            Self::Senseless(_) => "grant_senseless",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::BeyondOwn(details) | Self::Senseless(details) => details.clone(),
            _ => Vec::new(),
        }
    }
}

impl RoleGrant {
    /// The grant as it is kept now; absent while the standard holds.
    pub async fn read(table: &ClinicTable, role: Role) -> Result<Option<Kept<Self>>, TableFault> {
        table.get(&RoleGrantKey { role: role.name().to_owned() }).await
    }

    /// Whether `caller` may put this grant in place of `before`. What stays as it was may be more than the
    /// caller has; what rises may not.
    pub fn allowed(&self, before: Option<&Self>, caller: &Caller) -> Result<(), GrantFault> {
        if self.role == Role::SuperAdmin {
            return Err(GrantFault::Fixed(self.role));
        }
        if self.role == caller.role {
            return Err(GrantFault::OwnRole(self.role));
        }
        let mut senseless = Vec::new();
        for (area, level) in &self.levels {
            if *level == Level::Send && *area != Area::Messaging {
                senseless.push(Detail::new(format!("/levels/{area}"), "`send` exists in messaging only"));
            }
        }
        for permission in self.given.intersection(&self.withheld) {
            senseless.push(Detail::new("/withheld", format!("{permission} is given and withheld at once")));
        }
        if !senseless.is_empty() {
            return Err(GrantFault::Senseless(senseless));
        }
        let (old, new) = (Rights::of(self.role, before), Rights::of(self.role, Some(self)));
        let mut beyond = Vec::new();
        for area in Area::ALL {
            if new.level(*area) > old.level(*area) && new.level(*area) > caller.level(*area) {
                let says = format!("you have {} there yourself", caller.level(*area));
                beyond.push(Detail::new(format!("/levels/{area}"), says));
            }
        }
        for permission in new.permissions() {
            if !old.may(permission) && !caller.may(permission) {
                beyond.push(Detail::new("/given", format!("you do not have {permission} yourself")));
            }
        }
        if beyond.is_empty() { Ok(()) } else { Err(GrantFault::BeyondOwn(beyond)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Claims, Field, Need};
    use kernel::{ClinicId, Clock, Id as _, RequestId};

    fn grant(role: Role) -> RoleGrant {
        RoleGrant {
            role,
            levels: BTreeMap::new(),
            given: BTreeSet::new(),
            withheld: BTreeSet::new(),
            at: Timestamp::UNIX_EPOCH,
            by: CallerId::FIRST,
        }
    }

    fn claims(role: Role) -> Claims {
        Claims {
            sub: CallerId::derived(&[role.name()]).to_string(),
            role: role.name().to_owned(),
            clinics: String::new(),
            clinic: ClinicId::FIRST.to_string(),
        }
    }

    fn caller(role: Role, own: Option<&RoleGrant>) -> Caller {
        let caller = Caller::of(&claims(role), None, RequestId::FIRST).unwrap();
        Caller { rights: Rights::of(role, own), ..caller }
    }

    #[test]
    fn a_grant_changes_what_it_names_and_leaves_the_rest() {
        let desk = RoleGrant {
            levels: BTreeMap::from([(Area::Records, Level::View)]),
            given: BTreeSet::from([Permission::CommsSendBulk]),
            withheld: BTreeSet::from([Permission::LeadCreate]),
            ..grant(Role::FrontDesk)
        };
        let rights = Rights::of(Role::FrontDesk, Some(&desk));
        assert_eq!(rights.level(Area::Records), Level::View);
        assert_eq!(rights.level(Area::Messaging), Level::Full);
        assert!(rights.may(Permission::CommsSendBulk) && !rights.may(Permission::LeadCreate));
        assert_eq!(Rights::of(Role::Doctor, Some(&desk)), Rights::of(Role::Doctor, None));
    }

    ///
    #[test]
    fn a_grant_keeps_fields_from_a_role_and_shows_none_that_its_work_does_not_need() {
        let blind =
            RoleGrant { withheld: BTreeSet::from([Permission::PatientViewPhi]), ..grant(Role::FrontDesk) };
        let rights = Rights::of(Role::FrontDesk, Some(&blind));
        assert!(Field::ALL.iter().all(|field| !rights.shows(*field)));
        let wide = RoleGrant { given: BTreeSet::from([Permission::PatientViewPhi]), ..grant(Role::ReadOnly) };
        let rights = Rights::of(Role::ReadOnly, Some(&wide));
        let shown: Vec<_> = Field::ALL.iter().filter(|field| rights.shows(**field)).collect();
        assert_eq!(shown, [&Field::PersonName]);
    }

    #[test]
    fn a_permission_that_comes_with_a_level_goes_with_it() {
        let blind =
            RoleGrant { levels: BTreeMap::from([(Area::Leads, Level::None)]), ..grant(Role::Billing) };
        assert!(Rights::of(Role::Billing, None).may(Permission::LeadRead));
        assert!(!Rights::of(Role::Billing, Some(&blind)).may(Permission::LeadRead));
    }

    /// P-04
    #[test]
    fn nobody_grants_beyond_their_own_rights() {
        let narrowed = RoleGrant {
            withheld: BTreeSet::from([Permission::PortalImpersonate]),
            ..grant(Role::ClinicAdmin)
        };
        let admin = caller(Role::ClinicAdmin, Some(&narrowed));
        let wanted =
            RoleGrant { given: BTreeSet::from([Permission::PortalImpersonate]), ..grant(Role::FrontDesk) };
        let fault = wanted.allowed(None, &admin).unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (Kind::Forbidden, "grant_beyond_own"));
        assert_eq!(fault.details().len(), 1);
        assert_eq!(wanted.allowed(None, &caller(Role::SuperAdmin, None)), Ok(()));
        assert_eq!(wanted.allowed(Some(&wanted), &admin), Ok(()), "it was so before");

        let low = caller(Role::Billing, None);
        let wanted =
            RoleGrant { levels: BTreeMap::from([(Area::Content, Level::Full)]), ..grant(Role::ReadOnly) };
        assert_eq!(wanted.allowed(None, &low).unwrap_err().details()[0].at, "/levels/content");
    }

    /// P-04
    #[test]
    fn an_administrator_always_remains() {
        let admin = caller(Role::ClinicAdmin, None);
        assert_eq!(
            grant(Role::ClinicAdmin).allowed(None, &admin),
            Err(GrantFault::OwnRole(Role::ClinicAdmin))
        );
        let platform = caller(Role::SuperAdmin, None);
        assert_eq!(
            grant(Role::SuperAdmin).allowed(None, &platform),
            Err(GrantFault::Fixed(Role::SuperAdmin))
        );
        // Even stripped by the platform, an administrator still administers: that goes by role.
        let stripped = RoleGrant {
            levels: Area::ALL.iter().map(|area| (*area, Level::None)).collect(),
            withheld: Permission::ALL.iter().copied().collect(),
            ..grant(Role::ClinicAdmin)
        };
        assert_eq!(stripped.allowed(None, &platform), Ok(()));
        assert!(caller(Role::ClinicAdmin, Some(&stripped)).meets(Need::Admin));
    }

    #[test]
    fn a_grant_that_contradicts_itself_is_refused() {
        let wanted = RoleGrant {
            levels: BTreeMap::from([(Area::Leads, Level::Send)]),
            given: BTreeSet::from([Permission::LeadCreate]),
            withheld: BTreeSet::from([Permission::LeadCreate]),
            ..grant(Role::Doctor)
        };
        let fault = wanted.allowed(None, &caller(Role::ClinicAdmin, None)).unwrap_err();
        assert_eq!((fault.kind(), fault.details().len()), (Kind::Invalid, 2));
    }

    /// P-04
    #[tokio::test]
    async fn a_grant_holds_from_the_next_request_on() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH, 1);
        let table = embedded::table(clock).await;
        let desk = claims(Role::FrontDesk);
        let admit = || Caller::admit(&table, &desk, None, RequestId::FIRST);
        assert!(!admit().await.unwrap().may(Permission::CommsSendBulk));
        let own = RoleGrant { given: BTreeSet::from([Permission::CommsSendBulk]), ..grant(Role::FrontDesk) };
        let mut write = table.of(ClinicId::FIRST).write();
        write.create(&own);
        write.commit().await.unwrap();
        assert!(admit().await.unwrap().may(Permission::CommsSendBulk));
        let other = Claims { clinic: ClinicId::LAST.to_string(), ..claims(Role::FrontDesk) };
        let other = Caller::admit(&table, &other, None, RequestId::FIRST).await.unwrap();
        assert!(!other.may(Permission::CommsSendBulk), "another clinic keeps the standard");
    }
}
