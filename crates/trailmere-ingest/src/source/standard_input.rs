//! How does standard input become a log file that can be told from another?

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use trailmere_model::{Error, Result};

use super::{LogFile, Place};

const CHUNK_BYTES: usize = 1 << 20;

/// Copies what comes into a temporary file: its hash, which is its name in the ledger, is known only at its end.
pub(crate) fn spool(mut input: impl Read) -> Result<LogFile> {
    let failed =
        |error: std::io::Error| Error::unavailable(format!("standard input cannot be kept: {error}")).source(error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut size = 0;
    loop {
        let count = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        hash.update(&chunk[..count]);
        file.write_all(&chunk[..count]).map_err(failed)?;
        size += count as u64;
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(LogFile::new(format!("stdin:{digits}"), size, Place::Spooled(Arc::new(file))))
}
