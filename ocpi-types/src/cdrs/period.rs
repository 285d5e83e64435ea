//! What happened during a part of a session.

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, Decimal, Rule};

object! {
    /// A part of a session in which nothing changed that matters for the price.
    ///
    /// Spec: mod_cdrs, "ChargingPeriod class". It ends where the next one starts; the last one ends with the session.
    ///
    /// ```
    /// use ocpi_types::{CdrDimension, CdrDimensionType, ChargingPeriod, Decimal};
    ///
    /// let energy = CdrDimension::builder()
    ///     .dimension_type(CdrDimensionType::Energy)
    ///     .volume(Decimal::new(75, 1))
    ///     .build()
    ///     .unwrap();
    /// let period = ChargingPeriod::builder()
    ///     .start_date_time("2026-05-12T13:00:00Z".parse::<ocpi_types::DateTime>().unwrap())
    ///     .dimensions([energy])
    ///     .tariff_id("TARIFF-DAY")
    ///     .build()
    ///     .unwrap();
    /// assert_eq!(period.dimensions[0].volume.to_string(), "7.5");
    /// ```
    ChargingPeriod("ChargingPeriod", "mod_cdrs", ChargingPeriodBuilder) {
        /// When it begins.
        start_date_time: 1 DateTime,
        /// What was measured in it.
        dimensions: + CdrDimension,
        /// The tariff that counts, at most 36 characters. Absent: none does.
        tariff_id: ? CiString<36>,
    }
}

object! {
    /// An amount of something in a period.
    ///
    /// Spec: mod_cdrs, "CdrDimension class".
    CdrDimension("CdrDimension", "mod_cdrs", CdrDimensionBuilder, rules = dimension_rules) {
        /// What was measured. `type` in JSON.
        dimension_type as "type": 1 CdrDimensionType,
        /// How much of it, in the unit of its type.
        volume: 1 Decimal,
    }
}

fn dimension_rules(dimension: &CdrDimension, cx: &mut Context) {
    const CLASS: &str = "CdrDimension";
    let volume = dimension.volume;
    match dimension.dimension_type {
        // CDR-105.
        CdrDimensionType::StateOfCharge if volume < Decimal::ZERO || volume > Decimal::ONE_HUNDRED => {
            cx.found_at(CLASS, "volume", Rule::Suspicious, "not between 0 and 100 percent");
        }
        // CDR-099.
        CdrDimensionType::Time | CdrDimensionType::ParkingTime | CdrDimensionType::ReservationTime
            if volume < Decimal::ZERO =>
        {
            cx.found_at(CLASS, "volume", Rule::Suspicious, "time runs backwards");
        }
        _ => {}
    }
}

open_enum! {
    /// What can be measured in a period.
    ///
    /// Spec: mod_cdrs, "CdrDimensionType enum".
    CdrDimensionType("CdrDimensionType", "mod_cdrs") {
        /// The average current, in A; negative when it flows to the grid. Only in sessions.
        Current = "CURRENT",
        /// The energy of the period, in kWh; negative when more flowed to the grid than to the car.
        Energy = "ENERGY",
        /// The energy that flowed to the grid, in kWh. Only in sessions.
        EnergyExport = "ENERGY_EXPORT",
        /// The energy that flowed to the car, in kWh. Only in sessions.
        EnergyImport = "ENERGY_IMPORT",
        /// The highest current, summed over the phases, in A.
        MaxCurrent = "MAX_CURRENT",
        /// The lowest current, summed over the phases, in A; negative when it flowed to the grid.
        MinCurrent = "MIN_CURRENT",
        /// The highest power, in kW.
        MaxPower = "MAX_POWER",
        /// The lowest power, in kW; negative when it flowed to the grid.
        MinPower = "MIN_POWER",
        /// The time in which the car asked for no power, in hours.
        ParkingTime = "PARKING_TIME",
        /// The average power, in kW; negative when it flows to the grid. Only in sessions.
        Power = "POWER",
        /// The time in which the EVSE was reserved and not yet used, in hours.
        ReservationTime = "RESERVATION_TIME",
        /// How full the car's battery is, in percent. Only in sessions.
        StateOfCharge = "STATE_OF_CHARGE",
        /// The time of charging, in hours.
        Time = "TIME",
    }
}

impl CdrDimensionType {
    /// Whether it belongs in sessions only, and not in CDRs (CDR-096).
    #[must_use]
    pub fn is_session_only(&self) -> bool {
        matches!(self, Self::Current | Self::EnergyExport | Self::EnergyImport | Self::Power | Self::StateOfCharge)
    }
}
