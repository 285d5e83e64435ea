//! Pulling the CPOs' lists.

use emsp::pull::CpoInbox;
use ocpi_party::{PullSummary, pull_due, pull_now};
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::fake_cpo::FakeCpo;
use crate::world::{Registered, World, example};

fn location(party: &str, n: usize) -> Value {
    let mut location = example(examples::LOCATION);
    location["party_id"] = json!(party);
    location["id"] = json!(format!("LOC-{n}"));
    let evses = location["evses"].as_array_mut().unwrap();
    evses.truncate(1);
    location["last_updated"] = json!("2026-05-01T08:00:00Z");
    location
}

fn locations(party: &str, count: usize) -> Vec<Value> {
    (0..count).map(|n| location(party, n)).collect()
}

async fn pull(world: &World, cpo: &Registered, full: bool) -> PullSummary {
    pull_now(&world.app.party, &CpoInbox(world.app.clone()), &cpo.id, full).await.unwrap().unwrap().unwrap()
}

async fn ids(world: &World, list: &str) -> Vec<String> {
    let all = world.operator().get(&format!("/operator/v1/{list}?limit=1000")).await;
    let id = |item: &Value| item["id"].as_str().or(item["cdr"]["id"].as_str()).unwrap().to_owned();
    all.body["items"].as_array().unwrap().iter().map(id).collect()
}

/// The list requests of one module, without the rest.
fn requests(platform: &FakeCpo, module: &str) -> Vec<(String, String)> {
    let seen = platform.take_seen();
    let lists = seen.into_iter().filter(|seen| seen.url.starts_with(&format!("/2.2.1/{module}")));
    lists.map(|seen| (seen.party("to"), seen.url)).collect()
}

crate::on_each_database! {
    // Proves: LOC-005, LOC-021, TAR-007, SES-007, SES-008, CDR-023, TRN-036, TRN-039
    async fn everything_is_pulled_page_by_page(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        cpo.platform.set_page(7);
        cpo.platform.set_list("locations", locations("CPO", 20));
        cpo.platform.set_list("tariffs", vec![example(examples::TARIFF)]);
        cpo.platform.set_list("sessions", vec![example(examples::SESSION)]);
        cpo.platform.set_list("cdrs", vec![example(examples::CDR)]);
        let summary = pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        assert_eq!((summary.seen, summary.stored, summary.skipped.len()), (23, 23, 0));
        let expected: Vec<String> = (0..20).map(|n| format!("LOC-{n}")).collect();
        assert_eq!(ids(&world, "locations").await, expected);
        for (url, object) in [
            ("locations/US/CPO/LOC-7", location("CPO", 7)),
            ("tariffs/US/CPO/TARIFF-DAY", example(examples::TARIFF)),
            ("sessions/US/CPO/SESSION-9001", example(examples::SESSION)),
        ] {
            assert_eq!(world.operator().get(&format!("/operator/v1/{url}")).await.body, object);
        }
        assert_eq!(ids(&world, "cdrs").await, ["CDR-9001"]);
        assert_eq!(world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9001").await.body["cdr"], example(examples::CDR));
        assert_eq!(pull_due(&world.app.party, &CpoInbox(world.app.clone())).await.seen, 0, "nothing is due any more");
    }

    // Proves: SES-020, TRN-044 (date_from of the last success)
    async fn a_later_pull_asks_for_what_has_changed(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        cpo.platform.set_list("locations", locations("CPO", 3));
        pull(&world, &cpo, true).await;
        let first = requests(&cpo.platform, "sessions");
        assert!(first[0].1.contains("date_from="), "sessions are always asked for with a date");
        world.app.party.clock.advance(std::time::Duration::from_hours(1));
        let mut changed = location("CPO", 1);
        changed["name"] = json!("Changed");
        changed["last_updated"] = json!("2026-05-12T12:30:00Z");
        cpo.platform.set_list("locations", vec![location("CPO", 0), changed, location("CPO", 2)]);
        let summary = pull(&world, &cpo, false).await;
        assert_eq!((summary.seen, summary.stored), (1, 1));
        assert!(requests(&cpo.platform, "locations")[0].1.contains("date_from=2026-05-12T11%3A59%3A00Z"));
        assert_eq!(world.operator().get("/operator/v1/locations/US/CPO/LOC-1").await.body["name"], "Changed");
        assert_eq!(ids(&world, "locations").await.len(), 3, "what a filtered list lacks is still there");
    }

    // Proves: TRN-065 (one list per party), TRN-078
    async fn each_party_of_a_platform_has_a_list_of_its_own(world: World) {
        let cpo = world.register(&["US/CPO", "US/SUB"]).await;
        let mut all = locations("CPO", 2);
        all.extend(locations("SUB", 3));
        cpo.platform.set_list("locations", all);
        pull(&world, &cpo, true).await;
        let asked: Vec<String> = requests(&cpo.platform, "locations").into_iter().map(|(to, _)| to).collect();
        assert_eq!(asked, ["US/CPO", "US/SUB"]);
        assert_eq!(world.operator().get("/operator/v1/locations?party=US/SUB").await.body["total"], 3);
        assert_eq!(world.operator().get("/operator/v1/locations?party=US/CPO").await.body["total"], 2);

        // A list that holds more than it was asked for: each object says whose it is.
        let mut anywhere = location("SUB", 9);
        anywhere["x_on_every_list"] = json!(true);
        cpo.platform.set_list("locations", vec![location("CPO", 0), location("CPO", 1), anywhere]);
        pull(&world, &cpo, true).await;
        assert_eq!(world.operator().get("/operator/v1/locations/US/SUB/LOC-9").await.body["party_id"], "SUB");
        assert_eq!(world.operator().get("/operator/v1/locations/US/CPO/LOC-9").await.http, 404);
    }

    // Only the faulty object is skipped.
    // Proves: TRN-066
    async fn a_faulty_object_is_skipped_and_reported(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let mut list = locations("CPO", 5);
        list[1].as_object_mut().unwrap().remove("coordinates");
        list[2] = json!("not an object");
        list[3]["party_id"] = json!("XYZ");
        list[3]["country_code"] = Value::Null;
        list[4]["evses"][0]["status"] = json!("ON_FIRE");
        cpo.platform.set_list("locations", list.clone());
        let summary = pull(&world, &cpo, true).await;
        assert_eq!(ids(&world, "locations").await, ["LOC-0"]);
        let mut objects: Vec<&str> = summary.skipped.iter().map(|skipped| skipped.object.as_str()).collect();
        objects.sort_unstable();
        assert_eq!(objects, ["US/CPO|LOC-1", "US/CPO|LOC-4", "US/CPO|entry 2", "US/CPO|entry 3"]);
        assert!(summary.skipped.iter().any(|s| s.reason.contains("/evses/0/status")), "{summary:?}");
        let partner = world.operator().get(&format!("/operator/v1/partners/{}", cpo.id)).await;
        let findings = partner.body["findings"].to_string();
        assert!(findings.contains("US/CPO|LOC-1") && findings.contains("/coordinates"), "{findings}");
    }

    // Proves: LOC-035, LOC-036, TAR-008, CDR-034, SES-027
    async fn a_full_list_is_the_new_truth_but_for_cdrs(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        cpo.platform.set_page(2);
        cpo.platform.set_list("locations", locations("CPO", 5));
        cpo.platform.set_list("tariffs", vec![example(examples::TARIFF)]);
        cpo.platform.set_list("cdrs", vec![example(examples::CDR)]);
        pull(&world, &cpo, true).await;
        let mut fewer = vec![location("CPO", 0), location("CPO", 4)];
        fewer[0].as_object_mut().unwrap().remove("name");
        cpo.platform.set_list("locations", fewer.clone());
        cpo.platform.set_list("tariffs", vec![]);
        cpo.platform.set_list("cdrs", vec![]);
        pull(&world, &cpo, false).await;
        assert_eq!(ids(&world, "locations").await.len(), 5, "a filtered list proves nothing");
        pull(&world, &cpo, true).await;
        assert_eq!(ids(&world, "locations").await, ["LOC-0", "LOC-4"]);
        assert_eq!(world.operator().get("/operator/v1/locations/US/CPO/LOC-0").await.body, fewer[0]);
        assert_eq!(ids(&world, "tariffs").await, Vec::<String>::new());
        assert_eq!(ids(&world, "cdrs").await, ["CDR-9001"]);
        let url = "/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1";
        assert_eq!(cpo.caller.get(url).await.status(), (404, 2003));
        assert_eq!(cpo.caller.put(url, &location("CPO", 1)).await.status(), (201, 1000), "it may come back");
    }

    // An object that is on the list but broken, or that was pushed while the list was read, is not gone.
    async fn what_is_broken_on_the_list_is_not_gone(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        cpo.platform.set_list("locations", locations("CPO", 3));
        pull(&world, &cpo, true).await;
        let mut list = locations("CPO", 2);
        list[1].as_object_mut().unwrap().remove("coordinates");
        cpo.platform.set_list("locations", list);
        pull(&world, &cpo, true).await;
        assert_eq!(ids(&world, "locations").await, ["LOC-0", "LOC-1"]);
        cpo.platform.set_list("locations", vec![location("CPO", 0), json!({ "id": 5 })]);
        pull(&world, &cpo, true).await;
        assert_eq!(ids(&world, "locations").await, ["LOC-0", "LOC-1"], "one has no name: who knows which it is");
    }

    async fn a_pull_never_goes_back_in_time(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let mut pushed = location("CPO", 0);
        pushed["name"] = json!("Pushed just now");
        pushed["last_updated"] = json!("2026-05-12T11:59:59Z");
        let completed = example(examples::SESSION);
        cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-0", &pushed).await;
        cpo.caller.put("/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9001", &completed).await;
        let mut running = completed.clone();
        running["status"] = json!("ACTIVE");
        running["last_updated"] = json!("2026-06-01T00:00:00Z");
        cpo.platform.set_list("locations", locations("CPO", 1));
        cpo.platform.set_list("sessions", vec![running]);
        let summary = pull(&world, &cpo, true).await;
        assert_eq!((summary.seen, summary.stored), (2, 0));
        assert_eq!(world.operator().get("/operator/v1/locations/US/CPO/LOC-0").await.body, pushed);
        assert_eq!(world.operator().get("/operator/v1/sessions/US/CPO/SESSION-9001").await.body, completed);
    }

    // Proves: CDR-024; a bill that changed is reported and the first one kept
    async fn a_cdr_that_changed_is_reported(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        cpo.caller.post("/ocpi/2.2.1/emsp/cdrs", &example(examples::CDR)).await;
        let mut changed = example(examples::CDR);
        changed["remark"] = json!("changed");
        cpo.platform.set_list("cdrs", vec![changed]);
        let summary = pull(&world, &cpo, true).await;
        assert_eq!(summary.skipped[0].object, "US/CPO|CDR-9001");
        assert_eq!(world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9001").await.body["cdr"], example(examples::CDR));
    }

    async fn an_outage_loses_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let inbox = CpoInbox(world.app.clone());
        cpo.platform.set_list("locations", locations("CPO", 3));
        cpo.platform.set_broken(Some(500));
        assert_eq!(pull_due(&world.app.party, &inbox).await.seen, 0);
        cpo.platform.set_broken(None);
        world.app.party.clock.advance(std::time::Duration::from_hours(1));
        pull_due(&world.app.party, &inbox).await;
        assert_eq!(ids(&world, "locations").await.len(), 3);
    }
}
