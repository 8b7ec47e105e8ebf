//! How are a log file's bytes got: at once if it is small, piece by piece if it is not?

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use trailmere_model::{Error, Kind, Result};

use super::bucket::innermost;
use super::{LogFile, Place};

/// Larger files are read piece by piece.
pub(crate) const WHOLE_BYTES: u64 = 16 << 20;
/// One piece of an object.
const PIECE_BYTES: u64 = 8 << 20;

/// A log file's bytes, or the way to them.
pub(crate) enum Body {
    /// All of them.
    Whole(Bytes),
    /// As they come; reading blocks.
    Pieces(Box<dyn Read + Send>),
}

/// Gets a log file from a bucket, or what is needed to read it; what is on this machine is opened by [`open`].
pub(crate) async fn fetch(file: &LogFile) -> Result<Option<Body>> {
    let Place::Bucket(store, path) = &file.place else { return Ok(None) };
    if file.size > WHOLE_BYTES {
        let (store, path) = (store.clone(), path.clone());
        let pieces = Pieces { runtime: Handle::current(), store, path, size: file.size, next: 0, piece: Bytes::new() };
        return Ok(Some(Body::Pieces(Box::new(pieces))));
    }
    let got = match store.get(path).await {
        Ok(got) => got.bytes().await,
        Err(error) => Err(error),
    };
    got.map(|bytes| Some(Body::Whole(bytes))).map_err(|error| unreadable(storage_kind(&error), error))
}

/// Opens a log file that is on this machine; blocks.
pub(crate) fn open(file: &LogFile) -> Result<Body> {
    match &file.place {
        Place::Folder(path) if file.size <= WHOLE_BYTES => {
            let bytes = std::fs::read(path).map_err(|error| unreadable(io_kind(&error), error))?;
            Ok(Body::Whole(bytes.into()))
        }
        Place::Folder(path) => {
            let opened = File::open(path).map_err(|error| unreadable(io_kind(&error), error))?;
            Ok(Body::Pieces(Box::new(BufReader::with_capacity(PIECE_BYTES as usize, opened))))
        }
        Place::Spooled(spooled) => {
            let copy = spooled.try_clone().map_err(|error| unreadable(io_kind(&error), error))?;
            Ok(Body::Pieces(Box::new(BufReader::with_capacity(1 << 20, FromStart { file: copy, at: 0 }))))
        }
        Place::Bucket(..) => Err(Error::internal("an object was to be opened before it was fetched")),
    }
}

fn unreadable(kind: Kind, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(kind, format!("it cannot be read: {}", innermost(&error))).source(error)
}

fn storage_kind(error: &object_store::Error) -> Kind {
    match error {
        object_store::Error::NotFound { .. } => Kind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => Kind::Invalid,
        _ => Kind::Unavailable,
    }
}

fn io_kind(error: &io::Error) -> Kind {
    if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Unavailable }
}

/// Reads a spooled file from its start, however often it was read before: copies of a handle share their position.
struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// An object that is read range by range from a thread that may block.
struct Pieces {
    runtime: Handle,
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
    next: u64,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && self.next < self.size {
            let end = self.size.min(self.next + PIECE_BYTES);
            let got = self.runtime.block_on(self.store.get_range(&self.path, self.next..end));
            self.piece = got.map_err(|error| io::Error::other(unreadable(storage_kind(&error), error)))?;
            self.next = end;
        }
        let count = buffer.len().min(self.piece.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}
