//! How are sizes written by people?

use anyhow::{Context, bail};

/// Bytes from `500`, `64KB`, `2GB` or `1GiB`.
pub fn parse_size(text: &str) -> anyhow::Result<u64> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: f64 =
        digits.trim().parse().with_context(|| format!("`{text}` is not a size such as `2GB` or `64KB`"))?;
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        other => bail!("`{other}` is not a unit of size; use KB, MB, GB, KiB, MiB or GiB"),
    };
    Ok((number * unit as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("2GB").unwrap(), 2_000_000_000);
        assert_eq!(parse_size("1.5KiB").unwrap(), 1536);
        assert_eq!(parse_size("17").unwrap(), 17);
        assert!(parse_size("2 parsecs").is_err());
    }
}
