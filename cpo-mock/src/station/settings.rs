//! How simulated stations behave, and what their connectors can do.

use ocpi_types::{Connector, PowerType};
use serde::{Deserialize, Serialize};

/// How the simulated stations and their drivers behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds between two meter readings of a charge with alternating current.
    pub meter_interval_ac: u32,
    /// Seconds between two meter readings of a charge with direct current.
    pub meter_interval_dc: u32,
    /// A station refuses a remote start while no cable is plugged in, instead of waiting for the driver.
    pub cable_first: bool,
    /// How many seconds a station waits for the cable after it has accepted a start.
    pub cable_timeout: u32,
    /// What simulated drivers do by themselves.
    pub driver: Driver,
    /// Makes the simulated vehicles differ; the same seed gives the same vehicles.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            meter_interval_ac: 300,
            meter_interval_dc: 60,
            cable_first: false,
            cable_timeout: 120,
            driver: Driver::default(),
            seed: 1,
        }
    }
}

/// A simulated driver, so that a platform can be tried without touching the operator API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Driver {
    /// After an accepted start without a vehicle, one is plugged in by itself.
    pub automatic: bool,
    /// Seconds until it is plugged in.
    pub plugs_in_after: u32,
    /// Seconds after the end of a transaction until it is unplugged.
    pub unplugs_after: u32,
    /// Seconds after plugging in at which the driver comes back at the latest.
    pub stays: u32,
}

impl Default for Driver {
    fn default() -> Self {
        Self { automatic: true, plugs_in_after: 5, unplugs_after: 10, stays: 2700 }
    }
}

/// What a connector can deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorSpec {
    /// `Connector.id`.
    pub id: String,
    /// Direct current.
    pub is_dc: bool,
    /// The highest power, in W.
    pub watts: i64,
    /// The voltage between line and neutral (direct current: of the output), in V.
    pub volts: i64,
    /// On how many phases it delivers; 1 for direct current.
    #[serde(default = "one")]
    pub phases: i64,
}

fn one() -> i64 {
    1
}

impl ConnectorSpec {
    /// What a published Connector can deliver.
    #[must_use]
    pub fn of(connector: &Connector) -> Self {
        let is_dc = connector.power_type == PowerType::Dc;
        let phases = match connector.power_type {
            PowerType::Ac3Phase => 3,
            PowerType::Ac2Phase | PowerType::Ac2PhaseSplit => 2,
            _ => 1,
        };
        // Many operators write the voltage between two lines, 400 V, where 230 V belongs.
        let between_lines = phases == 3 && connector.max_voltage > 300;
        let volts = if between_lines { connector.max_voltage * 1000 / 1732 } else { connector.max_voltage };
        let possible = volts.saturating_mul(connector.max_amperage).saturating_mul(phases);
        let watts = connector.max_electric_power.filter(|watts| *watts > 0).map_or(possible, |max| max.min(possible));
        Self {
            id: connector.id.as_str().to_owned(),
            is_dc,
            watts: watts.clamp(0, 10_000_000),
            volts: volts.clamp(1, 10_000),
            phases,
        }
    }
}
