//! Who is behind on what, and what happens about it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use ocpi_http::{CallError, Clock, OcpiStatus};
use ocpi_party::testing::{TestDatabase, databases, sqlite};
use ocpi_party::{Behind, DbError, Outbox, Party, Peer, mark_all, mark_peer, push_due, sync};
use ocpi_types::{ModuleId, Role};
use tokio::sync::Notify;

use crate::support::{Server, config, open, start};

type Answer = Box<dyn Fn(&Behind) -> Result<Option<String>, CallError> + Send + Sync>;

/// Remembers what it is asked to deliver, and answers as told.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    delivered: Arc<Mutex<Vec<Behind>>>,
    answer: Arc<Mutex<Option<Answer>>>,
    /// When set, every delivery says that it has begun and then waits.
    hold: Option<Arc<(Notify, Notify)>>,
}

impl Recorder {
    fn answers(&self, answer: impl Fn(&Behind) -> Result<Option<String>, CallError> + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Some(Box::new(answer));
    }

    fn taken(&self) -> Vec<Behind> {
        std::mem::take(&mut self.delivered.lock().unwrap())
    }

    fn objects(&self) -> Vec<String> {
        self.taken().into_iter().map(|behind| behind.object).collect()
    }
}

impl Outbox for Recorder {
    async fn deliver(&self, _peer: &Peer, behind: &Behind) -> Result<Option<String>, CallError> {
        self.delivered.lock().unwrap().push(behind.clone());
        if let Some(hold) = &self.hold {
            hold.0.notify_one();
            hold.1.notified().await;
        }
        // A test may let an answer panic.
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.as_ref().map_or(Ok(None), |answer| answer(behind))
    }
}

async fn mark(party: &Party, objects: &'static [&'static str]) {
    let marked: Result<(), DbError> = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                for object in objects {
                    mark_all(tx, ModuleId::Locations, object).await?;
                }
                Ok(())
            })
        })
        .await;
    marked.unwrap();
}

fn down() -> CallError {
    CallError::Unreachable("nobody there".into())
}

/// A CPO with one registered EMSP.
async fn cpo(database: &TestDatabase) -> (Server, Server) {
    let emsp_database = sqlite();
    let (cpo, emsp) = (Server::cpo(database).await, Server::emsp(&emsp_database).await);
    std::mem::forget(emsp_database);
    assert_eq!(cpo.register_with(&emsp).await.http, 201);
    (cpo, emsp)
}

#[tokio::test]
async fn marks_are_sent_once_in_the_order_of_the_changes() {
    // Proves: TRN-104, TRN-105
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let outbox = Recorder::default();
        mark(&cpo.party, &["US/CPO|1", "US/CPO|2", "US/CPO|3", "US/CPO|1"]).await;
        let state = sync::sync_state(&cpo.party, &cpo.peer().await.id).await.unwrap();
        assert_eq!(state.push.behind["locations"], 3);
        assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 3);
        assert_eq!(outbox.objects(), ["US/CPO|2", "US/CPO|3", "US/CPO|1"]);
        assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 0);
        let state = sync::sync_state(&cpo.party, &cpo.peer().await.id).await.unwrap();
        assert!(state.push.behind.is_empty() && state.push.last_push_at == Some(start()));
    }
}

#[tokio::test]
async fn only_peers_that_receive_the_module_are_marked() {
    // Proves: VER-029 (pushes go to RECEIVER endpoints only)
    let database = sqlite();
    let (cpo, emsp) = cpo(&database).await;
    let outbox = Recorder::default();
    let tariffs: Result<(), DbError> = cpo
        .party
        .db
        .write(|tx| {
            Box::pin(async move {
                mark_all(tx, ModuleId::Tariffs, "US/CPO|T").await?;
                mark_peer(tx, "nobody", ModuleId::Locations, "US/CPO|L").await
            })
        })
        .await;
    tariffs.unwrap();
    assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 0);
    let id = cpo.peer().await.id.clone();
    let one: Result<(), DbError> = cpo
        .party
        .db
        .write(move |tx| Box::pin(async move { mark_peer(tx, &id, ModuleId::Locations, "US/CPO|L").await }))
        .await;
    one.unwrap();
    assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 1);
    // The EMSP's peer has no RECEIVER of locations.
    mark(&emsp.party, &["X"]).await;
    assert_eq!(push_due(&emsp.party, &outbox).await.delivered, 0);
}

#[tokio::test]
async fn a_change_that_is_undone_marks_nobody() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let failed: Result<(), DbError> = cpo
            .party
            .db
            .write(|tx| {
                Box::pin(async move {
                    mark_all(tx, ModuleId::Locations, "US/CPO|1").await?;
                    Err(DbError::corrupt("the change fails"))
                })
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(push_due(&cpo.party, &Recorder::default()).await.delivered, 0);
    }
}

#[tokio::test]
async fn a_change_during_a_delivery_is_sent_too() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let outbox = Recorder { hold: Some(Arc::default()), ..Recorder::default() };
        mark(&cpo.party, &["US/CPO|1"]).await;
        let (party, mine) = (cpo.party.clone(), outbox.clone());
        let round = tokio::spawn(async move { push_due(&party, &mine).await });
        let hold = outbox.hold.clone().unwrap();
        hold.0.notified().await;
        mark(&cpo.party, &["US/CPO|1"]).await;
        hold.1.notify_one();
        assert_eq!(round.await.unwrap().delivered, 1);
        let next = Recorder::default();
        assert_eq!(push_due(&cpo.party, &next).await.delivered, 1, "still behind");
        assert!(!next.taken()[0].retried, "but nothing is in doubt");
    }
}

#[tokio::test]
async fn a_note_is_kept_for_the_next_delivery() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let outbox = Recorder::default();
        for (note, before) in
            [(Some("3 periods"), None), (Some("5 periods"), Some("3 periods")), (None, Some("5 periods")), (None, None)]
        {
            outbox.answers(move |_| Ok(note.map(str::to_owned)));
            mark(&cpo.party, &["US/CPO|S1"]).await;
            push_due(&cpo.party, &outbox).await;
            assert_eq!(outbox.taken()[0].sent_before.as_deref(), before);
        }
    }
}

#[tokio::test]
async fn an_outage_backs_off_and_ends_with_everything_as_it_is_then() {
    // Proves: TRN-105, TRN-106
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let id = cpo.peer().await.id.clone();
        let outbox = Recorder::default();
        outbox.answers(|_| Err(down()));
        mark(&cpo.party, &["US/CPO|1", "US/CPO|2"]).await;
        assert_eq!(push_due(&cpo.party, &outbox).await.unreachable, 1);
        assert_eq!(outbox.objects(), ["US/CPO|1"], "who is down for one object is down for the next");
        let state = sync::sync_state(&cpo.party, &id).await.unwrap().push;
        assert_eq!((state.failures, state.out_of_sync_since, state.behind["locations"]), (1, Some(start()), 2));
        assert!(state.last_error.unwrap().contains("nobody there"));

        let mut pauses = Vec::new();
        for failures in 2..=12u32 {
            let retry_at = sync::sync_state(&cpo.party, &id).await.unwrap().push.retry_at.unwrap();
            let pause = retry_at - cpo.clock.wall();
            pauses.push(pause.num_milliseconds());
            cpo.clock.advance(pause.to_std().unwrap().saturating_sub(Duration::from_millis(1)));
            assert_eq!(push_due(&cpo.party, &outbox).await.unreachable, 0, "too early");
            cpo.clock.advance(Duration::from_millis(1));
            assert_eq!(push_due(&cpo.party, &outbox).await.unreachable, 1);
            assert_eq!(sync::sync_state(&cpo.party, &id).await.unwrap().push.failures, u64::from(failures));
        }
        assert!((500..=1500).contains(&pauses[0]), "{pauses:?}");
        assert!((150_000..=450_000).contains(&pauses[10]), "{pauses:?}");
        outbox.taken();

        // What changes meanwhile is marked once more, not queued.
        mark(&cpo.party, &["US/CPO|1", "US/CPO|3"]).await;
        outbox.answers(|_| Ok(None));
        cpo.clock.advance(Duration::from_secs(450));
        assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 3);
        let sent: Vec<_> = outbox.taken().into_iter().map(|behind| (behind.object, behind.retried)).collect();
        assert_eq!(sent, [("US/CPO|2".into(), false), ("US/CPO|1".into(), true), ("US/CPO|3".into(), false)]);
        let state = sync::sync_state(&cpo.party, &id).await.unwrap().push;
        assert_eq!((state.failures, state.out_of_sync_since, state.last_error), (0, None, None));
    }
}

#[tokio::test]
async fn what_a_peer_refuses_is_dropped_and_shown() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let outbox = Recorder::default();
        outbox.answers(|behind| match behind.object.as_str() {
            "US/CPO|2" => Err(CallError::refused(StatusCode::OK, OcpiStatus::InvalidParameters, "/name is too long")),
            _ => Ok(None),
        });
        mark(&cpo.party, &["US/CPO|1", "US/CPO|2", "US/CPO|3"]).await;
        let summary = push_due(&cpo.party, &outbox).await;
        assert_eq!((summary.delivered, summary.refused), (2, 1));
        assert_eq!(push_due(&cpo.party, &outbox).await.refused, 0, "it is not tried again");
        let id = cpo.peer().await.id.clone();
        let shown = cpo.operator("GET", &format!("/partners/{id}"), None).await.json;
        assert_eq!(shown["findings"][0]["object"], "US/CPO|2");
        assert!(shown["findings"][0]["message"].as_str().unwrap().contains("/name is too long"));
        assert_eq!(shown["in_sync"], true);
    }
}

#[tokio::test]
async fn our_own_fault_does_not_count_against_the_peer() {
    let database = sqlite();
    let (cpo, _emsp) = cpo(&database).await;
    let outbox = Recorder::default();
    outbox.answers(|behind| match behind.object.as_str() {
        "US/CPO|1" => Err(CallError::Request("cannot be written".into())),
        "US/CPO|2" => panic!("the outbox panics"),
        _ => Ok(None),
    });
    mark(&cpo.party, &["US/CPO|1", "US/CPO|2", "US/CPO|3"]).await;
    let summary = push_due(&cpo.party, &outbox).await;
    assert_eq!((summary.delivered, summary.postponed), (1, 2));
    let state = sync::sync_state(&cpo.party, &cpo.peer().await.id).await.unwrap();
    assert_eq!((state.push.out_of_sync_since, state.push.behind["locations"], state.findings.len()), (None, 2, 2));
    // A new change does not wait for the pause.
    let fixed = Recorder::default();
    assert_eq!(push_due(&cpo.party, &fixed).await.delivered, 0);
    mark(&cpo.party, &["US/CPO|1"]).await;
    assert_eq!(push_due(&cpo.party, &fixed).await.delivered, 1);
    cpo.clock.advance(Duration::from_secs(90));
    assert_eq!(push_due(&cpo.party, &fixed).await.delivered, 1);
}

#[tokio::test]
async fn after_a_kill_in_the_middle_of_a_delivery_the_whole_object_is_sent() {
    for database in databases().await {
        let (mut cpo, _emsp) = cpo(&database).await;
        let outbox = Recorder { hold: Some(Arc::default()), ..Recorder::default() };
        mark(&cpo.party, &["US/CPO|1"]).await;
        let (party, mine) = (cpo.party.clone(), outbox.clone());
        let round = tokio::spawn(async move { push_due(&party, &mine).await });
        outbox.hold.clone().unwrap().0.notified().await;
        round.abort();
        let _ = round.await;
        cpo.stop().await;
        cpo.party.db.close().await;

        let clock = Clock::manual(start());
        let again = open(Role::Cpo, config(&Role::Cpo, &database), clock.clone()).await;
        sync::resume(&again).await.unwrap();
        let next = Recorder::default();
        if database.name == "postgres" {
            // Another instance may be alive and at it: its lease has to run out first.
            assert_eq!(push_due(&again, &next).await.delivered, 0);
            clock.advance(Duration::from_secs(61));
        }
        assert_eq!(push_due(&again, &next).await.delivered, 1, "{}", database.name);
        assert!(next.taken()[0].retried, "it may have arrived already");
    }
}

#[tokio::test]
async fn two_instances_never_push_to_one_peer_at_once() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let other = open(Role::Cpo, config(&Role::Cpo, &database), cpo.clock.clone()).await;
        let outbox = Recorder { hold: Some(Arc::default()), ..Recorder::default() };
        mark(&cpo.party, &["US/CPO|1", "US/CPO|2"]).await;
        let (party, mine) = (cpo.party.clone(), outbox.clone());
        let round = tokio::spawn(async move { push_due(&party, &mine).await });
        let hold = outbox.hold.clone().unwrap();
        hold.0.notified().await;
        let second = Recorder::default();
        assert_eq!(push_due(&other, &second).await.delivered, 0, "{}", database.name);
        hold.1.notify_one();
        hold.0.notified().await;
        hold.1.notify_one();
        assert_eq!(round.await.unwrap().delivered, 2);
        mark(&cpo.party, &["US/CPO|1"]).await;
        assert_eq!(push_due(&other, &second).await.delivered, 1, "given back");
    }
}

#[tokio::test]
async fn a_peer_that_calls_after_an_outage_is_tried_at_once() {
    let database = sqlite();
    let (cpo, emsp) = cpo(&database).await;
    let config = ocpi_party::PartyConfig { retry_min_seconds: 0, ..config(&Role::Cpo, &database) };
    let party = open(Role::Cpo, config, cpo.clock.clone()).await;
    let outbox = Recorder::default();
    outbox.answers(|_| Err(down()));
    mark(&party, &["US/CPO|1"]).await;
    assert_eq!(push_due(&party, &outbox).await.unreachable, 1);
    outbox.answers(|_| Ok(None));
    assert_eq!(push_due(&party, &outbox).await.delivered, 0, "the pause is not over");
    let served = Server::serve(party.clone(), cpo.clock.clone()).await;
    assert_eq!(served.get("/ocpi/2.2.1/cpo/locations", emsp.peer().await.token_out.expose()).await.http, 200);
    // The pause is ended off the request's way; the nudge tells when.
    tokio::time::timeout(Duration::from_secs(5), party.wait_for_nudge()).await.unwrap();
    outbox.taken();
    push_due(&party, &outbox).await;
    assert_eq!(outbox.objects(), ["US/CPO|1"]);
}

#[tokio::test]
async fn a_complete_synchronisation_sends_everything_that_the_peer_may_see() {
    for database in databases().await {
        let (cpo, _emsp) = cpo(&database).await;
        let id = cpo.peer().await.id.clone();
        let audience = id.clone();
        let stored: Result<(), DbError> = cpo
            .party
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let owner = "US/CPO".parse().unwrap();
                    for (object, audience, from) in
                        [("L1", "", ""), ("L2", audience.as_str(), ""), ("L3", "other", ""), ("L4", "", "peer")]
                    {
                        let new = ocpi_party::NewObject {
                            owner: &owner,
                            id: object,
                            audience,
                            peer_id: from,
                            last_updated: start(),
                            json: "{}",
                        };
                        let seq = tx.seq();
                        crate::support::LOCATIONS.upsert(tx, seq, &new).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.unwrap();
        let answer =
            cpo.operator("POST", &format!("/partners/{id}/sync"), Some(serde_json::json!({ "full": true }))).await;
        assert_eq!(
            (answer.http, &answer.json["push"]["behind"]["locations"]),
            (202, &serde_json::json!(2)),
            "{answer:?}"
        );
        let outbox = Recorder::default();
        assert_eq!(push_due(&cpo.party, &outbox).await.delivered, 2);
        assert_eq!(outbox.objects(), ["US/CPO|L1", "US/CPO|L2"]);
    }
}
