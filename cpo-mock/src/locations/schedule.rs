//! Planned changes of status. Spec: mod_locations, "StatusSchedule class": a plan is only a word to drivers; when its time
//! comes the CPO publishes the new status.
//!
//! What is planned takes effect at its hour: the EVSE gets the status, its station follows (a charge ends where the EVSE goes
//! out of use), and partners are told. When the period ends and no other begins, the status before it comes back. Times
//! up to the EVSE's `last_updated` have been acted on, or somebody has published something else since.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{DateTime, Evse, Location, PartyId, Status, StatusSchedule};
use sqlx::Row;

use super::revise;
use super::store::{self, is_out_of_use};
use crate::App;
use crate::station::{EvseKey, Simulator};

/// How often the background task looks, in real time: the clock of the domain may run faster.
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Notes when the EVSEs of a Location change by plan next. Part of every write of a Location.
pub(super) async fn index(tx: &mut Tx, owner: &PartyId, location: &Location) -> Result<(), DbError> {
    for evse in &location.evses {
        let key = EvseKey { owner: owner.clone(), location_id: location.id.clone(), evse_uid: evse.uid.clone() };
        match next_change(evse, evse.last_updated) {
            Some(at) => note(tx, &key, at).await?,
            None => forget(tx, &key).await?,
        }
    }
    Ok(())
}

/// Does what is due by now.
pub async fn run_due(app: &App) -> Result<(), DbError> {
    let now = app.party.clock.now();
    let due = due(&app.party.db, now).await?;
    if due.is_empty() {
        return Ok(());
    }
    for key in due {
        app.party.db.write(move |tx| Box::pin(async move { take_effect(tx, &key, now).await })).await?;
    }
    app.simulator.look_around();
    app.party.nudge();
    Ok(())
}

/// Looks every second until `shutdown` is done.
pub async fn watch(app: App, shutdown: impl Future<Output = ()> + Send) {
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = &mut shutdown => return,
        }
        if let Err(error) = run_due(&app).await {
            tracing::error!(error = error.chain(), "planned changes of status are late");
        }
    }
}

async fn take_effect(tx: &mut Tx, key: &EvseKey, now: DateTime) -> Result<(), DbError> {
    let stored = store::TABLE.get_in(tx, &key.owner, key.location_id.as_str()).await?;
    let Some(Due { before }) = claim(tx, key, now).await? else { return Ok(()) };
    let Some(stored) = stored else { return forget(tx, key).await };
    let mut location = store::parse(&stored.json)?;
    let Some(evse) = location.evses.iter().find(|evse| evse.uid == key.evse_uid).cloned() else {
        return forget(tx, key).await;
    };
    let (status, before) = planned(&evse, before, now);
    if let Some(status) = status {
        // A plan does not mend what is broken.
        let broken = status == Status::Available && Simulator::is_broken(tx, key).await?;
        let status = if broken { Status::Outoforder } else { status };
        if revise::set_status(&mut location, key.evse_uid.as_str(), status, now) {
            store::save_status(tx, key, &stored, &location).await?;
            Simulator::rebuild(tx, &key.owner, key.location_id.as_str()).await?;
        }
    }
    match next_change(&evse, now) {
        Some(at) => move_on(tx, key, at, before.as_ref()).await,
        None => forget(tx, key).await,
    }
}

/// The status that the plan gives an EVSE now, if it has to change, and the one that comes back afterwards.
fn planned(evse: &Evse, before: Option<Status>, now: DateTime) -> (Option<Status>, Option<Status>) {
    let stands = standing(&evse.status);
    let plan = &evse.status_schedule;
    let runs = |entry: &&StatusSchedule| entry.period_begin <= now && entry.period_end.is_none_or(|end| now < end);
    // Of two that overlap, the one that began last.
    let current = plan.iter().filter(runs).max_by_key(|entry| entry.period_begin);
    let over = plan.iter().filter(|entry| entry.period_end.is_some_and(|end| end <= now));
    let over = over.max_by_key(|entry| entry.period_end);
    let (wanted, before) = match (current, over) {
        // Who charges, who has reserved and what nobody knows cannot be planned.
        (Some(entry), _) if entry.status != Status::Available && !is_out_of_use(&entry.status) => (None, before),
        (Some(entry), _) => {
            let back = if stands == entry.status { Status::Available } else { stands.clone() };
            (Some(entry.status.clone()), before.or(Some(back)))
        }
        // Somebody who has published something else meanwhile knows better.
        (None, Some(over)) if over.status == stands => (Some(before.unwrap_or(Status::Available)), None),
        (None, _) => (None, None),
    };
    (wanted.filter(|wanted| evse.status != Status::Removed && *wanted != stands), before)
}

/// The status without what drivers do: an EVSE in use is in service.
fn standing(status: &Status) -> Status {
    if is_out_of_use(status) { status.clone() } else { Status::Available }
}

/// When an entry of the plan begins or ends next after `from`.
fn next_change(evse: &Evse, from: DateTime) -> Option<DateTime> {
    let times = evse.status_schedule.iter().flat_map(|entry| [Some(entry.period_begin), entry.period_end]);
    times.flatten().filter(|at| *at > from).min()
}

async fn note(tx: &mut Tx, key: &EvseKey, at: DateTime) -> Result<(), DbError> {
    let (owner, location_id, evse_uid) = key.parts();
    sqlx::query(
        "INSERT INTO status_schedules (owner, location_id, evse_uid, due_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (owner, location_id, evse_uid) DO UPDATE SET due_at = excluded.due_at",
    )
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .bind(at.timestamp_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn move_on(tx: &mut Tx, key: &EvseKey, at: DateTime, before: Option<&Status>) -> Result<(), DbError> {
    let (owner, location_id, evse_uid) = key.parts();
    sqlx::query(
        "UPDATE status_schedules SET due_at = $4, before = $5 \
         WHERE owner = $1 AND location_id = $2 AND evse_uid = $3",
    )
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .bind(at.timestamp_millis())
    .bind(before.map(Status::as_str).unwrap_or_default())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn forget(tx: &mut Tx, key: &EvseKey) -> Result<(), DbError> {
    let (owner, location_id, evse_uid) = key.parts();
    sqlx::query("DELETE FROM status_schedules WHERE owner = $1 AND location_id = $2 AND evse_uid = $3")
        .bind(owner)
        .bind(location_id)
        .bind(evse_uid)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What was noted about an EVSE.
struct Due {
    /// The status that comes back.
    before: Option<Status>,
}

/// What was noted about an EVSE that is due; `None` when somebody else has dealt with it.
async fn claim(tx: &mut Tx, key: &EvseKey, now: DateTime) -> Result<Option<Due>, DbError> {
    let (owner, location_id, evse_uid) = key.parts();
    let before: Option<String> = sqlx::query_scalar(
        "SELECT before FROM status_schedules \
         WHERE owner = $1 AND location_id = $2 AND evse_uid = $3 AND due_at <= $4",
    )
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .bind(now.timestamp_millis())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(before.map(|text| Due { before: (!text.is_empty()).then(|| Status::from(text.as_str())) }))
}

async fn due(db: &Db, now: DateTime) -> Result<Vec<EvseKey>, DbError> {
    let rows = sqlx::query(
        "SELECT owner, location_id, evse_uid FROM status_schedules WHERE due_at <= $1 ORDER BY due_at LIMIT 500",
    )
    .bind(now.timestamp_millis())
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            let owner: String = row.try_get("owner")?;
            Ok(EvseKey {
                owner: owner.parse().map_err(|_| DbError::corrupt("status_schedules.owner"))?,
                location_id: row.try_get::<String, _>("location_id")?.into(),
                evse_uid: row.try_get::<String, _>("evse_uid")?.into(),
            })
        })
        .collect()
}
