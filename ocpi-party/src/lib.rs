//! What every OCPI party has whatever its role: peers, credentials, storage, synchronisation
