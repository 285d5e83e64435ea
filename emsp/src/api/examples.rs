//! Examples that work at the demonstration pair: with the stations of `examples/data/` and the tokens of [`crate::demo`].

use ocpi_party::docs::{Examples, demo_location, demo_tariff};
use ocpi_types::examples;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// When something was changed. A running demonstration puts the time of day in its place.
const CHANGED: &str = "2026-09-20T08:00:00Z";

pub(super) fn set(api: &mut OpenApi) {
    let mut docs = Examples(api);
    // The caller of an EMSP is a CPO.
    docs.everywhere("OCPI-to-party-id", "EMS").everywhere("OCPI-from-party-id", "CPO");
    credentials(&mut docs);
    locations(&mut docs);
    others_from_cpos(&mut docs);
    operator(&mut docs);
    for_drivers(&mut docs);
    smart_charging(&mut docs);
}

/// What a CPO registers with.
fn credentials(docs: &mut Examples<'_>) {
    let theirs = json!({
        "token": "3f8c1e02-7a6d-4a35-9a0e-52d4c0a7b9f1",
        "url": "https://cpo.example.com/ocpi/versions",
        "roles": [{
            "role": "CPO", "country_code": "US", "party_id": "CPO",
            "business_details": { "name": "Example CPO", "website": "https://cpo.example.com" },
        }],
    });
    docs.body("POST /ocpi/2.2.1/credentials", theirs.clone()).body("PUT /ocpi/2.2.1/credentials", theirs);
}

fn locations(docs: &mut Examples<'_>) {
    let location = demo_location("SEA001");
    let evse = location["evses"][0].clone();
    let connector = evse["connectors"][0].clone();
    let of_location = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}";
    let of_evse = format!("{of_location}/{{evse_uid}}");
    let of_connector = format!("{of_evse}/{{connector_id}}");
    docs.body(&format!("PUT {of_location}"), location)
        .body(&format!("PATCH {of_location}"), json!({ "name": "Union Street Garage", "last_updated": CHANGED }))
        .body(&format!("PUT {of_evse}"), evse)
        .body(&format!("PATCH {of_evse}"), json!({ "status": "AVAILABLE", "last_updated": CHANGED }))
        .body(&format!("PUT {of_connector}"), connector)
        .body(&format!("PATCH {of_connector}"), json!({ "tariff_ids": ["CPO-ENERGY"], "last_updated": CHANGED }));
}

fn others_from_cpos(docs: &mut Examples<'_>) {
    let session = "/ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}";
    docs.body("PUT /ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}", demo_tariff("CPO-ADHOC"))
        .body(&format!("PUT {session}"), active_session())
        .body(&format!("PATCH {session}"), json!({ "status": "ACTIVE", "last_updated": CHANGED }))
        .body("POST /ocpi/2.2.1/emsp/cdrs", examples::json("CDR"))
        .parameter("GET /ocpi/2.2.1/emsp/cdrs/{country_code}/{party_id}/{cdr_id}", "cdr_id", "CDR-9001")
        .body("POST /ocpi/2.2.1/emsp/commands/{command}/{id}", json!({ "result": "ACCEPTED" }))
        .body(
            "POST /ocpi/2.2.1/emsp/tokens/{token_uid}/authorize",
            json!({ "location_id": "SEA001", "evse_uids": ["SEA001-1"] }),
        );
}

/// A driver with the card that is always asked for charges at SEA001.
fn active_session() -> Value {
    json!({
        "country_code": "US", "party_id": "CPO", "id": "101",
        "start_date_time": "2026-09-20T07:40:00Z", "kwh": 3.5,
        "cdr_token": {
            "country_code": "US", "party_id": "EMS", "uid": crate::demo::RFID_NEVER, "type": "RFID",
            "contract_id": "US-EMS-C00000005-X",
        },
        "auth_method": "AUTH_REQUEST", "location_id": "SEA001", "evse_uid": "SEA001-1", "connector_id": "1",
        "currency": "USD",
        "charging_periods": [{
            "start_date_time": "2026-09-20T07:40:00Z", "tariff_id": "CPO-ENERGY",
            "dimensions": [{ "type": "ENERGY", "volume": 3.5 }, { "type": "TIME", "volume": 0.3333 }],
        }],
        "total_cost": { "excl_vat": 1.4, "incl_vat": 1.54 },
        "status": "ACTIVE", "last_updated": CHANGED,
    })
}

fn operator(docs: &mut Examples<'_>) {
    for (path, id) in [
        ("GET /operator/v1/locations/{country_code}/{party_id}/{id}", "SEA001"),
        ("GET /operator/v1/tariffs/{country_code}/{party_id}/{id}", "CPO-ENERGY"),
        ("GET /operator/v1/sessions/{country_code}/{party_id}/{id}", "101"),
        ("GET /operator/v1/locations/{country_code}/{party_id}/{id}/availability", "SEA001"),
        ("GET /operator/v1/sessions/{country_code}/{party_id}/{id}/balance", "101"),
        ("GET /operator/v1/sessions/{country_code}/{party_id}/{id}/explanation", "101"),
        ("GET /operator/v1/cdrs/{country_code}/{party_id}/{id}", "CDR-9001"),
        ("GET /operator/v1/cdrs/{country_code}/{party_id}/{id}/explanation", "CDR-9001"),
        ("POST /operator/v1/cdrs/{country_code}/{party_id}/{id}/check", "CDR-9001"),
    ] {
        docs.parameter(path, "id", id);
    }
    let place = |uid: &str| json!({ "party": "US/CPO", "location_id": "PDX001", "evse_uid": uid, "connector_id": "1" });
    let mut start = place("PDX001-1");
    start["token_uid"] = crate::demo::APP_USER.into();
    start["token_type"] = "APP_USER".into();
    docs.body("POST /operator/v1/commands/START_SESSION", start)
        .body("POST /operator/v1/commands/STOP_SESSION", json!({ "party": "US/CPO", "session_id": "101" }))
        .body("POST /operator/v1/commands/UNLOCK_CONNECTOR", place("PDX001-2"))
        .body(
            "POST /operator/v1/commands/RESERVE_NOW",
            json!({
                "party": "US/CPO", "location_id": "SLC001", "evse_uid": "SLC001-2",
                "token_uid": crate::demo::APP_USER, "token_type": "APP_USER", "expiry_date": "2026-09-20T09:00:00Z",
            }),
        )
        .body(
            "POST /operator/v1/commands/CANCEL_RESERVATION",
            json!({ "reservation_id": "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11" }),
        )
        .parameter("POST /operator/v1/tokens", "type", "APP_USER")
        .body("POST /operator/v1/tokens", json!({ "contract_id": "US-EMS-C00000101-X", "language": "en" }))
        .parameter("PUT /operator/v1/tokens/{uid}", "uid", "04DE5000000100")
        .body(
            "PUT /operator/v1/tokens/{uid}",
            json!({ "contract_id": "US-EMS-C00000100-X", "whitelist": "ALLOWED", "language": "en" }),
        );
}

/// What the user of the app is shown.
fn for_drivers(docs: &mut Examples<'_>) {
    let list = "GET /operator/v1/driver/locations";
    let one = "GET /operator/v1/driver/locations/{country_code}/{party_id}/{id}";
    docs.parameter(list, "type", "APP_USER").parameter(one, "type", "APP_USER").parameter(one, "id", "BOS001");
}

/// What is said about a charge at one of the EVSEs in San Francisco, which take it.
fn smart_charging(docs: &mut Examples<'_>) {
    let session = "/operator/v1/sessions/{country_code}/{party_id}/{id}";
    let profile = format!("{session}/charging-profile");
    let preferences = format!("{session}/charging-preferences");
    for operation in [
        format!("GET {profile}"),
        format!("PUT {profile}"),
        format!("DELETE {profile}"),
        format!("POST {profile}/read"),
        format!("GET {preferences}"),
        format!("PUT {preferences}"),
    ] {
        docs.parameter(&operation, "id", "101");
    }
    let limit = json!({ "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 16.0 }] });
    docs.body(&format!("PUT {profile}"), limit.clone())
        .body(&format!("POST {profile}/read"), json!({ "seconds": 900 }))
        .body(
            &format!("PUT {preferences}"),
            json!({ "profile_type": "GREEN", "departure_time": "2026-09-20T16:00:00Z", "energy_need": 60 }),
        )
        .body(
            "PUT /ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
            json!({
                "charging_profile": limit,
                "response_url": "http://127.0.0.1:8001/results/1",
            }),
        )
        .body("POST /ocpi/2.2.1/emsp/chargingprofiles/results/{id}", json!({ "result": "ACCEPTED" }))
        .body(
            "PUT /ocpi/2.2.1/emsp/chargingprofiles/{session_id}",
            json!({
                "start_date_time": CHANGED,
                "charging_profile": {
                    "charging_rate_unit": "A", "duration": 900,
                    "charging_profile_period": [{ "start_period": 0, "limit": 16.0 }],
                },
            }),
        );
}
