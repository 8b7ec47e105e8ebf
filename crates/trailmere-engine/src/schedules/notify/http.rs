//! How is something sent over HTTP? The only place that knows the client.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;
use trailmere_model::{Error, Result};

/// A receiver that takes longer does not count as having received.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer that are shown.
const SHOWN_BYTES: usize = 200;

/// An HTTP client, made when it is first needed.
#[derive(Default)]
pub(crate) struct Client {
    client: OnceLock<reqwest::Client>,
}

/// A POST.
pub(super) struct Post<'a> {
    pub(super) url: &'a str,
    pub(super) content_type: &'a str,
    pub(super) headers: Vec<(&'a str, String)>,
    pub(super) body: String,
}

impl Client {
    /// Sends a POST; anything but a 2xx answer is a failure.
    pub(super) async fn post(&self, post: Post<'_>) -> Result<()> {
        let mut request = self.client()?.post(post.url).header("content-type", post.content_type).body(post.body);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        // The URL may be a secret: errors name the host alone.
        let place = host(post.url);
        let failed = |e: reqwest::Error| {
            Error::unavailable("a notification can't be delivered").at(place.clone()).source(e.without_url())
        };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let body = response.bytes().await.unwrap_or_default();
        let said = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES)]).trim().to_owned();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        Err(Error::unavailable(format!("the receiver of a notification answered {status}{said}")).at(place))
    }

    fn client(&self) -> Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // A redirection would send the message, and its signature, to where nobody said it should go.
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("trailmere/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| Error::internal("an HTTP client can't be made").source(e))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Refuses what is no http or https URL.
pub(super) fn check(url: &str) -> Result<()> {
    let is_http = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_http { Ok(()) } else { Err(Error::invalid(format!("`{url}` is no http or https URL"))) }
}

fn host(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => "an URL that is none".to_owned(),
    }
}
