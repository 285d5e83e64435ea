//! Smart charging: profiles and preferences that we send, what comes back, and smart charging partners behind us.

use emsp::EmspOutbox;
use ocpi_party::push_due;
use ocpi_types::{ActiveChargingProfile, SetChargingProfile, examples, parse};
use serde_json::{Value, json};

use crate::fake_cpo::Seen;
use crate::world::{Registered, Reply, World, example};

const SESSION: &str = "/operator/v1/sessions/US/CPO/S-1";

/// A CPO at whose EVSE one of our drivers charges; the connector has tariffs for REGULAR and GREEN.
async fn charging(world: &World) -> Registered {
    let cpo = world.register(&["US/CPO"]).await;
    for (id, kind) in [("REG", Value::Null), ("GREEN", json!("PROFILE_GREEN"))] {
        let mut tariff = example(examples::TARIFF);
        tariff["id"] = json!(id);
        tariff.as_object_mut().unwrap().remove("type");
        if !kind.is_null() {
            tariff["type"] = kind;
        }
        let put = cpo.caller.put(&format!("/ocpi/2.2.1/emsp/tariffs/US/CPO/{id}"), &tariff).await;
        assert_eq!(put.code(), 1000, "{put:?}");
    }
    location(&cpo, json!(["CHARGING_PROFILE_CAPABLE", "CHARGING_PREFERENCES_CAPABLE"])).await;
    session(&cpo, "S-1", "ACTIVE").await;
    cpo
}

async fn location(cpo: &Registered, capabilities: Value) {
    let mut location = example(examples::LOCATION);
    location["id"] = json!("SMART");
    location["evses"][0]["uid"] = json!("E1");
    location["evses"][0]["capabilities"] = capabilities;
    location["evses"][0]["connectors"][0]["id"] = json!("1");
    location["evses"][0]["connectors"][0]["tariff_ids"] = json!(["REG", "GREEN"]);
    let put = cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/SMART", &location).await;
    assert_eq!(put.code(), 1000, "{put:?}");
}

async fn session(cpo: &Registered, id: &str, status: &str) {
    let mut session = example(examples::SESSION_ACTIVE);
    session["id"] = json!(id);
    session["location_id"] = json!("SMART");
    session["evse_uid"] = json!("E1");
    session["connector_id"] = json!("1");
    session["status"] = json!(status);
    if status == "COMPLETED" {
        session["end_date_time"] = json!("2026-05-12T20:00:00Z");
        session["last_updated"] = json!("2026-05-12T20:00:00Z");
    }
    let put = cpo.caller.put(&format!("/ocpi/2.2.1/emsp/sessions/US/CPO/{id}"), &session).await;
    assert_eq!(put.code(), 1000, "{put:?}");
}

fn limit() -> Value {
    json!({ "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 10 }] })
}

fn plan(at: &str, limit: u32) -> Value {
    json!({
        "start_date_time": at,
        "charging_profile": {
            "charging_rate_unit": "A", "duration": 900, "charging_profile_period": [{ "start_period": 0, "limit": limit }],
        },
    })
}

/// The parameters of a request that came without a body.
fn query(seen: &Seen) -> Vec<(String, String)> {
    let query = seen.url.split_once('?').unwrap().1;
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

async fn read(world: &World, sent: &Reply) -> Value {
    let id = sent.body["id"].as_str().unwrap();
    world.operator().get(&format!("/operator/v1/charging-profile-requests/{id}")).await.body
}

crate::on_each_database! {
    // Proves: CHP-015, CHP-023, CHP-025, CHP-030, CHP-035, CHP-039, CHP-041, CHP-047, CHP-051, CHP-056, CHP-063
    async fn a_limit_is_set_read_and_lifted(world: World) {
        let cpo = charging(&world).await;
        let sent = world.operator().put(&format!("{SESSION}/charging-profile"), &limit()).await;
        assert_eq!((sent.http, &sent.body["state"]), (201, &json!("WAITING")), "{sent:?}");
        let seen = cpo.platform.take_seen();
        assert_eq!((seen[0].method.as_str(), seen[0].url.as_str()), ("PUT", "/2.2.1/chargingprofiles/S-1"));
        assert_eq!((seen[0].party("from"), seen[0].party("to")), ("US/EMS".into(), "US/CPO".into()));
        assert!(parse::<SetChargingProfile>(seen[0].body.clone()).report.is_clean());
        assert_eq!(seen[0].body["charging_profile"], limit());
        let set_url = seen[0].body["response_url"].as_str().unwrap().to_owned();
        let accepted = json!({ "result": "ACCEPTED" });
        let noted = cpo.caller.post(&set_url, &accepted).await;
        assert_eq!((noted.status(), noted.body.get("data")), ((200, 1000), None));
        assert_eq!((&read(&world, &sent).await["state"], &read(&world, &sent).await["result"]), (&json!("DONE"), &accepted));

        let asked = world.operator().post(&format!("{SESSION}/charging-profile/read"), &json!({ "seconds": 900 })).await;
        assert_eq!(asked.body["kind"], "GET");
        let seen = cpo.platform.take_seen();
        assert!((seen[0].method.as_str(), seen[0].url.starts_with("/2.2.1/chargingprofiles/S-1?")) == ("GET", true));
        let parameters = query(&seen[0]);
        assert_eq!((parameters[0].0.as_str(), parameters[0].1.as_str()), ("duration", "900"));
        assert!(parameters[1].0 == "response_url" && parameters[1].1 != set_url, "each has its own");
        assert!(seen[0].url.contains("response_url=http%3A%2F%2F"), "encoded");
        let result = json!({ "result": "ACCEPTED", "profile": plan("2026-05-12T12:00:00Z", 10) });
        assert_eq!(cpo.caller.post(&parameters[1].1, &result).await.status(), (200, 1000));

        let path = "/ocpi/2.2.1/emsp/chargingprofiles/S-1";
        let noted = cpo.caller.put(path, &plan("2026-05-12T12:01:00Z", 6)).await;
        assert_eq!((noted.status(), noted.body.get("data")), ((200, 1000), None));
        let known = world.operator().get(&format!("{SESSION}/charging-profile")).await;
        assert_eq!(known.body["active"], plan("2026-05-12T12:01:00Z", 6));
        assert_eq!(known.body["requests"].as_array().map(Vec::len), Some(2));
        assert_eq!(cpo.caller.put(path, &plan("2026-05-12T12:00:30Z", 3)).await.status(), (200, 2001), "an older plan");

        let cleared = world.operator().delete(&format!("{SESSION}/charging-profile")).await;
        assert_eq!(cleared.body["kind"], "DELETE");
        let seen = cpo.platform.take_seen();
        assert_eq!((seen[0].method.as_str(), &seen[0].body), ("DELETE", &Value::Null));
        let url = query(&seen[0]).into_iter().find(|(name, _)| name == "response_url").unwrap().1;
        assert_eq!(cpo.caller.post(&url, &json!({ "result": "UNKNOWN" })).await.status(), (200, 1000));
        assert_eq!(read(&world, &cleared).await["result"], json!({ "result": "UNKNOWN" }));
        for (method, path) in [("GET", path), ("PATCH", path), ("DELETE", path), ("GET", set_url.as_str())] {
            assert_eq!(cpo.caller.send(method, path, None).await.http, 405, "{method} {path}");
        }
    }

    // Proves: CHP-053, CHP-055 (as Sender), CHP-040 (as Sender), CHP-035
    async fn a_result_counts_once_in_time_and_from_its_cpo_alone(world: World) {
        let cpo = charging(&world).await;
        let other = world.register(&["NL/TNM"]).await.caller;
        let sent = world.operator().put(&format!("{SESSION}/charging-profile"), &limit()).await;
        let url = cpo.platform.take_seen()[0].body["response_url"].as_str().unwrap().to_owned();
        let result = |text: &str| json!({ "result": text });
        assert_eq!(other.post(&url, &result("REJECTED")).await.status(), (404, 2001), "not its request");
        assert_eq!(world.stranger().post(&url, &result("REJECTED")).await.http, 401);
        assert_eq!(cpo.caller.post(&url, &result("PERHAPS")).await.status(), (200, 2001));
        assert_eq!(cpo.caller.post(&url, &json!({})).await.status(), (200, 2001));
        let nobodys = url.replace("results/", "results/0");
        assert_eq!(cpo.caller.post(&nobodys, &result("ACCEPTED")).await.status(), (404, 2001));
        assert_eq!(read(&world, &sent).await["state"], "WAITING");
        let wrapped = json!({ "data": result("REJECTED"), "status_code": 1000, "timestamp": "2026-01-15T10:00:00Z" });
        assert_eq!(cpo.caller.post(&url, &wrapped).await.status(), (200, 1000));
        assert_eq!(cpo.caller.post(&url, &result("ACCEPTED")).await.status(), (200, 1000));
        let done = read(&world, &sent).await;
        assert_eq!((&done["result"], &done["later_result"]), (&result("REJECTED"), &result("ACCEPTED")));

        // The plan belongs to the result when it was accepted. Without it the result is as clear, and so it is with one too many.
        world.operator().post(&format!("{SESSION}/charging-profile/read"), &json!({ "seconds": 60 })).await;
        let url = query(&cpo.platform.take_seen()[0])[1].1.clone();
        let odd = json!({ "result": "REJECTED", "profile": plan("2026-05-12T12:00:00Z", 10) });
        assert_eq!(cpo.caller.post(&url, &odd).await.status(), (200, 1000));
        assert_eq!(cpo.caller.post(&url, &result("ACCEPTED")).await.status(), (200, 1000));
        assert_eq!(world.operator().get(&format!("{SESSION}/charging-profile")).await.body.get("active"), None);

        let active = plan("2026-05-12T12:00:00Z", 10);
        for (caller, session, status) in
            [(&other, "S-1", (404, 2001)), (&cpo.caller, "nobody", (404, 2001)), (&cpo.caller, "s-1", (200, 1000))]
        {
            let put = caller.put(&format!("/ocpi/2.2.1/emsp/chargingprofiles/{session}"), &active).await;
            assert_eq!(put.status(), status, "{session}");
        }
        let broken = json!({ "start_date_time": "2026-05-12T12:00:00Z" });
        assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/chargingprofiles/S-1", &broken).await.status(), (200, 2001));

        cpo.platform.answer_commands(200, 1000, json!({ "result": "ACCEPTED", "timeout": 5 }));
        let slow = world.operator().put(&format!("{SESSION}/charging-profile"), &limit()).await;
        world.app.party.clock.advance(std::time::Duration::from_secs(6));
        assert_eq!(read(&world, &slow).await["state"], "TIMEOUT");
        for (http, status, data, state) in [
            (200, 1000, json!({ "result": "TOO_OFTEN", "timeout": 0 }), "REFUSED"),
            (200, 1000, json!({ "result": "UNKNOWN_SESSION", "timeout": 30 }), "REFUSED"),
            (200, 1000, json!("yes"), "FAILED"),
            (500, 3000, Value::Null, "FAILED"),
        ] {
            cpo.platform.answer_commands(http, status, data.clone());
            let sent = world.operator().put(&format!("{SESSION}/charging-profile"), &limit()).await;
            assert_eq!((sent.http, &sent.body["state"]), (201, &json!(state)), "{data} {sent:?}");
        }
    }

    // Proves: SES-009, SES-028 (as Receiver), SES-029, SES-079, SES-082, LOC-121 (as EMSP), LOC-122 (as EMSP), CHP-065
    async fn impossible_orders_are_not_sent(world: World) {
        let cpo = charging(&world).await;
        session(&cpo, "S-2", "COMPLETED").await;
        let profile = format!("{SESSION}/charging-profile");
        let preferences = format!("{SESSION}/charging-preferences");
        let of = |session: &str, what: &str| format!("/operator/v1/sessions/US/CPO/{session}/charging-{what}");
        let regular = json!({ "profile_type": "REGULAR" });
        for (path, body, http) in [
            (of("NONE", "profile"), limit(), 404),
            (of("S-2", "profile"), limit(), 409),
            (profile.clone(), json!({ "charging_rate_unit": "kW", "charging_profile_period": [] }), 422),
            (profile.clone(), json!({
                "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 8.15 }]
            }), 422),
            (of("NONE", "preferences"), regular.clone(), 404),
            (of("S-2", "preferences"), regular.clone(), 409),
            (preferences.clone(), json!({ "profile_type": "FAST" }), 409),
            (preferences.clone(), json!({ "energy_need": 5 }), 422),
            (preferences.clone(), json!({ "profile_type": "BEST" }), 422),
        ] {
            let reply = world.operator().put(&path, &body).await;
            assert_eq!(reply.http, http, "{path} {body} {reply:?}");
            assert!(reply.body["error"]["message"].is_string());
        }
        let read = |seconds: u32| json!({ "seconds": seconds });
        assert_eq!(world.operator().post(&format!("{profile}/read"), &read(0)).await.http, 422);
        assert_eq!(world.operator().post(&format!("{profile}/read"), &read(90_000)).await.http, 422);
        for path in [&profile, &preferences] {
            assert_eq!(world.operator().get(path).await.http, 404, "nothing was sent");
        }
        location(&cpo, json!(["RFID_READER"])).await;
        assert_eq!(world.operator().put(&profile, &limit()).await.http, 409);
        assert_eq!(world.operator().put(&preferences, &regular).await.http, 409);
        assert_eq!(cpo.platform.take_seen().len(), 0);
    }

    // Proves: SES-009, SES-018 (as Receiver), SES-029, SES-030, SES-082, SES-083
    async fn preferences_are_sent_and_the_answer_is_read(world: World) {
        let cpo = charging(&world).await;
        let wish = json!({ "profile_type": "GREEN", "departure_time": "2026-05-12T20:00:00Z", "energy_need": 12.5 });
        let path = format!("{SESSION}/charging-preferences");
        for (http, status, data, response) in [
            (200, 1000, json!("ACCEPTED"), json!("ACCEPTED")),
            (200, 1000, json!("DEPARTURE_REQUIRED"), json!("DEPARTURE_REQUIRED")),
            (200, 1000, json!("NOT_POSSIBLE"), json!("NOT_POSSIBLE")),
            (200, 1000, json!("PERHAPS"), Value::Null),
            (200, 1000, json!({ "result": "ACCEPTED" }), Value::Null),
            (404, 2001, Value::Null, Value::Null),
        ] {
            cpo.platform.answer_commands(http, status, data.clone());
            let sent = world.operator().put(&path, &wish).await;
            assert_eq!((sent.http, &sent.body["preferences"]), (200, &wish), "{sent:?}");
            assert_eq!(sent.body.get("response").cloned().unwrap_or_default(), response, "{data}");
            assert_eq!(sent.body["failure"].is_string(), response.is_null(), "{data}");
            assert_eq!(world.operator().get(&path).await.body, sent.body);
            let seen = cpo.platform.take_seen();
            assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].url.as_str()), (1, "PUT", "/2.2.1/sessions/S-1/charging_preferences"));
            assert_eq!((&seen[0].body, seen[0].party("to")), (&wish, "US/CPO".into()));
        }
    }

    // Proves: CHP-006, CHP-016, CHP-017, CHP-018, CHP-019, CHP-020, CHP-012 (as Sender)
    async fn a_smart_charging_partner_steers_through_us(world: World) {
        let cpo = charging(&world).await;
        let scsp = world.register_as("SCSP", &["DE/SCS"]).await;
        let url = format!("{}/results/1?of=%2Fa&b=2", scsp.platform.base);
        let endpoint = "/ocpi/2.2.1/emsp/scsp/chargingprofiles";
        let set = json!({ "charging_profile": limit(), "response_url": url });
        cpo.platform.answer_commands(200, 1000, json!({ "result": "ACCEPTED", "timeout": 17 }));
        let reply = scsp.caller.put(&format!("{endpoint}/S-1"), &set).await;
        assert_eq!((reply.status(), reply.data()), ((200, 1000), &json!({ "result": "ACCEPTED", "timeout": 17 })));
        let seen = cpo.platform.take_seen();
        assert_eq!((seen[0].method.as_str(), &seen[0].body["charging_profile"]), ("PUT", &limit()));
        let own = seen[0].body["response_url"].as_str().unwrap().to_owned();
        assert!(own.starts_with(&world.base), "our own, not the partner's");
        let arrived = async |lines: usize| {
            for _ in 0..2000 {
                let seen = scsp.platform.take_seen();
                if seen.len() >= lines {
                    return seen;
                }
                assert!(seen.is_empty(), "{seen:?}");
                tokio::task::yield_now().await;
                // A request lets the other tasks have their turn.
                world.stranger().get("/health").await;
            }
            panic!("nothing arrived");
        };
        assert_eq!(cpo.caller.post(&own, &json!({ "result": "ACCEPTED" })).await.status(), (200, 1000));
        let relayed = arrived(1).await;
        assert_eq!((relayed[0].method.as_str(), relayed[0].url.as_str()), ("POST", "/results/1?of=%2Fa&b=2"));
        assert_eq!((&relayed[0].body, relayed[0].party("to")), (&json!({ "result": "ACCEPTED" }), "DE/SCS".into()));

        let parameters = format!("duration=600&response_url={}", url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>());
        assert_eq!(scsp.caller.get(&format!("{endpoint}/S-1?{parameters}")).await.data()["result"], "ACCEPTED");
        let seen = cpo.platform.take_seen();
        assert_eq!(query(&seen[0])[0], ("duration".to_owned(), "600".to_owned()));
        let result = json!({ "result": "ACCEPTED", "profile": plan("2026-05-12T12:00:00Z", 10) });
        cpo.caller.post(&query(&seen[0])[1].1, &result).await;
        assert_eq!(arrived(1).await[0].body, result, "as the CPO has sent it");

        let active = plan("2026-05-12T12:05:00Z", 6);
        assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/chargingprofiles/S-1", &active).await.status(), (200, 1000));
        push_due(&world.app.party, &EmspOutbox(world.app.clone())).await;
        let told = scsp.platform.take_seen();
        assert_eq!((told[0].method.as_str(), told[0].url.as_str(), &told[0].body), ("PUT", "/2.2.1/chargingprofiles/S-1", &active));
        assert!(parse::<ActiveChargingProfile>(told[0].body.clone()).report.is_clean());

        cpo.platform.answer_commands(200, 1000, json!({ "result": "TOO_OFTEN", "timeout": 0 }));
        let parameters = parameters.split_once('&').unwrap().1;
        let reply = scsp.caller.delete(&format!("{endpoint}/S-1?{parameters}")).await;
        assert_eq!(reply.data(), &json!({ "result": "TOO_OFTEN", "timeout": 0 }));
        cpo.platform.answer_commands(200, 1000, json!({ "result": "ACCEPTED", "timeout": 5 }));
        scsp.caller.delete(&format!("{endpoint}/S-1?{parameters}")).await;
        let seen = cpo.platform.take_seen();
        assert_eq!(seen[1].method, "DELETE");
        cpo.caller.post(&query(&seen[1])[0].1, &json!({ "result": "ACCEPTED" })).await;
        assert_eq!(arrived(1).await[0].body, json!({ "result": "ACCEPTED" }));

        // Not for everybody, and not to everywhere.
        let elsewhere = json!({ "charging_profile": limit(), "response_url": "http://elsewhere.example/x" });
        assert_eq!(scsp.caller.put(&format!("{endpoint}/S-1"), &elsewhere).await.status(), (200, 2001));
        let unknown = scsp.caller.put(&format!("{endpoint}/NONE"), &set).await;
        assert_eq!(unknown.data()["result"], "UNKNOWN_SESSION");
        let own = json!({ "charging_profile": limit(), "response_url": format!("{}/results/1", cpo.platform.base) });
        assert_eq!(cpo.caller.put(&format!("{endpoint}/S-1"), &own).await.data()["result"], "REJECTED");
        assert_eq!(cpo.platform.take_seen().len(), 0);
    }
}
