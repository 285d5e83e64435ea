//! The bill of a session.

use super::cdr_rules::cdr_rules;
use crate::model::{object, open_enum};
use crate::{CdrLocation, CdrToken, ChargingPeriod, CiString, DateTime, Decimal, Price, SignedData, Tariff, Text};

object! {
    /// Charge detail record: a finished session with its costs, fit for an invoice.
    ///
    /// Spec: mod_cdrs, "CDR Object". Owned by the CPO. Never changed: a mistake is taken back by a credit CDR. Location, EVSE,
    /// tariffs and token are those of the moment at which the session began.
    ///
    /// ```
    /// use ocpi_types::{Cdr, examples};
    ///
    /// let cdr: Cdr = examples::of();
    /// assert_eq!(cdr.total_cost.excl_vat.to_string(), "11.30");
    /// assert_eq!(cdr.charging_periods.len(), 3);
    /// ```
    Cdr("CDR", "mod_cdrs", CdrBuilder, rules = cdr_rules) {
        /// Country of the CPO that owns this CDR: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the CPO that owns this CDR: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the CDR among those of its owner, at most 36 characters; 39 for a credit CDR.
        id: 1 CiString<39>,
        /// When the session began, or the reservation before it.
        start_date_time: 1 DateTime,
        /// When the session ended, which can be long after the car was full.
        end_date_time: 1 DateTime,
        /// The session, at most 36 characters. Absent where there was none.
        session_id: ? CiString<36>,
        /// The token that started the session.
        cdr_token: 1 CdrToken,
        /// How the driver was authorized, in the end.
        auth_method: 1 AuthMethod,
        /// The EMSP's name for the authorization, at most 36 characters; the last one if there were several.
        authorization_reference: ? CiString<36>,
        /// Where it was.
        cdr_location: 1 CdrLocation,
        /// Names the meter, at most 255 characters.
        meter_id: ? Text<255>,
        /// The currency of all its prices: ISO 4217.
        currency: 1 Text<3>,
        /// The tariffs that its periods refer to, complete.
        tariffs: * Tariff,
        /// What happened when, in order.
        charging_periods: + ChargingPeriod,
        /// The meter's signed readings.
        signed_data: ? SignedData,
        /// The sum of all costs. Negative in a credit CDR.
        total_cost: 1 Price,
        /// The fixed costs, such as a starting fee; without those of parking and reservation.
        total_fixed_cost: ? Price,
        /// The energy, in kWh.
        total_energy: 1 Decimal,
        /// What the energy costs.
        total_energy_cost: ? Price,
        /// How long the session was, in hours, with and without charging.
        total_time: 1 Decimal,
        /// What the time of charging costs.
        total_time_cost: ? Price,
        /// How long no energy flowed, in hours.
        total_parking_time: ? Decimal,
        /// What parking costs, with its fixed costs.
        total_parking_cost: ? Price,
        /// What the reservation costs, with its fixed costs.
        total_reservation_cost: ? Price,
        /// A remark for people, at most 255 characters.
        remark: ? Text<255>,
        /// An invoice that will be sent later, at most 39 characters.
        invoice_reference_id: ? CiString<39>,
        /// Whether this CDR takes another one back. Absent means false.
        credit: ? bool,
        /// The id of the CDR that is taken back, at most 39 characters. Given exactly when `credit` is true.
        credit_reference_id: ? CiString<39>,
        /// Whether the driver is to be paid back the energy, which came from the driver's own charger at home.
        home_charging_compensation: ? bool,
        /// When it was made.
        last_updated: 1 DateTime,
    }
}

impl Cdr {
    /// Whether this CDR takes another one back.
    #[must_use]
    pub fn is_credit(&self) -> bool {
        self.credit == Some(true)
    }
}

open_enum! {
    /// How a driver was authorized.
    ///
    /// Spec: mod_cdrs, "AuthMethod enum".
    AuthMethod("AuthMethod", "mod_cdrs") {
        /// The EMSP was asked.
        AuthRequest = "AUTH_REQUEST",
        /// The EMSP sent a command that holds the token.
        Command = "COMMAND",
        /// The CPO found the token in its list and did not ask.
        Whitelist = "WHITELIST",
    }
}
