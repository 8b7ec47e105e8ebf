//! What is new in a source since the last look, at a cost that does not grow with what was taken already?
//!
//! The layout of delivered files is walked down to account, folder and region: a stream, whose keys sort by time. Of a
//! stream that is known, only keys from a little before its newest one are listed. Where files lie in another layout,
//! everything is listed.

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::mpsc::Sender;
use trailmere_model::Result;
use trailmere_model::log_key::{Folder, LogKey};

use super::prune::Reached;
use super::{LogFile, Pruning, Source, bucket, folder, send};

/// The newest log file of each stream that a follower has seen.
#[derive(Clone, Debug)]
pub(crate) struct Cursors {
    newest: HashMap<String, DateTime<Utc>>,
    look_back: Duration,
}

impl Cursors {
    pub(crate) fn new(look_back: Duration) -> Self {
        Self { newest: HashMap::new(), look_back }
    }

    /// Remembers a file that was listed.
    pub(crate) fn see(&mut self, file: &LogFile) {
        let Some(key) = file.log_key() else { return };
        let delivered = key.file_time().unwrap_or_else(|| key.date.and_time(chrono::NaiveTime::MIN).and_utc());
        let Some(stream) = stream_of(&file.location, &key) else { return };
        let newest = self.newest.entry(stream.to_owned()).or_insert(delivered);
        *newest = delivered.max(*newest);
    }

    /// From when on a stream is to be listed; `None` if it is new.
    fn since(&self, stream: &str) -> Option<DateTime<Utc>> {
        let look_back = chrono::Duration::from_std(self.look_back).unwrap_or_else(|_| chrono::Duration::days(1));
        self.newest.get(stream).map(|newest| *newest - look_back)
    }

    /// Sends what may be new in a source.
    pub(crate) async fn list(&self, source: &Source, to: &Sender<LogFile>) -> Result<()> {
        match source {
            Source::Folder(root) => self.list_folder(root.clone(), to).await,
            Source::Bucket { store, prefix, url } => self.list_bucket(&bucket::Place { store, url }, prefix, to).await,
            // What comes in comes once.
            Source::StandardInput => Ok(()),
        }
    }

    async fn list_bucket(&self, place: &bucket::Place<'_>, root: &Path, to: &Sender<LogFile>) -> Result<()> {
        let mut prefixes = vec![root.clone()];
        while let Some(prefix) = prefixes.pop() {
            if Reached::of(prefix.as_ref()).region.is_some() {
                self.list_stream(place, &prefix, to).await?;
                continue;
            }
            let listed = bucket::below(place, &prefix).await?;
            for object in listed.objects {
                send(to, place.file(object)).await?;
            }
            prefixes.extend(listed.common_prefixes);
        }
        Ok(())
    }

    async fn list_stream(&self, place: &bucket::Place<'_>, prefix: &Path, to: &Sender<LogFile>) -> Result<()> {
        let stream = format!("{}/{prefix}", place.url);
        let mut objects = match self.since(&stream).and_then(|since| offset(prefix.as_ref(), since)) {
            Some(offset) => place.store.list_with_offset(Some(prefix), &Path::from(offset)),
            None => place.store.list(Some(prefix)),
        };
        while let Some(object) = objects.try_next().await.map_err(|error| place.failed(error, prefix))? {
            send(to, place.file(object)).await?;
        }
        Ok(())
    }

    async fn list_folder(&self, root: PathBuf, to: &Sender<LogFile>) -> Result<()> {
        let mut waiting = vec![root];
        while let Some(path) = waiting.pop() {
            let name = path.display().to_string();
            let is_stream = Reached::of(&name).region.is_some();
            match self.since(name.trim_end_matches('/')).filter(|_| is_stream) {
                Some(since) => self.list_days(&path, since, to).await?,
                None if is_stream || path.is_file() => folder::list(path, Pruning::default(), to.clone()).await?,
                None => waiting.extend(folder::children(&path)?.into_iter().rev()),
            }
        }
        Ok(())
    }

    /// Lists the days of a stream from the look-back on.
    async fn list_days(&self, stream: &FilePath, since: DateTime<Utc>, to: &Sender<LogFile>) -> Result<()> {
        let first = since.format("%Y/%m/%d").to_string();
        let mut waiting = vec![(stream.to_path_buf(), String::new())];
        while let Some((path, date)) = waiting.pop() {
            if date.len() == first.len() {
                folder::list(path, Pruning::default(), to.clone()).await?;
                continue;
            }
            for below in folder::children(&path)? {
                let name = below.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let date = if date.is_empty() { name.to_owned() } else { format!("{date}/{name}") };
                if date.as_str() >= &first[..date.len().min(first.len())] {
                    waiting.push((below, date));
                }
            }
        }
        Ok(())
    }
}

/// The location of the stream that a file lies in.
fn stream_of<'a>(location: &'a str, key: &LogKey) -> Option<&'a str> {
    let dated = key.date.format("/%Y/%m/%d/").to_string();
    location.rfind(&dated).map(|at| &location[..at])
}

/// The key before which nothing of a stream is new. Digests have a trail's free name before their time: their whole day
/// is listed.
fn offset(stream: &str, since: DateTime<Utc>) -> Option<String> {
    let reached = Reached::of(stream);
    let (account, folder, region) = (reached.account?, reached.folder?, reached.region?);
    let day = format!("{stream}/{}", since.format("%Y/%m/%d"));
    if folder == Folder::Digest.as_str() {
        return Some(day);
    }
    Some(format!("{day}/{account}_{folder}_{region}_{}", since.format("%Y%m%dT%H%M")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "p/AWSLogs/o-abc/111111111111/CloudTrail/eu-west-1";

    #[test]
    fn a_known_stream_is_listed_from_its_newest_file_less_the_look_back() {
        let mut cursors = Cursors::new(Duration::from_secs(7200));
        let location = |time: &str| {
            format!(
                "s3://b/{STREAM}/2026/03/02/111111111111_CloudTrail_eu-west-1_20260302T{time}Z_0123456789abcdef.json.gz"
            )
        };
        for time in ["0105", "0110", "0100"] {
            let place = super::super::Place::Folder(PathBuf::new());
            cursors.see(&LogFile::new(location(time), 1, place));
        }
        let since = cursors.since(&format!("s3://b/{STREAM}")).unwrap();
        assert_eq!(since, "2026-03-01T23:10:00Z".parse::<DateTime<Utc>>().unwrap());
        let offset = offset(STREAM, since).unwrap();
        assert_eq!(offset, format!("{STREAM}/2026/03/01/111111111111_CloudTrail_eu-west-1_20260301T2310"));
        assert_eq!(cursors.since("s3://b/other"), None);
    }

    #[test]
    fn digests_are_listed_by_the_day() {
        let stream = STREAM.replace("CloudTrail", "CloudTrail-Digest");
        let since = "2026-03-01T23:10:00Z".parse().unwrap();
        assert_eq!(offset(&stream, since), Some(format!("{stream}/2026/03/01")));
    }
}
