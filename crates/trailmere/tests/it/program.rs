//! Runs the real binary on a lake of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A lake in a temporary folder, and the program that works on it.
pub(crate) struct Program {
    folder: TempDir,
}

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Program {
    /// An empty lake.
    pub(crate) fn new() -> Self {
        Program { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A lake that holds the committed logs.
    pub(crate) fn with_logs() -> Self {
        let program = Program::new();
        let said = program.run(&["ingest", logs().to_str().expect("UTF-8")]);
        assert_eq!(said.code, 0, "{said:?}");
        program
    }

    /// The temporary folder, beside the lake.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `trailmere --lake … ARGUMENTS`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs with a text on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trailmere"))
            .arg("--lake")
            .arg(self.folder.path().join("lake"))
            .arg("--no-sync")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // A program that does not read its stdin closes it.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        said(child.wait_with_output().expect("the program ends"))
    }

    /// Runs a statement that must succeed; its rows as CSV without the head.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let said = self.run(&["query", "--format", "csv", sql]);
        assert_eq!(said.code, 0, "{sql}\n{}", said.err);
        said.out.lines().skip(1).map(str::to_string).collect()
    }
}

fn said(output: Output) -> Said {
    Said {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// The committed logs.
pub(crate) fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs")
}
