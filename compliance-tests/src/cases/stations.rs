//! Stations that do not do what they are told, and stations whose status is planned.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::charge::{command, response_url};
use super::outages::borrowed;
use super::triggers::{put_up, spot};
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::clock;
use crate::context::Ctx;
use crate::fixtures;
use crate::party::Received;

pub(super) fn cases() -> Vec<Case> {
    [tempers(), schedules()].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

/// What came of a START_SESSION.
pub(super) struct Started {
    /// The result, or the refusal.
    pub(super) result: String,
    token_uid: String,
    mark: usize,
}

impl Started {
    /// A Session is pushed, now or soon.
    async fn begins_session(&self, cx: &Arc<Ctx>) -> bool {
        let is_session = |r: &Received| r.at("receiver", "sessions") && r.body.contains(&self.token_uid);
        cx.party.wait(self.mark, cx.config.quiet, is_session).await.is_some()
    }
}

/// START_SESSION at this place with a new token. The result is waited for as long as `timeout` says, and a little longer.
pub(super) async fn start_at(cx: &Arc<Ctx>, place: &[(&'static str, String); 3]) -> CaseResult<Started> {
    let token_uid = cx.new_id("APP");
    let token = fixtures::token(cx.owner(), &token_uid, "APP_USER", &clock::timestamp());
    let (url, path) = response_url(cx);
    let mut body = json!({"response_url": url, "token": token});
    for (key, value) in place {
        body[*key] = json!(value);
    }
    let mark = cx.party.mark();
    let answer = command(cx, "START_SESSION", &body).await?;
    let mut said = answer.object()?.clone();
    if said["result"] == "ACCEPTED" {
        let promised = Duration::from_secs(said["timeout"].as_u64().unwrap_or(30).min(60));
        let result =
            cx.expect_within(promised + cx.config.patience, mark, "a CommandResult", |r| r.path == path).await?;
        said = result.json.unwrap_or_default();
    }
    Ok(Started { result: said["result"].as_str().unwrap_or("").to_string(), token_uid, mark })
}

/// The same at a station that takes commands so; it obeys again afterwards.
async fn start(cx: &Arc<Ctx>, temper: &'static str) -> CaseResult<Started> {
    if !cx.config.triggers.has("set_temper") {
        return skip("needs the trigger `set_temper`");
    }
    let spot = spot(cx, "REMOTE_START_STOP_CAPABLE").await?;
    let place = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
    let order = |temper: &'static str| [borrowed(&place), vec![("temper", temper)]].concat();
    cx.trigger("set_temper", &order(temper)).await?;
    let started = start_at(cx, &place).await;
    cx.trigger("set_temper", &order("NORMAL")).await?;
    started
}

fn tempers() -> Vec<Case> {
    vec![
        cpo("commands.start.refused", "A start that the station refuses: FAILED or REJECTED, and no session")
            .proves(&["CMD-008", "CMD-078"])
            .should()
            .does("Lets a station refuse commands; POSTs START_SESSION for it")
            .expects("REJECTED or FAILED as result; no session")
            .sabotage("command-ignores-temper")
            .run(|cx| async move {
                let started = start(&cx, "REFUSING").await?;
                ensure(matches!(started.result.as_str(), "REJECTED" | "FAILED"), "REJECTED", || {
                    started.result.clone()
                })?;
                ensure(!started.begins_session(&cx).await, "no session", || "one was pushed".into())
            }),
        cpo("commands.start.failed", "A start at which the station fails: FAILED")
            .proves(&["CMD-078"])
            .should()
            .does("Lets a station fail at commands; POSTs START_SESSION for it")
            .expects("FAILED as result; no session")
            .sabotage("command-ignores-temper")
            .run(|cx| async move {
                let started = start(&cx, "FAILING").await?;
                ensure(started.result == "FAILED", "FAILED", || started.result.clone())?;
                ensure(!started.begins_session(&cx).await, "no session", || "one was pushed".into())
            }),
        cpo("commands.start.silent", "A start that the station does not answer: TIMEOUT")
            .proves(&["CMD-079"])
            .does("Lets a station keep silent; POSTs START_SESSION for it; waits as long as `timeout` says")
            .expects("TIMEOUT as result")
            .sabotage("command-ignores-temper")
            .sabotage("command-waits-for-ever")
            .run(|cx| async move {
                let started = start(&cx, "SILENT").await?;
                ensure(started.result == "TIMEOUT", "TIMEOUT", || started.result.clone())
            }),
    ]
}

/// How long before it begins the new status is announced: the platform has to put a station up in that time.
const NOTICE: Duration = Duration::from_secs(4);

/// The status of an EVSE that a push carries.
fn status_in<'c>(call: &'c Received, evse_uid: &str) -> Option<&'c str> {
    let body = call.json.as_ref()?;
    let rest = call.rest();
    if rest.get(3).is_some_and(|uid| uid.eq_ignore_ascii_case(evse_uid)) {
        return body["status"].as_str();
    }
    let evses = body["evses"].as_array()?;
    let this = |uid: &str| uid.eq_ignore_ascii_case(evse_uid);
    evses.iter().find(|evse| evse["uid"].as_str().is_some_and(this))?["status"].as_str()
}

fn schedules() -> Vec<Case> {
    vec![
        cpo("locations.status.schedule", "A planned status is pushed when its time has come")
            .proves(&["LOC-172"])
            .does("Lets the operator announce that an EVSE will be INOPERATIVE in a few seconds; waits")
            .expects("At that time PUT or PATCH with `status` INOPERATIVE")
            .sabotage("schedule-ignored")
            .run(|cx| async move {
                if !cx.config.triggers.has("station_with_schedule") {
                    return skip("needs the trigger `station_with_schedule`");
                }
                let begin = clock::now() + NOTICE;
                let (begin, end) = (clock::seconds(begin), clock::seconds(begin + chrono::Duration::hours(1)));
                let zone = "Europe/Amsterdam";
                let mark = cx.party.mark();
                let plan =
                    [("status", "INOPERATIVE"), ("period_begin", &begin), ("period_end", &end), ("time_zone", zone)];
                let station = put_up(&cx, "station_with_schedule", &plan).await?;
                let of = |key: &str| station.get(key).cloned().unwrap_or_default();
                let (location_id, evse_uid) = (of("location_id"), of("evse_uid"));
                let changes =
                    |r: &Received| r.at("receiver", "locations") && status_in(r, &evse_uid) == Some("INOPERATIVE");
                let pushed = cx.party.wait(mark, NOTICE + cx.config.patience, changes).await;
                if cx.config.triggers.is_given("remove_station") {
                    let place = [("location_id", location_id.as_str()), ("evse_uid", &evse_uid), ("time_zone", zone)];
                    cx.trigger("remove_station", &place).await?;
                }
                cx.forget("locations");
                match pushed {
                    Some(_) => Ok(()),
                    None => fail(format!("a push of status INOPERATIVE at {begin}"), "none came"),
                }
            }),
    ]
}
