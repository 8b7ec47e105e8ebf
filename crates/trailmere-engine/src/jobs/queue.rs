//! May this job run now, or are there enough that run already?

use trailmere_model::Result;
use uuid::Uuid;

use super::Jobs;

impl Jobs {
    /// Whether fewer jobs than may run stand before this one. Dead ones are settled on the way and don't count.
    pub(super) async fn may_run(&self, id: Uuid, now: chrono::DateTime<chrono::Utc>) -> Result<bool> {
        let live = self.lake().live_jobs().list().await?;
        // Somebody, at least this worker, gave a sign of life a moment ago: that is the time by the store's clock.
        let Some(newest) = live.iter().map(|job| job.beat).max() else { return Ok(true) };
        let patience = chrono::Duration::from_std(self.options().patience).unwrap_or(chrono::Duration::MAX);
        let mut before = 0;
        for job in live.iter().take_while(|job| job.id != id) {
            if newest - job.beat < patience {
                before += 1;
                continue;
            }
            match self.read(job.id).await {
                Ok(found) if found.value.is_live() => {
                    self.settle(found, now).await?;
                }
                // Left behind by one that ended, or that never was recorded.
                _ => self.lake().live_jobs().leave(job.id).await?,
            }
        }
        Ok(before < self.options().concurrency.max(1))
    }
}
