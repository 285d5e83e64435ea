//! CPOs behind a hub: who is there, how they are asked and told, and what comes from them.

use std::time::Duration;

use emsp::EmspOutbox;
use emsp::demo;
use emsp::pull::CpoInbox;
use ocpi_party::{PullSummary, pull_due, pull_now, push_due};
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::fake_cpo::Seen;
use crate::world::{Registered, Reply, World, example};

const HUB: &str = "EU/HUB";

/// The hub says how a party is connected.
fn client(party: &str, role: &str, status: &str) -> Value {
    let (country, id) = party.split_once('/').unwrap();
    json!({ "country_code": country, "party_id": id, "role": role, "status": status, "last_updated": "2026-05-12T11:00:00Z" })
}

fn of(party: &str, mut object: Value) -> Value {
    let (country, id) = party.split_once('/').unwrap();
    object["country_code"] = json!(country);
    object["party_id"] = json!(id);
    object
}

fn location(party: &str, id: &str) -> Value {
    let mut location = of(party, example(examples::LOCATION));
    location["id"] = json!(id);
    location
}

async fn pull(world: &World, hub: &Registered, full: bool) -> PullSummary {
    pull_now(&world.app.party, &CpoInbox(world.app.clone()), &hub.id, full).await.unwrap().unwrap().unwrap()
}

async fn tell(hub: &Registered, info: &Value) -> Reply {
    let url = format!(
        "/ocpi/2.2.1/hubclientinfo/{}/{}",
        info["country_code"].as_str().unwrap(),
        info["party_id"].as_str().unwrap()
    );
    hub.caller.clone().posing_as("").put(&url, info).await
}

/// The hub with NL/AAA and NL/BBB, which is away.
async fn two_behind(world: &World) -> Registered {
    let hub = world.register_hub(HUB).await;
    hub.platform.set_list(
        "hubclientinfo",
        vec![
            client("NL/AAA", "CPO", "CONNECTED"),
            client("NL/BBB", "CPO", "OFFLINE"),
            client("DE/EMP", "EMSP", "CONNECTED"),
        ],
    );
    hub
}

/// `module: to <- from` of requests for lists.
fn routes(seen: &[Seen]) -> Vec<String> {
    let path = |seen: &Seen| seen.url.split('?').next().unwrap().trim_start_matches("/2.2.1/").to_owned();
    seen.iter()
        .map(|seen| format!("{} {}: {} <- {}", seen.method, path(seen), seen.party("to"), seen.party("from")))
        .collect()
}

async fn ids(world: &World, party: &str) -> Vec<String> {
    let all = world.operator().get(&format!("/operator/v1/locations?party={party}")).await;
    all.body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn clients(world: &World, hub: &Registered) -> Vec<String> {
    let reply = world.operator().get(&format!("/operator/v1/partners/{}/clients", hub.id)).await;
    let text = |client: &Value| {
        let info = &client["info"];
        let text = |name: &str| info[name].as_str().unwrap().to_owned();
        let (party, reachable) = (format!("{}/{}", text("country_code"), text("party_id")), &client["reachable"]);
        format!("{party} {} {} {reachable}", text("role"), text("status"))
    };
    reply.body["clients"].as_array().unwrap().iter().map(text).collect()
}

fn start_at(party: &str) -> Value {
    json!({ "party": party, "location_id": "LOC1", "evse_uid": "EVSE-1001-1", "connector_id": "1", "token_uid": demo::APP_USER })
}

crate::on_each_database! {
    // Proves: HUB-006, HUB-026, HUB-037, HUB-040, HUB-041, HUB-042, HUB-045, HUB-052, HCI-003, HCI-007, HUB-001
    async fn a_hub_is_asked_in_its_own_name_and_each_object_says_whose_it_is(world: World) {
        let hub = two_behind(&world).await;
        hub.platform.set_page(2);
        hub.platform.set_list(
            "locations",
            vec![location("NL/AAA", "LOC1"), location("NL/BBB", "LOC1"), location("NL/AAA", "LOC2")],
        );
        hub.platform.set_list("sessions", vec![of("NL/AAA", example(examples::SESSION)), of("NL/BBB", example(examples::SESSION))]);
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        let seen = hub.platform.take_seen();
        assert_eq!(
            routes(&seen),
            [
                "GET hubclientinfo: / <- /",
                "GET hubclientinfo: / <- /",
                "GET tariffs: EU/HUB <- US/EMS",
                "GET locations: EU/HUB <- US/EMS",
                "GET locations: EU/HUB <- US/EMS",
                "GET sessions: NL/AAA <- US/EMS",
                "GET cdrs: NL/AAA <- US/EMS",
            ],
            "lists of everybody from the hub, what is ours alone from each CPO that is there"
        );
        assert!(seen.iter().take(2).all(|seen| seen.headers.keys().all(|name| !name.as_str().starts_with("ocpi-"))));
        assert_eq!(ids(&world, "NL/AAA").await, ["LOC1", "LOC2"]);
        assert_eq!(ids(&world, "NL/BBB").await, ["LOC1"]);
        assert_eq!(world.operator().get("/operator/v1/sessions").await.body["total"], 1);
        assert_eq!(
            clients(&world, &hub).await,
            ["DE/EMP EMSP CONNECTED true", "NL/AAA CPO CONNECTED true", "NL/BBB CPO OFFLINE false"]
        );

        // A full list is the new truth about those who are on it; who is left out may be away.
        hub.platform.set_list("locations", vec![location("NL/AAA", "LOC2")]);
        pull(&world, &hub, true).await;
        assert_eq!(ids(&world, "NL/AAA").await, ["LOC2"]);
        assert_eq!(ids(&world, "NL/BBB").await, ["LOC1"]);
    }

    // Proves: HCI-009, HCI-019, HCI-020, HCI-044, HCI-046, HCI-010, HCI-017
    async fn the_hubs_list_is_read_with_its_pages_and_dates(world: World) {
        let hub = two_behind(&world).await;
        hub.platform.set_page(1);
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        let asked = |seen: Vec<Seen>| {
            seen.into_iter().map(|seen| seen.url).filter(|url| url.contains("hubclientinfo")).collect::<Vec<_>>()
        };
        assert_eq!(asked(hub.platform.take_seen()).len(), 3, "three pages");
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        assert_eq!(asked(hub.platform.take_seen()).len(), 0, "not polled");

        // Later only what has changed is asked for, and what is not on that list is as before.
        world.app.party.clock.advance(Duration::from_hours(1));
        let mut planned = client("FR/NEW", "CPO", "PLANNED");
        planned["last_updated"] = json!("2026-05-12T12:30:00Z");
        planned["x_vendor"] = json!("more than the spec has");
        let mut faulty = planned.clone();
        faulty["status"] = json!("ON_HOLIDAY");
        faulty["party_id"] = json!("ODD");
        hub.platform.set_list("hubclientinfo", vec![client("NL/AAA", "CPO", "CONNECTED"), planned.clone(), faulty]);
        let summary = pull(&world, &hub, false).await;
        assert!(asked(hub.platform.take_seen())[0].contains("date_from=2026-05-12T11%3A59%3A00Z"));
        assert_eq!(summary.skipped[0].object, "FR/ODD", "one that cannot be read does not spoil the others");
        assert_eq!(
            clients(&world, &hub).await,
            [
                "DE/EMP EMSP CONNECTED true", "FR/NEW CPO PLANNED false", "NL/AAA CPO CONNECTED true",
                "NL/BBB CPO OFFLINE false"
            ]
        );
        let partner = world.operator().get(&format!("/operator/v1/partners/{}", hub.id)).await;
        assert!(partner.body["findings"].to_string().contains("CPO FR/NEW is to be connected"), "{partner:?}");

        // A complete list: who is not on it is gone.
        hub.platform.set_list("hubclientinfo", vec![client("NL/AAA", "CPO", "CONNECTED"), planned]);
        pull(&world, &hub, true).await;
        assert_eq!(
            clients(&world, &hub).await,
            [
                "DE/EMP EMSP SUSPENDED false", "FR/NEW CPO PLANNED false", "NL/AAA CPO CONNECTED true",
                "NL/BBB CPO SUSPENDED false"
            ]
        );
        let stored = hub.caller.clone().posing_as("").get("/ocpi/2.2.1/hubclientinfo/NL/BBB").await;
        assert_eq!(stored.data()["status"], "SUSPENDED");
        hub.platform.set_list("hubclientinfo", vec![client("NL/BBB", "CPO", "CONNECTED")]);
        pull(&world, &hub, true).await;
        assert!(clients(&world, &hub).await.contains(&"NL/BBB CPO CONNECTED true".to_owned()), "it may come back");

        // After an outage of our line to the hub everything that is due is asked for.
        hub.platform.set_broken(Some(503));
        world.app.party.clock.advance(Duration::from_hours(2));
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        hub.platform.set_broken(None);
        hub.platform.take_seen();
        world.app.party.clock.advance(Duration::from_mins(10));
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        let modules: Vec<String> = routes(&hub.platform.take_seen());
        assert!(modules.iter().any(|line| line.starts_with("GET locations: EU/HUB")), "{modules:?}");
    }

    // Proves: HUB-052, HUB-006, HUB-054, HCI-005, HCI-007, HCI-013, STA-034, STA-035 (as the hub's client)
    async fn commands_go_to_parties_that_are_connected_and_to_no_others(world: World) {
        let hub = two_behind(&world).await;
        hub.platform.set_list("locations", vec![location("NL/AAA", "LOC1"), location("NL/BBB", "LOC1")]);
        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        hub.platform.take_seen();
        let start = async |party: &str| world.operator().post("/operator/v1/commands/START_SESSION", &start_at(party)).await;

        let sent = start("NL/AAA").await;
        assert_eq!(sent.http, 201, "{sent:?}");
        let seen = hub.platform.take_seen();
        assert_eq!(routes(&seen), ["POST commands/START_SESSION: NL/AAA <- US/EMS"]);
        let url = seen[0].body["response_url"].as_str().unwrap().to_owned();
        let result = hub.caller.clone().posing_as("NL/AAA").post(&url, &json!({ "result": "ACCEPTED" })).await;
        assert_eq!(result.status(), (200, 1000));
        let route = ["ocpi-to-country-code", "ocpi-to-party-id", "ocpi-from-country-code", "ocpi-from-party-id"];
        assert_eq!(route.map(|name| result.header(name)), ["NL", "AAA", "US", "EMS"], "not the hub's ids");

        for status in ["OFFLINE", "SUSPENDED", "PLANNED"] {
            assert_eq!(tell(&hub, &client("NL/BBB", "CPO", status)).await.code(), 1000);
            let refused = start("NL/BBB").await;
            assert_eq!(refused.http, 409, "{refused:?}");
            assert!(refused.body.to_string().contains(status), "{refused:?}");
        }
        assert_eq!(start("XX/YYY").await.http, 404, "the hub has not told of anybody of this name");
        assert!(hub.platform.take_seen().is_empty(), "nothing is sent to who is not there");
        assert_eq!(tell(&hub, &client("NL/BBB", "CPO", "CONNECTED")).await.code(), 1000);
        assert_eq!(start("NL/BBB").await.http, 201);
        assert_eq!(routes(&hub.platform.take_seen()), ["POST commands/START_SESSION: NL/BBB <- US/EMS"]);

        // What the hub says about the routing is about this party and this command.
        for (code, text) in [(4001, "Unknown receiver"), (4002, "Timeout"), (4003, "Connection problem")] {
            hub.platform.set_unreachable("NL/BBB", Some(code));
            let failed = start("NL/BBB").await;
            assert_eq!(failed.body["state"], "FAILED", "{failed:?}");
            assert!(failed.body["failure"].as_str().unwrap().contains(text), "{failed:?}");
        }
        assert_eq!(start("NL/AAA").await.body["state"], "WAITING");
    }

    // Proves: HCI-005, HCI-009: what a CPO did while it was away is fetched when it is back
    async fn who_comes_back_is_asked_for_everything_that_is_ours(world: World) {
        let hub = two_behind(&world).await;
        let inbox = CpoInbox(world.app.clone());
        pull_due(&world.app.party, &inbox).await;
        hub.platform.set_list("sessions", vec![of("NL/BBB", example(examples::SESSION))]);
        hub.platform.take_seen();
        world.app.party.clock.advance(Duration::from_mins(1));
        let both = ["NL/AAA", "NL/BBB"].map(|party| client(party, "CPO", "CONNECTED"));
        hub.platform.set_list("hubclientinfo", both.to_vec());
        assert_eq!(tell(&hub, &client("NL/BBB", "CPO", "CONNECTED")).await.code(), 1000);
        pull_due(&world.app.party, &inbox).await;
        let sessions: Vec<String> =
            hub.platform.take_seen().into_iter().filter(|seen| seen.party("to") == "NL/BBB").map(|seen| seen.url).collect();
        assert!(sessions.iter().any(|url| url.contains("sessions?date_from=1970-01-01")), "{sessions:?}");
        assert_eq!(world.operator().get("/operator/v1/sessions?party=NL/BBB").await.body["total"], 1);

        // One that does not answer the hub in time: the others are served, and it is asked again from the same date.
        hub.platform.set_list("cdrs", vec![of("NL/BBB", example(examples::CDR))]);
        hub.platform.set_unreachable("NL/AAA", Some(4002));
        let path = format!("/operator/v1/partners/{}/sync", hub.id);
        world.operator().post(&path, &json!({ "full": true })).await;
        pull_due(&world.app.party, &inbox).await;
        assert_eq!(world.operator().get("/operator/v1/cdrs?party=NL/BBB").await.body["total"], 1);
        let partner = world.operator().get(&format!("/operator/v1/partners/{}", hub.id)).await;
        let pulls = partner.body["pulls"].as_array().unwrap();
        let failed = pulls.iter().find(|pull| pull["module"] == "cdrs").unwrap();
        assert!(failed["last_error"].as_str().unwrap().contains("NL/AAA"), "{failed}");
    }

    // Proves: HUB-021, HUB-028, HUB-026, STA-020
    async fn tokens_are_told_once_to_everybody_through_the_hub(world: World) {
        let hub = world.register_hub(HUB).await;
        world.operator().post(&format!("/operator/v1/tokens/{}/block", demo::RFID_ALWAYS), &json!({})).await;
        push_due(&world.app.party, &EmspOutbox(world.app.clone())).await;
        let seen = hub.platform.take_seen();
        assert_eq!(routes(&seen), [format!("PUT tokens/US/EMS/{}: EU/HUB <- US/EMS", demo::RFID_ALWAYS)]);
        assert!(seen.iter().all(|seen| seen.body["last_updated"].is_string()), "none is a PATCH, all are dated");
    }

    // Proves: HUB-025, HUB-031, HCI-006, STA-029
    async fn a_hub_speaks_for_those_behind_it(world: World) {
        let hub = two_behind(&world).await;
        let broadcast = hub.caller.put("/ocpi/2.2.1/emsp/locations/NL/AAA/LOC1", &location("NL/AAA", "LOC1")).await;
        assert_eq!(broadcast.status(), (201, 1000));
        let route = ["ocpi-to-country-code", "ocpi-to-party-id", "ocpi-from-country-code", "ocpi-from-party-id"];
        assert_eq!(route.map(|name| broadcast.header(name)), ["EU", "HUB", "US", "EMS"]);
        let routed = hub.caller.clone().posing_as("NL/AAA");
        let session = of("NL/AAA", example(examples::SESSION));
        assert_eq!(routed.put("/ocpi/2.2.1/emsp/sessions/NL/AAA/SESSION-9001", &session).await.status(), (201, 1000));
        assert_eq!(routed.post("/ocpi/2.2.1/emsp/cdrs", &of("NL/AAA", example(examples::CDR))).await.status(), (201, 1000));
        assert_eq!(tell(&hub, &client("FR/NEW", "CPO", "CONNECTED")).await.status(), (201, 1000));
        let new = routed.posing_as("FR/NEW");
        let put = new.put("/ocpi/2.2.1/emsp/locations/FR/NEW/LOC1", &location("FR/NEW", "LOC1")).await;
        assert_eq!(put.status(), (201, 1000));
        let wrong = new.put("/ocpi/2.2.1/emsp/locations/FR/NEW/LOC1", &location("FR/NEW", "LOC2")).await;
        assert_eq!(wrong.status(), (200, 2001), "its own faults it hears like anybody");

        // A CPO that is registered here itself, and of which the hub has told nothing, speaks for itself only.
        let direct = world.register(&["US/CPO"]).await.caller;
        let url = "/ocpi/2.2.1/emsp/locations/US/CPO/LOC1";
        assert_eq!(direct.put(url, &location("US/CPO", "LOC1")).await.status(), (201, 1000));
        assert_eq!(hub.caller.put(url, &location("US/CPO", "LOC1")).await.status(), (404, 2001));
        assert_eq!(hub.caller.get(url).await.status(), (404, 2001), "nor is shown what it told us");
        assert_eq!(direct.put("/ocpi/2.2.1/emsp/locations/NL/AAA/LOC1", &location("NL/AAA", "LOC1")).await.http, 404);
        // Behind the hub as well: both ways are good. Spec: topology, "Platforms via Hub and direct".
        assert_eq!(tell(&hub, &client("US/CPO", "CPO", "CONNECTED")).await.code(), 1000);
        assert_eq!(hub.caller.put(url, &location("US/CPO", "LOC1")).await.status(), (200, 1000));
    }
}
