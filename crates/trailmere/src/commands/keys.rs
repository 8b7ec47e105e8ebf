//! `trailmere keys`: the keys that exports are signed with.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use trailmere_engine::SigningKeys;

use crate::arguments::Global;
use crate::context::{now, open_lake};
use crate::settings::key_passphrase;

/// Keys.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the public keys, newest first
    List,
    /// Sign with a new key from now on; old public keys stay
    Rotate,
    /// Print the public keys as `aws cloudtrail list-public-keys` does, for whoever verifies without the lake
    Export,
}

pub(crate) async fn run(global: &Global, command: Keys) -> Result<ExitCode> {
    let keys = SigningKeys::new(&open_lake(global).await?, key_passphrase()?.as_deref());
    match command.action {
        Action::List => {
            let list = keys.list().await?.public_key_list;
            if list.is_empty() {
                println!("no key yet: the first signed export makes one");
            }
            for key in list {
                let day = |time: Option<chrono::DateTime<chrono::Utc>>| {
                    time.map_or("?".to_string(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
                };
                println!("{}  {} to {}", key.fingerprint, day(key.validity_start_time), day(key.validity_end_time));
            }
        }
        Action::Rotate => println!("{}", keys.rotate(now()).await?.fingerprint),
        Action::Export => println!("{}", serde_json::to_string_pretty(&keys.list().await?)?),
    }
    Ok(ExitCode::SUCCESS)
}
