//! Calls to partners.

mod answer;
mod call_error;
mod join;
mod link;
mod next_page;
mod pages;
mod send;

pub use answer::Answer;
pub use call_error::{CallError, FailureClass};
pub use join::join;
pub use pages::{PageOf, Pages};

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ocpi_types::catalogue::with_nulls;
use ocpi_types::{Object, Report, parse};
use serde_json::Value;
use url::Url;

use crate::context::fresh_id;
use crate::url_policy::CheckedResolver;
use crate::{Clock, ExchangeLog, Routing, Secret, TokenForm, UrlPolicy};

/// How long an unused connection is kept. Shorter than servers usually keep theirs, so that none is used that is just
/// being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// How to call.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// What may be called.
    pub policy: UrlPolicy,
    /// The longest that a call may take, redirects included.
    pub timeout: Duration,
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub max_answer: usize,
    /// For the time of exchanges.
    pub clock: Clock,
    /// Where calls are published.
    pub exchanges: ExchangeLog,
    /// Whose log that is.
    pub party_name: String,
}

/// Whom to call, and as whom.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The peer's name, for log and metrics.
    pub peer_name: &'a str,
    /// The credentials token that the peer gave us.
    pub token: &'a Secret,
    /// How the peer wants the token.
    pub form: TokenForm,
    /// From us, to them; `None` on versions, credentials and hub client info.
    pub routing: Option<Routing>,
    /// Why the party in `OCPI-to` cannot be reached now, where its hub has said so. A call then fails at once with
    /// [`CallError::Away`], and nothing is sent.
    pub away: Option<String>,
    /// The id of the chain of messages that this call is part of; a fresh one when there is none.
    pub correlation_id: Option<&'a str>,
    /// The peer wants `null` for optional fields that are absent, see [`Target::body`].
    pub emit_nulls: bool,
}

/// Calls partners: adds what OCPI asks for, judges every URL, limits time and size, and never repeats a request by itself.
///
/// Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct OcpiClient {
    http: reqwest::Client,
    config: Arc<ClientConfig>,
}

impl std::fmt::Debug for OcpiClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OcpiClient").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Target<'_> {
    /// The body for an object, as this peer wants it. (Never for a PATCH, in which `null` would mean removal.)
    #[must_use]
    pub fn body<T: Object>(&self, object: &T) -> String {
        if self.emit_nulls
            && let Ok(json) = serde_json::to_value(object)
        {
            return with_nulls(T::NAME, json).to_string();
        }
        object.to_json()
    }
}

/// Installs the cryptography that every HTTP client of this process uses for TLS. [`OcpiClient::new`] does so by itself;
/// who makes a client with `reqwest` alone does it first. A second call changes nothing.
pub fn install_tls() {
    // An error says that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl OcpiClient {
    /// A client with its own pool of connections.
    ///
    /// Where the machine has no certificates of authorities, https calls fail and a warning says why.
    ///
    /// # Panics
    /// When the operating system offers no randomness for TLS.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        install_tls();
        let http = builder(&config).build().unwrap_or_else(|error| {
            tracing::warn!(
                %error,
                "no https partner can be called: install the certificates of the authorities (Debian: ca-certificates)"
            );
            builder(&config)
                .tls_certs_only([])
                .build()
                .expect("a client without certificates needs nothing from outside")
        });
        Self { http, config: Arc::new(config) }
    }

    /// What may be called.
    #[must_use]
    pub fn policy(&self) -> UrlPolicy {
        self.config.policy
    }

    /// Sends one request. `Ok` only when HTTP says 2xx and the envelope 1xxx.
    ///
    /// A `body` is sent as `application/json`. Redirects are followed within the same origin, so that the token never
    /// leaves the host that it belongs to. Nothing is sent twice on failure.
    pub async fn call(
        &self,
        target: &Target<'_>,
        method: Method,
        url: &Url,
        body: Option<String>,
    ) -> Result<Answer, CallError> {
        let correlation_id = match target.correlation_id {
            Some(id) => http::HeaderValue::from_str(id).unwrap_or_else(|_| fresh_id()),
            None => fresh_id(),
        };
        self.send(target, method, url, body, correlation_id).await
    }

    /// Fetches one object, with what was tolerated about it. The peer may send it as a list of one.
    pub async fn get<T: Object>(&self, target: &Target<'_>, url: &Url) -> Result<(T, Report), CallError> {
        let answer = self.call(target, Method::GET, url, None).await?;
        let json = match answer.data {
            Value::Array(mut list) if list.len() == 1 => list.remove(0),
            other => other,
        };
        parse::<T>(json).accept().map_err(|report| CallError::Invalid { what: T::NAME, report })
    }

    /// Fetches a list that is not paged (versions), with the faulty objects left out and reported by their index.
    pub async fn list<T: Object>(&self, target: &Target<'_>, url: &Url) -> Result<(Vec<T>, Report), CallError> {
        let answer = self.call(target, Method::GET, url, None).await?;
        let mut report = Report::default();
        let mut objects = Vec::new();
        for (i, json) in pages::items_of(answer.data).into_iter().enumerate() {
            let parsed = parse::<T>(json);
            report.findings.extend(parsed.report.findings.iter().cloned().map(|mut finding| {
                finding.pointer.insert_str(0, &format!("/{i}"));
                finding
            }));
            objects.extend(parsed.accept().ok().map(|(object, _)| object));
        }
        Ok((objects, report))
    }

    /// Fetches a list page by page, beginning at `first`.
    #[must_use]
    pub fn pages<'a>(&self, target: &Target<'a>, first: Url) -> Pages<'a> {
        Pages::new(self.clone(), target.clone(), first)
    }
}

fn builder(config: &ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A proxy would resolve names itself, past our rules.
        .no_proxy()
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .dns_resolver(CheckedResolver(config.policy))
}
