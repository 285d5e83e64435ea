//! The CPO's command line.

use cpo_mock::cli;
use ocpi_party::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run().await
}
