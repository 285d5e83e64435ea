//! The two parties in one process.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ocpi_http::{Clock, ExchangeLog, Secret};
use ocpi_party::{PartyConfig, Running, StartError};
use ocpi_types::{DateTime, format_date_time, parse_date_time};

use crate::docs;
use crate::operator::{Operator, OperatorProblem};
use crate::options::Options;

/// Shown to the operator APIs of the demonstration, which listen on loopback only.
pub(crate) const OPERATOR_KEY: &str = "demo-operator-key";

/// Why the launcher gives up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A party does not start.
    #[error("the {party} does not start: {source}")]
    Start {
        /// `EMSP` or `CPO`.
        party: &'static str,
        /// Why.
        source: StartError,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}; choose another one with --data")]
    Data {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// An operator API did not do what the story needs.
    #[error("{0}")]
    Operator(#[from] OperatorProblem),
    /// Something did not happen in time.
    #[error("{0} did not happen; the log above may tell why, and --data FOLDER starts afresh in another folder")]
    Missing(&'static str),
}

impl Problem {
    /// Tells the person and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        anstream::eprintln!("error: {self}");
        match self {
            Self::Start { source, .. } => ExitCode::from(source.exit_code() as u8),
            Self::Data { .. } => ExitCode::from(3),
            Self::Operator(_) | Self::Missing(_) => ExitCode::FAILURE,
        }
    }
}

/// A running EMSP and a running CPO.
pub(crate) struct Pair {
    pub(crate) emsp: Party,
    pub(crate) cpo: Party,
    pub(crate) clock: Clock,
    /// When they were started, in the time of the story.
    pub(crate) began: DateTime,
}

/// One of the two.
pub(crate) struct Party {
    pub(crate) base_url: String,
    pub(crate) operator: Operator,
    pub(crate) exchanges: ExchangeLog,
    pub(crate) inner: ocpi_party::Party,
    running: Running,
}

impl Party {
    fn new(running: Running, party: ocpi_party::Party) -> Self {
        let base_url = format!("http://{}", running.addr);
        let operator = Operator::new(&base_url, OPERATOR_KEY);
        Self { operator, base_url, exchanges: party.exchanges.clone(), inner: party, running }
    }
}

/// The longest that a story lasts, in the time of the story.
pub(crate) const STORY: Duration = Duration::from_mins(80);

/// Opens both databases and starts both servers.
///
/// Both listen before either runs, so that nobody finds the other one missing.
pub(crate) async fn start(options: &Options) -> Result<Pair, Problem> {
    let speed = if options.fast { 400 } else { 120 };
    let clock = Clock::story(story_begins(&options.data)?, speed);
    let began = clock.now();
    let cpo_failed = |source| Problem::Start { party: "CPO", source };
    let emsp_failed = |source| Problem::Start { party: "EMSP", source };
    let cpo = cpo_mock::App::open(cpo_config(options), clock.clone()).await.map_err(cpo_failed)?;
    let emsp = emsp::App::open(emsp_config(options), clock.clone()).await.map_err(emsp_failed)?;
    let cpo_listener = ocpi_party::app::listen(&cpo.party).await.map_err(cpo_failed)?;
    let emsp_listener = ocpi_party::app::listen(&emsp.party).await.map_err(emsp_failed)?;
    let (cpo_party, emsp_party) = (cpo.party.clone(), emsp.party.clone());
    let cpo = Party::new(cpo.start(cpo_listener).await.map_err(cpo_failed)?, cpo_party);
    let emsp = Party::new(emsp.start(emsp_listener).await.map_err(emsp_failed)?, emsp_party);
    let pair = Pair { emsp, cpo, clock, began };
    docs::log_in(&pair);
    Ok(pair)
}

fn cpo_config(options: &Options) -> cpo_mock::Config {
    cpo_mock::Config {
        party: party_config(PartyConfig::cpo(), options.cpo_port, options.cpo_database.as_ref(), options, "cpo"),
        demo_data: true,
        // The clock of the story runs ahead of the computers that take part in it.
        command_timeout: 3600,
        // Nor does the simulated driver come back before the story has told it, however slow they are.
        auto_stay: 4 * 3600,
        ..cpo_mock::Config::default()
    }
}

fn emsp_config(options: &Options) -> emsp::Config {
    emsp::Config {
        party: party_config(PartyConfig::emsp(), options.emsp_port, options.emsp_database.as_ref(), options, "emsp"),
        demo_data: true,
        ..emsp::Config::default()
    }
}

fn party_config(
    defaults: PartyConfig,
    port: u16,
    database: Option<&String>,
    options: &Options,
    name: &str,
) -> PartyConfig {
    let file = || format!("sqlite:{}", options.data.join(format!("{name}.db")).display());
    PartyConfig {
        host: Ipv4Addr::LOCALHOST.to_string(),
        port,
        database_url: database.cloned().unwrap_or_else(file),
        operator_key: Some(Secret::new(OPERATOR_KEY)),
        // Both are on this machine and speak plain HTTP.
        allow_private_urls: true,
        allow_http_urls: true,
        // Small pages, so that there are some to be seen.
        page_default: 20,
        page_max: 20,
        log: "warn".to_owned(),
        ..defaults
    }
}

/// The file in the data folder that says until when stories have been told.
const STORY_ENDS: &str = "story-ends";

/// When the story begins: far enough back that it ends about now, but never before an earlier story ended.
///
/// What a party has stored must not be newer than what happens next, so the end of each story is noted before it begins.
fn story_begins(data: &Path) -> Result<DateTime, Problem> {
    let problem = |source| Problem::Data { folder: data.display().to_string(), source };
    std::fs::create_dir_all(data).map_err(problem)?;
    let note = data.join(STORY_ENDS);
    let noted = std::fs::read_to_string(&note).ok().and_then(|text| parse_date_time(&text)).map(|(at, _)| at);
    let begin = Clock::system().now() - STORY;
    let begin = noted.map_or(begin, |ended| ended.max(begin));
    std::fs::write(&note, format_date_time(&(begin + STORY))).map_err(problem)?;
    Ok(begin)
}

impl Pair {
    /// Ends the story: from now on time passes as it really does.
    pub(crate) fn settle(&self, options: &Options) -> Result<(), Problem> {
        self.clock.settle();
        self.note_end(options)
    }

    /// Notes until when something may have happened. A story may have taken longer than planned, and what people do after it
    /// happens later still.
    pub(crate) fn note_end(&self, options: &Options) -> Result<(), Problem> {
        let ended = self.clock.now().max(self.began + STORY);
        std::fs::write(options.data.join(STORY_ENDS), format_date_time(&ended))
            .map_err(|source| Problem::Data { folder: options.data.display().to_string(), source })
    }

    /// Stops both in good order.
    pub(crate) async fn stop(self) {
        self.emsp.running.shutdown();
        self.cpo.running.shutdown();
        self.emsp.running.join().await;
        self.cpo.running.join().await;
    }
}
