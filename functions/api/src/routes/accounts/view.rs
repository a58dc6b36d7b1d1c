//! Accounts as they are shown and set.

use edge::Versioned;
use kernel::{ClinicId, Phone};
use messaging::accounts::{Account, Accounts};
use platform::Platform;
use providers::Provider;
use serde::{Deserialize, Serialize};
use table::Kept;
use utoipa::ToSchema;

use crate::words;

/// At whom an account is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ProviderName {
    /// Texts, by the deployment's account or one of the clinic's.
    Twilio,
    /// Texts, by an account of the clinic's.
    Vonage,
    /// Mail, by the deployment's account.
    Ses,
    /// Mail, by an account of the clinic's.
    Sendgrid,
}

impl ProviderName {
    fn of(provider: Provider) -> Option<Self> {
        match provider {
            Provider::Twilio => Some(Self::Twilio),
            Provider::Vonage => Some(Self::Vonage),
            Provider::Ses => Some(Self::Ses),
            Provider::Sendgrid => Some(Self::Sendgrid),
            Provider::TwilioVoice | Provider::WhatsappCloud | Provider::Fcm => None,
        }
    }

    fn provider(self) -> Provider {
        match self {
            Self::Twilio => Provider::Twilio,
            Self::Vonage => Provider::Vonage,
            Self::Ses => Provider::Ses,
            Self::Sendgrid => Provider::Sendgrid,
        }
    }
}

/// An account at a provider.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSettings {
    /// The clinic's name for it: 1 to 32 small letters, digits and hyphens.
    id: String,
    provider: ProviderName,
    /// 1 is tried first, 9 last; the next one is tried when the one before cannot take a message.
    priority: u8,
    /// Whether it is used.
    enabled: bool,
    /// The provider's id of the clinic's own account (Twilio, SendGrid) or application (Vonage); without it the
    /// deployment's account is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<String>,
    /// The number that texts through it come from, if it is not the clinic's usual one. Vonage needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Phone>)]
    number: Option<Phone>,
}

impl From<AccountSettings> for Account {
    fn from(wanted: AccountSettings) -> Self {
        let AccountSettings { id, provider, priority, enabled, own, number } = wanted;
        Self { id, provider: provider.provider(), priority, enabled, own, number }
    }
}

/// What an operator has to bring for an account of the clinic's own. Values of secrets are never shown.
#[derive(Debug, Serialize, ToSchema)]
struct AccountNeeds {
    /// The account.
    id: String,
    /// The name of the secret, behind the prefix of the deployment, that proves who sends: `account:token` for
    /// Twilio, the private key of the application for Vonage, the API key for SendGrid.
    secret: String,
    /// The name of the secret that its calls are checked with: the auth token of Twilio, the signature secret of
    /// Vonage, the public key of SendGrid's event webhook.
    hook_secret: String,
    /// Where the provider is to call.
    hooks: Vec<String>,
}

/// The accounts of a clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 1,
    "accounts": [
        { "id": "twilio", "provider": "TWILIO", "priority": 1, "enabled": true },
        { "id": "vonage", "provider": "VONAGE", "priority": 2, "enabled": true,
          "own": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "number": "+12125550101" },
        { "id": "ses", "provider": "SES", "priority": 1, "enabled": true }
    ],
    "needs": [{
        "id": "vonage",
        "secret": "clinics/cln_01m8cz00000000000000000000/vonage",
        "hook_secret": "clinics/cln_01m8cz00000000000000000000/vonage/hook",
        "hooks": ["https://comms.example.com/hooks/vonage/cln_01m8cz00000000000000000000/vonage"]
    }]
}))]
pub(super) struct AccountsView {
    /// 0 while the deployment's accounts are used.
    version: u64,
    accounts: Vec<AccountSettings>,
    /// What accounts of the clinic's own need to work.
    needs: Vec<AccountNeeds>,
}

impl AccountsView {
    pub(super) fn of(platform: &Platform, clinic: ClinicId, kept: Option<Kept<Accounts>>) -> Self {
        let version = kept.as_ref().map_or(0, Kept::rev);
        let Accounts { accounts } = kept.map(Kept::into_value).unwrap_or_default();
        let needs = accounts.iter().filter(|account| account.own.is_some()).map(|account| AccountNeeds {
            id: account.id.clone(),
            secret: account.secret(clinic),
            hook_secret: account.hook_secret(clinic),
            hooks: hooks(&platform.settings.public_url, clinic, account),
        });
        let needs = needs.collect();
        let shown = accounts.into_iter().filter_map(|account| {
            let Account { id, provider, priority, enabled, own, number } = account;
            Some(AccountSettings {
                id,
                provider: ProviderName::of(provider)?,
                priority,
                enabled,
                own,
                number,
            })
        });
        Self { version, accounts: shown.collect(), needs }
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}

fn hooks(public_url: &str, clinic: ClinicId, account: &Account) -> Vec<String> {
    let id = &account.id;
    match account.provider {
        // Receipts go where each message says.
        Provider::Twilio => vec![format!("{public_url}/hooks/twilio/inbound?clinic={clinic}&account={id}")],
        Provider::Vonage => vec![format!("{public_url}/hooks/vonage/{clinic}/{id}")],
        Provider::Sendgrid => vec![format!("{public_url}/hooks/sendgrid/{clinic}/{id}")],
        _ => Vec::new(),
    }
}
