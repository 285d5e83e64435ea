//! The EMSP as a program; see the library.

use ocpi_party::ExitCode;

fn main() -> ExitCode {
    emsp::cli::run()
}
