//! Names for new objects.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Makes ids that nobody else makes. Seeded, it makes the same ones again: for tests and demonstrations.
#[derive(Debug, Clone)]
pub struct Ids(Arc<Mutex<StdRng>>);

impl Ids {
    /// Ids that cannot be guessed.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// The ids that belong to `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A UUID: 36 characters, as OCPI's ids allow.
    #[must_use]
    pub fn next(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).random::<[u8; 16]>();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
