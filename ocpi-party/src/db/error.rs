//! What can go wrong with the database.

use std::sync::Arc;

use ocpi_http::OcpiError;

/// The database failed. Its text is for the log; a peer gets 500 with 3000 and none of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct DbError(Arc<Cause>);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("the database cannot be opened: {0}")]
    Url(String),
    #[error("the database at {url} cannot be opened")]
    Open {
        url: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("the tables of the database cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("a statement failed")]
    Statement(#[source] sqlx::Error),
    #[error("a write panicked: {0}")]
    Panicked(String),
    #[error("the database has been closed")]
    Closed,
    #[error("stored data is not readable: {0}")]
    Corrupt(String),
}

impl DbError {
    fn new(cause: Cause) -> Self {
        Self(Arc::new(cause))
    }

    pub(super) fn url(message: impl Into<String>) -> Self {
        Self::new(Cause::Url(message.into()))
    }

    pub(super) fn open(url: String, source: sqlx::Error) -> Self {
        Self::new(Cause::Open { url, source })
    }

    pub(super) fn panicked(message: String) -> Self {
        Self::new(Cause::Panicked(message))
    }

    pub(super) fn closed() -> Self {
        Self::new(Cause::Closed)
    }

    /// A stored value cannot be read back: somebody else has written to the tables.
    #[must_use]
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::new(Cause::Corrupt(what.into()))
    }

    /// A row with this key exists already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        match &*self.0 {
            Cause::Statement(sqlx::Error::Database(error)) => error.is_unique_violation(),
            _ => false,
        }
    }

    /// The error with its causes, on one line, for logs and terminals.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(&*self.0);
        while let Some(error) = next {
            text = format!("{text}: {error}");
            next = error.source();
        }
        text.replace('\n', " ")
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::new(Cause::Statement(error))
    }
}

impl From<sqlx::migrate::MigrateError> for DbError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::new(Cause::Migrate(error))
    }
}

impl From<DbError> for OcpiError {
    fn from(error: DbError) -> Self {
        OcpiError::internal(error.chain())
    }
}
