//! The command line. Each command says what went wrong in one line, with what to do about it, and ends with a documented code.

mod price;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use serve::serve;

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
  1  `audit` found differences
  2  the command line is wrong
  3  a file or a configuration value cannot be used
  4  the database cannot be opened
  5  the address cannot be listened on
  6  something else went wrong";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::ServeArgs>),
    /// Print the OpenAPI document of the server as JSON
    Openapi,
    /// Price the charging periods of a CDR, which need not have any totals yet
    Price(price::PriceArgs),
    /// Compare the totals of a CDR with what its charging periods cost
    Audit(price::AuditArgs),
}

/// What a command ends with when it fails.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// One line: what is wrong and what to do about it.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Openapi => print(&crate::App::openapi().to_pretty_json().unwrap_or_default()),
        Command::Price(args) => price::price(&args).and_then(|text| print(&text)),
        Command::Audit(args) => match price::audit(&args) {
            Ok((text, true)) => print(&text),
            Ok((text, false)) => print(&text).and(Err(Failure::new(1, ""))),
            Err(failure) => Err(failure),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                anstream::eprintln!("emsp: {}", failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(6, error.to_string())),
        _ => Ok(()),
    }
}
