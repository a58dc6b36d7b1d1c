//! The platform for real, on AWS.
//!
//! A function says which handles it needs; what it does not name is not linked into it:
//! `aws::begin()?.queue()?.http()?.platform()`. Clients are made at their first use, one HTTP client is shared
//! by all of them, credentials come from the environment as Lambda sets it.

mod files;
mod http;
mod queue;
mod sdk;
mod secrets;
mod sign;
mod trust;
mod wire;

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_types::region::Region;
use kernel::Clock;
use platform::{MissingSetting, Platform, Settings};
use table::Table;

use crate::{trust::Trust, wire::Wire};

/// The time in which a connection to AWS has to stand.
const CONNECT: Duration = Duration::from_secs(2);
/// AWS keeps unused connections for longer than the minute between two ticks.
const REST: Duration = Duration::from_secs(90);

/// What all clients share.
#[derive(Clone)]
pub(crate) struct Base {
    region: Region,
    credentials: Credentials,
    endpoint: Option<String>,
    http: Arc<Wire>,
}

/// Sets the parts of a client's configuration that are the same for every service. What the SDKs do beyond it
/// costs instructions at every call and gives nothing here: credentials that never expire need no cache, answers
/// that are taken whole within a time limit need no watch over their pace.
macro_rules! configured {
    ($service:ident, $base:expr) => {{
        let mut config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region($base.region.clone())
            .credentials_provider($base.credentials.clone())
            .identity_cache($service::config::IdentityCache::no_cache())
            .stalled_stream_protection($service::config::StalledStreamProtectionConfig::disabled())
            .http_client($crate::sdk::Calls($base.http.clone()))
            .timeout_config(
                aws_smithy_types::timeout::TimeoutConfig::builder()
                    .operation_attempt_timeout(std::time::Duration::from_secs(5))
                    .operation_timeout(std::time::Duration::from_secs(15))
                    .build(),
            );
        config.set_endpoint_url($base.endpoint.clone());
        config
    }};
}
pub(crate) use configured;

/// The address of a service, told once: the SDK's own way reads a list of all regions with regular expressions at
/// the first call and follows its rules at each. For services whose address in the United States, `GovCloud`
/// included, is their name and the region.
macro_rules! at_its_address {
    ($service:ident, $base:expr, $name:literal) => {{
        #[derive(Debug)]
        struct Address($service::config::endpoint::Endpoint);
        impl $service::config::endpoint::ResolveEndpoint for Address {
            fn resolve_endpoint<'a>(
                &'a self,
                _: &'a $service::config::endpoint::Params,
            ) -> $service::config::endpoint::EndpointFuture<'a> {
                $service::config::endpoint::EndpointFuture::ready(Ok(self.0.clone()))
            }
        }
        let address = $base.address($name);
        let endpoint = $service::config::endpoint::Endpoint::builder().url(address).build();
        let scheme = $crate::sign::Scheme::of(&$base, $name);
        $crate::configured!($service, $base)
            .endpoint_resolver(Address(endpoint))
            .push_auth_scheme(scheme)
            .build()
    }};
}
pub(crate) use at_its_address;

impl Base {
    pub(crate) fn address(&self, service: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://{service}.{}.amazonaws.com", self.region),
        }
    }
}

/// A platform in the making.
pub struct Begun {
    base: Base,
    platform: Platform,
}

fn read(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn need(name: &'static str) -> Result<String, MissingSetting> {
    read(name).filter(|value| !value.is_empty()).ok_or(MissingSetting(name))
}

/// Begins with the clock, the settings and the table; everything else is to be asked for.
pub fn begin() -> Result<Begun, MissingSetting> {
    let credentials = Credentials::new(
        need("AWS_ACCESS_KEY_ID")?,
        need("AWS_SECRET_ACCESS_KEY")?,
        read("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let base = Base {
        region: Region::new(read("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned())),
        credentials,
        endpoint: read("AWS_ENDPOINT_URL"),
        http: Wire::new(Trust::Amazon, CONNECT, REST),
    };
    let clock = Clock::system();
    let client = {
        let base = base.clone();
        move || aws_sdk_dynamodb::Client::from_conf(at_its_address!(aws_sdk_dynamodb, base, "dynamodb"))
    };
    let table = Table::new(client, need("TABLE")?, clock.clone());
    let nothing = Arc::new(platform::inside::Nothing);
    let platform = Platform {
        clock,
        table,
        queue: nothing.clone(),
        files: nothing.clone(),
        secrets: nothing.clone(),
        http: nothing,
        settings: Arc::new(Settings::from(read)?),
    };
    Ok(Begun { base, platform })
}

impl Begun {
    /// Queues, by the addresses in `QUEUE_OUTBOUND` and so on; only lanes that have one can be pushed to.
    #[must_use]
    pub fn queue(mut self) -> Self {
        self.platform.queue = Arc::new(queue::SqsQueue::new(self.base.clone(), read));
        self
    }

    /// Files in the bucket `BUCKET`, and those of the audit archive in `ARCHIVE`.
    pub fn files(mut self) -> Result<Self, MissingSetting> {
        self.platform.files =
            Arc::new(files::S3Files::new(self.base.clone(), need("BUCKET")?, read("ARCHIVE")));
        Ok(self)
    }

    /// Secrets whose names begin with `SECRETS_PREFIX`.
    pub fn secrets(mut self) -> Result<Self, MissingSetting> {
        let secrets = secrets::ManagedSecrets::new(
            self.base.clone(),
            need("SECRETS_PREFIX")?,
            self.platform.clock.clone(),
        );
        self.platform.secrets = Arc::new(secrets);
        Ok(self)
    }

    /// Calls to providers; needs [`Begun::secrets`] before it.
    #[must_use]
    pub fn http(mut self) -> Self {
        let signer = http::Signer {
            credentials: self.base.credentials.clone(),
            region: self.base.region.as_ref().to_owned(),
            clock: self.platform.clock.clone(),
        };
        self.platform.http = Arc::new(http::ProviderHttp::new(self.platform.secrets.clone(), Some(signer)));
        self
    }

    /// The platform with what was asked for.
    pub fn platform(self) -> Platform {
        self.platform
    }
}

/// Calls to providers outside of AWS: what `local` uses to talk to its simulators. Calls that want a signature
/// of AWS are signed with these credentials.
pub fn provider_http(
    secrets: Arc<dyn platform::Secrets>,
    clock: Clock,
    access_key: &str,
    secret_key: &str,
) -> Arc<dyn platform::Http> {
    let credentials = Credentials::new(access_key, secret_key, None, None, "given");
    let signer = http::Signer { credentials, region: "us-east-1".to_owned(), clock };
    Arc::new(http::ProviderHttp::new(secrets, Some(signer)))
}
