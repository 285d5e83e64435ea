//! What the EMSP says it offers, and who is let in where.

use std::collections::BTreeSet;

use emsp::App;
use ocpi_types::{Version, VersionDetails, examples};
use serde_json::{Value, json};

use crate::world::{Caller, Reply, World, example};

/// A request that the module of this endpoint knows, about an object that is not there.
async fn probe(caller: &Caller, endpoint: &Value) -> Reply {
    let url = endpoint["url"].as_str().unwrap();
    match endpoint["identifier"].as_str().unwrap() {
        "chargingprofiles" if endpoint["role"] == "SENDER" => {
            caller.post(&format!("{url}/results/none"), &json!({ "result": "ACCEPTED" })).await
        }
        "chargingprofiles" => caller.delete(&format!("{url}/none?response_url=x")).await,
        "commands" => caller.post(&format!("{url}/START_SESSION/none"), &json!({ "result": "ACCEPTED" })).await,
        "cdrs" | "locations" | "sessions" | "tariffs" => caller.get(&format!("{url}/US/CPO/none")).await,
        "hubclientinfo" => caller.get(&format!("{url}/NL/ALL")).await,
        _ => caller.get(url).await,
    }
}

async fn endpoints(caller: &Caller) -> Vec<Value> {
    caller.get("/ocpi/2.2.1").await.data()["endpoints"].as_array().unwrap().clone()
}

crate::on_each_database! {
    // Proves: VER-010, VER-013, VER-014, VER-019, VER-021, VER-023, VER-028, VER-029, VER-031, VER-033, TRN-017, TRN-102,
    // LOC-001, SES-001, CDR-001, TOK-001, TAR-001, CMD-001, CMD-003, CHP-001, CHP-002, HCI-001
    async fn every_endpoint_is_listed_once_and_is_there(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let versions = cpo.get("/ocpi/versions").await;
        assert_eq!(versions.status(), (200, 1000));
        assert_eq!(versions.data(), &json!([{ "version": "2.2.1", "url": format!("{}/ocpi/2.2.1", world.base) }]));
        assert!(ocpi_types::parse::<Version>(versions.data()[0].clone()).report.is_clean());

        let details = cpo.get(versions.data()[0]["url"].as_str().unwrap()).await;
        assert_eq!((details.status(), &details.data()["version"]), ((200, 1000), &json!("2.2.1")));
        assert!(ocpi_types::parse::<VersionDetails>(details.data().clone()).report.is_clean());
        let endpoints = details.data()["endpoints"].as_array().unwrap();
        let text = |endpoint: &Value, name: &str| endpoint[name].as_str().unwrap().to_owned();
        let listed: Vec<_> = endpoints.iter().map(|e| (text(e, "identifier"), text(e, "role"))).collect();
        let unique: BTreeSet<_> = listed.iter().map(|(module, role)| (module.as_str(), role.as_str())).collect();
        let expected = [
            ("cdrs", "RECEIVER"),
            ("chargingprofiles", "RECEIVER"),
            ("chargingprofiles", "SENDER"),
            ("commands", "SENDER"),
            ("credentials", "SENDER"),
            ("hubclientinfo", "RECEIVER"),
            ("locations", "RECEIVER"),
            ("sessions", "RECEIVER"),
            ("tariffs", "RECEIVER"),
            ("tokens", "SENDER"),
        ];
        assert_eq!((unique, listed.len()), (expected.into(), expected.len()));
        assert!(endpoints.iter().all(|endpoint| text(endpoint, "url").starts_with(&format!("{}/", world.base))));

        // Each is there, and does what its role promises.
        let url = |module: &str| text(endpoints.iter().find(|e| e["identifier"] == module).unwrap(), "url");
        assert_eq!(cpo.get(&url("credentials")).await.data()["url"], format!("{}/ocpi/versions", world.base));
        assert!(cpo.get(&url("tokens")).await.data().is_array());
        let for_hubs = cpo.get(&format!("{}/NL/ALL", url("hubclientinfo"))).await;
        assert_eq!(for_hubs.status(), (404, 2001), "there, and not for a CPO");
        for (module, object) in
            [("locations", examples::LOCATION), ("sessions", examples::SESSION), ("tariffs", examples::TARIFF)]
        {
            let object = example(object);
            let place = format!("{}/US/CPO/{}", url(module), object["id"].as_str().unwrap());
            assert_eq!(cpo.put(&place, &object).await.status(), (201, 1000), "{module}");
        }
        assert_eq!(cpo.post(&url("cdrs"), &example(examples::CDR)).await.status(), (201, 1000));
        let nobody_waits = format!("{}/START_SESSION/none", url("commands"));
        assert_eq!(cpo.post(&nobody_waits, &json!({ "result": "ACCEPTED" })).await.http, 404);

        // What is served is listed.
        let api = serde_json::to_value(App::openapi()).unwrap();
        for path in api["paths"].as_object().unwrap().keys().filter(|path| path.starts_with("/ocpi/2.2.1/")) {
            let served = format!("{}{path}", world.base);
            assert!(endpoints.iter().any(|endpoint| served.starts_with(&text(endpoint, "url"))), "{path}");
        }
    }

    // Proves: TRN-013, TRN-015, TRN-016
    async fn token_a_opens_versions_and_credentials_and_an_unknown_token_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut endpoints = endpoints(&cpo).await;
        for (module, path) in [("versions", "/ocpi/versions"), ("details", "/ocpi/2.2.1")] {
            endpoints.push(json!({ "identifier": module, "url": format!("{}{path}", world.base) }));
        }
        let (unknown, invited) = (world.with_token("never-issued", "US/CPO"), world.invited().await);
        for endpoint in &endpoints {
            assert_eq!(probe(&unknown, endpoint).await.status(), (401, 2000), "{endpoint}");
            let open = matches!(endpoint["identifier"].as_str().unwrap(), "versions" | "details" | "credentials");
            let expected = if open { (200, 1000) } else { (401, 2000) };
            assert_eq!(probe(&invited, endpoint).await.status(), expected, "{endpoint}");
        }
        let newcomer = crate::fake_cpo::FakeCpo::start(&["NL/TNM"]).await;
        assert_eq!(invited.post("/ocpi/2.2.1/credentials", &newcomer.credentials()).await.status(), (200, 1000));
    }
}
