//! HTTP in: takes requests apart, authenticates, hands them to the module, renders the answer, records both.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::faults::Edit;
use super::{Party, Received};
use crate::clock;
use crate::exchange::Exchange;
use crate::formats::token_of;

/// Largest body that is read.
/// Bytes of request bodies that are kept over the whole life of the party.
const MOST_LOGGED: usize = 64 * 1024 * 1024;
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What a module answers, before it is wrapped.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) http: u16,
    pub(super) code: i64,
    pub(super) message: Option<String>,
    pub(super) data: Option<Value>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn ok() -> Self {
        Self { http: 200, code: 1000, message: None, data: None, headers: Vec::new() }
    }

    pub(super) fn data(data: Value) -> Self {
        Self { data: Some(data), ..Self::ok() }
    }

    pub(super) fn error(http: u16, code: i64, message: impl Into<String>) -> Self {
        Self { http, code, message: Some(message.into()), ..Self::ok() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::error(200, 2001, message)
    }

    pub(super) fn not_found(code: i64) -> Self {
        Self::error(404, code, "unknown")
    }

    pub(super) fn not_allowed(allow: &str) -> Self {
        let mut reply = Self::error(405, 2000, "this method does not exist here");
        reply.headers.push(("allow", allow.to_string()));
        reply
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Stranger,
    /// With a registration token.
    Invited(String),
    /// A registered peer, with its token.
    Peer(String),
}

pub(super) async fn serve(listener: TcpListener, party: Party) {
    let router = Router::new().fallback(handle).with_state(party.clone());
    // Ends only when the listener does.
    let _ = axum::serve(super::outage::Gate { listener, party }, router).await;
}

async fn handle(State(root): State<Party>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let mut segments = decode(head.uri.path());
    let mut party = root;
    let mut raw = head.uri.path().to_string();
    if let Some(child) = segments.first().and_then(|first| party.child_named(first)) {
        party = child;
        let mount = format!("/{}", segments.remove(0));
        raw = raw.strip_prefix(&mount).unwrap_or(&raw).to_string();
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let query = head.uri.query().unwrap_or("");
    let mut received = Received {
        method: head.method.to_string(),
        path: format!("{raw}{}{query}", if query.is_empty() { "" } else { "?" }),
        segments,
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: crate::client::listed(&head.headers),
        json: serde_json::from_str(&text).ok(),
        body: text,
        answered: 0,
        status_code: 0,
    };
    if received.segments.first().is_some_and(|first| first == "operator") {
        return party.operator(&received).await;
    }
    if party.is_closed() {
        received.answered = 503;
        party.remember(received, 503, &[], "");
        return into_response(503, vec![("connection".into(), "close".into())], String::new());
    }
    let slash = head.uri.path().ends_with('/') && head.uri.path().len() > 1;
    let mut reply = party.answer(&received, slash).await;
    party.vary_acknowledgement(&received, &mut reply);
    received.answered = reply.http;
    received.status_code = reply.code;
    let (status, headers, text) = party.render(&received, reply);
    party.remember(received, status, &headers, &text);
    into_response(status, headers, text)
}

fn decode(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}

fn into_response(status: u16, headers: Vec<(String, String)>, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl Party {
    /// What an acknowledgement holds in `data` is not said anywhere: anything may be there.
    fn vary_acknowledgement(&self, request: &Received, reply: &mut Reply) {
        if !matches!(request.method.as_str(), "PUT" | "PATCH") || reply.http >= 300 {
            return;
        }
        for (fault, data) in [
            ("acks-null", Value::Null),
            ("acks-object", json!({})),
            ("acks-list", json!([])),
            ("acks-text", json!("ok")),
        ] {
            if self.has(fault) {
                reply.data = Some(data);
            }
        }
    }

    async fn answer(&self, request: &Received, slash: bool) -> Reply {
        if slash && self.has("redirects-slash") {
            let mut reply = Reply::error(307, 2000, "without the slash, please");
            reply.headers.push(("location", format!("{}{}", self.base(), request.path)));
            return reply;
        }
        let caller = self.settled_caller(request).await;
        if self.has("auth-last")
            && matches!(request.method.as_str(), "PUT" | "POST" | "PATCH")
            && request.json.is_none()
        {
            return Reply::error(400, 2001, "the body is no JSON");
        }
        if caller == Caller::Stranger
            && !self.has("auth-open")
            && request.segments.first().is_some_and(|s| s == "ocpi" || s == "callback")
        {
            return self.unauthorized(request);
        }
        self.route(request, caller).await
    }

    fn unauthorized(&self, request: &Received) -> Reply {
        let header = request.header("authorization");
        if self.has("auth-403") {
            return Reply::error(403, 2000, "who are you?");
        }
        if self.has("auth-200") {
            return Reply::error(200, 3000, "who are you?");
        }
        if self.has("auth-500") && header.is_some_and(|value| token_of(value).is_none()) {
            return Reply::error(500, 3000, "cannot parse");
        }
        let mut reply = Reply::error(401, 2000, "a known token is needed");
        reply.headers.push(("www-authenticate", "Token".into()));
        reply
    }

    /// The caller; one who was quicker than the answer to its own registration is waited for.
    async fn settled_caller(&self, request: &Received) -> Caller {
        let configuration = request.segments.len() <= 3;
        let is_pending =
            |caller: &Caller| matches!(caller, Caller::Invited(token) if self.state().pending.contains(token));
        let mut seen = self.0.seen.subscribe();
        let settle = async {
            loop {
                let caller = self.caller(request);
                if configuration || !is_pending(&caller) || seen.changed().await.is_err() {
                    return caller;
                }
            }
        };
        match tokio::time::timeout(std::time::Duration::from_secs(2), settle).await {
            Ok(caller) => caller,
            Err(_) => self.caller(request),
        }
    }

    fn caller(&self, request: &Received) -> Caller {
        let mut header = request.header("authorization");
        if self.has("case-sensitive-headers") && request.header("x-spelling").is_some() {
            header = None;
        }
        let state = self.state();
        let Some(token) = header.and_then(token_of) else {
            return if state.faults.contains("auth-open") {
                state.peers.last().map_or(Caller::Stranger, |peer| Caller::Peer(peer.token_in.clone()))
            } else {
                Caller::Stranger
            };
        };
        let same = |known: &str| {
            known == token || (state.faults.contains("case-blind-tokens") && known.eq_ignore_ascii_case(&token))
        };
        if let Some(peer) = state.peers.iter().find(|peer| same(&peer.token_in)) {
            return Caller::Peer(peer.token_in.clone());
        }
        if state.retired.contains(&token) {
            // Only faults put tokens there that are then asked for.
            return state.peers.last().map_or(Caller::Peer(token), |peer| Caller::Peer(peer.token_in.clone()));
        }
        if state.invitations.contains(&token) || state.pending.contains(&token) {
            return Caller::Invited(token);
        }
        if state.faults.contains("auth-open") {
            return state.peers.last().map_or(Caller::Stranger, |peer| Caller::Peer(peer.token_in.clone()));
        }
        Caller::Stranger
    }

    async fn route(&self, request: &Received, caller: Caller) -> Reply {
        let parts: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let configuration = matches!(parts.as_slice(), ["ocpi", "versions" | _] | ["ocpi", _, "credentials", ..]);
        let invited = matches!(caller, Caller::Invited(_));
        if invited && !configuration && !self.has("token-a-everywhere") {
            return self.unauthorized(request);
        }
        if invited && self.has("token-a-refused-on-versions") && parts == ["ocpi", "versions"] {
            return Reply::error(401, 2000, "register first");
        }
        if request.method == "GET"
            && self.has("needs-content-type")
            && request.header("content-type").is_none()
            && !configuration
        {
            return Reply::error(400, 2001, "a content type is needed");
        }
        if self.has("rejects-charset") && request.header("content-type").is_some_and(|value| value.contains("charset"))
        {
            return Reply::error(415, 2001, "what is a charset?");
        }
        if !configuration && self.has("needs-routing") && request.header("ocpi-to-party-id").is_none() {
            return Reply::error(500, 3000, "no routing");
        }
        if !configuration && self.misaddressed(request) && !self.has("ignores-addressee") {
            return Reply::invalid("this party is not hosted here");
        }
        if self.has("crash-on-long-url") && request.path.len() > 1000 {
            return Reply::error(500, 3000, "crash");
        }
        if self.has("command-sync-wait") && (parts.contains(&"commands") || parts.contains(&"chargingprofiles")) {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        }
        match parts.as_slice() {
            ["ocpi", "versions"] => self.versions(request),
            ["ocpi", "2.2.1"] => self.details(request),
            ["ocpi", "2.2.1", "credentials"] => self.credentials_endpoint(request, &caller).await,
            ["ocpi", "2.2.1" | "x", "sender", module, rest @ ..] => self.sender(request, module, rest, &caller),
            ["ocpi", "2.2.1" | "x", "receiver", "chargingprofiles", rest @ ..] if self.steers() => {
                self.relay_profile(request, rest, &caller).await
            }
            ["ocpi", "2.2.1" | "x", "receiver", module, rest @ ..] => self.receiver(request, module, rest, &caller),
            ["callback", ..] => self.callback(request),
            _ if self.has("unknown-path-200") => Reply::ok(),
            _ => Reply::not_found(2000),
        }
    }

    fn misaddressed(&self, request: &Received) -> bool {
        // A hub takes what is for others.
        if self.has("plays-hub") {
            return false;
        }
        let (Some(country), Some(party)) = (request.header("ocpi-to-country-code"), request.header("ocpi-to-party-id"))
        else {
            return false;
        };
        let hosted = |owner: &crate::fixtures::Owner| {
            owner.country_code.eq_ignore_ascii_case(country) && owner.party_id.eq_ignore_ascii_case(party)
        };
        !self.0.config.roles.iter().any(|(_, owner)| hosted(owner))
    }

    /// Status, headers and body as they go out, faults applied.
    fn render(&self, request: &Received, mut reply: Reply) -> (u16, Vec<(String, String)>, String) {
        let state = self.state();
        let on = |fault: &str| state.faults.contains(fault);
        let is_error = reply.http >= 400;
        if on("http-400-for-content") && reply.http == 200 && reply.code == 2001 {
            reply.http = 400;
        }
        if on("hub-status-code") && reply.http == 404 {
            reply.code = 4001;
        }
        if on("custom-status-code") && reply.code == 1000 {
            reply.code = 1900;
        }
        let mut envelope = Map::new();
        if let Some(data) = &reply.data {
            envelope.insert("data".into(), data.clone());
        }
        let code = if on("status-code-http") { i64::from(reply.http) } else { reply.code };
        envelope
            .insert("status_code".into(), if on("status-code-string") { json!(code.to_string()) } else { json!(code) });
        if let Some(message) = reply.message {
            envelope.insert("status_message".into(), json!(message));
        }
        if !on("no-timestamp") {
            let text = if on("old-timestamp") { "2015-01-01T00:00:00Z".to_string() } else { clock::timestamp() };
            envelope.insert(
                "timestamp".into(),
                json!(if on("offset-timestamp") { text.replace('Z', "+00:00").replace(".000", "") } else { text }),
            );
        }
        let text = if on("bare-data") && reply.code == 1000 {
            reply.data.unwrap_or(Value::Null).to_string()
        } else if on("bare-errors") && is_error {
            String::new()
        } else {
            Value::Object(envelope).to_string()
        };
        let mut headers: Vec<(String, String)> = reply.headers.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
        headers.push(("content-type".into(), if on("text-plain") { "text/plain" } else { "application/json" }.into()));
        drop(state);
        self.add_ids(request, is_error, &mut headers);
        self.add_routing(request, &mut headers);
        (reply.http, headers, text)
    }

    fn add_ids(&self, request: &Received, is_error: bool, headers: &mut Vec<(String, String)>) {
        if is_error && self.has("ids-only-on-success") {
            return;
        }
        for (name, absent) in [("x-request-id", "no-request-id"), ("x-correlation-id", "no-correlation-id")] {
            let own = name == "x-request-id" && self.has("own-request-id");
            if let Some(value) = request.header(name).filter(|_| !self.has(absent)) {
                headers.push((name.into(), if own { "own".into() } else { value.to_string() }));
            }
        }
    }

    fn add_routing(&self, request: &Received, headers: &mut Vec<(String, String)>) {
        let configuration = request.segments.get(3).is_some_and(|module| module == "hubclientinfo");
        let functional = (request.segments.len() > 3 && !configuration)
            || request.segments.first().is_some_and(|first| first == "callback");
        if self.has("routing-on-configuration") && !functional {
            headers.push(("ocpi-from-party-id".into(), self.owner().party_id.clone()));
            headers.push(("ocpi-from-country-code".into(), self.owner().country_code.clone()));
        }
        if !functional || self.has("no-routing") {
            return;
        }
        let swap = !self.has("routing-not-swapped");
        for (from, to) in
            [("ocpi-from-party-id", "ocpi-to-party-id"), ("ocpi-from-country-code", "ocpi-to-country-code")]
        {
            for (asked, answered) in if swap { [(from, to), (to, from)] } else { [(from, from), (to, to)] } {
                if let Some(value) = request.header(asked) {
                    headers.push((answered.into(), value.to_string()));
                }
            }
        }
        if request.header("ocpi-to-party-id").is_none()
            && request.header("ocpi-from-party-id").is_some()
            && !self.has("open-answer-bare")
        {
            headers.push(("ocpi-from-party-id".into(), self.owner().party_id.clone()));
            headers.push(("ocpi-from-country-code".into(), self.owner().country_code.clone()));
        }
        if self.has("hub-answers-hub")
            && let Some(hub) = self.peer().filter(super::Peer::is_hub).and_then(|hub| hub.first_role())
        {
            headers.retain(|(name, _)| !name.starts_with("ocpi-to"));
            headers.push(("ocpi-to-party-id".into(), hub.party_id));
            headers.push(("ocpi-to-country-code".into(), hub.country_code));
        }
    }

    fn remember(&self, received: Received, status: u16, headers: &[(String, String)], text: &str) {
        if let Some(recorder) = &self.0.config.recorder {
            let mut exchange = Exchange {
                at: clock::timestamp(),
                incoming: true,
                method: received.method.clone(),
                url: received.path.clone(),
                request_headers: received.headers.clone(),
                request_body: (!received.body.is_empty()).then(|| received.body.clone()),
                status,
                response_headers: headers.to_vec(),
                response_body: Some(text.to_string()),
                ..Exchange::default()
            };
            exchange.facts.configuration = received.path.starts_with("/nowhere")
                || (received.segments.get(2).is_none_or(|part| part == "credentials")
                    && received.segments.first().is_some_and(|s| s == "ocpi"));
            exchange.facts.configuration |= received.segments.get(3).is_some_and(|module| module == "hubclientinfo");
            exchange.facts.odd_request = self.has("plays-hub");
            exchange.facts.request_json.clone_from(&received.json);
            recorder.keep(exchange);
        }
        let mut state = self.state();
        // A hostile platform cannot make the tester's memory grow without end.
        if state.log.len() < 20_000 {
            let mut received = received;
            state.log_bytes += received.body.len();
            if state.log_bytes > MOST_LOGGED {
                received.body = String::new();
                received.json = None;
            }
            state.log.push(received);
        }
        drop(state);
        self.0.seen.send_modify(|count| *count += 1);
    }

    /// The edits (`set …`, `unset …`) that are on for a module.
    pub(super) fn edits(&self, module: &str) -> Vec<Edit> {
        self.state().faults.iter().filter_map(|fault| Edit::parse(fault)).filter(|edit| edit.module == module).collect()
    }
}
