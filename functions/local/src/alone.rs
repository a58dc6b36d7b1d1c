//! `local simulators`: the simulated providers with their page and nothing else, for a product that runs elsewhere
//! (the stack).

use std::{io, net::Ipv4Addr, path::PathBuf, sync::Arc};

use aws_credential_types::Credentials;
use futures::FutureExt as _;
use kernel::Clock;
use tokio::net::TcpListener;

use crate::{
    pages, serve,
    simulators::{
        Settings, Simulators,
        ses::{EventSink, Published, SnsTopic},
    },
};

/// What the command line and the environment say.
#[derive(Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// Where the journal is kept.
    pub data: PathBuf,
    /// The Twilio account (`TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`) and where replies are posted to.
    pub settings: Settings,
    /// Where mail events are published to; without it they are only seen on the page.
    pub sns: Option<Sns>,
}

/// An SNS endpoint and the access to it.
#[derive(Debug)]
pub struct Sns {
    /// Such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The region of the topic.
    pub region: String,
    /// The access key (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`).
    pub credentials: Credentials,
}

/// The command line cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Usage {
    /// An option nobody knows, or one without its value.
    #[error(
        "{0}: local simulators [--port 4580] [--data .data/simulators] [--inbound-url URL] \
         [--sns-endpoint URL --topic ARN]"
    )]
    Option(String),
    /// A variable that has to be set.
    #[error("set {0} in the environment")]
    Variable(&'static str),
}

impl Options {
    /// Reads what follows `simulators` on the command line; `env` reads the environment.
    pub fn read(
        args: impl IntoIterator<Item = String>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Usage> {
        let need =
            |name: &'static str| env(name).filter(|value| !value.is_empty()).ok_or(Usage::Variable(name));
        let mut settings = Settings::watched(need("TWILIO_ACCOUNT_SID")?, need("TWILIO_AUTH_TOKEN")?.into());
        let (mut port, mut data, mut endpoint) = (4580, PathBuf::from(".data/simulators"), None);
        let mut args = args.into_iter();
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or_else(|| Usage::Option(format!("{option} needs a value")));
            match option.as_str() {
                "--port" => {
                    port = value()?.parse().map_err(|_| Usage::Option("--port is not a port".to_owned()))?;
                }
                "--data" => data = value()?.into(),
                "--inbound-url" => settings.inbound_url = Some(value()?),
                "--sns-endpoint" => endpoint = Some(value()?),
                "--topic" => settings.topic = value()?,
                _ => return Err(Usage::Option(format!("{option} is not known"))),
            }
        }
        let sns = match endpoint {
            Some(endpoint) => {
                let (key, secret) = (need("AWS_ACCESS_KEY_ID")?, need("AWS_SECRET_ACCESS_KEY")?);
                // `arn:aws:sns:region:account:name`
                let region = settings.topic.split(':').nth(3).unwrap_or("us-east-1").to_owned();
                Some(Sns { endpoint, region, credentials: Credentials::from_keys(key, secret, None) })
            }
            None => None,
        };
        Ok(Self { port, data, settings, sns })
    }
}

/// Serves until asked to stop.
pub async fn run(options: Options) -> io::Result<()> {
    let clock = Clock::system();
    let sink: Arc<dyn EventSink> = match options.sns {
        Some(sns) => {
            let http = reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?;
            Arc::new(SnsTopic::new(sns.endpoint, sns.region, sns.credentials, clock.clone(), http))
        }
        None => Arc::new(|_: Published| async { Ok(()) }.boxed()),
    };
    let simulators = Simulators::open(&options.data, options.settings, clock, sink)?;
    simulators.resume();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    tracing::info!(address = %listener.local_addr()?, "the simulators listen");
    serve::serve(listener, simulators.router().merge(pages::phone()), serve::asked_to_stop()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        let value = match name {
            "TWILIO_ACCOUNT_SID" => "AC00000000000000000000000000000001",
            "TWILIO_AUTH_TOKEN" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn read(line: &str) -> Result<Options, Usage> {
        Options::read(line.split_whitespace().map(str::to_owned), env)
    }

    #[test]
    fn the_command_line_is_followed_or_refused() {
        let options = read(
            "--port 0 --data /tmp/x --inbound-url http://127.0.0.1:1/in --sns-endpoint http://127.0.0.1:4566 \
             --topic arn:aws:sns:eu-west-1:000000000000:events",
        )
        .unwrap();
        assert_eq!((options.port, options.data.to_str()), (0, Some("/tmp/x")));
        assert_eq!(options.settings.inbound_url.as_deref(), Some("http://127.0.0.1:1/in"));
        assert_eq!(options.sns.unwrap().region, "eu-west-1");
        assert_eq!(read("").unwrap().port, 4580);
        for bad in ["--port", "--port x", "--colour red"] {
            assert!(matches!(read(bad), Err(Usage::Option(_))), "{bad}");
        }
        let nothing = Options::read([], |_| None).map(|_| ());
        assert_eq!(nothing, Err(Usage::Variable("TWILIO_ACCOUNT_SID")));
    }
}
