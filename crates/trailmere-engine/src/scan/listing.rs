//! Files of a store as scans want them, kept from one statement to the next: converting what the log says of 66 files took
//! a fifth of the time of a short statement.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::datasource::listing::PartitionedFile;
use trailmere_store::DataFile;

use super::files::{Asked, partitioned, table_statistics};
use super::needles::Candidate;

/// Listings kept: one for each set of columns that statements ask for.
const KEPT: usize = 16;

/// Files that are kept converted; each takes some 14 KB with its statistics.
const KEPT_FILES: usize = 4096;

/// The files of a snapshot, converted as they are asked for.
#[derive(Debug)]
pub(crate) struct Listing {
    files: Arc<Vec<DataFile>>,
    asked: Asked,
    converted: Vec<OnceLock<Arc<PartitionedFile>>>,
    total: OnceLock<Statistics>,
}

/// The schemas of a store's files and of its table, which has the partition column too.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'a> {
    pub(crate) file: &'a SchemaRef,
    pub(crate) table: &'a SchemaRef,
}

impl Listing {
    fn new(files: Arc<Vec<DataFile>>, asked: Asked) -> Self {
        let converted = files.iter().map(|_| OnceLock::new()).collect();
        Listing { files, asked, converted, total: OnceLock::new() }
    }

    /// These of its files, which are in its order.
    pub(crate) fn read(&self, candidates: &[Candidate<'_>], schemas: Schemas<'_>) -> Vec<PartitionedFile> {
        let is_kept = candidates.len() <= KEPT_FILES;
        let mut all = self.files.iter().zip(&self.converted);
        let read = candidates.iter().filter_map(|candidate| {
            let (file, converted) = all.find(|(file, _)| std::ptr::eq(*file, candidate.file))?;
            let convert = || partitioned(file, schemas.file, &self.asked);
            let file = match is_kept {
                true => converted.get_or_init(|| Arc::new(convert())).as_ref().clone(),
                false => convert(),
            };
            Some(match candidate.access_plan() {
                Some(plan) => file.with_extension(plan),
                None => file,
            })
        });
        read.collect()
    }

    /// What is known of these files together.
    pub(crate) fn statistics(&self, candidates: &[Candidate<'_>], schemas: Schemas<'_>) -> Statistics {
        let of = |files: &mut dyn Iterator<Item = &DataFile>| table_statistics(files, schemas.table, &self.asked);
        match candidates.len() == self.files.len() {
            true => self.total.get_or_init(|| of(&mut self.files.iter())).clone(),
            false => of(&mut candidates.iter().map(|candidate| candidate.file)),
        }
    }

    fn is_of(&self, files: &Arc<Vec<DataFile>>, asked: &Asked) -> bool {
        Arc::ptr_eq(&self.files, files) && self.asked == *asked
    }

    fn converted(&self) -> usize {
        self.converted.iter().filter(|file| file.get().is_some()).count()
    }
}

/// Listings of an engine, the last used ones last.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    kept: Mutex<Vec<Arc<Listing>>>,
}

impl Listings {
    /// The listing of a snapshot's files for these columns.
    pub(crate) fn of(&self, files: &Arc<Vec<DataFile>>, asked: Asked) -> Arc<Listing> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|listing| listing.is_of(files, &asked));
        let known = known.map(|place| kept.remove(place)).filter(|listing| listing.converted() <= KEPT_FILES);
        let listing = known.unwrap_or_else(|| Arc::new(Listing::new(Arc::clone(files), asked)));
        kept.push(Arc::clone(&listing));
        while kept.len() > KEPT || (kept.len() > 1 && kept.iter().map(|k| k.converted()).sum::<usize>() > KEPT_FILES) {
            kept.remove(0);
        }
        listing
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn asked(name: &str) -> Asked {
        let field = |name: &str| Field::new(name, DataType::Utf8View, true);
        Asked::new(&Schema::new(vec![field("a"), field("b")]), [name].into_iter())
    }

    #[test]
    fn one_snapshot_and_one_set_of_columns_have_one_listing() {
        let listings = Listings::default();
        let (first, second) = (Arc::new(vec![]), Arc::new(vec![]));
        let listing = listings.of(&first, asked("a"));
        assert!(Arc::ptr_eq(&listing, &listings.of(&first, asked("a"))));
        assert!(!Arc::ptr_eq(&listing, &listings.of(&first, asked("b"))));
        assert!(!Arc::ptr_eq(&listing, &listings.of(&second, asked("a"))));
    }

    #[test]
    fn old_listings_go() {
        let listings = Listings::default();
        let first = listings.of(&Arc::new(vec![]), asked("a"));
        for _ in 0..KEPT {
            listings.of(&Arc::new(vec![]), asked("a"));
        }
        assert_eq!(Arc::strong_count(&first), 1);
    }
}
