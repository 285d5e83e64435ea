//! Who was allowed to charge, and how that was decided.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{AuthMethod, CdrToken, CiString, DateTime, ProfileType, Token, TokenType};
use serde::{Deserialize, Serialize};

use crate::station::Authorized;

/// A permission to charge. Its id becomes that of the transaction, of the Session and of the CDR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Authorization {
    /// Its name.
    pub id: String,
    /// The Token, as it will be in the Session and the CDR.
    pub cdr_token: CdrToken,
    /// Tokens of one group work as one.
    pub group_id: Option<CiString<36>>,
    /// How it was decided.
    pub method: AuthMethod,
    /// The EMSP's own name for the permission, where it gave one.
    pub reference: Option<CiString<36>>,
    /// The partner who pays.
    pub peer_id: String,
    /// `Token.default_profile_type`: how the driver wants to be charged, as long as nothing else is said.
    #[serde(default)]
    pub profile_type: Option<ProfileType>,
}

impl Authorization {
    /// The permission for a Token.
    #[must_use]
    pub fn new(id: String, token: &Token, method: AuthMethod, reference: Option<CiString<36>>, peer_id: &str) -> Self {
        Self {
            id,
            cdr_token: snapshot(token),
            group_id: token.group_id.clone(),
            method,
            reference,
            peer_id: peer_id.to_owned(),
            profile_type: token.default_profile_type.clone(),
        }
    }

    /// The part that travels through the station. The Token of an app is no card that could be held to it: its uid may be
    /// that of somebody's card.
    #[must_use]
    pub fn authorized(&self) -> Authorized {
        let is_card = !matches!(self.cdr_token.token_type, TokenType::AppUser | TokenType::AdHocUser);
        let uid = if is_card { self.cdr_token.uid.as_str() } else { "" };
        Authorized { id: self.id.clone(), uid: uid.to_owned() }
    }

    /// Whether this Token works as one with the Token that is charging.
    #[must_use]
    pub fn is_of_group(&self, token: &Token) -> bool {
        self.group_id.is_some()
            && token.group_id == self.group_id
            && token.country_code == self.cdr_token.country_code
            && token.party_id == self.cdr_token.party_id
    }
}

/// The Token as it is kept in Sessions and CDRs. Spec: mod_cdrs, "CdrToken".
#[must_use]
pub fn snapshot(token: &Token) -> CdrToken {
    CdrToken {
        country_code: token.country_code.clone(),
        party_id: token.party_id.clone(),
        uid: token.uid.clone(),
        token_type: token.token_type.clone(),
        contract_id: token.contract_id.clone(),
        extra: ocpi_types::Extra::default(),
    }
}

/// Remembers a permission. One that uses a reservation has the name of that, and takes the place of what was known.
pub async fn save(tx: &mut Tx, authorization: &Authorization, now: DateTime) -> Result<(), DbError> {
    let json = serde_json::to_string(authorization).map_err(|error| DbError::corrupt(error.to_string()))?;
    sqlx::query("INSERT INTO authorizations (id, created_at, json) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET json = excluded.json")
        .bind(&authorization.id)
        .bind(now.timestamp_millis())
        .bind(json)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A permission given earlier.
pub async fn load(tx: &mut Tx, id: &str) -> Result<Option<Authorization>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM authorizations WHERE id = $1").bind(id).fetch_optional(&mut **tx).await?;
    json.map(|json| parse(&json)).transpose()
}

/// The same outside of a write.
pub async fn read(db: &Db, id: &str) -> Result<Option<Authorization>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM authorizations WHERE id = $1").bind(id).fetch_optional(db.read()).await?;
    json.map(|json| parse(&json)).transpose()
}

fn parse(json: &str) -> Result<Authorization, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("authorizations.json: {error}")))
}
