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
    /// Our party that asks.
    pub from: PartyId,
    /// The party that is asked: a CPO, or the hub itself.
    pub to: PartyId,
    /// The one party whose objects are on it; `None` on a hub's list of everybody behind it.
    pub owner: Option<PartyId>,
    /// Only objects that changed since then.
    pub since: Option<DateTime>,
}

impl List {
    /// The lists of a module that a peer has for us.
    ///
    /// Of a platform one for each of its CPOs. Of a hub one of everybody, asked for in the hub's own name; what is personal
    /// (Sessions, CDRs) is asked for from each CPO through the hub instead, where the hub has told who they are. Personal lists
    /// are asked for by each of our brands. Spec: transport_and_format, "GET All via Hubs".
    #[must_use]
    pub fn all(peer: &Peer, module: &ModuleId, own: &[PartyId], since: Option<DateTime>) -> Vec<Self> {
        let personal = matches!(module, ModuleId::Sessions | ModuleId::Cdrs);
        let asking = if personal { own } else { own.get(..1).unwrap_or_default() };
        let single = |owner: PartyId| (owner.clone(), Some(owner));
        let asked: Vec<(PartyId, Option<PartyId>)> = match peer.hub_party() {
            None => peer.parties(&Role::Cpo).into_iter().map(single).collect(),
            Some(_) if personal && peer.has_told_clients() => {
                peer.connected_clients(&Role::Cpo).into_iter().map(single).collect()
            }
            Some(hub) => vec![(hub, None)],
        };
        let list = |from: &PartyId, (to, owner): &(PartyId, Option<PartyId>)| Self {
            module: module.clone(),
            from: from.clone(),
            to: to.clone(),
            owner: owner.clone(),
            since,
        };
        asking.iter().flat_map(|from| asked.iter().map(move |asked| list(from, asked))).collect()
    }

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
    /// The owners and ids of what was on this page, faulty or not; on the list of one party only those of that party.
    pub ids: HashSet<(PartyId, String)>,
    /// Something was on this page whose id cannot be read.
    pub nameless: bool,
}

/// Judges the objects of a page, each on its own.
pub fn judge<T: Object>(
    items: Vec<Value>,
    offset: u64,
    peer: &Peer,
    list: &List,
    name: fn(&T) -> (PartyId, String),
) -> Judged<T> {
    let mut judged = Judged { good: Vec::new(), skipped: Vec::new(), ids: HashSet::new(), nameless: false };
    for (i, item) in items.into_iter().enumerate() {
        let claimed = claimed_name(&item);
        match &claimed {
            Some(named) if list.owner.as_ref().is_none_or(|asked| *asked == named.0) => {
                judged.ids.insert(named.clone());
            }
            Some(_) => {}
            None => judged.nameless = true,
        }
        let place = || match &claimed {
            Some((owner, id)) => format!("{}|{id}", owner.key()),
            None => format!("{}|entry {}", list.to.key(), offset + i as u64),
        };
        match ocpi_types::parse::<T>(item).accept() {
            Err(report) => {
                let broken: Vec<String> = report.violations().map(ToString::to_string).collect();
                judged.skipped.push(Skipped { object: place(), reason: broken.join("; ") });
            }
            Ok((object, _tolerated)) => {
                let (owner, id) = name(&object);
                if peer.speaks_for(&owner, Role::Cpo) {
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
