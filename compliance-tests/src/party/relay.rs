//! An EMSP that lets a smart charging partner (SCSP) steer its drivers' sessions: requests go on to the CPO, results back.

use serde_json::{Value, json};

use super::profiles::Asked;
use super::serve::{Caller, Reply};
use super::{Party, Peer, Received};
use crate::case::TargetRole;
use crate::context::{join, with_query};

/// Where the result of a relayed request goes.
#[derive(Clone, Debug)]
pub(super) struct Relay {
    scsp: Peer,
    response_url: String,
}

impl Party {
    /// Whether profiles are passed on rather than carried out.
    pub(super) fn steers(&self) -> bool {
        self.0.config.roles.iter().all(|(role, _)| *role == TargetRole::Emsp)
    }

    /// The Receiver interface of an EMSP.
    pub(super) async fn relay_profile(&self, request: &Received, rest: &[&str], caller: &Caller) -> Reply {
        let [session_id] = rest else { return Reply::not_found(2000) };
        if !matches!(request.method.as_str(), "GET" | "PUT" | "DELETE") {
            return if self.has("methods-accepted") { Reply::ok() } else { Reply::not_allowed("GET, PUT, DELETE") };
        }
        let (asked, response_url) = match self.asked(request) {
            Ok(asked) => asked,
            Err(reply) => return *reply,
        };
        let (scsp, cpo) = {
            let state = self.state();
            let plays = |peer: &&Peer, role: &str| peer.roles.iter().any(|r| r["role"] == role);
            let token = match caller {
                Caller::Peer(token) | Caller::Invited(token) => token.clone(),
                Caller::Stranger => String::new(),
            };
            let scsp = state.peers.iter().find(|peer| peer.token_in == token && plays(peer, "SCSP")).cloned();
            (scsp, state.peers.iter().find(|peer| plays(peer, "CPO")).cloned())
        };
        let Some((scsp, cpo)) = scsp.zip(cpo).filter(|_| !self.has("relay-refused")) else {
            return Reply::data(json!({"result": "REJECTED", "timeout": 30}));
        };
        self.state().steered_for.insert(session_id.to_uppercase(), scsp.clone());
        let relay = Relay { scsp, response_url };
        let answer = self.pass_on(&cpo, session_id, asked, relay).await;
        let accepted = json!({"result": "ACCEPTED", "timeout": 30});
        Reply::data(if self.has("relay-always-accepted") { accepted } else { answer })
    }

    async fn pass_on(&self, cpo: &Peer, session_id: &str, asked: Asked, relay: Relay) -> Value {
        let Some(endpoint) = cpo.endpoint("chargingprofiles", "RECEIVER") else {
            return json!({"result": "NOT_SUPPORTED", "timeout": 30});
        };
        let url = join(&endpoint, &[session_id]);
        let method = match asked {
            Asked::Get(_) => "GET",
            Asked::Set(_) => "PUT",
            Asked::Clear => "DELETE",
        };
        let id = uuid::Uuid::new_v4().to_string();
        let own = format!("{}/ocpi/2.2.1/sender/chargingprofiles/{method}/{id}", self.base());
        let own = if self.has("relay-foreign-response-url") { relay.response_url.clone() } else { own };
        self.state().relays.insert(id, relay);
        let (url, body) = match asked {
            Asked::Set(mut profile) => {
                if self.has("relay-own-profile") {
                    profile["charging_profile_period"] = json!([{"start_period": 0, "limit": 6}]);
                }
                (url, Some(json!({"charging_profile": profile, "response_url": own})))
            }
            Asked::Get(duration) => {
                (with_query(&url, &[("duration", &duration.to_string()), ("response_url", &own)]), None)
            }
            Asked::Clear => (with_query(&url, &[("response_url", &own)]), None),
        };
        self.request(method, &url, &cpo.token_out, Some(cpo), body.as_ref()).await.json["data"].clone()
    }

    /// A result that is somebody else's goes on to them.
    pub(super) fn relay_result(&self, request: &Received, body: &Value) {
        let id = request.segments.last().map_or("", String::as_str);
        let Some(relay) = self.state().relays.get(id).cloned() else { return };
        let mut body = body.clone();
        if self.has("relay-loses-profile") {
            body.as_object_mut().map(|map| map.shift_remove("profile"));
        }
        if self.has("relay-no-result") {
            return;
        }
        let party = self.clone();
        tokio::spawn(async move {
            let scsp = &relay.scsp;
            party.request("POST", &relay.response_url, &scsp.token_out, Some(scsp), Some(&body)).await;
        });
    }

    /// A changed profile of a session that an SCSP steers goes on to it.
    pub(super) fn relay_change(&self, session_id: &str, body: &Value) {
        let Some(scsp) = self.state().steered_for.get(&session_id.to_uppercase()).cloned() else { return };
        let Some(url) = scsp.endpoint("chargingprofiles", "SENDER") else { return };
        if self.has("relay-keeps-changes") {
            return;
        }
        let (party, body, url) = (self.clone(), body.clone(), join(&url, &[session_id]));
        tokio::spawn(async move {
            party.request("PUT", &url, &scsp.token_out, Some(&scsp), Some(&body)).await;
        });
    }
}
