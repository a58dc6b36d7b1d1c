//! The connections of a function: HTTP/1.1, over TLS or plain, kept open between calls.
//!
//! The SDKs and the providers share this one client. A general one brings HTTP/2, proxies and cookies with it,
//! which nothing here speaks and every cold start would pay for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::PathAndQuery};
use http_body_util::BodyExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use crate::trust::{self, Trust};

/// Connections that wait for one place: as many as a sender calls its provider at once, in two batches of 25. Each
/// that was let go would be opened again with the next batch, at three million instructions.
const WAITING: usize = 50;

/// What became of a call that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Not a byte of it has left: it may be made again.
    NotSent(&'static str),
    /// It may have arrived.
    NoAnswer(&'static str),
}

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    tls: bool,
    host: String,
    port: u16,
}

struct Line {
    send: SendRequest<SdkBody>,
    since: Instant,
}

/// A client with its own store of roots and its own patience.
pub(crate) struct Wire {
    trust: Trust,
    /// For the connection with all that belongs to it; an answer is waited for by whoever calls.
    connect: Duration,
    /// How long a connection may wait unused. The other side ends it at its own time, and a call into such an end
    /// is one of which nobody knows.
    rest: Duration,
    tls: OnceLock<Result<TlsConnector, &'static str>>,
    waiting: Mutex<HashMap<Place, Vec<Line>>>,
    /// Held while a connection is opened. Ten calls at once would open ten, at two million instructions each; one
    /// after the other, most find that an earlier one has become free.
    opening: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Place {
    fn of(uri: &Uri) -> Result<Self, Broken> {
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Broken::NotSent("address")),
        };
        let host = uri.host().ok_or(Broken::NotSent("address"))?;
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host: host.trim_matches(['[', ']']).to_owned(), port })
    }
}

/// HTTP/1.1 names the host in a header and asks for the path alone.
fn address(request: &mut Request<SdkBody>) -> Result<Place, Broken> {
    let place = Place::of(request.uri())?;
    if !request.headers().contains_key(HOST) {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        let usual = if place.tls { ":443" } else { ":80" };
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = HeaderValue::from_str(host.strip_suffix(usual).unwrap_or(host));
        request.headers_mut().insert(HOST, host.map_err(|_| Broken::NotSent("address"))?);
    }
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = path.into();
    Ok(place)
}

impl Wire {
    pub(crate) fn new(trust: Trust, connect: Duration, rest: Duration) -> Arc<Self> {
        Arc::new(Self {
            trust,
            connect,
            rest,
            tls: OnceLock::new(),
            waiting: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        })
    }

    /// Makes one call and takes the whole answer. Another attempt is made by itself only while nothing has left.
    pub(crate) async fn send(&self, mut request: Request<SdkBody>) -> Result<Response<Bytes>, Broken> {
        let place = address(&mut request)?;
        loop {
            // Waiting for a turn is a part of connecting: nothing has left when its time is over.
            let line = match timeout(self.connect, self.line(&place)).await {
                Ok(line) => line.map_err(Broken::NotSent)?,
                Err(_) => return Err(Broken::NotSent("no connection in time")),
            };
            let (mut line, is_new) = line;
            match line.send.try_send_request(request).await {
                Ok(answer) => return self.take(place, line, answer).await,
                Err(mut error) => match error.take_message() {
                    // The other side had ended the connection before it was written to.
                    Some(unsent) if !is_new => request = unsent,
                    Some(_) => return Err(Broken::NotSent("connection lost")),
                    None => return Err(Broken::NoAnswer("connection lost")),
                },
            }
        }
    }

    /// A connection that waits, or a new one, and whether it is new.
    async fn line(&self, place: &Place) -> Result<(Line, bool), &'static str> {
        if let Some(line) = self.ready(place).await {
            return Ok((line, false));
        }
        let _turn = self.opening.lock().await;
        if let Some(line) = self.ready(place).await {
            return Ok((line, false));
        }
        Ok((self.open(place).await?, true))
    }

    async fn ready(&self, place: &Place) -> Option<Line> {
        while let Some(mut line) = self.rested(place) {
            if line.send.ready().await.is_ok() {
                return Some(line);
            }
        }
        None
    }

    async fn take(
        &self,
        place: Place,
        line: Line,
        answer: Response<hyper::body::Incoming>,
    ) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Broken::NoAnswer("answer cut off"))?.to_bytes();
        // Whoever is in trouble at the other end of this connection may be somebody else on a new one.
        if !parts.status.is_server_error() {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = waiting.entry(place).or_default();
            if lines.len() < WAITING {
                lines.push(Line { since: Instant::now(), ..line });
            }
        }
        Ok(Response::from_parts(parts, body))
    }

    /// The connection that was used last, unless it has waited too long; those below it have waited longer.
    fn rested(&self, place: &Place) -> Option<Line> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = waiting.get_mut(place)?;
        let line = lines.pop()?;
        if line.since.elapsed() < self.rest {
            return Some(line);
        }
        lines.clear();
        None
    }

    async fn open(&self, place: &Place) -> Result<Line, &'static str> {
        let tcp = TcpStream::connect((place.host.as_str(), place.port)).await.map_err(|_| "no connection")?;
        // A request is written whole; waiting for more to go with it would only delay it.
        tcp.set_nodelay(true).map_err(|_| "no connection")?;
        let stream: Box<dyn Stream> = if place.tls {
            let tls = self.tls.get_or_init(|| trust::connector(self.trust));
            let tls = tls.as_ref().map_err(|reason| *reason)?;
            let name = ServerName::try_from(place.host.clone()).map_err(|_| "address")?;
            Box::new(tls.connect(name, tcp).await.map_err(|_| "no trusted connection")?)
        } else {
            Box::new(tcp)
        };
        let (send, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| "no connection")?;
        // It ends with the last sender, or when the other side has had enough.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Line { send, since: Instant::now() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Serves one script after the other, one per connection: how many answers it gives before it hangs up, and
    /// whether the last request is left without any. Tells where it listens and how many connections came.
    async fn server(scripts: Vec<(usize, bool)>) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/a?b=c", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            for (answers, reads_on) in scripts {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                for _ in 0..answers {
                    request_on(&mut stream).await;
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
                }
                if reads_on {
                    request_on(&mut stream).await;
                }
            }
        });
        (address, connections)
    }

    async fn request_on(stream: &mut TcpStream) -> String {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let byte = stream.read_u8().await.unwrap();
            read.push(byte);
        }
        let text = String::from_utf8(read).unwrap();
        assert!(text.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("host: 127.0.0.1:"), "{text}");
        text
    }

    fn wire(rest: Duration) -> Arc<Wire> {
        Wire::new(Trust::Amazon, Duration::from_secs(2), rest)
    }

    fn get(address: &str) -> Request<SdkBody> {
        Request::get(address).body(SdkBody::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_serves_many_calls() {
        let (address, connections) = server(vec![(3, false)]).await;
        let wire = wire(Duration::from_secs(20));
        for _ in 0..3 {
            let answer = wire.send(get(&address)).await.unwrap();
            assert_eq!(answer.body().as_ref(), b"hi");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_connection_that_was_ended_meanwhile_costs_no_call() {
        let (address, connections) = server(vec![(1, false), (1, false)]).await;
        let wire = wire(Duration::from_secs(20));
        wire.send(get(&address)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        wire.send(get(&address)).await.unwrap();
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_connection_that_waited_too_long_is_not_used_again() {
        let (address, connections) = server(vec![(1, false), (1, false)]).await;
        let wire = wire(Duration::ZERO);
        wire.send(get(&address)).await.unwrap();
        wire.send(get(&address)).await.unwrap();
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_call_that_was_read_and_not_answered_is_not_made_again() {
        let (address, connections) = server(vec![(1, true), (1, false)]).await;
        let wire = wire(Duration::from_secs(20));
        wire.send(get(&address)).await.unwrap();
        assert_eq!(wire.send(get(&address)).await.unwrap_err(), Broken::NoAnswer("connection lost"));
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn nobody_at_the_other_end_means_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}/", listener.local_addr().unwrap());
        drop(listener);
        let broken = wire(Duration::from_secs(20)).send(get(&address)).await.unwrap_err();
        assert_eq!(broken, Broken::NotSent("no connection"));
    }

    #[test]
    fn the_host_is_named_as_it_is_signed() {
        for (address_of, host, place) in [
            ("https://a.example.com/x", "a.example.com", ("a.example.com", 443)),
            ("https://a.example.com:443", "a.example.com", ("a.example.com", 443)),
            ("http://a.example.com:8080/", "a.example.com:8080", ("a.example.com", 8080)),
            ("http://[::1]:80/", "[::1]", ("::1", 80)),
        ] {
            let mut request = get(address_of);
            let led = address(&mut request).unwrap();
            assert_eq!(request.headers()[HOST], host);
            assert_eq!((led.host.as_str(), led.port), place);
            assert!(request.uri().authority().is_none());
        }
        assert!(address(&mut get("/nowhere")).is_err());
    }
}
