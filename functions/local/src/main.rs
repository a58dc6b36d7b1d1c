//! Starts what the command line asks for.

use std::process::ExitCode;

use local::alone;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("simulators") {
        tracing::error!("local simulators: the simulated providers alone");
        return ExitCode::from(2);
    }
    let options = match alone::Options::read(args, |name| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(usage) => {
            tracing::error!("{usage}");
            return ExitCode::from(2);
        }
    };
    match alone::run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the simulators stopped");
            ExitCode::FAILURE
        }
    }
}
