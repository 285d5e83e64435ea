//! What is left to be done after a reservation has changed: stations that keep an EVSE in vain are told so, EMSPs hear that
//! we have cancelled. Both is noted in the database first, so that it is done after a crash, too.

use ocpi_party::DbError;
use ocpi_types::{CommandResult, CommandResultType, Extra, Object};

use super::{Reservation, store};
use crate::App;
use crate::callback::Callback;
use crate::commands;
use crate::station::{Command, Stations};

/// Does all that is left to be done.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    for (id, evse) in store::to_release(&app.party.db).await? {
        // Whatever the station answers: it keeps the EVSE no longer.
        app.simulator.send(&evse, Command::CancelReservation { reservation_id: id.clone() }).await?;
        let uid = evse.evse_uid.key();
        app.party.db.write(move |tx| Box::pin(async move { store::released(tx, &id, &uid).await })).await?;
    }
    while let Some(reservation) =
        app.party.db.write(|tx| Box::pin(async move { store::claim_notice(tx).await })).await?
    {
        let error = tell(app, &reservation).await?.err();
        if let Some(error) = &error {
            tracing::warn!(
                reservation = reservation.id,
                error,
                "an EMSP does not hear that its reservation is cancelled"
            );
        }
        let id = reservation.id;
        app.party.db.write(move |tx| Box::pin(async move { store::noticed(tx, &id, error).await })).await?;
    }
    Ok(())
}

/// Tells the EMSP that we have cancelled, where it wanted to hear what becomes of its RESERVE_NOW. Spec: mod_commands,
/// "Reservation canceled by the CPO". Like every result this is sent once.
async fn tell(app: &App, reservation: &Reservation) -> Result<Result<(), String>, DbError> {
    let command = match &reservation.terms {
        Some(terms) => commands::store::find(&app.party.db, &terms.command_id).await?,
        None => None,
    };
    let Some(command) = command else { return Ok(Err("its RESERVE_NOW is gone".to_owned())) };
    let body = CommandResult {
        result: CommandResultType::CanceledReservation,
        message: vec![commands::carry::english("the reservation is cancelled: the charge point cannot be used")],
        extra: Extra::default(),
    };
    let callback = Callback {
        peer_id: &command.peer_id,
        to: &command.from,
        from: &command.to,
        response_url: &command.response_url,
        correlation_id: &command.correlation_id,
    };
    callback.send(app, body.to_json()).await
}
