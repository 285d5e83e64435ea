//! Fetching a hub's list of parties. Spec: mod_hub_client_info, "Pull model".

use std::collections::HashSet;

use ocpi_http::{CallError, join};
use ocpi_types::{ClientInfo, DateTime, InterfaceRole, ModuleId, PartyId, Role, format_date_time, parse};
use serde_json::Value;

use super::receiver::date;
use super::{after_reconnection, store};
use crate::sync::{PullSummary, Skipped};
use crate::{DbError, Party, Peer};

/// Fetches what has changed since then, or everything. What a complete list lacks is SUSPENDED afterwards.
pub(crate) async fn pull(party: &Party, hub: &Peer, since: Option<DateTime>) -> Result<PullSummary, CallError> {
    let Some(endpoint) = hub.endpoint(&ModuleId::Hubclientinfo, &InterfaceRole::Sender) else {
        return Ok(PullSummary::default());
    };
    let mut url = join(endpoint, &[])?;
    if let Some(since) = since {
        url.query_pairs_mut().append_pair("date_from", &format_date_time(&since));
    }
    let begun = party.db.seq();
    let mut list = List::default();
    let mut total = None;
    // A Configuration Module: no routing headers.
    let mut pages = party.client.pages(&party.plain_target(hub), url);
    while let Some(page) = pages.next().await {
        let page = page?;
        total = page.total.or(total);
        page.items.into_iter().for_each(|item| list.take(item));
    }
    let complete = since.is_none() && !list.nameless && total.is_none_or(|total| list.summary.seen >= total);
    store_list(party, hub, list, complete.then_some(begun)).await
}

#[derive(Default)]
struct List {
    summary: PullSummary,
    good: Vec<ClientInfo>,
    /// Everything that is on the list, faulty or not.
    named: HashSet<(PartyId, Role)>,
    /// Something on it has no name: nobody can tell who is missing.
    nameless: bool,
}

impl List {
    fn take(&mut self, item: Value) {
        self.summary.seen += 1;
        let text = |field: &str| item.get(field).and_then(Value::as_str);
        let name = match (text("country_code"), text("party_id"), text("role")) {
            (Some(country), Some(party), Some(role)) => Some((PartyId::new(country, party), Role::from(role))),
            _ => None,
        };
        let object = name.as_ref().map_or_else(|| format!("entry {}", self.summary.seen - 1), |(party, _)| party.key());
        self.nameless |= name.is_none();
        self.named.extend(name);
        match parse::<ClientInfo>(item).accept() {
            Ok((info, _)) if store::party_of(&info).is_well_formed() => self.good.push(info),
            Ok((info, _)) => {
                self.summary
                    .skipped
                    .push(Skipped { object, reason: format!("{} is no party", store::party_of(&info)) });
            }
            Err(report) => self.summary.skipped.push(Skipped { object, reason: report.to_string() }),
        }
    }
}

async fn store_list(
    party: &Party,
    hub: &Peer,
    list: List,
    complete_since: Option<i64>,
) -> Result<PullSummary, CallError> {
    let List { mut summary, good, named, .. } = list;
    let (hub_id, domain, now) = (hub.id.clone(), party.clock.now(), party.clock.wall());
    let (stored, connected) = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (mut stored, mut connected) = (0, Vec::new());
                for mut info in good {
                    date(&mut info, domain);
                    let put = store::put(tx, &hub_id, &info, now).await?;
                    stored += u64::from(!matches!(put.saved, store::Saved::Stale(_)));
                    connected.extend(put.connected.then(|| store::party_of(&info)));
                }
                if let Some(begun) = complete_since {
                    store::suspend_missing(tx, &hub_id, begun, &named, now).await?;
                }
                if !connected.is_empty() {
                    store::release(tx, &hub_id).await?;
                }
                Ok::<_, DbError>((stored, connected))
            })
        })
        .await
        .map_err(|error| CallError::Request(format!("our own database: {}", error.chain())))?;
    summary.stored = stored;
    if !connected.is_empty() {
        after_reconnection(party, &hub.id, &connected);
    }
    Ok(summary)
}
