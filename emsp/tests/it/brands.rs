//! An EMSP platform with two brands.

use std::collections::BTreeSet;

use emsp::EmspOutbox;
use emsp::demo;
use emsp::pull::CpoInbox;
use ocpi_party::{pull_due, push_due};
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, example};

const TOKENS: &str = "/ocpi/2.2.1/emsp/tokens";

async fn add_brand(world: &World) {
    let brand = json!({ "country_code": "US", "party_id": "SUN", "name": "Sunny Charging" });
    let added = world.operator().post("/operator/v1/parties", &brand).await;
    assert_eq!((added.http, &added.body["role"]), (201, &json!("EMSP")), "{added:?}");
    // A card of the second brand with the number of one of the first.
    let card =
        json!({ "contract_id": "US-SUN-C00000001-X", "issuer": "Sunny Charging", "account": { "blocked": true } });
    let url = format!("/operator/v1/tokens/{}?brand=US/SUN", demo::RFID_NEVER);
    assert_eq!(world.operator().put(&url, &card).await.http, 201);
}

fn owners(list: &Value) -> BTreeSet<String> {
    let owner =
        |token: &Value| format!("{}/{}", token["country_code"].as_str().unwrap(), token["party_id"].as_str().unwrap());
    list.as_array().unwrap().iter().map(owner).collect()
}

crate::on_each_database! {
    // Proves: HUB-050, HUB-047, HUB-006
    async fn each_brand_has_tokens_of_its_own(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        add_brand(&world).await;
        let first = cpo.caller.get(TOKENS).await;
        assert_eq!((owners(first.data()), first.header("x-total-count")), (["US/EMS".to_owned()].into(), "10"));
        let second = cpo.caller.clone().addressing("US/SUN").get(TOKENS).await;
        assert_eq!((owners(second.data()), second.header("x-total-count")), (["US/SUN".to_owned()].into(), "1"));
        assert_eq!((second.header("ocpi-from-party-id"), second.header("ocpi-to-party-id")), ("SUN", "CPO"));
        assert_eq!(cpo.caller.clone().addressing("US/XXX").get(TOKENS).await.status(), (404, 2001));

        // One number, two cards, two verdicts.
        let authorize = format!("{TOKENS}/{}/authorize", demo::RFID_NEVER);
        assert_eq!(cpo.caller.send("POST", &authorize, None).await.data()["allowed"], "ALLOWED");
        let of_second = cpo.caller.clone().addressing("US/SUN").send("POST", &authorize, None).await;
        assert_eq!((&of_second.data()["allowed"], &of_second.data()["token"]["party_id"]), (&json!("BLOCKED"), &json!("SUN")));
        let other = cpo.caller.clone().addressing("US/SUN");
        let unknown = other.send("POST", &format!("{TOKENS}/{}/authorize", demo::RFID_ALWAYS), None).await;
        assert_eq!(unknown.status(), (404, 2004), "another brand's card");

        // Each brand tells its own, in its own name.
        push_due(&world.app.party, &EmspOutbox(world.app.clone())).await;
        let seen = cpo.platform.take_seen();
        let pushed: Vec<_> = seen.iter().filter(|seen| seen.url.contains("/tokens/")).collect();
        assert_eq!((pushed.len(), pushed[0].party("from"), pushed[0].party("to")), (1, "US/SUN".into(), "US/CPO".into()));
        assert!(pushed[0].url.contains("/tokens/US/SUN/"), "{pushed:?}");
    }

    // Proves: HUB-047, HUB-048
    async fn a_brand_gives_its_own_commands_and_asks_for_its_own_sessions(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        add_brand(&world).await;
        let app_user = json!({ "contract_id": "US-SUN-C00000002-X" });
        let url = format!("/operator/v1/tokens/{}?type=APP_USER&brand=US/SUN", demo::APP_USER);
        assert_eq!(world.operator().put(&url, &app_user).await.http, 201);
        cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001", &example(examples::LOCATION)).await;
        let order = |brand: &str| {
            json!({ "party": "US/CPO", "location_id": "LOC-1001", "token_uid": demo::APP_USER, "brand": brand })
        };
        for brand in ["US/SUN", "US/EMS"] {
            assert_eq!(world.operator().post("/operator/v1/commands/START_SESSION", &order(brand)).await.http, 201);
            let seen = cpo.platform.take_seen().pop().unwrap();
            let token = &seen.body["token"];
            assert_eq!((seen.party("from"), format!("US/{}", token["party_id"].as_str().unwrap())), (brand.into(), brand.into()));
        }
        assert_eq!(world.operator().post("/operator/v1/commands/START_SESSION", &order("US/XXX")).await.http, 404);

        let mut session = example(examples::SESSION_ACTIVE);
        session["cdr_token"]["party_id"] = json!("SUN");
        let put = cpo.caller.clone().addressing("US/SUN").put("/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9002", &session).await;
        assert_eq!(put.status(), (201, 1000));
        let stop = json!({ "party": "US/CPO", "session_id": "SESSION-9002" });
        assert_eq!(world.operator().post("/operator/v1/commands/STOP_SESSION", &stop).await.http, 201);
        assert_eq!(cpo.platform.take_seen().pop().unwrap().party("from"), "US/SUN");

        pull_due(&world.app.party, &CpoInbox(world.app.clone())).await;
        let asked: Vec<(String, String)> =
            cpo.platform.take_seen().into_iter().map(|seen| (seen.url.split('?').next().unwrap().to_owned(), seen.party("from"))).collect();
        let line = |module: &str, from: &str| (format!("/2.2.1/{module}"), from.to_owned());
        // Locations twice: the one that was pushed is not in the list, so it is looked for once more before it is given up.
        assert_eq!(
            asked,
            [
                line("tariffs", "US/EMS"), line("locations", "US/EMS"), line("locations", "US/EMS"), line("sessions", "US/EMS"), line("sessions", "US/SUN"),
                line("cdrs", "US/EMS"), line("cdrs", "US/SUN"),
            ]
        );
    }
}
