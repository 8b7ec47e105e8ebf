//! Which objects are under a prefix of a bucket?

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc::Sender;
use trailmere_model::{Error, Result};

use super::{LogFile, Pruning, send};

/// A bucket and its name.
pub(super) struct Place<'a> {
    pub(super) store: &'a Arc<dyn ObjectStore>,
    /// `s3://bucket`.
    pub(super) url: &'a str,
}

impl Place<'_> {
    pub(super) fn file(&self, object: ObjectMeta) -> LogFile {
        let location = format!("{}/{}", self.url, object.location);
        let place = super::Place::Bucket(self.store.clone(), object.location);
        LogFile { etag: object.e_tag, ..LogFile::new(location, object.size, place) }
    }

    pub(super) fn failed(&self, error: object_store::Error, prefix: &Path) -> Error {
        Error::unavailable(format!("`{}/{prefix}` cannot be listed: {}", self.url, innermost(&error)))
            .source(error)
            .hint("check the bucket's name, the credentials and the endpoint")
    }
}

/// Sends the objects under a prefix, or the one object that it names.
pub(super) async fn list(place: &Place<'_>, prefix: &Path, pruning: &Pruning, to: &Sender<LogFile>) -> Result<()> {
    if prefix.filename().is_some_and(|name| name.contains('.')) {
        // A prefix lists whole segments only, so a single object has to be asked for.
        match place.store.head(prefix).await {
            Ok(object) => return send(to, place.file(object)).await,
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(place.failed(error, prefix)),
        }
    }
    let mut prefixes = vec![prefix.clone()];
    while let Some(prefix) = prefixes.pop() {
        if pruning.splits(prefix.as_ref()) {
            let listed =
                place.store.list_with_delimiter(Some(&prefix)).await.map_err(|error| place.failed(error, &prefix))?;
            for object in listed.objects {
                send(to, place.file(object)).await?;
            }
            let below = listed.common_prefixes.into_iter().filter(|below| pruning.enters_key(below.as_ref()));
            prefixes.extend(below.collect::<Vec<_>>().into_iter().rev());
            continue;
        }
        list_all(place, &prefix, to).await?;
    }
    Ok(())
}

async fn list_all(place: &Place<'_>, prefix: &Path, to: &Sender<LogFile>) -> Result<()> {
    let mut objects = place.store.list(Some(prefix));
    while let Some(object) = objects.try_next().await.map_err(|error| place.failed(error, prefix))? {
        send(to, place.file(object)).await?;
    }
    Ok(())
}

/// The deepest cause says most; what lies above repeats it in other words.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
