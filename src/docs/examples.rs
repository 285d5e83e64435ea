//! What there is at this moment, for the examples of the documentation.

use std::time::Duration;

use ocpi_party::docs::DemoExample;
use ocpi_types::format_date_time;
use serde_json::Value;

use super::{Side, active_sessions, partner, smart_session};

/// Examples as they come together.
#[derive(Default)]
struct Found(Vec<DemoExample>);

impl Found {
    /// The value for the parameter or member `name` of all these operations, if there is one.
    fn add(&mut self, operations: &[&'static str], name: &'static str, value: &Value) {
        if !value.is_null() {
            self.0.extend(operations.iter().map(|operation| DemoExample { operation, name, value: value.clone() }));
        }
    }

    /// A time from now, in the time of the party.
    fn add_time(&mut self, side: &Side, operations: &[&'static str], name: &'static str, hours: u64) {
        let at = side.party.clock.now() + Duration::from_hours(hours);
        self.add(operations, name, &format_date_time(&at).into());
    }
}

async fn common(side: &Side) -> Found {
    let mut found = Found::default();
    let partner = partner(side).await.map_or(Value::Null, |peer| peer.id.clone().into());
    let of_partner = [
        "GET /operator/v1/partners/{id}",
        "PATCH /operator/v1/partners/{id}",
        "DELETE /operator/v1/partners/{id}",
        "POST /operator/v1/partners/{id}/sync",
        "POST /operator/v1/partners/{id}/credentials",
        "GET /operator/v1/partners/{id}/clients",
    ];
    found.add(&of_partner, "id", &partner);
    let exchange = side.party.exchanges.recent().last().map_or(Value::Null, |exchange| exchange.id.into());
    found.add(&["GET /operator/v1/exchanges/{id}"], "id", &exchange);
    found
}

/// For the documentation of the EMSP.
pub(super) async fn of_emsp(emsp: &Side, cpo: &Side) -> Vec<DemoExample> {
    let mut found = common(emsp).await;
    let first = async |path: &str| emsp.operator.get(path).await.map_or(Value::Null, |list| list["items"][0].clone());
    let session = first("/sessions?party=US/CPO&limit=1").await["id"].clone();
    let of_session = [
        "GET /operator/v1/sessions/{country_code}/{party_id}/{id}",
        "GET /operator/v1/sessions/{country_code}/{party_id}/{id}/explanation",
    ];
    found.add(&of_session, "id", &session);
    found.add(&["GET /ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}"], "session_id", &session);
    smart_charging_of_emsp(&mut found, emsp, cpo).await;
    let bill = first("/cdrs?party=US/CPO&limit=1").await["cdr"].clone();
    let billed = "GET /operator/v1/sessions/{country_code}/{party_id}/{id}/balance";
    found.add(&[billed], "id", &bill["session_id"]);
    let of_cdr = [
        "GET /operator/v1/cdrs/{country_code}/{party_id}/{id}",
        "GET /operator/v1/cdrs/{country_code}/{party_id}/{id}/explanation",
        "POST /operator/v1/cdrs/{country_code}/{party_id}/{id}/check",
    ];
    found.add(&of_cdr, "id", &bill["id"]);
    found.add(&["GET /ocpi/2.2.1/emsp/cdrs/{country_code}/{party_id}/{cdr_id}"], "cdr_id", &bill["id"]);
    let start = start_command(emsp).await;
    found.add(&["GET /operator/v1/commands/{id}", "POST /ocpi/2.2.1/emsp/commands/{command}/{id}"], "id", &start);
    found.add_time(emsp, &["POST /operator/v1/commands/RESERVE_NOW"], "expiry_date", 1);
    // Cancelling takes the latest here, and the earliest at the CPO.
    let kept = kept(emsp).await;
    let latest = kept.first().unwrap_or(&Value::Null);
    found.add(&["POST /operator/v1/commands/CANCEL_RESERVATION"], "reservation_id", latest);
    let known = first("/reservations?limit=1").await["reservation_id"].clone();
    let shown = if latest.is_null() { &known } else { latest };
    found.add(&["GET /operator/v1/reservations/{reservation_id}"], "reservation_id", shown);
    found.0
}

async fn smart_charging_of_emsp(found: &mut Found, emsp: &Side, cpo: &Side) {
    let smart = smart_session(&emsp.operator).await;
    let active: Vec<Value> =
        active_sessions(&emsp.operator).await.iter().map(|session| session["id"].clone()).collect();
    // One that may end without spoiling the examples of smart charging.
    let other = active.iter().find(|id| **id != smart).or(active.first()).unwrap_or(&Value::Null);
    found.add(&["PATCH /ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}"], "session_id", other);
    found.add(&["POST /operator/v1/commands/STOP_SESSION"], "session_id", other);
    let of_smart = [
        "GET /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
        "PUT /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
        "DELETE /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
        "POST /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile/read",
        "GET /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-preferences",
        "PUT /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-preferences",
    ];
    found.add(&of_smart, "id", &smart);
    let preferences = ["PUT /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-preferences"];
    found.add_time(emsp, &preferences, "departure_time", 8);
    let plan = ["PUT /ocpi/2.2.1/emsp/chargingprofiles/{session_id}"];
    found.add(&plan, "session_id", &smart);
    found.add_time(emsp, &plan, "start_date_time", 0);
    let set = profile_request(emsp, &smart, "PUT").await;
    let of_request =
        ["GET /operator/v1/charging-profile-requests/{id}", "POST /ocpi/2.2.1/emsp/chargingprofiles/results/{id}"];
    found.add(&of_request, "id", &set);
    // What a smart charging partner sends.
    let relayed = [
        "GET /ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
        "PUT /ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
        "DELETE /ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
    ];
    found.add(&relayed, "session_id", &smart);
    found.add(&relayed, "response_url", &cpo.party.url("/results/1").to_string().into());
}

/// For the documentation of the CPO.
pub(super) async fn of_cpo(emsp: &Side, cpo: &Side) -> Vec<DemoExample> {
    let mut found = common(cpo).await;
    let session = newest(cpo, "sessions").await["id"].clone();
    found.add(&["GET /operator/v1/sessions/{country_code}/{party_id}/{id}"], "id", &session);
    cdrs(&mut found, cpo).await;
    smart_charging_of_cpo(&mut found, emsp, cpo).await;
    let commands = cpo.operator.get("/commands?limit=1").await.unwrap_or_default();
    found.add(&["GET /operator/v1/commands/{id}"], "id", &commands["items"][0]["id"]);
    // The EMSP takes another result of a command that it knows, and shrugs.
    if let Value::String(id) = start_command(emsp).await {
        let url = emsp.party.url(&format!("/ocpi/2.2.1/emsp/commands/START_SESSION/{id}")).to_string();
        found.add(&["POST /ocpi/2.2.1/cpo/commands/{command}"], "response_url", &url.into());
    }
    let reservations = cpo.operator.get("/reservations?party=US/CPO&limit=100").await.unwrap_or_default();
    let mut reservations = reservations["items"].as_array().into_iter().flatten();
    let latest = reservations.clone().next().map_or(Value::Null, |one| one["id"].clone());
    let earliest = reservations.rfind(|one| one["state"] == "ACTIVE").map_or(latest, |one| one["id"].clone());
    let of_reservation = ["GET /operator/v1/reservations/{id}", "POST /operator/v1/reservations/{id}/cancel"];
    found.add(&of_reservation, "id", &earliest);
    found.0
}

async fn cdrs(found: &mut Found, cpo: &Side) {
    // Bills that stand can be taken back; two of them, so that one example does not spoil the other.
    let cdrs = cpo.operator.get("/cdrs?party=US/CPO&limit=1000").await.unwrap_or_default();
    let cdrs = cdrs["items"].as_array().cloned().unwrap_or_default();
    let is_back = |id: &Value| cdrs.iter().any(|cdr| cdr["credit_reference_id"] == *id);
    let standing: Vec<&Value> =
        cdrs.iter().filter(|cdr| cdr["credit"] != true).map(|cdr| &cdr["id"]).filter(|id| !is_back(id)).collect();
    if let (Some(first), Some(last)) = (standing.first(), standing.last()) {
        let of_cdr = [
            "GET /operator/v1/cdrs/{country_code}/{party_id}/{id}",
            "GET /operator/v1/cdrs/{country_code}/{party_id}/{id}/at-partner",
            "GET /operator/v1/cdrs/{country_code}/{party_id}/{id}/explanation",
            "POST /operator/v1/cdrs/{country_code}/{party_id}/{id}/credit",
        ];
        found.add(&of_cdr, "id", last);
        found.add(&["POST /operator/v1/cdrs/{country_code}/{party_id}/{id}/correct"], "id", first);
    }
}

async fn smart_charging_of_cpo(found: &mut Found, emsp: &Side, cpo: &Side) {
    let smart = smart_session(&emsp.operator).await;
    let preferences = ["PUT /ocpi/2.2.1/cpo/sessions/{session_id}/charging_preferences"];
    let of_smart = [
        "GET /ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
        "PUT /ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
        "DELETE /ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
    ];
    found.add(&of_smart, "session_id", &smart);
    found.add(&preferences, "session_id", &smart);
    found.add_time(cpo, &preferences, "departure_time", 8);
    let limits = [
        "PUT /operator/v1/sessions/{country_code}/{party_id}/{id}/limit",
        "DELETE /operator/v1/sessions/{country_code}/{party_id}/{id}/limit",
    ];
    found.add(&limits, "id", &smart);
    // Results go where the EMSP awaits some of that kind.
    for (kind, operations) in [("GET", &of_smart[..1]), ("PUT", &of_smart[1..])] {
        if let Value::String(id) = profile_request(emsp, &smart, kind).await {
            let url = emsp.party.url(&format!("/ocpi/2.2.1/emsp/chargingprofiles/results/{id}")).to_string();
            found.add(operations, "response_url", &url.into());
        }
    }
    let requests = cpo.operator.get("/charging-profiles?limit=1").await.unwrap_or_default();
    found.add(&["GET /operator/v1/charging-profiles/{id}"], "id", &requests["items"][0]["id"]);
}

/// The EMSP's latest request of this kind about the charging profile of a session.
async fn profile_request(emsp: &Side, session: &Value, kind: &str) -> Value {
    let Some(session) = session.as_str() else { return Value::Null };
    let known = emsp.operator.get(&format!("/sessions/US/CPO/{session}/charging-profile")).await.unwrap_or_default();
    let mut requests = known["requests"].as_array().into_iter().flatten();
    requests.find(|request| request["kind"] == kind).map_or(Value::Null, |request| request["id"].clone())
}

/// The EMSP's names of the reservations that are kept, the latest first.
async fn kept(emsp: &Side) -> Vec<Value> {
    let known = emsp.operator.get("/reservations?limit=100").await.unwrap_or_default();
    let kept = known["items"].as_array().into_iter().flatten().filter(|known| known["state"] == "ACTIVE");
    kept.map(|known| known["reservation_id"].clone()).collect()
}

/// The EMSP's latest command to start a charge.
async fn start_command(emsp: &Side) -> Value {
    let commands = emsp.operator.get("/commands?limit=100").await.unwrap_or_default();
    let mut commands = commands["items"].as_array().into_iter().flatten();
    commands.find(|command| command["command"] == "START_SESSION").map_or(Value::Null, |command| command["id"].clone())
}

/// The last object of a list that is in the order of creation.
async fn newest(side: &Side, list: &str) -> Value {
    let of = async |offset: u64| {
        side.operator.get(&format!("/{list}?party=US/CPO&limit=1&offset={offset}")).await.unwrap_or_default()
    };
    let total = of(0).await["total"].as_u64().unwrap_or_default();
    of(total.saturating_sub(1)).await["items"][0].clone()
}
