//! Between OCPI's profiles and those of the stations' port.

use ocpi_types::{ActiveChargingProfile, ChargingProfile, ChargingProfilePeriod, ChargingRateUnit, Decimal, Extra};
use rust_decimal::RoundingStrategy;

use crate::station::{Plan, Profile, Step, Unit};

/// A profile for a station; `None` when its unit is none that OCPI knows. A limit with more than one decimal is cut, so that
/// nobody gets more than was allowed.
pub(super) fn profile(profile: &ChargingProfile) -> Option<Profile> {
    let unit = match profile.charging_rate_unit {
        ChargingRateUnit::W => Unit::Watts,
        ChargingRateUnit::A => Unit::AmperesPerPhase,
        ChargingRateUnit::Unlisted(_) => return None,
    };
    let cut = |rate: Decimal| rate.round_dp_with_strategy(1, RoundingStrategy::ToZero);
    Some(Profile {
        start: profile.start_date_time,
        seconds: profile.duration,
        unit,
        lowest: profile.min_charging_rate.map(cut),
        steps: profile
            .charging_profile_period
            .iter()
            .map(|period| Step { from: period.start_period, limit: cut(period.limit) })
            .collect(),
    })
}

/// A station's plan as OCPI writes it.
pub(super) fn active(plan: &Plan) -> ActiveChargingProfile {
    let periods = plan.steps.iter().map(|step| ChargingProfilePeriod {
        start_period: step.from,
        limit: step.limit,
        extra: Extra::default(),
    });
    ActiveChargingProfile {
        start_date_time: plan.at,
        charging_profile: ChargingProfile {
            start_date_time: None,
            duration: Some(plan.seconds),
            charging_rate_unit: match plan.unit {
                Unit::Watts => ChargingRateUnit::W,
                Unit::AmperesPerPhase => ChargingRateUnit::A,
            },
            min_charging_rate: None,
            charging_profile_period: periods.collect(),
            extra: Extra::default(),
        },
        extra: Extra::default(),
    }
}
