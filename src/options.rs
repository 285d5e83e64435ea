//! The command line of the launcher.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::tiers::Tier;

/// Starts an EMSP and a CPO that speak OCPI 2.2.1, registers them with each other and charges cars.
///
/// `cargo run -p emsp -- serve` and `cargo run -p cpo-mock -- serve` start one party alone; `menu` shows what else there is.
///
/// Both keep their data in one folder, so that a second start goes on where the first one stopped. Everything that is shown
/// travels over real HTTP between the two.
///
/// Exit codes: 0 stopped as asked, 1 something failed (a test, a check), 2 wrong arguments, and otherwise those of
/// `emsp serve` and `cpo-mock serve`.
#[derive(Debug, Parser)]
#[command(name = "roaming-pair", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) story: Options,

    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// What the launcher does beside telling its story.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Choose what to do from a menu: start and stop the parties, lessons, tests and their reports, checks
    Menu,
    /// Run tests of one kind and write their report to target/reports
    Test {
        /// Which tests
        tier: Tier,
    },
    /// Check whether this machine has what the project needs, and say what to do about what it lacks
    Doctor(Doctor),
    /// Print the troubleshooting guide
    Troubleshoot,
    /// Make reports of the output of `cargo test`
    Report {
        /// The output; - for standard input
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The name of the reports: target/reports/NAME.html and NAME.xml
        #[arg(long, default_value = "all")]
        name: String,
    },
}

/// What `doctor` looks at.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Port of the EMSP
    #[arg(long, default_value_t = 8000, value_name = "PORT")]
    pub(crate) emsp_port: u16,
    /// Port of the CPO
    #[arg(long, default_value_t = 8001, value_name = "PORT")]
    pub(crate) cpo_port: u16,
    /// The data folder of the launcher
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
}

/// How the story is told.
#[derive(Debug, Args)]
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
