//! What a function calls: DynamoDB on the embedded database, Secrets Manager, SQS and the providers, all at one
//! address behind TLS.

use std::{net::SocketAddr, sync::Arc};

use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    serve::Listener,
};
use bytes::Bytes;
use embedded::Embedded;
use http_body_util::BodyExt as _;
use platform::{Auth, Http as _};
use serde_json::{Value, json};
use testkit::FakeProviders;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

use crate::events::{TOKEN, World};

#[derive(Clone)]
struct Cloud {
    embedded: Embedded,
    providers: FakeProviders,
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            match self.acceptor.accept(stream).await {
                Ok(stream) => return (stream, from),
                Err(fault) => eprintln!("bench: no TLS: {fault}"),
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Serves until the process ends; gives back the address.
pub(crate) async fn serve(world: &World, certificate: &str, key: &str) -> String {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
    let cloud = Cloud { embedded: world.embedded.clone(), providers: world.house.providers.clone() };
    let router = Router::new().fallback(answer).with_state(cloud);
    tokio::spawn(async move { axum::serve(tls, router).await.unwrap() });
    format!("https://localhost:{port}")
}

async fn answer(State(cloud): State<Cloud>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let target =
        parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or_default();
    match service {
        "" => provider(&cloud, parts, body).await,
        "secretsmanager" => said(&secret(&body)),
        "AmazonSQS" => said(&pushed(&body)),
        _ => database(&cloud.embedded, target, operation, &body).await,
    }
}

fn said(body: &Value) -> Response {
    let answer = Response::builder().header("content-type", "application/x-amz-json-1.1");
    answer.body(Body::from(body.to_string())).unwrap()
}

async fn database(embedded: &Embedded, target: &str, operation: &str, body: &Bytes) -> Response {
    let mut request = HttpRequest::new(SdkBody::from(body.clone()));
    request.headers_mut().insert("x-amz-target", target.to_owned());
    let answer = embedded.call(request).await.unwrap();
    let status = answer.status().as_u16();
    if status >= 400 {
        eprintln!("bench: {operation} answered {status}");
    }
    let answer_body = answer.body().bytes().unwrap_or_default().to_vec();
    let answer = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    answer.body(Body::from(answer_body)).unwrap()
}

fn secret(body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let name = asked["SecretId"].as_str().unwrap_or_default();
    let value = match name.rsplit('/').next().unwrap_or_default() {
        "twilio" => format!("AC1:{TOKEN}"),
        "twilio-hook" => TOKEN.to_owned(),
        _ => "a-secret-of-the-bench".to_owned(),
    };
    json!({ "ARN": name, "Name": name, "SecretString": value, "VersionId": "1" })
}

fn pushed(body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let entries = asked["Entries"].as_array().into_iter().flatten();
    let taken: Vec<Value> = entries
        .map(|entry| json!({ "Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "" }))
        .collect();
    json!({ "Successful": taken, "Failed": [] })
}

async fn provider(cloud: &Cloud, parts: http::request::Parts, body: Bytes) -> Response {
    let mut request = http::Request::from_parts(parts, body);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("https://provider.example.com{path}").parse().unwrap();
    let auth = Auth::Basic { secret: String::new() };
    let answer = cloud.providers.send(request, &auth).await.unwrap();
    answer.map(Body::from)
}
