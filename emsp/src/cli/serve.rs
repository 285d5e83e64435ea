//! `emsp serve`.

use clap::Args;
use ocpi_http::Clock;
use ocpi_party::{ExitCode, StartError, app::listen, telemetry};

use super::Failure;
use crate::config::{Config, ConfigArgs};
use crate::{App, demo};

/// `emsp serve`. Options can also be set in the environment and in a TOML file; flags win.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

/// Serves until the process is told to stop.
pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let config = Config::load(&args.config).map_err(|error| Failure::new(ExitCode::Usage, error.to_string()))?;
    telemetry::init_log(&config.party.log, config.party.log_json).map_err(StartError::from)?;
    telemetry::init_metrics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(ExitCode::Failure, error.to_string()))?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), Failure> {
    let demo_data = config.demo_data;
    let app = App::open(config, Clock::system()).await?;
    let listener = listen(&app.party).await?;
    let party = app.party.clone();
    let running = app.start(listener).await?;
    tracing::info!("documentation at {}", party.url("/docs"));
    if party.config.operator_key.is_none() {
        tracing::warn!("the operator API is closed; set --operator-key or OPERATOR_KEY to open it");
    }
    if demo_data {
        tracing::info!(app_user = demo::APP_USER, rfid = demo::RFID_NEVER, "demo tokens are in the books");
    }
    stop_requested().await;
    tracing::info!("stopping");
    running.stop().await;
    party.db.close().await;
    Ok(())
}

/// Ctrl-C, or the signal that service managers send.
async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
