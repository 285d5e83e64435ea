//! The recent exchanges, within limits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Exchange;

/// What an exchange takes besides its bodies and headers, roughly, in bytes.
const OVERHEAD: usize = 1024;

/// How much of the past is kept: whichever limit is reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepLimits {
    /// The most exchanges; 0 keeps nothing.
    pub exchanges: usize,
    /// The most memory, in bytes. The newest exchange is kept even if it alone takes more.
    pub bytes: usize,
}

impl KeepLimits {
    /// Nothing is kept.
    pub const NOTHING: Self = Self { exchanges: 0, bytes: 0 };
}

/// Exchanges in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Ring {
    last_id: u64,
    kept: VecDeque<Arc<Exchange>>,
    bytes: usize,
}

impl Ring {
    pub(super) fn add(&mut self, mut exchange: Exchange, limits: KeepLimits) -> Arc<Exchange> {
        self.last_id += 1;
        exchange.id = self.last_id;
        let exchange = Arc::new(exchange);
        if limits.exchanges > 0 {
            self.bytes += size(&exchange);
            self.kept.push_back(exchange.clone());
            while self.kept.len() > limits.exchanges || (self.bytes > limits.bytes && self.kept.len() > 1) {
                let Some(oldest) = self.kept.pop_front() else { break };
                self.bytes -= size(&oldest);
            }
        }
        exchange
    }

    pub(super) fn all(&self) -> Vec<Arc<Exchange>> {
        self.kept.iter().cloned().collect()
    }

    /// Numbers have no gaps, so the place is known.
    pub(super) fn find(&self, id: u64) -> Option<Arc<Exchange>> {
        let first = self.kept.front()?.id;
        self.kept.get(usize::try_from(id.checked_sub(first)?).ok()?).cloned()
    }
}

fn size(exchange: &Exchange) -> usize {
    OVERHEAD
        + exchange.url.len()
        + exchange.request_headers.size()
        + exchange.response_headers.size()
        + exchange.request_body.kept_length()
        + exchange.response_body.kept_length()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeptBody, KeptHeaders};

    fn exchange(body: usize) -> Exchange {
        Exchange {
            id: 0,
            at: ocpi_types::DateTime::default(),
            outgoing: true,
            party: String::new(),
            peer: None,
            method: "GET".into(),
            url: String::new(),
            http: 200,
            ocpi: None,
            message: None,
            request_id: String::new(),
            correlation_id: String::new(),
            took: std::time::Duration::ZERO,
            error: None,
            request_headers: KeptHeaders::default(),
            request_body: KeptBody::default(),
            response_headers: KeptHeaders::default(),
            response_body: KeptBody::new(vec![b'x'; body].into()),
        }
    }

    fn ids(ring: &Ring) -> Vec<u64> {
        ring.all().iter().map(|exchange| exchange.id).collect()
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_much() {
        let mut ring = Ring::default();
        for _ in 0..5 {
            ring.add(exchange(0), KeepLimits { exchanges: 3, bytes: 1 << 20 });
        }
        assert_eq!(ids(&ring), [3, 4, 5]);
        assert_eq!(ring.find(4).map(|found| found.id), Some(4));
        assert!(ring.find(2).is_none() && ring.find(6).is_none() && ring.find(0).is_none());

        let limits = KeepLimits { exchanges: 3, bytes: 10_000 };
        ring.add(exchange(7_000), limits);
        assert_eq!(ids(&ring), [5, 6], "7,000 and twice the overhead");
        ring.add(exchange(200_000), limits);
        assert_eq!(ids(&ring), [7], "the newest stays, however large");
        ring.add(exchange(0), limits);
        assert_eq!((ids(&ring), ring.bytes), (vec![8], OVERHEAD));
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_wanted() {
        let mut ring = Ring::default();
        assert_eq!(ring.add(exchange(0), KeepLimits::NOTHING).id, 1);
        assert_eq!(ring.add(exchange(0), KeepLimits::NOTHING).id, 2);
        assert!(ids(&ring).is_empty());
    }
}
