//! Passing a command on to the station, and its one result back to the EMSP. Spec: mod_commands, "CommandResult Object".
//!
//! The result is sent once, and not again when that fails. Whoever finds a command whose promised time is nearly over sends
//! TIMEOUT: the station may be silent, or the process that had accepted the command may have died. When the promised time
//! is over altogether nothing is sent any more, because the EMSP has stopped waiting.

use ocpi_party::{DbError, Tx};
use ocpi_types::{CommandResult, CommandResultType, CommandType, DisplayText, Object};

use super::store::{self, Record};
use crate::App;
use crate::callback::{Callback, State};
use crate::charging_profiles;
use crate::reservations;
use crate::station::{Answer, Command, EvseKey, Stations};

/// How long before the promised time the result TIMEOUT is sent, so that it arrives in time.
fn margin(timeout: u32) -> chrono::TimeDelta {
    chrono::TimeDelta::milliseconds(i64::from(timeout) * 200).min(chrono::TimeDelta::seconds(5))
}

/// A text in English, cut to the length that OCPI allows.
pub(crate) fn english(text: &str) -> DisplayText {
    DisplayText {
        language: "en".into(),
        text: text.chars().take(512).collect::<String>().into(),
        extra: ocpi_types::Extra::default(),
    }
}

/// Passes a command on to its station and sends the result.
pub(super) async fn carry(app: &App, id: &str, evse: &EvseKey, command: Command) {
    let cancels = matches!(command, Command::CancelReservation { .. });
    let answer = app.simulator.send(evse, command).await.unwrap_or_else(|error| {
        tracing::error!(error = error.chain(), %evse, "a command did not reach the station");
        Answer::Failed
    });
    let (result, message) = match answer {
        // There is time yet: see `sweep`.
        Answer::Silent => return,
        Answer::Accepted => (CommandResultType::Accepted, None),
        Answer::Rejected if cancels => {
            (CommandResultType::UnknownReservation, Some("the station knows of no such reservation"))
        }
        Answer::Rejected => (CommandResultType::Rejected, Some("the station refuses")),
        Answer::Reserved => (CommandResultType::Rejected, Some("the EVSE is reserved for somebody else")),
        Answer::Occupied => (CommandResultType::EvseOccupied, Some("somebody else is charging there")),
        Answer::Faulted => (CommandResultType::EvseInoperative, Some("the station is out of order")),
        Answer::NoCable => (CommandResultType::Failed, Some("no cable is plugged in")),
        Answer::NotSupported => (CommandResultType::NotSupported, Some("the station cannot do that")),
        Answer::NoProfile | Answer::Failed => (CommandResultType::Failed, Some("it did not work")),
    };
    finish(app, id, result, message).await;
}

/// Sends TIMEOUT for the commands whose time is nearly over, and gives up on those whose time is over.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let wall = app.party.clock.wall();
    for (id, too_late) in store::overdue(&app.party.db, wall, margin(app.config.command_timeout)).await? {
        if too_late {
            app.party
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        if let Some(record) = claim(tx, &id, &CommandResultType::Timeout).await? {
                            store::save(tx, &record, State::Expired).await?;
                        }
                        Ok::<_, DbError>(())
                    })
                })
                .await?;
        } else {
            finish(app, &id, CommandResultType::Timeout, Some("the station did not answer in time")).await;
        }
    }
    Ok(())
}

/// Takes the result on oneself. A RESERVE_NOW that comes to nothing leaves no trace at the reservation.
async fn claim(tx: &mut Tx, id: &str, result: &CommandResultType) -> Result<Option<Record>, DbError> {
    let record = store::claim(tx, id, result.as_str()).await?;
    let reservation = record.as_ref().filter(|record| record.kind == CommandType::ReserveNow.as_str());
    if let Some(id) = reservation.and_then(|record| record.session_id.as_deref())
        && *result != CommandResultType::Accepted
    {
        reservations::store::refused(tx, id).await?;
    }
    Ok(record)
}

/// Sends the result, unless somebody else has.
pub(super) async fn finish(app: &App, id: &str, result: CommandResultType, message: Option<&str>) {
    if let Err(error) = try_finish(app, id, result, message).await {
        tracing::error!(error = error.chain(), command = id, "the result of a command is lost");
    }
}

async fn try_finish(app: &App, id: &str, result: CommandResultType, message: Option<&str>) -> Result<(), DbError> {
    let (wanted, kind) = (id.to_owned(), result.clone());
    let claimed = app.party.db.write(move |tx| Box::pin(async move { claim(tx, &wanted, &kind).await })).await?;
    let Some(mut record) = claimed else { return Ok(()) };
    let body = CommandResult {
        result,
        message: message.map(english).into_iter().collect(),
        extra: ocpi_types::Extra::default(),
    };
    let callback = Callback {
        peer_id: &record.peer_id,
        to: &record.from,
        from: &record.to,
        response_url: &record.response_url,
        correlation_id: &record.correlation_id,
    };
    let state = match callback.send(app, body.to_json()).await? {
        Ok(()) => State::Sent,
        Err(error) => {
            tracing::warn!(command = id, error, "the result of a command did not get through");
            record.delivery_error = Some(error);
            State::Undelivered
        }
    };
    app.party.db.write(move |tx| Box::pin(async move { store::save(tx, &record, state).await })).await
}

/// Everything about commands and reservations that is due.
pub async fn sweep_all(app: &App) -> Result<(), DbError> {
    sweep(app).await?;
    reservations::sweep::sweep(app).await
}

/// Watches over the promised times until `shutdown` is done.
pub async fn watch(app: App, shutdown: impl Future<Output = ()> + Send) {
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            // Real seconds: the time was promised to somebody who has no part in our story.
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            () = &mut shutdown => return,
        }
        if let Err(error) = sweep_all(&app).await {
            tracing::error!(error = error.chain(), "commands cannot be watched over");
        }
        if let Err(error) = charging_profiles::carry::sweep(&app).await {
            tracing::error!(error = error.chain(), "charging profiles cannot be watched over");
        }
    }
}
