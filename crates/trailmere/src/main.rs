//! The `trailmere` command: arguments in, exit code out.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod commands;
mod context;
mod exit;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Two more than queries keep busy, so that timers, cancelling and signs of life never wait for a plan that computes.
    let threads = std::thread::available_parallelism().map_or(2, usize::from) + 2;
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("error: the asynchronous runtime can't be started: {e}");
            return exit::FAILED;
        }
    };
    let code = match runtime.block_on(commands::run(arguments)) {
        Ok(code) => code,
        Err(error) => exit::report(&error),
    };
    // A cancelled blocking read must not keep the process alive.
    runtime.shutdown_background();
    code
}
