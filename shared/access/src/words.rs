//! The words of access: roles, areas, levels, groups of fields, permissions.

use std::{fmt, str::FromStr};

use kernel::Category;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A word that is none of those known here; means no access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known {0}")]
pub struct UnknownWord(pub &'static str);

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$each:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(UnknownWord($what)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.name()) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

impl Field {
    /// The group that the words of a message about this belong to.
    pub fn of_message(category: Category) -> Self {
        if category == Category::Treatment { Self::MessageCare } else { Self::MessageContent }
    }
}

words! {
    /// What somebody is in a clinic.
    Role, "role" {
        /// Runs the platform; at home in every clinic.
        SuperAdmin = "super_admin",
        /// Runs one clinic or several.
        ClinicAdmin = "clinic_admin",
        /// Treats patients.
        Doctor = "doctor",
        /// Assists in treatment.
        ClinicalStaff = "clinical_staff",
        /// Receives patients and answers the phone.
        FrontDesk = "front_desk",
        /// Leads new patients from the first call to the start of treatment.
        TreatmentCoordinator = "treatment_coordinator",
        /// Writes invoices.
        Billing = "billing",
        /// Looks on.
        ReadOnly = "read_only",
    }

    /// A part of the product.
    Area, "area" {
        /// Messages and the inbox.
        Messaging = "messaging",
        /// Settings of the patient portal.
        Portal = "portal",
        /// Campaigns.
        Campaigns = "campaigns",
        /// Education content.
        Content = "content",
        /// Leads.
        Leads = "leads",
        /// Forms, histories, insurance: the patient's own data.
        Intake = "intake",
        /// Referrals.
        Referrals = "referrals",
        /// Records requests.
        Records = "records",
    }

    /// How far somebody may go in an area. Each level holds the ones before it.
    Level, "level" {
        /// Nothing.
        None = "none",
        /// Read.
        View = "view",
        /// Read, and write to one person; only in messaging.
        Send = "send",
        /// Create, read and update.
        Edit = "edit",
        /// Edit, delete and export.
        Full = "full",
    }

    /// A group of fields with patients' data, shown to those whose work needs it (`data/fields.json`).
    Field, "field" {
        /// What a person is called.
        PersonName = "person.name",
        /// Date of birth and gender.
        PersonBirth = "person.birth",
        /// Numbers, mailboxes and where somebody lives.
        PersonContacts = "person.contacts",
        /// Words of the staff about a person or a visit.
        PersonNotes = "person.notes",
        /// What a visit is for.
        VisitService = "visit.service",
        /// What messages say, those about care aside.
        MessageContent = "message.content",
        /// What messages about care say.
        MessageCare = "message.care",
        /// What shows a consent.
        ConsentEvidence = "consent.evidence",
        /// What patients answered in forms.
        IntakeAnswers = "intake.answers",
        /// Requests and internet addresses in the log.
        AuditOrigin = "audit.origin",
    }

    /// A right that is asked for in addition to a level, or instead of one.
    Permission, "permission" {
        /// May enter leads.
        LeadCreate = "lead:create",
        /// May give leads to coordinators.
        LeadAssign = "lead:assign",
        /// May turn a lead into a patient.
        LeadConvert = "lead:convert",
        /// May read leads.
        LeadRead = "lead:read",
        /// May change leads.
        LeadUpdate = "lead:update",
        /// May set up stages, sources and rules.
        LeadConfigure = "lead:configure",
        /// May see figures about leads.
        LeadAnalytics = "lead:analytics",
        /// May set up forms.
        IntakeConfigure = "intake:configure",
        /// May read what patients answered.
        IntakeViewSubmissions = "intake:view_submissions",
        /// May see where forms stand.
        IntakeRead = "intake:read",
        /// May send forms.
        IntakeCreate = "intake:create",
        /// May correct insurance data.
        IntakeUpdate = "intake:update",
        /// May approve what was submitted.
        IntakeApprove = "intake:approve",
        /// May remind many patients of their forms.
        IntakeAdmin = "intake:admin",
        /// May read histories.
        PatientRead = "patient:read",
        /// May change histories.
        PatientUpdate = "patient:update",
        /// May see who patients are and what concerns them.
        PatientViewPhi = "patient:view_phi",
        /// May export patient data.
        PatientExport = "patient:export",
        /// May check eligibility.
        InsuranceVerify = "insurance:verify",
        /// May read referrals.
        ReferralRead = "referral:read",
        /// May enter referrals.
        ReferralCreate = "referral:create",
        /// May change referrals.
        ReferralUpdate = "referral:update",
        /// May see figures about referrals.
        ReferralAnalytics = "referral:analytics",
        /// May set up referrals.
        ReferralConfigure = "referral:configure",
        /// May administer referrals.
        ReferralAdmin = "referral:admin",
        /// May keep the directory of referring practices.
        ReferralManageProviders = "referral:manage_providers",
        /// May send letters to referring practices.
        ReferralSendLetters = "referral:send_letters",
        /// May see records requests.
        RecordsRead = "records:read",
        /// May enter records requests.
        RecordsCreate = "records:create",
        /// May change records requests.
        RecordsUpdate = "records:update",
        /// May prepare records that go out.
        RecordsPrepare = "records:prepare",
        /// May authorise a release.
        RecordsAuthorize = "records:authorize",
        /// May send records.
        RecordsSend = "records:send",
        /// May set up records requests.
        RecordsConfigure = "records:configure",
        /// May waive a fee.
        RecordsFeeWaiver = "records:fee_waiver",
        /// May see to the rules on records.
        RecordsCompliance = "records:compliance",
        /// May write to one person.
        CommsSendMessage = "comms:send_message",
        /// May read the inbox.
        CommsViewInbox = "comms:view_inbox",
        /// May write to many at once.
        CommsSendBulk = "comms:send_bulk",
        /// May change templates.
        CommsManageTemplates = "comms:manage_templates",
        /// May change campaigns.
        CommsManageCampaigns = "comms:manage_campaigns",
        /// May set up the portal.
        PortalAdmin = "portal:admin",
        /// May see the portal as a patient does.
        PortalImpersonate = "portal:impersonate",
        /// May change education content.
        ContentManage = "content:manage",
        /// May see consents.
        ConsentRead = "consent:read",
        /// May collect consents.
        ConsentCollect = "consent:collect",
        /// May write new consent texts.
        ConsentCreate = "consent:create",
        /// May hand in leads from a web form.
        WebhookLead = "webhook:lead",
        /// May read who did what.
        AuditViewLogs = "audit:view_logs",
        /// May read it with addresses and requests.
        AuditViewFull = "audit:view_full",
        /// May take the log out.
        AuditExport = "audit:export",
        /// May check and keep the log.
        AuditManage = "audit:manage",
    }
}
