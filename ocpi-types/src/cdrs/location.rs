//! Where a session was.

use crate::model::object;
use crate::{CiString, ConnectorFormat, ConnectorType, Context, GeoLocation, PowerType, Rule, Text, check};

object! {
    /// What a bill needs to know about the place: the location as it was, with the one EVSE and connector that were used.
    ///
    /// Spec: mod_cdrs, "CdrLocation class".
    CdrLocation("CdrLocation", "mod_cdrs", CdrLocationBuilder, rules = location_rules) {
        /// The location, at most 36 characters.
        id: 1 CiString<36>,
        /// Its name, at most 255 characters.
        name: ? Text<255>,
        /// Street or block and house number, at most 45 characters, although a location may have 255.
        address: 1 Text<45>,
        /// City or town, at most 45 characters.
        city: 1 Text<45>,
        /// Postal code, at most 10 characters. Left out only where there is none.
        postal_code: ? Text<10>,
        /// State or province, at most 20 characters, although a location may have 45.
        state: ? Text<20>,
        /// Country of the address: ISO 3166-1 alpha-3.
        country: 1 Text<3>,
        /// Where it is.
        coordinates: 1 GeoLocation,
        /// The EVSE, at most 36 characters; `#NA` for a reservation that was not used.
        evse_uid: 1 CiString<36>,
        /// The id that drivers see, in the form of eMI3, at most 48 characters; `#NA` for a reservation that was not used.
        evse_id: 1 CiString<48>,
        /// The connector, at most 36 characters; `#NA` for a reservation that was not used.
        connector_id: 1 CiString<36>,
        /// What kind of plug it is for. Without meaning for a reservation that was not used.
        connector_standard: 1 ConnectorType,
        /// A socket or a cable. Without meaning for a reservation that was not used.
        connector_format: 1 ConnectorFormat,
        /// Kind of current, and number of phases. Without meaning for a reservation that was not used.
        connector_power_type: 1 PowerType,
    }
}

fn location_rules(location: &CdrLocation, cx: &mut Context) {
    const CLASS: &str = "CdrLocation";
    check::id(&location.id, CLASS, "id", cx);
    check::country(&location.country, CLASS, cx);
    // CDR-109, CDR-113.
    let evse_id = location.evse_id.as_str();
    if evse_id != check::NOT_AVAILABLE && !check::is_evse_id(evse_id) {
        cx.found_at(CLASS, "evse_id", Rule::Pattern, "not an eMI3 EVSE id such as NL*TNM*E123");
    }
}
