//! The way in for triggers: `POST /operator/{action}` with a JSON object. Only for a party that was started with it.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{Party, Received, id_of};
use crate::clock;
use crate::fixtures::{self, Owner};

impl Party {
    pub(super) async fn operator(&self, request: &Received) -> Response<Body> {
        let body = request.json.clone().unwrap_or_else(|| json!({}));
        let action = request.segments.get(1).map_or("", String::as_str);
        let result = if self.0.config.operator {
            self.act(action, &body).await
        } else {
            Err("the operator API is off".to_string())
        };
        let (status, value) = match result {
            Ok(value) => (StatusCode::OK, value),
            Err(message) => (StatusCode::CONFLICT, json!({"error": message})),
        };
        let mut response = Response::new(Body::from(value.to_string()));
        *response.status_mut() = status;
        response
    }

    async fn act(&self, action: &str, body: &Value) -> Result<Value, String> {
        let text = |field: &str| body[field].as_str().unwrap_or("").to_string();
        match action {
            "invite" => {
                let token = self.invite();
                let id = super::credentials::name_of(&token);
                return Ok(json!({"token_a": token, "peer_id": id, "versions_url": self.versions_url()}));
            }
            "register" => {
                self.register(&text("versions_url"), &text("token_a")).await?;
                return Ok(json!({"peer_id": "1"}));
            }
            "update_credentials" => return self.update().await.map(|()| json!({})),
            "unregister" => return self.unregister().await.map(|()| json!({})),
            "sync" => {
                if let Some(peer) = self.peer_named(&text("peer_id")) {
                    self.pull_from(&peer).await;
                }
                return Ok(json!({}));
            }
            _ => {}
        }
        let peer = self.peer_named(&text("peer_id")).ok_or("no peer is registered")?;
        if let Some(done) = self.at_stations(action, body, &peer).await {
            return done;
        }
        match action {
            "change_location" => {
                self.set_status(&peer, &text("location_id"), &text("evse_uid"), "OUTOFORDER").await;
                self.set_status(&peer, &text("location_id"), &text("evse_uid"), "AVAILABLE").await;
                Ok(json!({}))
            }
            "create_location" => {
                let id = short_id("L");
                let location = fixtures::location(self.owner(), &id, &clock::timestamp());
                self.publish("locations", location.clone());
                self.push(&peer, "PUT", "locations", &[&id], "", Some(&location)).await;
                Ok(json!({"location_id": id}))
            }
            "create_tariff" | "change_tariff" => {
                let id = if action == "create_tariff" { short_id("T") } else { text("tariff_id") };
                let tariff = fixtures::tariff(self.owner(), &id, &clock::timestamp());
                self.publish("tariffs", tariff.clone());
                let method = if action == "change_tariff" && self.has("push-patch-tariff") { "PATCH" } else { "PUT" };
                self.push(&peer, method, "tariffs", &[&id], "", Some(&tariff)).await;
                Ok(json!({"tariff_id": id}))
            }
            "delete_tariff" => {
                let id = text("tariff_id");
                self.state().own.entry("tariffs").or_default().retain(|tariff| id_of("tariffs", tariff) != id);
                if !self.has("push-no-delete-tariff") {
                    self.push(&peer, "DELETE", "tariffs", &[&id], "", None).await;
                }
                Ok(json!({}))
            }
            "start_charge" => {
                let id = self
                    .present_card(
                        &peer,
                        &text("token_uid"),
                        &text("location_id"),
                        &text("evse_uid"),
                        &text("connector_id"),
                    )
                    .await;
                Ok(json!({"session_id": id.unwrap_or_default()}))
            }
            "stop_charge" => {
                self.end_session(&peer, &text("session_id")).await;
                Ok(json!({}))
            }
            "limit_station" | "unlimit_station" => {
                let limit = text("limit").parse().ok().filter(|_| action == "limit_station");
                self.slow_down(&text("evse_uid"));
                self.limit_station(&peer, &text("evse_uid"), limit).await;
                Ok(json!({}))
            }
            "set_charging_preferences" => self.prefer(body, &peer).await,
            "drop_reservation" => self.drop_reservation(&peer, &text("evse_uid")).await,
            "set_charging_profile" | "clear_charging_profile" | "get_active_profile" => {
                self.steer(action, body, &peer).await
            }
            "create_token" | "change_token" | "invalidate_token" => {
                self.token_action(action, &text("token_uid"), &peer).await
            }
            "start_session" | "stop_session" | "reserve_now" | "cancel_reservation" | "unlock_connector" => {
                self.send_command(action, body, &peer).await
            }
            _ => Err(format!("no action {action}")),
        }
    }

    pub(super) async fn token_action(&self, action: &str, uid: &str, peer: &super::Peer) -> Result<Value, String> {
        let now = clock::timestamp();
        if action == "create_token" {
            let uid = short_id("APP");
            let token = fixtures::token(self.owner(), &uid, "APP_USER", &now);
            self.publish("tokens", token.clone());
            let query = if self.has("push-token-without-type") { "" } else { "?type=APP_USER" };
            self.push(peer, "PUT", "tokens", &[&uid], query, Some(&token)).await;
            return Ok(json!({"token_uid": uid}));
        }
        let mut token = self.own("tokens").into_iter().find(|t| id_of("tokens", t) == uid).ok_or("no such token")?;
        let mut change = json!({"last_updated": now});
        if action == "change_token" {
            change["language"] = json!("de");
        } else {
            change["valid"] = json!(false);
        }
        for (key, value) in change.as_object().into_iter().flatten() {
            token[key] = value.clone();
        }
        self.publish("tokens", token.clone());
        let query = if token["type"] == "RFID" {
            String::new()
        } else {
            format!("?type={}", token["type"].as_str().unwrap_or(""))
        };
        if self.has("push-delete-token") && action == "invalidate_token" {
            self.push(peer, "DELETE", "tokens", &[uid], &query, None).await;
        } else {
            let body = if self.has("push-patch-everything") { token } else { change };
            self.push(peer, "PATCH", "tokens", &[uid], &query, Some(&body)).await;
        }
        Ok(json!({}))
    }

    pub(super) async fn send_command(&self, action: &str, asked: &Value, peer: &super::Peer) -> Result<Value, String> {
        let command = action.to_uppercase();
        let endpoint = peer.endpoint("commands", "RECEIVER").ok_or("the peer takes no commands")?;
        let unique =
            if self.has("command-same-response-url") { "fixed".to_string() } else { uuid::Uuid::new_v4().to_string() };
        let mut body =
            json!({"response_url": format!("{}/ocpi/2.2.1/sender/commands/{command}/{unique}", self.base())});
        let fields: &[&str] = match action {
            "stop_session" => &["session_id"],
            "cancel_reservation" => &["reservation_id"],
            "reserve_now" => &["location_id", "evse_uid"],
            _ => &["location_id", "evse_uid", "connector_id"],
        };
        for field in fields {
            body[*field] = asked[*field].clone();
        }
        if matches!(action, "start_session" | "reserve_now") {
            let owner =
                if self.has("command-foreign-own-token") { Owner::new("XX", "XXX") } else { self.owner().clone() };
            body["token"] = fixtures::token(&owner, "APP-USER-1", "APP_USER", &clock::timestamp());
        }
        if action == "reserve_now" {
            body["reservation_id"] = json!(short_id("R"));
            body["expiry_date"] = json!("2030-01-01T00:00:00Z");
        }
        if action == "cancel_reservation" && self.has("command-other-reservation") {
            body["reservation_id"] = json!(short_id("R"));
        }
        let map = body.as_object_mut().ok_or("body")?;
        if self.has("command-bad-body") {
            map.shift_remove("response_url");
        }
        if self.has("command-no-connector") {
            map.shift_remove("connector_id");
        }
        let slash = if self.has("command-slash") { "" } else { "/" };
        let url = format!("{}{slash}{command}", endpoint.trim_end_matches('/'));
        let to = self.named_behind(peer, asked["party"].as_str().unwrap_or(""));
        self.request("POST", &url, &peer.token_out, Some(&to), Some(&body)).await;
        Ok(json!({}))
    }
}

fn short_id(prefix: &str) -> String {
    format!("{prefix}{}", uuid::Uuid::new_v4().simple().to_string().get(..10).unwrap_or("0").to_uppercase())
}
