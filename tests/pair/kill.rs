//! `kill -9` of either party at many moments of a charge: both end with the same session and exactly one CDR.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Server, free_port};

const CARD: &str = "04DE5000000004";
const EVSE: &str = "OAK001-1";

#[derive(Debug, Clone, Copy)]
enum Victim {
    Cpo,
    Emsp,
    Both,
}

/// One charge per line: who is killed, after how many answered calls since the card was shown.
const MOMENTS: &[(Victim, usize)] = &[
    (Victim::Cpo, 1),
    (Victim::Emsp, 1),
    (Victim::Both, 2),
    (Victim::Cpo, 2),
    (Victim::Cpo, 3),
    (Victim::Emsp, 3),
    (Victim::Cpo, 4),
    (Victim::Both, 5),
    (Victim::Emsp, 5),
    (Victim::Cpo, 6),
];

/// The calls between the two, as their logs tell of them.
const ANSWERED: &[&str] = &["the peer answered"];

#[tokio::test]
async fn a_charge_survives_kill_9_of_either_party_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let mut emsp = Server::start("emsp", free_port(), folder.path(), &[]).await;
    let fast = ["--meter-interval-ac", "1", "--auto-driver", "false", "--page-max", "1000"];
    let mut cpo = Server::start("cpo-mock", free_port(), folder.path(), &fast).await;
    register(&emsp, &cpo).await;
    for (round, (victim, calls)) in MOMENTS.iter().enumerate() {
        cpo.operator.post(&format!("/stations/{EVSE}/plug-in"), &json!({})).await.unwrap();
        show_card(&cpo).await;
        cpo.wait_for(ANSWERED, *calls).await;
        if matches!(victim, Victim::Emsp | Victim::Both) {
            emsp.kill_and_restart().await;
        }
        if matches!(victim, Victim::Cpo | Victim::Both) {
            cpo.kill_and_restart().await;
        }
        finish_charge(&cpo, round).await;
        agree(&emsp, &cpo, round + 1, &format!("round {round}: {victim:?} killed after {calls} calls")).await;
    }
}

/// Registers the two with each other, and waits until each has fetched what the other has.
pub(crate) async fn register(emsp: &Server, cpo: &Server) {
    let invitation = cpo.operator.post("/partners/invitations", &json!({ "name": "EMSP" })).await.unwrap();
    let body = json!({
        "name": "CPO", "versions_url": invitation["versions_url"], "token_a": invitation["token_a"],
    });
    emsp.operator.post("/partners", &body).await.unwrap();
    let pulled = async |server: &Server, modules: &[&str]| {
        let partners = server.operator.get("/partners").await.unwrap();
        let pulls = partners["partners"][0]["pulls"].as_array().cloned().unwrap_or_default();
        let done = |module: &&str| pulls.iter().any(|p| p["module"] == **module && !p["last_success"].is_null());
        modules.iter().all(done)
    };
    eventually("the first pulls", async || {
        pulled(emsp, &["tariffs", "locations", "sessions", "cdrs"]).await && pulled(cpo, &["tokens"]).await
    })
    .await;
}

async fn show_card(cpo: &Server) {
    let _ = cpo.operator.post(&format!("/stations/{EVSE}/present-card"), &json!({ "uid": CARD })).await;
}

async fn list(server: &Server, what: &str) -> Vec<Value> {
    let listing = server.operator.get(&format!("/{what}?limit=1000")).await.unwrap();
    let items = listing["items"].as_array().cloned().unwrap_or_default();
    // The EMSP shows a CDR together with its check.
    let mut items: Vec<Value> = items.into_iter().map(|item| item.get("cdr").cloned().unwrap_or(item)).collect();
    items.sort_by_key(|item| item["id"].as_str().map(str::to_owned));
    items
}

/// Whatever the kill has left of the charge is brought to its end as a driver would: with the card, and by unplugging.
async fn finish_charge(cpo: &Server, round: usize) {
    eventually("the charge of this round", async || {
        let sessions = list(cpo, "sessions").await;
        if sessions.len() == round {
            // Killed before the card was accepted: the driver tries again.
            show_card(cpo).await;
        }
        sessions.len() > round
    })
    .await;
    eventually("the end of the charge", async || {
        let _ = cpo.operator.post(&format!("/stations/{EVSE}/unplug"), &json!({})).await;
        list(cpo, "sessions").await.iter().all(|session| session["status"] == "COMPLETED")
    })
    .await;
}

async fn agree(emsp: &Server, cpo: &Server, charges: usize, moment: &str) {
    eventually(moment, async || {
        list(emsp, "sessions").await == list(cpo, "sessions").await
            && list(emsp, "cdrs").await == list(cpo, "cdrs").await
    })
    .await;
    let (sessions, cdrs) = (list(emsp, "sessions").await, list(emsp, "cdrs").await);
    assert_eq!((sessions.len(), cdrs.len()), (charges, charges), "{moment}: sessions and CDRs");
    for cdr in &cdrs {
        let session = sessions.iter().find(|session| session["id"] == cdr["session_id"]);
        let session = session.unwrap_or_else(|| panic!("{moment}: CDR {} has no session", cdr["id"]));
        assert_eq!(session["status"], "COMPLETED", "{moment}");
        assert_eq!(session["kwh"], cdr["total_energy"], "{moment}");
        assert_eq!(session["total_cost"], cdr["total_cost"], "{moment}");
    }
}

/// Asks again and again, for a minute at most: processes that are killed and restarted tell nobody when they are done.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), wait).await.is_ok(), "not within a minute: {what}");
}
