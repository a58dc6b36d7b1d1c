//! Starts what the command line asks for.

use std::process::ExitCode;

use local::{
    alone,
    product::{self, Product},
    seed,
};

const USAGE: &str = "local dev: the whole product · local simulators: the simulated providers alone · \
                     local seed: people and visits from a file · local backup FROM TO: a copy of a database in use";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    edge::log();
    let mut args = std::env::args().skip(1);
    let done = match args.next().as_deref() {
        Some("dev") => dev(args).await,
        Some("simulators") => simulators(args).await,
        Some("seed") => seed(args).await,
        Some("backup") => backup(args),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(says) => {
            eprintln!("local: {says}");
            ExitCode::FAILURE
        }
    }
}

async fn dev(args: impl Iterator<Item = String>) -> Result<(), String> {
    let options = product::Options::read(args)?;
    let product = Product::open(options).await.map_err(|broken| broken.to_string())?;
    product.run().await.map_err(|broken| broken.to_string())
}

async fn simulators(args: impl Iterator<Item = String>) -> Result<(), String> {
    let options =
        alone::Options::read(args, |name| std::env::var(name).ok()).map_err(|usage| usage.to_string())?;
    alone::run(options).await.map_err(|error| error.to_string())
}

fn backup(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let (Some(from), Some(to)) = (args.next(), args.next()) else { return Err(USAGE.to_owned()) };
    embedded::backup(from.as_ref(), to.as_ref()).map_err(|fault| fault.to_string())
}

async fn seed(args: impl Iterator<Item = String>) -> Result<(), String> {
    seed::run(&seed::Options::read(args)?).await
}
