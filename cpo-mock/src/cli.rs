//! The command line: `serve`, `import` and `openapi`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use ocpi_http::Clock;
use ocpi_party::{ConfigError, ExitCode, StartError, app, telemetry};
use ocpi_types::{Location, PartyId, Tariff};

use crate::import::{self, ImportError, Kind, Progress, Summary};
use crate::{App, Args, Config};

/// An OCPI 2.2.1 charge point operator whose stations are simulated.
///
/// Start it, open /docs for its interfaces, and register a partner through the operator API.
#[derive(Debug, Parser)]
#[command(name = "cpo-mock", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed while running; 2 bad option or configuration; 3 the database cannot \
                          be used; 4 the address cannot be listened on; 6 imported, but some objects were faulty.";

const SERVE_HELP: &str = "\
Every option can also be set in the environment, and in a TOML file (--config) with _ for -.
Flags win over the environment, the environment over the file.

Try it:
  cpo-mock serve --demo-data --operator-key secret-key --allow-private-urls --allow-http-urls
  curl -H 'Authorization: Bearer secret-key' http://127.0.0.1:8001/operator/v1/stations
  curl -H 'Authorization: Bearer secret-key' -X POST http://127.0.0.1:8001/operator/v1/partners/invitations -d '{\"name\":\"me\"}'";

const IMPORT_HELP: &str = "\
The file is a JSON list, an OCPI response with a list in `data`, or one object after the other (JSON Lines); plain or gzip.
What is valid or tolerable is loaded; each faulty object is reported with its place in the file and JSON Pointers.
The operators found become parties of this platform; registered partners learn of them, and of the objects, as soon as the
server runs.";

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the platform until Ctrl-C
    #[command(after_help = SERVE_HELP)]
    Serve(Box<Args>),
    /// Load Locations or Tariffs from a file
    #[command(after_help = IMPORT_HELP)]
    Import(Box<ImportArgs>),
    /// Print the OpenAPI document of all routes
    Openapi,
}

#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// What the file holds
    kind: Kind,
    /// The file
    file: PathBuf,
    /// Take all objects over as those of this party
    #[arg(long, value_name = "COUNTRY/PARTY")]
    party: Option<PartyId>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Args,
}

/// Runs what the command line asks for.
pub async fn run() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Serve(args) => serve(&args).await,
        Task::Import(args) => import(&args).await,
        Task::Openapi => print_openapi(),
    };
    done.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        failure.exit_code()
    })
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("{path}: {source}; check the name of the file")]
    File { path: PathBuf, source: std::io::Error },
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
    #[error("the document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Start(error.into())
    }
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Start(error) => error.exit_code(),
            Self::Import(ImportError::Db(_)) => ExitCode::Database,
            Self::File { .. } => ExitCode::Usage,
            Self::Import(ImportError::File(_)) | Self::Output(_) | Self::Json(_) => ExitCode::Failure,
        }
    }
}

async fn serve(args: &Args) -> Result<ExitCode, Failure> {
    let config = Config::load(args)?;
    telemetry::init_log(&config.party.log, config.party.log_json)?;
    let app = App::open(config, Clock::system()).await?;
    let listener = app::listen(&app.party).await?;
    if app.party.config.operator_key.is_none() {
        tracing::warn!("the operator API is closed: set --operator-key (OPERATOR_KEY) to use it");
    }
    let party = app.party.clone();
    let running = app.start(listener).await?;
    let base = party.base_url();
    eprintln!(
        "{} serves OCPI 2.2.1 at {}; its interfaces are described at {base}docs",
        party.own_party(),
        party.versions_url()
    );
    wait_for_stop().await;
    eprintln!("stopping …");
    running.stop().await;
    party.db.close().await;
    Ok(ExitCode::Success)
}

/// Waits for Ctrl-C, or for the signal that service managers send.
async fn wait_for_stop() {
    let interrupted = async {
        // Without the signal nobody can stop us in good order, but we can serve.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminated = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! { () = interrupted => {}, () = terminated => {} }
    }
    #[cfg(not(unix))]
    interrupted.await;
}

async fn import(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let config = Config::load(&args.options)?;
    telemetry::init_log(&config.party.log, config.party.log_json)?;
    let failed = |source| Failure::File { path: args.file.clone(), source };
    let file = File::open(&args.file).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let app = App::open(config, Clock::system()).await?;
    let progress = Progress::shown(length);
    let summary = match args.kind {
        Kind::Locations => import::import::<Location>(&app.party, file, args.party.clone(), &progress).await,
        Kind::Tariffs => import::import::<Tariff>(&app.party, file, args.party.clone(), &progress).await,
    };
    app.party.db.close().await;
    let summary = summary?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&summary)?)?;
    } else {
        tell(&mut out, &args.file, &summary)?;
    }
    Ok(if summary.faulty.is_empty() { ExitCode::Success } else { ExitCode::PartlyDone })
}

fn tell(out: &mut impl Write, file: &Path, summary: &Summary) -> std::io::Result<()> {
    for faulty in &summary.faulty {
        writeln!(out, "object {} ({}) is left out:", faulty.index, faulty.object)?;
        for fault in &faulty.faults {
            let place = if fault.pointer.is_empty() { "(root)" } else { &fault.pointer };
            writeln!(out, "    {place}: {}", fault.message)?;
        }
    }
    if !summary.tolerated.is_empty() {
        writeln!(out, "tolerated:")?;
        for (kind, count) in &summary.tolerated {
            writeln!(out, "    {count} x {kind}")?;
        }
    }
    if !summary.new_parties.is_empty() {
        writeln!(out, "new parties of this platform: {}", summary.new_parties.join(", "))?;
    }
    writeln!(
        out,
        "{}: {} objects; {} new, {} replaced, {} unchanged, {} faulty",
        file.display(),
        summary.read,
        summary.created,
        summary.replaced,
        summary.unchanged,
        summary.faulty.len()
    )
}

fn print_openapi() -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", App::openapi().to_pretty_json()?)?;
    Ok(ExitCode::Success)
}
