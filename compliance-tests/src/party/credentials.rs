//! Versions, details and the credentials endpoint.

use serde_json::{Value, json};

use super::serve::{Caller, Reply};
use super::{Party, Peer, Received, new_token};
use crate::case::TargetRole;
use crate::fixtures::Owner;
use crate::schema;

/// What went wrong while talking to the client's API during registration.
pub(super) enum Trouble {
    /// Unreachable, or no OCPI answer.
    Api(String),
    /// No common version.
    Version,
}

impl Party {
    pub(super) fn versions(&self, request: &Received) -> Reply {
        if request.method != "GET" && !self.has("methods-accepted") {
            return Reply::not_allowed("GET");
        }
        let url = if self.has("versions-relative-url") {
            "/ocpi/2.2.1".into()
        } else {
            format!("{}/ocpi/2.2.1", self.base())
        };
        let version = json!({"version": "2.2.1", "url": url});
        if self.has("versions-object") {
            return Reply::data(version);
        }
        if self.has("versions-empty") {
            return Reply::data(json!([]));
        }
        if self.has("offers-only-2.1.1") {
            return Reply::data(json!([{"version": "2.1.1", "url": format!("{}/ocpi/2.1.1", self.base())}]));
        }
        if self.has("offers-many-versions") {
            let old = |number: &str| json!({"version": number, "url": format!("{}/ocpi/{number}", self.base())});
            return Reply::data(json!([old("2.1.1"), old("2.2"), version, old("3.0")]));
        }
        Reply::data(json!([version]))
    }

    pub(super) fn endpoints(&self) -> Vec<Value> {
        let path = if self.has("endpoint-without-version") { "ocpi/x" } else { "ocpi/2.2.1" };
        let base = if self.has("details-relative-url") { String::new() } else { self.base().to_string() };
        let entry = |module: &str, role: &str| {
            let side = role.to_lowercase();
            json!({"identifier": module, "role": role, "url": format!("{base}/{path}/{side}/{module}")})
        };
        let mut list = vec![
            json!({"identifier": "credentials", "role": "SENDER", "url": format!("{base}/ocpi/2.2.1/credentials")}),
        ];
        if self.has("offers-only-credentials") {
            return list;
        }
        for (role, _) in &self.0.config.roles {
            let (senders, receivers): (&[&str], &[&str]) = match role {
                TargetRole::Cpo => {
                    (&["locations", "tariffs", "sessions", "cdrs"], &["tokens", "commands", "chargingprofiles"])
                }
                TargetRole::Emsp => {
                    // It is Receiver towards smart charging partners.
                    (
                        &["tokens", "commands", "chargingprofiles"],
                        &["locations", "tariffs", "sessions", "cdrs", "chargingprofiles"],
                    )
                }
            };
            for module in senders {
                list.push(entry(module, "SENDER"));
            }
            for module in receivers {
                list.push(entry(module, "RECEIVER"));
            }
        }
        if self.has("plays-scsp") {
            list.truncate(1);
            list.extend([entry("chargingprofiles", "SENDER"), entry("sessions", "RECEIVER")]);
        }
        if self.has("plays-hub") {
            for (module, role) in [
                ("locations", "RECEIVER"),
                ("tariffs", "RECEIVER"),
                ("sessions", "RECEIVER"),
                ("cdrs", "RECEIVER"),
                ("tokens", "RECEIVER"),
                ("commands", "RECEIVER"),
                ("locations", "SENDER"),
                ("tariffs", "SENDER"),
                ("sessions", "SENDER"),
                ("cdrs", "SENDER"),
                ("tokens", "SENDER"),
                ("commands", "SENDER"),
                ("hubclientinfo", "SENDER"),
            ] {
                if !list.iter().any(|known| known["identifier"] == module && known["role"] == role) {
                    list.push(entry(module, role));
                }
            }
        } else {
            list.push(entry("hubclientinfo", if self.has("hubclientinfo-as-sender") { "SENDER" } else { "RECEIVER" }));
        }
        let mut seen = Vec::new();
        list.retain(|known| {
            !seen.contains(known) && {
                seen.push(known.clone());
                true
            }
        });
        self.break_endpoints(list)
    }

    fn break_endpoints(&self, mut list: Vec<Value>) -> Vec<Value> {
        let credentials = list[0].clone();
        if self.has("details-no-credentials") {
            list.remove(0);
        }
        if self.has("details-credentials-twice") {
            list.push(credentials.clone());
        }
        if self.has("details-credentials-receiver") || self.has("offers-credentials-receiver") {
            list[0]["role"] = json!("RECEIVER");
        }
        if self.has("details-no-role") {
            for entry in &mut list {
                entry.as_object_mut().map(|map| map.shift_remove("role"));
            }
        }
        if self.has("details-camel-case") {
            list.push(
                json!({"identifier": "chargingProfiles", "role": "RECEIVER", "url": format!("{}/x", self.base())}),
            );
        }
        if self.has("details-versions-module") {
            list.push(json!({"identifier": "versions", "role": "SENDER", "url": self.versions_url()}));
        }
        if self.has("details-custom-module") || self.has("offers-custom-module") {
            list.push(json!({"identifier": "extras", "role": "SENDER", "url": format!("{}/x/extras", self.base())}));
        }
        if self.has("details-duplicate") {
            let double = list[list.len() - 1].clone();
            list.push(double);
        }
        if self.has("details-wrong-roles") {
            for entry in list.iter_mut().skip(1) {
                let flipped = if entry["role"] == "SENDER" { "RECEIVER" } else { "SENDER" };
                entry["role"] = json!(flipped);
            }
        }
        if self.has("details-missing-dependency") {
            list.retain(|entry| entry["identifier"] != "sessions" && entry["identifier"] != "tariffs");
        }
        if self.has("details-dead-endpoint") {
            list.push(json!({"identifier": "hubclientinfo", "role": "RECEIVER", "url": format!("{}/ocpi/2.2.1/nowhere", self.base())}));
            for entry in
                list.iter_mut().filter(|entry| entry["role"] == "SENDER" && entry["identifier"] != "credentials")
            {
                entry["url"] = json!(format!("{}/ocpi/2.2.1/nowhere", self.base()));
            }
        }
        list
    }

    pub(super) fn details(&self, request: &Received) -> Reply {
        if request.method != "GET" && !self.has("methods-accepted") {
            return Reply::not_allowed("GET");
        }
        if self.has("versions-changing") && self.mark() % 2 == 1 {
            // The first one is credentials, without which nobody could register.
            let mut endpoints = self.endpoints();
            endpoints.pop();
            return Reply::data(json!({"version": "2.2.1", "endpoints": endpoints}));
        }
        let version = if self.has("details-other-version") { "2.2" } else { "2.2.1" };
        let endpoints = if self.has("details-no-endpoints") { Vec::new() } else { self.endpoints() };
        Reply::data(json!({"version": version, "endpoints": endpoints}))
    }

    pub(super) async fn credentials_endpoint(&self, request: &Received, caller: &Caller) -> Reply {
        match (request.method.as_str(), caller) {
            ("GET", Caller::Invited(_)) if self.has("credentials-404") => Reply::not_found(2000),
            ("GET", Caller::Peer(token) | Caller::Invited(token)) => self.show_credentials(token),
            ("POST", Caller::Peer(_)) if self.has("credentials-post-again") => self.admit(request, caller).await,
            ("POST", Caller::Invited(_)) | ("PUT", Caller::Peer(_)) => self.admit(request, caller).await,
            ("PUT", Caller::Invited(_)) if self.has("credentials-put-unregistered") => {
                Reply::data(self.credentials_object("none"))
            }
            ("DELETE", Caller::Invited(_)) if self.has("credentials-delete-unregistered") => Reply::ok(),
            ("DELETE", Caller::Peer(token)) => self.dismiss(token),
            ("PATCH", _) if self.has("credentials-patch") => Reply::ok(),
            ("POST", Caller::Peer(_)) => Reply::not_allowed("GET, PUT, DELETE"),
            _ => Reply::not_allowed("GET, POST"),
        }
    }

    fn show_credentials(&self, token: &str) -> Reply {
        if self.has("credentials-get-client-object") {
            return Reply::data(json!({"token": token, "url": "http://client.example/versions", "roles": []}));
        }
        let shown = if self.has("credentials-wrong-get-token") { "another-token" } else { token };
        Reply::data(self.own_credentials(shown))
    }

    fn own_credentials(&self, token: &str) -> Value {
        let mut object = self.credentials_object(token);
        if self.has("credentials-details-url") {
            object["url"] = json!(format!("{}/ocpi/2.2.1", self.base()));
        }
        if self.has("credentials-no-roles") {
            object["roles"] = json!([]);
        }
        if self.has("credentials-no-business-details") || self.has("client-bad-credentials") {
            object["roles"][0].as_object_mut().map(|map| map.shift_remove("business_details"));
        }
        if self.has("credentials-double-role") {
            let role = object["roles"][0].clone();
            if let Some(roles) = object["roles"].as_array_mut() {
                roles.push(role);
            }
        }
        object
    }

    fn issue_token(&self, offered: &str) -> String {
        if self.has("credentials-same-token") {
            return offered.to_string();
        }
        let token = new_token();
        if self.has("credentials-long-token") {
            return format!("{token}{token}");
        }
        if self.has("credentials-blank-token") {
            return token.replace('-', " ");
        }
        token
    }

    async fn admit(&self, request: &Received, caller: &Caller) -> Reply {
        let Some(body) = &request.json else { return self.bad_json() };
        let faults = credentials_faults(body);
        if self.has("credentials-one-role") && body["roles"].as_array().is_some_and(|roles| roles.len() > 2) {
            return Reply::invalid("too many roles");
        }
        if !faults.is_empty() && !self.has("credentials-unvalidated") {
            return Reply::invalid(faults.join("; "));
        }
        let update = request.method == "PUT";
        let offered = body["token"].as_str().unwrap_or("").to_string();
        let presented = match caller {
            Caller::Peer(token) | Caller::Invited(token) => token.clone(),
            Caller::Stranger => String::new(),
        };
        let endpoints = match self.call_back(body, &offered, &presented, update).await {
            Ok(endpoints) => endpoints,
            Err(trouble) => {
                if self.has("credentials-burns-token-a") {
                    self.state().invitations.remove(&presented);
                }
                return match trouble {
                    Trouble::Version => Reply::error(200, 3002, "no version in common"),
                    Trouble::Api(_) if self.has("credentials-3001-as-3000") => {
                        Reply::error(200, 3000, "something failed")
                    }
                    Trouble::Api(why) => Reply::error(200, 3001, format!("cannot use your API: {why}")),
                };
            }
        };
        let token = if update && self.has("credentials-put-keeps-token") {
            presented.clone()
        } else {
            self.issue_token(&offered)
        };
        self.store_peer(&presented, &token, &offered, endpoints, body);
        if self.has("credentials-echo") {
            let mut echo = body.clone();
            echo["token"] = json!(token);
            return Reply::data(echo);
        }
        let mut reply = Reply::data(self.own_credentials(&token));
        if update {
            return reply;
        }
        reply.http = 200;
        self.after_registration();
        reply
    }

    fn store_peer(
        &self,
        presented: &str,
        token: &str,
        offered: &str,
        endpoints: Vec<(String, String, String)>,
        body: &Value,
    ) {
        let keep_a = self.has("token-a-survives");
        let alone = self.has("credentials-one-partner");
        let keep_old = self.has("credentials-old-token-works");
        let mut state = self.state();
        if !keep_a {
            state.invitations.remove(presented);
        }
        if keep_old {
            state.retired.insert(presented.to_string());
        }
        let known = state.peers.iter().find(|peer| peer.token_in == presented).map(|peer| peer.id.clone());
        state.peers.retain(|peer| peer.token_in != presented);
        if alone {
            state.peers.clear();
        }
        state.peers.push(Peer {
            id: known.unwrap_or_else(|| name_of(presented)),
            token_in: token.to_string(),
            token_out: offered.to_string(),
            endpoints,
            roles: body["roles"].as_array().cloned().unwrap_or_default(),
            versions_url: body["url"].as_str().unwrap_or("").to_string(),
        });
    }

    /// Reads the client's versions and details while its request is open.
    async fn call_back(
        &self,
        body: &Value,
        offered: &str,
        presented: &str,
        update: bool,
    ) -> Result<Vec<(String, String, String)>, Trouble> {
        let mut url = body["url"].as_str().unwrap_or("").to_string();
        let mut token = offered.to_string();
        let known = self.state().peers.iter().find(|peer| peer.token_in == presented).cloned();
        if let Some(old) = &known {
            if update && self.has("credentials-put-no-callback") {
                return Ok(old.endpoints.clone());
            }
            if update && self.has("credentials-put-old-url") {
                url.clone_from(&old.versions_url);
                token.clone_from(&old.token_out);
            }
        }
        if self.has("credentials-no-callback") {
            let base = url.trim_end_matches("/ocpi/versions").to_string();
            let guess = |module: &str, role: &str| {
                (module.to_string(), role.to_string(), format!("{base}/ocpi/2.2.1/{}/{module}", role.to_lowercase()))
            };
            return Ok(["tokens", "locations", "sessions", "cdrs", "tariffs"]
                .iter()
                .flat_map(|m| [guess(m, "SENDER"), guess(m, "RECEIVER")])
                .collect());
        }
        if self.has("credentials-callback-token-a") {
            token = presented.to_string();
        }
        self.read_endpoints(&url, &token).await
    }

    fn dismiss(&self, token: &str) -> Reply {
        let keep_token = self.has("credentials-delete-keeps-token");
        let keep_pushing = self.has("credentials-delete-keeps-pushing");
        let mut state = self.state();
        if keep_pushing {
            if let Some(peer) = state.peers.iter_mut().find(|peer| peer.token_in == token) {
                peer.token_in = new_token();
            }
        } else if !keep_token {
            state.peers.retain(|peer| peer.token_in != token);
        }
        Reply::ok()
    }

    pub(super) fn bad_json(&self) -> Reply {
        if self.has("crash-on-bad-json") {
            return Reply::error(500, 3000, "crash");
        }
        if self.has("bad-json-200") {
            return Reply::invalid("the body is no JSON");
        }
        Reply::error(400, 2001, "the body is no JSON")
    }
}

/// The name for a partner that was invited with this token.
pub(super) fn name_of(token_a: &str) -> String {
    token_a.rsplit('-').next().unwrap_or("").to_string()
}

/// What is wrong with a credentials object, by the tables and the rule about its roles.
fn credentials_faults(body: &Value) -> Vec<String> {
    let mut found: Vec<String> = schema::check("Credentials", body).iter().map(ToString::to_string).collect();
    let mut seen: Vec<(Value, String)> = Vec::new();
    for role in body["roles"].as_array().into_iter().flatten() {
        let owner = Owner::new(role["country_code"].as_str().unwrap_or(""), role["party_id"].as_str().unwrap_or(""));
        let triple = (role["role"].clone(), owner.to_string().to_uppercase());
        if seen.contains(&triple) {
            found.push("/roles: the same role twice".into());
        }
        seen.push(triple);
    }
    found
}
