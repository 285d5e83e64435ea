//! What can be imported.

use ocpi_party::{DbError, Tx, Upserted};
use ocpi_types::{BusinessDetails, Location, Object, PartyId, Tariff};
use serde_json::Value;

use crate::{locations, tariffs};

/// Which objects a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Locations with their EVSEs and Connectors.
    Locations,
    /// Tariffs.
    Tariffs,
}

/// An object that can be imported.
pub trait Importable: Object + Send + 'static {
    /// The party that owns it.
    fn owner(&self) -> PartyId;
    /// Its id, in upper case.
    fn key(&self) -> String;
    /// Makes another party its owner.
    fn hand_over(&mut self, owner: &PartyId);
    /// What it says about its operator.
    fn operator(&self) -> Option<BusinessDetails>;
    /// Whether exactly this is stored already.
    fn is_stored(&self, tx: &mut Tx) -> impl Future<Output = Result<bool, DbError>> + Send;
    /// Stores it and marks the partners.
    fn store(&self, tx: &mut Tx) -> impl Future<Output = Result<Upserted, DbError>> + Send;

    /// The owner and id of a faulty object, as far as they can be read.
    #[must_use]
    fn name_of(json: &Value) -> String {
        let text = |field: &str| json.get(field).and_then(Value::as_str).unwrap_or("?");
        format!("{}/{} {}", text("country_code"), text("party_id"), text("id"))
    }
}

impl Importable for Location {
    fn owner(&self) -> PartyId {
        locations::store::owner_of(self)
    }

    fn key(&self) -> String {
        self.id.key()
    }

    fn hand_over(&mut self, owner: &PartyId) {
        self.country_code = owner.country_code.clone();
        self.party_id = owner.party_id.clone();
    }

    fn operator(&self) -> Option<BusinessDetails> {
        self.operator.clone()
    }

    async fn is_stored(&self, tx: &mut Tx) -> Result<bool, DbError> {
        let stored = locations::store::TABLE.get_in(tx, &self.owner(), self.id.as_str()).await?;
        Ok(stored.is_some_and(|stored| stored.json == self.to_json()))
    }

    async fn store(&self, tx: &mut Tx) -> Result<Upserted, DbError> {
        locations::store::put(tx, self, false).await
    }
}

impl Importable for Tariff {
    fn owner(&self) -> PartyId {
        tariffs::store::owner_of(self)
    }

    fn key(&self) -> String {
        self.id.key()
    }

    fn hand_over(&mut self, owner: &PartyId) {
        self.country_code = owner.country_code.clone();
        self.party_id = owner.party_id.clone();
    }

    fn operator(&self) -> Option<BusinessDetails> {
        None
    }

    async fn is_stored(&self, tx: &mut Tx) -> Result<bool, DbError> {
        let stored = tariffs::store::TABLE.get_in(tx, &self.owner(), self.id.as_str()).await?;
        Ok(stored.is_some_and(|stored| stored.json == self.to_json()))
    }

    async fn store(&self, tx: &mut Tx) -> Result<Upserted, DbError> {
        tariffs::store::put(tx, self).await
    }
}
