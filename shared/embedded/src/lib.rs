//! The DynamoDB API in this process: the SDK's own requests, answered by a database in memory or in a file.
//!
//! Local use and tests stand on it. What is above it is the code that runs in the cloud, down to the bytes of
//! each call.

mod meter;
mod stream;

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use kernel::Clock;
use table::{Change, Table};

pub use meter::{Meter, Usage};

/// A database of our own, and the table on it.
#[derive(Clone)]
pub struct Embedded {
    db: Database,
    meter: Meter,
}

/// The database could not be opened or read.
#[derive(Debug, thiserror::Error)]
#[error("failed to use the embedded database: {0}")]
pub struct EmbeddedFault(String);

impl From<DynoxideError> for EmbeddedFault {
    fn from(fault: DynoxideError) -> Self {
        Self(fault.to_string())
    }
}

impl From<rusqlite::Error> for EmbeddedFault {
    fn from(fault: rusqlite::Error) -> Self {
        Self(fault.to_string())
    }
}

const NAME: &str = "comms";

/// Every write asks for the last number of the stream, which the database finds by reading the whole stream. With
/// this index it looks at one entry: an import of 1,500 visits takes seconds instead of minutes.
fn index_the_stream(path: &str) -> Result<(), EmbeddedFault> {
    rusqlite::Connection::open(path)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_in_order
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )?;
    Ok(())
}

/// Copies the database in a file, as it is at this moment, to a file that is not there yet. Whoever works on it goes
/// on meanwhile.
pub fn backup(from: &Path, to: &Path) -> Result<(), EmbeddedFault> {
    let to = to.to_str().ok_or_else(|| EmbeddedFault("the path is not UTF-8".to_owned()))?;
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = rusqlite::Connection::open_with_flags(from, flags)?;
    database.busy_timeout(std::time::Duration::from_secs(30))?;
    database.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

impl Embedded {
    /// An empty database in memory.
    pub fn memory() -> Result<Self, EmbeddedFault> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        // A name of its own lets a second connection lay the index; the database ends with its last connection.
        let path = format!("file:embedded-{}?mode=memory&cache=shared", MADE.fetch_add(1, Ordering::Relaxed));
        let db = Database::new(&path)?;
        index_the_stream(&path)?;
        Ok(Self { db, meter: Meter::default() })
    }

    /// The database in a file, made if it is not there.
    pub fn file(path: &Path) -> Result<Self, EmbeddedFault> {
        let path = path.to_str().ok_or_else(|| EmbeddedFault("the path is not UTF-8".to_owned()))?;
        let db = Database::new(path)?;
        index_the_stream(path)?;
        Ok(Self { db, meter: Meter::default() })
    }

    /// Counts calls and capacity since it was last asked.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The table, created if it is not there.
    pub async fn table(&self, clock: Clock) -> Result<Table, EmbeddedFault> {
        let client = self.client();
        let table = Table::new(move || client.clone(), NAME.to_owned(), clock);
        table.create().await.map_err(|fault| EmbeddedFault(fault.to_string()))?;
        Ok(table)
    }

    /// The SDK's client with this database behind it.
    pub fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            // The database looks at no signature.
            .allow_no_auth()
            .endpoint_url("http://embedded.invalid")
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Client::from_conf(config)
    }

    /// What changed in the table since `after`, in order, with the place to go on from; at most some hundreds.
    pub fn changes(&self, after: Option<&str>) -> Result<(Vec<Change>, Option<String>), EmbeddedFault> {
        stream::changes(&self.db, NAME, after)
    }

    /// Answers a request of the wire: the status of HTTP and the body.
    pub fn answer(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let metered = self.meter.prepare(operation, body);
        match dispatch(&self.db, operation, &metered) {
            Ok(answer) => {
                self.meter.note(operation, &answer);
                (200, answer)
            }
            Err(fault) => {
                self.meter.note_refused(operation, &metered, &fault.to_json());
                (fault.status_code(), fault.to_json())
            }
        }
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let (status, body) = self.answer(operation, request.body().bytes().unwrap_or_default());
        let mut response = HttpResponse::new(
            StatusCode::try_from(status)
                .unwrap_or_else(|_| StatusCode::try_from(500).expect("500 is a status")),
            SdkBody::from(body),
        );
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The table in memory, ready to use; what most tests stand on.
pub async fn table(clock: Clock) -> Table {
    Embedded::memory().expect("memory is there").table(clock).await.expect("an empty database takes a table")
}

/// Runs one operation; requests and answers are the JSON of the wire.
fn dispatch(db: &Database, operation: &str, body: &str) -> Result<String, DynoxideError> {
    macro_rules! route {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => {
                    let request = serde_json::from_str(body)
                        .map_err(|fault| DynoxideError::SerializationException(fault.to_string()))?;
                    let answer = db.$method(request)?;
                    serde_json::to_string(&answer)
                        .map_err(|fault| DynoxideError::InternalServerError(fault.to_string()))
                })*
                _ => Err(DynoxideError::ValidationException(format!("{operation} is not offered here"))),
            }
        };
    }
    route! {
        "CreateTable" => create_table,
        "DescribeTable" => describe_table,
        "ListTables" => list_tables,
        "PutItem" => put_item,
        "GetItem" => get_item,
        "DeleteItem" => delete_item,
        "UpdateItem" => update_item,
        "Query" => query,
        "Scan" => scan,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "TransactWriteItems" => transact_write_items,
        "TransactGetItems" => transact_get_items,
        "BatchExecuteStatement" => batch_execute_statement,
        "ExecuteStatement" => execute_statement,
    }
}
