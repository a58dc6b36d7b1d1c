//! The platform for real, on AWS.
//!
//! A function says which handles it needs; what it does not name is not linked into it:
//! `aws::begin()?.queue()?.http()?.platform()`. Clients are made at their first use, one HTTP client is shared
//! by all of them, credentials come from the environment as Lambda sets it.

mod files;
mod http;
mod queue;
mod secrets;

use std::sync::{Arc, OnceLock};

use aws_credential_types::Credentials;
use aws_smithy_http_client::{
    Builder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::region::Region;
use kernel::Clock;
use platform::{MissingSetting, Platform, Settings};
use table::Table;

/// The roots that AWS endpoints are signed by: Amazon Trust Services and Starfield. Loading the five of them
/// instead of the usual 145 saves about ten million instructions of a cold start.
const AMAZON_ROOTS: &str = include_str!("../roots/amazon.pem");

/// What all clients share.
#[derive(Clone)]
pub(crate) struct Base {
    region: Region,
    credentials: Credentials,
    endpoint: Option<String>,
    http: Arc<OnceLock<SharedHttpClient>>,
}

impl Base {
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.http
            .get_or_init(|| {
                let mut roots = TrustStore::empty();
                roots.add_pem_certificate(AMAZON_ROOTS.as_bytes());
                let context = TlsContext::builder().with_trust_store(roots).build();
                let builder = Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
                match context {
                    Ok(context) => builder.tls_context(context).build_https(),
                    Err(_) => builder.build_https(),
                }
            })
            .clone()
    }
}

/// Sets the parts of a client's configuration that are the same for every service.
macro_rules! configured {
    ($service:ident, $base:expr) => {{
        let mut config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region($base.region.clone())
            .credentials_provider($base.credentials.clone())
            .http_client($base.http())
            .timeout_config(
                aws_smithy_types::timeout::TimeoutConfig::builder()
                    .connect_timeout(std::time::Duration::from_secs(2))
                    .operation_attempt_timeout(std::time::Duration::from_secs(5))
                    .operation_timeout(std::time::Duration::from_secs(15))
                    .build(),
            );
        config.set_endpoint_url($base.endpoint.clone());
        config.build()
    }};
}
pub(crate) use configured;

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
        http: Arc::default(),
    };
    let clock = Clock::system();
    let client = {
        let base = base.clone();
        move || aws_sdk_dynamodb::Client::from_conf(configured!(aws_sdk_dynamodb, base))
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

    /// Files in the bucket `BUCKET`.
    pub fn files(mut self) -> Result<Self, MissingSetting> {
        self.platform.files = Arc::new(files::S3Files::new(self.base.clone(), need("BUCKET")?));
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
