//! Delivered log files against their digests, and the lake's own health, by the program as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use trailmere_testgen::{Amount, Digests, Plan, write};

use crate::program::Program;

/// Delivered logs of an organization and of an account on its own, with digests of every hour.
fn delivered(folder: &Path) -> PathBuf {
    let plan = Plan {
        amount: Amount::Events(300),
        days: 1,
        accounts: 2,
        organization_accounts: 1,
        regions: 1,
        complete: false,
        digests: Digests::Hourly,
        ..Plan::testdata()
    };
    let logs = folder.join("delivered");
    write(&plan, &logs, 1).unwrap();
    logs
}

/// The first log file below a folder.
fn some_log(folder: &Path) -> PathBuf {
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let mut below: Vec<PathBuf> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            below.sort();
            waiting.extend(below);
        } else if path.to_str().unwrap().contains("/CloudTrail/") {
            return path;
        }
    }
    panic!("no log file below {}", folder.display());
}

#[test]
fn good_logs_are_valid_and_a_changed_one_is_found() {
    let program = Program::new();
    let logs = delivered(program.folder());
    let (source, keys) = (logs.to_str().unwrap(), logs.join("public-keys.json"));
    let verify = ["verify", "logs", source, "--public-keys", keys.to_str().unwrap()];
    let good = program.run(&verify);
    assert_eq!((good.code, good.err.as_str()), (0, ""), "{}", good.out);
    assert_eq!(
        good.out.matches("Validating log files for trail arn:aws:cloudtrail:us-east-1:").count(),
        2,
        "{}",
        good.out
    );
    assert!(good.out.contains("backfill digest files valid") && !good.out.contains("INVALID"), "{}", good.out);
    assert!(!good.out.contains("\tvalid"), "only asked for are they named: {}", good.out);
    let verbose = program.run(&[&verify[..], &["--verbose"]].concat());
    assert!(verbose.out.contains("\nLog file\ts3://example-cloudtrail-logs/AWSLogs/"), "{}", verbose.out);

    let changed = some_log(&logs);
    let other = fs::read(some_log(&logs.join("AWSLogs"))).unwrap();
    fs::write(&changed, [&other[..other.len() - 9], b"tampered!"].concat()).unwrap();
    let bad = program.run(&verify);
    assert_eq!(bad.code, 1);
    let name = changed.file_name().unwrap().to_str().unwrap();
    assert!(bad.err.contains(name) && bad.err.contains("\tINVALID: "), "{}", bad.err);
    assert!(bad.out.contains("log files INVALID"), "{}", bad.out);
    let json = program.run(&[&verify[..], &["--json"]].concat());
    let reports: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(reports.as_array().unwrap().iter().map(|r| r["logs"]["invalid"].as_u64().unwrap()).sum::<u64>(), 1);

    let said = program.run(&["ingest", "--verify", "--public-keys", keys.to_str().unwrap(), source]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("1 CHANGED since they were delivered, not taken"), "{}", said.out);
    let counts = program.rows(r#"SELECT "$verified", count(*) > 0 FROM events GROUP BY 1 ORDER BY 1"#);
    assert_eq!(counts, ["verified,true"]);
    let ledger = program
        .rows("SELECT verified, outcome, count(*) FROM trailmere.ledger WHERE verified = 'invalid' GROUP BY 1, 2");
    assert_eq!(ledger, ["invalid,failed,1"]);
    let rejected = program.rows("SELECT reason FROM trailmere.quarantine");
    assert!(rejected[0].starts_with("it is not what CloudTrail delivered: "), "{rejected:?}");
    let star = program.run(&["query", "--format", "csv", "SELECT * FROM events LIMIT 1"]);
    assert!(!star.out.lines().next().unwrap().contains("verified"), "it is hidden");
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let program = Program::new();
    let logs = delivered(program.folder());
    let keys = logs.join("public-keys.json");
    let (source, keys) = (logs.to_str().unwrap(), keys.to_str().unwrap());
    let nowhere = program.run(&["verify", "logs", source, "--public-keys", "nowhere.json"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.err);
    let no_keys = program.run(&["verify", "logs", source, "--public-keys", some_log(&logs).to_str().unwrap()]);
    assert_ne!(no_keys.code, 0);
    let backwards = ["verify", "logs", source, "--public-keys", keys, "--start", "2026-03-05", "--end", "2026-03-01"];
    let said = program.run(&backwards);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("Invalid time range specified: start-time must occur before end-time"), "{}", said.err);
    assert_eq!(program.run(&["ingest", "--verify", source]).code, 2, "it needs keys");
}

#[test]
fn the_doctor_says_what_is_wrong_and_how_it_is_mended() {
    let program = Program::with_logs();
    let well = program.run(&["doctor", "--deep"]);
    assert_eq!(well.code, 0, "{}", well.out);
    assert!(well.out.contains("read to the last row") && well.out.ends_with("nothing is wrong\n"), "{}", well.out);
    let json: serde_json::Value = serde_json::from_str(&program.run(&["doctor", "--json"]).out).unwrap();
    assert_eq!((json["depth"].as_str(), json["findings"].as_array().map(Vec::len)), (Some("quick"), Some(0)));

    let file = data_files(&program).remove(0);
    fs::remove_file(&file).unwrap();
    let ill = program.run(&["doctor"]);
    assert_eq!(ill.code, 1);
    assert!(ill.out.contains(file.file_name().unwrap().to_str().unwrap()), "{}", ill.out);
    assert!(
        ill.out.contains("mend: bring the file back from a copy") && ill.out.ends_with("1 problems\n"),
        "{}",
        ill.out
    );
}

/// The files of events in a lake.
fn data_files(program: &Program) -> Vec<PathBuf> {
    let (mut waiting, mut found) = (vec![program.folder().join("lake/stores")], Vec::new());
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.to_str().unwrap().contains("calendarday=") {
            found.push(path);
        }
    }
    found
}

/// Writes a file as versions without `"$verified"` wrote it, and lets the Delta log say how long it is now.
fn write_as_before(file: &Path) {
    let bytes = bytes::Bytes::from(fs::read(file).unwrap());
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).unwrap();
    let sorting = reader.metadata().row_group(0).sorting_columns().cloned();
    let properties = WriterProperties::builder().set_sorting_columns(sorting).build();
    let kept: Vec<usize> = (0..reader.schema().fields().len() - 1).collect();
    assert_eq!(reader.schema().fields().last().unwrap().name(), "_verified");
    let schema = Arc::new(reader.schema().project(&kept).unwrap());
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).unwrap();
    for batch in reader.build().unwrap() {
        writer.write(&batch.unwrap().project(&kept).unwrap()).unwrap();
    }
    let written = writer.into_inner().unwrap();
    fs::write(file, &written).unwrap();
    let (name, table) = (file.file_name().unwrap().to_str().unwrap(), file.ancestors().nth(2).unwrap());
    let (before, after) = (format!("\"size\":{}", bytes.len()), format!("\"size\":{}", written.len()));
    for entry in fs::read_dir(table.join("_delta_log")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let line = |line: &str| {
            if line.contains(name) { forget_statistics(line.replace(&before, &after)) } else { line.to_owned() }
        };
        fs::write(&path, text.lines().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    }
}

/// What a line of the log says of `_verified`, whose NULLs were not counted then.
fn forget_statistics(mut line: String) -> String {
    let said = r#",\"_verified\":"#;
    while let Some(start) = line.find(said) {
        let digits = line[start + said.len()..].bytes().take_while(u8::is_ascii_digit).count();
        line.replace_range(start..start + said.len() + digits, "");
    }
    line
}

#[test]
fn a_lake_of_an_earlier_version_answers_and_is_kept_up() {
    let program = Program::with_logs();
    let sql = r#"SELECT count(*), count("$verified"), count("$path"), max(eventTime) FROM events"#;
    let before = program.rows(sql);
    data_files(&program).iter().for_each(|file| write_as_before(file));
    assert_eq!(program.rows(sql), before);
    assert_eq!(program.rows(r#"SELECT count(*) FROM events WHERE "$verified" = 'verified'"#), ["0"]);
    let all = program.rows("SELECT eventID FROM events ORDER BY 1");
    assert_eq!(program.rows(r#"SELECT eventID FROM events WHERE "$verified" IS NULL ORDER BY 1"#), all);
    let kept_up = program.run(&["maintain", "--dedupe"]);
    assert_eq!(kept_up.code, 0, "{}", kept_up.out);
    let well = program.run(&["doctor", "--deep"]);
    assert_eq!(well.code, 0, "{}", well.out);
}
