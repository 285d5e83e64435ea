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
fn every_operation_teaches_and_can_be_tried() {
    let document = document();
    let complaints = ocpi_party::testing::openapi_complaints(&document);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    assert!(document["paths"].as_object().unwrap().len() >= 30);
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
    assert_eq!(world.stranger().get("/docs/login.json").await.body, serde_json::json!({}), "nobody is logged in");
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "start.js", "style.css", "favicon-32x32.png"] {
        assert_eq!(world.stranger().get(&format!("/docs/{file}")).await.http, 200, "{file}");
    }
    assert_eq!(world.stranger().get("/docs/nothing.js").await.http, 404);
    assert_eq!(world.stranger().get("/health").await.http, 200);
}
