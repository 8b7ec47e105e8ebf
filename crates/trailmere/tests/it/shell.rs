//! The shell, fed from a pipe.

use crate::program::{Program, logs};

#[test]
fn statements_and_commands_answer_in_turn() {
    let program = Program::with_logs();
    let script = "\\format csv\nSELECT 1 AS one,\n  2 AS two;\n\\timing off\nSELECT nope;\n\\d\n\\? date_trunc\n\\frobnicate\n\\q\n";
    let said = program.run_with(&["shell"], script);
    assert_eq!(said.code, 0, "{}", said.err);
    for expected in ["one,two\n1,2\n", "nope", "events", "date_trunc(", "no command"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
}

#[test]
fn a_folder_of_logs_can_be_looked_into_at_once() {
    let program = Program::new();
    let said = program.run_with(
        &["shell", logs().to_str().unwrap()],
        "\\format csv\nSELECT count(*) > 100 AS many FROM events;\n\\q\n",
    );
    assert!(said.out.contains("many\ntrue\n"), "{}{}", said.out, said.err);
    assert!(program.run(&["store", "list"]).out.contains("no event data stores"), "nothing is left in the lake");
}

#[test]
fn a_statement_is_saved_and_run_again() {
    let program = Program::with_logs();
    let said = program.run_with(
        &["shell"],
        "\\format csv\nSELECT 40 + 2 AS answer;\n\\save answer The answer\n\\run answer\n\\queries answer\n\\q\n",
    );
    assert_eq!(said.out.matches("answer\n42\n").count(), 2, "{}", said.out);
    assert!(said.out.contains("The answer"), "{}", said.out);
}
