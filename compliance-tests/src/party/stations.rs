//! Triggers of the reference party for what happens at stations, and with contracts.

use serde_json::{Value, json};

use super::{Party, Peer, id_of};
use crate::{clock, formats};

impl Party {
    /// `None` when this is no such action.
    pub(super) async fn at_stations(&self, action: &str, body: &Value, peer: &Peer) -> Option<Result<Value, String>> {
        let result = match action {
            "publish_tariff" => self.publish_tariff(body, peer).await,
            "station_with_tariff" => self.put_up_station(&body["tariff_ids"], body["time_zone"].as_str().unwrap_or("")),
            "remove_station" => {
                self.state().own.entry("locations").or_default().retain(|l| l["id"] != body["location_id"]);
                json!({})
            }
            "plug_in" => {
                self.plug_in(peer, text(body, "evse_uid")).await;
                json!({})
            }
            "plug_in_full" => {
                self.fill_vehicle(text(body, "evse_uid"));
                json!({})
            }
            "unplug" => {
                self.state().unplugged.insert(text(body, "evse_uid").to_ascii_uppercase());
                json!({})
            }
            "fault_station" | "repair_station" => {
                let status = if action == "fault_station" { "OUTOFORDER" } else { "AVAILABLE" };
                self.set_status(peer, text(body, "location_id"), text(body, "evse_uid"), status).await;
                json!({})
            }
            "set_temper" => {
                self.state().tempers.insert(text(body, "evse_uid").to_ascii_uppercase(), text(body, "temper").into());
                json!({})
            }
            "station_with_schedule" => return Some(self.plan_status(body, peer)),
            "present_card" => {
                self.present_card_again(peer, text(body, "token_uid"), text(body, "evse_uid")).await;
                json!({})
            }
            "remove_information" => return Some(self.remove_information(text(body, "location_id"), peer).await),
            "correct_cdr" => {
                let done = self.correct_cdr(peer, text(body, "cdr_id")).await;
                return Some(done.map(|()| json!({})).ok_or_else(|| "no such CDR".into()));
            }
            "create_limited_token" | "create_token_without_credit" => {
                return Some(self.create_limited(action, text(body, "location_id"), peer).await);
            }
            "start_session_with_token" | "reserve_with_token" => {
                return Some(self.command_with_token(action, body, peer).await);
            }
            _ => return None,
        };
        Some(Ok(result))
    }

    async fn publish_tariff(&self, body: &Value, peer: &Peer) -> Value {
        let mut tariff = body["tariff"].clone();
        let owner = self.owner();
        tariff["country_code"] = json!(owner.country_code);
        tariff["party_id"] = json!(owner.party_id);
        tariff["id"] = body["tariff_id"].clone();
        tariff["last_updated"] = json!(clock::timestamp());
        self.publish("tariffs", tariff.clone());
        self.push(peer, "PUT", "tariffs", &[text(body, "tariff_id")], "", Some(&tariff)).await;
        json!({})
    }

    /// Puts a station up that has this status from then on.
    fn plan_status(&self, body: &Value, peer: &Peer) -> Result<Value, String> {
        let begin = formats::instant(text(body, "period_begin")).ok_or("period_begin is no time")?;
        let station = self.put_up_station(&json!([]), text(body, "time_zone"));
        let mut planned =
            self.own("locations").into_iter().find(|l| l["id"] == station["location_id"]).unwrap_or_default();
        planned["evses"][0]["status_schedule"] = json!([
            {"period_begin": body["period_begin"], "period_end": body["period_end"], "status": body["status"]}
        ]);
        self.publish("locations", planned);
        let (party, peer, place, status) =
            (self.clone(), peer.clone(), station.clone(), text(body, "status").to_string());
        tokio::spawn(async move {
            tokio::time::sleep((begin - clock::now()).to_std().unwrap_or_default()).await;
            if !party.has("schedule-ignored") {
                party.set_status(&peer, text(&place, "location_id"), text(&place, "evse_uid"), &status).await;
            }
        });
        Ok(station)
    }

    async fn remove_information(&self, id: &str, peer: &Peer) -> Result<Value, String> {
        let mut location =
            self.own("locations").into_iter().find(|l| id_of("locations", l) == id).ok_or("no such location")?;
        location.as_object_mut().map(|map| map.shift_remove("name"));
        location["last_updated"] = json!(clock::timestamp());
        self.publish("locations", location.clone());
        if self.has("push-patch-null") {
            let change = json!({"name": null, "last_updated": location["last_updated"]});
            self.push(peer, "PATCH", "locations", &[id], "", Some(&change)).await;
        } else {
            self.push(peer, "PUT", "locations", &[id], "", Some(&location)).await;
        }
        Ok(json!({}))
    }

    async fn create_limited(&self, action: &str, location_id: &str, peer: &Peer) -> Result<Value, String> {
        let created = self.token_action("create_token", "", peer).await?;
        let uid = text(&created, "token_uid").to_ascii_uppercase();
        let mut state = self.state();
        if action == "create_limited_token" {
            state.limits.insert(uid, location_id.to_string());
        } else {
            state.broke.insert(uid);
        }
        drop(state);
        Ok(created)
    }

    async fn command_with_token(&self, action: &str, body: &Value, peer: &Peer) -> Result<Value, String> {
        let uid = text(body, "token_uid");
        let blocked = self.own("tokens").iter().any(|t| id_of("tokens", t) == uid && t["valid"] == false);
        if blocked && !self.has("command-blocked-token") {
            return Err("this token is blocked".into());
        }
        let command = if action == "reserve_with_token" { "reserve_now" } else { "start_session" };
        self.send_command(command, body, peer).await
    }
}

fn text<'b>(body: &'b Value, field: &str) -> &'b str {
    body[field].as_str().unwrap_or("")
}
