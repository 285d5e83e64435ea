//! When what is fetched from whom.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocpi_http::CallError;
use ocpi_party::testing::{databases, sqlite};
use ocpi_party::{Inbox, Peer, PullSummary, Skipped, pull_due, pull_now, push_due, sync};
use ocpi_types::{DateTime, ModuleId};
use serde_json::json;
use tokio::sync::Notify;

use crate::push::Recorder;
use crate::support::{Server, at, start};

/// A module and its `date_from`.
type Asked = (String, Option<DateTime>);

#[derive(Clone, Default)]
struct Puller {
    asked: Arc<Mutex<Vec<Asked>>>,
    fails: Arc<Mutex<bool>>,
}

impl Puller {
    fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn fails(&self, fails: bool) {
        *self.fails.lock().unwrap() = fails;
    }
}

impl Inbox for Puller {
    fn modules(&self) -> &'static [ModuleId] {
        &[ModuleId::Tariffs, ModuleId::Locations]
    }

    async fn pull(&self, _peer: &Peer, module: &ModuleId, since: Option<DateTime>) -> Result<PullSummary, CallError> {
        self.asked.lock().unwrap().push((module.to_string(), since));
        if *self.fails.lock().unwrap() {
            return Err(CallError::TimedOut);
        }
        let skipped = vec![Skipped { object: "NL/TNM|BAD".into(), reason: "/id is required".into() }];
        Ok(PullSummary { seen: 3, stored: 2, skipped })
    }
}

fn locations(since: Option<&str>) -> Vec<Asked> {
    vec![("locations".to_owned(), since.map(at))]
}

#[tokio::test]
async fn the_first_pull_is_complete_and_the_next_begin_at_the_last_success() {
    // Proves: TRN-106, TRN-107, TRN-108, VER-030
    for database in databases().await {
        let other = sqlite();
        let (emsp, cpo) = (Server::emsp(&database).await, Server::cpo(&other).await);
        let inbox = Puller::default();
        assert_eq!(pull_due(&emsp.party, &inbox).await, PullSummary::default(), "nobody is registered");
        emsp.register_with(&cpo).await;
        let id = emsp.peer().await.id.clone();
        let summary = pull_due(&emsp.party, &inbox).await;
        assert_eq!((summary.seen, summary.stored, summary.skipped.len()), (3, 2, 1));
        assert_eq!(inbox.taken(), locations(None), "tariffs are not offered");
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), [], "not due");

        // At the latest one and a half intervals later it is due; a minute of overlap makes up for different clocks.
        emsp.clock.advance(Duration::from_mins(90));
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), locations(Some("2026-01-15T09:59:00Z")));
        let state = sync::sync_state(&emsp.party, &id).await.unwrap();
        assert_eq!((state.pulls[0].last_success, state.pulls[0].objects), (Some(at("2026-01-15T11:30:00Z")), 3));
        assert!(state.findings[0].message.contains("/id is required") && state.findings[0].object == "NL/TNM|BAD");

        // After a restart, at once.
        sync::resume(&emsp.party).await.unwrap();
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), locations(Some("2026-01-15T11:29:00Z")));
        // After a week, completely.
        emsp.clock.advance(Duration::from_hours(7 * 24));
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), locations(None));
        // By hand, both ways.
        pull_now(&emsp.party, &inbox, &id, false).await.unwrap().unwrap().unwrap();
        pull_now(&emsp.party, &inbox, &id, true).await.unwrap().unwrap().unwrap();
        assert_eq!(inbox.taken().iter().map(|(_, since)| since.is_some()).collect::<Vec<_>>(), [true, false]);
        assert!(pull_now(&emsp.party, &inbox, "nobody", true).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_failed_pull_is_repeated_after_a_pause_from_where_it_was() {
    for database in databases().await {
        let other = sqlite();
        let (emsp, cpo) = (Server::emsp(&database).await, Server::cpo(&other).await);
        emsp.register_with(&cpo).await;
        let inbox = Puller::default();
        pull_due(&emsp.party, &inbox).await;
        emsp.clock.advance(Duration::from_mins(90));
        inbox.fails(true);
        pull_due(&emsp.party, &inbox).await;
        inbox.taken();
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), [], "not at once");
        let id = emsp.peer().await.id.clone();
        let state = sync::sync_state(&emsp.party, &id).await.unwrap();
        assert_eq!((state.pulls[0].failures, state.pulls[0].last_success), (1, Some(start())));
        assert!(state.findings[0].message.contains("a pull failed"));
        inbox.fails(false);
        emsp.clock.advance(Duration::from_secs(2));
        pull_due(&emsp.party, &inbox).await;
        assert_eq!(inbox.taken(), locations(Some("2026-01-15T09:59:00Z")));
    }
}

/// Is held up in its first pull until somebody lets it go on.
#[derive(Clone, Default)]
struct Slow {
    puller: Puller,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Inbox for Slow {
    fn modules(&self) -> &'static [ModuleId] {
        self.puller.modules()
    }

    async fn pull(&self, peer: &Peer, module: &ModuleId, since: Option<DateTime>) -> Result<PullSummary, CallError> {
        self.begun.notify_one();
        self.go_on.notified().await;
        self.puller.pull(peer, module, since).await
    }
}

#[tokio::test]
async fn a_pull_that_is_asked_for_during_another_comes_after_it() {
    for database in databases().await {
        let other = sqlite();
        let (emsp, cpo) = (Server::emsp(&database).await, Server::cpo(&other).await);
        emsp.register_with(&cpo).await;
        let id = emsp.peer().await.id.clone();
        let slow = Slow::default();
        for fails in [false, true] {
            slow.puller.fails(fails);
            sync::resume(&emsp.party).await.unwrap();
            let ask = async {
                slow.begun.notified().await;
                // The peer may have changed what this pull has passed already.
                let answer =
                    emsp.operator("POST", &format!("/partners/{id}/sync"), Some(json!({ "full": true }))).await;
                assert_eq!(answer.http, 202, "{answer:?}");
                slow.go_on.notify_one();
            };
            tokio::join!(pull_due(&emsp.party, &slow), ask);
            slow.puller.taken();
            slow.puller.fails(false);
            pull_due(&emsp.party, &slow.puller).await;
            assert_eq!(slow.puller.taken(), locations(None));
            pull_due(&emsp.party, &slow.puller).await;
            assert_eq!(slow.puller.taken(), [], "once");
        }
    }
}

#[tokio::test]
async fn an_outage_that_ends_is_followed_by_a_pull() {
    let (one, other) = (sqlite(), sqlite());
    let (emsp, cpo) = (Server::emsp(&one).await, Server::cpo(&other).await);
    emsp.register_with(&cpo).await;
    let inbox = Puller::default();
    pull_due(&emsp.party, &inbox).await;
    inbox.taken();
    // What is pushed stands for anything that goes the other way: here our own credentials.
    let (party, role) =
        (emsp.party.clone(), ocpi_party::PartyConfig { party_id: "TWO".into(), ..emsp.party.config.as_ref().clone() });
    let added: Result<bool, ocpi_party::DbError> = emsp
        .party
        .db
        .write(move |tx| {
            Box::pin(async move { party.add_role(tx, role.credentials_role(ocpi_types::Role::Emsp)).await })
        })
        .await;
    assert!(added.unwrap());
    let mut cpo = cpo;
    let addr = cpo.url.strip_prefix("http://").unwrap().to_owned();
    cpo.stop().await;
    assert_eq!(push_due(&emsp.party, &Recorder::default()).await.unreachable, 1);
    pull_due(&emsp.party, &inbox).await;
    assert_eq!(inbox.taken(), []);
    let listener = tokio::net::TcpListener::bind(&addr).await.unwrap();
    let cpo = Server::serve_on(cpo.party.clone(), cpo.clock.clone(), listener).await;
    emsp.clock.advance(Duration::from_secs(2));
    assert_eq!(push_due(&emsp.party, &Recorder::default()).await.delivered, 1);
    pull_due(&emsp.party, &inbox).await;
    assert_eq!(inbox.taken().len(), 1);
    drop(cpo);
}
