//! The inspector: what it shows, to whom, and what it never shows.

use ocpi_party::PartyConfig;
use ocpi_party::testing::{TestDatabase, sqlite};
use ocpi_types::Role;
use serde_json::{Value, json};

use crate::support::{OPERATOR_KEY, Server, call, config};

/// Two parties that have registered with each other.
async fn registered(cpo: &TestDatabase, emsp: &TestDatabase) -> (Server, Server) {
    let (cpo, emsp) = (Server::cpo(cpo).await, Server::emsp(emsp).await);
    assert_eq!(emsp.register_with(&cpo).await.http, 201);
    (cpo, emsp)
}

async fn lines(server: &Server) -> Vec<Value> {
    server.operator("GET", "/exchanges", None).await.json["exchanges"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_registration_is_seen_by_both_without_its_secrets() {
    let (cpo_database, emsp_database) = (sqlite(), sqlite());
    let (cpo, emsp) = registered(&cpo_database, &emsp_database).await;
    let said = |lines: &[Value]| -> Vec<String> {
        let said = lines.iter().map(|line| {
            let way = if line["outgoing"] == true { "→" } else { "←" };
            format!("{way} {} {} {}", line["method"].as_str().unwrap(), line["module"].as_str().unwrap(), line["ocpi"])
        });
        said.collect()
    };
    let (ours, theirs) = (lines(&emsp).await, lines(&cpo).await);
    // The answer to the POST comes last: the CPO calls back while it is open.
    let seen = [
        "→ GET versions 1000",
        "→ GET versions 1000",
        "← GET versions 1000",
        "← GET versions 1000",
        "→ POST credentials 1000",
    ];
    assert_eq!(said(&ours), seen);
    assert_eq!(
        said(&theirs),
        seen.map(|line| if line.starts_with('→') { line.replace('→', "←") } else { line.replace('←', "→") })
    );
    assert_eq!(ours[4]["meaning"], "here is the token with which you may call me; give me mine");
    assert_eq!(ours[4]["correlation_id"], theirs[4]["correlation_id"]);

    let shown = emsp.operator("GET", &format!("/exchanges/{}", ours[4]["id"]), None).await.json;
    assert_eq!(
        (&shown["request"]["class"], &shown["response"]["class"]),
        (&json!("Credentials"), &json!("Credentials"))
    );
    assert_eq!((&shown["request"]["findings"], &shown["response"]["findings"]), (&json!([]), &json!([])));
    let body: Value = serde_json::from_str(shown["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["data"]["token"], "***");
    let headers = shown["request"]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["authorization", "Token ***"])), "{headers:?}");

    let secrets = [emsp.peer().await.token_out.expose().to_owned(), cpo.peer().await.token_out.expose().to_owned()];
    for (server, lines) in [(&emsp, &ours), (&cpo, &theirs)] {
        for line in lines {
            let shown = server.operator("GET", &format!("/exchanges/{}", line["id"]), None).await.json.to_string();
            assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
    }
}

#[tokio::test]
async fn findings_stand_beside_the_object() {
    let (cpo_database, emsp_database) = (sqlite(), sqlite());
    let (cpo, emsp) = registered(&cpo_database, &emsp_database).await;
    let token = cpo.peer().await.token_out.expose().to_owned();
    let location =
        json!({ "country_code": "US", "party_id": "CPO", "id": "LOC1", "publish": "true", "name": "Main St" });
    let answer = emsp.call("PUT", "/ocpi/2.2.1/emsp/locations/US/CPO/LOC1", &token, Some(location)).await;
    assert_eq!(answer.codes(), (200, 1000), "this party under test stores anything");
    let line = lines(&emsp).await.pop().unwrap();
    assert_eq!((&line["peer"], &line["module"]), (&emsp.peer().await.name.clone().into(), &json!("locations")));
    let shown = emsp.operator("GET", &format!("/exchanges/{}", line["id"]), None).await.json;
    assert_eq!((&shown["request"]["class"], &shown["response"]["class"]), (&json!("Location"), &Value::Null));
    let finding = |pointer: &str| {
        let findings = shown["request"]["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["pointer"] == pointer)
            .unwrap_or_else(|| panic!("{pointer}: {shown}"))
            .clone()
    };
    assert_eq!(
        (&finding("/coordinates")["severity"], &finding("/coordinates")["rule"]),
        (&json!("violation"), &json!("Missing"))
    );
    assert_eq!(finding("/publish")["spec"], "mod_locations");
}

#[tokio::test]
async fn only_operators_see_anything() {
    let database = sqlite();
    let server = Server::emsp(&database).await;
    server.get("/ocpi/versions", "a stranger's").await;
    for path in ["/operator/v1/exchanges", "/operator/v1/exchanges/1", "/inspect/stream"] {
        let answer = call("GET", &server.path(path), "", None).await;
        assert_eq!(answer.http, 401, "{path}");
        assert!(!answer.json.to_string().contains("versions"), "{path}");
    }
    let gone = server.operator("GET", "/exchanges/99", None).await;
    assert_eq!(gone.http, 404);
    assert!(gone.json["error"]["what_next"].as_str().unwrap().contains("--inspect-exchanges"), "{gone:?}");
    let line = lines(&server).await.remove(0);
    assert_eq!((&line["peer"], &line["http"], &line["outgoing"]), (&Value::Null, &json!(401), &json!(false)));

    // The page itself holds no data, and runs nothing that it did not bring.
    for (path, kind) in [
        ("/inspect", "text/html"),
        ("/inspect/style.css", "text/css"),
        ("/inspect/script.js", "text/javascript"),
        ("/inspect/json.js", "text/javascript"),
    ] {
        let page = call("GET", &server.path(path), "", None).await;
        assert_eq!(page.http, 200, "{path}");
        assert!(page.headers["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"), "{path}");
        let text = page.json.as_str().unwrap();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path} needs the internet");
    }
}

#[tokio::test]
async fn what_is_said_is_streamed_until_the_server_stops() {
    let database = sqlite();
    let mut server = Server::emsp(&database).await;
    server.get("/ocpi/first", "x").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(server.path("/inspect/stream")).bearer_auth(OPERATOR_KEY);
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("/ocpi/first") {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.starts_with("event: about\ndata: {\"party\":\"emsp\""), "{text}");
    assert!(text.contains("\n\nevent: exchanges\ndata: [{\"id\":1,"), "{text}");
    server.get("/ocpi/second", "x").await;
    while !text.contains("/ocpi/second") {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    server.stop().await;
    while let Some(more) = stream.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&more).unwrap());
    }
    assert_eq!(text.matches("/ocpi/second").count(), 1, "{text}");
}

#[tokio::test]
async fn it_can_be_switched_off_and_keeps_nothing_that_nobody_could_see() {
    let database = sqlite();
    let off = PartyConfig { inspect_exchanges: 0, ..config(&Role::Emsp, &database) };
    let server = Server::start(Role::Emsp, off).await;
    for path in ["/operator/v1/exchanges", "/operator/v1/exchanges/1", "/inspect/stream", "/inspect"] {
        let answer = call("GET", &server.path(path), &format!("Bearer {OPERATOR_KEY}"), None).await;
        assert_eq!(answer.http, 404, "{path}");
        assert!(
            answer.json["error"]["what_next"].as_str().unwrap().contains("INSPECT_EXCHANGES"),
            "{path}: {answer:?}"
        );
    }
    assert!(!server.party.exchanges.is_watched());

    let database = sqlite();
    let closed = PartyConfig { operator_key: None, ..config(&Role::Emsp, &database) };
    let server = Server::start(Role::Emsp, closed).await;
    assert!(!server.party.exchanges.is_watched());
}

#[tokio::test]
async fn few_are_kept_when_few_are_wanted() {
    let database = sqlite();
    let few = PartyConfig { inspect_exchanges: 2, ..config(&Role::Emsp, &database) };
    let server = Server::start(Role::Emsp, few).await;
    for n in 1..=3 {
        server.get(&format!("/ocpi/{n}"), "x").await;
    }
    let ids: Vec<_> = lines(&server).await.iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, [json!(2), json!(3)]);
}
