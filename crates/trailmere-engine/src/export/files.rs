//! How do rows become files, one after the other, in bounded memory, none of them visible before it is whole?

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use trailmere_model::{Error, Result};
use trailmere_sql::{OutputColumn, render};

use super::delivery::DeliveredFile;
use super::encode::{Encoder, Shape};
use super::source::Rows;

/// Bytes of one part of a multipart upload; two are under way at most.
const UPLOAD_BYTES: usize = 8 << 20;
const UPLOADS: usize = 2;

/// Encoded bytes that are handed on in one go.
const HAND_ON_BYTES: usize = 1 << 20;

/// Rows that are encoded between two looks at what is ready.
const STEP_ROWS: usize = 1_024;

/// The value of a folder whose column is NULL, as in Hive.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Writes rows to files below a folder.
pub(crate) struct Files {
    rows: Rows,
    shape: Shape,
    /// Columns of the rows whose values become folders, with their places; the others go into the files.
    partition: Vec<(usize, OutputColumn)>,
    kept: Vec<usize>,
    limit: u64,
    waiting: VecDeque<RecordBatch>,
    store: Arc<dyn ObjectStore>,
    folder: Path,
    written: usize,
}

/// Where files go.
pub(crate) struct Target {
    /// The store.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder in it.
    pub(crate) folder: Path,
    /// Most bytes of a file.
    pub(crate) limit: u64,
    /// Files that are there already.
    pub(crate) written: usize,
}

/// A file while it is written.
struct Open {
    name: String,
    partition: Option<String>,
    encoder: Box<dyn Encoder>,
    upload: BufWriter,
    hash: Sha256,
    bytes: u64,
    rows: u64,
}

impl Files {
    /// `shape` has the columns of the files; `columns` those of the rows, with the partition's among them.
    pub(crate) fn new(rows: Rows, shape: Shape, columns: &[OutputColumn], partition: &[usize], target: Target) -> Self {
        let kept = (0..columns.len()).filter(|i| !partition.contains(i)).collect();
        let partition = partition.iter().map(|i| (*i, columns[*i].clone())).collect();
        let Target { store, folder, limit, written } = target;
        Files { rows, shape, partition, kept, limit, waiting: VecDeque::new(), store, folder, written }
    }

    /// Writes the next file; `None` if there are no more rows. A result without rows is one file without rows.
    pub(crate) async fn next_file(&mut self) -> Result<Option<DeliveredFile>> {
        let mut open: Option<Open> = None;
        match self.fill(&mut open).await {
            Ok(()) => {}
            Err(error) => {
                // What was begun stays invisible; its parts are given back as far as the store can be reached.
                if let Some(mut open) = open {
                    let _ = open.upload.abort().await;
                }
                return Err(error);
            }
        }
        if open.is_none() && self.written == 0 {
            open = Some(self.open(None)?);
        }
        let Some(open) = open else { return Ok(None) };
        let file = open.close().await?;
        self.written += 1;
        Ok(Some(file))
    }

    async fn fill(&mut self, open: &mut Option<Open>) -> Result<()> {
        while let Some(batch) = self.next_batch().await? {
            let folder = self.partition_of(&batch, 0);
            if open.as_ref().is_some_and(|open| open.partition != folder) {
                self.waiting.push_front(batch);
                return Ok(());
            }
            let alike = (1..batch.num_rows().min(STEP_ROWS))
                .find(|row| folder.is_some() && self.partition_of(&batch, *row) != folder)
                .unwrap_or(batch.num_rows().min(STEP_ROWS));
            let file = match open {
                Some(file) => file,
                None => open.insert(self.open(folder)?),
            };
            let taken = file.take(&batch.slice(0, alike).project(&self.kept).map_err(wrong)?, self.limit).await?;
            if taken < batch.num_rows() {
                self.waiting.push_front(batch.slice(taken, batch.num_rows() - taken));
            }
            if taken < alike {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let next = match self.waiting.pop_front() {
                Some(batch) => Some(batch),
                None => self.rows.next_batch().await?,
            };
            match next {
                Some(batch) if batch.num_rows() == 0 => {}
                next => return Ok(next),
            }
        }
    }

    fn open(&self, partition: Option<String>) -> Result<Open> {
        let name = self.shape.file_name(self.written + 1);
        let name = match &partition {
            Some(folder) => format!("{folder}/{name}"),
            None => name,
        };
        let path = join(&self.folder, &name)?;
        let upload = BufWriter::with_capacity(Arc::clone(&self.store), path, UPLOAD_BYTES);
        let upload = upload.with_max_concurrency(UPLOADS);
        let encoder = self.shape.encoder(&name)?;
        Ok(Open { name, partition, encoder, upload, hash: Sha256::new(), bytes: 0, rows: 0 })
    }

    /// `eventsource=s3.amazonaws.com/awsregion=eu-west-1`, if there is a partition.
    fn partition_of(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        let folder = |(i, column): &(usize, OutputColumn)| {
            let array = batch.column(*i);
            let mut text = String::new();
            if array.is_null(row) {
                text.push_str(NULL_FOLDER);
            } else {
                render::text(&column.ty, array.as_ref(), row, &mut text);
            }
            format!("{}={}", escaped(&column.name), escaped(&text))
        };
        (!self.partition.is_empty()).then(|| self.partition.iter().map(folder).collect::<Vec<_>>().join("/"))
    }
}

impl Open {
    async fn take(&mut self, batch: &RecordBatch, limit: u64) -> Result<usize> {
        let taken = self.encoder.take(batch, 0, limit)?;
        self.rows += taken as u64;
        let ready = self.encoder.ready();
        self.hand_on(ready).await?;
        Ok(taken)
    }

    async fn hand_on(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        let mut rest = Bytes::from(bytes);
        while !rest.is_empty() {
            let next = rest.split_to(rest.len().min(HAND_ON_BYTES));
            self.upload.put(next).await.map_err(|e| unwritten(e, &self.name))?;
        }
        Ok(())
    }

    async fn close(mut self) -> Result<DeliveredFile> {
        let encoder = std::mem::replace(&mut self.encoder, Box::new(Closed));
        let last = encoder.finish()?;
        if let Err(error) = self.hand_on(last).await {
            let _ = self.upload.abort().await;
            return Err(error);
        }
        // An upload that can't be completed gives its parts back by itself.
        self.upload.shutdown().await.map_err(|e| unwritten(storage_error(e), &self.name))?;
        let hash = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(DeliveredFile { name: self.name, hash, rows: self.rows, bytes: self.bytes })
    }
}

/// Stands where the encoder of a file was that is being closed.
struct Closed;

impl Encoder for Closed {
    fn take(&mut self, _: &RecordBatch, start: usize, _: u64) -> Result<usize> {
        Ok(start)
    }

    fn ready(&mut self) -> Vec<u8> {
        vec![]
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        Ok(vec![])
    }
}

/// A name of several parts below a folder; what a part says is taken as it is.
pub(crate) fn join(folder: &Path, name: &str) -> Result<Path> {
    let whole = if folder.as_ref().is_empty() { name.to_string() } else { format!("{folder}/{name}") };
    Path::parse(&whole).map_err(|e| Error::invalid(format!("`{name}` can't be the name of a file")).source(e))
}

/// What Hive escapes in the values of folders: anything but letters, digits and a few signs.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b' ' | b'@' | b'+' => out.push(byte as char),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    // A folder may not be called so.
    match out.as_str() {
        "" | "." | ".." => out.replace('.', "%2E"),
        _ => out,
    }
}

/// What the upload has hidden in an error of input and output.
fn storage_error(error: std::io::Error) -> object_store::Error {
    match error.downcast::<object_store::Error>() {
        Ok(inner) => inner,
        Err(error) => object_store::Error::Generic { store: "export", source: Box::new(error) },
    }
}

fn unwritten(error: object_store::Error, name: &str) -> Error {
    Error::unavailable(format!("the file `{name}` can't be written")).source(error)
}

fn wrong(e: arrow::error::ArrowError) -> Error {
    Error::internal("a result has other columns than promised").source(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_no_signs_of_their_own() {
        assert_eq!(escaped("s3.amazonaws.com"), "s3.amazonaws.com");
        assert_eq!(escaped("a/b=c%"), "a%2Fb%3Dc%25");
        assert_eq!(escaped(".."), "%2E%2E");
        assert_eq!(join(&Path::from("a/b"), "x=1%2F2/f.csv").unwrap().as_ref(), "a/b/x=1%2F2/f.csv");
    }
}
