//! The two companies of the lessons: an EMSP and a CPO, each with a server, a database and a clock that only moves when the
//! lesson says so. Nothing happens in the background, so that a lesson can show each call when it has explained it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use emsp::EmspOutbox;
use emsp::pull::CpoInbox;
use ocpi_http::{Clock, Exchange, Secret};
use ocpi_party::{Party, PartyConfig, pull_due, push_due};
use ocpi_types::{DateTime, parse_date_time};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;
use tokio::sync::{Mutex, MutexGuard, oneshot};
use tokio::task::JoinHandle;

use super::operator::Operator;

/// The operators of the lessons show this to their own servers.
const OPERATOR_KEY: &str = "lesson-operator-key";

/// When every lesson begins: on a Monday morning, where the stations are.
const BEGIN: &str = "2026-10-05T16:00:00Z";

/// How long to wait for a call that is made in the background.
const PATIENCE: Duration = Duration::from_secs(20);

/// Both companies.
pub(crate) struct Companies {
    pub(crate) emsp: Company<emsp::App>,
    pub(crate) cpo: Company<cpo_mock::App>,
    pub(crate) clock: Clock,
    _data: TempDir,
}

/// One company: its server, its operator, and what it has called.
pub(crate) struct Company<App> {
    pub(crate) app: App,
    pub(crate) base: String,
    /// Does what the company's own people do, by the operator API.
    pub(crate) operator: Operator,
    exchanges: Mutex<Receiver<Arc<Exchange>>>,
    router: axum::Router,
    address: SocketAddr,
    server: Mutex<Option<Server>>,
}

impl Companies {
    /// Starts both. They do not know each other yet.
    pub(crate) async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let data = tempfile::tempdir()?;
        let clock = Clock::manual(moment(BEGIN)?);
        let config = |defaults: PartyConfig, name: &str| PartyConfig {
            port: 0,
            database_url: format!("sqlite:{}", data.path().join(name).display()),
            operator_key: Some(Secret::new(OPERATOR_KEY)),
            allow_private_urls: true,
            allow_http_urls: true,
            // Small pages, so that there are some to be seen.
            page_default: 20,
            page_max: 20,
            // Each one is shown when a lesson asks for it.
            pull_interval_seconds: 7 * 24 * 3600,
            ..defaults
        };
        let cpo = cpo_mock::App::open(
            cpo_mock::Config {
                party: config(PartyConfig::cpo(), "cpo.db"),
                demo_data: true,
                auto_driver: false,
                seed: Some(1),
                ..cpo_mock::Config::default()
            },
            clock.clone(),
        )
        .await?;
        let emsp = emsp::App::open(
            emsp::Config { party: config(PartyConfig::emsp(), "emsp.db"), demo_data: true, ..emsp::Config::default() },
            clock.clone(),
        )
        .await?;
        let (cpo_party, emsp_party) = (cpo.party.clone(), emsp.party.clone());
        let (cpo_router, emsp_router) = (cpo.router(), emsp.router());
        Ok(Self {
            cpo: Company::serve(cpo, &cpo_party, cpo_router).await?,
            emsp: Company::serve(emsp, &emsp_party, emsp_router).await?,
            clock,
            _data: data,
        })
    }

    /// Starts both, registers them with each other, and lets each fetch what the other one has. Lesson 2 shows how that goes.
    pub(crate) async fn registered() -> Result<Self, Box<dyn std::error::Error>> {
        let companies = Self::start().await?;
        companies.register().await?;
        companies.settle().await?;
        companies.emsp.calls();
        companies.cpo.calls();
        Ok(companies)
    }

    /// The CPO invites the EMSP, which registers.
    pub(crate) async fn register(&self) -> Result<(), Box<dyn std::error::Error>> {
        let invitation = self.cpo.operator.post("/partners/invitations", &json!({ "name": "The EMSP" })).await?;
        let body = json!({
            "name": "The CPO", "versions_url": invitation["versions_url"], "token_a": invitation["token_a"],
        });
        self.emsp.operator.post("/partners", &body).await?;
        Ok(())
    }

    /// Does what servers do in the background: stations, sending what has changed, fetching what was missed.
    pub(crate) async fn settle(&self) -> Result<(), Box<dyn std::error::Error>> {
        self.cpo.app.run_due().await?;
        push_due(&self.cpo.app.party, &self.cpo.app.outbox()).await;
        push_due(&self.emsp.app.party, &EmspOutbox(self.emsp.app.clone())).await;
        pull_due(&self.emsp.app.party, &CpoInbox(self.emsp.app.clone())).await;
        pull_due(&self.cpo.app.party, &self.cpo.app.inbox()).await;
        Ok(())
    }

    /// Lets minutes pass, and everything happen that happens in them.
    pub(crate) async fn pass(&self, minutes: u64) -> Result<(), Box<dyn std::error::Error>> {
        self.clock.advance(Duration::from_mins(minutes));
        self.settle().await
    }
}

impl<App> Company<App> {
    async fn serve(app: App, party: &Party, router: axum::Router) -> Result<Self, Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        party.bound_to(address);
        let base = format!("http://{address}");
        let exchanges = Mutex::new(party.exchanges.subscribe());
        let server = Mutex::new(Some(listen(listener, router.clone())));
        Ok(Self { app, operator: Operator::new(&base, OPERATOR_KEY), base, exchanges, router, address, server })
    }

    /// The company's server is switched off: whoever calls it finds nobody.
    pub(crate) async fn go_away(&self) {
        if let Some(server) = self.server.lock().await.take() {
            drop(server.running);
            // It ends when it has answered what it was asked.
            let _ = server.task.await;
        }
    }

    /// The company's server is switched on again, where it was.
    pub(crate) async fn come_back(&self) -> Result<(), Box<dyn std::error::Error>> {
        let listener = TcpListener::bind(self.address).await?;
        *self.server.lock().await = Some(listen(listener, self.router.clone()));
        Ok(())
    }

    /// What this company has called since it was asked last, oldest first.
    pub(crate) fn calls(&self) -> Vec<Arc<Exchange>> {
        self.news().into_iter().filter(|exchange| exchange.outgoing).collect()
    }

    /// Of [`calls`](Self::calls) those with `part` in their URL.
    pub(crate) fn calls_of(&self, part: &str) -> Vec<Arc<Exchange>> {
        self.calls().into_iter().filter(|call| call.url.contains(part)).collect()
    }

    /// How this company was called since it was asked last, oldest first.
    pub(crate) fn visits(&self) -> Vec<Arc<Exchange>> {
        self.news().into_iter().filter(|exchange| !exchange.outgoing).collect()
    }

    /// Waits for a call that the company makes in its own time: with this method, and `part` in the URL. What came before it
    /// is passed over.
    pub(crate) async fn call(
        &self,
        method: &str,
        part: &str,
    ) -> Result<[Arc<Exchange>; 1], Box<dyn std::error::Error>> {
        let mut exchanges = self.exchanges();
        let wait = async {
            loop {
                let call = exchanges.recv().await?;
                if call.outgoing && call.method == method && call.url.contains(part) {
                    return Ok([call]);
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.map_err(|_| format!("nobody has called {method} …{part}"))?
    }

    /// What was called and asked since this was looked at last.
    fn news(&self) -> Vec<Arc<Exchange>> {
        let mut exchanges = self.exchanges();
        std::iter::from_fn(|| exchanges.try_recv().ok()).collect()
    }

    fn exchanges(&self) -> MutexGuard<'_, Receiver<Arc<Exchange>>> {
        self.exchanges.try_lock().expect("a lesson does one thing at a time")
    }
}

/// It runs for as long as `running` is kept.
struct Server {
    running: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn listen(listener: TcpListener, router: axum::Router) -> Server {
    let (running, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async move {
            // That nobody will ever say something is what it waits for.
            let _ = stopped.await;
        };
        // The lesson goes on without it.
        let _ = ocpi_http::serve(listener, router, stopped).await;
    });
    Server { running, task }
}

fn moment(text: &str) -> Result<DateTime, Box<dyn std::error::Error>> {
    Ok(parse_date_time(text).ok_or("no date")?.0)
}
