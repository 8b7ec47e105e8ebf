//! Batches on their way into the stores: two at a time, so that encoders have work while a single file is finished.

use std::collections::BTreeMap;
use std::pin::Pin;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use trailmere_model::Result;
use trailmere_store::DataFile;

use super::super::parcel::FileResult;
use super::super::unit::{Settled, Stage, Unit};
use super::Batch;

/// Batches written at the same time.
const AT_ONCE: usize = 2;

type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Uploaded files of a batch, by target, and how much memory its rows took.
type Stored = (BTreeMap<usize, Vec<DataFile>>, usize);

/// Batches that are written, and what is to be committed of them.
pub(super) struct Writing<'a> {
    stage: &'a Stage<'a>,
    limit: usize,
    storing: FuturesUnordered<Step<'a, Stored>>,
    /// Of the rows in `storing`.
    bytes: usize,
    /// Files that are uploaded and not committed.
    data: BTreeMap<usize, Vec<DataFile>>,
    /// Log files to commit as soon as nothing is in `storing`.
    whole: Option<Vec<FileResult>>,
    committing: Option<Step<'a, Settled>>,
    /// Whether the first batch is through, which makes stores that are not there.
    has_stored: bool,
}

impl<'a> Writing<'a> {
    /// Writes batches of up to about so many bytes.
    pub(super) fn new(stage: &'a Stage<'a>, limit: usize) -> Self {
        Self {
            stage,
            limit,
            storing: FuturesUnordered::new(),
            bytes: 0,
            data: BTreeMap::new(),
            whole: None,
            committing: None,
            has_stored: false,
        }
    }

    /// Whether another batch can be written now: not while log files are committed, of which nothing may come after that.
    pub(super) fn has_room(&self) -> bool {
        let may_join = self.has_stored && self.storing.len() < AT_ONCE && self.bytes <= self.limit / 4 * 3;
        self.whole.is_none() && self.committing.is_none() && (self.storing.is_empty() || may_join)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.storing.is_empty() && self.whole.is_none() && self.committing.is_none()
    }

    pub(super) fn write(&mut self, batch: Batch) {
        let Batch { chunks, bytes, whole } = batch;
        self.bytes += bytes;
        self.whole = whole;
        let stage = self.stage;
        self.storing.push(Box::pin(async move {
            let mut unit = Unit::default();
            stage.store(chunks, &mut unit).await?;
            Ok((unit.data, bytes))
        }));
    }

    /// Goes on by a step, and gives what was committed, if that was it. Can be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Option<Settled>> {
        if let Some(stored) = self.storing.next().await {
            let (data, bytes) = stored?;
            self.has_stored = true;
            self.bytes -= bytes;
            for (target, files) in data {
                self.data.entry(target).or_default().extend(files);
            }
            return Ok(None);
        }
        if let Some(files) = self.whole.take() {
            let unit = Unit { files, data: std::mem::take(&mut self.data) };
            self.committing = Some(Box::pin(self.stage.commit(unit)));
        }
        let Some(committing) = &mut self.committing else { return Ok(None) };
        let settled = committing.await?;
        self.committing = None;
        Ok(Some(settled))
    }
}
