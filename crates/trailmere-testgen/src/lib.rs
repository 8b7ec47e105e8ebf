//! How do we get CloudTrail logs of any size, like delivered ones, the same for everybody?
//!
//! Everything follows from a seed and a [`Plan`]: the accounts, their people, roles and things, the log files under
//! AWS's own keys, and each record. Same seed and plan, same JSON; the gzip bytes also depend on libdeflate's version.

mod action;
mod chain;
mod dice;
mod digest;
mod identity;
mod json;
mod plan;
mod record;
mod scene;
mod services;
mod signer;
mod size;
mod world;
mod write;

pub use chain::{DigestChain, DigestPlace, DigestedLog, SignedDigest};
pub use plan::{Amount, Digests, Plan};
pub use signer::{KeyNumber, Signer, public_keys};
pub use size::parse_size;
pub use write::{Corpus, Written, write};
