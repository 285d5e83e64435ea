//! Sender interfaces: paginated lists, single objects, real-time authorization.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::serve::{Caller, Reply};
use super::{Party, Received, id_of};
use crate::fixtures::Owner;
use crate::formats::{instant, instant_of, is_ocpi_datetime};
use crate::schema;

impl Party {
    pub(super) fn sender(&self, request: &Received, module: &str, rest: &[&str], caller: &Caller) -> Reply {
        let offered = self.endpoints().iter().any(|e| e["identifier"] == module && e["role"] == "SENDER");
        if !offered && !self.has("details-wrong-roles") {
            return Reply::not_found(2000);
        }
        if module == "tokens" && rest.last() == Some(&"authorize") && rest.len() == 2 {
            if self.has("authorize-slow") {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
            return if request.method == "POST" {
                self.authorize(request, rest[0])
            } else {
                Reply::not_allowed("POST")
            };
        }
        if module == "sessions" && rest.last() == Some(&"charging_preferences") && rest.len() == 2 {
            return if request.method == "PUT" {
                self.preferences(request, rest[0])
            } else {
                Reply::not_allowed("PUT")
            };
        }
        if module == "commands" {
            return self.callback(request);
        }
        if module == "chargingprofiles" {
            return self.profile_sender(request, rest);
        }
        if request.method != "GET" {
            if self.has("methods-accepted") {
                return Reply::ok();
            }
            return Reply::not_allowed("GET");
        }
        match (module, rest) {
            (_, []) => self.list(request, module, caller),
            ("locations", [id, below @ ..]) if below.len() <= 2 => self.one_location(id, below),
            _ if self.has("unknown-path-200") => Reply::ok(),
            _ => Reply::not_found(2000),
        }
    }

    /// The list as served: edits and list faults applied.
    fn served(&self, module: &str) -> Vec<Value> {
        let state = self.state();
        let mut items = state.fixed_page.get(module).or_else(|| state.own.get(module)).cloned().unwrap_or_default();
        drop(state);
        for edit in self.edits(module) {
            if let Some(first) = items.first_mut() {
                edit.apply(first);
            }
        }
        if self.has("list-foreign-owner")
            && let Some(first) = items.first_mut()
        {
            first["party_id"] = json!("XXX");
        }
        if self.has("list-duplicate") {
            items.extend(items.first().cloned());
        }
        items
    }

    /// Whether a partner may see this: sessions and CDRs of another partner's drivers it may not.
    fn is_visible(&self, module: &str, object: &Value, caller: &Caller) -> bool {
        let Caller::Peer(token) = caller else { return true };
        if !matches!(module, "sessions" | "cdrs") || self.has("list-all-partners") {
            return true;
        }
        let text = |field: &str| object["cdr_token"][field].as_str().unwrap_or("").to_string();
        let (country, party) = (text("country_code"), text("party_id"));
        let state = self.state();
        let mut owners = state.peers.iter().filter(|peer| peer.owns(&country, &party)).peekable();
        owners.peek().is_none() || owners.any(|peer| peer.token_in == *token)
    }

    /// Whether an object is of the party that OCPI-to names; lists are one party's.
    fn is_of_addressee(&self, request: &Received, module: &str, object: &Value) -> bool {
        let to = request.header("ocpi-to-country-code").zip(request.header("ocpi-to-party-id"));
        // A list that a case has given is served exactly as it is.
        let given = self.state().fixed_page.contains_key(module);
        let several = self.0.config.roles.len() > 1 && !given && !self.has("plays-hub") && !self.has("parties-mixed");
        let hosted = |country: &str, party: &str| {
            let owner = Owner::new(country, party);
            self.0.config.roles.iter().any(|(_, own)| own.to_string().eq_ignore_ascii_case(&owner.to_string()))
        };
        match to.filter(|(country, party)| several && hosted(country, party)) {
            Some((country, party)) => {
                let stranger = !self.0.config.roles.iter().any(|(_, own)| own.owns(object));
                stranger || Owner::new(country, party).owns(object)
            }
            None => true,
        }
    }

    fn list(&self, request: &Received, module: &str, caller: &Caller) -> Reply {
        let (from, to, offset, limit) = match self.list_query(request) {
            Ok(query) => query,
            Err(reply) => return *reply,
        };
        let mut filtered: Vec<Value> = self
            .served(module)
            .into_iter()
            .filter(|object| self.is_visible(module, object, caller))
            .filter(|object| self.is_of_addressee(request, module, object))
            .filter(|object| {
                let Some(at) = instant_of(object, "last_updated") else { return true };
                self.has("list-ignores-dates")
                    || (from.is_none_or(|from| at > from || (at == from && !self.has("list-from-exclusive")))
                        && to.is_none_or(|to| at < to || (at == to && self.has("list-to-inclusive"))))
            })
            .collect();
        let mut total = if self.has("list-total-unfiltered") { self.served(module).len() } else { filtered.len() };
        if self.has("list-newest-first") {
            filtered.reverse();
        }
        if self.has("list-total-frozen") {
            let mut state = self.state();
            let known = state.totals.entry(module.to_string()).or_insert(total);
            total = if offset == 0 { std::mem::replace(known, total).max(total) } else { *known };
        }
        if self.has("serves-shrinking-total") && offset > 0 {
            total = total.saturating_sub(1);
        }
        self.page(request, module, filtered, total, offset, limit)
    }

    #[expect(clippy::type_complexity, reason = "the four parameters of a list, read once")]
    fn list_query(
        &self,
        request: &Received,
    ) -> Result<
        (Option<chrono::DateTime<chrono::Utc>>, Option<chrono::DateTime<chrono::Utc>>, usize, Option<usize>),
        Box<Reply>,
    > {
        let bad = |name: &str| {
            Box::new(if self.has("list-parameters-500") {
                Reply::error(500, 3000, "crash")
            } else {
                Reply::invalid(format!("{name} cannot be read"))
            })
        };
        let lenient = self.has("list-silent-parameters");
        let moment = |name: &str| match request.query.get(name) {
            None => Ok(None),
            Some(text) if is_ocpi_datetime(text) && (text.ends_with('Z') || !self.has("list-needs-zulu")) => {
                Ok(instant(text))
            }
            Some(_) if lenient => Ok(None),
            Some(_) => Err(bad(name)),
        };
        let number = |name: &str| match request.query.get(name).map(|text| text.parse::<usize>()) {
            None => Ok(None),
            Some(Ok(n)) => Ok(Some(n)),
            Some(Err(_)) if lenient => Ok(None),
            Some(Err(_)) => Err(bad(name)),
        };
        Ok((moment("date_from")?, moment("date_to")?, number("offset")?.unwrap_or(0), number("limit")?))
    }

    fn page(
        &self,
        request: &Received,
        module: &str,
        mut items: Vec<Value>,
        total: usize,
        mut offset: usize,
        limit: Option<usize>,
    ) -> Reply {
        let cap = self.0.config.page_cap;
        let mut limit = limit.unwrap_or(cap);
        limit = limit.min(cap);
        if self.has("list-ignores-limit") {
            limit = cap;
        }
        if self.has("list-ignores-offset") {
            offset = 0;
        }
        if self.has("list-offset-from-one") {
            offset = offset.saturating_sub(1);
        }
        if self.has("list-shuffled") && self.mark() % 2 == 1 {
            let by = usize::from(items.len() > 1);
            items.rotate_left(by);
        }
        if self.has("list-past-end-404") && offset > 0 && offset >= items.len()
            || self.has("list-empty-404") && items.is_empty()
        {
            return Reply::not_found(2000);
        }
        let available = items.len();
        let mut shown: Vec<Value> = items.into_iter().skip(offset).take(limit.max(1)).collect();
        if self.has("serves-short-pages") {
            shown.truncate(2);
        }
        let next = offset + shown.len() + usize::from(self.has("list-link-skips"));
        let count = shown.len();
        let mut reply = Reply::data(self.wrap(shown));
        if self.has("serves-status-3000") {
            reply.code = 3000;
        }
        let total = if self.has("list-total-is-page") { count } else { total };
        let ceiling = if self.has("list-limit-is-count") { count } else { limit };
        if !self.has("list-no-total") {
            reply.headers.push(("x-total-count", total.to_string()));
        }
        if !self.has("list-no-limit") {
            reply.headers.push(("x-limit", ceiling.to_string()));
        }
        if (next < available && count > 0 && !self.has("list-no-link")) || self.has("list-link-on-last") {
            reply.headers.push(("link", self.link(request, module, next, limit)));
        }
        reply
    }

    fn wrap(&self, shown: Vec<Value>) -> Value {
        if self.has("list-empty-null") && shown.is_empty() {
            return json!("none");
        }
        if self.has("list-as-object") {
            return json!({"items": shown});
        }
        Value::Array(shown)
    }

    fn link(&self, request: &Received, module: &str, next: usize, limit: usize) -> String {
        let base = if self.has("list-link-relative") { String::new() } else { self.base().to_string() };
        let mut url =
            format!("{base}/ocpi/2.2.1/sender/{module}?offset={}", if self.has("list-link-loops") { 0 } else { next });
        if !self.has("list-link-loses-limit") {
            let _ = write!(url, "&limit={limit}");
        }
        if self.has("serves-cursor") {
            url.push_str("&cursor=opaque%2F1");
        }
        if !self.has("list-link-loses-filters") {
            for name in ["date_from", "date_to"] {
                if let Some(value) = request.query.get(name) {
                    let _ = write!(url, "&{name}={}", value.replace(':', "%3A"));
                }
            }
        }
        if self.has("list-link-unquoted") { format!("{url}; rel=\"next\"") } else { format!("<{url}>; rel=\"next\"") }
    }

    fn one_location(&self, id: &str, below: &[&str]) -> Reply {
        let same = |known: &str, asked: &str| {
            if self.has("object-case-sensitive") { known == asked } else { known.eq_ignore_ascii_case(asked) }
        };
        let unknown = || if self.has("unknown-object-200") { Reply::ok() } else { Reply::not_found(2003) };
        let served = self.served("locations");
        let Some(location) = served.iter().find(|location| same(id_of("locations", location), id)) else {
            return unknown();
        };
        let mut object = location;
        for (depth, asked) in below.iter().enumerate() {
            let (list, key) = if depth == 0 { ("evses", "uid") } else { ("connectors", "id") };
            let found = object[list].as_array().into_iter().flatten().find(|child| {
                same(child[key].as_str().unwrap_or(""), asked)
                    || (depth == 0 && self.has("object-by-evse-id") && child["evse_id"].as_str() == Some(asked))
            });
            match found {
                Some(child) => object = child,
                None => return unknown(),
            }
        }
        if self.has("object-is-parent") {
            object = location;
        }
        Reply::data(if self.has("object-as-list") { json!([object]) } else { object.clone() })
    }

    fn authorize(&self, request: &Received, uid: &str) -> Reply {
        if self.has("authorize-needs-body") && request.body.is_empty() {
            return Reply::invalid("a body is needed");
        }
        if self.has("authorize-needs-type") && !request.query.contains_key("type") {
            return Reply::invalid("a type is needed");
        }
        if !request.body.is_empty() {
            let Some(body) = &request.json else { return self.bad_json() };
            if !schema::check("LocationReferences", body).is_empty() && !self.has("receiver-unvalidated") {
                return Reply::invalid("no LocationReferences");
            }
            if self.has("authorize-unknown-location-2003") {
                return Reply::error(200, 2003, "unknown location");
            }
        }
        if let Some(reply) = self.limited(request, uid) {
            return reply;
        }
        let scripted = self.state().answers.get(&uid.to_ascii_uppercase()).cloned();
        if let Some(answer) = scripted {
            return Reply::data(answer);
        }
        let kind = request.query.get("type").map_or("RFID", String::as_str);
        let tokens = self.own("tokens");
        let known = tokens.iter().find(|token| {
            id_of("tokens", token).eq_ignore_ascii_case(uid)
                && (token["type"] == kind || self.has("authorize-ignores-type"))
        });
        let Some(token) = known else { return self.unknown_token() };
        let mut info = json!({"allowed": self.verdict(token), "token": token, "authorization_reference": format!("REF-{}", uuid::Uuid::new_v4().simple().to_string().get(..12).unwrap_or(""))});
        if info["allowed"] == "BLOCKED" && self.has("authorize-blocked-error") {
            return Reply::error(200, 2000, "blocked");
        }
        if self.has("authorize-no-token") {
            info.as_object_mut().map(|map| map.shift_remove("token"));
        }
        self.add_location(request, &mut info);
        Reply::data(info)
    }

    /// What a contract that is limited to a location, an empty account or a broken station lead to.
    fn limited(&self, request: &Received, uid: &str) -> Option<Reply> {
        let uid = uid.to_ascii_uppercase();
        let asked = request.json.as_ref().and_then(|body| body["location_id"].as_str());
        let (limit, broke) = {
            let state = self.state();
            (state.limits.get(&uid).cloned(), state.broke.contains(&uid))
        };
        let token = self.own("tokens").into_iter().find(|t| id_of("tokens", t).eq_ignore_ascii_case(&uid));
        let verdict = |allowed: &str| Some(Reply::data(json!({"allowed": allowed, "token": token})));
        if broke && !self.has("authorize-ignores-credit") {
            return verdict("NO_CREDIT");
        }
        if let Some(limit) = limit.filter(|_| !self.has("authorize-ignores-limits")) {
            match asked {
                None => return Some(Reply::error(200, 2002, "the location is needed")),
                Some(location) if !location.eq_ignore_ascii_case(&limit) => return verdict("NOT_ALLOWED"),
                Some(_) => {}
            }
        }
        let out_of_order = || {
            let state = self.state();
            state.received.iter().any(|((module, _), object)| {
                module == "locations" && object["id"].as_str() == asked && object.to_string().contains("OUTOFORDER")
            })
        };
        if self.has("authorize-by-status") && asked.is_some() && out_of_order() {
            return verdict("NOT_ALLOWED");
        }
        None
    }

    fn add_location(&self, request: &Received, info: &mut Value) {
        if let Some(body) = request.json.as_ref().filter(|_| info["allowed"] == "ALLOWED") {
            info["location"] = body.clone();
            if self.has("authorize-extra-evses") {
                info["location"]["evse_uids"] = json!(["EXTRA-1", "EXTRA-2"]);
            }
        } else if self.has("authorize-location-invented") {
            info["location"] = json!({"location_id": "LOC1"});
        }
    }

    fn verdict(&self, token: &Value) -> &'static str {
        if token["valid"] == true || self.has("authorize-always-allowed") { "ALLOWED" } else { "BLOCKED" }
    }

    fn unknown_token(&self) -> Reply {
        let mut reply = Reply::error(404, 2004, "unknown token");
        if self.has("authorize-unknown-200") {
            reply.http = 200;
        }
        if self.has("unknown-object-200") {
            return Reply::ok();
        }
        if self.has("authorize-unknown-data") {
            reply.data = Some(json!({"allowed": "NOT_ALLOWED"}));
        }
        reply
    }
}
