//! Which objects are under a prefix of a bucket?
//!
//! In the layout of delivered files, log files of one day are sent one after the other, whichever account and region
//! they are of: so a batch of events is of few days. It takes no more requests than listing everything in a row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::Arc;

use futures::stream::{BoxStream, Peekable};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc::Sender;
use trailmere_model::log_key::LogKey;
use trailmere_model::{Error, Result};

use super::prune::Reached;
use super::{LogFile, Pruning, send};

/// Accounts' regions that are listed side by side; each holds a page of keys in memory.
const SIDE_BY_SIDE: usize = 64;

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
    let streams = send_others(place, prefix, pruning, to).await?;
    for streams in streams.chunks(SIDE_BY_SIDE) {
        send_by_day(place, streams, pruning, to).await?;
    }
    Ok(())
}

/// Sends what lies outside the layout of delivered files; gives the prefixes of accounts' regions.
async fn send_others(place: &Place<'_>, root: &Path, pruning: &Pruning, to: &Sender<LogFile>) -> Result<Vec<Path>> {
    let mut streams = Vec::new();
    let mut prefixes = vec![root.clone()];
    while let Some(prefix) = prefixes.pop() {
        if !pruning.enters_key(prefix.as_ref()) {
            continue;
        }
        if Reached::of(prefix.as_ref()).region.is_some() {
            streams.push(prefix);
            continue;
        }
        let is_above =
            Reached::is_above_regions(prefix.as_ref()) || (prefix == *root && has_layout(place, root).await?);
        if !is_above {
            send_all(place, &prefix, to).await?;
            continue;
        }
        let listed = below(place, &prefix).await?;
        for object in listed.objects {
            send(to, place.file(object)).await?;
        }
        prefixes.extend(listed.common_prefixes.into_iter().rev());
    }
    Ok(streams)
}

/// Whether the layout of delivered files begins right below a prefix.
async fn has_layout(place: &Place<'_>, root: &Path) -> Result<bool> {
    let logs = Path::from_iter(root.parts().chain(["AWSLogs".into()]));
    Ok(!below(place, &logs).await?.common_prefixes.is_empty())
}

/// What is directly below a prefix.
pub(super) async fn below(place: &Place<'_>, prefix: &Path) -> Result<ListResult> {
    place.store.list_with_delimiter(Some(prefix)).await.map_err(|error| place.failed(error, prefix))
}

async fn send_all(place: &Place<'_>, prefix: &Path, to: &Sender<LogFile>) -> Result<()> {
    let mut objects = place.store.list(Some(prefix));
    while let Some(object) = objects.try_next().await.map_err(|error| place.failed(error, prefix))? {
        send(to, place.file(object)).await?;
    }
    Ok(())
}

type Objects = Pin<Box<Peekable<BoxStream<'static, object_store::Result<ObjectMeta>>>>>;

async fn send_by_day(place: &Place<'_>, prefixes: &[Path], pruning: &Pruning, to: &Sender<LogFile>) -> Result<()> {
    let mut streams: Vec<Objects> = prefixes.iter().map(|prefix| objects(place, prefix, pruning)).collect();
    let heads = futures::future::join_all(streams.iter_mut().map(date)).await;
    let dated = heads.into_iter().enumerate().filter_map(|(index, date)| Some(Reverse((date?, index))));
    let mut next: BinaryHeap<_> = dated.collect();
    while let Some(Reverse((today, index))) = next.pop() {
        let stream = &mut streams[index];
        let tomorrow = loop {
            match stream.try_next().await.map_err(|error| place.failed(error, &prefixes[index]))? {
                Some(object) => send(to, place.file(object)).await?,
                None => break None,
            }
            let date = date(stream).await;
            if date.as_ref() != Some(&today) {
                break date;
            }
        };
        next.extend(tomorrow.filter(|date| !pruning.is_past(date)).map(|date| Reverse((date, index))));
    }
    Ok(())
}

/// The keys of one account, folder and region, which sort by day; from the first that is wanted on.
fn objects(place: &Place<'_>, prefix: &Path, pruning: &Pruning) -> Objects {
    let objects = match pruning.first_day() {
        Some(day) => place.store.list_with_offset(Some(prefix), &Path::from(format!("{prefix}/{day}"))),
        None => place.store.list(Some(prefix)),
    };
    Box::pin(objects.peekable())
}

/// The day of the next key: `2026/03/02`. A failure comes first, and is met when the key is taken.
async fn date(stream: &mut Objects) -> Option<String> {
    let key = match stream.as_mut().peek().await? {
        Ok(object) => LogKey::parse(object.location.as_ref()),
        Err(_) => None,
    };
    Some(key.map_or_else(String::new, |key| key.date.format("%Y/%m/%d").to_string()))
}

/// The deepest cause says most; what lies above repeats it in other words.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
