//! Where a result goes: a file that appears whole or not at all, or an object in a bucket.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use object_store::{ObjectStoreExt, WriteMultipart};
use tempfile::NamedTempFile;
use trailmere_model::{Error, Result};
use trailmere_store::open_object_store;

/// A place that a result is being written to.
pub(super) enum Destination {
    /// A file beside its final place, renamed at the end.
    File { part: NamedTempFile, path: PathBuf },
    /// A local file that is uploaded at the end in parts.
    Bucket { part: NamedTempFile, url: String },
}

/// Bytes of one part of an upload.
const PART_BYTES: usize = 8 << 20;

impl Destination {
    pub(super) async fn open(path: &str) -> Result<Self> {
        if path.starts_with("s3://") {
            let part = NamedTempFile::new().map_err(|e| refused(path, e))?;
            return Ok(Destination::Bucket { part, url: path.to_string() });
        }
        let path = PathBuf::from(path);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let part = NamedTempFile::new_in(folder).map_err(|e| refused(&path.to_string_lossy(), e))?;
        Ok(Destination::File { part, path })
    }

    /// A writer for a printer.
    pub(super) fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        let (Destination::File { part, .. } | Destination::Bucket { part, .. }) = self;
        let file: File = part.reopen().map_err(|e| refused("the temporary file", e))?;
        Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
    }

    /// Makes the whole result visible under its name.
    pub(super) async fn finish(self) -> Result<()> {
        match self {
            Destination::File { part, path } => {
                let shown = path.to_string_lossy().into_owned();
                readable(part.as_file());
                part.persist(&path).map_err(|e| refused(&shown, e.error))?;
                Ok(())
            }
            Destination::Bucket { part, url } => upload(part, &url).await,
        }
    }
}

/// A temporary file is its owner's only; a result is like any file of the user's.
fn readable(file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A file system without permissions is none of our business.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = file;
}

async fn upload(part: NamedTempFile, url: &str) -> Result<()> {
    let (store, path) = open_object_store(url).await?;
    let failed = |e: object_store::Error| Error::unavailable("the result can't be uploaded").at(url).source(e);
    let upload = store.put_multipart(&path).await.map_err(failed)?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
    let mut file = tokio::fs::File::open(part.path()).await.map_err(|e| refused(url, e))?;
    let mut buffer = vec![0; PART_BYTES];
    loop {
        let n = tokio::io::AsyncReadExt::read(&mut file, &mut buffer).await.map_err(|e| refused(url, e))?;
        if n == 0 {
            break;
        }
        upload.wait_for_capacity(2).await.map_err(failed)?;
        upload.put(Bytes::copy_from_slice(&buffer[..n]));
    }
    upload.finish().await.map_err(failed)?;
    Ok(())
}

fn refused(path: &str, e: std::io::Error) -> Error {
    Error::unavailable("the output can't be written").at(path).source(e)
}
