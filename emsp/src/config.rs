//! What can be configured: the options of every party, and those of an EMSP.

use clap::Args;
use ocpi_party::{ConfigError, PartyArgs, PartyConfig, config::load};
use serde::{Deserialize, Serialize};

/// The configuration of an EMSP.
///
/// ```
/// use emsp::Config;
/// let config = Config { demo_data: true, ..Config::default() };
/// assert_eq!((config.party.port, config.command_timeout_seconds), (8000, 30));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Config {
    /// The options of every party.
    #[serde(flatten)]
    pub party: PartyConfig,
    /// How long we wait for a CPO's answer to a command, and for a result whose time limit it does not say, in seconds.
    pub command_timeout_seconds: i64,
    /// Put tokens for demonstrations into the books at start-up, see [`crate::demo`].
    pub demo_data: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { party: PartyConfig::emsp(), command_timeout_seconds: 30, demo_data: false }
    }
}

/// The same options as flags and environment variables.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct ConfigArgs {
    #[command(flatten)]
    #[serde(flatten)]
    party: PartyArgs,

    /// How long to wait for a CPO's answer to a command, and for a result whose time limit it does not say [default: 30]
    #[arg(long, env = "COMMAND_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    command_timeout_seconds: Option<i64>,

    /// Put tokens for demonstrations into the books: an app user and RFID cards of every kind [default: false]
    #[arg(long, env = "DEMO_DATA", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    demo_data: Option<bool>,
}

impl Config {
    /// Defaults, then the TOML file, then environment and flags.
    pub fn load(args: &ConfigArgs) -> Result<Self, ConfigError> {
        let config: Self = load(&Self::default(), args.party.config.as_deref(), args)?;
        config.check()?;
        Ok(config)
    }

    /// What no single value shows to be wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.party.check()?;
        if !(1..=3600).contains(&self.command_timeout_seconds) {
            return Err(ConfigError::new(format!(
                "command_timeout_seconds must be between 1 and 3600, not {}",
                self.command_timeout_seconds
            )));
        }
        Ok(())
    }
}
