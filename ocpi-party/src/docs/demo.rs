//! A documentation that is logged in: for demonstrations on one machine.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::HOST;
use ocpi_http::Secret;
use ocpi_types::{DateTime, format_date_time};
use serde_json::Value;

use crate::Party;

/// Makes the login, each time that somebody opens the page: tokens and examples change while the parties work.
pub type Demo = Arc<dyn Fn() -> BoxFuture<'static, Option<DemoLogin>> + Send + Sync>;

/// What a demonstration puts into the documentation.
///
/// It is given to whoever opens the page on this machine, so it must not be worth anything elsewhere.
// No `Debug`: it holds secrets.
pub struct DemoLogin {
    /// As whom the OCPI routes are called: `the EMSP (US/EMS)`.
    pub acts_as: String,
    /// The whole value of the `Authorization` header for the OCPI routes; `None` while the parties are not registered.
    pub ocpi_token: Option<Secret>,
    /// The operator key.
    pub operator_key: Secret,
    /// Examples that name what exists.
    pub examples: Vec<DemoExample>,
}

/// An example in place of the one in the document.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoExample {
    /// The operation: `GET /operator/v1/partners/{id}`.
    pub operation: &'static str,
    /// The parameter, or the member of the body.
    pub name: &'static str,
    /// The value.
    pub value: Value,
}

/// The login, where there is one for those who call under this name. A page from elsewhere that got a name of its own to
/// lead to this machine gets none.
pub(super) async fn login(party: &Party, headers: &HeaderMap) -> Option<DemoLogin> {
    let demo = party.demo()?;
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        return None;
    }
    demo().await
}

/// Puts the examples into the document. Objects in bodies become as new as can be, because old ones are refused; the page is told
/// how new that is.
pub(super) fn fill(document: &mut Value, login: &DemoLogin, now: &DateTime) {
    document["info"]["x-filled-at"] = format_date_time(now).into();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let is_this = |example: &&DemoExample| {
                let named = example.operation.split_once(' ');
                named.is_some_and(|(of_method, of_path)| of_path == path && of_method.eq_ignore_ascii_case(method))
            };
            let body = operation.pointer_mut("/requestBody/content/application~1json/example");
            if let Some(body) = body {
                renew(body, &format_date_time(now));
            }
            for example in login.examples.iter().filter(is_this) {
                put(operation, example);
            }
        }
    }
}

fn put(operation: &mut Value, example: &DemoExample) {
    let parameters = operation["parameters"].as_array_mut().into_iter().flatten();
    for parameter in parameters.filter(|parameter| parameter["name"] == example.name) {
        parameter["example"] = example.value.clone();
    }
    let member = operation.pointer_mut("/requestBody/content/application~1json/example");
    if let Some(member) = member.and_then(|body| body.get_mut(example.name)) {
        *member = example.value.clone();
    }
}

fn renew(json: &mut Value, now: &str) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "last_updated" {
                    *value = now.into();
                } else {
                    renew(value, now);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| renew(entry, now)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn examples_are_filled_in_and_made_new() {
        let body = |id: &str, at: &str| {
            let example = json!({ "id": id, "last_updated": at, "evses": [{ "last_updated": at }] });
            json!({ "content": { "application/json": { "example": example } } })
        };
        let operation = |example: &str, body: Value| json!({ "parameters": [{ "name": "id", "example": example }, { "name": "type" }], "requestBody": body });
        let path =
            |put: Value, patch: Value| json!({ "info": {}, "paths": { "/x/{id}": { "put": put, "patch": patch } } });
        let old = "2026-01-01T00:00:00Z";
        let mut document = path(operation("old", body("old", old)), operation("old", body("old", old)));
        let login = DemoLogin {
            acts_as: String::new(),
            ocpi_token: None,
            operator_key: Secret::new("key"),
            examples: vec![
                DemoExample { operation: "PUT /x/{id}", name: "id", value: "new".into() },
                DemoExample { operation: "GET /x/{id}", name: "id", value: "nowhere".into() },
            ],
        };
        let now = "2026-05-12T15:31:00Z";
        fill(&mut document, &login, &now.parse().unwrap());
        let mut expected = path(operation("new", body("new", now)), operation("old", body("old", now)));
        expected["info"]["x-filled-at"] = now.into();
        assert_eq!(document, expected);
    }
}
