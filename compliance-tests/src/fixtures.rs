//! Objects that the tester pushes and serves: valid by the tables, with every kind of field somewhere.

use serde_json::{Value, json};

/// A party as it stands in URLs and objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// Three characters.
    pub party_id: String,
}

impl Owner {
    /// A party.
    #[must_use]
    pub fn new(country_code: &str, party_id: &str) -> Self {
        Self { country_code: country_code.into(), party_id: party_id.into() }
    }

    /// Reads `NL/TNM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (country, party) = text.split_once('/')?;
        (country.len() == 2 && party.len() == 3).then(|| Self::new(country, party))
    }

    /// Whether an object's own fields name this party.
    #[must_use]
    pub fn owns(&self, object: &Value) -> bool {
        let is = |field: &str, value: &str| {
            object.get(field).and_then(Value::as_str).is_some_and(|v| v.eq_ignore_ascii_case(value))
        };
        is("country_code", &self.country_code) && is("party_id", &self.party_id)
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.country_code, self.party_id)
    }
}

/// A Connector.
#[must_use]
pub fn connector(id: &str, at: &str) -> Value {
    json!({
        "id": id, "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE", "max_voltage": 230,
        "max_amperage": 32, "max_electric_power": 22000, "tariff_ids": ["T1"],
        "terms_and_conditions": "https://cpo.example/terms", "last_updated": at
    })
}

/// An EVSE with one Connector `1`.
#[must_use]
pub fn evse(uid: &str, at: &str) -> Value {
    json!({
        "uid": uid, "evse_id": format!("NL*CTS*E{}", evse_suffix(uid)), "status": "AVAILABLE",
        "capabilities": ["REMOTE_START_STOP_CAPABLE", "RESERVABLE", "RFID_READER", "UNLOCK_CAPABLE", "CHARGING_PROFILE_CAPABLE",
            "CHARGING_PREFERENCES_CAPABLE"],
        "connectors": [connector("1", at)], "floor_level": "-1", "physical_reference": "7",
        "coordinates": {"latitude": "52.370216", "longitude": "4.895168"},
        "directions": [{"language": "en", "text": "Behind the barrier"}], "parking_restrictions": ["EV_ONLY"],
        "last_updated": at
    })
}

fn evse_suffix(uid: &str) -> String {
    let kept: String = uid.chars().filter(char::is_ascii_alphanumeric).take(30).collect();
    if kept.is_empty() { "1".into() } else { kept.to_ascii_uppercase() }
}

/// A Location with two EVSEs `{id}-E1` and `{id}-E2`, and optional fields of every kind.
#[must_use]
pub fn location(owner: &Owner, id: &str, at: &str) -> Value {
    json!({
        "country_code": owner.country_code, "party_id": owner.party_id, "id": id, "publish": true,
        "name": format!("Station {id}"), "address": "Damrak 1", "city": "Amsterdam", "postal_code": "1012 LG",
        "country": "NLD", "coordinates": {"latitude": "52.376510", "longitude": "4.897880"},
        "related_locations": [{"latitude": "52.376511", "longitude": "4.897881", "name": {"language": "nl", "text": "Ingang"}}],
        "parking_type": "ON_STREET", "evses": [evse(&format!("{id}-E1"), at), evse(&format!("{id}-E2"), at)],
        "directions": [{"language": "nl", "text": "Naast het station"}], "operator": {"name": "Conformance CPO", "website": "https://cpo.example"},
        "facilities": ["TRAIN_STATION"], "time_zone": "Europe/Amsterdam",
        "opening_times": {"twentyfourseven": false, "regular_hours": [
            {"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}],
            "exceptional_closings": [{"period_begin": "2026-12-25T00:00:00Z", "period_end": "2026-12-26T00:00:00Z"}]},
        "charging_when_closed": true,
        "energy_mix": {"is_green_energy": true, "energy_sources": [{"source": "WIND", "percentage": 60.5}, {"source": "SOLAR", "percentage": 39.5}],
            "supplier_name": "Green", "energy_product_name": "Wind and sun"},
        "last_updated": at
    })
}

/// A Tariff with restrictions and VAT, and a default element for each dimension.
#[must_use]
pub fn tariff(owner: &Owner, id: &str, at: &str) -> Value {
    json!({
        "country_code": owner.country_code, "party_id": owner.party_id, "id": id, "currency": "EUR", "type": "REGULAR",
        "tariff_alt_text": [{"language": "en", "text": "Cheaper at night"}], "tariff_alt_url": "https://cpo.example/tariff",
        "min_price": {"excl_vat": 0.5, "incl_vat": 0.605}, "max_price": {"excl_vat": 50.0},
        "elements": [
            {"price_components": [{"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": 1}],
             "restrictions": {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["MONDAY", "SUNDAY"]}},
            {"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 21.0, "step_size": 1},
                {"type": "PARKING_TIME", "price": 2.0, "step_size": 1}]}],
        "last_updated": at
    })
}

/// A Token. `kind` is a TokenType.
#[must_use]
pub fn token(owner: &Owner, uid: &str, kind: &str, at: &str) -> Value {
    json!({
        "country_code": owner.country_code, "party_id": owner.party_id, "uid": uid, "type": kind,
        "contract_id": format!("{}-{}-C12345678-X", owner.country_code, owner.party_id), "visual_number": "DF000-2001-8999-1",
        "issuer": "Conformance EMSP", "group_id": "GROUP-1", "valid": true, "whitelist": if kind == "RFID" { "ALWAYS" } else { "NEVER" },
        "language": "nl", "default_profile_type": "GREEN",
        "energy_contract": {"supplier_name": "Green", "contract_id": "aBc-0123"}, "last_updated": at
    })
}

/// What a CDR or Session says about a token.
#[must_use]
pub fn cdr_token(token: &Value) -> Value {
    let mut picked = serde_json::Map::new();
    for field in ["country_code", "party_id", "uid", "type", "contract_id"] {
        picked.insert(field.into(), token[field].clone());
    }
    Value::Object(picked)
}

/// A charging period with some energy.
#[must_use]
pub fn period(at: &str, kwh: f64) -> Value {
    json!({"start_date_time": at, "dimensions": [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 0.5}], "tariff_id": "T1"})
}

/// An ACTIVE Session with one charging period.
#[must_use]
pub fn session(owner: &Owner, id: &str, token: &Value, at: &str) -> Value {
    json!({
        "country_code": owner.country_code, "party_id": owner.party_id, "id": id, "start_date_time": "2026-01-10T09:00:00Z",
        "kwh": 5.5, "cdr_token": cdr_token(token), "auth_method": "WHITELIST", "location_id": "LOC1", "evse_uid": "LOC1-E1",
        "connector_id": "1", "meter_id": "METER-1", "currency": "EUR", "charging_periods": [period("2026-01-10T09:00:00Z", 5.5)],
        "total_cost": {"excl_vat": 2.15, "incl_vat": 2.6}, "status": "ACTIVE", "last_updated": at
    })
}

/// A CDR: half an hour, 10 kWh, priced by the tariff it carries.
#[must_use]
pub fn cdr(owner: &Owner, id: &str, token: &Value, at: &str) -> Value {
    json!({
        "country_code": owner.country_code, "party_id": owner.party_id, "id": id, "start_date_time": "2026-01-10T09:00:00Z",
        "end_date_time": "2026-01-10T09:30:00Z", "session_id": format!("S-{id}"), "cdr_token": cdr_token(token), "auth_method": "WHITELIST",
        "cdr_location": {"id": "LOC1", "name": "Station", "address": "Damrak 1", "city": "Amsterdam", "country": "NLD",
            "coordinates": {"latitude": "52.376510", "longitude": "4.897880"}, "evse_uid": "LOC1-E1", "evse_id": "NL*CTS*ELOC1E1",
            "connector_id": "1", "connector_standard": "IEC_62196_T2", "connector_format": "SOCKET", "connector_power_type": "AC_3_PHASE"},
        "meter_id": "METER-1", "currency": "EUR",
        "tariffs": [{"country_code": owner.country_code, "party_id": owner.party_id, "id": "T1", "currency": "EUR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 21.0, "step_size": 1}]}],
            "last_updated": "2026-01-01T00:00:00Z"}],
        "charging_periods": [{"start_date_time": "2026-01-10T09:00:00Z", "tariff_id": "T1",
            "dimensions": [{"type": "ENERGY", "volume": 10.0}, {"type": "TIME", "volume": 0.5}]}],
        "total_cost": {"excl_vat": 3.9, "incl_vat": 4.719}, "total_energy": 10.0, "total_energy_cost": {"excl_vat": 3.9, "incl_vat": 4.719},
        "total_time": 0.5, "total_parking_time": 0, "remark": "Conformance", "last_updated": at
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check;

    #[test]
    fn every_fixture_is_valid_by_the_tables() {
        let owner = Owner::new("NL", "CTS");
        let at = "2026-01-10T10:00:00Z";
        let rfid = token(&owner, "U1", "RFID", at);
        for (name, object) in [
            ("Location", location(&owner, "LOC1", at)),
            ("Tariff", tariff(&owner, "T1", at)),
            ("Session", session(&owner, "S1", &rfid, at)),
            ("CDR", cdr(&owner, "C1", &rfid, at)),
            ("Token", rfid),
        ] {
            let found = check(name, &object);
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }
}
