//! Which exit code, and what is said on the way out?

use std::process::ExitCode;

use trailmere_model::{Error, Kind};

/// The work failed.
pub(crate) const FAILED: ExitCode = ExitCode::FAILURE;

/// Used wrongly: an unknown name, a bad argument. Also clap's own code.
const MISUSED: u8 = 2;

/// Done, but something was rejected or failed on the way.
pub(crate) const WITH_REJECTS: u8 = 3;

/// Says what went wrong on stderr, and gives the code for scripts.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let Some(ours) = error.downcast_ref::<Error>() else {
        eprintln!("error: {error:#}");
        return FAILED;
    };
    // A closed pipe (`trailmere … | head`) is no failure that anybody wants to read about.
    if is_broken_pipe(ours) {
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", describe(ours));
    match ours.kind() {
        Kind::Invalid | Kind::NotFound if ours.place().is_none() => ExitCode::from(MISUSED),
        _ => FAILED,
    }
}

/// The whole of an error: what, where, why, and what to do next.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = format!("error: {}", error.message());
    if let Some(place) = error.place() {
        let separator = if place.contains('\n') { "\n" } else { "\n  at " };
        text.push_str(&format!("{separator}{place}"));
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("\n  because: {cause}"));
        source = cause.source();
    }
    if let Some(hint) = error.advice() {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

fn is_broken_pipe(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::BrokenPipe;
        }
        source = cause.source();
    }
    false
}
