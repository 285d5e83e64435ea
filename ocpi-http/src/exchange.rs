//! Requests and answers as they happened, for whoever watches: the story in the terminal, the inspector.

mod kept;
mod redact;
mod ring;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ocpi_types::DateTime;
use tokio::sync::broadcast;

pub use kept::{KeptBody, KeptHeaders};
pub use ring::KeepLimits;

pub(crate) use kept::{MAX_KEPT_BODY, shown_body};

use ring::Ring;

/// How many exchanges a slow watcher may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// One request and its answer. Secrets in headers and bodies are there, and are never shown: whatever gives out text
/// replaces them by `***`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The number in its log, from 1; [`ExchangeLog::publish`] gives it.
    pub id: u64,
    /// When the answer was there, in domain time.
    pub at: DateTime,
    /// We called; otherwise we were called.
    pub outgoing: bool,
    /// Whose log this is.
    pub party: String,
    /// The other side, where it is known.
    pub peer: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The URL: absolute when outgoing, path and query when incoming.
    pub url: String,
    /// The HTTP status; 0 when no answer came.
    pub http: u16,
    /// The OCPI status code, where there was an envelope.
    pub ocpi: Option<u16>,
    /// The `status_message`.
    pub message: Option<String>,
    /// X-Request-ID.
    pub request_id: String,
    /// X-Correlation-ID.
    pub correlation_id: String,
    /// From the request's first to the answer's last byte.
    pub took: Duration,
    /// Why no usable answer came, or what the log says about an internal error.
    pub error: Option<String>,
    /// As they came, or as we set them.
    pub request_headers: KeptHeaders,
    /// At most the first 256 KiB.
    pub request_body: KeptBody,
    /// As they came, or as we set them.
    pub response_headers: KeptHeaders,
    /// At most the first 256 KiB.
    pub response_body: KeptBody,
}

/// Where exchanges are published, and the recent ones kept if that is wanted. Clones are the same log.
///
/// ```
/// use ocpi_http::{ExchangeLog, KeepLimits};
/// let log = ExchangeLog::new();
/// assert!(!log.is_watched());
/// let watcher = log.subscribe();
/// assert!(log.is_watched());
/// drop(watcher);
/// assert!(!log.is_watched());
///
/// let log = ExchangeLog::keeping(KeepLimits { exchanges: 100, bytes: 1 << 20 });
/// assert!(log.is_watched());
/// assert_eq!(log.recent().len(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct ExchangeLog {
    sender: broadcast::Sender<Arc<Exchange>>,
    ring: Arc<Mutex<Ring>>,
    limits: KeepLimits,
}

impl Default for ExchangeLog {
    fn default() -> Self {
        Self::new()
    }
}

impl ExchangeLog {
    /// A log that nobody watches yet, and that keeps nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::keeping(KeepLimits::NOTHING)
    }

    /// A log that keeps the recent exchanges within these limits.
    #[must_use]
    pub fn keeping(limits: KeepLimits) -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), ring: Arc::default(), limits }
    }

    /// Numbers the exchange, tells all watchers, and keeps it as long as there is room.
    pub fn publish(&self, exchange: Exchange) {
        // Told under the lock, so that nobody who begins to follow misses one or sees one twice.
        let mut ring = self.ring();
        let exchange = ring.add(exchange, self.limits);
        // An error only says that nobody watches.
        let _ = self.sender.send(exchange);
    }

    /// Starts watching. A watcher that lags more than 1024 exchanges behind misses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Exchange>> {
        self.sender.subscribe()
    }

    /// The exchanges that are kept, oldest first, and all that follow, without a gap.
    #[must_use]
    pub fn follow(&self) -> (Vec<Arc<Exchange>>, broadcast::Receiver<Arc<Exchange>>) {
        let ring = self.ring();
        (ring.all(), self.sender.subscribe())
    }

    /// The exchanges that are kept, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Arc<Exchange>> {
        self.ring().all()
    }

    /// The exchange of this number, if it is still kept.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Arc<Exchange>> {
        self.ring().find(id)
    }

    /// How much is kept at most.
    #[must_use]
    pub fn limits(&self) -> KeepLimits {
        self.limits
    }

    /// Whether exchanges are kept or somebody watches, so that putting them together is worth the while.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.limits.exchanges > 0 || self.sender.receiver_count() > 0
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
