//! `cargo run`: an EMSP and a CPO in one process, registered with each other, and a car that charges.

mod narrator;
mod operator;
mod options;
mod pair;
mod story;

use std::process::ExitCode;

use clap::Parser;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    match story::tell(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(),
    }
}
