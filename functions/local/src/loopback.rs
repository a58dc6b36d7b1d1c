//! Keeps what exists for a developer on the developer's machine.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};

use crate::problem::problem;

/// Lets a request through if it comes from this machine and was meant for it.
///
/// The `Host` is checked too: a page from elsewhere whose name was pointed at 127.0.0.1 would otherwise read
/// tokens through the browser. A request that does not say where it comes from is refused.
pub async fn only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if near && names_this_machine(host) {
        return next.run(request).await;
    }
    problem(
        StatusCode::FORBIDDEN,
        "only_on_this_machine",
        "this is for the machine it runs on: open it as 127.0.0.1",
    )
}

fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_taken() {
        for (host, fits) in [
            ("127.0.0.1:4500", true),
            ("localhost", true),
            ("[::1]:4500", true),
            ("evil.example:4500", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            assert_eq!(names_this_machine(host), fits, "{host}");
        }
    }
}
