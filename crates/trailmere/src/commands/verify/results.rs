//! `trailmere verify results`: an export against its sign file, with the words of `aws cloudtrail verify-query-results`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_engine::{PublicKeys, SigningKeys, Verdict, verify_results};
use trailmere_model::Error;

use crate::arguments::Global;
use crate::context::open_lake;
use crate::exit;

/// What to verify, and by which keys.
#[derive(Debug, Args)]
pub(super) struct Results {
    /// The folder or s3://bucket/prefix that holds result_sign.json and the files that it names
    place: String,
    /// Public keys: the output of `trailmere keys export` or `aws cloudtrail list-public-keys` [default: the lake's own]
    #[arg(long, value_name = "FILE")]
    public_keys: Option<String>,
}

pub(super) async fn run(global: &Global, results: Results) -> Result<ExitCode> {
    let keys = match &results.public_keys {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|e| Error::not_found("the public keys can't be read").at(file.clone()).source(e))?;
            PublicKeys::parse(&text).map_err(|e| e.at(file.clone()))?
        }
        None => SigningKeys::new(&open_lake(global).await?, None).list().await?,
    };
    match verify_results(&results.place, &keys).await? {
        verdict @ Verdict::Valid => {
            println!("{verdict}");
            Ok(ExitCode::SUCCESS)
        }
        verdict => {
            eprintln!("{verdict}");
            Ok(exit::FAILED)
        }
    }
}
