//! Which lake? The flag, the environment, `trailmere.toml`, or the platform's data folder, in this order.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use trailmere_model::{Error, Result};

/// What `trailmere.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Folder (relative to the file) or `s3://bucket/prefix`.
    lake: Option<String>,
}

const FILE: &str = "trailmere.toml";

/// The lake's location: `flag` holds the flag or the environment variable.
pub(crate) fn lake_location(flag: Option<&str>) -> Result<String> {
    if let Some(location) = flag {
        return Ok(location.to_string());
    }
    for file in settings_files() {
        if let Some(location) = read(&file)?.lake {
            return Ok(resolve(&location, &file));
        }
    }
    let data = dirs::data_local_dir().ok_or_else(|| {
        Error::not_found("this platform has no data folder")
            .hint("say where the lake is: `--lake DIR` or TRAILMERE_LAKE")
    })?;
    Ok(data.join("trailmere").join("lake").to_string_lossy().into_owned())
}

/// The working folder and its parents, then the user's configuration.
fn settings_files() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut files: Vec<PathBuf> = here.ancestors().map(|folder| folder.join(FILE)).collect();
    files.extend(dirs::config_dir().map(|folder| folder.join("trailmere").join(FILE)));
    files.retain(|file| file.is_file());
    files
}

fn read(file: &Path) -> Result<Settings> {
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Error::unavailable("the settings can't be read").at(place.clone()).source(e))?;
    toml::from_str(&text).map_err(|e| Error::invalid("the settings are not what they should be").at(place).source(e))
}

fn resolve(location: &str, file: &Path) -> String {
    if location.contains("://") || Path::new(location).is_absolute() {
        return location.to_string();
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    folder.join(location).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins() {
        assert_eq!(lake_location(Some("s3://b/p")).unwrap(), "s3://b/p");
    }

    #[test]
    fn relative_lakes_lie_beside_their_settings() {
        assert_eq!(resolve("lake", Path::new("/etc/x/trailmere.toml")), "/etc/x/lake");
        assert_eq!(resolve("s3://b/p", Path::new("/etc/x/trailmere.toml")), "s3://b/p");
        assert_eq!(resolve("/lake", Path::new("/etc/x/trailmere.toml")), "/lake");
    }

    #[test]
    fn unknown_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "lakes = 'x'").unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("trailmere.toml"));
    }
}
