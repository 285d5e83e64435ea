//! The data that comes with the program: some 40 stations of two invented operators, with their tariffs.

use ocpi_party::{ConfigError, Party, StartError};
use ocpi_types::{Location, Tariff};

use crate::import::{self, ImportError, Importable, Progress};
use crate::locations;

const LOCATIONS: &[u8] = include_bytes!("../../examples/data/locations.json");
const TARIFFS: &[u8] = include_bytes!("../../examples/data/tariffs.json");

/// Loads the data unless there are Locations already.
pub(crate) async fn fill(party: &Party) -> Result<(), StartError> {
    if !locations::store::places(&party.db, None, None, 0, 1).await?.is_empty() {
        return Ok(());
    }
    // Locations first: the names of the operators are in them.
    load::<Location>(party, LOCATIONS).await?;
    load::<Tariff>(party, TARIFFS).await
}

async fn load<T: Importable>(party: &Party, data: &'static [u8]) -> Result<(), StartError> {
    match import::import::<T>(party, data, None, &Progress::silent()).await {
        Ok(_) => Ok(()),
        Err(ImportError::Db(error)) => Err(error.into()),
        Err(ImportError::File(error)) => Err(ConfigError::new(format!("the demo data is broken: {error}")).into()),
    }
}
