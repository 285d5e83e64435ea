//! Two of our own parties, registering with each other.

use std::sync::Arc;

use ocpi_party::testing::databases;
use ocpi_party::{DbError, PartyConfig, Peer, PeerStatus, push_due};
use ocpi_types::{CredentialsRole, ModuleId, Role};
use serde_json::json;

use crate::platform::{Platform, envelope, refusal};
use crate::push::Recorder;
use crate::support::{Server, config};

const LOCATIONS: &str = "/ocpi/2.2.1/cpo/locations";

async fn pair() -> Vec<(Server, Server)> {
    let (ones, others) = (databases().await, databases().await);
    let mut pairs = Vec::new();
    for (one, other) in ones.iter().zip(&others) {
        pairs.push((Server::emsp(one).await, Server::cpo(other).await));
    }
    // The folders of the databases go with the process.
    std::mem::forget((ones, others));
    pairs
}

/// What `server` shows to `other` is accepted there.
async fn can_call(server: &Server, other: &Server) -> bool {
    let peer: Arc<Peer> = server.peer().await;
    other.get(LOCATIONS, peer.token_out.expose()).await.http == 200
}

#[tokio::test]
async fn both_sides_know_each_other_after_one_call_of_the_operator() {
    // Proves: CRE-006, CRE-007, CRE-008, CRE-009, CRE-010, CRE-015, CRE-018, CRE-019, CRE-031, CRE-057, VER-008
    for (emsp, cpo) in pair().await {
        let answer = emsp.register_with(&cpo).await;
        assert_eq!(answer.http, 201, "{answer:?}");
        assert_eq!(
            (&answer.json["status"], &answer.json["roles"][0]["party"]),
            (&json!("REGISTERED"), &json!("US/CPO"))
        );
        let (at_emsp, at_cpo) = (emsp.peer().await, cpo.peer().await);
        assert_eq!((at_emsp.status, at_cpo.status), (PeerStatus::Registered, PeerStatus::Registered));
        assert!(
            at_emsp.hosts(&"us/cpo".parse().unwrap(), Role::Cpo)
                && at_cpo.hosts(&"US/EMS".parse().unwrap(), Role::Emsp)
        );
        assert_eq!(at_emsp.versions_url.as_deref(), Some(cpo.path("/ocpi/versions").as_str()));
        let url = at_emsp.endpoint(&ModuleId::Locations, &ocpi_types::InterfaceRole::Sender).unwrap();
        assert_eq!(url, cpo.path(LOCATIONS));
        assert!(can_call(&emsp, &cpo).await && can_call(&cpo, &emsp).await);
    }
}

#[tokio::test]
async fn an_update_renews_both_tokens_and_the_end_is_told() {
    // Proves: CRE-020, CRE-021, CRE-022, CRE-025, CRE-050
    for (emsp, cpo) in pair().await {
        emsp.register_with(&cpo).await;
        for (one, other) in [(&emsp, &cpo), (&cpo, &emsp)] {
            let before = (one.peer().await.token_out.clone(), other.peer().await.token_out.clone());
            let id = one.peer().await.id.clone();
            let answer = one.operator("POST", &format!("/partners/{id}/credentials"), None).await;
            assert_eq!(answer.http, 200, "{answer:?}");
            let after = (one.peer().await.token_out.clone(), other.peer().await.token_out.clone());
            assert!(before.0 != after.0 && before.1 != after.1);
            assert!(can_call(&emsp, &cpo).await && can_call(&cpo, &emsp).await);
        }
        let (id, token) = (emsp.peer().await.id.clone(), emsp.peer().await.token_out.clone());
        let ended = emsp.operator("DELETE", &format!("/partners/{id}"), None).await;
        assert_eq!((ended.http, &ended.json["partner_told"]), (200, &json!(true)));
        assert_eq!(emsp.peer().await.status, PeerStatus::Unregistered);
        assert_eq!(cpo.peer().await.status, PeerStatus::Unregistered);
        assert_eq!(cpo.get(LOCATIONS, token.expose()).await.http, 401);

        // And again, as the same partner.
        let id = cpo.peer().await.id.clone();
        let invitation = cpo.operator("POST", "/partners/invitations", Some(json!({ "partner_id": id }))).await;
        let body = json!({ "versions_url": invitation.json["versions_url"], "token_a": invitation.json["token_a"], "name": "again" });
        assert_eq!(emsp.operator("POST", "/partners", Some(body)).await.http, 201);
        assert_eq!((cpo.peer().await.id.as_str(), cpo.peer().await.status), (id.as_str(), PeerStatus::Registered));
    }
}

#[tokio::test]
async fn a_new_party_is_told_to_every_registered_partner() {
    // Proves: CRE-024, CRE-061
    for (emsp, cpo) in pair().await {
        emsp.register_with(&cpo).await;
        let role: CredentialsRole =
            PartyConfig { party_id: "TWO".into(), business_name: "Second brand".into(), ..PartyConfig::cpo() }
                .credentials_role(Role::Cpo);
        let party = cpo.party.clone();
        let added: Result<(bool, bool), DbError> = cpo
            .party
            .db
            .write(move |tx| {
                Box::pin(async move { Ok((party.add_role(tx, role.clone()).await?, party.add_role(tx, role).await?)) })
            })
            .await;
        assert_eq!(added.unwrap(), (true, false), "the same again changes nothing");
        let state = cpo.operator("GET", "/partners", None).await;
        assert_eq!(state.json["partners"][0]["push"]["behind"], json!({ "credentials": 1 }));
        let summary = push_due(&cpo.party, &Recorder::default()).await;
        assert_eq!((summary.delivered, summary.unreachable), (1, 0));
        let parties: Vec<_> = emsp.peer().await.parties(&Role::Cpo).iter().map(ToString::to_string).collect();
        assert_eq!(parties, ["US/CPO", "US/TWO"]);
        assert!(can_call(&emsp, &cpo).await && can_call(&cpo, &emsp).await);
        assert_eq!(push_due(&cpo.party, &Recorder::default()).await.delivered, 0);
    }
}

/// Registers the EMSP with a platform that answers as the test says; the operator's answer.
async fn register(emsp: &Server, platform: &Platform) -> crate::support::Answer {
    let body = json!({ "versions_url": format!("{}/versions", platform.url), "token_a": "token-a", "name": "odd" });
    emsp.operator("POST", "/partners", Some(body)).await
}

#[tokio::test]
async fn a_registration_goes_by_the_book_with_a_foreign_platform() {
    // Proves: CRE-006, CRE-009, CRE-015, CRE-028, CRE-029, CRE-034, CRE-037, CRE-056, VER-006, VER-017, VER-027, HUB-001,
    // TRN-101
    let database = ocpi_party::testing::sqlite();
    let required =
        PartyConfig { required_endpoints: vec!["locations:SENDER".into()], ..config(&Role::Emsp, &database) };
    let (emsp, platform) = (Server::start(Role::Emsp, required).await, Platform::start().await);
    let nothing_remains = async || assert!(emsp.party.peers.all().await.unwrap().is_empty());

    platform.offers(&["2.1.1", "2.2"], &platform.endpoints());
    let answer = register(&emsp, &platform).await;
    assert_eq!(answer.http, 502);
    assert!(answer.json["error"]["message"].as_str().unwrap().contains("2.2.1"));
    platform.offers(&["2.2.1"], &platform.endpoints()[..1]);
    let answer = register(&emsp, &platform).await;
    assert!(answer.json["error"]["message"].as_str().unwrap().contains("locations:SENDER"), "{answer:?}");
    assert!(platform.seen().iter().all(|seen| seen.line.starts_with("GET")), "no POST was sent");
    nothing_remains().await;

    platform.offers(&["2.1.1", "2.2.1", "3.0"], &platform.endpoints());
    let post = "POST /credentials/RECEIVER";
    for (http, body) in
        [(200, refusal(3001)), (405, refusal(2000)), (200, envelope(json!({ "token": "" }))), (500, json!("oops"))]
    {
        platform.answers(post, http, body.clone());
        assert_eq!(register(&emsp, &platform).await.http, 502, "{body}");
        nothing_remains().await;
    }
    let tokens: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM peer_tokens").fetch_one(emsp.party.db.read()).await.unwrap();
    assert_eq!(tokens, 0, "tokens B of failed exchanges are void");

    platform.seen();
    // As a list of one, with an unknown member: real platforms do that.
    platform.answers(post, 200, envelope(json!([platform.credentials("token-c")])));
    assert_eq!(register(&emsp, &platform).await.http, 201);
    let seen = platform.seen();
    let lines: Vec<_> = seen.iter().map(|seen| (seen.line.as_str(), seen.token.as_str())).collect();
    assert_eq!(lines, [("GET /versions", "token-a"), ("GET /odd/2-2-1", "token-a"), (post, "token-a")]);
    let sent = &seen[2].body;
    assert_eq!((&sent["url"], &sent["roles"][0]["role"]), (&json!(emsp.path("/ocpi/versions")), &json!("EMSP")));
    let token_b = sent["token"].as_str().unwrap();
    assert_eq!(emsp.get(LOCATIONS, token_b).await.http, 200, "the token B that was sent is the one that counts");
    assert_eq!(emsp.peer().await.token_out.expose(), "token-c");
}

#[tokio::test]
async fn whoever_is_faster_than_the_answer_is_kept_waiting() {
    // Proves: CRE-010
    let database = ocpi_party::testing::sqlite();
    let (emsp, platform) = (Server::emsp(&database).await, Platform::start().await);
    let (pulls, mut pulled) = tokio::sync::mpsc::unbounded_channel();
    // A platform that calls versions and a functional module with token B while the POST is open.
    let url = emsp.url.clone();
    let credentials = platform.credentials("token-c");
    let hurried = axum::Router::new().route(
        "/hurried",
        axum::routing::post(move |axum::Json(body): axum::Json<serde_json::Value>| async move {
            let header =
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body["token"].as_str().unwrap());
            let header = format!("Token {header}");
            let versions = crate::support::call("GET", &format!("{url}/ocpi/versions"), &header, None).await;
            assert_eq!(versions.codes(), (200, 1000), "token B is good while the POST is open");
            // Sent before the POST is answered, answered after it.
            let pull =
                tokio::spawn(
                    async move { crate::support::call("GET", &format!("{url}{LOCATIONS}"), &header, None).await },
                );
            tokio::task::yield_now().await;
            pulls.send(pull).unwrap();
            axum::Json(envelope(credentials))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut endpoints = platform.endpoints();
    endpoints[0]["url"] = json!(format!("http://{}/hurried", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, hurried).await.unwrap() });
    platform.offers(&["2.2.1"], &endpoints);
    assert_eq!(register(&emsp, &platform).await.http, 201);
    let pull = pulled.recv().await.unwrap();
    assert_eq!(pull.await.unwrap().codes(), (200, 1000));
}

#[tokio::test]
async fn a_put_that_crosses_our_own_is_put_off() {
    let database = ocpi_party::testing::sqlite();
    let (emsp, platform) = (Server::emsp(&database).await, Platform::start().await);
    platform.answers("POST /credentials/RECEIVER", 200, envelope(platform.credentials("token-c")));
    register(&emsp, &platform).await;
    let token = platform.seen().pop().unwrap().body["token"].as_str().unwrap().to_owned();
    let peer_id = emsp.peer().await.id.clone();
    // What an open PUT of ours looks like to the others.
    let pending =
        "INSERT INTO peer_tokens (hash, peer_id, kind, created_at, expires_at) VALUES ('x', $1, 'PENDING', 0, $2)";
    let until = (emsp.clock.wall() + std::time::Duration::from_secs(90)).timestamp_millis();
    let put: Result<(), DbError> = emsp
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query(pending).bind(peer_id).bind(until).execute(&mut **tx).await?;
                Ok(())
            })
        })
        .await;
    put.unwrap();
    let put = async || emsp.call("PUT", "/ocpi/2.2.1/credentials", &token, Some(platform.credentials("d"))).await;
    assert_eq!(put().await.codes(), (200, 3000));
    assert_eq!(emsp.peer().await.token_out.expose(), "token-c");
    emsp.clock.advance(std::time::Duration::from_secs(91));
    assert_eq!(put().await.codes(), (200, 1000), "an exchange that nobody finishes does not block for ever");
}

#[tokio::test]
async fn partners_are_told_when_the_endpoints_have_moved() {
    // Proves: VER-018
    for (emsp, mut cpo) in pair().await {
        emsp.register_with(&cpo).await;
        assert_eq!(emsp.register_with(&cpo).await.http, 409, "twice is once");
        cpo.stop().await;
        let moved = Server::serve(reopened(&cpo).await, cpo.clock.clone()).await;
        assert_ne!(moved.url, cpo.url);
        let summary = push_due(&moved.party, &Recorder::default()).await;
        assert_eq!((summary.delivered, summary.unreachable), (1, 0));
        let at_emsp = emsp.peer().await;
        assert_eq!(at_emsp.versions_url.as_deref(), Some(moved.path("/ocpi/versions").as_str()));
        assert!(at_emsp.endpoints.iter().all(|endpoint| endpoint.url.as_str().starts_with(&moved.url)));
        assert!(can_call(&emsp, &moved).await);
        assert_eq!(push_due(&moved.party, &Recorder::default()).await.delivered, 0);
    }
}

/// The same party in a new process, so to speak.
async fn reopened(server: &Server) -> ocpi_party::Party {
    let config = server.party.config.as_ref().clone();
    crate::support::open(Role::Cpo, config, server.clock.clone()).await
}
