//! Secrets of this machine: made at the first start and kept.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use kernel::Clock;
use serde::{Deserialize, Serialize};

/// What this machine's product and its simulators share.
#[derive(Serialize, Deserialize)]
pub(super) struct Own {
    pub(super) twilio_token: String,
    pub(super) links: String,
}

fn random() -> String {
    let mut bytes = [0; 24];
    Clock::system().random(&mut bytes);
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

impl Own {
    /// Reads the kept ones, or makes and keeps new ones that nobody else on the machine can read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let own = Self { twilio_token: random(), links: random() };
                let aside = path.with_extension("new");
                let mut file =
                    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
                serde_json::to_writer(&mut file, &own)?;
                file.flush()?;
                file.sync_all()?;
                std::fs::rename(aside, path)?;
                Ok(own)
            }
            Err(error) => Err(error),
        }
    }
}
