//! Which results and records are past their time?

use chrono::{DateTime, Days, Utc};
use serde::Serialize;
use trailmere_model::Result;

use super::record::day;
use super::{Jobs, KIND};

/// What was past its time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExpiredJobs {
    /// Files of results.
    pub result_files: u64,
    /// Their bytes.
    pub result_bytes: u64,
    /// Days of records.
    pub record_days: u64,
}

impl Jobs {
    /// Removes results and records past their time, by whole days (UTC).
    pub async fn expire(&self, now: DateTime<Utc>) -> Result<ExpiredJobs> {
        let mut expired = ExpiredJobs::default();
        for day in self.old_result_days(now).await? {
            let removed = self.lake().remove_results(day).await?;
            expired.result_files += removed.files;
            expired.result_bytes += removed.bytes;
        }
        for kind in self.old_kinds(now).await? {
            self.documents().purge(&kind).await?;
            expired.record_days += 1;
        }
        Ok(expired)
    }

    /// What [`Jobs::expire`] would remove.
    pub async fn expirable(&self, now: DateTime<Utc>) -> Result<ExpiredJobs> {
        let mut expired = ExpiredJobs::default();
        for day in self.old_result_days(now).await? {
            let files = self.lake().count_results(day).await?;
            expired.result_files += files.files;
            expired.result_bytes += files.bytes;
        }
        expired.record_days = self.old_kinds(now).await?.len() as u64;
        Ok(expired)
    }

    /// Days whose last result is older than results are kept.
    async fn old_result_days(&self, now: DateTime<Utc>) -> Result<Vec<i64>> {
        let Some(first) = first_kept(now, self.options().results_days) else { return Ok(vec![]) };
        let mut days = self.lake().result_days().await?;
        days.retain(|day| *day < first);
        Ok(days)
    }

    async fn old_kinds(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        let Some(first) = first_kept(now, self.options().records_days) else { return Ok(vec![]) };
        let mut kinds = self.documents().kinds().await?;
        kinds.retain(|kind| {
            kind.strip_prefix(KIND).and_then(|day| day.parse::<i64>().ok()).is_some_and(|day| day < first)
        });
        Ok(kinds)
    }
}

/// The first day of which anything is young enough.
fn first_kept(now: DateTime<Utc>, days: u32) -> Option<i64> {
    now.checked_sub_days(Days::new(u64::from(days))).map(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_within_the_days_stays() {
        let now: DateTime<Utc> = "2026-03-08T12:00:00Z".parse().unwrap();
        assert_eq!(first_kept(now, 7), Some(20_260_301));
        assert_eq!(first_kept(now, 0), Some(20_260_308));
    }
}
