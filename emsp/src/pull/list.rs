//! One list of one party, page by page.

use std::collections::HashSet;

use ocpi_http::{CallError, join};
use ocpi_party::{Peer, Skipped};
use ocpi_types::{DateTime, InterfaceRole, ModuleId, Object, PartyId, Role, format_date_time};
use serde_json::Value;

/// How many objects we ask for at once; the CPO gives as many as it likes.
const PAGE: &str = "500";

/// Which list.
#[derive(Debug, Clone)]
pub struct List {
    /// The module.
    pub module: ModuleId,
    /// The party whose objects it holds.
    pub owner: PartyId,
    /// Only objects that changed since then.
    pub since: Option<DateTime>,
}

impl List {
    /// The URL of the first page; `None` when the peer has no such list.
    pub fn first_page(&self, peer: &Peer) -> Result<Option<url::Url>, CallError> {
        let Some(endpoint) = peer.endpoint(&self.module, &InterfaceRole::Sender) else { return Ok(None) };
        let mut url = join(endpoint, &[])?;
        {
            let mut query = url.query_pairs_mut();
            if let Some(since) = self.since {
                query.append_pair("date_from", &format_date_time(&since));
            }
            query.append_pair("limit", PAGE);
        }
        Ok(Some(url))
    }
}

/// The objects of one page: those that can be taken, and those that cannot.
#[derive(Debug)]
pub struct Judged<T> {
    /// With owner and id in upper case, as they are stored.
    pub good: Vec<(PartyId, String, T)>,
    /// What is wrong with the others.
    pub skipped: Vec<Skipped>,
    /// The ids of the party asked for that were on this page, faulty or not.
    pub ids: HashSet<String>,
    /// Something was on this page whose id cannot be read.
    pub nameless: bool,
}

/// Judges the objects of a page, each on its own.
pub fn judge<T: Object>(
    items: Vec<Value>,
    offset: u64,
    peer: &Peer,
    asked: &PartyId,
    name: fn(&T) -> (PartyId, String),
) -> Judged<T> {
    let mut judged = Judged { good: Vec::new(), skipped: Vec::new(), ids: HashSet::new(), nameless: false };
    for (i, item) in items.into_iter().enumerate() {
        let claimed = claimed_name(&item);
        match &claimed {
            Some((owner, id)) if owner == asked => {
                judged.ids.insert(id.clone());
            }
            Some(_) => {}
            None => judged.nameless = true,
        }
        let place = || match &claimed {
            Some((owner, id)) => format!("{}|{id}", owner.key()),
            None => format!("{}|entry {}", asked.key(), offset + i as u64),
        };
        match ocpi_types::parse::<T>(item).accept() {
            Err(report) => {
                let broken: Vec<String> = report.violations().map(ToString::to_string).collect();
                judged.skipped.push(Skipped { object: place(), reason: broken.join("; ") });
            }
            Ok((object, _tolerated)) => {
                let (owner, id) = name(&object);
                if owner == *asked || peer.is_hub() || peer.hosts(&owner, Role::Cpo) {
                    judged.good.push((owner, id, object));
                } else {
                    let reason = format!("belongs to {owner}, which is none of the partner's CPOs");
                    judged.skipped.push(Skipped { object: place(), reason });
                }
            }
        }
    }
    judged
}

/// What an object calls itself, even when it is otherwise unreadable.
fn claimed_name(item: &Value) -> Option<(PartyId, String)> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let owner = PartyId::new(text("country_code")?, text("party_id")?);
    Some((owner, text("id")?.to_ascii_uppercase()))
}
