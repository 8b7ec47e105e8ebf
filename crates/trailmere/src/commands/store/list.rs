//! `trailmere store list`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::arguments::Global;
use crate::commands::table::print_table;
use crate::context::open_lake;

/// All stores.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, list: List) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let stores = lake.stores().await?;
    if list.json {
        println!("{}", serde_json::to_string_pretty(&stores)?);
        return Ok(ExitCode::SUCCESS);
    }
    if stores.is_empty() {
        println!("no event data stores in {}", lake.location());
        println!("hint: `trailmere ingest SOURCE` makes one, or `trailmere store create NAME`");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = stores
        .iter()
        .map(|s| {
            vec![
                s.name.clone(),
                s.store_type.to_string(),
                s.status.to_string(),
                s.retention.to_string(),
                s.id.to_string(),
            ]
        })
        .collect();
    print_table(&["NAME", "TYPE", "STATUS", "RETENTION", "ID"], &rows);
    Ok(ExitCode::SUCCESS)
}
