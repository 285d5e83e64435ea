//! The options.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use compliance_tests::{Level, TargetRole, Tier};

/// Judges an OCPI 2.2.1 platform from outside, requirement by requirement.
#[derive(Debug, Parser)]
#[command(name = "ocpi-compliance", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   every MUST that was tried holds
  1   some MUST failed
  2   nothing could be run (nobody answers, or no case passed, warned or failed)
  3   the tester had an error of its own
  64  wrong usage";

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Judge a platform
    #[command(after_help = RUN_HELP)]
    Run(Box<RunArgs>),
    /// List the cases with their requirement ids
    List(ListArgs),
    /// Explain one case: what it does, what must be seen, the requirements in words
    Explain {
        /// Id of the case
        case: String,
    },
    /// Run a reference party that partners can test their platform against; with faults, a misbehaving one
    #[command(
        after_help = "Without --fault the party is conformant. `serve --list-faults` names the faults; `set MODULE POINTER JSON` and\n`unset MODULE POINTER` break the first object of a list, e.g. --fault 'unset locations /publish'."
    )]
    Serve(ServeArgs),
    /// Print which requirement is proved by which case, and why others are not (Markdown)
    Coverage,
    /// Print which sabotage each case notices (Markdown)
    Matrix,
}

const RUN_HELP: &str = "\
Examples:
  ocpi-compliance run --versions-url https://partner.example/ocpi/versions --token-a TOKEN --role cpo --public-url http://me:9100 --listen 0.0.0.0:9100
  ocpi-compliance run --versions-url … --token-a … --role emsp --triggers my-triggers.toml --report html=report.html --report junit=report.xml";

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct RunArgs {
    /// The platform's versions URL
    #[arg(long)]
    pub(crate) versions_url: String,
    /// Registration token: the suite registers, and unregisters when it is done
    #[arg(long, env = "OCPI_TOKEN_A", hide_env_values = true, required_unless_present_any = ["token", "invite"], conflicts_with = "token")]
    pub(crate) token_a: Option<String>,
    /// Get the registration token from the trigger `invite`, or from the person
    #[arg(long, conflicts_with_all = ["token", "token_a"])]
    pub(crate) invite: bool,
    /// Token of an existing registration, which is left as it is
    #[arg(long, env = "OCPI_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Further registration token, for cases that need a registration of their own (repeatable)
    #[arg(long)]
    pub(crate) spare_token_a: Vec<String>,
    /// Role of the platform
    #[arg(long)]
    pub(crate) role: RoleArg,
    /// Where the tester's own party listens
    #[arg(long, default_value = "127.0.0.1:9100")]
    pub(crate) listen: SocketAddr,
    /// How the platform reaches the tester's party [default: the listening address]
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// The tester's party
    #[arg(long, default_value = "NL/CTS", value_name = "COUNTRY/PARTY")]
    pub(crate) party: String,
    /// A second party of the tester in the same registration; `none` for none
    #[arg(long, default_value = "NL/CTT", value_name = "COUNTRY/PARTY")]
    pub(crate) second_party: String,
    /// Run only these cases: id, beginning of an id, or requirement id (repeatable)
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Leave these out (repeatable)
    #[arg(long, value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Run only these modules (repeatable)
    #[arg(long, value_delimiter = ',')]
    pub(crate) module: Vec<String>,
    /// Weakest level to run
    #[arg(long, default_value = "may")]
    pub(crate) level: LevelArg,
    /// Most disturbing tier to run
    #[arg(long, default_value = "own-objects")]
    pub(crate) tier: TierArg,
    /// Trigger file: how to make the platform's operator do something
    #[arg(long)]
    pub(crate) triggers: Option<PathBuf>,
    /// Value for a {placeholder} of the trigger file, as NAME=VALUE (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,
    /// Ask the person where there is no trigger
    #[arg(long)]
    pub(crate) interactive: bool,
    /// Write a report, as html=FILE, junit=FILE, json=FILE or md=FILE (repeatable)
    #[arg(long, value_name = "KIND=FILE")]
    pub(crate) report: Vec<String>,
    /// Compare with an earlier JSON report
    #[arg(long, value_name = "OLD.json")]
    pub(crate) compare: Option<PathBuf>,
    /// Seconds to wait for an answer
    #[arg(long, default_value_t = 10)]
    pub(crate) timeout: u64,
    /// Seconds to wait for something that the platform is expected to send
    #[arg(long, default_value_t = 15)]
    pub(crate) patience: u64,
    /// Seconds after which the rest of the run is given up
    #[arg(long, default_value_t = 600)]
    pub(crate) deadline: u64,
    /// Run one case after the other on one connection. Else cases that wait much run beside the others, as further partners
    /// that the trigger `invite` lets in
    #[arg(long)]
    pub(crate) one_by_one: bool,
    /// Print only the summary
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Only cases for this role
    #[arg(long)]
    pub(crate) role: Option<RoleArg>,
    /// Only cases of this module
    #[arg(long)]
    pub(crate) module: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Role of the party
    #[arg(long, default_value = "cpo")]
    pub(crate) role: RoleArg,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9200")]
    pub(crate) listen: SocketAddr,
    /// How partners reach it [default: the listening address]
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// The party
    #[arg(long, default_value = "DE/REF", value_name = "COUNTRY/PARTY")]
    pub(crate) party: String,
    /// A rule to break (repeatable)
    #[arg(long)]
    pub(crate) fault: Vec<String>,
    /// Print the faults and stop
    #[arg(long)]
    pub(crate) list_faults: bool,
    /// Offer /operator/…, without authorization: the way in for triggers. For loopback only
    #[arg(long)]
    pub(crate) operator: bool,
    /// Most objects on a page
    #[arg(long, default_value_t = 100)]
    pub(crate) page_cap: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleArg {
    Cpo,
    Emsp,
}

impl From<RoleArg> for TargetRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Cpo => Self::Cpo,
            RoleArg::Emsp => Self::Emsp,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LevelArg {
    Must,
    Should,
    May,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Must => Self::Must,
            LevelArg::Should => Self::Should,
            LevelArg::May => Self::May,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TierArg {
    ReadOnly,
    OwnObjects,
    Destructive,
}

impl From<TierArg> for Tier {
    fn from(tier: TierArg) -> Self {
        match tier {
            TierArg::ReadOnly => Self::ReadOnly,
            TierArg::OwnObjects => Self::OwnObjects,
            TierArg::Destructive => Self::Destructive,
        }
    }
}
