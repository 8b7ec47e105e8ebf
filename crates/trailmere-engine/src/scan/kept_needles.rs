//! Bloom filters that were asked before, within a stated size.
//!
//! A filter of a file of a few thousand events has a few kilobytes, and of it 32 bytes are read to look for one value. Who
//! looks for a second one is likely to look for a third: then the filters of all files are read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStore;
use trailmere_store::{DataFile, NeedleBlocks};

/// Bytes that may be kept.
const MOST_BYTES: usize = 32 << 20;

/// Files that are known; beyond it, all are forgotten: many of them are gone by then.
const MOST_FILES: usize = 100_000;

/// Larger filters are not kept: reading one would take longer than many looks at it.
const LARGEST: u64 = 64 << 10;

/// Filters of data files, which never change.
#[derive(Debug, Default)]
pub(crate) struct KeptNeedles {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By the file's path and the column.
    files: HashMap<String, Vec<(String, Asked)>>,
    size: usize,
}

#[derive(Clone, Debug)]
enum Asked {
    Once,
    Kept(Arc<NeedleBlocks>),
}

impl KeptNeedles {
    /// Which row groups of a file may hold one of these texts in a column; `None` if nothing is known of it.
    pub(crate) async fn ask(
        &self,
        store: &dyn ObjectStore,
        file: &DataFile,
        column: &str,
        texts: &[&str],
    ) -> Option<Vec<bool>> {
        let keep = match self.known(file, column) {
            Some(Asked::Kept(blocks)) => return Some(blocks.row_groups_with(texts)),
            Some(Asked::Once) => self.has_room_for(file.needle_bytes(column)?),
            None => false,
        };
        // A filter that cannot be read excludes nothing.
        if !keep {
            let found = file.row_groups_with(store, column, texts).await.ok().flatten();
            self.put(file, column, Asked::Once);
            return found;
        }
        let blocks = Arc::new(file.needle_blocks(store, column).await.ok().flatten()?);
        self.put(file, column, Asked::Kept(Arc::clone(&blocks)));
        Some(blocks.row_groups_with(texts))
    }

    fn known(&self, file: &DataFile, column: &str) -> Option<Asked> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = state.files.get(&file.path)?;
        columns.iter().find(|(known, _)| known == column).map(|(_, asked)| asked.clone())
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        bytes <= LARGEST && state.size + bytes as usize <= MOST_BYTES
    }

    fn put(&self, file: &DataFile, column: &str, asked: Asked) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.files.len() >= MOST_FILES {
            *state = State::default();
        }
        let size = if let Asked::Kept(blocks) = &asked { blocks.size() } else { 0 };
        let columns = match state.files.get_mut(&file.path) {
            Some(columns) => columns,
            None => state.files.entry(file.path.clone()).or_default(),
        };
        match columns.iter_mut().find(|(known, _)| known == column) {
            // Somebody else was faster.
            Some((_, Asked::Kept(_))) => return,
            Some((_, known)) => *known = asked,
            None => columns.push((column.to_owned(), asked)),
        }
        state.size += size;
    }
}
