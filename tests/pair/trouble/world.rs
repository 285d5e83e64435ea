//! Both parties in one process, on one manual clock, with a breakable line to each. Background work is driven by hand.

use std::fmt::Write;
use std::future::Future;
use std::net::SocketAddr;

use ocpi_http::Clock;
use ocpi_party::testing::TestDatabase;
use ocpi_party::{Party, PartyConfig, pull_due, push_due};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::business;
use super::line::{Event, FAR_TOO_LONG, Line, PATIENCE, Weather};
use crate::process::KEY;

/// One of the two parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Cpo,
    Emsp,
}

/// What background tasks would do by themselves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chore {
    Push(Side),
    Pull(Side),
    Stations,
}

/// A process.
struct Process<App> {
    app: App,
    addr: SocketAddr,
    server: JoinHandle<()>,
}

pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) rng: StdRng,
    pub(super) to_cpo: Line,
    pub(super) to_emsp: Line,
    /// What has happened, for the one who has to find a mistake.
    pub(super) journal: String,
    cpo: Process<cpo_mock::App>,
    emsp: Process<emsp::App>,
    cpo_config: cpo_mock::Config,
    emsp_config: emsp::Config,
    events: UnboundedReceiver<Event>,
    http: reqwest::Client,
    _databases: [TestDatabase; 2],
}

impl World {
    /// Registered with each other, with a few stations, tariffs and cards, in sync.
    pub(super) async fn new(seed: u64, databases: [TestDatabase; 2]) -> Self {
        let (sender, events) = unbounded_channel();
        let to_cpo = Line::lay("CPO", seed ^ 0x00c0_ffee, sender.clone()).await;
        let to_emsp = Line::lay("EMSP", seed ^ 0x0bad_cafe, sender).await;
        let clock = Clock::manual("2026-06-12T10:00:00Z".parse().unwrap());
        let cpo_config = cpo_mock::Config {
            party: party(PartyConfig::cpo(), &databases[0], &to_cpo),
            auto_driver: false,
            seed: Some(seed),
            ..cpo_mock::Config::default()
        };
        let emsp_config =
            emsp::Config { party: party(PartyConfig::emsp(), &databases[1], &to_emsp), ..emsp::Config::default() };
        let cpo = start_cpo(cpo_config.clone(), &clock, &to_cpo).await;
        let emsp = start_emsp(emsp_config.clone(), &clock, &to_emsp).await;
        let mut world = Self {
            clock,
            rng: StdRng::seed_from_u64(seed),
            to_cpo,
            to_emsp,
            journal: String::new(),
            cpo,
            emsp,
            cpo_config,
            emsp_config,
            events,
            http: reqwest::Client::new(),
            _databases: databases,
        };
        world.register().await;
        business::open(&mut world).await;
        world
    }

    /// On a busy machine the handshake may take longer than the patience of this test.
    async fn register(&mut self) {
        let mut partner = json!({ "name": "EMSP" });
        for _ in 0..20 {
            let invitation = self.operate(Side::Cpo, Method::POST, "/partners/invitations", partner).await;
            let invitation = invitation.expect("an invitation");
            let body = json!({
                "name": "CPO", "versions_url": invitation["versions_url"], "token_a": invitation["token_a"],
            });
            if self.operate(Side::Emsp, Method::POST, "/partners", body).await.is_some() {
                return;
            }
            partner = json!({ "partner_id": invitation["partner_id"] });
        }
        panic!("no registration:\n{}", self.journal);
    }

    pub(super) fn party(&self, side: Side) -> &Party {
        match side {
            Side::Cpo => &self.cpo.app.party,
            Side::Emsp => &self.emsp.app.party,
        }
    }

    pub(super) fn note(&mut self, what: impl std::fmt::Display) {
        let at = self.clock.now().format("%d. %H:%M:%S%.3f");
        // Writing to a String cannot fail.
        let _ = writeln!(self.journal, "{at} {what}");
    }

    /// A call of an operator API, past the line. `None` when it was refused, or when one of the two died meanwhile.
    pub(super) async fn operate(&mut self, side: Side, method: Method, path: &str, body: Value) -> Option<Value> {
        let addr = match side {
            Side::Cpo => self.cpo.addr,
            Side::Emsp => self.emsp.addr,
        };
        let mut request =
            self.http.request(method.clone(), format!("http://{addr}/operator/v1{path}")).bearer_auth(KEY);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let call = async move {
            let response = request.send().await.ok()?;
            let good = response.status().is_success();
            Some((good, response.text().await.ok()?))
        };
        let (good, text) = self.drive(call).await.flatten()?;
        self.note(format_args!("{side:?} operator: {method} {path} {}", if good { "" } else { &text }));
        good.then(|| serde_json::from_str(&text).unwrap_or_default())
    }

    /// Does what a background task would do now. `true` when something happened.
    pub(super) async fn work(&mut self, chore: Chore) -> bool {
        let (cpo, emsp) = (self.cpo.app.clone(), self.emsp.app.clone());
        let outbox = emsp::EmspOutbox(emsp.clone());
        let inbox = emsp::pull::CpoInbox(emsp.clone());
        let (done, busy) = match chore {
            Chore::Push(side) => {
                let pushed = match side {
                    Side::Cpo => self.drive(async move { push_due(&cpo.party, &cpo.outbox()).await }).await,
                    Side::Emsp => self.drive(async move { push_due(&emsp.party, &outbox).await }).await,
                };
                (format!("{pushed:?}"), pushed.is_none_or(|pushed| pushed != ocpi_party::PushSummary::default()))
            }
            Chore::Pull(side) => {
                let pulled = match side {
                    Side::Cpo => self.drive(async move { pull_due(&cpo.party, &cpo.inbox()).await }).await,
                    Side::Emsp => self.drive(async move { pull_due(&emsp.party, &inbox).await }).await,
                };
                (format!("{pulled:?}"), pulled.is_none_or(|pulled| pulled.stored > 0))
            }
            Chore::Stations => {
                let done = self.drive(async move { cpo.run_due().await }).await;
                assert!(!matches!(done, Some(Err(_))), "{done:?}");
                (String::new(), false)
            }
        };
        self.note(format_args!("{chore:?} {done}"));
        busy
    }

    /// Does something while the line is watched. `None` when one of the two died over it.
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = Box::pin(work);
        let limit = tokio::time::sleep(FAR_TOO_LONG);
        tokio::pin!(limit);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                Some(event) = self.events.recv() => match event {
                    Event::Held { to, release } => {
                        Box::pin(self.overtake(to)).await;
                        let _ = release.send(());
                    }
                    Event::Crash => {
                        drop(work);
                        let side = if self.rng.random_bool(0.5) { Side::Cpo } else { Side::Emsp };
                        self.restart(side).await;
                        return None;
                    }
                },
                () = &mut limit => panic!("nothing happens any more:\n{}", self.journal),
            }
        }
    }

    /// The party that was asked for a list changes something and pushes that before its answer arrives.
    async fn overtake(&mut self, to: &'static str) {
        let weather = (self.to_cpo.weather(), self.to_emsp.weather());
        self.to_cpo.set_weather(Weather::Fair).await;
        self.to_emsp.set_weather(Weather::Fair).await;
        self.note("an answer is overtaken");
        let side = if to == "CPO" { Side::Cpo } else { Side::Emsp };
        for _ in 0..self.rng.random_range(1..4) {
            business::publish(self, side).await;
        }
        self.work(Chore::Push(side)).await;
        self.note("the answer arrives");
        self.to_cpo.set_weather(weather.0).await;
        self.to_emsp.set_weather(weather.1).await;
    }

    /// The process dies and is started again.
    async fn restart(&mut self, side: Side) {
        self.note(format_args!("the {side:?} dies and is started again"));
        match side {
            Side::Cpo => {
                self.cpo.server.abort();
                // The same seed would give the same ids again.
                self.cpo_config.seed = self.cpo_config.seed.map(|seed| seed + 1000);
                self.cpo = start_cpo(self.cpo_config.clone(), &self.clock, &self.to_cpo).await;
            }
            Side::Emsp => {
                self.emsp.server.abort();
                self.emsp = start_emsp(self.emsp_config.clone(), &self.clock, &self.to_emsp).await;
            }
        }
        ocpi_party::sync::resume(self.party(side)).await.unwrap();
    }

    /// Nothing breaks any more.
    pub(super) async fn heal(&mut self) {
        self.to_cpo.set_weather(Weather::Fair).await;
        self.to_emsp.set_weather(Weather::Fair).await;
        self.note("the lines are healed");
    }

    /// The chores are done whenever something is due, and what that makes due, until nothing is left.
    pub(super) async fn settle(&mut self, chores: &[Chore]) {
        for _ in 0..20 {
            self.clock.advance(std::time::Duration::from_mins(11));
            let mut busy = false;
            for chore in chores {
                busy |= self.work(*chore).await;
            }
            if !busy && self.left_over(chores).await.is_empty() {
                return;
            }
        }
        panic!("{chores:?} do not end; left over: {:?}\n{}", self.left_over(chores).await, self.journal);
    }

    /// What either party still has to send, or to fetch because it failed.
    async fn left_over(&self, chores: &[Chore]) -> Vec<String> {
        let mut left = Vec::new();
        for chore in chores {
            let (side, sql) = match chore {
                Chore::Push(side) => (*side, "SELECT module || ' ' || object FROM sync_behind"),
                Chore::Pull(side) => (*side, "SELECT module || ': ' || last_error FROM sync_pulls WHERE failures > 0"),
                Chore::Stations => continue,
            };
            let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(self.party(side).db.read()).await.unwrap();
            left.extend(rows.into_iter().map(|row| format!("{chore:?}: {row}")));
        }
        left
    }
}

fn party(defaults: PartyConfig, database: &TestDatabase, line: &Line) -> PartyConfig {
    PartyConfig {
        database_url: database.url.clone(),
        public_url: Some(line.url.parse().unwrap()),
        operator_key: Some(KEY.into()),
        allow_private_urls: true,
        allow_http_urls: true,
        client_timeout_seconds: PATIENCE,
        // Several pages, so that a list can break off between two.
        page_default: 2,
        page_max: 2,
        ..defaults
    }
}

async fn start_cpo(config: cpo_mock::Config, clock: &Clock, line: &Line) -> Process<cpo_mock::App> {
    let app = cpo_mock::App::open(config, clock.clone()).await.unwrap();
    let (addr, server) = serve(app.router(), line).await;
    Process { app, addr, server }
}

async fn start_emsp(config: emsp::Config, clock: &Clock, line: &Line) -> Process<emsp::App> {
    let app = emsp::App::open(config, clock.clone()).await.unwrap();
    let (addr, server) = serve(app.router(), line).await;
    Process { app, addr, server }
}

async fn serve(router: axum::Router, line: &Line) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    line.leads_to(addr);
    let server = tokio::spawn(async move {
        ocpi_http::serve(listener, router, std::future::pending()).await.unwrap();
    });
    (addr, server)
}
