//! The objects of module cdrs. Spec: mod_cdrs.

use rust_decimal::Decimal;

use crate::model::{object, open_enum};
use crate::{
    CiString, ConnectorFormat, ConnectorType, DateTime, GeoLocation, PowerType, Price, Tariff, Text, TokenType,
};

object! {
    /// CDR. Spec: mod_cdrs.
    Cdr("CDR", "mod_cdrs", CdrBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Id.
        id: 1 CiString<39>,
        /// Start date time.
        start_date_time: 1 DateTime,
        /// End date time.
        end_date_time: 1 DateTime,
        /// Session id.
        session_id: ? CiString<36>,
        /// Cdr token.
        cdr_token: 1 CdrToken,
        /// Auth method.
        auth_method: 1 AuthMethod,
        /// Authorization reference.
        authorization_reference: ? CiString<36>,
        /// Cdr location.
        cdr_location: 1 CdrLocation,
        /// Meter id.
        meter_id: ? Text<255>,
        /// Currency.
        currency: 1 Text<3>,
        /// Tariffs.
        tariffs: * Tariff,
        /// Charging periods.
        charging_periods: + ChargingPeriod,
        /// Signed data.
        signed_data: ? SignedData,
        /// Total cost.
        total_cost: 1 Price,
        /// Total fixed cost.
        total_fixed_cost: ? Price,
        /// Total energy.
        total_energy: 1 Decimal,
        /// Total energy cost.
        total_energy_cost: ? Price,
        /// Total time.
        total_time: 1 Decimal,
        /// Total time cost.
        total_time_cost: ? Price,
        /// Total parking time.
        total_parking_time: ? Decimal,
        /// Total parking cost.
        total_parking_cost: ? Price,
        /// Total reservation cost.
        total_reservation_cost: ? Price,
        /// Remark.
        remark: ? Text<255>,
        /// Invoice reference id.
        invoice_reference_id: ? CiString<39>,
        /// Credit.
        credit: ? bool,
        /// Credit reference id.
        credit_reference_id: ? CiString<39>,
        /// Home charging compensation.
        home_charging_compensation: ? bool,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

open_enum! {
    /// AuthMethod. Spec: mod_cdrs.
    AuthMethod("AuthMethod", "mod_cdrs") {
        /// AUTH_REQUEST.
        AuthRequest = "AUTH_REQUEST",
        /// COMMAND.
        Command = "COMMAND",
        /// WHITELIST.
        Whitelist = "WHITELIST",
    }
}

object! {
    /// CdrDimension. Spec: mod_cdrs.
    CdrDimension("CdrDimension", "mod_cdrs", CdrDimensionBuilder) {
        /// Type.
        dimension_type as "type": 1 CdrDimensionType,
        /// Volume.
        volume: 1 Decimal,
    }
}

open_enum! {
    /// CdrDimensionType. Spec: mod_cdrs.
    CdrDimensionType("CdrDimensionType", "mod_cdrs") {
        /// CURRENT.
        Current = "CURRENT",
        /// ENERGY.
        Energy = "ENERGY",
        /// ENERGY_EXPORT.
        EnergyExport = "ENERGY_EXPORT",
        /// ENERGY_IMPORT.
        EnergyImport = "ENERGY_IMPORT",
        /// MAX_CURRENT.
        MaxCurrent = "MAX_CURRENT",
        /// MIN_CURRENT.
        MinCurrent = "MIN_CURRENT",
        /// MAX_POWER.
        MaxPower = "MAX_POWER",
        /// MIN_POWER.
        MinPower = "MIN_POWER",
        /// PARKING_TIME.
        ParkingTime = "PARKING_TIME",
        /// POWER.
        Power = "POWER",
        /// RESERVATION_TIME.
        ReservationTime = "RESERVATION_TIME",
        /// STATE_OF_CHARGE.
        StateOfCharge = "STATE_OF_CHARGE",
        /// TIME.
        Time = "TIME",
    }
}

object! {
    /// CdrLocation. Spec: mod_cdrs.
    CdrLocation("CdrLocation", "mod_cdrs", CdrLocationBuilder) {
        /// Id.
        id: 1 CiString<36>,
        /// Name.
        name: ? Text<255>,
        /// Address.
        address: 1 Text<45>,
        /// City.
        city: 1 Text<45>,
        /// Postal code.
        postal_code: ? Text<10>,
        /// State.
        state: ? Text<20>,
        /// Country.
        country: 1 Text<3>,
        /// Coordinates.
        coordinates: 1 GeoLocation,
        /// Evse uid.
        evse_uid: 1 CiString<36>,
        /// Evse id.
        evse_id: 1 CiString<48>,
        /// Connector id.
        connector_id: 1 CiString<36>,
        /// Connector standard.
        connector_standard: 1 ConnectorType,
        /// Connector format.
        connector_format: 1 ConnectorFormat,
        /// Connector power type.
        connector_power_type: 1 PowerType,
    }
}

object! {
    /// CdrToken. Spec: mod_cdrs.
    CdrToken("CdrToken", "mod_cdrs", CdrTokenBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Uid.
        uid: 1 CiString<36>,
        /// Type.
        token_type as "type": 1 TokenType,
        /// Contract id.
        contract_id: 1 CiString<36>,
    }
}

object! {
    /// ChargingPeriod. Spec: mod_cdrs.
    ChargingPeriod("ChargingPeriod", "mod_cdrs", ChargingPeriodBuilder) {
        /// Start date time.
        start_date_time: 1 DateTime,
        /// Dimensions.
        dimensions: + CdrDimension,
        /// Tariff id.
        tariff_id: ? CiString<36>,
    }
}

object! {
    /// SignedData. Spec: mod_cdrs.
    SignedData("SignedData", "mod_cdrs", SignedDataBuilder) {
        /// Encoding method.
        encoding_method: 1 CiString<36>,
        /// Encoding method version.
        encoding_method_version: ? i64,
        /// Public key.
        public_key: ? Text<512>,
        /// Signed values.
        signed_values: + SignedValue,
        /// Url.
        url: ? Text<512>,
    }
}

object! {
    /// SignedValue. Spec: mod_cdrs.
    SignedValue("SignedValue", "mod_cdrs", SignedValueBuilder) {
        /// Nature.
        nature: 1 CiString<32>,
        /// Plain data.
        plain_data: 1 Text<5000>,
        /// Signed data.
        signed_data: 1 Text<5000>,
    }
}
