//! What can be configured, beside what every party has.

use ocpi_party::{ConfigError, PartyArgs, PartyConfig, load};
use serde::{Deserialize, Serialize};

use crate::station::{Driver, Settings};
use crate::tokens::authorize::WhitelistPolicy;

/// The configuration of this platform. In a TOML file all options are top-level keys with the names of these fields.
///
/// ```
/// use cpo_mock::Config;
/// let config = Config { command_timeout: 10, ..Config::default() };
/// assert_eq!(config.party.port, 8001);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches that users turn on and off")]
pub struct Config {
    /// What every party has.
    #[serde(flatten)]
    pub party: PartyConfig,
    /// The currency (ISO 4217) of Sessions to which no tariff applies.
    pub currency: String,
    /// How many seconds a partner is told to wait for the result of a command, or of a request about charging profiles.
    pub command_timeout: u32,
    /// How many requests about the charging profile of one Session are passed on to its station within a minute.
    pub profile_requests_per_minute: u32,
    /// Results of commands may go to hosts that are not among a partner's endpoints. They carry our token for that partner.
    pub any_response_host: bool,
    /// What to do with Tokens of whitelist type ALLOWED.
    pub allowed_tokens: WhitelistPolicy,
    /// Fills an empty database with the 40 stations of two invented operators that come with the program.
    pub demo_data: bool,
    /// Seconds between two meter readings of a charge with alternating current.
    pub meter_interval_ac: u32,
    /// Seconds between two meter readings of a charge with direct current.
    pub meter_interval_dc: u32,
    /// Stations refuse a remote start while no cable is plugged in, instead of waiting for the driver.
    pub cable_first: bool,
    /// How many seconds a station waits for the cable.
    pub cable_timeout: u32,
    /// After a remote start without a vehicle, a simulated driver plugs one in.
    pub auto_driver: bool,
    /// Seconds until the simulated driver plugs in.
    pub auto_plug_in_after: u32,
    /// Seconds after the end of a charge until the simulated driver unplugs.
    pub auto_unplug_after: u32,
    /// Seconds after which the simulated driver unplugs at the latest.
    pub auto_stay: u32,
    /// Makes chance (simulated vehicles, ids) repeatable. Not for production: ids could be guessed.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        let Settings { meter_interval_ac, meter_interval_dc, cable_first, cable_timeout, driver, .. } =
            Settings::default();
        Self {
            party: PartyConfig::cpo(),
            currency: "USD".to_owned(),
            command_timeout: 30,
            profile_requests_per_minute: 30,
            any_response_host: false,
            allowed_tokens: WhitelistPolicy::default(),
            demo_data: false,
            meter_interval_ac,
            meter_interval_dc,
            cable_first,
            cable_timeout,
            auto_driver: driver.automatic,
            auto_plug_in_after: driver.plugs_in_after,
            auto_unplug_after: driver.unplugs_after,
            auto_stay: driver.stays,
            seed: None,
        }
    }
}

impl Config {
    /// Puts the configuration together from defaults, TOML file, environment and flags.
    pub fn load(args: &Args) -> Result<Self, ConfigError> {
        let config: Self = load(&Self::default(), args.party.config.as_deref(), args)?;
        config.check()?;
        Ok(config)
    }

    /// What no single value shows to be wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(ConfigError::new(format!("currency {:?} must be three letters, such as EUR", self.currency)));
        }
        if self.command_timeout == 0 {
            return Err(ConfigError::new("command_timeout must be at least 1 second"));
        }
        Ok(())
    }

    /// How the simulated stations behave.
    #[must_use]
    pub fn stations(&self) -> Settings {
        Settings {
            meter_interval_ac: self.meter_interval_ac,
            meter_interval_dc: self.meter_interval_dc,
            cable_first: self.cable_first,
            cable_timeout: self.cable_timeout,
            driver: Driver {
                automatic: self.auto_driver,
                plugs_in_after: self.auto_plug_in_after,
                unplugs_after: self.auto_unplug_after,
                stays: self.auto_stay,
            },
            seed: self.seed.unwrap_or(1),
        }
    }
}

/// The same options as flags and environment variables.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct Args {
    /// What every party has.
    #[command(flatten)]
    #[serde(flatten)]
    pub party: PartyArgs,

    /// The currency of Sessions to which no tariff applies [default: USD]
    #[arg(long, env = "OCPI_CURRENCY", value_name = "CODE", help_heading = "Charging")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,

    /// How long a partner is told to wait for the result of a command [default: 30]
    #[arg(long, env = "COMMAND_TIMEOUT", value_name = "SECONDS", help_heading = "Charging")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_timeout: Option<u32>,

    /// How often a partner may ask for another charging profile of one session, or for the present one [default: 30]
    #[arg(long, env = "PROFILE_REQUESTS_PER_MINUTE", value_name = "NUMBER", help_heading = "Charging")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_requests_per_minute: Option<u32>,

    /// Send results of commands to any host, not only to those of the partner's endpoints [default: false]
    #[arg(long, env = "ANY_RESPONSE_HOST", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Charging")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any_response_host: Option<bool>,

    /// Tokens of whitelist type ALLOWED: trust the stored ones, or ask the EMSP [default: trust]
    #[arg(long, env = "ALLOWED_TOKENS", value_name = "WHAT", help_heading = "Charging")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_tokens: Option<WhitelistPolicy>,

    /// Fill an empty database with 40 stations of two invented operators [default: false]
    #[arg(long, env = "DEMO_DATA", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_data: Option<bool>,

    /// Time between meter readings of an AC charge [default: 300]
    #[arg(long, env = "METER_INTERVAL_AC", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_interval_ac: Option<u32>,

    /// Time between meter readings of a DC charge [default: 60]
    #[arg(long, env = "METER_INTERVAL_DC", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_interval_dc: Option<u32>,

    /// Refuse a remote start while no cable is plugged in, instead of waiting [default: false]
    #[arg(long, env = "CABLE_FIRST", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cable_first: Option<bool>,

    /// How long a station waits for the cable after a remote start [default: 120]
    #[arg(long, env = "CABLE_TIMEOUT", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cable_timeout: Option<u32>,

    /// Let simulated drivers plug in after a remote start, and leave afterwards [default: true]
    #[arg(long, env = "AUTO_DRIVER", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_driver: Option<bool>,

    /// How long a simulated driver takes to plug in [default: 5]
    #[arg(long, env = "AUTO_PLUG_IN_AFTER", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_plug_in_after: Option<u32>,

    /// How long a simulated driver takes to unplug after a charge has ended [default: 10]
    #[arg(long, env = "AUTO_UNPLUG_AFTER", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_unplug_after: Option<u32>,

    /// When a simulated driver comes back at the latest [default: 2700]
    #[arg(long, env = "AUTO_STAY", value_name = "SECONDS", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_stay: Option<u32>,

    /// Make chance repeatable (vehicles, ids); for tests and demonstrations only
    #[arg(long, env = "SIMULATION_SEED", value_name = "NUMBER", help_heading = "Simulated stations")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}
