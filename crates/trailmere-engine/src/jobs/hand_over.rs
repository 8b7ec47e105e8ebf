//! How is a finished result delivered again, or a delivery that broke off taken up?

use trailmere_model::{Error, Result};
use uuid::Uuid;

use super::record::{DeliveryRecord, JobRecord, JobStatus};
use super::work::Beats;
use super::{Clock, Jobs, Stop};
use crate::export::{Delivery, DeliveryStatus};

impl Jobs {
    /// Delivers the kept rows of a finished query: to a new place, or, without one, on where its delivery broke off.
    ///
    /// # Errors
    /// A query that is not finished, whose rows are past their time, or that is being delivered right now.
    pub async fn deliver(&self, id: Uuid, to: Option<Delivery>, clock: Clock) -> Result<JobRecord> {
        if let Some(delivery) = &to {
            delivery.check()?;
        }
        let record = self.get(id, clock()).await?;
        check(&record, to.as_ref())?;
        let live = self.lake().live_jobs();
        live.enter(id).await?;
        let beats = Beats::start(live.clone(), id, self.options().beat);
        let done = self.hand_over(id, to, clock).await;
        drop(beats);
        live.leave(id).await?;
        match done {
            Ok(record) => Ok(record),
            Err(Stop::Overtaken) => Ok(self.read(id).await?.value),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    async fn hand_over(&self, id: Uuid, to: Option<Delivery>, clock: Clock) -> Result<JobRecord, Stop> {
        let mut held = self.hold(id).await?;
        held.write(|record| {
            let next = match (to, record.delivery.take()) {
                (Some(delivery), _) => Some(DeliveryRecord {
                    folder: delivery.folder(record.stores.first(), record.created, id),
                    delivery,
                    status: DeliveryStatus::Pending,
                    error: None,
                    files: vec![],
                    completed: None,
                }),
                (None, kept) => kept,
            };
            record.delivery = next.map(|next| DeliveryRecord { status: DeliveryStatus::Pending, error: None, ..next });
        })
        .await?;
        crate::export::deliver(&mut held, clock).await?;
        Ok(held.record)
    }
}

fn check(record: &JobRecord, to: Option<&Delivery>) -> Result<()> {
    let id = record.id;
    if record.status != JobStatus::Finished {
        return Err(Error::invalid(format!(
            "the query `{id}` is {}; only what is FINISHED is delivered",
            record.status
        )));
    }
    if record.origin == super::Origin::Interactive {
        return Err(Error::not_found(format!("the rows of the query `{id}` were shown and not kept"))
            .hint("`trailmere query start` keeps them"));
    }
    match &record.delivery {
        Some(delivery) if delivery.status == DeliveryStatus::Pending => {
            Err(Error::invalid(format!("the query `{id}` is being delivered right now"))
                .hint("`trailmere query cancel` stops that"))
        }
        None if to.is_none() => {
            Err(Error::invalid(format!("it is not said where the query `{id}` goes"))
                .hint("add `--to s3://…` or a folder"))
        }
        _ => Ok(()),
    }
}
