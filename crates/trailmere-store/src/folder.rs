//! How does a lake in a folder survive a power cut?
//!
//! The file system store of `object_store` reports success before anything has reached the disk. This one writes and
//! syncs a file under a temporary name, gives it its own name, and syncs the folder, before it reports success.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use crate::failure;

const FOLDER_ATTEMPTS: usize = 3;

/// So little is read at once by whoever asks: handing it to another thread and back would take longer.
const INLINE_BYTES: u64 = 1 << 20;

/// Whether success means that the bytes are on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Files and folders are synced first.
    Synced,
    /// The operating system writes when it likes: for lakes that may be lost.
    Unsynced,
}

/// The whole file system, written durably and, after an offset, listed in order (Delta relies on that).
#[derive(Clone, Debug)]
pub(crate) struct FolderStore {
    inner: LocalFileSystem,
    durability: Durability,
    /// Folders below this one are deleted with their last file.
    root: Arc<FilePath>,
}

impl FolderStore {
    pub(crate) fn new(root: &FilePath, durability: Durability) -> Self {
        Self { inner: LocalFileSystem::new(), durability, root: root.into() }
    }

    fn is_synced(&self) -> bool {
        self.durability == Durability::Synced
    }

    async fn sync(&self, location: &Path) -> Result<()> {
        if !self.is_synced() {
            return Ok(());
        }
        let path = self.inner.path_to_filesystem(location)?;
        blocking(move || sync_file(&path).and_then(|()| sync_parent(&path)).map_err(|error| failure::io(error, &path)))
            .await
    }
}

impl std::fmt::Display for FolderStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FolderStore({:?}, {})", self.durability, self.inner)
    }
}

#[async_trait]
impl ObjectStore for FolderStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if !self.is_synced() || matches!(options.mode, PutMode::Update(_)) || !options.attributes.is_empty() {
            return self.inner.put_opts(location, payload, options).await;
        }
        let path = self.inner.path_to_filesystem(location)?;
        blocking(move || write_synced(&path, &payload, &options.mode).map_err(|error| failure::io(error, &path)))
            .await?;
        let meta = self.inner.head(location).await?;
        Ok(PutResult { e_tag: meta.e_tag, version: meta.version })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        if !self.is_synced() {
            return self.inner.put_multipart_opts(location, options).await;
        }
        let path = self.inner.path_to_filesystem(location)?;
        let folder = path.clone();
        blocking(move || create_parent(&folder).map_err(|error| failure::io(error, &folder))).await?;
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(SyncedUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let bytes: u64 = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        if bytes > INLINE_BYTES {
            return self.inner.get_ranges(location, ranges).await;
        }
        let path = self.inner.path_to_filesystem(location)?;
        read_ranges(&path, ranges).map_err(|error| failure::io(error, &path))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let emptied = move |location: Path| {
            let store = store.clone();
            async move {
                let path = store.inner.path_to_filesystem(&location)?;
                let root = store.root;
                let clean = move || {
                    remove_empty_folders(&path, &root);
                    Ok(())
                };
                blocking(clean).await?;
                Ok(location)
            }
        };
        self.inner.delete_stream(locations).and_then(emptied).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = self.inner.list_with_offset(prefix, offset);
        let sorted = async move {
            let mut found: Vec<ObjectMeta> = listing.try_collect().await?;
            found.sort_unstable_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, Error>(futures::stream::iter(found.into_iter().map(Ok)))
        };
        futures::stream::once(sorted).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await?;
        self.sync(to).await
    }
}

#[derive(Debug)]
struct SyncedUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for SyncedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let path = self.path.clone();
        blocking(move || sync_file(&path).and_then(|()| sync_parent(&path)).map_err(|error| failure::io(error, &path)))
            .await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Generic { store: "folder", source: Box::new(error) })?
}

/// A folder may vanish between being made and being used, since deleting its last file deletes it.
fn write_synced(path: &FilePath, payload: &PutPayload, mode: &PutMode) -> std::io::Result<()> {
    for _ in 0..FOLDER_ATTEMPTS {
        match try_write_synced(path, payload, mode) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => return done,
        }
    }
    try_write_synced(path, payload, mode)
}

fn try_write_synced(path: &FilePath, payload: &PutPayload, mode: &PutMode) -> std::io::Result<()> {
    create_parent(path)?;
    let staged = staging_path(path);
    let written = write_new(&staged, payload).and_then(|()| match mode {
        // A link fails if the name is taken, a rename does not.
        PutMode::Create => std::fs::hard_link(&staged, path),
        _ => std::fs::rename(&staged, path),
    });
    if written.is_err() || matches!(mode, PutMode::Create) {
        let _ = std::fs::remove_file(&staged);
    }
    written?;
    sync_parent(path)
}

fn write_new(path: &FilePath, payload: &PutPayload) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    for chunk in payload {
        file.write_all(chunk)?;
    }
    file.sync_all()
}

/// `name#digits` is what `LocalFileSystem` leaves out of its listings.
fn staging_path(path: &FilePath) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{}", uuid::Uuid::new_v4().as_u128()));
    PathBuf::from(name)
}

fn read_ranges(path: &FilePath, ranges: &[Range<u64>]) -> std::io::Result<Vec<Bytes>> {
    let mut file = File::open(path)?;
    let mut read = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut bytes = vec![0; usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)];
        file.seek(SeekFrom::Start(range.start))?;
        file.read_exact(&mut bytes)?;
        read.push(bytes.into());
    }
    Ok(read)
}

fn create_parent(path: &FilePath) -> std::io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    if parent.is_dir() {
        return Ok(());
    }
    create_parent(parent)?;
    match std::fs::create_dir(parent) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_parent(parent),
    }
}

/// A folder that is not empty, or in use, stays; that is no failure.
fn remove_empty_folders(file: &FilePath, root: &FilePath) {
    let below = |folder: &&FilePath| *folder != root && folder.starts_with(root);
    for folder in file.ancestors().skip(1).take_while(below) {
        if std::fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

fn sync_file(path: &FilePath) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(unix)]
fn sync_parent(path: &FilePath) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), sync_file)
}

/// Elsewhere a folder cannot be opened as a file; the file's own sync is what there is.
#[cfg(not(unix))]
fn sync_parent(_path: &FilePath) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use object_store::prefix::PrefixStore;

    use super::*;

    fn store(folder: &FilePath, durability: Durability) -> PrefixStore<FolderStore> {
        PrefixStore::new(FolderStore::new(folder, durability), Path::from_absolute_path(folder).unwrap())
    }

    #[tokio::test]
    async fn creates_once_and_only_once() {
        for durability in [Durability::Synced, Durability::Unsynced] {
            let folder = tempfile::tempdir().unwrap();
            let store = store(&folder.path().join("not there yet"), durability);
            let path = Path::from("a/b/c.json");
            store.put_opts(&path, "one".into(), PutMode::Create.into()).await.unwrap();
            let again = store.put_opts(&path, "two".into(), PutMode::Create.into()).await.unwrap_err();
            assert!(matches!(again, Error::AlreadyExists { .. }), "{again}");
            assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one");
            store.put(&path, "three".into()).await.unwrap();
            assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "three");
        }
    }

    #[tokio::test]
    async fn leaves_no_temporary_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), Durability::Synced);
        store.put_opts(&Path::from("x"), "1".into(), PutMode::Create.into()).await.unwrap();
        store.put_opts(&Path::from("x"), "2".into(), PutMode::Create.into()).await.unwrap_err();
        store.put(&Path::from("x"), "3".into()).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn deletes_emptied_folders_and_never_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), Durability::Synced);
        for path in ["a/b/c", "a/d"] {
            store.put(&Path::from(path), "x".into()).await.unwrap();
        }
        store.delete(&Path::from("a/b/c")).await.unwrap();
        assert!(!folder.path().join("a/b").exists());
        store.delete(&Path::from("a/d")).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(matches!(store.delete(&Path::from("a/d")).await.unwrap_err(), Error::NotFound { .. }));
    }

    #[tokio::test]
    async fn lists_in_order_after_an_offset() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), Durability::Unsynced);
        for number in [7, 3, 9, 1, 5] {
            store.put(&Path::from(format!("log/{number:02}")), "x".into()).await.unwrap();
        }
        let listed: Vec<_> =
            store.list_with_offset(Some(&Path::from("log")), &Path::from("log/03")).try_collect().await.unwrap();
        let names: Vec<_> = listed.iter().map(|meta| meta.location.as_ref()).collect();
        assert_eq!(names, ["log/05", "log/07", "log/09"]);
    }

    #[tokio::test]
    async fn completes_a_large_upload() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), Durability::Synced);
        let mut upload = store.put_multipart(&Path::from("deep/large")).await.unwrap();
        upload.put_part(vec![1_u8; 10].into()).await.unwrap();
        upload.put_part(vec![2_u8; 5].into()).await.unwrap();
        upload.complete().await.unwrap();
        assert_eq!(store.head(&Path::from("deep/large")).await.unwrap().size, 15);
    }
}
