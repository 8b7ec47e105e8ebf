//! Does the house stand as planned? Crate edges, file and function sizes, headers.
//!
//! Exceptions stand in one list with a reason each; the list may only get shorter.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each crate may depend on (`[dependencies]`; tests may use more).
const EDGES: &[(&str, &[&str])] = &[
    ("trailmere-model", &[]),
    ("trailmere-store", &["model"]),
    ("trailmere-ingest", &["model", "store"]),
    ("trailmere-sql", &[]),
    ("trailmere-queries", &["model"]),
    ("trailmere-engine", &["model", "store", "sql", "queries"]),
    ("trailmere-shell", &["engine", "queries", "model", "sql"]),
    ("trailmere-testgen", &[]),
    ("trailmere", &["model", "store", "ingest", "sql", "engine", "queries", "shell"]),
];

/// Packages that have one home: only this crate may depend on them.
const HOMES: &[(&str, &[&str])] = &[
    ("deltalake", &["trailmere-store"]),
    ("aws-config", &["trailmere-store"]),
    ("rustyline", &["trailmere-shell"]),
    ("sqlparser", &["trailmere-sql", "trailmere-shell"]),
    ("libdeflater", &["trailmere-ingest", "trailmere-testgen"]),
    ("reqwest", &["trailmere-engine"]),
    ("croner", &["trailmere-engine"]),
    ("clap", &["trailmere", "trailmere-testgen"]),
    ("anyhow", &["trailmere", "trailmere-testgen"]),
];

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 70;
const MAX_BRACE_DEPTH: usize = 6;

/// `(file or file:function, reason)`.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn crates_depend_only_along_the_allowed_edges() {
    let mut wrong = vec![];
    for (name, allowed) in EDGES {
        let manifest = read(&crates().join(name).join("Cargo.toml"));
        let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
        let dependencies = manifest.get("dependencies").and_then(|d| d.as_table()).cloned().unwrap_or_default();
        for dependency in dependencies.keys() {
            if let Some(ours) = dependency.strip_prefix("trailmere-")
                && !allowed.contains(&ours)
            {
                wrong.push(format!("{name} may not depend on {dependency}"));
            }
            if let Some((_, homes)) = HOMES.iter().find(|(package, _)| package == dependency)
                && !homes.contains(name)
            {
                wrong.push(format!("{dependency} belongs to {homes:?}, not to {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_stands_in_the_list_of_edges() {
    let listed: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for entry in fs::read_dir(crates()).expect("crates/ can be read") {
        let entry = entry.expect("crates/ can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("Cargo.toml").exists() {
            assert!(listed.contains(&name.as_str()), "{name} has no row in EDGES");
        }
    }
}

#[test]
fn files_and_functions_fit_their_rooms() {
    let mut wrong = vec![];
    let mut used: BTreeMap<&str, bool> = EXCEPTIONS.iter().map(|(what, _)| (*what, false)).collect();
    for file in sources() {
        let name = file.strip_prefix(crates()).expect("below crates/").to_string_lossy().replace('\\', "/");
        let text = read(&file);
        let lines = production(&text);
        let mut complain = |what: String, message: String| match used.get_mut(what.as_str()) {
            Some(hit) => *hit = true,
            None => wrong.push(format!("{what}: {message}")),
        };
        if lines.len() > MAX_FILE_LINES {
            complain(name.clone(), format!("{} production lines, more than {MAX_FILE_LINES}", lines.len()));
        }
        if !lines.iter().take(40).any(|l| l.starts_with("//!")) {
            complain(name.clone(), "no `//!` header that says which question the file answers".into());
        }
        for function in functions(&lines) {
            let what = format!("{name}:{}", function.name);
            if function.lines > MAX_FUNCTION_LINES {
                complain(what.clone(), format!("{} lines, more than {MAX_FUNCTION_LINES}", function.lines));
            }
            if function.depth > MAX_BRACE_DEPTH {
                complain(what, format!("braces {} deep, more than {MAX_BRACE_DEPTH}", function.depth));
            }
        }
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
    let stale: Vec<_> = used.iter().filter(|(_, hit)| !**hit).map(|(what, _)| *what).collect();
    assert!(stale.is_empty(), "these exceptions are no longer needed: {stale:?}");
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in crates/").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All production sources: `crates/*/src/**/*.rs` but test modules in files of their own.
fn sources() -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(crates()).expect("crates/ can be read").flatten() {
        walk(&entry.path().join("src"), &mut found);
    }
    assert!(found.len() > 50, "the sources are found");
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        match path.is_dir() {
            true if name != "tests" => walk(&path, found),
            false if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") => found.push(path),
            _ => {}
        }
    }
}

/// The lines before the test module.
fn production(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests =
        lines.windows(2).position(|w| w[0].starts_with("#[cfg(test)]") && w[1].trim_start().starts_with("mod "));
    lines[..tests.unwrap_or(lines.len())].to_vec()
}

struct Function {
    name: String,
    lines: usize,
    depth: usize,
}

/// Functions by rustfmt's form: the closing brace stands at the indentation of `fn`.
fn functions(lines: &[&str]) -> Vec<Function> {
    let mut found = vec![];
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let close = format!("{indent}}}");
        let end = lines[start..].iter().position(|l| *l == close).map_or(start, |n| start + n);
        let (mut depth, mut deepest) = (0usize, 0usize);
        for character in lines[start..=end].iter().flat_map(|l| bare(l)) {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        found.push(Function { name, lines: end - start + 1, depth: deepest });
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let text = line.trim_start();
    let text = text.strip_prefix("pub ").unwrap_or(text);
    let text = text.strip_prefix("pub(crate) ").or_else(|| text.strip_prefix("pub(super) ")).unwrap_or(text);
    let text = text.strip_prefix("const ").or_else(|| text.strip_prefix("async ")).unwrap_or(text);
    let name = text.strip_prefix("fn ")?;
    (!line.trim_end().ends_with(';') && !line.trim_end().ends_with('}'))
        .then(|| name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

/// The line's characters outside string and character literals and comments.
fn bare(line: &str) -> Vec<char> {
    let mut out = vec![];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if quoted => drop(characters.next()),
            '"' => quoted = !quoted,
            '\'' if !quoted => {
                let ahead: Vec<char> = characters.clone().take(3).collect();
                if ahead.get(1) == Some(&'\'') {
                    characters.nth(1);
                }
            }
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            _ if !quoted => out.push(c),
            _ => {}
        }
    }
    out
}
