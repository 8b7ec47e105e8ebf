//! How is a file told? A line of JSON is appended in one write, so that lines of several writers stay whole.

use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;
use trailmere_model::{Error, Result};

use crate::schedules::message::Message;

pub(super) async fn send(path: &str, message: &Message) -> Result<()> {
    let line = serde_json::to_string(message).map_err(|e| Error::internal("a message is no JSON").source(e))?;
    let failed = |e: std::io::Error| {
        Error::unavailable("the file of a notification can't be written").at(format!("`{path}`")).source(e)
    };
    let mut file = OpenOptions::new().append(true).create(true).open(path).await.map_err(failed)?;
    file.write_all(format!("{line}\n").as_bytes()).await.map_err(failed)?;
    file.sync_data().await.map_err(failed)
}
