//! The whole product in this process: the functions as they are deployed, on handles of this machine.

mod changes;
mod demo;
mod secrets;
mod uploads;
mod workers;

use std::{
    fs::{File, TryLockError},
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use edge::Callers;
use embedded::Embedded;
use futures::FutureExt as _;
use kernel::{Clock, Job, Lane, Zone};
use platform::{Platform, inside};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt as _;

use crate::{
    clock_page::MovableClock,
    pages, serve,
    simulators::{
        self, Simulators,
        ses::{NotTaken, Published},
    },
    ticker::Ticker,
    tokens::{self, Issuer},
};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Providers answer without pauses: for tests.
    pub quick: bool,
    /// The database is a copy of an earlier moment: nothing is sent from it.
    pub restored: bool,
    /// What was restored sends again, and gives up what fell due since.
    pub released: bool,
}

impl Options {
    /// Reads what follows `dev` on the command line; the fault is the usage.
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let data = PathBuf::from(".data");
        let mut options = Self { port: 4500, data, quick: false, restored: false, released: false };
        let mut args = args.into_iter();
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{option} needs a value"));
            match option.as_str() {
                "--port" => options.port = value()?.parse().map_err(|_| "--port is not a port".to_owned())?,
                "--data" => options.data = value()?.into(),
                "--quick" => options.quick = true,
                "--restored" => options.restored = true,
                "--released" => options.released = true,
                _ => {
                    return Err(format!(
                        "{option} is not known: local dev [--port 4500] [--data .data] [--quick] [--restored | --released]"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// Why the product does not start.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Something else listens there.
    #[error("port {0} on 127.0.0.1 is taken: stop what listens there, or choose another with --port")]
    PortTaken(u16),
    /// Two processes on the same data would undo each other's work.
    #[error("{0} is in use by another process")]
    DataInUse(String),
    /// The database.
    #[error("{0}")]
    Database(#[from] embedded::EmbeddedFault),
    /// A router that would let somebody in it should not.
    #[error("{0}")]
    Door(#[from] edge::DoorFault),
    /// What was restored could not be marked or released.
    #[error("the restored database: {0}")]
    Restored(String),
    /// The demo clinic could not be set up.
    #[error("the demo clinic could not be set up: {0}")]
    Demo(String),
}

/// A mail event of the simulated provider, as the queue brings what is not ours.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct MailEvent(serde_json::Value);

impl Job for MailEvent {
    const TYPE: &'static str = edge::OUTSIDE;
    const LANE: Lane = Lane::Inbound;
}

/// The product, ready to be served.
pub struct Product {
    platform: Platform,
    queue: inside::InsideQueue,
    embedded: Embedded,
    clock: MovableClock,
    simulators: Simulators,
    router: Router,
    options: Options,
    listener: TcpListener,
    /// Held as long as the process lives; a kill lets go of it.
    _lock: File,
}

const ACCOUNT: &str = "AC00000000000000000000000000000001";

impl Product {
    /// Opens what is kept, or begins anew with the demo clinic. Nothing is touched if the port or the data is
    /// somebody else's.
    pub async fn open(mut options: Options) -> Result<Self, Broken> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(Broken::PortTaken(options.port));
            }
            bound => bound?,
        };
        options.port = listener.local_addr()?.port();
        let lock = lock(&options.data)?;
        let base = format!("http://127.0.0.1:{}", options.port);
        let zone: Zone = demo::ZONE.parse().map_err(|_| Broken::Demo("its zone is unknown".to_owned()))?;
        let clock = MovableClock::open(&options.data.join("clock"), zone)?;
        let own = secrets::Own::open(&options.data.join("secrets.json"))?;
        let embedded = Embedded::file(&options.data.join("comms.db"))?;
        let table = embedded.table(clock.clock()).await?;
        let queue = inside::InsideQueue::new();
        let secrets = Arc::new(inside::FixedSecrets::new([
            ("twilio".to_owned(), format!("{ACCOUNT}:{}", own.twilio_token)),
            ("twilio-hook".to_owned(), own.twilio_token.clone()),
            ("links".to_owned(), own.links.clone()),
        ]));
        let mut sims = if options.quick {
            simulators::Settings::quick(ACCOUNT, own.twilio_token.clone().into())
        } else {
            simulators::Settings::watched(ACCOUNT, own.twilio_token.clone().into())
        };
        sims.inbound_url = Some(format!("{base}/hooks/twilio/inbound"));
        let files = inside::FolderFiles::new(&options.data.join("files"), format!("{base}{}", uploads::PATH));
        let platform = Platform {
            clock: clock.clock(),
            table,
            queue: Arc::new(queue.clone()),
            files: Arc::new(files),
            secrets: secrets.clone(),
            http: aws::provider_http(secrets, clock.clock(), "local", "local"),
            settings: Arc::new(platform::Settings {
                stage: "local".to_owned(),
                public_url: base.clone(),
                twilio_base_url: format!("{base}/sim/twilio"),
                twilio_account_sid: ACCOUNT.to_owned(),
                // Not simulated: what is sent there is refused, and nothing of this machine reaches the real ones.
                vonage_base_url: format!("{base}/sim/vonage"),
                sendgrid_base_url: format!("{base}/sim/sendgrid"),
                ses_base_url: format!("{base}/sim/ses"),
                ses_configuration_set: "local".to_owned(),
                ses_topic_arn: sims.topic.clone(),
            }),
        };
        let simulators = {
            let platform = platform.clone();
            let sink = Arc::new(move |event: Published| mail_event(platform.clone(), event).boxed());
            Simulators::open(&options.data.join("simulators"), sims, clock.clock(), sink)?
        };
        let refused = |fault: &dyn std::fmt::Display| Broken::Restored(fault.to_string());
        if options.restored {
            platform.table.shared().is_copy().await.map_err(|fault| refused(&fault))?;
        }
        if options.released {
            automations::release::run(&platform).await.map_err(|fault| refused(&fault))?;
        }
        demo::set_up(&platform).await.map_err(Broken::Demo)?;
        let issuer = Issuer::open(&options.data.join("tokens"), &base, "local", Clock::system())?;
        let router = router(&platform, &clock, &simulators, issuer)?;
        Ok(Self { platform, queue, embedded, clock, simulators, router, options, listener, _lock: lock })
    }

    /// Serves until asked to stop.
    pub async fn run(self) -> Result<(), Broken> {
        tracing::info!(address = %self.listener.local_addr()?, "the product listens");
        let (stop, stopped) = watch::channel(false);
        let workers = workers::Workers::new(&self.platform, &self.queue);
        let mut tasks = workers.spawn(&stopped);
        tasks.push(changes::follow(
            self.embedded.clone(),
            &self.platform,
            self.options.data.join("changes"),
            stopped.clone(),
        ));
        {
            let workers = workers.clone();
            self.clock.walking(Box::new(move || {
                let workers = workers.clone();
                async move { workers.minute().await }.boxed()
            }));
        }
        let ticker = Ticker::new(self.platform.clock.clone(), self.clock.moved());
        let mut ends = stopped.clone();
        let ends = async move {
            let _ = ends.wait_for(|stop| *stop).await;
        };
        self.simulators.resume();
        let until = async move {
            serve::asked_to_stop().await;
            let _ = stop.send(true);
        };
        let ticking = ticker.run(async |_| workers.tick().await, ends);
        let (served, ()) = tokio::join!(serve::serve(self.listener, self.router, until), ticking);
        served?;
        for task in tasks {
            let _ = task.await;
        }
        Ok(())
    }
}

/// Makes the folder, and keeps other processes out of it.
fn lock(data: &Path) -> Result<File, Broken> {
    std::fs::create_dir_all(data)?;
    let lock = File::create(data.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Broken::DataInUse(data.display().to_string())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Keeps a mail event as due work before the provider counts it as delivered, as SNS and SQS would.
async fn mail_event(platform: Platform, event: Published) -> Result<(), NotTaken> {
    let job = MailEvent(event.envelope());
    let now = platform.clock.now();
    let refused = |fault: &dyn std::fmt::Display| NotTaken(fault.to_string());
    platform
        .table
        .shared()
        .due(now, &format!("mail-{}", event.id), &job)
        .await
        .map_err(|fault| refused(&fault))?;
    platform.queue.push(&[job.raw()]).await.map_err(|fault| refused(&fault))
}

fn router(
    platform: &Platform,
    clock: &MovableClock,
    simulators: &Simulators,
    issuer: Issuer,
) -> Result<Router, Broken> {
    let api = api::open(platform, Callers::Tokens(Arc::new(issuer.verifier())))?;
    let hooks = webhooks::open(platform)?;
    let demo = tokens::Clinic { id: demo::clinic(), name: demo::NAME.to_owned() };
    let holdings = {
        let platform = platform.clone();
        move || demo::holdings(platform.clone()).boxed()
    };
    // Both answer for all they do not know, so the path decides; in the cloud the gateway's routes do.
    let product = move |request: axum::extract::Request| {
        let path = request.uri().path();
        let outside = path.starts_with("/hooks/") || path.starts_with("/l/");
        let router = if outside { hooks.clone() } else { api.clone() };
        async move { router.oneshot(request).await }
    };
    Ok(Router::new()
        .merge(pages::router(holdings, "/v1/openapi.json"))
        .merge(clock.routes())
        .merge(tokens::routes(issuer, vec![demo]))
        .merge(uploads::routes(platform))
        .merge(simulators.router())
        .fallback(product))
}
