//! Lists, page by page.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::link::next_link;
use super::next_page::{Facts, Recovery, Step, Walk};
use super::{CallError, OcpiClient, Target};
use crate::context::fresh_id;
use crate::reply::{LIMIT, TOTAL_COUNT};

/// One page, with its objects as they came: one that is faulty does not spoil the others.
#[derive(Debug, Clone, PartialEq)]
pub struct PageOf {
    /// The objects, not parsed any further.
    pub items: Vec<Value>,
    /// `X-Total-Count`.
    pub total: Option<u64>,
    /// Where it was fetched.
    pub url: Url,
}

/// A list being fetched. Made by [`OcpiClient::pages`].
///
/// Follows the links of the server, on the same host only. Where a link cannot be used, or is missing although more
/// follows, it goes on by offset. Objects may come twice when the list changes meanwhile. All calls belong to one
/// `X-Correlation-ID`.
#[derive(Debug)]
pub struct Pages<'a> {
    client: OcpiClient,
    target: Target<'a>,
    correlation_id: HeaderValue,
    walk: Walk,
    next: Option<Step>,
    failed: Option<CallError>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: OcpiClient, target: Target<'a>, first: Url) -> Self {
        let given = target.correlation_id.and_then(|id| HeaderValue::from_str(id).ok());
        let (walk, step) = Walk::start(first);
        let correlation_id = given.unwrap_or_else(fresh_id);
        Self { client, target, correlation_id, walk, next: Some(step), failed: None }
    }

    /// The next page; `None` when the list is complete. After an error, which is also how a list ends that does not end
    /// by itself, the list is not complete and there are no more pages.
    pub async fn next(&mut self) -> Option<Result<PageOf, CallError>> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        loop {
            let step = self.next.take()?;
            let call = self.client.send(&self.target, Method::GET, &step.url, None, self.correlation_id.clone());
            let answer = match call.await {
                Ok(answer) => answer,
                Err(error) => match self.walk.after_error(&step, &error) {
                    Recovery::Instead(step) => {
                        self.next = Some(step);
                        continue;
                    }
                    Recovery::End => return None,
                    Recovery::Fail => return Some(Err(error)),
                },
            };
            let items = items_of(answer.data);
            let facts = facts(&items, &answer.headers);
            if self.walk.is_echo(&step, &facts) {
                return None;
            }
            match self.walk.after(&step, &facts) {
                Ok(next) => self.next = next,
                // What came is still worth having.
                Err(error) => self.failed = Some(error),
            }
            return Some(Ok(PageOf { items, total: facts.total, url: step.url }));
        }
    }
}

/// The objects of a list, whatever an empty or short one is written as.
pub(super) fn items_of(data: Value) -> Vec<Value> {
    match data {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        Value::Object(object) if object.is_empty() => Vec::new(),
        single => vec![single],
    }
}

fn facts(items: &[Value], headers: &HeaderMap) -> Facts {
    let mut hasher = DefaultHasher::new();
    items.hash(&mut hasher);
    let number = |name: &HeaderName| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    Facts {
        count: items.len() as u64,
        fingerprint: hasher.finish(),
        total: number(&TOTAL_COUNT),
        limit: number(&LIMIT),
        link: next_link(headers),
    }
}
