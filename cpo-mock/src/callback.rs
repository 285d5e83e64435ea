//! Results that partners are waiting for: one call to the URL that came with the request. Spec: mod_commands and
//! mod_charging_profiles, "Sender Interface".

use http::Method;
use ocpi_party::DbError;
use ocpi_types::PartyId;

use crate::App;

/// How far the result is that a partner waits for, of a command or of a request about a charging profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Refused: there will be no result.
    Refused,
    /// Passed on to the station, or about to be.
    Accepted,
    /// Somebody is sending the result.
    Sending,
    /// The partner has the result.
    Sent,
    /// The result did not get through.
    Undelivered,
    /// The promised time had passed before anybody could send a result.
    Expired,
}

impl State {
    /// As it is kept in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "REFUSED",
            Self::Accepted => "ACCEPTED",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Undelivered => "UNDELIVERED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Where a result goes.
pub(crate) struct Callback<'a> {
    /// The partner.
    pub(crate) peer_id: &'a str,
    /// The party of the partner, as `NL/TNM`.
    pub(crate) to: &'a str,
    /// Our party, as `NL/TNM`.
    pub(crate) from: &'a str,
    /// The URL, as it was given.
    pub(crate) response_url: &'a str,
    /// The id of the conversation.
    pub(crate) correlation_id: &'a str,
}

impl Callback<'_> {
    /// Sends the result, once; why it did not get through is the inner error.
    pub(crate) async fn send(&self, app: &App, body: String) -> Result<Result<(), String>, DbError> {
        let Some(peer) = app.party.peers.get(self.peer_id).await? else {
            return Ok(Err("the partner is gone".to_owned()));
        };
        let Ok(url) = ocpi_http::Url::parse(self.response_url) else {
            return Ok(Err("response_url is no URL".to_owned()));
        };
        let (from, to) = (party(self.from)?, party(self.to)?);
        let mut target = app.party.target(&peer, &from, &to);
        target.correlation_id = Some(self.correlation_id);
        let sent = app.party.client.call(&target, Method::POST, &url, Some(body)).await;
        Ok(sent.map(drop).map_err(|error| error.to_string()))
    }
}

fn party(text: &str) -> Result<PartyId, DbError> {
    text.parse().map_err(|_| DbError::corrupt("a party that waits for a result"))
}
