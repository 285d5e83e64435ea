//! What a case has in its hands: the platform under test, the tester's own party, triggers, and requests in one line.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::case::{CaseResult, Level, Stop, TargetRole, Tier, fail, skip};
use crate::client::{Answer, Call, Client};
use crate::exchange::Recorder;
use crate::fixtures::Owner;
use crate::formats::authorization;
use crate::party::{Party, PartyConfig, Received};
use crate::trigger::Triggers;

/// What to run, and against whom.
#[derive(Clone, Debug)]
pub struct RunConfig {
    /// The platform's versions URL.
    pub versions_url: String,
    /// Registration token; the suite registers and unregisters.
    pub token_a: Option<String>,
    /// Token of an existing registration, instead of `token_a`.
    pub token: Option<String>,
    /// Further registration tokens, for cases that need a registration of their own.
    pub spare_tokens: Vec<String>,
    /// The platform's own name for the tester, where the trigger that invited the tester told it.
    pub peer_id: String,
    /// Role of the platform.
    pub role: TargetRole,
    /// Where the tester's own party listens.
    pub listen: SocketAddr,
    /// How the platform reaches it; by default the listening address.
    pub public_url: Option<String>,
    /// The tester's party.
    pub party: Owner,
    /// A second party of the tester in the same registration; `None` skips the cases that need it.
    pub second_party: Option<Owner>,
    /// Case ids, prefixes or requirement ids to run; empty means all.
    pub only: Vec<String>,
    /// Case ids or prefixes to leave out.
    pub skip: Vec<String>,
    /// Modules to run; empty means all.
    pub modules: Vec<String>,
    /// Weakest level that runs.
    pub level: Level,
    /// Most disturbing tier that runs.
    pub tier: Tier,
    /// Triggers.
    pub triggers: Triggers,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Longest wait for something that the platform is expected to send.
    pub patience: Duration,
    /// How long to watch that something does not happen.
    pub quiet: Duration,
    /// How long charges last whose price is checked.
    pub charging: Duration,
    /// Whether cases that disturb no others run beside them, at registrations of their own (needs the trigger `invite`).
    pub side_by_side: bool,
    /// After this the remaining cases are errors.
    pub deadline: Duration,
    /// Largest answer that is read, in bytes.
    pub largest_answer: usize,
}

impl RunConfig {
    /// A run with all defaults against the given platform.
    #[must_use]
    pub fn new(versions_url: impl Into<String>, role: TargetRole) -> Self {
        Self {
            versions_url: versions_url.into(),
            token_a: None,
            token: None,
            spare_tokens: Vec::new(),
            peer_id: String::new(),
            role,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            party: Owner::new("NL", "CTS"),
            second_party: Some(Owner::new("NL", "CTT")),
            only: Vec::new(),
            skip: Vec::new(),
            modules: Vec::new(),
            level: Level::May,
            tier: Tier::OwnObjects,
            triggers: Triggers::default(),
            timeout: Duration::from_secs(10),
            patience: Duration::from_secs(15),
            quiet: Duration::from_millis(700),
            charging: Duration::from_secs(5),
            side_by_side: true,
            deadline: Duration::from_mins(10),
            largest_answer: 8 * 1024 * 1024,
        }
    }
}

/// One endpoint of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Module identifier.
    pub identifier: String,
    /// `SENDER`, `RECEIVER`, or empty when the platform gives none.
    pub role: String,
    /// Absolute URL.
    pub url: String,
}

/// What is known about the platform so far.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Answer to GET versions.
    pub versions: Option<Answer>,
    /// Answer to GET details of 2.2.1.
    pub details: Option<Answer>,
    /// URL of those details.
    pub details_url: Option<String>,
    /// Endpoints read from them.
    pub endpoints: Vec<Endpoint>,
    /// The token to present: A before, C after registration.
    pub token: String,
    /// Tokens that were replaced.
    pub old_tokens: Vec<String>,
    /// The platform's credentials object.
    pub credentials: Option<Value>,
    /// Answer to POST credentials.
    pub registration: Option<Answer>,
    /// What the platform sent while the POST was open.
    pub callbacks: Vec<Received>,
    /// The token that the suite gave the platform.
    pub token_b: String,
    /// Whether a registration is in force.
    pub registered: bool,
    /// Whether the platform knows the tester's own party, so that it can send something.
    pub inbound: bool,
    /// Why there is none.
    pub trouble: Option<String>,
}

/// A case's surroundings.
pub struct Ctx {
    /// The run.
    pub config: RunConfig,
    /// Sends requests.
    pub client: Client,
    /// The record.
    pub recorder: Recorder,
    /// The tester's party.
    pub party: Party,
    /// Six characters that make object ids of this run unique.
    pub run_id: String,
    target: Mutex<Target>,
    crawled: Mutex<HashMap<String, Arc<Vec<Value>>>>,
    spare: Mutex<Vec<String>>,
    cleanup: Mutex<Vec<Call>>,
    counter: Arc<Mutex<usize>>,
    partners: Arc<Mutex<usize>>,
    /// EVSEs that a case of this run has used.
    pub(crate) taken: Arc<tokio::sync::Mutex<BTreeSet<String>>>,
    pub(crate) shared: tokio::sync::Mutex<HashMap<String, Value>>,
    pub(crate) charge: tokio::sync::OnceCell<CaseResult<crate::cases::Charge>>,
    pub(crate) priced: tokio::sync::OnceCell<HashMap<String, CaseResult<crate::cases::PricedCharge>>>,
    pub(crate) steerable: tokio::sync::OnceCell<CaseResult<crate::cases::Live>>,
}

/// How a request authenticates.
#[derive(Clone, Debug)]
enum Auth {
    Valid,
    Header(String),
    None,
}

/// A request being put together.
pub struct Request {
    ctx: Arc<Ctx>,
    call: Call,
    auth: Auth,
    routing: bool,
    ids: bool,
    plain_headers: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tester's own party in a run.
fn own_party(config: &RunConfig, recorder: Recorder) -> PartyConfig {
    let ours = config.role.opposite();
    let roles = std::iter::once(&config.party).chain(&config.second_party).map(|owner| (ours, owner.clone())).collect();
    PartyConfig {
        name: "OCPI compliance suite".into(),
        roles,
        faults: Vec::new(),
        seed: true,
        page_cap: 50,
        operator: false,
        recorder: Some(recorder),
    }
}

impl Ctx {
    pub(crate) async fn new(config: RunConfig, recorder: Recorder) -> Result<Arc<Self>, String> {
        let client = Client::new(recorder.clone(), config.timeout, config.largest_answer);
        let own = own_party(&config, recorder.clone());
        let party = Party::start(config.listen, config.public_url.as_deref(), own)
            .await
            .map_err(|err| format!("cannot listen on {}: {err}", config.listen))?;
        let spare = config.spare_tokens.clone();
        Ok(Arc::new(Self {
            client,
            recorder,
            party,
            run_id: uuid::Uuid::new_v4().simple().to_string().get(..6).unwrap_or("000000").to_uppercase(),
            target: Mutex::default(),
            crawled: Mutex::default(),
            spare: Mutex::new(spare),
            cleanup: Mutex::default(),
            counter: Arc::default(),
            partners: Arc::default(),
            taken: Arc::default(),
            shared: tokio::sync::Mutex::default(),
            charge: tokio::sync::OnceCell::new(),
            priced: tokio::sync::OnceCell::new(),
            steerable: tokio::sync::OnceCell::new(),
            config,
        }))
    }

    /// The surroundings of cases that run beside those of this one: a partner of its own on the same listener, invited but not
    /// yet registered. What the cases of a run must not use twice is shared.
    pub(crate) async fn beside(&self) -> CaseResult<Arc<Self>> {
        let (token_a, peer_id) = self.fresh_invitation("OCPI compliance suite, beside").await?;
        let mut config = self.config.clone();
        config.party = self.partner_owner();
        config.second_party = self.config.second_party.as_ref().map(|_| self.partner_owner());
        config.triggers.variables.insert("tester".into(), config.party.to_string());
        config.peer_id = peer_id;
        config.token_a = Some(token_a.clone());
        config.spare_tokens.clear();
        let recorder = self.recorder.beside();
        let party = self.party.child(&self.new_id("B").to_lowercase(), own_party(&config, recorder.clone()));
        let known = self.target();
        let target = Target {
            versions: known.versions,
            details: known.details,
            details_url: known.details_url,
            endpoints: known.endpoints,
            token: token_a,
            ..Target::default()
        };
        Ok(Arc::new(Self {
            client: Client::new(recorder.clone(), config.timeout, config.largest_answer),
            recorder,
            party,
            run_id: self.run_id.clone(),
            target: Mutex::new(target),
            crawled: Mutex::default(),
            spare: Mutex::default(),
            cleanup: Mutex::default(),
            counter: self.counter.clone(),
            partners: self.partners.clone(),
            taken: self.taken.clone(),
            shared: tokio::sync::Mutex::default(),
            charge: tokio::sync::OnceCell::new(),
            priced: tokio::sync::OnceCell::new(),
            steerable: tokio::sync::OnceCell::new(),
            config,
        }))
    }

    /// A party for a further partner of the platform, which no other partner of this run has.
    #[must_use]
    pub fn partner_owner(&self) -> Owner {
        const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut count = lock(&self.partners);
        *count += 1;
        let digit = |value: usize| char::from(DIGITS[value % DIGITS.len()]);
        Owner::new("BE", &format!("S{}{}", digit(*count / DIGITS.len()), digit(*count)))
    }

    /// What the trigger file takes from the environment appears in no report.
    pub(crate) fn hide_operator_secrets(&self) {
        for secret in self.config.triggers.secrets() {
            self.recorder.hide(&secret);
        }
    }

    /// A copy of what is known about the platform.
    #[must_use]
    pub fn target(&self) -> Target {
        lock(&self.target).clone()
    }

    /// Changes what is known about the platform.
    pub fn update_target(&self, change: impl FnOnce(&mut Target)) {
        change(&mut lock(&self.target));
    }

    /// The tester's party as owner of objects.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.config.party
    }

    /// The second party of the tester.
    pub fn second_owner(&self) -> CaseResult<&Owner> {
        self.config
            .second_party
            .as_ref()
            .ok_or_else(|| Stop::Skip("needs a second party of the tester (--second-party)".into()))
    }

    /// A new object id of this run: upper case letters and digits.
    #[must_use]
    pub fn new_id(&self, prefix: &str) -> String {
        let mut counter = lock(&self.counter);
        *counter += 1;
        format!("{prefix}{}{counter}", self.run_id)
    }

    /// Skips the case unless a registration is in force.
    pub fn registered(&self) -> CaseResult<Target> {
        let target = self.target();
        if target.registered {
            return Ok(target);
        }
        skip(
            target
                .trouble
                .clone()
                .map_or("there is no registration".into(), |why| format!("there is no registration: {why}")),
        )
    }

    /// The platform's own first party.
    pub fn target_owner(&self) -> CaseResult<Owner> {
        let target = self.registered()?;
        let wanted = self.config.role.as_str();
        let roles = target.credentials.as_ref().map(|c| c["roles"].clone()).unwrap_or_default();
        let list = roles.as_array().cloned().unwrap_or_default();
        let role = list.iter().find(|role| role["role"] == wanted).or(list.first());
        role.and_then(|role| Some(Owner::new(role["country_code"].as_str()?, role["party_id"].as_str()?)))
            .ok_or_else(|| Stop::Skip("the platform's roles are not known".into()))
    }

    /// The URL of an endpoint; the case does not apply when the platform does not offer it.
    pub fn endpoint(&self, module: &str, role: &str) -> CaseResult<String> {
        let target = self.registered()?;
        let found =
            target.endpoints.iter().find(|e| e.identifier == module && (e.role == role || module == "credentials"));
        found
            .map(|e| e.url.clone())
            .ok_or_else(|| Stop::NotApplicable(format!("the platform does not offer {module} as {role}")))
    }

    /// URL of a Sender interface.
    pub fn sender(&self, module: &str) -> CaseResult<String> {
        self.endpoint(module, "SENDER")
    }

    /// URL of an object on a Receiver interface: endpoint, owner, ids.
    pub fn receiver(&self, module: &str, owner: &Owner, ids: &[&str]) -> CaseResult<String> {
        let base = self.endpoint(module, "RECEIVER")?;
        let mut parts = vec![owner.country_code.as_str(), owner.party_id.as_str()];
        parts.extend(ids);
        Ok(join(&base, &parts))
    }

    /// A request of a functional module, with token, ids and routing headers.
    #[must_use]
    pub fn request(self: &Arc<Self>, method: &str, url: impl Into<String>) -> Request {
        Request {
            ctx: self.clone(),
            call: Call { method: method.into(), url: url.into(), ..Call::default() },
            auth: Auth::Valid,
            routing: true,
            ids: true,
            plain_headers: true,
        }
    }

    /// A request of versions, details or credentials: no routing headers.
    #[must_use]
    pub fn configuration(self: &Arc<Self>, method: &str, url: impl Into<String>) -> Request {
        let mut request = self.request(method, url);
        request.routing = false;
        request.call.configuration = true;
        request
    }

    /// GET of a functional module.
    pub async fn get(self: &Arc<Self>, url: impl Into<String>) -> CaseResult<Answer> {
        self.request("GET", url).send().await
    }

    /// A request of a functional module with a JSON body.
    pub async fn put(self: &Arc<Self>, method: &str, url: impl Into<String>, body: &Value) -> CaseResult<Answer> {
        self.request(method, url).json(body).send().await
    }

    /// PUT of a token that is the tester's own. It is then in the tester's list too: a platform that reads that list at
    /// this moment, as it does after a registration, may forget what the list does not hold.
    pub async fn push_token(self: &Arc<Self>, url: impl Into<String>, token: &Value) -> CaseResult<Answer> {
        let answer = self.put("PUT", url, token).await?;
        if answer.succeeded().is_ok() {
            self.party.publish("tokens", token.clone());
        }
        Ok(answer)
    }

    /// The URL of a list, with the `date_from` that Sessions require.
    pub fn list_url(&self, module: &str, query: &[(&str, &str)]) -> CaseResult<String> {
        let base = self.sender(module)?;
        let mut all: Vec<(&str, &str)> = Vec::new();
        if module == "sessions" && !query.iter().any(|(key, _)| *key == "date_from") {
            all.push(("date_from", "2000-01-01T00:00:00Z"));
        }
        all.extend(query);
        Ok(with_query(&base, &all))
    }

    /// Up to 500 objects of a list, read once per run.
    pub async fn crawl(self: &Arc<Self>, module: &str) -> CaseResult<Arc<Vec<Value>>> {
        if let Some(known) = lock(&self.crawled).get(module) {
            return Ok(known.clone());
        }
        let mut next = Some(self.list_url(module, &[])?);
        let mut items = Vec::new();
        let mut pages = 0;
        while let Some(url) = next.take() {
            let answer = self.get(url).await?;
            items.extend(answer.list()?.iter().cloned());
            pages += 1;
            next = answer.next_link().filter(|_| items.len() < 500 && pages < 20);
        }
        let items = Arc::new(items);
        lock(&self.crawled).insert(module.to_string(), items.clone());
        Ok(items)
    }

    /// Forgets what was read from a list, after a case that changed it.
    pub fn forget(&self, module: &str) {
        lock(&self.crawled).remove(module);
    }

    /// The first objects of a list; skips the case when there are fewer than `least`.
    pub async fn objects(self: &Arc<Self>, module: &str, least: usize) -> CaseResult<Arc<Vec<Value>>> {
        let items = self.crawl(module).await?;
        if items.len() < least {
            return skip(format!("needs {least} objects in the platform's {module}, there are {}", items.len()));
        }
        Ok(items)
    }

    /// Pulls a trigger.
    pub async fn trigger(&self, name: &str, given: &[(&str, &str)]) -> CaseResult<HashMap<String, String>> {
        self.config.triggers.pull(name, given).await
    }

    /// A registration token that nothing has used yet.
    pub async fn fresh_token_a(&self, name: &str) -> CaseResult<String> {
        self.fresh_invitation(name).await.map(|(token, _)| token)
    }

    /// A registration token that nothing has used yet, and the platform's own name for the partner (empty when the
    /// trigger does not tell it).
    pub async fn fresh_invitation(&self, name: &str) -> CaseResult<(String, String)> {
        let spare = lock(&self.spare).pop();
        let (token, peer_id) = match spare {
            Some(token) => (token, String::new()),
            None if self.config.triggers.has("invite") => {
                let mut outputs = self.trigger("invite", &[("name", name)]).await?;
                let token = outputs.remove("token_a");
                let token = token.ok_or_else(|| Stop::Error("trigger `invite` gives no token_a".into()))?;
                (token, outputs.remove("peer_id").unwrap_or_default())
            }
            None => return skip("needs a further registration token: the trigger `invite`, or --spare-token-a"),
        };
        self.recorder.hide(&token);
        Ok((token, peer_id))
    }

    /// To be sent when the run is over.
    pub fn on_cleanup(&self, method: &str, url: &str, body: Option<&Value>) {
        let call = Call { method: method.into(), url: url.into(), body: body.map(Value::to_string), ..Call::default() };
        lock(&self.cleanup).push(call);
    }

    pub(crate) fn take_cleanup(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.cleanup))
    }

    /// Waits for a request of the platform; its absence is a failure.
    pub async fn expect_request(
        &self,
        mark: usize,
        what: &str,
        fits: impl Fn(&Received) -> bool,
    ) -> CaseResult<Received> {
        self.expect_within(self.config.patience, mark, what, fits).await
    }

    /// The same with a patience of its own.
    pub async fn expect_within(
        &self,
        patience: Duration,
        mark: usize,
        what: &str,
        fits: impl Fn(&Received) -> bool,
    ) -> CaseResult<Received> {
        if !self.target().inbound {
            return skip("the existing registration is not the tester's: the platform cannot call it");
        }
        if let Some(found) = self.party.wait(mark, patience, fits).await {
            Ok(found)
        } else {
            let seen: Vec<String> =
                self.party.since(mark).iter().map(|r| format!("{} {}", r.method, r.path)).take(12).collect();
            let seen = if seen.is_empty() { "nothing".into() } else { seen.join(", ") };
            fail(what, format!("not within {} s; the platform sent: {seen}", patience.as_secs_f32()))
        }
    }

    /// Watches that no such request arrives.
    pub async fn expect_silence(&self, mark: usize, what: &str, fits: impl Fn(&Received) -> bool) -> CaseResult {
        match self.party.wait(mark, self.config.quiet, fits).await {
            Some(found) => fail(
                what,
                format!(
                    "the platform sent {} {}: {}",
                    found.method,
                    found.path,
                    crate::formats::shorten(&found.body, 300)
                ),
            ),
            None => Ok(()),
        }
    }
}

impl Request {
    /// Presents this token instead of the valid one.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.auth = Auth::Header(authorization(token));
        self
    }

    /// Sends this Authorization header.
    #[must_use]
    pub fn authorization(mut self, header: &str) -> Self {
        self.auth = Auth::Header(header.to_string());
        self
    }

    /// Sends no Authorization header.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.auth = Auth::None;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.call.headers.push((name.into(), value.into()));
        self
    }

    /// Leaves the routing headers out.
    #[must_use]
    pub fn without_routing(mut self) -> Self {
        self.routing = false;
        self
    }

    /// Leaves X-Request-ID and X-Correlation-ID out.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.ids = false;
        self.call.odd = true;
        self
    }

    /// Says that the request is none that a partner would send: the audits of answers leave it out.
    #[must_use]
    pub fn odd(mut self) -> Self {
        self.call.odd = true;
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// A body as it is, sent as application/json unless a header says otherwise.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.call.body = Some(body.to_string());
        self
    }

    /// The header names in upper case, as HTTP allows.
    #[must_use]
    pub fn odd_spelling(mut self) -> Self {
        self.plain_headers = false;
        self
    }

    /// Sends it.
    pub async fn send(self) -> CaseResult<Answer> {
        let target = self.ctx.target();
        let mut call = self.call;
        let mut headers = Vec::new();
        match self.auth {
            Auth::Valid => headers.push(("Authorization".to_string(), authorization(&target.token))),
            Auth::Header(value) => headers.push(("Authorization".to_string(), value)),
            Auth::None => {}
        }
        let given = |name: &str| call.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if self.ids {
            for name in ["X-Request-ID", "X-Correlation-ID"] {
                if !given(name) {
                    headers.push((name.into(), uuid::Uuid::new_v4().to_string()));
                }
            }
        }
        if self.routing
            && let Ok(to) = self.ctx.target_owner()
        {
            let own = self.ctx.owner();
            for (name, value) in [
                ("OCPI-from-country-code", &own.country_code),
                ("OCPI-from-party-id", &own.party_id),
                ("OCPI-to-country-code", &to.country_code),
                ("OCPI-to-party-id", &to.party_id),
            ] {
                if !given(name) {
                    headers.push((name.into(), value.clone()));
                }
            }
        }
        if call.body.is_some() && !given("content-type") {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        if !self.plain_headers {
            headers.push(("X-Spelling".into(), "odd".into()));
            for (name, _) in &mut headers {
                *name = name.to_uppercase();
            }
        }
        headers.append(&mut call.headers);
        call.headers = headers;
        self.ctx.client.send(call).await
    }
}

/// Joins an endpoint URL and path segments with exactly one slash each, percent-encoding the segments.
#[must_use]
pub fn join(base: &str, parts: &[&str]) -> String {
    let (path, query) = base.split_once('?').map_or((base, None), |(path, query)| (path, Some(query)));
    let mut url = path.trim_end_matches('/').to_string();
    for part in parts {
        url.push('/');
        url.push_str(&encode(part));
    }
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    url
}

/// Percent-encodes a path segment or query value.
#[must_use]
pub fn encode(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

/// Adds query parameters to a URL.
#[must_use]
pub fn with_query(base: &str, query: &[(&str, &str)]) -> String {
    let mut url = base.to_string();
    for (key, value) in query {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(key);
        url.push('=');
        url.push_str(&encode(value));
    }
    url
}
