//! What happens when storage fails at the worst moment? A store double that does so on purpose.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done.
    Before,
    /// It is done, and its answer is lost.
    After,
}

/// Which calls fail, once one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Only that one.
    Once,
    /// That one and all that follow, as if the process had died.
    FromThenOn,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    nth: u64,
    fault: Fault,
    extent: Extent,
}

/// A store that fails its n-th call.
#[derive(Clone, Debug)]
pub struct FlakyStore {
    inner: Arc<dyn ObjectStore>,
    calls: Arc<AtomicU64>,
    plan: Arc<RwLock<Option<Plan>>>,
}

impl FlakyStore {
    /// A store that does not fail yet.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, calls: Arc::default(), plan: Arc::default() }
    }

    /// Counts calls anew, and fails the `nth` from now on; the first is 1.
    pub fn fail(&self, nth: u64, fault: Fault, extent: Extent) {
        self.calls.store(0, Ordering::SeqCst);
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Some(Plan { nth, fault, extent });
    }

    /// Counts calls anew, and fails none.
    pub fn heal(&self) {
        self.calls.store(0, Ordering::SeqCst);
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Whether this call fails, and how. A dead process does nothing, so later calls fail before they are done.
    fn next(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let plan = (*self.plan.read().unwrap_or_else(PoisonError::into_inner))?;
        if call == plan.nth {
            return Some(plan.fault);
        }
        (call > plan.nth && plan.extent == Extent::FromThenOn).then_some(Fault::Before)
    }

    async fn run<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let fault = self.next();
        if fault == Some(Fault::Before) {
            return Err(failure());
        }
        let result = call.await?;
        if fault == Some(Fault::After) { Err(failure()) } else { Ok(result) }
    }

    fn stream<T: Send + 'static>(&self, stream: BoxStream<'static, Result<T>>) -> BoxStream<'static, Result<T>> {
        match self.next() {
            None => stream,
            Some(Fault::Before) => futures::stream::iter([Err(failure())]).boxed(),
            Some(Fault::After) => stream.chain(futures::stream::iter([Err(failure())])).boxed(),
        }
    }
}

fn failure() -> Error {
    Error::Generic { store: "flaky", source: "failed on purpose".into() }
}

impl std::fmt::Display for FlakyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FlakyStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FlakyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.run(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.run(self.inner.put_multipart_opts(location, options)).await?;
        Ok(Box::new(FlakyUpload { inner: upload, store: self.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.run(self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.run(self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.stream(self.inner.delete_stream(locations))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.stream(self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.stream(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.run(self.inner.rename_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct FlakyUpload {
    inner: Box<dyn MultipartUpload>,
    store: FlakyStore,
}

#[async_trait]
impl MultipartUpload for FlakyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.put_part(data);
        let store = self.store.clone();
        Box::pin(async move { store.run(part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.store.clone().run(self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.store.clone().run(self.inner.abort()).await
    }
}
