//! Does every text end in a plan or in an error that says something?
//!
//! `cargo +nightly fuzz run plan -- -max_total_time=1200 -dict=sql.dict`, in the folder of the crate.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailmere_sql::{EmptyCatalog, PlanOptions, Statement, split_script};

fuzz_target!(|text: &str| {
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
    for fragment in split_script(text) {
        let planned = Statement::parse(fragment.text).and_then(|s| s.plan(&EmptyCatalog, &PlanOptions::new(now)));
        if let Err(error) = planned {
            // A panic within is caught and told as this.
            assert!(!error.message.contains("please report"), "{}", error.render(fragment.text));
            assert!(!error.render(fragment.text).is_empty());
        }
    }
});
