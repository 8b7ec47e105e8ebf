//! How do tests come by a real S3 server, over HTTP, with credentials and conditional puts?
//!
//! `s3s-fs` looks whether an object exists, and then writes it: two writers can both find nothing. S3 does both in one
//! step. So puts wait for each other here, and two buckets refuse them: one that is not there, and one that is forbidden.

use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

pub(crate) const BUCKET: &str = "lakes";
/// Nobody may write there.
pub(crate) const FORBIDDEN: &str = "forbidden";
pub(crate) const KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// What was asked of a server: `GET key`, `HEAD key`, `LIST prefix`, `PUT key`.
#[derive(Clone, Default)]
pub(crate) struct Requests {
    seen: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Requests {
    fn note(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    /// All since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Serves a folder until the tests end, and returns the endpoint.
pub(crate) fn serve_folder(folder: &Path) -> String {
    serve_noting(folder).0
}

/// The same, with what it is asked.
pub(crate) fn serve_noting(folder: &Path) -> (String, Requests) {
    let requests = Requests::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let endpoint = runtime.block_on(serve(folder, requests.clone()));
    // Its tasks go on serving; the runtime must not be dropped.
    std::mem::forget(runtime);
    (endpoint, requests)
}

async fn serve(folder: &Path, requests: Requests) -> String {
    std::fs::create_dir_all(folder.join(BUCKET)).unwrap();
    let files = Atomic { files: FileSystem::new(folder).unwrap(), puts: Mutex::default(), requests };
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    endpoint
}

struct Atomic {
    files: FileSystem,
    puts: Mutex<()>,
    requests: Requests,
}

#[async_trait::async_trait]
impl S3 for Atomic {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        // `s3s-fs` would make the bucket.
        match request.input.bucket.as_str() {
            BUCKET => {}
            FORBIDDEN => return Err(s3s::s3_error!(AccessDenied)),
            _ => return Err(s3s::s3_error!(NoSuchBucket)),
        }
        self.requests.note(format!("PUT {}", request.input.key));
        let _one_at_a_time = self.puts.lock().await;
        self.files.put_object(request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.requests.note(format!("GET {}", request.input.key));
        self.files.get_object(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.requests.note(format!("HEAD {}", request.input.key));
        self.files.head_object(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.files.delete_object(request).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.files.delete_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.requests.note(format!("LIST {}", request.input.prefix.as_deref().unwrap_or_default()));
        self.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.files.create_multipart_upload(request).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.files.complete_multipart_upload(request).await
    }
}
