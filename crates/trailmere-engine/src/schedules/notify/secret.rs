//! Where is a secret, if not in the lake? In the environment or in a file.

use trailmere_model::{Error, Result};

const HINT: &str = "write `env:NAME` or `file:PATH`: the lake keeps no secrets";

/// Whether a text says where a secret is.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

/// Refuses what says no place.
pub(super) fn check(reference: &str) -> Result<()> {
    match reference.split_once(':') {
        Some(("env" | "file", place)) if !place.is_empty() => Ok(()),
        _ => Err(Error::invalid("a secret is not where it should be").hint(HINT)),
    }
}

/// The secret, without the line break that an editor put behind it.
pub(super) fn read(reference: &str) -> Result<String> {
    check(reference)?;
    let text = match reference.split_once(':') {
        Some(("env", name)) => std::env::var(name)
            .map_err(|_| Error::invalid(format!("the environment has no `{name}`")).hint("set it for the scheduler"))?,
        Some((_, path)) => std::fs::read_to_string(path)
            .map_err(|e| Error::invalid("the file of a secret can't be read").at(format!("`{path}`")).source(e))?,
        None => return Err(Error::invalid("a secret is not where it should be").hint(HINT)),
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Error::invalid(format!("the secret at `{reference}` is empty")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_from_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "sesame\n").unwrap();
        let reference = format!("file:{}", file.display());
        assert_eq!(read(&reference).unwrap(), "sesame");
        std::fs::write(&file, "\n").unwrap();
        assert!(read(&reference).is_err(), "an empty key signs nothing");
        assert!(read("env:TRAILMERE_TEST_NO_SUCH_SECRET").is_err());
        assert!(read("sesame").is_err() && read("file:").is_err());
    }
}
