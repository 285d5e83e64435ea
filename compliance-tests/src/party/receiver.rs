//! Receiver interfaces: PUT, PATCH, GET and DELETE of objects that the client owns, POST of CDRs.

use serde_json::{Map, Value, json};

use super::serve::{Caller, Reply};
use super::{Party, Peer, Received};
use crate::clock;
use crate::fixtures::Owner;
use crate::formats::{instant_of, same};
use crate::schema::{self, Rule};

/// A place in the store of received objects, taken from a URL.
struct Place {
    module: String,
    owner: Owner,
    /// Key of the stored object (upper case).
    key: String,
    /// Ids below it (EVSE, Connector).
    below: Vec<String>,
    /// Last id of the URL.
    id: String,
    kind: &'static str,
}

impl Party {
    pub(super) fn receiver(&self, request: &Received, module: &str, rest: &[&str], caller: &Caller) -> Reply {
        let offered = self.endpoints().iter().any(|e| e["identifier"] == module && e["role"] == "RECEIVER");
        if !offered && !self.has("details-wrong-roles") {
            return Reply::not_found(2000);
        }
        if matches!(request.method.as_str(), "PATCH" | "GET") && self.has("answers-patch-404") {
            return Reply::not_found(2003);
        }
        let peer = match caller {
            Caller::Peer(token) => self.state().peers.iter().find(|peer| peer.token_in == *token).cloned(),
            _ => self.state().peers.last().cloned(),
        };
        let peer = peer.unwrap_or_default();
        match (module, rest) {
            ("hubclientinfo", rest) => self.client_info(request, rest),
            ("commands", [command]) => self.command(request, command, &Self::requester(peer, request)),
            ("cdrs", []) if self.has("cdr-1970-crash") && request.body.contains("\"1970-01-01T00:00:00Z\"") => {
                Reply::error(500, 3000, "crash")
            }
            ("cdrs", rest) => self.cdr(request, rest, &peer),
            ("chargingprofiles", rest) => self.charging_profile(request, rest, &peer),
            (_, [country, party, id, below @ ..]) => {
                let depth_ok = below.is_empty()
                    || (module == "locations" && below.len() <= 2)
                    || (module == "sessions" && self.has("receiver-sub-urls"));
                if !depth_ok {
                    return Reply::not_found(2000);
                }
                self.client_owned(request, module, &Owner::new(country, party), id, below, &peer)
            }
            _ if self.has("methods-accepted") => Reply::ok(),
            _ => Reply::not_found(2000),
        }
    }

    fn place(&self, request: &Received, module: &str, owner: &Owner, id: &str, below: &[&str]) -> Place {
        let case =
            |text: &str| if self.has("receiver-case-sensitive") { text.to_string() } else { text.to_uppercase() };
        let mut key = if self.has("receiver-no-owner-key") {
            case(id)
        } else {
            format!("{}/{}", case(&owner.to_string()), case(id))
        };
        if module == "tokens" && !self.has("receiver-type-ignored") {
            key.push('|');
            key.push_str(request.query.get("type").map_or("RFID", String::as_str));
        }
        let kind = match (module, below.len()) {
            ("locations", 0) => "Location",
            ("locations", 1) => "EVSE",
            ("locations", _) => "Connector",
            ("tariffs", _) => "Tariff",
            ("sessions", _) => "Session",
            _ => "Token",
        };
        Place {
            module: module.to_string(),
            owner: owner.clone(),
            key,
            below: below.iter().filter(|_| module == "locations").map(|part| case(part)).collect(),
            id: (*below.last().filter(|_| module == "locations").unwrap_or(&id)).to_string(),
            kind,
        }
    }

    fn client_owned(
        &self,
        request: &Received,
        module: &str,
        owner: &Owner,
        id: &str,
        below: &[&str],
        peer: &Peer,
    ) -> Reply {
        let methods: &[&str] = if module == "tariffs" { &["GET", "PUT", "DELETE"] } else { &["GET", "PUT", "PATCH"] };
        if !methods.contains(&request.method.as_str()) {
            return if self.has("methods-accepted") { Reply::ok() } else { Reply::not_allowed(&methods.join(", ")) };
        }
        let known = peer.owns(&owner.country_code, &owner.party_id) || self.behind_hub(peer, owner);
        if !known && !self.has("receiver-any-owner") {
            return Reply::not_found(2001);
        }
        if module == "tokens" && self.has("receiver-type-required") && !request.query.contains_key("type") {
            return Reply::invalid("type is needed");
        }
        let place = self.place(request, module, owner, id, below);
        match request.method.as_str() {
            "GET" => self.show(&place),
            "DELETE" => self.remove(&place),
            _ => {
                let Some(body) = &request.json else { return self.bad_json() };
                if request.method == "PUT" { self.put(&place, body.clone()) } else { self.patch(&place, body) }
            }
        }
    }

    fn stored(&self, place: &Place) -> Option<Value> {
        let root = self.state().received.get(&(place.module.clone(), place.key.clone())).cloned()?;
        child(&root, &place.below).cloned()
    }

    fn show(&self, place: &Place) -> Reply {
        match self.stored(place) {
            Some(object) => Reply::data(if self.has("object-as-list") { json!([object]) } else { object }),
            None if self.has("unknown-object-200") => Reply::ok(),
            None => Reply::not_found(if place.module == "locations" { 2003 } else { 2001 }),
        }
    }

    fn remove(&self, place: &Place) -> Reply {
        if self.has("receiver-delete-ignored") {
            return Reply::ok();
        }
        match self.state().received.remove(&(place.module.clone(), place.key.clone())) {
            Some(_) => Reply::ok(),
            None => Reply::not_found(2001),
        }
    }

    /// What is wrong with an object, as far as the switched-on faults let this party see it.
    fn refusal(&self, kind: &str, body: &Value) -> Option<Reply> {
        if self.has("receiver-unvalidated") {
            return None;
        }
        if self.has("receiver-null-refused") && body.as_object().is_some_and(|map| map.values().any(Value::is_null)) {
            return Some(Reply::invalid("null"));
        }
        let table = schema::object(kind)?;
        if self.has("receiver-unknown-fields-refused")
            && body.as_object().is_some_and(|map| map.keys().any(|key| !table.fields.iter().any(|f| f.name == *key)))
        {
            return Some(Reply::invalid("unknown field"));
        }
        let partly = self.has("receiver-partly-validated");
        let found: Vec<String> = schema::check(kind, body)
            .iter()
            .filter(|fault| !partly || fault.rule == Rule::Missing)
            .map(ToString::to_string)
            .collect();
        if found.is_empty() {
            return None;
        }
        if self.has("receiver-crash") {
            return Some(Reply::error(500, 3000, "crash"));
        }
        Some(Reply::invalid(found.join("; ")))
    }

    fn url_differs(&self, place: &Place, body: &Value) -> bool {
        let id_field = match place.kind {
            "EVSE" | "Token" => "uid",
            _ => "id",
        };
        let id_differs = body[id_field].as_str().is_some_and(|id| !id.eq_ignore_ascii_case(&place.id))
            && !self.has("receiver-url-body-differ");
        let owned = matches!(place.kind, "Location" | "Tariff" | "Session" | "Token");
        let owner_differs = owned && !place.owner.owns(body) && !self.has("receiver-owner-body-differ");
        let type_differs = place.kind == "Token"
            && !place.key.ends_with(&format!("|{}", body["type"].as_str().unwrap_or("")))
            && !self.has("receiver-type-ignored");
        id_differs || owner_differs || type_differs
    }

    fn put(&self, place: &Place, mut body: Value) -> Reply {
        if let Some(refusal) = self.refusal(place.kind, &body) {
            if self.has("receiver-stores-refused") {
                self.store(place, body);
            }
            return refusal;
        }
        if self.url_differs(place, &body) {
            return Reply::invalid("the URL and the body differ");
        }
        let old = self.stored(place);
        if !place.below.is_empty() && self.parent_missing(place) {
            return if self.has("receiver-no-parent-check") { Reply::ok() } else { Reply::not_found(2003) };
        }
        if old.is_none() && self.has("receiver-put-unknown-404") {
            return Reply::not_found(2001);
        }
        if let Some(old) = &old {
            if instant_of(&body, "last_updated") < instant_of(old, "last_updated") && !self.has("receiver-stale-wins") {
                return Reply::invalid("older than what is stored");
            }
            if self.has("receiver-merges-put") {
                body = merged(old, &body);
            }
            if self.has("receiver-periods-kept") && place.kind == "Session" {
                let mut periods = old["charging_periods"].as_array().cloned().unwrap_or_default();
                periods.extend(body["charging_periods"].as_array().cloned().unwrap_or_default());
                body["charging_periods"] = Value::Array(periods);
            }
        }
        self.spoil(&mut body);
        if !self.has("receiver-no-store") {
            self.store(place, body);
        }
        let created = (old.is_none() && !self.has("receiver-always-200")) || self.has("receiver-always-201");
        self.acknowledge(if created { 201 } else { 200 })
    }

    pub(super) fn acknowledge(&self, http: u16) -> Reply {
        let mut reply = Reply::ok();
        reply.http = http;
        if self.has("receiver-data") {
            reply.data = Some(json!({}));
        }
        reply
    }

    fn spoil(&self, body: &mut Value) {
        let Some(map) = body.as_object_mut() else { return };
        if self.has("receiver-rewrites-last-updated") {
            map.insert("last_updated".into(), json!(clock::timestamp()));
        }
        if self.has("receiver-loses-fields") {
            for field in [
                "directions",
                "tariff_alt_text",
                "meter_id",
                "visual_number",
                "physical_reference",
                "terms_and_conditions",
                "remark",
            ] {
                map.shift_remove(field);
            }
        }
        if self.has("receiver-lower-cases") {
            for field in ["id", "uid"] {
                if let Some(text) = map.get(field).and_then(Value::as_str).map(str::to_lowercase) {
                    map.insert(field.into(), json!(text));
                }
            }
        }
        if self.has("receiver-floats") {
            walk(body, &|value| {
                if let Some(n) = value.as_f64().filter(|_| value.is_f64()) {
                    *value = json!((n * 10.0).round() / 10.0);
                }
            });
        }
        if self.has("receiver-vat-zero") {
            walk(body, &|value| {
                if let Some(map) = value.as_object_mut().filter(|map| map.contains_key("step_size")) {
                    map.entry("vat").or_insert(json!(0.0));
                }
            });
        }
    }

    fn parent_missing(&self, place: &Place) -> bool {
        let state = self.state();
        let Some(root) = state.received.get(&(place.module.clone(), place.key.clone())) else { return true };
        child(root, &place.below[..place.below.len() - 1]).is_none()
    }

    /// Puts an object at its place and lifts `last_updated` of what is above it.
    fn store(&self, place: &Place, body: Value) {
        let raise = !self.has("receiver-parents-not-lifted");
        let at = body.get("last_updated").cloned();
        let key = (place.module.clone(), place.key.clone());
        let mut state = self.state();
        if place.below.is_empty() {
            state.received.insert(key, body);
            return;
        }
        let Some(root) = state.received.get_mut(&key) else { return };
        let mut object = root;
        for (depth, id) in place.below.iter().enumerate() {
            if let (Some(at), true) = (&at, raise)
                && instant_of(object, "last_updated") < instant_of(&json!({"last_updated": at}), "last_updated")
            {
                object["last_updated"] = at.clone();
            }
            let (list, field) = level(depth);
            if !object[list].is_array() {
                object[list] = json!([]);
            }
            let Some(children) = object[list].as_array_mut() else { return };
            let index =
                children.iter().position(|c| c[field].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
            let is_end = depth + 1 == place.below.len();
            let index = if let Some(index) = index {
                if is_end {
                    children[index] = body.clone();
                }
                index
            } else {
                children.push(body.clone());
                children.len() - 1
            };
            object = &mut children[index];
        }
    }

    fn patch(&self, place: &Place, body: &Value) -> Reply {
        let Some(old) = self.stored(place) else {
            if self.has("receiver-patch-creates") {
                self.store(place, body.clone());
                return Reply::ok();
            }
            return if self.has("receiver-patch-unknown-500") {
                Reply::error(500, 3000, "crash")
            } else {
                Reply::not_found(if place.module == "locations" { 2003 } else { 2001 })
            };
        };
        if !body.is_object() {
            return Reply::invalid("a PATCH is an object");
        }
        if body.get("last_updated").is_none_or(Value::is_null) && !self.has("receiver-patch-without-last-updated") {
            return Reply::invalid("last_updated is missing");
        }
        if instant_of(body, "last_updated")
            .is_some_and(|at| instant_of(&old, "last_updated").is_some_and(|known| at < known))
            && !self.has("receiver-stale-wins")
        {
            return Reply::invalid("older than what is stored");
        }
        if self.has("receiver-patch-ignored") {
            return Reply::ok();
        }
        if self.has("receiver-patch-replaces") {
            self.store(place, body.clone());
            return Reply::ok();
        }
        let new = self.patched(place, &old, body);
        if let Some(refusal) = self.refusal(place.kind, &new).filter(|_| !self.has("receiver-patch-unvalidated")) {
            return refusal;
        }
        if self.url_differs(place, &new) {
            return Reply::invalid("a PATCH cannot change ids");
        }
        if self.has("receiver-removed-gone") && new["status"] == "REMOVED" && place.kind == "EVSE" {
            self.drop_evse(place);
            return Reply::ok();
        }
        self.store(place, new);
        self.acknowledge(200)
    }

    fn drop_evse(&self, place: &Place) {
        let mut state = self.state();
        if let Some(root) = state.received.get_mut(&(place.module.clone(), place.key.clone()))
            && let Some(evses) = root["evses"].as_array_mut()
        {
            evses.retain(|evse| !evse["uid"].as_str().is_some_and(|uid| uid.eq_ignore_ascii_case(&place.id)));
        }
    }

    fn patched(&self, place: &Place, old: &Value, body: &Value) -> Value {
        let mut new = if self.has("receiver-deep-merge") { deep_merged(old, body) } else { merged(old, body) };
        let append = |new: &mut Value, field: &str| {
            let mut all = old[field].as_array().cloned().unwrap_or_default();
            all.extend(body[field].as_array().cloned().unwrap_or_default());
            new[field] = Value::Array(all);
        };
        if place.kind == "Session" && body.get("charging_periods").is_some() {
            let emptied =
                self.has("receiver-periods-emptied") && body["charging_periods"].as_array().is_some_and(Vec::is_empty);
            if !self.has("receiver-periods-replaced") && !emptied {
                append(&mut new, "charging_periods");
            }
        } else if self.has("receiver-patch-lists-append") && body.get("tariff_ids").is_some() {
            append(&mut new, "tariff_ids");
        }
        new
    }

    fn cdr(&self, request: &Received, rest: &[&str], peer: &Peer) -> Reply {
        match (request.method.as_str(), rest) {
            ("POST", []) => self.post_cdr(request, peer),
            ("GET", [country, party, id]) => {
                let key = format!("{country}/{party}/{id}").to_uppercase();
                let lenient = self.has("unknown-object-200");
                match self.state().received.get(&("cdrs".to_string(), key)) {
                    Some(cdr) => Reply::data(cdr.clone()),
                    None if lenient => Reply::ok(),
                    None => Reply::not_found(2001),
                }
            }
            ("GET", _) => Reply::not_found(2001),
            _ if self.has("methods-accepted") => Reply::ok(),
            _ => Reply::not_allowed(if rest.is_empty() { "POST" } else { "GET" }),
        }
    }

    fn post_cdr(&self, request: &Received, peer: &Peer) -> Reply {
        let Some(body) = &request.json else { return self.bad_json() };
        if self.has("cdr-array-accepted") && body.is_array() {
            return self.acknowledge(201);
        }
        if let Some(refusal) = self.refusal("CDR", body) {
            return refusal;
        }
        if self.has("cdr-negative-refused") && body["total_cost"]["excl_vat"].as_f64().is_some_and(|cost| cost < 0.0) {
            return Reply::invalid("negative");
        }
        if self.has("cdr-unknown-location-refused") {
            return Reply::error(200, 2003, "unknown location");
        }
        let (country, party, id) = (text(body, "country_code"), text(body, "party_id"), text(body, "id"));
        if !peer.owns(country, party) && !self.has("receiver-any-owner") {
            return Reply::invalid("not your CDR");
        }
        let owner = if self.has("receiver-no-owner-key") { "X/X".into() } else { format!("{country}/{party}") };
        let key = ("cdrs".to_string(), format!("{owner}/{id}").to_uppercase());
        let known = self.state().received.get(&key).cloned();
        if known.is_some() && self.has("cdr-twice-500") {
            return Reply::error(500, 3000, "unique violation");
        }
        if known.as_ref().is_some_and(|known| !same(body, known)) && !self.has("cdr-overwrites") {
            return Reply::invalid("this CDR exists with other content");
        }
        if !self.has("receiver-no-store") {
            let mut kept = body.clone();
            self.spoil(&mut kept);
            self.state().received.insert(key.clone(), kept);
        }
        let mut reply = self.acknowledge(if known.is_some() { 200 } else { 201 });
        if self.has("receiver-always-200") {
            reply.http = 200;
        }
        let base = if self.has("cdr-location-relative") { "" } else { self.base() };
        let path =
            if self.has("cdr-location-dead") { "nowhere".to_string() } else { format!("receiver/cdrs/{}", key.1) };
        if !self.has("cdr-no-location") {
            reply.headers.push(("location", format!("{base}/ocpi/2.2.1/{path}")));
        }
        reply
    }
}

fn level(depth: usize) -> (&'static str, &'static str) {
    if depth == 0 { ("evses", "uid") } else { ("connectors", "id") }
}

fn child<'v>(root: &'v Value, below: &[String]) -> Option<&'v Value> {
    let mut object = root;
    for (depth, id) in below.iter().enumerate() {
        let (list, field) = level(depth);
        object = object[list]
            .as_array()?
            .iter()
            .find(|c| c[field].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)))?;
    }
    Some(object)
}

fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object[field].as_str().unwrap_or("")
}

fn merged(old: &Value, new: &Value) -> Value {
    let mut map = old.as_object().cloned().unwrap_or_default();
    for (key, value) in new.as_object().into_iter().flatten() {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}

fn deep_merged(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Object(_), Value::Object(fields)) => {
            let mut map: Map<String, Value> = old.as_object().cloned().unwrap_or_default();
            for (key, value) in fields {
                let inner = map.get(key).cloned().unwrap_or(Value::Null);
                map.insert(key.clone(), deep_merged(&inner, value));
            }
            Value::Object(map)
        }
        _ => new.clone(),
    }
}

fn walk(value: &mut Value, change: &impl Fn(&mut Value)) {
    change(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Object(map) => map.iter_mut().for_each(|(_, item)| walk(item, change)),
        _ => {}
    }
}
