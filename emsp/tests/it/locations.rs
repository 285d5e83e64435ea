//! Module Locations, as its Receiver.

use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, example};

const LOC: &str = "/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001";

fn location() -> Value {
    example(examples::LOCATION)
}

fn evse(uid: &str, at: &str) -> Value {
    let mut evse = location()["evses"][0].clone();
    evse["uid"] = json!(uid);
    evse["last_updated"] = json!(at);
    evse
}

fn connector(id: &str, at: &str) -> Value {
    let mut connector = location()["evses"][0]["connectors"][0].clone();
    connector["id"] = json!(id);
    connector["last_updated"] = json!(at);
    connector
}

crate::on_each_database! {
    // Proves: LOC-044, LOC-045, LOC-049, LOC-052, LOC-042, TRN-084, TRN-062, TRN-075, VER-029
    async fn a_location_is_created_replaced_and_served_as_it_is(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut sent = location();
        sent["x_vendor"] = json!({ "kept": 1.50 });
        assert_eq!(cpo.put(LOC, &sent).await.status(), (201, 1000));
        assert_eq!(cpo.get(LOC).await.data(), &sent);
        assert_eq!(cpo.get("/ocpi/2.2.1/emsp/locations/us/cpo/loc-1001/").await.data(), &sent, "ids have no case");
        sent.as_object_mut().unwrap().remove("name");
        assert_eq!(cpo.put(LOC, &sent).await.status(), (200, 1000));
        assert_eq!(cpo.get(LOC).await.data(), &sent, "what was left out is gone");
    }

    // Proves: LOC-050, LOC-053, LOC-054, LOC-062, LOC-108, LOC-109
    async fn a_new_child_lifts_its_parents_and_never_lowers_them(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        cpo.put(LOC, &location()).await;
        let added = evse("EVSE-NEW", "2026-06-01T00:00:00Z");
        assert_eq!(cpo.put(&format!("{LOC}/EVSE-NEW"), &added).await.status(), (201, 1000));
        let stored = cpo.get(LOC).await;
        assert_eq!(stored.data()["last_updated"], "2026-06-01T00:00:00Z");
        assert_eq!(stored.data()["evses"].as_array().unwrap().len(), location()["evses"].as_array().unwrap().len() + 1);
        let plug = connector("2", "2026-06-02T00:00:00Z");
        assert_eq!(cpo.put(&format!("{LOC}/evse-new/2"), &plug).await.status(), (201, 1000));
        assert_eq!(cpo.get(&format!("{LOC}/EVSE-NEW/2")).await.data(), &plug);
        assert_eq!(cpo.get(&format!("{LOC}/EVSE-NEW")).await.data()["last_updated"], "2026-06-02T00:00:00Z");
        assert_eq!(cpo.get(LOC).await.data()["last_updated"], "2026-06-02T00:00:00Z");
        // An older child that is new to us: the parents keep their time.
        let older = evse("EVSE-OLD", "2026-05-30T00:00:00Z");
        assert_eq!(cpo.put(&format!("{LOC}/EVSE-OLD"), &older).await.status(), (201, 1000));
        assert_eq!(cpo.get(LOC).await.data()["last_updated"], "2026-06-02T00:00:00Z");
        assert_eq!(cpo.get(&format!("{LOC}/EVSE-OLD")).await.data()["last_updated"], "2026-05-30T00:00:00Z");
    }

    // Proves: LOC-064, LOC-068, LOC-069, LOC-071, LOC-072, LOC-073, LOC-019
    async fn patches_change_what_they_name_and_lift_the_parents(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        cpo.put(LOC, &location()).await;
        let evse = format!("{LOC}/EVSE-1001-1");
        let status = json!({ "status": "CHARGING", "last_updated": "2026-06-01T10:00:00Z" });
        assert_eq!(cpo.patch(&evse, &status).await.status(), (200, 1000));
        let now = cpo.get(&evse).await;
        assert_eq!((&now.data()["status"], &now.data()["connectors"]), (&json!("CHARGING"), &location()["evses"][0]["connectors"]));
        assert_eq!(cpo.get(LOC).await.data()["last_updated"], "2026-06-01T10:00:00Z");

        let tariff = json!({ "tariff_ids": ["15"], "last_updated": "2026-06-01T11:00:00Z" });
        assert_eq!(cpo.patch(&format!("{evse}/1"), &tariff).await.status(), (200, 1000));
        assert_eq!(cpo.get(&format!("{evse}/1")).await.data()["tariff_ids"], json!(["15"]));
        assert_eq!(cpo.get(&evse).await.data()["last_updated"], "2026-06-01T11:00:00Z");
        assert_eq!(cpo.get(LOC).await.data()["last_updated"], "2026-06-01T11:00:00Z");

        let name = json!({ "name": "Renamed", "last_updated": "2026-06-01T12:00:00Z" });
        assert_eq!(cpo.patch(LOC, &name).await.status(), (200, 1000));
        assert_eq!(cpo.get(LOC).await.data()["name"], "Renamed");

        let removed = json!({ "status": "REMOVED", "last_updated": "2026-06-01T13:00:00Z" });
        assert_eq!(cpo.patch(&evse, &removed).await.status(), (200, 1000));
        assert_eq!(cpo.get(&evse).await.data()["status"], "REMOVED");
    }

    // Proves: LOC-067, TRN-029 (nothing changes), LOC-057, LOC-058, LOC-059, LOC-060, LOC-063, LOC-107
    async fn what_is_wrong_changes_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        cpo.put(LOC, &location()).await;
        let evse_url = format!("{LOC}/EVSE-1001-1");
        let no_time = cpo.patch(&evse_url, &json!({ "status": "CHARGING" })).await;
        assert_eq!(no_time.status(), (200, 2001));
        assert!(no_time.message().contains("/last_updated"), "{}", no_time.message());
        let later = "2026-06-01T10:00:00Z";
        let mut elsewhere = location();
        elsewhere["id"] = json!("LOC-2");
        let mut without_status = evse("EVSE-1001-1", later);
        without_status.as_object_mut().unwrap().remove("status");
        let mut without_connectors = evse("EVSE-1001-1", later);
        without_connectors["connectors"] = json!("none");
        for (url, body) in [
            (LOC.to_owned(), elsewhere),
            (evse_url.clone(), evse("EVSE-2", later)),
            (format!("{evse_url}/1"), connector("2", later)),
            (evse_url.clone(), without_status),
            (evse_url.clone(), without_connectors),
            (evse_url.clone(), location()),
            (LOC.to_owned(), json!([location()])),
        ] {
            let reply = cpo.put(&url, &body).await;
            assert_eq!(reply.status(), (200, 2001), "{url}: {reply:?}");
        }
        assert_eq!(cpo.send_text("PUT", LOC, Some("{\"id\":".into())).await.status(), (400, 2001));
        assert_eq!(cpo.get(LOC).await.data(), &location());
    }

    // Proves: STA-023, LOC-043 (Receiver), LOC-070 (the answer to a PATCH on an unknown object)
    async fn an_unknown_object_is_404_with_2003(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let patch = json!({ "status": "CHARGING", "last_updated": "2026-06-01T10:00:00Z" });
        assert_eq!(cpo.get(LOC).await.status(), (404, 2003));
        assert_eq!(cpo.patch(LOC, &patch).await.status(), (404, 2003));
        assert_eq!(cpo.put(&format!("{LOC}/E1"), &evse("E1", "2026-06-01T10:00:00Z")).await.status(), (404, 2003));
        cpo.put(LOC, &location()).await;
        assert_eq!(cpo.get(&format!("{LOC}/NONE")).await.status(), (404, 2003));
        assert_eq!(cpo.get(&format!("{LOC}/EVSE-1001-1/NONE")).await.status(), (404, 2003));
        assert_eq!(cpo.patch(&format!("{LOC}/NONE"), &patch).await.status(), (404, 2003));
        let plug = connector("1", "2026-06-01T10:00:00Z");
        assert_eq!(cpo.put(&format!("{LOC}/NONE/1"), &plug).await.status(), (404, 2003));
    }

    // Proves: LOC-046, LOC-047, TRN-023, TRN-073
    async fn other_methods_do_not_exist(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        cpo.put(LOC, &location()).await;
        for (method, url) in [("POST", LOC.to_owned()), ("DELETE", LOC.to_owned()), ("DELETE", format!("{LOC}/EVSE-1001-1"))] {
            let reply = cpo.send(method, &url, Some(&location())).await;
            assert_eq!(reply.http, 405, "{method} {url}");
            assert_eq!(reply.header("x-request-id"), "request-1");
            assert!(reply.code() >= 2000);
        }
        assert_eq!(cpo.get(LOC).await.data(), &location());
    }

    // Proves: LOC-055, LOC-056, LOC-048, TRN-070, TRN-059 (only the owner's platform)
    async fn url_body_and_roles_must_agree(world: World) {
        let cpo = world.register(&["US/CPO", "US/SUB"]).await.caller;
        let other = world.register(&["NL/TNM"]).await.caller;
        cpo.put(LOC, &location()).await;
        let sub = "/ocpi/2.2.1/emsp/locations/US/SUB/LOC-1001";
        assert_eq!(cpo.put(sub, &location()).await.status(), (200, 2001), "the body belongs to US/CPO");
        let mut second = location();
        second["party_id"] = json!("SUB");
        second["name"] = json!("Another with the same id");
        assert_eq!(cpo.put(sub, &second).await.status(), (201, 1000));
        assert_eq!(cpo.get(LOC).await.data()["name"], location()["name"]);

        let mut newer = location();
        newer["last_updated"] = json!("2026-07-01T00:00:00Z");
        assert_eq!(other.put(LOC, &newer).await.http, 404);
        assert_eq!(other.get(LOC).await.http, 404);
        let patch = json!({ "name": "Mine", "last_updated": "2026-07-01T00:00:00Z" });
        assert_eq!(other.patch(LOC, &patch).await.http, 404);
        assert_eq!(cpo.get(LOC).await.data(), &location());
        for stranger in [world.stranger(), world.with_token("nobody", "US/CPO"), world.invited().await] {
            assert_eq!(stranger.put(LOC, &newer).await.http, 401);
        }
        assert_eq!(cpo.get(LOC).await.data(), &location());
    }

    // A state that is older than the one we hold never wins; the same moment is accepted.
    async fn a_stale_state_changes_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        cpo.put(LOC, &location()).await;
        let evse_url = format!("{LOC}/EVSE-1001-1");
        let mut older = location();
        older["last_updated"] = json!("2020-01-01T00:00:00Z");
        older["name"] = json!("Long ago");
        let reply = cpo.put(LOC, &older).await;
        assert_eq!(reply.status(), (200, 2001));
        assert!(reply.message().contains("newer"), "{}", reply.message());
        assert_eq!(cpo.put(&evse_url, &evse("EVSE-1001-1", "2020-01-01T00:00:00Z")).await.status(), (200, 2001));
        let plug = connector("1", "2020-01-01T00:00:00Z");
        assert_eq!(cpo.put(&format!("{evse_url}/1"), &plug).await.status(), (200, 2001));
        let patch = json!({ "name": "Long ago", "last_updated": "2020-01-01T00:00:00Z" });
        assert_eq!(cpo.patch(LOC, &patch).await.status(), (200, 2001));
        assert_eq!(cpo.get(LOC).await.data(), &location());
        let mut same = location();
        same["name"] = json!("At the same moment");
        assert_eq!(cpo.put(LOC, &same).await.status(), (200, 1000));
        assert_eq!(cpo.get(LOC).await.data(), &same);
    }
}
