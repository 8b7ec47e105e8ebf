//! Which files are in a folder and all folders below it?

use std::fs;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc::Sender;
use trailmere_model::{Error, Result};

use super::{LogFile, Place, Pruning};

/// Sends the files of a folder, or the one file that `root` is.
pub(super) async fn list(root: PathBuf, pruning: Pruning, to: Sender<LogFile>) -> Result<()> {
    let walk = tokio::task::spawn_blocking(move || walk(&root, &pruning, &to));
    walk.await.map_err(|error| Error::internal("listing a folder ended early").source(error))?
}

fn walk(root: &Path, pruning: &Pruning, to: &Sender<LogFile>) -> Result<()> {
    // Folders still to be read, the next one last: depth first, in the order of names.
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        // Links to files are followed; links to folders only at the top, since they could lead in circles.
        let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
        if metadata.is_file() {
            let file = LogFile::new(path.display().to_string(), metadata.len(), Place::Folder(path));
            to.blocking_send(file).map_err(|_| Error::cancelled("the ingestion ended while files were listed"))?;
        } else if metadata.is_dir() && pruning.enters(&path) {
            waiting.extend(children(&path)?.into_iter().rev());
        }
    }
    Ok(())
}

/// What is directly in a folder, by name, but for links to other folders.
pub(super) fn children(folder: &Path) -> Result<Vec<PathBuf>> {
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
        std::io::ErrorKind::NotFound => trailmere_model::Kind::NotFound,
        _ => trailmere_model::Kind::Unavailable,
    };
    Error::new(kind, format!("`{}` cannot be read: {error}", path.display())).source(error)
}
