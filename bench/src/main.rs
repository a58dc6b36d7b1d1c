//! The world around one function while it is measured: the Lambda Runtime API with events for it, and behind TLS the
//! AWS and provider addresses it calls, on a clinic in memory.
//!
//! `bench FUNCTION EVENTS CERTIFICATE KEY` prints one line of JSON with the addresses, and another when every event
//! is answered; it ends with its standard input. `scripts/bench` starts it.
#![expect(clippy::print_stdout, reason = "what it finds is its output")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends at once")]

mod cloud;
mod events;
mod peers;
mod runtime;

use std::io::Read as _;

use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [function, events, certificate, key] = args.as_slice() else {
        panic!("bench FUNCTION EVENTS CERTIFICATE KEY");
    };
    let world = Box::pin(events::world(function, events.parse().unwrap())).await;
    // What was used to make the world is not what the function uses.
    world.embedded.meter().take();
    let aws = cloud::serve(&world, certificate, key).await;
    let runtime = runtime::serve(world.events, world.embedded.clone()).await;
    println!("{}", json!({ "aws": aws, "runtime": runtime, "public_url": testkit::PUBLIC }));
    // The clinic is not asked what was left behind: the function may have been stopped in the middle.
    std::mem::forget(world.house);
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
}
