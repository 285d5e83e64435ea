//! What every OCPI party has whatever its role: peers and their tokens, versions, the credentials handshake, storage,
//! staying in sync with peers, configuration and telemetry.

pub mod db;
pub mod objects;

pub use db::{Backend, Db, DbError, Tx};
pub use objects::{NewObject, ObjectTable, Scope, Stored, StoredPage, Upserted};
