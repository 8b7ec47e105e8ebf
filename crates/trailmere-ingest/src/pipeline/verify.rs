//! Is a log file that is about to be decoded what its digest says?

use trailmere_model::Result;
use trailmere_model::log_key::LogKey;

use crate::source::{Body, open, spool};
use crate::verify::{Cover, Standing};

/// A log file's bytes, and how they stand to its digest, if that was asked for.
pub(super) struct Checked {
    pub(super) body: Body,
    pub(super) standing: Option<Standing>,
}

impl Checked {
    pub(super) fn unasked(body: Body) -> Self {
        Self { body, standing: None }
    }
}

/// Compares a log file with its digest. What is decoded afterwards is what was compared: a file that is too large to
/// hold is kept meanwhile.
pub(super) fn verify(cover: &Cover, key: &str, body: Body) -> Result<Checked> {
    // Nothing vouches for digests but their signatures, and those are checked already.
    if LogKey::parse(key).is_some_and(|key| !key.folder.has_events()) {
        return Ok(Checked::unasked(body));
    }
    if !cover.covers(key) {
        return Ok(Checked { body, standing: Some(Standing::Unverified) });
    }
    match body {
        Body::Whole(bytes) => {
            let standing = cover.judge(key, &mut bytes.as_ref())?;
            Ok(Checked { body: Body::Whole(bytes), standing: Some(standing) })
        }
        Body::Pieces(mut pieces) => {
            let kept = spool(&mut pieces)?;
            let standing = match open(&kept)? {
                Body::Whole(bytes) => cover.judge(key, &mut bytes.as_ref())?,
                Body::Pieces(mut pieces) => cover.judge(key, &mut pieces)?,
            };
            Ok(Checked { body: open(&kept)?, standing: Some(standing) })
        }
    }
}
