//! Parties under test, and a client written by hand.

use axum::extract::{FromRef, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ocpi_http::{Clock, ListQuery, OcpiPath, OcpiReply, OcpiResult, Routing, Secret, Url};
use ocpi_party::app::{common_routes, finish_router, serve_party};
use ocpi_party::testing::TestDatabase;
use ocpi_party::{
    ModuleMount, ObjectTable, Operator, OperatorError, Party, PartyConfig, PartySetup, RegisteredPeer, Running, Scope,
    check_owner, check_to,
};
use ocpi_types::{DateTime, InterfaceRole, ModuleId, PartyId, Role};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("tests/migrations");
pub(crate) const LOCATIONS: ObjectTable = ObjectTable::new("locations");
pub(crate) const OPERATOR_KEY: &str = "let me in please";

static CPO_MODULES: [ModuleMount; 2] = [
    ModuleMount { module: ModuleId::Locations, role: InterfaceRole::Sender, path: "/ocpi/2.2.1/cpo/locations" },
    ModuleMount { module: ModuleId::Tokens, role: InterfaceRole::Receiver, path: "/ocpi/2.2.1/cpo/tokens" },
];
static EMSP_MODULES: [ModuleMount; 2] = [
    ModuleMount { module: ModuleId::Locations, role: InterfaceRole::Receiver, path: "/ocpi/2.2.1/emsp/locations" },
    ModuleMount { module: ModuleId::Tokens, role: InterfaceRole::Sender, path: "/ocpi/2.2.1/emsp/tokens" },
];
static CPO_PUSHED: [(ModuleId, ObjectTable); 1] = [(ModuleId::Locations, LOCATIONS)];

pub(crate) fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// The time at which every test begins.
pub(crate) fn start() -> DateTime {
    at("2026-01-15T10:00:00Z")
}

/// A server under test, with a clock that stands still.
pub(crate) struct Server {
    pub(crate) party: Party,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    running: Option<Running>,
}

#[derive(Clone)]
pub(crate) struct App {
    party: Party,
}

impl FromRef<App> for Party {
    fn from_ref(app: &App) -> Self {
        app.party.clone()
    }
}

pub(crate) fn config(role: &Role, database: &TestDatabase) -> PartyConfig {
    let defaults = if *role == Role::Cpo { PartyConfig::cpo() } else { PartyConfig::emsp() };
    PartyConfig {
        port: 0,
        database_url: database.url.clone(),
        operator_key: Some(Secret::new(OPERATOR_KEY)),
        allow_private_urls: true,
        allow_http_urls: true,
        ..defaults
    }
}

/// Opens a party without serving it.
pub(crate) async fn open(role: Role, config: PartyConfig, clock: Clock) -> Party {
    let (modules, pushed) = match role {
        Role::Cpo => (&CPO_MODULES[..], &CPO_PUSHED[..]),
        _ => (&EMSP_MODULES[..], &[][..]),
    };
    let setup = PartySetup { config, role, modules, pushed, migrations: vec![&MIGRATIONS], clock, seed: Some(7) };
    Party::open(setup).await.unwrap()
}

impl Server {
    pub(crate) async fn cpo(database: &TestDatabase) -> Self {
        Self::start(Role::Cpo, config(&Role::Cpo, database)).await
    }

    pub(crate) async fn emsp(database: &TestDatabase) -> Self {
        Self::start(Role::Emsp, config(&Role::Emsp, database)).await
    }

    pub(crate) async fn start(role: Role, config: PartyConfig) -> Self {
        let clock = Clock::manual(start());
        let party = open(role, config, clock.clone()).await;
        Self::serve(party, clock).await
    }

    /// Serves a party that is open already.
    pub(crate) async fn serve(party: Party, clock: Clock) -> Self {
        let listener = ocpi_party::app::listen(&party).await.unwrap();
        Self::serve_on(party, clock, listener).await
    }

    pub(crate) async fn serve_on(party: Party, clock: Clock, listener: tokio::net::TcpListener) -> Self {
        let router = router(&party);
        let running = serve_party(&party, router, listener, |_, _| Vec::new()).await.unwrap();
        Self { url: format!("http://{}", running.addr), party, clock, running: Some(running) }
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A request with a credentials token, Base64 encoded.
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        call(method, &self.path(path), &format!("Token {}", STANDARD.encode(token)), body).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, None).await
    }

    /// A request to the operator API.
    pub(crate) async fn operator(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        call(method, &self.path(&format!("/operator/v1{path}")), &format!("Bearer {OPERATOR_KEY}"), body).await
    }

    /// A token A of this server, and the id of the peer that got it.
    pub(crate) async fn invite(&self) -> (String, String) {
        let answer = self.operator("POST", "/partners/invitations", Some(json!({ "name": "a partner" }))).await;
        assert_eq!(answer.http, 201, "{answer:?}");
        (answer.json["token_a"].as_str().unwrap().to_owned(), answer.json["partner_id"].as_str().unwrap().to_owned())
    }

    /// Lets this server register with another one.
    pub(crate) async fn register_with(&self, other: &Server) -> Answer {
        let (token_a, _) = other.invite().await;
        let body = json!({ "versions_url": other.path("/ocpi/versions"), "token_a": token_a, "name": "the other" });
        self.operator("POST", "/partners", Some(body)).await
    }

    /// The only peer of this server.
    pub(crate) async fn peer(&self) -> std::sync::Arc<ocpi_party::Peer> {
        let peers = self.party.peers.all().await.unwrap();
        assert_eq!(peers.len(), 1, "{peers:?}");
        peers[0].clone()
    }
}

fn router(party: &Party) -> axum::Router {
    use utoipa_axum::router::OpenApiRouter;
    let routes: OpenApiRouter<App> = common_routes();
    let (routes, api) = routes
        .route("/ocpi/2.2.1/cpo/locations", axum::routing::get(locations))
        .route("/ocpi/2.2.1/emsp/locations/{country}/{party}/{id}", axum::routing::put(put_location))
        .route("/operator/v1/whoami", axum::routing::get(whoami))
        .split_for_parts();
    let api = ocpi_party::app::complete_openapi(api, "A party under test", "");
    finish_router(party, routes, api, App { party: party.clone() })
}

async fn locations(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    let owner = check_to(&party, &routing).await?;
    let scope = Scope::visible_to(&peer.id).owned_by(owner);
    LOCATIONS.reply(&party, &scope, query, "/ocpi/2.2.1/cpo/locations").await
}

async fn put_location(
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath((country, party, _)): OcpiPath<(String, String, String)>,
    ocpi_http::OcpiValue(body): ocpi_http::OcpiValue,
) -> OcpiResult {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let body = PartyId::new(text("country_code"), text("party_id"));
    check_owner(&peer, Role::Cpo, &PartyId::new(country, party), Some(&body))?;
    Ok(OcpiReply::ok())
}

async fn whoami(_operator: Operator) -> Result<&'static str, OperatorError> {
    Ok("the operator")
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// HTTP status and OCPI status.
    pub(crate) fn codes(&self) -> (u16, u64) {
        (self.http, self.json["status_code"].as_u64().unwrap_or_default())
    }

    pub(crate) fn message(&self) -> &str {
        self.json["status_message"].as_str().unwrap_or_default()
    }
}

pub(crate) async fn call(method: &str, url: &str, authorization: &str, body: Option<Value>) -> Answer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method.parse().unwrap(), Url::parse(url).unwrap());
    if !authorization.is_empty() {
        request = request.header("Authorization", authorization);
    }
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let (http, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer { http, headers, json: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}
