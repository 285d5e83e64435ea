//! A platform behind a hub: the tester registers as a hub, with parties behind it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::live::{self, app_token};
use super::partners::Guest;
use super::triggers::{any_change, lent};
use crate::case::{Case, CaseResult, Stop, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::clock;
use crate::context::{Ctx, Request, join};
use crate::fixtures::{self, Owner};
use crate::party::Received;

pub(super) fn cases() -> Vec<Case> {
    [client_info(), lists(), answers(), addresses(), statuses()].concat()
}

/// A registered hub with two parties behind it.
struct Hub {
    guest: Guest,
    one: Owner,
    two: Owner,
}

impl Hub {
    async fn join(cx: &Arc<Ctx>) -> CaseResult<Self> {
        let guest = Guest::join(cx, &["plays-hub"]).await?;
        let tail: String = guest.owner.party_id.chars().skip(1).collect();
        let (one, two) = (Owner::new("NL", &format!("V{tail}")), Owner::new("NL", &format!("W{tail}")));
        Ok(Self { guest, one, two })
    }

    fn info(cx: &Arc<Ctx>, owner: &Owner, status: &str) -> Value {
        json!({"country_code": owner.country_code, "party_id": owner.party_id, "role": cx.config.role.opposite().as_str(),
            "status": status, "last_updated": clock::timestamp()})
    }

    fn info_request(&self, cx: &Arc<Ctx>, method: &str, owner: &Owner) -> CaseResult<Request> {
        let url = join(&cx.endpoint("hubclientinfo", "RECEIVER")?, &[&owner.country_code, &owner.party_id]);
        Ok(self.guest.configuration(cx, method, url))
    }

    async fn put(&self, cx: &Arc<Ctx>, owner: &Owner, body: &Value) -> CaseResult<Answer> {
        self.info_request(cx, "PUT", owner)?.json(body).send().await
    }

    async fn get(&self, cx: &Arc<Ctx>, owner: &Owner) -> CaseResult<Answer> {
        self.info_request(cx, "GET", owner)?.send().await
    }

    /// Tells the platform the status of a party, and puts it into the hub's list.
    async fn tell(&self, cx: &Arc<Ctx>, owner: &Owner, status: &str) -> CaseResult {
        self.tell_info(cx, owner, Self::info(cx, owner, status)).await.map(|_| ())
    }

    /// The same with this object; a platform may be reading the list at any time.
    async fn tell_info(&self, cx: &Arc<Ctx>, owner: &Owner, info: Value) -> CaseResult<Answer> {
        let mut all = self.guest.party.own("hubclientinfo");
        all.retain(|known| !owner.owns(known));
        all.push(info.clone());
        self.guest.party.set_own("hubclientinfo", all);
        let answer = self.put(cx, owner, &info).await?;
        answer.succeeded()?;
        Ok(answer)
    }

    /// Lets the operator pull everything from the hub; gives what was asked.
    async fn sync(&self, cx: &Arc<Ctx>) -> CaseResult<Vec<Received>> {
        self.can_name("sync", cx)?;
        let mark = self.guest.party.mark();
        cx.trigger("sync", &[("peer_id", &self.guest.peer_id)]).await?;
        let module = if cx.config.role == TargetRole::Emsp { "locations" } else { "tokens" };
        self.wait(cx, mark, "GET of a list", |r| r.is("GET", "sender", module)).await?;
        self.guest.party.wait(self.guest.party.mark(), cx.config.quiet, |_| false).await;
        Ok(self.guest.party.since(mark))
    }

    fn can_name(&self, trigger: &str, cx: &Arc<Ctx>) -> CaseResult {
        if !cx.config.triggers.has(trigger) {
            return skip(format!("needs the trigger `{trigger}`"));
        }
        if self.guest.peer_id.is_empty() {
            return skip("needs `peer_id` from the trigger `invite`");
        }
        Ok(())
    }

    async fn wait(
        &self,
        cx: &Arc<Ctx>,
        mark: usize,
        what: &str,
        fits: impl Fn(&Received) -> bool,
    ) -> CaseResult<Received> {
        if let Some(call) = self.guest.party.wait(mark, cx.config.patience, fits).await {
            return Ok(call);
        }
        let seen: Vec<String> =
            self.guest.party.since(mark).iter().map(|r| format!("{} {}", r.method, r.path)).take(12).collect();
        fail(format!("the hub receives {what}"), if seen.is_empty() { "nothing".into() } else { seen.join(", ") })
    }

    async fn silent(&self, cx: &Arc<Ctx>, mark: usize, what: &str, fits: impl Fn(&Received) -> bool) -> CaseResult {
        match self.guest.party.wait(mark, cx.config.quiet, fits).await {
            Some(call) => fail(what, format!("{} {}", call.method, call.path)),
            None => Ok(()),
        }
    }
}

/// Runs a body with a fresh hub, and ends the registration whatever comes of it.
macro_rules! with_hub {
    ($cx:ident, $hub:ident, $body:block) => {
        move |$cx| async move {
            $cx.endpoint("hubclientinfo", "RECEIVER")?;
            let $hub = Hub::join(&$cx).await?;
            let verdict: CaseResult = async { $body }.await;
            $hub.guest.leave(&$cx).await;
            verdict
        }
    };
}

fn hci(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).writes()
}

/// The party that a call is addressed to.
fn to(call: &Received) -> Option<Owner> {
    Some(Owner::new(call.header("ocpi-to-country-code")?, call.header("ocpi-to-party-id")?))
}

fn same(a: &Owner, b: &Owner) -> bool {
    a.to_string().eq_ignore_ascii_case(&b.to_string())
}

fn is_to(call: &Received, owner: &Owner) -> bool {
    to(call).is_some_and(|to| same(&to, owner))
}

fn client_info() -> Vec<Case> {
    vec![
        hci("hubclientinfo.endpoint", "The module is offered as Receiver")
            .proves(&["HCI-001", "HCI-025"])
            .does("Looks for hubclientinfo in the details")
            .expects("Where it is listed, it is listed with role RECEIVER")
            .sabotage("hubclientinfo-as-sender")
            .run(|cx| async move {
                let listed: Vec<_> = cx.registered()?.endpoints.into_iter().filter(|e| e.identifier == "hubclientinfo").collect();
                if listed.is_empty() {
                    return Err(Stop::NotApplicable("the platform does not offer hubclientinfo".into()));
                }
                ensure(listed.iter().any(|e| e.role == "RECEIVER"), "role RECEIVER", || format!("{listed:?}"))
            }),
        hci("hubclientinfo.put", "A ClientInfo is stored, replaced and shown")
            .proves(&["HCI-026", "HCI-028", "HCI-029", "HCI-030", "HCI-033"])
            .does("Registers as a hub; PUTs a ClientInfo, GETs it, PUTs it with another status, GETs it")
            .expects("Success; each time the one object as it was last sent")
            .sabotage("clientinfo-not-stored")
            .sabotage("clientinfo-as-list")
            .sabotage("clientinfo-keeps-first")
            .run(with_hub!(cx, hub, {
                for status in ["PLANNED", "CONNECTED"] {
                    let info = Hub::info(&cx, &hub.one, status);
                    hub.tell_info(&cx, &hub.one, info.clone()).await?;
                    let answer = hub.get(&cx, &hub.one).await?;
                    if let Some(what) = crate::formats::difference(&info, answer.single()?, "") {
                        return fail("the ClientInfo as it was sent", what);
                    }
                }
                Ok(())
            })),
        hci("hubclientinfo.unknown", "A ClientInfo that was never sent")
            .proves(&["HCI-031"])
            .should()
            .does("Registers as a hub; GETs the ClientInfo of a party that does not exist")
            .expects("HTTP 404")
            .sabotage("unknown-object-200")
            .run(with_hub!(cx, hub, { hub.get(&cx, &hub.two).await?.has_http(404) })),
        hci("hubclientinfo.methods", "Only GET and PUT exist")
            .proves(&["HCI-027", "TRN-023"])
            .does("Registers as a hub; PUTs a ClientInfo; POSTs, PATCHes and DELETEs it; GETs it")
            .expects("A refusal each time, and the object unchanged")
            .sabotage("methods-accepted")
            .sabotage("clientinfo-deletes")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                for method in ["POST", "PATCH", "DELETE"] {
                    let request = hub.info_request(&cx, method, &hub.one)?;
                    let request = if method == "DELETE" { request } else { request.json(&Hub::info(&cx, &hub.one, "SUSPENDED")) };
                    request.send().await?.refused()?;
                }
                let answer = hub.get(&cx, &hub.one).await?;
                ensure(answer.object()?["status"] == "CONNECTED", "status CONNECTED", || answer.describe())
            })),
        hci("hubclientinfo.invalid", "A ClientInfo with a fault")
            .proves(&["HCI-034", "HCI-028", "TRN-061"])
            .does("Registers as a hub; PUTs a ClientInfo of another party than the URL's, with an unknown status, without role")
            .expects("status_code 2001 each time, and nothing stored")
            .sabotage("clientinfo-unvalidated")
            .run(with_hub!(cx, hub, {
                let mut odd = Hub::info(&cx, &hub.one, "GONE");
                let other = Hub::info(&cx, &hub.two, "CONNECTED");
                hub.put(&cx, &hub.one, &odd).await?.has_status(2001)?;
                hub.put(&cx, &hub.one, &other).await?.has_status(2001)?;
                odd["status"] = json!("CONNECTED");
                odd["role"] = Value::Null;
                hub.put(&cx, &hub.one, &odd).await?.has_status(2001)?;
                hub.get(&cx, &hub.one).await?.refused()
            })),
        hci("hubclientinfo.routing", "The module has no routing headers")
            .proves(&["HCI-003", "HCI-046"])
            .does("Registers as a hub; PUTs a ClientInfo with an unknown field, without routing headers; GETs it")
            .expects("Success, without routing headers in the answers")
            .sabotage("routing-on-configuration")
            .run(with_hub!(cx, hub, {
                let mut info = Hub::info(&cx, &hub.one, "CONNECTED");
                info["since_when"] = json!("always");
                for answer in [hub.tell_info(&cx, &hub.one, info).await?, hub.get(&cx, &hub.one).await?] {
                    answer.succeeded()?;
                    let routed = answer.headers.keys().any(|name| name.as_str().starts_with("ocpi-"));
                    ensure(!routed, "no routing headers", || format!("{:?}", answer.headers.keys().collect::<Vec<_>>()))?;
                }
                Ok(())
            })),
    ]
}

fn lists() -> Vec<Case> {
    vec![
        hci("hubclientinfo.pull", "What the hub's list does not mention is no longer valid")
            .proves(&["HCI-044", "HCI-018", "HCI-019", "HCI-003"])
            .does("Registers as a hub; PUTs two ClientInfos; lets the operator pull a list that has only one of them; GETs both")
            .expects("GET of the list without routing headers; then one is there, the other is unknown or not CONNECTED")
            .sabotage("clientinfo-keeps-vanished")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                hub.put(&cx, &hub.two, &Hub::info(&cx, &hub.two, "CONNECTED")).await?.succeeded()?;
                let calls = hub.sync(&cx).await?;
                let asked = calls.iter().find(|r| r.is("GET", "sender", "hubclientinfo"));
                let Some(asked) = asked else { return fail("GET of the hub's list", format!("{:?}", calls.iter().map(|r| &r.path).collect::<Vec<_>>())) };
                ensure(to(asked).is_none(), "no routing headers", || format!("{:?}", asked.headers))?;
                let there = hub.get(&cx, &hub.one).await?;
                ensure(there.object()?["status"] == "CONNECTED", "the party of the list", || there.describe())?;
                let gone = hub.get(&cx, &hub.two).await?;
                ensure(gone.http == 404 || gone.data()["status"] != "CONNECTED", "the other party is gone", || gone.describe())
            })),
        hci("hubclientinfo.rare", "The hub's list is not polled")
            .proves(&["HCI-020"])
            .should()
            .does("Registers as a hub; counts the GETs of the list")
            .expects("At most three within the first moments")
            .sabotage("clientinfo-polls")
            .run(with_hub!(cx, hub, {
                hub.guest.party.wait(hub.guest.party.mark(), cx.config.quiet, |_| false).await;
                let count = hub.guest.party.since(0).iter().filter(|r| r.at("sender", "hubclientinfo")).count();
                ensure(count <= 3, "at most three GETs", || count.to_string())
            })),
        hci("hubclientinfo.catch-up", "After an outage the platform fetches from the hub what it may have missed")
            .proves(&["HCI-009"])
            .destructive()
            .does("Registers as a hub; cannot be reached while the operator changes an object, so that the platform notices; then can be reached again")
            .expects("GET of a list of the hub")
            .sabotage("client-no-catch-up")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let (trigger, given) = any_change(&cx).await?;
                // What is read after a registration is no answer to an outage.
                hub.guest.party.wait(hub.guest.party.mark(), cx.config.quiet, |_| false).await;
                let mark = {
                    let _outage = hub.guest.party.outage();
                    cx.trigger(trigger, &lent(&given)).await?;
                    tokio::time::sleep(cx.config.quiet).await;
                    hub.guest.party.mark()
                };
                let lists = ["hubclientinfo", "tokens", "locations"];
                let reads = |r: &Received| r.answered == 200 && lists.iter().any(|module| r.is("GET", "sender", module));
                hub.wait(&cx, mark, "GET of a list", reads).await.map(|_| ())
            })),
        hci("routing.hub.get-all", "Lists are pulled from the hub itself")
            .proves(&["HUB-040", "HUB-041", "HUB-042", "HUB-026", "HUB-037", "HUB-028"])
            .does("Registers as a hub; lets the operator pull everything")
            .expects("GET of lists with OCPI-to of the hub (or of a party behind it) and OCPI-from of the platform's party; never without OCPI-to")
            .sabotage("hub-get-all-open")
            .sabotage("client-swapped-routing")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let calls = hub.sync(&cx).await?;
                let target = cx.target_owner()?;
                for call in calls.iter().filter(|r| r.segments.get(2).is_some_and(|s| s == "sender") && !r.at("sender", "hubclientinfo")) {
                    let right = is_to(call, &hub.guest.owner) || is_to(call, &hub.one);
                    ensure(call.method == "GET" && right, format!("GET with OCPI-to {}", hub.guest.owner), || format!("{} {} {:?}", call.method, call.path, call.headers))?;
                    let roles = cx.target().credentials.unwrap_or_default()["roles"].clone();
                    let from = call.header("ocpi-from-country-code").zip(call.header("ocpi-from-party-id"));
                    let own = from.is_some_and(|(country, party)| roles.as_array().is_some_and(|list| list.iter().any(|role| Owner::new(country, party).owns(role))));
                    ensure(own, format!("OCPI-from {target}"), || format!("{from:?}"))?;
                }
                Ok(())
            })),
        hci("routing.hub.get-all.owners", "Objects of a hub's list belong to who they name")
            .proves(&["HUB-045", "HUB-031"])
            .does("Registers as a hub that serves objects of two parties with the same id; lets the operator pull; GETs both back")
            .expects("Each under its own owner")
            .sabotage("hub-files-under-sender")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                hub.tell(&cx, &hub.two, "CONNECTED").await?;
                let (module, objects) = of_two(&cx, &hub);
                let _list = hub.guest.party.serve_list(module, objects.clone());
                hub.sync(&cx).await?;
                for (object, owner) in objects.iter().zip([&hub.one, &hub.two]) {
                    let answer = get_back(&cx, &hub, module, owner, object).await?;
                    let shown = answer.object()?;
                    ensure(owner.owns(shown), format!("the object of {owner}"), || answer.describe())?;
                }
                Ok(())
            })),
    ]
}

/// An object with the same id for each of the hub's parties.
fn of_two(cx: &Arc<Ctx>, hub: &Hub) -> (&'static str, Vec<Value>) {
    let (id, at) = (cx.new_id("HUB"), clock::timestamp());
    if cx.config.role == TargetRole::Emsp {
        ("locations", [&hub.one, &hub.two].map(|owner| fixtures::location(owner, &id, &at)).to_vec())
    } else {
        ("tokens", [&hub.one, &hub.two].map(|owner| fixtures::token(owner, &id, "RFID", &at)).to_vec())
    }
}

async fn get_back(cx: &Arc<Ctx>, hub: &Hub, module: &str, owner: &Owner, object: &Value) -> CaseResult<Answer> {
    let id = object[if module == "tokens" { "uid" } else { "id" }].as_str().unwrap_or("");
    hub.guest.request_from(cx, "GET", cx.receiver(module, owner, &[id])?, owner).send().await
}

fn answers() -> Vec<Case> {
    vec![
        hci("routing.hub.connected-owner", "Objects of parties that the hub reports as connected are accepted")
            .proves(&["HUB-031", "HCI-006", "HCI-005"])
            .does("Registers as a hub; PUTs a ClientInfo CONNECTED, then an object of that party, from the hub and from the party; GETs it")
            .expects("Success, and the object")
            .sabotage("hub-owner-by-roles")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let (module, mut objects) = of_two(&cx, &hub);
                let mut object = objects.remove(0);
                let id = object[if module == "tokens" { "uid" } else { "id" }].as_str().unwrap_or("").to_string();
                let url = cx.receiver(module, &hub.one, &[&id])?;
                for from in [hub.guest.owner.clone(), hub.one.clone()] {
                    hub.guest.request_from(&cx, "PUT", &url, &from).json(&object).send().await?.succeeded()?;
                    object["last_updated"] = json!(clock::timestamp());
                }
                let answer = get_back(&cx, &hub, module, &hub.one, &object).await?;
                ensure(hub.one.owns(answer.object()?), format!("the object of {}", hub.one), || answer.describe())
            })),
        hci("routing.hub.answers", "Answers name the requesting party and the platform's")
            .proves(&["HUB-054", "HUB-025", "STA-029"])
            .does("Registers as a hub; GETs an unknown object and PUTs an invalid one, from the hub (as in a Broadcast Push) and from a party behind it")
            .expects("A 2xxx for the invalid object as for anybody; OCPI-to of the answer is who asked, OCPI-from the platform's party")
            .sabotage("routing-not-swapped")
            .sabotage("no-routing")
            .sabotage("hub-answers-hub")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let (module, mut objects) = of_two(&cx, &hub);
                let mut object = objects.remove(0);
                object["last_updated"] = Value::Null;
                let id = cx.new_id("NONE");
                for from in [&hub.guest.owner, &hub.one] {
                    let url = cx.receiver(module, &hub.one, &[&id])?;
                    let unknown = hub.guest.request_from(&cx, "GET", &url, from).send().await?;
                    let invalid = hub.guest.request_from(&cx, "PUT", &url, from).json(&object).send().await?;
                    ensure(invalid.ocpi().is_some_and(|code| (2000..3000).contains(&code)), "a 2xxx", || invalid.describe())?;
                    for answer in [unknown, invalid] {
                        swapped(&cx, &answer, from)?;
                    }
                }
                Ok(())
            })),
        hci("routing.open.answer", "The answer to a request without OCPI-to names both parties")
            .proves(&["HUB-039"])
            .does("Registers as a hub; GETs an unknown object without OCPI-to headers, from a party behind it")
            .expects("OCPI-to of the answer is who asked, OCPI-from the platform's party")
            .sabotage("open-answer-bare")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let module = if cx.config.role == TargetRole::Emsp { "locations" } else { "tokens" };
                let url = cx.receiver(module, &hub.one, &[&cx.new_id("NONE")])?;
                let request = hub.guest.request_from(&cx, "GET", &url, &hub.one).without_routing();
                swapped(&cx, &request.send().await?, &hub.one)
            })),
        hci("routing.hub.beside", "A hub and a direct connection, side by side")
            .proves(&["HUB-005"])
            .may()
            .does("Registers as a hub; GETs a list over the direct connection and over that of the hub")
            .expects("Success on both")
            .sabotage("credentials-one-partner")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let module = if cx.config.role == TargetRole::Emsp { "tokens" } else { "locations" };
                let url = cx.list_url(module, &[("limit", "1")])?;
                cx.get(&url).await?.succeeded()?;
                hub.guest.request_from(&cx, "GET", &url, &hub.one).send().await?.succeeded()
            })),
        Case::new("routing.parties", "OCPI-to selects the party of a platform with several")
            .proves(&["HUB-050"])
            .does("GETs the lists of a platform that hosts several parties, once for each")
            .expects("Only objects of the addressed party")
            .sabotage("parties-mixed")
            .run(|cx| async move { parties(&cx).await }),
    ]
}

/// The routing headers of an answer: to who asked, from the platform's party.
fn swapped(cx: &Arc<Ctx>, answer: &Answer, asked: &Owner) -> CaseResult {
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_string();
    let got = |side: &str| {
        Owner::new(&header(&format!("ocpi-{side}-country-code")), &header(&format!("ocpi-{side}-party-id")))
    };
    let (to, from, target) = (got("to"), got("from"), cx.target_owner()?);
    let roles = cx.target().credentials.unwrap_or_default()["roles"].clone();
    let own = roles.as_array().is_some_and(|list| list.iter().any(|role| from.owns(role)));
    ensure(same(&to, asked) && own, format!("OCPI-to {asked}, OCPI-from {target}"), || {
        format!("OCPI-to {to}, OCPI-from {from}")
    })
}

async fn parties(cx: &Arc<Ctx>) -> CaseResult {
    let role = cx.config.role.as_str();
    let roles = cx.registered()?.credentials.unwrap_or_default()["roles"].as_array().cloned().unwrap_or_default();
    let owners: Vec<Owner> = roles
        .iter()
        .filter(|r| r["role"] == role)
        .filter_map(|r| Some(Owner::new(r["country_code"].as_str()?, r["party_id"].as_str()?)))
        .collect();
    if owners.len() < 2 {
        return Err(Stop::NotApplicable("the platform hosts one party".into()));
    }
    let modules: &[&str] = if role == "CPO" { &["locations", "tariffs", "sessions", "cdrs"] } else { &["tokens"] };
    let mut seen = 0;
    for module in modules {
        for owner in owners.iter().take(3) {
            let request = cx.request("GET", cx.list_url(module, &[])?);
            let request =
                request.header("OCPI-to-country-code", &owner.country_code).header("OCPI-to-party-id", &owner.party_id);
            let answer = request.send().await?;
            let list = answer.list()?;
            seen += list.len();
            let foreign = list.iter().find(|object| !owner.owns(object));
            ensure(foreign.is_none(), format!("only {module} of {owner}"), || {
                foreign.map(|o| format!("one of {}/{}", o["country_code"], o["party_id"])).unwrap_or_default()
            })?;
        }
    }
    if seen == 0 { skip("all lists are empty") } else { Ok(()) }
}

fn addresses() -> Vec<Case> {
    vec![
        hci("routing.hub.broadcast", "Pushes for everybody are addressed to the hub, or openly")
            .proves(&["HUB-021", "HUB-028", "HUB-033"])
            .destructive()
            .does("Registers as a hub; lets the operator change a location or create a token")
            .expects("A push of a location, tariff or token: OCPI-from the platform's party; OCPI-to the hub, a party behind it, or neither of both headers")
            .sabotage("client-swapped-routing")
            .sabotage("client-half-routing")
            .sabotage("push-never")
            .run(with_hub!(cx, hub, {
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                let (trigger, given) = any_change(&cx).await?;
                let mut given = lent(&given);
                given.push(("peer_id", &hub.guest.peer_id));
                let mark = hub.guest.party.mark();
                cx.trigger(trigger, &given).await?;
                let call = hub
                    .wait(&cx, mark, "a push", |r| r.segments.get(2).is_some_and(|s| s == "receiver") && r.method != "GET")
                    .await?;
                let module = call.segments.get(3).cloned().unwrap_or_default();
                ensure(matches!(&*module, "locations" | "tariffs" | "tokens"), "a location, tariff or token", || call.path.clone())?;
                let header = |name: &str| call.header(name).unwrap_or("");
                let open = header("ocpi-to-country-code").is_empty() && header("ocpi-to-party-id").is_empty();
                let right = open || is_to(&call, &hub.guest.owner) || is_to(&call, &hub.one);
                ensure(right, format!("OCPI-to {}, {} or none", hub.guest.owner, hub.one), || format!("{:?}", to(&call)))?;
                let from = Owner::new(header("ocpi-from-country-code"), header("ocpi-from-party-id"));
                let roles = cx.target().credentials.unwrap_or_default()["roles"].clone();
                ensure(roles.as_array().is_some_and(|list| list.iter().any(|role| from.owns(role))), "OCPI-from the platform's party", || from.to_string())
            })),
        hci("routing.hub.command", "A command for a station behind the hub is addressed to its CPO")
            .on(TargetRole::Emsp)
            .proves(&["HUB-052"])
            .destructive()
            .does("Registers as a hub that serves a location of a party behind it; lets the operator start a session there")
            .expects("START_SESSION with OCPI-to of that party")
            .sabotage("hub-command-to-hub")
            .run(with_hub!(cx, hub, {
                let call = command_behind(&cx, &hub, "CONNECTED").await?;
                let Some(call) = call else { return fail("START_SESSION at the hub", "none arrived") };
                ensure(is_to(&call, &hub.one), format!("OCPI-to {}", hub.one), || format!("{:?}", to(&call)))
            })),
        hci("routing.hub.session", "Sessions and CDRs are for the EMSP of the driver only")
            .on(TargetRole::Cpo)
            .proves(&["HUB-029", "HUB-052"])
            .destructive()
            .does("Registers as a hub; POSTs START_SESSION and STOP_SESSION from a party behind it")
            .expects("The result, the session and the CDR have OCPI-to of that party, not of the hub")
            .sabotage("hub-session-broadcast")
            .run(with_hub!(cx, hub, {
                let begun = session_behind(&cx, &hub).await?;
                let body = json!({"session_id": begun.id, "response_url": begun.response_url});
                let url = join(&cx.endpoint("commands", "RECEIVER")?, &["STOP_SESSION"]);
                hub.guest.request_from(&cx, "POST", url, &hub.one).json(&body).send().await?.succeeded()?;
                let ended = hub.wait(&cx, begun.mark, "the end of the session", |r| live::is_session(r) && r.body.contains("COMPLETED")).await;
                begun.unplug(&cx).await?;
                ended?;
                hub.wait(&cx, begun.mark, "the CDR", |r| r.is("POST", "receiver", "cdrs")).await?;
                let calls = hub.guest.party.since(begun.mark);
                let private = calls.iter().filter(|r| r.at("receiver", "sessions") || r.at("receiver", "cdrs") || r.path.starts_with("/callback/"));
                let wrong = private.into_iter().find(|r| !is_to(r, &hub.one));
                ensure(wrong.is_none(), format!("OCPI-to {}", hub.one), || wrong.map(|r| format!("{} {} to {:?}", r.method, r.path, to(r))).unwrap_or_default())
            })),
    ]
}

/// Lets an EMSP start a session at a station of a party behind the hub, which has this status.
async fn command_behind(cx: &Arc<Ctx>, hub: &Hub, status: &str) -> CaseResult<Option<Received>> {
    hub.can_name("start_session", cx)?;
    hub.tell(cx, &hub.one, "CONNECTED").await?;
    let id = cx.new_id("HL");
    let location = fixtures::location(&hub.one, &id, &clock::timestamp());
    let _list = hub.guest.party.serve_list("locations", vec![location]);
    hub.sync(cx).await?;
    if status != "CONNECTED" {
        hub.tell(cx, &hub.one, status).await?;
    }
    start_behind(cx, hub, &id, if status == "CONNECTED" { cx.config.patience } else { cx.config.quiet }).await
}

async fn start_behind(
    cx: &Arc<Ctx>,
    hub: &Hub,
    location: &str,
    limit: std::time::Duration,
) -> CaseResult<Option<Received>> {
    let mark = hub.guest.party.mark();
    let (evse, party) = (format!("{location}-E1"), hub.one.to_string());
    let given = [
        ("location_id", location),
        ("evse_uid", evse.as_str()),
        ("connector_id", "1"),
        ("peer_id", hub.guest.peer_id.as_str()),
        ("tester", party.as_str()),
    ];
    match cx.trigger("start_session", &given).await {
        // A platform may refuse what cannot be delivered.
        Ok(_) | Err(Stop::Error(_)) => {}
        Err(other) => return Err(other),
    }
    Ok(hub.guest.party.wait(mark, limit, |r| r.path.contains("START_SESSION")).await)
}

/// A session of a driver whose EMSP is behind the hub.
struct Behind {
    station: live::Station,
    id: String,
    response_url: String,
    mark: usize,
}

impl Behind {
    async fn unplug(&self, cx: &Arc<Ctx>) -> CaseResult {
        if cx.config.triggers.triggers.contains_key("unplug") {
            self.station.trigger(cx, "unplug", &[]).await
        } else {
            Ok(())
        }
    }
}

async fn session_behind(cx: &Arc<Ctx>, hub: &Hub) -> CaseResult<Behind> {
    cx.endpoint("commands", "RECEIVER")?;
    hub.tell(cx, &hub.one, "CONNECTED").await?;
    let station = live::station(cx, &["REMOTE_START_STOP_CAPABLE"], &["START_SESSION_CONNECTOR_REQUIRED"]).await?;
    live::plug_in(cx, &station).await?;
    let mut token = app_token(cx);
    token["country_code"] = json!(hub.one.country_code);
    token["party_id"] = json!(hub.one.party_id);
    let response_url = format!("{}/callback/{}", hub.guest.party.base(), cx.new_id("R"));
    let spot = &station.spot;
    let body = json!({"token": token, "location_id": spot.location_id, "evse_uid": spot.evse_uid, "connector_id": spot.connector_id, "response_url": response_url});
    let mark = hub.guest.party.mark();
    let url = join(&cx.endpoint("commands", "RECEIVER")?, &["START_SESSION"]);
    let answer = hub.guest.request_from(cx, "POST", url, &hub.one).json(&body).send().await?;
    ensure(answer.data()["result"] == "ACCEPTED", "ACCEPTED", || answer.describe())?;
    let call = hub.wait(cx, mark, "the session", live::is_session).await?;
    let id = call.rest().last().cloned().unwrap_or_default();
    Ok(Behind { station, id, response_url, mark })
}

fn statuses() -> Vec<Case> {
    vec![
        hci("routing.hub.offline-command", "No command is sent to a party that is not connected")
            .on(TargetRole::Emsp)
            .proves(&["HCI-007", "HCI-010", "HCI-013"])
            .should()
            .destructive()
            .does("Registers as a hub; PUTs OFFLINE, PLANNED or SUSPENDED for the CPO of a station; lets the operator start a session there")
            .expects("No START_SESSION")
            .sabotage("hub-ignores-status")
            .run(with_hub!(cx, hub, {
                for status in ["OFFLINE", "PLANNED", "SUSPENDED"] {
                    let call = command_behind(&cx, &hub, status).await?;
                    ensure(call.is_none(), format!("no START_SESSION while the CPO is {status}"), || call.map(|r| r.path).unwrap_or_default())?;
                }
                Ok(())
            })),
        hci("routing.hub.online-again", "What was not sent is not sent later, and new requests are")
            .on(TargetRole::Emsp)
            .proves(&["HCI-008", "HCI-005"])
            .should()
            .destructive()
            .does("Registers as a hub; lets the operator start a session while the CPO is OFFLINE; PUTs CONNECTED; lets the operator start another one")
            .expects("No START_SESSION after CONNECTED, until the operator starts again")
            .sabotage("hub-replays")
            .sabotage("hub-never-again")
            .run(with_hub!(cx, hub, {
                let early = command_behind(&cx, &hub, "OFFLINE").await?;
                ensure(early.is_none(), "no START_SESSION while the CPO is OFFLINE", || early.map(|r| r.path).unwrap_or_default())?;
                let mark = hub.guest.party.mark();
                hub.tell(&cx, &hub.one, "CONNECTED").await?;
                hub.silent(&cx, mark, "no START_SESSION of before", |r| r.path.contains("START_SESSION")).await?;
                let call = command_behind(&cx, &hub, "CONNECTED").await?;
                ensure(call.is_some(), "START_SESSION", || "none arrived".into())
            })),
        hci("routing.hub.offline-session", "No session is pushed to a party that is not connected")
            .on(TargetRole::Cpo)
            .proves(&["HCI-007", "HCI-013"])
            .should()
            .destructive()
            .does("Registers as a hub; starts a session from a party behind it; PUTs OFFLINE for that party; lets the driver end the charge")
            .expects("Nothing with OCPI-to of that party")
            .sabotage("hub-ignores-status")
            .run(with_hub!(cx, hub, {
                hub.can_name("stop_charge", &cx)?;
                let begun = session_behind(&cx, &hub).await?;
                hub.guest.party.wait(hub.guest.party.mark(), cx.config.quiet, |_| false).await;
                hub.tell(&cx, &hub.one, "OFFLINE").await?;
                let mark = hub.guest.party.mark();
                begun.station.trigger(&cx, "stop_charge", &[("session_id", &begun.id), ("peer_id", &hub.guest.peer_id)]).await?;
                let one = hub.one.clone();
                hub.silent(&cx, mark, "nothing for a party that is OFFLINE", |r| is_to(r, &one) && r.method != "GET").await
            })),
        Case::new("versions.harmless", "GET versions is always there and changes nothing")
            .proves(&["HCI-023"])
            .does("GETs versions and the details three times in a row, with the token in force")
            .expects("The same each time")
            .sabotage("versions-changing")
            .run(|cx| async move {
                let target = cx.registered()?;
                for url in [cx.config.versions_url.clone(), target.details_url.unwrap_or_default()] {
                    let first = cx.configuration("GET", &url).send().await?;
                    first.succeeded()?;
                    for _ in 0..2 {
                        let again = cx.configuration("GET", &url).send().await?;
                        ensure(again.data() == first.data(), "the same data", || again.describe())?;
                    }
                }
                Ok(())
            }),
    ]
}
