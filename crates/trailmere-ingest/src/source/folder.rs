//! Which files are in a folder and all folders below it?
//!
//! Log files of one day are sent one after the other, whichever account and region they are of: so a batch of events
//! is of few days, and few files of rows come of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc::Sender;
use trailmere_model::{Error, Kind, Result};

use super::prune::Reached;
use super::{LogFile, Place, Pruning};

/// Sends the files of a folder, or the one file that `root` is.
pub(super) async fn list(root: PathBuf, pruning: Pruning, to: Sender<LogFile>) -> Result<()> {
    let listing = tokio::task::spawn_blocking(move || {
        let walk = Walk { pruning: &pruning, to: &to };
        let streams = walk.send_others(&root)?;
        walk.send_by_day(streams)
    });
    listing.await.map_err(|error| Error::internal("listing a folder ended early").source(error))?
}

struct Walk<'a> {
    pruning: &'a Pruning,
    to: &'a Sender<LogFile>,
}

impl Walk<'_> {
    /// Sends what lies outside the layout of delivered files; gives the folders of accounts' regions, or of their days.
    fn send_others(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut streams = Vec::new();
        // Still to be read, the next one last: depth first, in the order of names.
        let mut waiting = vec![root.to_path_buf()];
        while let Some(path) = waiting.pop() {
            // Links to files are followed; links to folders only at the top, since they could lead in circles.
            let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
            if metadata.is_file() {
                self.send(path, metadata.len())?;
            } else if metadata.is_dir() && self.pruning.enters(&path) {
                let is_stream =
                    path.to_str().is_some_and(|path| Reached::of(&path.replace('\\', "/")).region.is_some());
                if is_stream { streams.push(path) } else { waiting.extend(children(&path)?.into_iter().rev()) }
            }
        }
        Ok(streams)
    }

    fn send_by_day(&self, streams: Vec<PathBuf>) -> Result<()> {
        let mut streams: Vec<Days> = streams.into_iter().map(|stream| Days { waiting: vec![stream] }).collect();
        let mut next = BinaryHeap::new();
        for (index, stream) in streams.iter_mut().enumerate() {
            next.extend(stream.next(self.pruning)?.map(|(date, day)| Reverse((date, index, day))));
        }
        while let Some(Reverse((_, index, day))) = next.pop() {
            self.send_all(day)?;
            next.extend(streams[index].next(self.pruning)?.map(|(date, day)| Reverse((date, index, day))));
        }
        Ok(())
    }

    fn send_all(&self, path: PathBuf) -> Result<()> {
        let mut waiting = vec![path];
        while let Some(path) = waiting.pop() {
            let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
            if metadata.is_file() {
                self.send(path, metadata.len())?;
            } else if metadata.is_dir() {
                waiting.extend(children(&path)?.into_iter().rev());
            }
        }
        Ok(())
    }

    fn send(&self, path: PathBuf, size: u64) -> Result<()> {
        let file = LogFile::new(path.display().to_string(), size, Place::Folder(path));
        self.to.blocking_send(file).map_err(|_| Error::cancelled("the ingestion ended while files were listed"))
    }
}

/// The days of one account, folder and region, first to last.
struct Days {
    /// Still to be looked into, the next one last.
    waiting: Vec<PathBuf>,
}

impl Days {
    /// The next day's folder, with its date; or a file that lies where none should.
    fn next(&mut self, pruning: &Pruning) -> Result<Option<(String, PathBuf)>> {
        while let Some(path) = self.waiting.pop() {
            let name = path.display().to_string().replace('\\', "/");
            if path.is_file() {
                return Ok(Some((String::new(), path)));
            }
            if !pruning.enters(&path) {
                continue;
            }
            match Reached::of(&name).date() {
                Some(date) => return Ok(Some((date, path))),
                None => self.waiting.extend(children(&path)?.into_iter().rev()),
            }
        }
        Ok(None)
    }
}

/// What is directly in a folder, by name, but for links to other folders.
pub(crate) fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let kind = entry.file_type().map_err(|error| unreadable(folder, error))?;
        if !kind.is_symlink() || entry.path().is_file() {
            children.push(entry.path());
        }
    }
    children.sort();
    Ok(children)
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => Kind::NotFound,
        _ => Kind::Unavailable,
    };
    Error::new(kind, format!("`{}` cannot be read: {error}", path.display())).source(error)
}
