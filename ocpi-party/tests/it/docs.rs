//! The documentation at `/docs`: nobody is logged in, unless the launcher demonstrates.

use std::sync::Arc;

use ocpi_http::Secret;
use ocpi_party::docs::{DemoExample, DemoLogin};
use ocpi_party::testing::sqlite;
use serde_json::{Value, json};

use crate::support::{Server, call};

const OPERATION: &str = "GET /operator/v1/partners/{id}";

async fn get(server: &Server, path: &str, host: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(server.path(path)).header("Host", host).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

fn example(document: &Value) -> &Value {
    let parameters = document["paths"]["/operator/v1/partners/{id}"]["get"]["parameters"].as_array().unwrap();
    &parameters.iter().find(|parameter| parameter["name"] == "id").unwrap()["example"]
}

#[tokio::test]
async fn only_a_demonstration_is_logged_in_and_only_on_this_machine() {
    let database = sqlite();
    let server = Server::emsp(&database).await;
    let page = call("GET", &server.path("/docs"), "", None).await;
    assert_eq!(page.http, 200, "after the redirect to /docs/");
    assert!(page.json.as_str().unwrap().contains("swagger-ui-bundle.js"));
    assert_eq!(get(&server, "/docs/login.json", "127.0.0.1").await, json!({}));
    let untouched = get(&server, "/docs/openapi.json", "127.0.0.1").await;

    server.party.demonstrate(Arc::new(|| {
        Box::pin(async {
            Some(DemoLogin {
                acts_as: "somebody".to_owned(),
                ocpi_token: Some(Secret::new("Token abc")),
                operator_key: Secret::new("a key"),
                examples: vec![DemoExample { operation: OPERATION, name: "id", value: "an existing one".into() }],
            })
        })
    }));
    let login = json!({ "acts_as": "somebody", "ocpi_token": "Token abc", "operator_key": "a key" });
    for host in ["127.0.0.1:8000", "localhost:8000", "localhost"] {
        let mut given = get(&server, "/docs/login.json", host).await;
        let now = given.as_object_mut().unwrap().remove("now").unwrap();
        assert!(ocpi_types::parse_date_time(now.as_str().unwrap()).is_some(), "{now}");
        assert_eq!(given, login, "{host}");
        assert_eq!(example(&get(&server, "/docs/openapi.json", host).await), "an existing one", "{host}");
    }
    // A name from elsewhere may lead to this machine, too.
    assert_eq!(get(&server, "/docs/login.json", "rebound.example:8000").await, json!({}));
    assert_eq!(get(&server, "/docs/openapi.json", "rebound.example").await, untouched);
    assert_ne!(example(&untouched), "an existing one");
}
