//! The OpenAPI document: title, shared parts, and examples that work at the demonstration pair, with the stations of
//! `examples/data/` and the demo tokens of the EMSP.

use ocpi_party::app::complete_openapi;
use ocpi_party::docs::{Examples, demo_location};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

const DESCRIPTION: &str = "\
An OCPI 2.2.1 charge point operator.

EMSPs read locations, tariffs, sessions and CDRs at the Sender interfaces, push their tokens to the Receiver interface, and \
send commands. The operator API (`/operator/v1`) is for the people who run the platform, and for the hands at its simulated \
stations.

Routes under `/ocpi` want a credentials token, those under `/operator` the operator key: press *Authorize*. Examples name what \
is there after `cargo run`.";

/// When something was changed. A running demonstration puts the time of day in its place.
const CHANGED: &str = "2026-09-20T08:00:00Z";

pub(crate) fn complete(api: OpenApi) -> OpenApi {
    let mut api = complete_openapi(api, "CPO", DESCRIPTION);
    let mut docs = Examples(&mut api);
    partners(&mut docs);
    smart_charging(&mut docs);
    objects(&mut docs);
    places(&mut docs);
    stations(&mut docs);
    api
}

/// What EMSPs send.
fn partners(docs: &mut Examples<'_>) {
    let theirs = json!({
        "token": "3f8c1e02-7a6d-4a35-9a0e-52d4c0a7b9f1",
        "url": "https://emsp.example.com/ocpi/versions",
        "roles": [{
            "role": "EMSP", "country_code": "US", "party_id": "EMS",
            "business_details": { "name": "Example EMSP", "website": "https://emsp.example.com" },
        }],
    });
    let token = "/ocpi/2.2.1/cpo/tokens/{country_code}/{party_id}/{token_uid}";
    docs.body("POST /ocpi/2.2.1/credentials", theirs.clone())
        .body("PUT /ocpi/2.2.1/credentials", theirs)
        .body(&format!("PUT {token}"), demo_token("04DE5000000004", "RFID", "US-EMS-C00000005-X", "NEVER"))
        .body(&format!("PATCH {token}"), json!({ "valid": true, "last_updated": CHANGED }))
        .body(
            "POST /ocpi/2.2.1/cpo/commands/{command}",
            json!({
                "response_url": "http://127.0.0.1:8000/ocpi/2.2.1/emsp/commands/START_SESSION/1234",
                "token": demo_token("demo-app-0001", "APP_USER", "US-EMS-C00000001-X", "NEVER"),
                "location_id": "PDX001", "evse_uid": "PDX001-1", "connector_id": "1",
            }),
        );
}

/// What EMSPs and load management want. A charge at one of the EVSEs in San Francisco takes it.
fn smart_charging(docs: &mut Examples<'_>) {
    docs.body(
        "PUT /ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
        json!({
            "charging_profile": {
                "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 16.0 }],
            },
            "response_url": "http://127.0.0.1:8000/ocpi/2.2.1/emsp/chargingprofiles/results/5678",
        }),
    )
    .body(
        "PUT /ocpi/2.2.1/cpo/sessions/{session_id}/charging_preferences",
        json!({ "profile_type": "GREEN", "departure_time": "2026-09-20T16:00:00Z", "energy_need": 60 }),
    )
    .body("PUT /operator/v1/sessions/{country_code}/{party_id}/{id}/limit", json!({ "amperes": 20 }));
}

/// A token as the EMSP of the demonstration has it.
fn demo_token(uid: &str, token_type: &str, contract_id: &str, whitelist: &str) -> Value {
    json!({
        "country_code": "US", "party_id": "EMS", "uid": uid, "type": token_type, "contract_id": contract_id,
        "issuer": "Example EMSP", "valid": true, "whitelist": whitelist, "language": "en", "last_updated": CHANGED,
    })
}

/// What operators read and publish.
fn objects(docs: &mut Examples<'_>) {
    for (path, id) in [
        ("GET /operator/v1/tariffs/{country_code}/{party_id}/{id}", "CPO-ENERGY"),
        ("GET /operator/v1/sessions/{country_code}/{party_id}/{id}", "101"),
        ("GET /operator/v1/cdrs/{country_code}/{party_id}/{id}", "CDR-9001"),
        ("PUT /operator/v1/locations/{country_code}/{party_id}/{id}", "SEA099"),
        ("PUT /operator/v1/tariffs/{country_code}/{party_id}/{id}", "CPO-SUNDAY"),
        ("DELETE /operator/v1/tariffs/{country_code}/{party_id}/{id}", "CPO-SUNDAY"),
    ] {
        docs.parameter(path, "id", id);
    }
    docs.body(
        "PUT /operator/v1/locations/{country_code}/{party_id}/{id}",
        json!({
            "country_code": "US", "party_id": "CPO", "id": "SEA099", "publish": true, "name": "Pier 99", "address": "99 Alaskan Way", "city": "Seattle", "postal_code": "98101",
            "state": "WA", "country": "USA", "coordinates": { "latitude": "47.605290", "longitude": "-122.341100" },
            "time_zone": "America/Los_Angeles",
            "evses": [{
                "uid": "SEA099-1", "evse_id": "US*CPO*E699001", "status": "AVAILABLE",
                "capabilities": ["REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE"],
                "connectors": [{
                    "id": "1", "standard": "IEC_62196_T1", "format": "CABLE", "power_type": "AC_1_PHASE",
                    "max_voltage": 240, "max_amperage": 48, "tariff_ids": ["CPO-ENERGY"], "last_updated": CHANGED,
                }],
                "last_updated": CHANGED,
            }],
            "last_updated": CHANGED,
        }),
    )
    .body(
        "PUT /operator/v1/tariffs/{country_code}/{party_id}/{id}",
        json!({
            "country_code": "US", "party_id": "CPO", "id": "CPO-SUNDAY", "currency": "USD", "type": "REGULAR",
            "tariff_alt_text": [{ "language": "en", "text": "Cheap on Sundays" }],
            "elements": [{
                "price_components": [{ "type": "ENERGY", "price": 0.2, "vat": 10, "step_size": 1 }],
                "restrictions": { "day_of_week": ["SUNDAY"] },
            }],
            "last_updated": CHANGED,
        }),
    );
}

/// What operators publish of a single place, and whose home it is.
fn places(docs: &mut Examples<'_>) {
    let location = "/operator/v1/locations/{country_code}/{party_id}/{id}";
    let evse = format!("{location}/evses/{{evse_uid}}");
    let connector = format!("{evse}/connectors/{{connector_id}}");
    let first = demo_location("SEA002")["evses"][0].clone();
    for (operation, id, uid) in [
        (format!("PUT {evse}"), "SEA002", "SEA002-1"),
        (format!("PATCH {evse}"), "SEA002", "SEA002-2"),
        (format!("DELETE {evse}"), "LAX001", "LAX001-3"),
        (format!("PUT {connector}"), "SEA002", "SEA002-1"),
        (format!("DELETE {connector}"), "LAX002", "LAX002-1"),
    ] {
        docs.parameter(&operation, "id", id).parameter(&operation, "evse_uid", uid);
    }
    docs.parameter(&format!("DELETE {connector}"), "connector_id", "2")
        .body(&format!("PUT {connector}"), first["connectors"][0].clone())
        .body(&format!("PUT {evse}"), first)
        .parameter(&format!("GET {location}/home"), "id", "SEA003")
        .parameter(&format!("PUT {location}/home"), "id", "SEA003")
        .body(&format!("PUT {location}/home"), json!({ "contract_ids": ["US-EMS-C00000002-X"] }));
}

/// What people do at the stations. Those in Phoenix and San Francisco are made ready by the demonstration.
fn stations(docs: &mut Examples<'_>) {
    let at = |what: &str| format!("POST /operator/v1/stations/{{evse_uid}}/{what}");
    docs.body(
        &at("plug-in"),
        json!({ "connector_id": "1", "battery_kwh": 60, "soc_percent": 40, "max_ac_kw": 11, "max_dc_kw": 120 }),
    )
    .body(&at("present-card"), json!({ "uid": "04DE5000000002" }))
    .body(&at("site-limit"), json!({ "watts": 7000 }))
    .parameter(&at("site-limit"), "evse_uid", "SFO001-1")
    .body(&at("temper"), json!({ "temper": "NORMAL" }))
    .body(&at("fault"), json!({ "fault": "ground fault" }))
    .parameter(&at("fault"), "evse_uid", "SEA001-2")
    .parameter(&at("present-card"), "evse_uid", "PHX001-2")
    .parameter(&at("unplug"), "evse_uid", "PHX001-2")
    .parameter(&at("repair"), "evse_uid", "PHX001-3");
}
