//! Sends our drivers' charging preferences. Spec: mod_sessions, "Sender Interface", "PUT Method", called by us.

use http::Method;
use ocpi_http::{OcpiError, join};
use ocpi_types::pricing::tariff_type_for;
use ocpi_types::{
    Capability, ChargingPreferences, ChargingPreferencesResponse, InterfaceRole, ModuleId, Object, PartyId, Session,
    TariffType,
};

use super::store::{self, SentPreferences};
use crate::charging_profiles::issue::{capable, cpo, ongoing, sender};
use crate::commands::issue::NotSent;
use crate::{App, locations, tariffs};

/// Sends the preferences of the driver of a Session; what the CPO answered is kept with them.
pub async fn send(app: &App, owner: &PartyId, id: &str, wish: &ChargingPreferences) -> Result<(), NotSent> {
    let session = ongoing(app, owner, id).await?;
    if !capable(app, owner, &session, &Capability::ChargingPreferencesCapable).await? {
        return Err(NotSent::Refused(format!("EVSE {} takes no charging preferences", session.evse_uid)));
    }
    if !on_offer(app, owner, &session, wish).await? {
        let what = format!("connector {} has no tariff for {}", session.connector_id, wish.profile_type);
        return Err(NotSent::Refused(what));
    }
    let (peer, endpoint) = cpo(app, owner, &ModuleId::Sessions, &InterfaceRole::Sender).await?;
    let url = join(&endpoint, &[session.id.as_str(), "charging_preferences"])
        .map_err(|error| NotSent::Refused(format!("{}: {error}", peer.name)))?;
    let from = sender(app, &session).await;
    let target = app.party.target(&peer, &from, owner);
    let sent_at = app.party.clock.wall().timestamp_millis();
    let answer = app.party.client.call(&target, Method::PUT, &url, Some(target.body(wish))).await;
    let (response, failure) = match answer {
        Ok(answer) => match answer.data.as_str().map(ChargingPreferencesResponse::from) {
            Some(ChargingPreferencesResponse::Unlisted(_)) | None => {
                (String::new(), format!("the answer is no ChargingPreferencesResponse: {}", answer.data))
            }
            Some(response) => (response.as_str().to_owned(), String::new()),
        },
        Err(error) => (String::new(), error.to_string()),
    };
    let sent = SentPreferences { json: wish.to_json(), sent_at, response, failure };
    store::put_preferences(&app.party.db, owner.clone(), id.to_owned(), sent).await?;
    Ok(())
}

/// Whether the connector has a tariff for this profile type. Where we do not know its tariffs, the CPO will say.
async fn on_offer(
    app: &App,
    owner: &PartyId,
    session: &Session,
    wish: &ChargingPreferences,
) -> Result<bool, OcpiError> {
    let wanted = tariff_type_for(Some(&wish.profile_type));
    let location = locations::store::find(&app.party.db, owner, session.location_id.as_str()).await?;
    let evse = location.and_then(|location| location.evses.into_iter().find(|evse| evse.uid == session.evse_uid));
    let connectors = evse.map(|evse| evse.connectors).unwrap_or_default();
    let Some(connector) = connectors.into_iter().find(|connector| connector.id == session.connector_id) else {
        return Ok(true);
    };
    if wanted == TariffType::Regular || connector.tariff_ids.is_empty() {
        return Ok(true);
    }
    for id in &connector.tariff_ids {
        match tariffs::store::find(&app.party.db, owner, id).await? {
            None => return Ok(true),
            Some(tariff) if tariff.tariff_type.as_ref() == Some(&wanted) => return Ok(true),
            Some(_) => {}
        }
    }
    Ok(false)
}
