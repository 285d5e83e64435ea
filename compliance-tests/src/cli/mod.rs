//! `run`, `list`, `explain` and `serve`.

mod args;
mod run;
mod show;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Task};

/// A wrong option, file or name.
pub(crate) const USAGE: u8 = 64;

pub(crate) async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code =
                if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) { 0 } else { USAGE };
            // A closed terminal is no reason to fail differently.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let done = match cli.task {
        Task::Run(args) => run::run(*args).await,
        Task::List(args) => show::list(&args),
        Task::Explain { case } => show::explain(&case),
        Task::Serve(args) => show::serve(args).await,
        Task::Coverage => {
            show::coverage();
            Ok(0)
        }
        Task::Matrix => {
            show::matrix();
            Ok(0)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// Whether there is such a module.
pub(crate) fn known_module(name: &str) -> Result<(), String> {
    let modules = compliance_tests::case::MODULES;
    if modules.contains(&name) {
        Ok(())
    } else {
        Err(format!("there is no module {name}; there are {}", modules.join(", ")))
    }
}
