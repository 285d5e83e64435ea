//! What drivers are shown.

use emsp::demo;
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, example};

const LIST: &str = "/operator/v1/driver/locations";

async fn shown(world: &World, query: &str) -> Vec<String> {
    let list = world.operator().get(&format!("{LIST}{query}")).await;
    let items = list.body["items"].as_array().unwrap_or_else(|| panic!("{list:?}"));
    assert_eq!(list.body["total"], items.len());
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

crate::on_each_database! {
    // Proves: LOC-076, LOC-078, LOC-094, LOC-101
    async fn drivers_are_shown_what_is_published_or_names_their_token(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let card = |visual: Option<&str>, issuer: &str, group: Option<&str>| {
            let mut card = json!({ "contract_id": "US-EMS-C00000001-X", "issuer": issuer });
            for (field, value) in [("visual_number", visual), ("group_id", group)] {
                if let Some(value) = value {
                    card[field] = json!(value);
                }
            }
            card
        };
        for (uid, card) in [
            ("FAMILY", card(None, "Plug & Roam", Some("MAPLE-COURT"))),
            ("NUMBER", card(Some("DF-000-1"), "Plug & Roam", None)),
            ("ISSUER", card(Some("DF-000-1"), "Somebody Else", None)),
        ] {
            assert_eq!(world.operator().put(&format!("/operator/v1/tokens/{uid}"), &card).await.http, 201);
        }
        let mut for_some = example(examples::LOCATION_UNPUBLISHED);
        for_some["publish_allowed_to"] = json!([
            { "group_id": "MAPLE-COURT" },
            { "visual_number": "DF-000-1", "issuer": "Plug & Roam" },
            { "uid": demo::APP_USER, "type": "APP_USER" },
        ]);
        let mut for_nobody = for_some.clone();
        for_nobody["id"] = json!("LOC-HELPDESK");
        for_nobody.as_object_mut().unwrap().remove("publish_allowed_to");
        let mut gone = example(examples::LOCATION);
        gone["id"] = json!("LOC-GONE");
        gone["evses"].as_array_mut().unwrap().iter_mut().for_each(|evse| evse["status"] = json!("REMOVED"));
        let mut open = example(examples::LOCATION);
        open["evses"][1]["status"] = json!("REMOVED");
        for location in [&open, &for_some, &for_nobody, &gone] {
            let url = format!("/ocpi/2.2.1/emsp/locations/US/CPO/{}", location["id"].as_str().unwrap());
            assert_eq!(cpo.put(&url, location).await.status(), (201, 1000), "each is taken and can be charged at");
            assert_eq!(cpo.get(&url).await.data(), location);
        }

        assert_eq!(shown(&world, "").await, ["LOC-1001"], "somebody who is not logged in");
        for (query, both) in [
            ("?token_uid=FAMILY".to_owned(), true),
            ("?token_uid=NUMBER".to_owned(), true),
            ("?token_uid=ISSUER".to_owned(), false),
            (format!("?token_uid={}&type=APP_USER", demo::APP_USER), true),
            (format!("?token_uid={}", demo::RFID_ALWAYS), false),
        ] {
            let expected: &[&str] = if both { &["LOC-1001", "LOC-2001"] } else { &["LOC-1001"] };
            assert_eq!(shown(&world, &query).await, expected, "{query}");
            let one = world.operator().get(&format!("{LIST}/US/CPO/LOC-2001{query}")).await;
            assert_eq!(one.http, if both { 200 } else { 404 }, "{query}");
        }
        assert_eq!(world.operator().get(&format!("{LIST}?token_uid=NOBODY")).await.http, 404);
        assert_eq!(world.operator().get(&format!("{LIST}/US/CPO/LOC-HELPDESK")).await.http, 404);
        assert_eq!(shown(&world, "?party=NL/TNM").await, Vec::<String>::new());

        let page = world.operator().get(&format!("{LIST}?token_uid=FAMILY&offset=1&limit=1")).await;
        assert_eq!((&page.body["total"], &page.body["items"][0]["id"]), (&json!(2), &json!("LOC-2001")));
        let first = &world.operator().get(LIST).await.body["items"][0];
        let evses = first["evses"].as_array().unwrap();
        assert_eq!((evses.len(), &evses[0]["evse_id"]), (1, &open["evses"][0]["evse_id"]), "what was removed is not there");
        let text = page.body.to_string() + &first.to_string();
        for hidden in ["uid", "publish_allowed_to", "MAPLE-COURT"] {
            assert!(!text.contains(&format!("\"{hidden}")), "{hidden} is not for drivers: {text}");
        }
        assert_eq!(first["evses"][0]["uid"], Value::Null);
        assert_eq!(world.stranger().get(LIST).await.http, 401);
    }
}
