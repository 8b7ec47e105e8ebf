//! How do planned log files get onto the disk, quickly and all alike on every run?

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, anyhow};
use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest as _, Sha256};

use crate::chain::SignedDigest;
use crate::digest::{self, Delivered};
use crate::plan::{Digests, LogFile, Plan};
use crate::record;
use crate::services::Catalogue;
use crate::signer::{KeyNumber, Signer, hexadecimal, public_keys};
use crate::world::World;

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    /// Log files.
    pub files: u64,
    /// Digest files.
    pub digests: u64,
    /// Records, those that are delivered twice included.
    pub events: u64,
    /// Bytes of JSON.
    pub raw_bytes: u64,
    /// Bytes as delivered.
    pub gzip_bytes: u64,
}

/// A planned corpus, made file by file without touching a disk.
pub struct Corpus {
    world: World,
    catalogue: Catalogue,
    files: Vec<LogFile>,
    digests: Digests,
}

impl Corpus {
    /// Lays out a plan.
    pub fn new(plan: &Plan) -> Self {
        let catalogue = Catalogue::new();
        let files = plan.files(&catalogue);
        Self { world: plan.world(), catalogue, files, digests: plan.digests }
    }

    /// How many log files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The key of a log file.
    pub fn key(&self, index: usize) -> String {
        self.files[index].key(&self.world)
    }

    /// Writes the JSON of a log file into `out`, replacing what is there; gives the number of records.
    pub fn content(&self, index: usize, out: &mut String) -> u64 {
        out.clear();
        out.push_str("{\"Records\":[");
        let file = &self.files[index];
        for number in 0..file.events {
            record::write(&self.world, &self.catalogue, file, number, out);
            out.push(',');
        }
        let repeated = file.repeats.map(|number| &self.files[number]);
        let twice = repeated.map_or(0, |other| other.events.min(3));
        if let Some(other) = repeated {
            for number in 0..twice {
                record::write(&self.world, &self.catalogue, other, number, out);
                out.push(',');
            }
        }
        out.pop();
        out.push_str("]}");
        (file.events + twice) as u64
    }

    /// Key and JSON of every file, digests included; for corpora that fit into memory.
    pub fn contents(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        let mut delivered = Vec::new();
        for index in 0..self.files.len() {
            let mut content = String::new();
            self.content(index, &mut content);
            delivered.push(self.delivered(index, &content));
            all.push((self.key(index), content));
        }
        all.extend(self.digest_files(&delivered)?.into_iter().map(|digest| (digest.key, digest.content)));
        Ok(all)
    }

    fn delivered(&self, index: usize, content: &str) -> Delivered {
        let sha256 = if self.has_digests() { sha256(content) } else { String::new() };
        Delivered { file: self.files[index].clone(), key: self.key(index), sha256 }
    }

    fn has_digests(&self) -> bool {
        self.digests != Digests::None
    }

    fn digest_files(&self, delivered: &[Delivered]) -> anyhow::Result<Vec<SignedDigest>> {
        if !self.has_digests() {
            return Ok(Vec::new());
        }
        digest::all(&self.world, delivered, self.digests, &Signer::new(KeyNumber::First)?)
    }
}

/// Writes a plan's log files under a folder, on so many threads.
pub fn write(plan: &Plan, folder: &Path, threads: usize) -> anyhow::Result<Written> {
    let corpus = Corpus::new(plan);
    let next = AtomicUsize::new(0);
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(|| work(&corpus, folder, &next))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow!("a writing thread broke down"))?)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut written = Written::default();
    let mut delivered = Vec::new();
    for (part, logs) in parts {
        written.files += part.files;
        written.events += part.events;
        written.raw_bytes += part.raw_bytes;
        written.gzip_bytes += part.gzip_bytes;
        delivered.extend(logs);
    }
    delivered.sort_by_key(|log| log.file.number);
    for digest in corpus.digest_files(&delivered)? {
        save(folder, &digest.key, &digest.content)?;
        if corpus.digests == Digests::Hourly {
            write_text(&folder.join(format!("{}.metadata.json", digest.key)), &digest.metadata())?;
        }
        written.digests += 1;
    }
    if corpus.digests == Digests::Hourly {
        let keys =
            public_keys(&[&Signer::new(KeyNumber::First)?], "2013-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00");
        write_text(&folder.join("public-keys.json"), &keys)?;
    }
    Ok(written)
}

fn work(corpus: &Corpus, folder: &Path, next: &AtomicUsize) -> anyhow::Result<(Written, Vec<Delivered>)> {
    let mut written = Written::default();
    let mut delivered = Vec::new();
    let mut content = String::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= corpus.len() {
            return Ok((written, delivered));
        }
        written.events += corpus.content(index, &mut content);
        written.files += 1;
        written.raw_bytes += content.len() as u64;
        written.gzip_bytes += save(folder, &corpus.key(index), &content)?;
        if corpus.has_digests() {
            delivered.push(corpus.delivered(index, &content));
        }
    }
}

fn save(folder: &Path, key: &str, content: &str) -> anyhow::Result<u64> {
    let path = folder.join(key);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("can't make the folder {}", parent.display()))?;
    }
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut bytes = vec![0; compressor.gzip_compress_bound(content.len())];
    let length = compressor
        .gzip_compress(content.as_bytes(), &mut bytes)
        .map_err(|error| anyhow!("can't compress {key}: {error:?}"))?;
    fs::write(&path, &bytes[..length]).with_context(|| format!("can't write {}", path.display()))?;
    Ok(length as u64)
}

fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

fn sha256(content: &str) -> String {
    hexadecimal(&Sha256::digest(content.as_bytes()))
}
