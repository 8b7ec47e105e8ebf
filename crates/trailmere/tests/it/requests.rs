//! How many requests does a question cost on S3? Asked of a real server over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::logs;
use crate::s3_server::{BUCKET, KEY, Requests, SECRET, serve_noting};

/// What a whole process asks before it looks at data: the stores, their definitions, the log's two commits (each twice by
/// Delta's library), and its record.
const MOST_TO_OPEN: usize = 11;
/// What a statement asks in a shell that has asked before: the stores, the last commit and the next, and its
/// record.
const MOST_AGAIN: usize = 4;

fn command(folder: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmere"));
    command.args(["--lake", &format!("s3://{BUCKET}/lake")]).current_dir(folder).env("NO_COLOR", "1");
    command.env("AWS_ENDPOINT_URL_S3", endpoint).env("AWS_REGION", "us-east-1").env("XDG_STATE_HOME", folder);
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

/// A statement's output, and what it asked of the server, of data files and of everything else.
fn ask(folder: &Path, endpoint: &str, requests: &Requests, sql: &str) -> (String, Vec<String>, Vec<String>) {
    requests.take();
    let output = command(folder, endpoint).args(["query", sql, "--format", "csv"]).output().unwrap();
    assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
    let (data, other) = requests.take().into_iter().partition(|request| request.contains("calendarday="));
    (String::from_utf8(output.stdout).unwrap(), data, other)
}

/// The sum of a metric in `EXPLAIN ANALYZE`.
fn metric(plan: &str, name: &str) -> usize {
    let name = format!(" {name}=");
    let values = plan.split(&name).skip(1);
    values.filter_map(|rest| rest.split([',', ']']).next()?.parse::<usize>().ok()).sum()
}

#[test]
fn a_question_costs_few_requests() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, requests) = serve_noting(&folder.path().join("s3"));
    let ingested = command(folder.path(), &endpoint).args(["ingest", logs().to_str().unwrap()]).output().unwrap();
    assert!(ingested.status.success(), "{}", String::from_utf8_lossy(&ingested.stderr));
    let ask = |sql: &str| ask(folder.path(), &endpoint, &requests, sql);

    // Counted by the log alone.
    let (_, data, other) = ask("SELECT count(*) FROM events");
    assert_eq!(data, [] as [&str; 0]);
    assert!(other.len() <= MOST_TO_OPEN, "{other:#?}");

    // A footer and the pages of all columns, of one day's file only.
    let one_day = "SELECT eventName, awsRegion, count(*) FROM events WHERE calendarday = 20260303 GROUP BY 1, 2";
    let (plan, data, other) = ask(&format!("EXPLAIN ANALYZE {one_day}"));
    let files = metric(&plan, "files_total") - metric(&plan, "files_pruned");
    assert_eq!((files, data.len()), (1, 2), "{data:#?}");
    assert!(data.iter().all(|request| request.contains("calendarday=20260303")), "{data:#?}");
    assert_eq!(metric(&plan, "requests"), data.len() - files, "{plan}");
    assert!(other.len() <= MOST_TO_OPEN, "{other:#?}");

    // Nothing of any file, where no file has what is looked for.
    let (_, data, _) = ask("SELECT eventName FROM events WHERE eventTime > TIMESTAMP '2030-01-01 00:00:00'");
    assert_eq!(data, [] as [&str; 0]);
}

#[test]
fn a_second_question_in_a_shell_reads_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, requests) = serve_noting(&folder.path().join("s3"));
    let ingested = command(folder.path(), &endpoint).args(["ingest", logs().to_str().unwrap()]).output().unwrap();
    assert!(ingested.status.success(), "{}", String::from_utf8_lossy(&ingested.stderr));
    let mut shell = command(folder.path(), &endpoint)
        .args(["shell"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut to, from) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
    let mut lines = BufReader::new(from).lines();
    let mut answered = |sql: &str| {
        writeln!(to, "{sql};\n\\timing off").unwrap();
        to.flush().unwrap();
        let until = |line: &String| !line.contains("timing is off");
        let said = lines.by_ref().map(|line| line.unwrap()).take_while(until);
        said.filter(|line| line.starts_with('│')).collect::<Vec<_>>()
    };
    let sql = "SELECT eventSource, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC, 1 LIMIT 3";
    let first = answered(sql);
    requests.take();
    let second = answered(sql);
    let seen = requests.take();
    assert_eq!(first, second);
    assert!(second.len() > 3, "{second:?}");
    assert!(seen.len() <= MOST_AGAIN && seen.iter().all(|request| !request.contains("calendarday=")), "{seen:#?}");
    drop(to);
    assert!(shell.wait().unwrap().success());
}
