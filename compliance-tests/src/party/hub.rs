//! Life behind a hub: its ClientInfo objects, and whom a message is for.

use serde_json::{Value, json};

use super::serve::Reply;
use super::{Party, Peer, Received, id_of};
use crate::fixtures::Owner;
use crate::formats::instant_of;
use crate::schema;

impl Peer {
    pub(super) fn is_hub(&self) -> bool {
        self.roles.iter().any(|role| role["role"] == "HUB")
    }

    /// The same connection, addressing this party.
    fn toward(&self, owner: &Owner) -> Self {
        let role = json!({"country_code": owner.country_code, "party_id": owner.party_id});
        Self { roles: vec![role], ..self.clone() }
    }
}

impl Party {
    /// The Receiver interface of `hubclientinfo`.
    pub(super) fn client_info(&self, request: &Received, rest: &[&str]) -> Reply {
        let [country, party] = rest else { return Reply::not_found(2000) };
        let owner = Owner::new(country, party);
        let key = owner.to_string().to_uppercase();
        match request.method.as_str() {
            "GET" => {
                let known = self.state().clients.get(&key).cloned();
                match known {
                    Some(info) => Reply::data(if self.has("clientinfo-as-list") { json!([info]) } else { info }),
                    None if self.has("unknown-object-200") => Reply::ok(),
                    None => Reply::not_found(2001),
                }
            }
            "PUT" => self.put_client(request, &owner, key),
            "DELETE" if self.has("clientinfo-deletes") => {
                self.state().clients.remove(&key);
                Reply::ok()
            }
            _ if self.has("methods-accepted") => Reply::ok(),
            _ => Reply::not_allowed("GET, PUT"),
        }
    }

    fn put_client(&self, request: &Received, owner: &Owner, key: String) -> Reply {
        let Some(body) = &request.json else { return self.bad_json() };
        let wrong = !schema::check("ClientInfo", body).is_empty() || !owner.owns(body);
        if wrong && !self.has("clientinfo-unvalidated") {
            return Reply::invalid("no ClientInfo of this party");
        }
        let known = self.state().clients.contains_key(&key);
        let kept = self.has("clientinfo-not-stored") || (known && self.has("clientinfo-keeps-first"));
        if !kept {
            self.state().clients.insert(key, body.clone());
        }
        if body["status"] == "CONNECTED" && self.has("hub-replays") {
            let (party, held) = (self.clone(), std::mem::take(&mut self.state().held));
            tokio::spawn(async move {
                for (method, url, peer, body) in held {
                    party.request(&method, &url, &peer.token_out, Some(&peer), body.as_ref()).await;
                }
            });
        }
        self.acknowledge(if known { 200 } else { 201 })
    }

    /// Whether a message to this party can be delivered, as far as a hub has told.
    pub(super) fn reachable(&self, owner: &Owner) -> bool {
        let key = owner.to_string().to_uppercase();
        let status = self.state().clients.get(&key).map(|info| info["status"].clone());
        let never_again = self.has("hub-never-again") && self.state().cut_off.contains(&key);
        let reachable = status.is_none_or(|status| status == "CONNECTED") && !never_again;
        if !reachable {
            self.state().cut_off.insert(key);
        }
        reachable || self.has("hub-ignores-status")
    }

    /// Keeps a message that could not be sent: what a conformant party does not do.
    pub(super) fn hold(&self, method: &str, url: &str, peer: &Peer, body: Option<&Value>) {
        if self.has("hub-replays") {
            self.state().held.push((method.into(), url.into(), peer.clone(), body.cloned()));
        }
    }

    /// Whether a hub may speak for this owner of objects.
    pub(super) fn behind_hub(&self, peer: &Peer, owner: &Owner) -> bool {
        let known = self.state().clients.contains_key(&owner.to_string().to_uppercase());
        peer.is_hub() && known && !self.has("hub-owner-by-roles")
    }

    /// The peer as it is addressed: through a hub, sessions and CDRs are for the owner of the token only.
    pub(super) fn addressed(&self, peer: &Peer, module: &str, session_id: &str) -> Peer {
        let origin = self.state().peers.iter().find(|known| known.token_out == peer.token_out).cloned();
        let Some(hub) = origin.filter(Peer::is_hub) else { return peer.clone() };
        let session = self.own("sessions").into_iter().find(|s| id_of("sessions", s).eq_ignore_ascii_case(session_id));
        match session.filter(|_| module == "sessions" && !self.has("hub-session-broadcast")) {
            Some(session) => {
                let token = &session["cdr_token"];
                let text = |field: &str| token[field].as_str().unwrap_or("").to_string();
                hub.toward(&Owner::new(&text("country_code"), &text("party_id")))
            }
            None => hub,
        }
    }

    /// The party behind a hub that a request comes from, as peer.
    pub(super) fn requester(peer: Peer, request: &Received) -> Peer {
        let from = request.header("ocpi-from-country-code").zip(request.header("ocpi-from-party-id"));
        match from.filter(|_| peer.is_hub()) {
            Some((country, party)) => peer.toward(&Owner::new(country, party)),
            None => peer,
        }
    }

    /// The party behind a hub that the operator names as `CC/PID`.
    pub(super) fn named_behind(&self, peer: &Peer, name: &str) -> Peer {
        match Owner::parse(name).filter(|_| peer.is_hub() && !self.has("hub-command-to-hub")) {
            Some(owner) => peer.toward(&owner),
            None => peer.clone(),
        }
    }

    /// Reads the hub's whole list: what is not in it is no longer valid.
    pub(super) async fn pull_clients(&self, peer: &Peer) {
        let Some(url) = peer.endpoint("hubclientinfo", "SENDER").filter(|_| peer.is_hub()) else { return };
        for _ in 0..if self.has("clientinfo-polls") { 8 } else { 1 } {
            let answer = self.request("GET", &url, &peer.token_out, None, None).await;
            let Some(list) = answer.json["data"].as_array().filter(|_| answer.succeeded()) else { return };
            let keep = self.has("clientinfo-keeps-vanished");
            let mut state = self.state();
            let before = state.clients.clone();
            if !keep {
                state.clients.clear();
            }
            let at = |info: &Value| instant_of(info, "last_updated");
            for info in list {
                let text = |field: &str| info[field].as_str().unwrap_or("");
                let key = format!("{}/{}", text("country_code"), text("party_id")).to_uppercase();
                // What was PUT while the list was on its way is newer.
                let newer = before.get(&key).filter(|known| at(known) >= at(info));
                state.clients.insert(key.clone(), newer.unwrap_or(info).clone());
            }
        }
    }
}
