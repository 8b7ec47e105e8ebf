//! How is a bucket opened with the AWS settings that the user already has?

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, S3ConditionalPut, resolve_bucket_region};
use object_store::{ClientConfigKey, ClientOptions, CredentialProvider, ObjectStore};
use tokio::sync::Mutex;
use trailmere_model::{Error, Result};

use crate::failure;

/// Credentials are fetched anew this long before they end.
const REFRESH_BEFORE: Duration = Duration::from_secs(300);

/// One request may take this long, its body included: a large file on a slow line needs more than the usual 30 seconds.
const REQUEST_TIMEOUT: &str = "5 minutes";

const DEFAULT_REGION: &str = "us-east-1";

/// Opens a bucket with the environment's and the profile's credentials, region and endpoint.
pub(crate) async fn open_bucket(bucket: &str) -> Result<Arc<dyn ObjectStore>> {
    let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let endpoint = endpoint(&config);
    let region = region(&config, bucket, endpoint.as_deref()).await;
    // `from_env` first, so that the store's own variables (proxies, encryption, unsigned requests) count too.
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_conditional_put(S3ConditionalPut::ETagMatch);
    if std::env::var_os("AWS_TIMEOUT").is_none() {
        builder = builder.with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    if let Some(provider) = config.credentials_provider() {
        builder = builder.with_credentials(Arc::new(ChainCredentials { provider, latest: Mutex::default() }));
    }
    let store = builder.build().map_err(|error| failure::storage(error, format!("open bucket `{bucket}`")))?;
    Ok(Arc::new(store))
}

/// `AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL` or the profile's `endpoint_url`. A custom endpoint is addressed by path.
fn endpoint(config: &SdkConfig) -> Option<String> {
    let own = std::env::var("AWS_ENDPOINT_URL_S3").ok().filter(|url| !url.is_empty());
    let url = own.or_else(|| config.endpoint_url().map(str::to_owned))?;
    Some(url.trim_end_matches('/').to_owned())
}

async fn region(config: &SdkConfig, bucket: &str, endpoint: Option<&str>) -> String {
    if let Some(region) = config.region() {
        return region.to_string();
    }
    if endpoint.is_some() {
        return DEFAULT_REGION.to_owned();
    }
    resolve_bucket_region(bucket, &ClientOptions::new()).await.unwrap_or_else(|_| DEFAULT_REGION.to_owned())
}

/// The default credential chain (environment, profile, SSO, process, container, instance), asked again before each expiry.
#[derive(Debug)]
struct ChainCredentials {
    provider: SharedCredentialsProvider,
    latest: Mutex<Option<Fetched>>,
}

#[derive(Debug)]
struct Fetched {
    credential: Arc<AwsCredential>,
    expiry: Option<SystemTime>,
}

impl Fetched {
    fn is_fresh(&self) -> bool {
        self.expiry.is_none_or(|expiry| SystemTime::now() + REFRESH_BEFORE < expiry)
    }
}

#[async_trait]
impl CredentialProvider for ChainCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut latest = self.latest.lock().await;
        if let Some(fetched) = latest.as_ref().filter(|fetched| fetched.is_fresh()) {
            return Ok(fetched.credential.clone());
        }
        let found = self.provider.provide_credentials().await.map_err(no_credentials)?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        *latest = Some(Fetched { credential: credential.clone(), expiry: found.expiry() });
        Ok(credential)
    }
}

fn no_credentials(error: aws_credential_types::provider::error::CredentialsError) -> object_store::Error {
    let error = Error::unavailable(format!("no AWS credentials were found: {error}"));
    object_store::Error::Unauthenticated { path: "credentials".to_owned(), source: Box::new(error) }
}
