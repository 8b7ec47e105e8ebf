//! Which digest files are there beside the logs?

use std::collections::BTreeMap;

use anyhow::Result;

use crate::chain::{DigestChain, DigestPlace, DigestedLog, SignedDigest};
use crate::plan::{Digests, Folder, LogFile};
use crate::scene::spell_time;
use crate::signer::Signer;
use crate::world::World;

const BUCKET: &str = "example-cloudtrail-logs";
const TRAIL: &str = "management-events";
const HOME_REGION: &str = "us-east-1";

const HOUR: i64 = 3600;
/// Backfill digests are made this long after the hours that they cover.
const BACKFILLED_AFTER: i64 = 3 * 86_400;

/// What a digest says of one delivered log file.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) file: LogFile,
    pub(crate) key: String,
    /// Lower-case hexadecimal SHA-256 of the content before compression.
    pub(crate) sha256: String,
}

/// The log files of an account in a region, by the hour of their delivery.
type Hours<'a> = BTreeMap<i64, Vec<&'a Delivered>>;

/// The digests of each account and region, each naming the one before.
pub(crate) fn all(
    world: &World,
    delivered: &[Delivered],
    which: Digests,
    signer: &Signer,
) -> Result<Vec<SignedDigest>> {
    let mut streams: BTreeMap<(usize, &str), Hours<'_>> = BTreeMap::new();
    for log in delivered.iter().filter(|log| log.file.folder == Folder::CloudTrail) {
        let hours = streams.entry((log.file.account, log.file.region)).or_default();
        hours.entry(log.file.delivered / HOUR).or_default().push(log);
    }
    let mut digests = Vec::new();
    for ((account, region), mut hours) in streams {
        let place = place(world, account, region);
        if which == Digests::Hourly {
            digests.extend(backfill(&place, &mut hours, signer).transpose()?);
            let last = hours.keys().next_back().copied().unwrap_or_default();
            let first = hours.keys().next().copied().unwrap_or_default();
            for hour in first..=last {
                hours.entry(hour).or_default();
            }
        }
        let mut chain = DigestChain::new(place, signer.clone());
        for (hour, logs) in &hours {
            digests.push(chain.hour(hour * HOUR, &said(logs))?);
        }
    }
    Ok(digests)
}

/// The last log file of a busy place is late: it is in a backfill digest, not in the standard one.
fn backfill(place: &DigestPlace, hours: &mut Hours<'_>, signer: &Signer) -> Option<Result<SignedDigest>> {
    let (hour, logs) = hours.iter_mut().rev().find(|(_, logs)| logs.len() > 1)?;
    let late = logs.pop()?;
    let generated = spell_time(hour * HOUR + BACKFILLED_AFTER).replace('Z', ".000Z");
    Some(DigestChain::backfill(place.clone(), signer.clone(), &generated).hour(hour * HOUR, &said(&[late])))
}

fn place(world: &World, account: usize, region: &str) -> DigestPlace {
    let account = &world.accounts[account];
    DigestPlace {
        bucket: BUCKET.to_owned(),
        prefix: String::new(),
        organization: account.in_organization.then(|| world.organization.clone()),
        account: account.id.clone(),
        region: region.to_owned(),
        trail: TRAIL.to_owned(),
        home_region: HOME_REGION.to_owned(),
    }
}

fn said(logs: &[&Delivered]) -> Vec<DigestedLog> {
    let times = logs.iter().map(|log| log.file.delivered);
    let (oldest, newest) = (times.clone().min().unwrap_or_default() - 900, times.max().unwrap_or_default() - 120);
    let said = |log: &&Delivered| DigestedLog { key: log.key.clone(), sha256: log.sha256.clone(), oldest, newest };
    logs.iter().map(said).collect()
}
