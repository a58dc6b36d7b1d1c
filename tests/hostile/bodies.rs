//! Requests that are too large, too deep, packed, cut off or never end.

use std::{sync::Arc, time::Duration};

use access::Claims;
use axum::{Router, body::Body};
use edge::Callers;
use http::Request;
use http_body_util::BodyExt as _;
use kernel::{CallerId, Id as _, Lane};
use platform::inside::FolderFiles;
use serde_json::{Value, json};
use testkit::House;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt as _;

use crate::dice::{Dice, NASTY, tries};

/// Twelve bytes of gzip, then whatever: what a packed body begins with.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

struct Api {
    house: House,
    files: tempfile::TempDir,
    router: Router,
}

impl Api {
    async fn new(seed: u64) -> Self {
        let house = House::new(seed).await;
        house.may_leave_work();
        let files = tempfile::tempdir().unwrap();
        let mut platform = house.platform.clone();
        platform.files = Arc::new(FolderFiles::new(files.path(), "https://files.example".to_owned()));
        let clinic = house.table.clinic().to_string();
        let believe = move |role: &str| {
            Some(Claims {
                sub: CallerId::derived(&[role]).to_string(),
                role: role.to_owned(),
                clinics: String::new(),
                clinic: clinic.clone(),
            })
        };
        let router = api::open(&platform, Callers::Tokens(Arc::new(believe))).unwrap();
        Self { house, files, router }
    }

    async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn request(method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer clinic_admin")
            .header("content-type", "application/json")
            .header("if-match", "1")
    }

    /// Every operation that takes a body.
    async fn takers(&self) -> Vec<(String, String)> {
        let (_, document) =
            self.ask(Self::request("GET", "/v1/openapi.json").body(Body::empty()).unwrap()).await;
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if !operation["requestBody"].is_null() {
                    let path: Vec<_> = path
                        .split('/')
                        .map(|part| match part {
                            "{kind}" => "person",
                            "{role}" => "doctor",
                            "{id}" if path.starts_with("/v1/people") => "per_00000000000000000000000001",
                            part if part.starts_with('{') => "x",
                            part => part,
                        })
                        .collect();
                    all.push((method.to_uppercase(), path.join("/")));
                }
            }
        }
        assert!(all.len() > 20, "{}", all.len());
        all
    }
}

#[tokio::test]
async fn what_is_too_large_too_deep_or_packed_is_refused_by_every_operation() {
    let api = Api::new(850).await;
    let large = format!("\"{}\"", "a".repeat(10 * 1024 * 1024));
    let deep = "[".repeat(200_000);
    let objects = "{\"a\":".repeat(100_000);
    let wide =
        format!("{{{},\"z\":1}}", (0..20_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    let mut packed = GZIP.to_vec();
    packed.extend([0xed; 4_000]);
    for (method, path) in api.takers().await {
        for (what, body, statuses) in [
            ("large", large.clone().into_bytes(), &[413, 404][..]),
            ("deep", deep.clone().into_bytes(), &[400, 404, 422]),
            ("deep objects", objects.clone().into_bytes(), &[400, 404, 413, 422]),
            ("wide", wide.clone().into_bytes(), &[422, 404]),
            ("no text", vec![0xff, 0xfe, 0x00], &[400, 404]),
            ("half a text", b"{\"name\": \"A".to_vec(), &[400, 404, 422]),
            ("nothing", Vec::new(), &[400, 404]),
            ("numbers without end", b"1e999999999".to_vec(), &[400, 404, 422]),
        ] {
            let (status, answer) =
                api.ask(Api::request(&method, &path).body(Body::from(body)).unwrap()).await;
            assert!(statuses.contains(&status), "{what} to {method} {path}: {status} {answer}");
            assert!(answer["code"].is_string(), "{what} to {method} {path}");
        }
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"] {
            let request = Api::request(&method, &path).header("content-encoding", encoding);
            let (status, answer) = api.ask(request.body(Body::from(packed.clone())).unwrap()).await;
            assert!([404, 415].contains(&status), "{encoding} to {method} {path}: {status} {answer}");
        }
    }
}

#[tokio::test]
async fn a_packed_file_is_not_unpacked() {
    let api = Api::new(851).await;
    let mut bomb = GZIP.to_vec();
    bomb.resize(20_000, 0);
    let zip = [b"PK\x03\x04".to_vec(), vec![0; 10_000]].concat();
    for (what, file) in [("gzip", bomb), ("zip", zip)] {
        let import = api.import("CSV", &file).await;
        let state = import["state"].as_str().unwrap();
        assert!(["FAILED", "READY"].contains(&state), "{what}: {import}");
        assert_eq!(import["dry_run"]["persons"]["created"], 0, "{what}: {import}");
        assert!(import["bytes_read"].as_u64().unwrap() <= file.len() as u64, "{what}: {import}");
    }
}

impl Api {
    /// Tries a file; gives back the import as it is then.
    async fn import(&self, format: &str, file: &[u8]) -> Value {
        let body = json!({ "name": "June", "format": format, "bytes": file.len(), "mapping": {
            "source": "old", "entities": [{ "kind": "person", "id": { "column": "Id", "shape": "id" }, "fields": {
                "given_name": { "column": "First" }, "text": { "column": "Mobile" },
                "birth_date": { "column": "Born", "shape": "date" },
            } }],
        } });
        let request = Self::request("POST", "/v1/imports").body(Body::from(body.to_string())).unwrap();
        let (status, made) = self.ask(request).await;
        assert_eq!(status, 201, "{made}");
        let key = made["upload"]["url"].as_str().unwrap().strip_prefix("https://files.example/").unwrap();
        let place = self.files.path().join(key);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, file).unwrap();
        let path = format!("/v1/imports/{}", made["id"].as_str().unwrap());
        let start =
            Self::request("POST", &format!("{path}/start")).body(Body::from(r#"{"dry_run":true}"#)).unwrap();
        let (status, started) = self.ask(start).await;
        assert_eq!(status, 200, "{started}");
        let mut platform = self.house.platform.clone();
        platform.files = Arc::new(FolderFiles::new(self.files.path(), "https://files.example".to_owned()));
        let work = imports::Work::on(&platform);
        loop {
            let taken = self.house.queue.take(Lane::Imports, 10);
            if taken.is_empty() {
                break;
            }
            let worked = work.run(taken.iter().map(|delivery| delivery.job.clone()).collect()).await;
            assert!(worked.iter().all(Result::is_ok), "{worked:?}");
            self.house.queue.settle(taken.into_iter().zip(worked).collect());
        }
        self.ask(Self::request("GET", &path).body(Body::empty()).unwrap()).await.1
    }
}

#[tokio::test]
async fn a_broken_file_ends_as_a_report() {
    let api = Api::new(852).await;
    let mut dice = Dice::new(53);
    let csv = "Id,First,Mobile,Born\n1,Ana,(212) 555-0123,1988-04-02\n2,\"Ben, Jr.\",,\n3,\"Eve \"\"E\"\"\",2125550124,02/30/1990\n";
    let lines = "{\"Id\":\"1\",\"First\":\"Ana\",\"Mobile\":\"2125550123\"}\n{\"Id\":2}\n\n{\"Id\":\"3\",\"Born\":\"1990-01-01\"}\n";
    let (mut ready, mut failed) = (0, 0);
    for _ in 0..tries(120) {
        let (format, seed) = if dice.below(3) == 0 { ("NDJSON", lines) } else { ("CSV", csv) };
        let mut file = dice.break_bytes(seed.as_bytes(), &NASTY);
        if file.is_empty() {
            file.push(b'\n');
        }
        let import = api.import(format, &file).await;
        match import["state"].as_str().unwrap() {
            "READY" => ready += 1,
            "FAILED" => failed += 1,
            state => panic!("{state} after {:?}", String::from_utf8_lossy(&file)),
        }
        let (rows, refused) = (&import["dry_run"]["rows"], &import["dry_run"]["refused"]);
        assert!(refused.as_u64() <= rows.as_u64(), "{import}");
    }
    assert!(ready > 20 && failed > 0, "{ready} could be read, {failed} could not");
}

/// One request over a wire of our own; what came back until the other side closed or `wait` was over.
async fn wire(port: u16, pieces: &[&[u8]], pause: Duration, wait: Duration) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for piece in pieces {
        if stream.write_all(piece).await.is_err() {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(wait, stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn cut_off_slow_and_strange_requests_do_nothing_and_keep_nobody_waiting() {
    let api = Api::new(854).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(local::serve::serve(listener, api.router.clone(), std::future::pending()));
    let head = "Host: x\r\nAuthorization: Bearer clinic_admin\r\nContent-Type: application/json\r\n";
    let body = json!({ "address": "+12125550177", "reason": "STAFF", "why": "asked" }).to_string();
    let short = Duration::from_millis(300);

    // Cut off in the middle of the body: nothing was done.
    let cut = format!(
        "POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{}",
        body.len() + 50,
        body
    );
    {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(cut.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = tokio::time::timeout(short, stream.read_to_string(&mut answer)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // Chunks that never end, a length that lies, two lengths, both ways to say it.
    for strange in [
        format!(
            "POST /v1/suppressions HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{body}"
        ),
        format!("POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: -1\r\n\r\n{body}"),
        format!(
            "POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: 5\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        format!("POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: 99999999999999999999\r\n\r\n{body}"),
        format!("POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: 5\r\n\r\n{body}"),
        format!("GET /v1/people HTTP/1.1\r\nHost: x\r\n{}: y\r\n\r\n", "X".repeat(100_000)),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000)),
        "\0\0\0\0\r\n\r\n".to_owned(),
    ] {
        let answer = wire(port, &[strange.as_bytes()], Duration::ZERO, short).await;
        let first = answer.lines().next().unwrap_or_default();
        assert!(
            first.is_empty() || first.starts_with("HTTP/1.1 4"),
            "{}: {first}",
            &strange[..60.min(strange.len())]
        );
    }
    // Somebody who sends a byte at a time keeps nobody else waiting.
    let slow = format!("POST /v1/suppressions HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n", body.len());
    let pieces: Vec<Vec<u8>> =
        std::iter::once(slow.into_bytes()).chain(body.bytes().take(20).map(|byte| vec![byte])).collect();
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
                wire(port, &pieces, Duration::from_millis(20), Duration::from_millis(1)).await
            })
        })
        .collect();
    let health = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for _ in 0..10 {
        let answer = wire(port, &[health.as_bytes()], Duration::ZERO, Duration::from_secs(5)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    for one in slow {
        assert_eq!(one.await.unwrap(), "", "half a body has no answer");
    }
    let (_, kept) = api.ask(Api::request("GET", "/v1/suppressions").body(Body::empty()).unwrap()).await;
    assert_eq!(kept["items"], json!([]), "nothing was done by halves");
    serving.abort();
}

#[tokio::test]
async fn long_queries_cursors_and_ways_out_of_the_path_are_refused() {
    let api = Api::new(855).await;
    let long = "a".repeat(60_000);
    for (path, status) in [
        (format!("/v1/people?cursor={long}"), 400),
        (format!("/v1/people?q={long}"), 422),
        (format!("/v1/people?{}", "a=1&".repeat(5_000)), 422),
        (format!("/v1/people/{long}"), 404),
        ("/v1/people/..%2f..%2fclinic".to_owned(), 404),
        ("/v1/../v1/people".to_owned(), 404),
        ("/v1//people".to_owned(), 404),
        ("/v1/people/".to_owned(), 404),
        ("/V1/people".to_owned(), 404),
        ("/v1/people%00".to_owned(), 404),
        ("/v1/people/per_%FF%FE".to_owned(), 404),
        ("/v1/mirror/person/..%2f..%2fx/%00".to_owned(), 405),
    ] {
        let (found, answer) = api.ask(Api::request("GET", &path).body(Body::empty()).unwrap()).await;
        assert_eq!(found, status, "{}: {answer}", &path[..path.len().min(60)]);
    }
    let mut request = Api::request("GET", "/v1/people");
    for n in 0..5_000 {
        request = request.header(format!("x-{n}"), "y");
    }
    assert_eq!(api.ask(request.body(Body::empty()).unwrap()).await.0, 200);
}
