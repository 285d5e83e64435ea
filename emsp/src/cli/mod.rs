//! The command line. Each command says what went wrong in one line, with what to do about it, and ends with a documented code.

mod price;
mod serve;

use clap::{Parser, Subcommand};
use ocpi_party::ExitCode;

/// An OCPI 2.2.1 e-mobility service provider.
#[derive(Debug, Parser)]
#[command(name = "emsp", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something failed while running; `audit`: the totals differ
  2  an option or a file cannot be used
  3  the database cannot be opened or brought up to date
  4  the address cannot be listened on";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::ServeArgs>),
    /// Print the OpenAPI document of the server as JSON
    Openapi,
    /// Price the charging periods of a CDR or session, which need not have any totals yet, and explain the price
    #[command(visible_alias = "explain")]
    Price(price::PriceArgs),
    /// Compare the totals of a CDR with what its charging periods cost
    Audit(price::AuditArgs),
}

/// Why a command fails.
#[derive(Debug)]
struct Failure {
    code: ExitCode,
    /// One line: what is wrong and what to do about it.
    message: String,
}

impl Failure {
    fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args).map(|()| ExitCode::Success),
        Command::Openapi => print(&crate::App::openapi().to_pretty_json().unwrap_or_default(), ExitCode::Success),
        Command::Price(args) => price::price(&args).and_then(|text| print(&text, ExitCode::Success)),
        Command::Audit(args) => price::audit(&args)
            .and_then(|(text, agrees)| print(&text, if agrees { ExitCode::Success } else { ExitCode::Failure })),
    };
    done.unwrap_or_else(|failure| {
        anstream::eprintln!("emsp: {}", failure.message);
        failure.code
    })
}

/// A reader that has seen enough (`| head`) is no failure.
fn print(text: &str, code: ExitCode) -> Result<ExitCode, Failure> {
    use std::io::Write;
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(ExitCode::Failure, error.to_string()))
        }
        _ => Ok(code),
    }
}
