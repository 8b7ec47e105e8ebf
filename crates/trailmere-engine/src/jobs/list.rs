//! Which queries were asked lately, newest first, without reading more than the page shows?

use chrono::{DateTime, Days, Utc};
use futures::{StreamExt, TryStreamExt};
use trailmere_model::{Error, Result};
use trailmere_store::Document;
use uuid::Uuid;

use super::record::{JobRecord, JobStatus, asked_at};
use super::{Jobs, kind, unknown};

/// How far back a list looks, unless it is told otherwise.
const DEFAULT_DAYS: u64 = 7;

/// Records read at the same time.
const READERS: usize = 16;

/// Which queries a list shows.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only those that name this store: its name, id or ARN.
    pub store: Option<String>,
    /// Only those in this state.
    pub status: Option<JobStatus>,
    /// Only those asked from then on; by default of the last 7 days.
    pub start: Option<DateTime<Utc>>,
    /// Only those asked before.
    pub end: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Only those after this one in the list: the last of the page before.
    pub after: Option<Uuid>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct JobPage {
    /// The queries, newest first.
    pub jobs: Vec<JobRecord>,
    /// What to say as [`JobFilter::after`] for the next page, if there is one.
    pub next: Option<Uuid>,
}

impl Jobs {
    /// Lists queries, newest first. Jobs whose workers are dead are settled on the way.
    pub async fn list(&self, filter: &JobFilter, now: DateTime<Utc>) -> Result<JobPage> {
        let end = filter.end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let start = filter.start.or_else(|| now.checked_sub_days(Days::new(DEFAULT_DAYS))).unwrap_or(now);
        if start >= end {
            return Err(Error::invalid("the start must be before the end"));
        }
        let store = match &filter.store {
            Some(name) => Some(self.lake().find_store(name).await?.id),
            None => None,
        };
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut jobs = vec![];
        for kind in self.kinds(start, end, now).await? {
            let ids = self.documents().ids(&kind).await?;
            let ids: Vec<(Uuid, u64)> = ids
                .into_iter()
                .rev()
                .filter_map(|(id, version)| Some((Uuid::try_parse(&id).ok()?, version)))
                .filter(|(id, _)| asked_at(*id).is_some_and(|time| time >= start && time < end))
                .filter(|(id, _)| filter.after.is_none_or(|after| *id < after))
                .collect();
            for page in ids.chunks(READERS) {
                for found in self.read_all(&kind, page).await? {
                    let record = self.settle(found, now).await?.value;
                    let fits = store.is_none_or(|store| record.stores.iter().any(|asked| asked.id == store))
                        && filter.status.is_none_or(|status| record.status == status);
                    if !fits {
                        continue;
                    }
                    if jobs.len() == limit {
                        let next = jobs.last().map(|last: &JobRecord| last.id);
                        return Ok(JobPage { jobs, next });
                    }
                    jobs.push(record);
                }
            }
        }
        Ok(JobPage { jobs, next: None })
    }

    /// The kinds of the days of a range, newest first. A long range asks the lake which days there are.
    async fn kinds(&self, start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<String>> {
        // A clock of another machine may be ahead.
        let end = end.min(now.checked_add_days(Days::new(1)).unwrap_or(now));
        let (first, last) = (kind(start), kind(end));
        if (end - start).num_days() > 31 {
            let mut kinds = self.documents().kinds().await?;
            kinds.retain(|kind| kind.starts_with(super::KIND) && *kind >= first && *kind <= last);
            kinds.sort_unstable_by(|a, b| b.cmp(a));
            return Ok(kinds);
        }
        let days = (0..=32).map_while(|n| end.checked_sub_days(Days::new(n))).map(kind);
        Ok(days.take_while(|kind| *kind >= first).collect())
    }

    async fn read_all(&self, kind: &str, ids: &[(Uuid, u64)]) -> Result<Vec<Document<JobRecord>>> {
        let documents = self.documents();
        let reads: Vec<_> = ids
            .iter()
            .map(|(id, version)| {
                let (documents, id, version) = (documents.clone(), id.to_string(), *version);
                async move { documents.at::<JobRecord>(kind, &id, version).await }
            })
            .collect();
        let read: Vec<_> = futures::stream::iter(reads).buffered(READERS).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// The only query of the last days whose id begins so.
    pub(super) async fn with_prefix(&self, text: &str, now: DateTime<Utc>) -> Result<Uuid> {
        let wanted = text.to_ascii_lowercase();
        let start = now.checked_sub_days(Days::new(DEFAULT_DAYS)).unwrap_or(now);
        let mut found: Vec<Uuid> = vec![];
        if wanted.len() >= 4 {
            for kind in self.kinds(start, DateTime::<Utc>::MAX_UTC, now).await? {
                let ids = self.documents().ids(&kind).await?;
                let begun = ids.iter().filter(|(id, _)| id.starts_with(&wanted));
                found.extend(begun.filter_map(|(id, _)| Uuid::try_parse(id).ok()));
            }
        }
        match found.as_slice() {
            [] => Err(unknown(text)),
            [only] => Ok(*only),
            several => Err(Error::invalid(format!("`{text}` is the beginning of {} queries' ids", several.len()))
                .hint("give more of the id")),
        }
    }
}
