//! `cargo run`: an EMSP and a CPO in one process, registered with each other, and cars that charge. `cargo run -- menu` and
//! its like: everything else that a person does with this project.

mod docs;
mod doctor;
mod markdown;
mod menu;
mod narrator;
mod operator;
mod options;
mod pair;
mod reports;
mod story;
mod tiers;

use std::process::ExitCode;

use clap::Parser;

use options::{Cli, Task};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.task {
        None => match story::tell(&cli.story).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => problem.report(),
        },
        Some(Task::Menu) => menu::show().await,
        Some(Task::Test { tier }) => tiers::run(tier),
        Some(Task::Doctor(options)) => doctor::examine(&options).await,
        Some(Task::Troubleshoot) => menu::troubleshoot(),
        Some(Task::Report { from, name }) => reports::make(&from, &name),
    }
}
