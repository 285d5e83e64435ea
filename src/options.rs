//! The command line of the launcher.

use std::path::PathBuf;

use clap::Parser;

/// Starts an EMSP and a CPO that speak OCPI 2.2.1, registers them with each other and charges two cars.
///
/// `cargo run -p emsp -- serve` and `cargo run -p cpo-mock -- serve` start one party alone.
///
/// Both keep their data in one folder, so that a second start goes on where the first one stopped. Everything that is shown
/// travels over real HTTP between the two.
///
/// Exit codes: 0 stopped as asked, 2 wrong arguments, and otherwise those of `emsp serve` and `cpo-mock serve`.
#[derive(Debug, Parser)]
#[command(name = "roaming-pair", version)]
pub(crate) struct Options {
    /// Tell the story in a few seconds instead of most of a minute.
    #[arg(long)]
    pub(crate) fast: bool,

    /// Stop when the story is told, instead of staying up.
    #[arg(long)]
    pub(crate) exit: bool,

    /// Port of the EMSP.
    #[arg(long, default_value_t = 8000, value_name = "PORT")]
    pub(crate) emsp_port: u16,

    /// Port of the CPO.
    #[arg(long, default_value_t = 8001, value_name = "PORT")]
    pub(crate) cpo_port: u16,

    /// Folder for the two SQLite files; made when it is missing.
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,

    /// Database of the EMSP, instead of a file in the data folder (`postgres://…` or `sqlite:FILE`).
    #[arg(long, value_name = "URL")]
    pub(crate) emsp_database: Option<String>,

    /// Database of the CPO, instead of a file in the data folder.
    #[arg(long, value_name = "URL")]
    pub(crate) cpo_database: Option<String>,
}
