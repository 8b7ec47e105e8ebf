//! Saved queries: every shipped one runs, and the user's own have a history.

use crate::program::Program;

#[test]
fn every_shipped_query_runs_on_the_committed_logs() {
    let program = Program::with_logs();
    let list = program.run(&["saved", "list"]);
    let names: Vec<&str> = list.out.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(names.len() >= 40, "{} queries", names.len());
    let mut script = vec![];
    for name in &names {
        let said = program.run(&["saved", "run", name, "--format", "csv"]);
        if said.code != 0 {
            script.push(format!("{name}: {}", said.err));
        }
    }
    assert!(script.is_empty(), "{}", script.join("\n"));
}

#[test]
fn the_users_own_queries_are_versioned() {
    let program = Program::with_logs();
    assert!(program.run(&["saved", "save", "mine", "SELECT 1 AS a"]).out.contains("version 1"));
    assert!(program.run(&["saved", "save", "mine", "SELECT 2 AS a", "--title", "Two"]).out.contains("version 2"));
    assert_eq!(program.run(&["saved", "run", "mine", "--format", "csv"]).out, "a\n2\n");
    let history = program.run(&["saved", "history", "mine"]).out;
    assert!(history.contains("SELECT 1") && history.contains("SELECT 2"), "{history}");
    assert!(program.run(&["saved", "search", "two"]).out.contains("mine"));
    assert_eq!(program.run(&["saved", "delete", "mine"]).code, 0);
    let gone = program.run(&["saved", "run", "mine"]);
    assert_ne!(gone.code, 0);
    assert!(gone.err.contains("mine"), "{}", gone.err);
}

#[test]
fn parameters_of_a_saved_query_have_types_and_defaults() {
    let program = Program::with_logs();
    let sql = "-- title: Counted\n-- param: most bigint = 3 -- how many\nSELECT $most + 1 AS n";
    assert_eq!(program.run(&["saved", "save", "counted", sql]).code, 0);
    assert_eq!(program.run(&["saved", "run", "counted", "--format", "csv"]).out, "n\n4\n");
    assert_eq!(program.run(&["saved", "run", "counted", "--format", "csv", "--param", "most=10"]).out, "n\n11\n");
    let wrong = program.run(&["saved", "run", "counted", "--param", "mots=10"]);
    assert!(wrong.err.contains("most"), "{}", wrong.err);
}
