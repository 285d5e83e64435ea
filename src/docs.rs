//! The documentation of the demonstration: logged in, with examples that work at the first click.
//!
//! Everything here is invented and on this machine only, so the page may know the token with which the other party calls, and
//! the operator key. `emsp serve` and `cpo-mock serve` have nothing of the kind.

mod examples;
mod prepare;

use std::sync::Arc;

use ocpi_http::Secret;
use ocpi_party::Peer;
use ocpi_party::docs::{DemoExample, DemoLogin};
use serde_json::Value;

pub(crate) use prepare::prepare;

use crate::operator::Operator;
use crate::pair::{OPERATOR_KEY, Pair};

/// A party as the documentation needs it.
#[derive(Clone)]
struct Side {
    party: ocpi_party::Party,
    operator: Operator,
}

/// Logs the pages of both parties in. On each page one acts as the other party.
pub(crate) fn log_in(pair: &Pair) {
    let side = |party: &crate::pair::Party| Side { party: party.inner.clone(), operator: party.operator.clone() };
    let (emsp, cpo) = (side(&pair.emsp), side(&pair.cpo));
    let at_emsp = (emsp.clone(), cpo.clone());
    emsp.party.demonstrate(Arc::new(move || {
        let (emsp, cpo) = at_emsp.clone();
        Box::pin(async move { login(&cpo, "the CPO (US/CPO)", examples::of_emsp(&emsp, &cpo).await).await })
    }));
    let at_cpo = (emsp, cpo.clone());
    cpo.party.demonstrate(Arc::new(move || {
        let (emsp, cpo) = at_cpo.clone();
        Box::pin(async move { login(&emsp, "the EMSP (US/EMS)", examples::of_cpo(&emsp, &cpo).await).await })
    }));
}

async fn login(caller: &Side, acts_as: &str, examples: Vec<DemoExample>) -> Option<DemoLogin> {
    let token = partner(caller).await.and_then(|peer| {
        let header = peer.form.header(&peer.token_out).ok()?;
        Some(Secret::new(header.to_str().ok()?))
    });
    let operator_key = Secret::new(OPERATOR_KEY);
    Some(DemoLogin { acts_as: acts_as.to_owned(), ocpi_token: token, operator_key, examples })
}

/// The other party, as this one knows it.
async fn partner(side: &Side) -> Option<Arc<Peer>> {
    side.party.peers.registered().await.ok()?.first().cloned()
}

/// The EMSP's sessions in which a car charges, the latest first.
async fn active_sessions(emsp: &Operator) -> Vec<Value> {
    let mut list = emsp.get("/sessions?party=US/CPO&status=ACTIVE&limit=100").await.unwrap_or_default();
    list["items"].as_array_mut().map(std::mem::take).unwrap_or_default()
}

/// The id of the session that takes charging profiles; null where there is none.
async fn smart_session(emsp: &Operator) -> Value {
    let sessions = active_sessions(emsp).await;
    let smart = sessions.iter().find(|session| session["evse_uid"] == prepare::SMART_EVSE.1);
    smart.map_or(Value::Null, |session| session["id"].clone())
}
