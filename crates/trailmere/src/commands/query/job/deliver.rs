//! `trailmere query deliver`: a finished result goes somewhere, or goes on where its delivery broke off.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_engine::{Delivery, DeliveryFormat};
use trailmere_model::Error;

use super::{Named, code};
use crate::arguments::Global;
use crate::commands::query::bytes;
use crate::context::now;
use crate::settings::query_settings;

/// What to deliver.
#[derive(Debug, Args)]
pub(crate) struct Deliver {
    #[command(flatten)]
    query: Named,
    /// Where to [default: where it was to go when it was started; what is there already is not written again]
    #[arg(long, value_name = "DIR|s3://…")]
    to: Option<String>,
    #[command(flatten)]
    shape: Shape,
}

/// What the files are like.
#[derive(Debug, Args)]
pub(crate) struct Shape {
    /// Format of the delivered files: csv (gzip, as Lake), jsonl (gzip), parquet, arrow
    #[arg(long = "deliver-format", value_name = "FORMAT", default_value = "csv")]
    format: DeliveryFormat,
    /// Make folders of the values of these columns: eventsource=s3.amazonaws.com/
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    partition_by: Vec<String>,
    /// No delivered file gets larger than this: 64MB, 1GB [default: 1GB]
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    part_size: Option<usize>,
    /// Leave out the `#` line that Lake's CSV begins with
    #[arg(long)]
    no_comment_line: bool,
}

impl Shape {
    pub(super) fn delivery(&self, to: &str) -> Result<Delivery, Error> {
        let settings = query_settings()?;
        let mut delivery = Delivery::new(to)?;
        delivery.format = self.format;
        delivery.partition_by = self.partition_by.clone();
        if let Some(bytes) = self.part_size.or(settings.part_bytes) {
            delivery.part_bytes = bytes as u64;
        }
        delivery.comment_line = settings.comment_line && !self.no_comment_line;
        Ok(delivery)
    }
}

pub(super) async fn run(global: &Global, deliver: Deliver) -> Result<ExitCode> {
    let to = match &deliver.to {
        Some(to) => Some(deliver.shape.delivery(to)?),
        None => None,
    };
    let (jobs, id) = deliver.query.open(global).await?;
    let record = jobs.deliver(id, to, now).await?;
    if let Some(delivery) = &record.delivery {
        println!("{} {}", delivery.status, delivery.folder);
        if let Some(error) = &delivery.error {
            eprintln!("error: {error}");
        }
    }
    Ok(code(&record))
}
