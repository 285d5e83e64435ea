//! The party as a client: registration, pulls, pushes.

use std::time::Duration;

use serde_json::{Value, json};

use super::credentials::Trouble;
use super::{Party, Peer, new_token};
use crate::formats::authorization;

/// An answer to one of the party's own requests.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) http: u16,
    pub(super) json: Value,
    pub(super) link: Option<String>,
    pub(super) total: Option<usize>,
}

impl Outcome {
    pub(super) fn succeeded(&self) -> bool {
        (200..300).contains(&self.http)
            && self.json["status_code"].as_i64().is_some_and(|code| (1000..2000).contains(&code))
    }
}

impl Party {
    /// One request. `to` names the addressed party; `None` for configuration modules.
    pub(super) async fn request(
        &self,
        method: &str,
        url: &str,
        token: &str,
        to: Option<&Peer>,
        body: Option<&Value>,
    ) -> Outcome {
        let Ok(verb) = method.parse() else { return Outcome::default() };
        if let Some(peer) = to
            && let Some(owner) = peer.first_role()
            && !self.reachable(&owner)
        {
            self.hold(method, url, peer, body);
            return Outcome::default();
        }
        let mut request = self.0.http.request(verb, url).timeout(Duration::from_secs(10));
        for (name, value) in self.request_headers(method, token, to, body.is_some()) {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let Ok(response) = request.send().await else { return Outcome::default() };
        let http = response.status().as_u16();
        let link = response.headers().get("link").and_then(|value| value.to_str().ok()).and_then(|text| {
            let (url, rest) = text.strip_prefix('<')?.split_once('>')?;
            rest.contains("next").then(|| url.to_string())
        });
        let total = response.headers().get("x-total-count").and_then(|value| value.to_str().ok()?.parse().ok());
        let json =
            response.bytes().await.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or(Value::Null);
        Outcome { http, json, link, total }
    }

    fn request_headers(
        &self,
        method: &str,
        token: &str,
        to: Option<&Peer>,
        has_body: bool,
    ) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if !self.has("client-no-authorization") {
            headers.push((
                "authorization",
                if self.has("client-raw-token") {
                    format!("Token {token}")
                } else if self.has("client-token-newline") {
                    authorization(&format!("{token}\n"))
                } else {
                    authorization(token)
                },
            ));
        }
        let id = || {
            if self.has("client-odd-ids") {
                format!("id{}", new_token().len()) + &new_token()[..9]
            } else {
                uuid::Uuid::new_v4().to_string()
            }
        };
        if !self.has("client-no-request-id") {
            headers.push((
                "x-request-id",
                if self.has("client-same-request-id") { "9b0a7f3e-6a5c-4a3e-8f3e-000000000001".into() } else { id() },
            ));
        }
        if !self.has("client-no-correlation-id") {
            headers.push(("x-correlation-id", id()));
        }
        if has_body && !self.has("client-no-content-type") {
            let patch = method == "PATCH" && self.has("client-patch-content-type");
            headers
                .push(("content-type", if patch { "application/merge-patch+json" } else { "application/json" }.into()));
        }
        let target = to.and_then(Peer::first_role);
        if (to.is_some() && !self.has("client-no-routing"))
            || (to.is_none() && self.has("client-routing-on-configuration"))
        {
            let own = self.owner();
            let other = target.unwrap_or_else(|| own.clone());
            let (from, to) = if self.has("client-swapped-routing") { (&other, own) } else { (own, &other) };
            headers.push((
                "ocpi-from-party-id",
                if self.has("client-long-party") { format!("{}X", from.party_id) } else { from.party_id.clone() },
            ));
            headers.push(("ocpi-to-party-id", to.party_id.clone()));
            if !self.has("client-half-routing") {
                headers.push(("ocpi-from-country-code", from.country_code.clone()));
                headers.push(("ocpi-to-country-code", to.country_code.clone()));
            }
            if method == "GET" && self.has("hub-get-all-open") {
                headers.retain(|(name, _)| !name.starts_with("ocpi-to"));
            }
        }
        headers
    }

    /// Versions, then the details of 2.2.1: the endpoint list of a peer.
    pub(super) async fn read_endpoints(
        &self,
        versions_url: &str,
        token: &str,
    ) -> Result<Vec<(String, String, String)>, Trouble> {
        let versions = self.request("GET", versions_url, token, None, None).await;
        let Some(list) = versions.json["data"].as_array().filter(|_| versions.succeeded()) else {
            return Err(Trouble::Api(format!("versions: HTTP {}", versions.http)));
        };
        let wanted = if self.has("client-lowest-version") { "2.1.1" } else { "2.2.1" };
        let chosen =
            list.iter().find(|v| v["version"] == wanted).or_else(|| list.iter().find(|v| v["version"] == "2.2.1"));
        let chosen = if self.has("credentials-3002-as-1000") { chosen.or(list.first()) } else { chosen };
        let Some(details_url) = chosen.and_then(|v| v["url"].as_str()) else { return Err(Trouble::Version) };
        if self.has("credentials-callback-details-skipped") {
            return Ok(Vec::new());
        }
        let details = self.request("GET", details_url, token, None, None).await;
        let Some(endpoints) = details.json["data"]["endpoints"].as_array().filter(|_| details.succeeded()) else {
            if self.has("credentials-3002-as-1000") {
                return Ok(Vec::new());
            }
            return Err(Trouble::Api(format!("details: HTTP {}", details.http)));
        };
        if self.has("client-chokes-on-unknown-module") && endpoints.iter().any(|e| e["identifier"] == "extras") {
            return Err(Trouble::Api("unknown module".into()));
        }
        let text = |value: &Value| value.as_str().unwrap_or("").to_string();
        let read: Vec<_> =
            endpoints.iter().map(|e| (text(&e["identifier"]), text(&e["role"]), text(&e["url"]))).collect();
        if self.has("client-guesses-urls") {
            let base = versions_url.trim_end_matches("/versions");
            return Ok(read
                .into_iter()
                .map(|(m, r, _)| {
                    let url = format!("{base}/cpo/2.2.1/{m}");
                    (m, r, url)
                })
                .collect());
        }
        Ok(read)
    }

    /// Registers as the sender of credentials.
    pub(super) async fn register(&self, versions_url: &str, token_a: &str) -> Result<(), String> {
        let endpoints = if self.has("client-skips-versions") {
            let details = format!("{}/2.2.1", versions_url.trim_end_matches("/versions"));
            let answer = self.request("GET", &details, token_a, None, None).await;
            let text = |value: &Value| value.as_str().unwrap_or("").to_string();
            answer.json["data"]["endpoints"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|e| (text(&e["identifier"]), text(&e["role"]), text(&e["url"])))
                .collect()
        } else {
            self.read_endpoints(versions_url, token_a).await.map_err(|trouble| match trouble {
                Trouble::Api(why) => why,
                Trouble::Version => "no version in common".into(),
            })?
        };
        if endpoints.len() < 2 && !self.has("client-registers-anyway") {
            return Err("the peer has no endpoint of use".into());
        }
        let credentials = endpoints
            .iter()
            .find(|(module, role, _)| {
                module == "credentials" && (role == "SENDER" || !self.has("client-needs-credentials-sender"))
            })
            .map(|(_, _, url)| url.clone())
            .ok_or("no credentials endpoint")?;
        let token_b = new_token();
        if !self.has("client-late-token") {
            self.expect_token(&token_b);
        }
        let mut object = self.credentials_object(&token_b);
        if self.has("client-bad-credentials") {
            object["roles"][0].as_object_mut().map(|map| map.shift_remove("business_details"));
        }
        let answer = self.request("POST", &credentials, token_a, None, Some(&object)).await;
        if !answer.succeeded() {
            return Err(format!("POST credentials: HTTP {} {}", answer.http, answer.json));
        }
        let token_c = answer.json["data"]["token"].as_str().unwrap_or("").to_string();
        let token_out = if self.has("client-keeps-token-a") { token_a.to_string() } else { token_c };
        let roles = answer.json["data"]["roles"].as_array().cloned().unwrap_or_default();
        self.connect(&token_b, &token_out, endpoints, roles, versions_url);
        self.after_registration();
        Ok(())
    }

    /// Renews the credentials with the peer by PUT.
    pub(super) async fn update(&self) -> Result<(), String> {
        let peer = self.peer().ok_or("no peer")?;
        let endpoints = if self.has("client-put-without-versions") {
            peer.endpoints.clone()
        } else {
            self.read_endpoints(&peer.versions_url, &peer.token_out)
                .await
                .map_err(|_| "the peer's versions cannot be read")?
        };
        let url = peer.endpoint("credentials", "SENDER").ok_or("no credentials endpoint")?;
        let token_b = new_token();
        self.expect_token(&token_b);
        let answer = self.request("PUT", &url, &peer.token_out, None, Some(&self.credentials_object(&token_b))).await;
        if !answer.succeeded() {
            return Err(format!("PUT credentials: HTTP {}", answer.http));
        }
        let token_c = answer.json["data"]["token"].as_str().unwrap_or("").to_string();
        self.connect(&token_b, &token_c, endpoints, peer.roles, &peer.versions_url);
        Ok(())
    }

    pub(super) async fn unregister(&self) -> Result<(), String> {
        let peer = self.peer().ok_or("no peer")?;
        let url = peer.endpoint("credentials", "SENDER").ok_or("no credentials endpoint")?;
        let answer = self.request("DELETE", &url, &peer.token_out, None, None).await;
        self.state().peers.pop();
        if answer.succeeded() { Ok(()) } else { Err(format!("DELETE credentials: HTTP {}", answer.http)) }
    }

    /// The peer with this name, or else the latest.
    pub(super) fn peer_named(&self, id: &str) -> Option<Peer> {
        let named = self.state().peers.iter().find(|peer| !id.is_empty() && peer.id == id).cloned();
        named.or_else(|| self.peer())
    }

    pub(super) fn peer(&self) -> Option<Peer> {
        self.state().peers.last().cloned()
    }

    /// After a registration the party reads what its peer has, in the background.
    pub(super) fn after_registration(&self) {
        if self.0.config.operator {
            let party = self.clone();
            tokio::spawn(async move { party.pull_all().await });
        }
    }

    /// Reads every list of the latest peer.
    pub(super) async fn pull_all(&self) {
        if let Some(peer) = self.peer() {
            self.pull_from(&peer).await;
        }
    }

    /// Reads every list of a peer.
    pub(super) async fn pull_from(&self, peer: &Peer) {
        self.pull_clients(peer).await;
        for module in ["locations", "tariffs", "sessions", "cdrs", "tokens"] {
            if let Some(url) = peer.endpoint(module, "SENDER") {
                self.pull(peer, module, &url).await;
            }
        }
    }

    async fn pull(&self, peer: &Peer, module: &str, url: &str) {
        let mut next = Some(if module == "sessions" && !self.has("pull-no-date-from") {
            format!("{url}?date_from=2000-01-01T00:00:00Z")
        } else {
            url.to_string()
        });
        let mut visited = Vec::new();
        let mut seen = Vec::new();
        let mut complete = true;
        let mut total = None;
        while let Some(page_url) = next.take() {
            let looped = visited.contains(&page_url);
            if looped && (!self.has("pull-loops") || visited.len() > 200) {
                complete = false;
                break;
            }
            visited.push(page_url.clone());
            let answer = self.request("GET", &page_url, &peer.token_out, Some(peer), None).await;
            let status_ignored = self.has("pull-ignores-status") && (200..300).contains(&answer.http);
            if !answer.succeeded() && !status_ignored {
                complete = false;
                break;
            }
            let shrunk = answer.total.zip(total).is_some_and(|(now, before)| now < before);
            total = answer.total;
            if shrunk
                && !self.has("pull-ignores-shrinking")
                && let Some(earlier) = one_earlier(&page_url)
            {
                next = Some(earlier);
                continue;
            }
            let items = answer.json["data"].as_array().cloned().unwrap_or_default();
            let short = items.len() < 3;
            self.take(peer, module, items, &mut seen);
            next = answer.link;
            if self.has("pull-first-page-only") || (short && self.has("pull-short-page-ends")) {
                next = None;
            }
            if let Some(link) = next.as_mut().filter(|_| self.has("pull-own-links")) {
                *link = link.split("&cursor").next().unwrap_or(link).to_string();
            }
        }
        if complete && !self.has("pull-keeps-vanished") && module != "cdrs" && module != "sessions" {
            let pulled = pulled_from(peer, module);
            let mut state = self.state();
            let gone: Vec<_> = state
                .received
                .iter()
                .filter(|((m, key), _)| *m == pulled && !seen.contains(key))
                .map(|(key, _)| key.1.clone())
                .collect();
            for key in gone {
                state.received.remove(&(pulled.clone(), key.clone()));
                state.received.remove(&(module.to_string(), key));
            }
        }
    }

    /// Stores what a page holds; a faulty object costs only itself.
    fn take(&self, peer: &Peer, module: &str, items: Vec<Value>, seen: &mut Vec<String>) {
        // How it takes what is pushed must show; a pull at that moment would mend it.
        if self.state().faults.iter().any(|fault| fault.starts_with("receiver-")) {
            return;
        }
        let kind = match module {
            "locations" => "Location",
            "tariffs" => "Tariff",
            "sessions" => "Session",
            "cdrs" => "CDR",
            _ => "Token",
        };
        let bad = |item: &Value| {
            let nulls =
                self.has("pull-refuses-nulls") && item.as_object().is_some_and(|map| map.values().any(Value::is_null));
            nulls || crate::schema::check(kind, item).iter().any(|fault| fault.rule != crate::schema::Rule::Enum)
        };
        let odd = |item: &Value| !crate::schema::check(kind, item).is_empty();
        if (self.has("pull-stops-at-bad-object") && items.iter().any(bad))
            || (self.has("pull-refuses-enums") && items.iter().any(odd))
        {
            return;
        }
        for item in items.into_iter().filter(|item| !bad(item)) {
            let mut key = format!(
                "{}/{}/{}",
                item["country_code"].as_str().unwrap_or(""),
                item["party_id"].as_str().unwrap_or(""),
                super::id_of(module, &item)
            )
            .to_uppercase();
            if module == "tokens" {
                key.push('|');
                key.push_str(item["type"].as_str().unwrap_or("RFID"));
            }
            if self.has("hub-files-under-sender")
                && let Some(sender) = peer.first_role()
            {
                key = format!("{sender}/{}", key.rsplit('/').next().unwrap_or("")).to_uppercase();
            }
            seen.push(key.clone());
            let mut state = self.state();
            state.received.insert((pulled_from(peer, module), key.clone()), json!(true));
            state.received.insert((module.to_string(), key), item);
        }
    }
}

/// The URL of a page with its offset lowered by one: an object has left the list while it was read.
fn one_earlier(url: &str) -> Option<String> {
    let (head, rest) = url.split_once("offset=")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let offset: usize = digits.parse().ok().filter(|offset| *offset > 0)?;
    Some(format!("{head}offset={}{}", offset - 1, &rest[digits.len()..]))
}

/// Where the keys are kept that a pull from this peer has seen: another peer's list says nothing about them.
fn pulled_from(peer: &Peer, module: &str) -> String {
    format!("{module} pulled from {}", peer.versions_url)
}
