//! The OpenAPI document: complete, and the same as the committed one.

use std::path::Path;

use emsp::App;
use serde_json::Value;

use crate::world::World;

fn document() -> Value {
    serde_json::to_value(App::openapi()).unwrap()
}

#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/emsp.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let current = App::openapi().to_pretty_json().unwrap() + "\n";
    assert!(committed == current, "run: cargo run -p emsp -- openapi > openapi/emsp.json");
}

#[test]
fn every_route_says_what_it_answers() {
    let document = document();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name} has no summary");
            assert!(operation["security"].is_array(), "{name} does not say who may call it");
            let answers: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            assert!(answers.iter().any(|code| code.starts_with('2')), "{name}: {answers:?}");
            for code in ["401", "500"] {
                assert!(answers.iter().any(|answer| *answer == code), "{name} does not mention {code}: {answers:?}");
            }
        }
    }
    assert!(operations >= 40, "{operations}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(json: &Value, document: &Value) {
        match json {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                map.values().for_each(|value| walk(value, document));
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
    assert!(document["components"]["schemas"]["Location"]["example"].is_object());
}

#[tokio::test]
async fn the_documentation_is_served() {
    let database = ocpi_party::testing::sqlite();
    let world = World::start(&database.url).await;
    let page = world.stranger().get("/docs/").await;
    assert_eq!(page.http, 200);
    assert!(page.body.as_str().unwrap().contains("swagger-ui"));
    assert_eq!(world.stranger().get("/docs/openapi.json").await.body, document());
    assert_eq!(world.stranger().get("/health").await.http, 200);
}
