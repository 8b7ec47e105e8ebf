//! `docs/COMPAT.md`: its table of functions is made from the list. `UPDATE=1` writes it anew.

use std::path::Path;

use trailmere_sql::functions::{self, manual};

const BEGIN: &str =
    "<!-- functions: made from the list of functions; UPDATE=1 cargo test -p trailmere-sql writes it -->\n";
const END: &str = "<!-- functions end -->\n";

#[test]
fn the_table_of_functions_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/COMPAT.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (_, after) = rest.split_once(END).expect("the mark after the table");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    assert!(text == wanted, "docs/COMPAT.md is stale: UPDATE=1 cargo test -p trailmere-sql compat");
}

fn table() -> String {
    let mut out = String::new();
    for (chapter, names) in manual::CHAPTERS {
        out.push_str(&format!("\n### {chapter}\n\n"));
        let names: Vec<&str> = names.split_whitespace().collect();
        let left_out = names.iter().filter_map(|n| manual::left_out(n)).collect::<Vec<_>>();
        if left_out.len() == names.len() && left_out.iter().all(|l| l.reason == left_out[0].reason) && names.len() > 10
        {
            let list: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            out.push_str(&format!("None; {}: {}.\n", left_out[0].reason, list.join(", ")));
            continue;
        }
        out.push_str("| function | here |\n|---|---|\n");
        for name in names {
            out.push_str(&format!("| `{name}` | {} |\n", answer(name)));
        }
    }
    out.push_str("\n### Only here\n\nFunctions that the manual's list does not name; Trino has some of them.\n\n");
    out.push_str("| function | what it is |\n|---|---|\n");
    for function in functions::all() {
        let named = |name: &str| manual::CHAPTERS.iter().any(|(_, all)| all.split_whitespace().any(|n| n == name));
        if !named(function.name) && !function.aliases.iter().any(|a| named(a)) {
            out.push_str(&format!("| `{}` | {} |\n", function.name, function.about.replace('|', "\\|")));
        }
    }
    out.push('\n');
    out
}

fn answer(name: &str) -> String {
    if let Some(left_out) = manual::left_out(name) {
        let instead = if left_out.instead.is_empty() { String::new() } else { format!("; {}", left_out.instead) };
        return format!("no: {}{instead}", left_out.reason);
    }
    match manual::DIFFERENCES.iter().find(|(n, _)| *n == name) {
        Some((_, difference)) => format!("yes, but {difference}"),
        None => "yes".to_string(),
    }
}

#[test]
fn what_is_left_out_is_refused_by_name() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (chapter, names) in manual::CHAPTERS {
        for name in names.split_whitespace() {
            let Some(left_out) = manual::left_out(name) else { continue };
            // `set` and others are words of the grammar elsewhere; called they are functions. `current_user` takes no ().
            let call = if name.starts_with("current_") && name != "current_groups" { "" } else { "()" };
            let sql = format!("SELECT {name}{call}");
            let e = runtime.block_on(crate::run::run(&sql, &crate::run::Tables::default())).unwrap_err();
            assert!(e.contains(left_out.reason) && e.contains(name), "{chapter}: {sql}: {e}");
        }
    }
}
