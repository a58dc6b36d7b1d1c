//! Files in a folder.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use crate::{Files, PlatformFault, Upload};

/// Keeps files below a folder of this machine.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    root: PathBuf,
    upload_url: String,
}

fn fault(error: &std::io::Error) -> PlatformFault {
    match error.kind() {
        std::io::ErrorKind::NotFound => PlatformFault::Absent { what: "files" },
        kind => PlatformFault::Away { what: "files", reason: kind.to_string() },
    }
}

impl FolderFiles {
    /// Files below `root`; clients upload to `upload_url` followed by the key.
    pub fn new(root: &Path, upload_url: String) -> Self {
        Self { root: root.to_owned(), upload_url }
    }

    fn path(&self, key: &str) -> Result<PathBuf, PlatformFault> {
        let plain = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if key.split('/').all(plain) {
            Ok(self.root.join(key))
        } else {
            Err(PlatformFault::Absent { what: "files" })
        }
    }
}

impl Files for FolderFiles {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), PlatformFault>> {
        Box::pin(async move {
            let path = self.path(key)?;
            let folder = path.parent().unwrap_or(&self.root);
            tokio::fs::create_dir_all(folder).await.map_err(|error| fault(&error))?;
            // Written aside and renamed: a process that dies in between leaves no half file under the key.
            let aside = path.with_extension("part");
            tokio::fs::write(&aside, &bytes).await.map_err(|error| fault(&error))?;
            tokio::fs::rename(&aside, &path).await.map_err(|error| fault(&error))
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        offset: u64,
        most: u64,
    ) -> BoxFuture<'a, Result<Bytes, PlatformFault>> {
        Box::pin(async move {
            let mut file = tokio::fs::File::open(self.path(key)?).await.map_err(|error| fault(&error))?;
            file.seek(SeekFrom::Start(offset)).await.map_err(|error| fault(&error))?;
            let mut bytes = Vec::new();
            file.take(most).read_to_end(&mut bytes).await.map_err(|error| fault(&error))?;
            Ok(bytes.into())
        })
    }

    fn size<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, PlatformFault>> {
        Box::pin(async move {
            let path = self.path(key)?;
            Ok(tokio::fs::metadata(path).await.map_err(|error| fault(&error))?.len())
        })
    }

    fn upload<'a>(&'a self, key: &'a str, _bytes: u64) -> BoxFuture<'a, Result<Upload, PlatformFault>> {
        Box::pin(async move {
            self.path(key)?;
            Ok(Upload { url: format!("{}/{key}", self.upload_url), headers: Vec::new() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_read_in_stretches_and_keys_stay_inside() {
        let root = std::env::temp_dir().join(format!("files-{}", std::process::id()));
        let files = FolderFiles::new(&root, "http://127.0.0.1/up".to_owned());
        files.put("cln_1/a.csv", Bytes::from_static(b"hello world")).await.unwrap();
        assert_eq!(files.read("cln_1/a.csv", 6, 3).await.unwrap(), "wor");
        assert_eq!(files.read("cln_1/a.csv", 60, 3).await.unwrap(), "");
        assert_eq!(files.size("cln_1/a.csv").await.unwrap(), 11);
        for bad in ["../x", "/etc/passwd", "a//b", "cln_1/..", ""] {
            assert!(files.put(bad, Bytes::new()).await.is_err(), "{bad}");
        }
        std::fs::remove_dir_all(root).unwrap();
    }
}
