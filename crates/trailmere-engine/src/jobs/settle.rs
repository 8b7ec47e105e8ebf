//! Does anybody still work on this? If not, the job is ended for the one that was lost.

use chrono::{DateTime, Utc};
use trailmere_model::Result;
use trailmere_store::Document;

use super::record::{JobRecord, JobStatus};
use super::{Jobs, kind};
use crate::export::DeliveryStatus;

/// What is said of a job whose worker is dead.
const LOST: &str = "worker lost";

impl Jobs {
    /// Ends a job whose worker gives no sign of life; any other is left alone.
    pub(super) async fn settle(&self, found: Document<JobRecord>, now: DateTime<Utc>) -> Result<Document<JobRecord>> {
        if !found.value.is_live() || !self.is_lost(&found.value, now).await? {
            return Ok(found);
        }
        // It may have ended meanwhile, and only then left the queue.
        let found = self.read(found.value.id).await?;
        if !found.value.is_live() {
            return Ok(found);
        }
        let mut record = found.value.clone();
        match &mut record.delivery {
            Some(delivery) if record.status.is_final() => {
                delivery.status = DeliveryStatus::Failed;
                delivery.error = Some(LOST.to_string());
            }
            delivery => {
                record.status = JobStatus::Failed;
                record.error = Some(LOST.to_string());
                record.finished = Some(now);
                if let Some(delivery) = delivery {
                    delivery.status = DeliveryStatus::Failed;
                }
            }
        }
        let id = record.id.to_string();
        let written = self.documents().put_next(&kind(record.created), &id, found.version, &record).await;
        // Whoever was faster has the last word.
        let settled = self.read(record.id).await?;
        if settled.value.is_live() {
            written?;
        }
        self.lake().live_jobs().leave(record.id).await?;
        Ok(settled)
    }

    async fn is_lost(&self, record: &JobRecord, now: DateTime<Utc>) -> Result<bool> {
        let live = self.lake().live_jobs();
        let Some(beat) = live.last_beat(record.id).await? else { return Ok(true) };
        let patience = chrono::Duration::from_std(self.options().patience).unwrap_or(chrono::Duration::MAX);
        if (now - beat).abs() < patience {
            return Ok(false);
        }
        // The clocks of two machines may differ; the store's is the one that the signs of life were stamped by.
        Ok(live.store_time().await? - beat >= patience)
    }
}
