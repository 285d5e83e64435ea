//! Opening a database and bringing its tables up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, Connection, Executor};

use super::{Backend, DbError};

static PARTY: Migrator = sqlx::migrate!();

/// How long a statement waits for another process that holds SQLite's write lock, and a caller for a free connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// Readers of a SQLite file: more than the cores of a small machine gain nothing, each costs a thread and some memory.
const SQLITE_READERS: u32 = 4;

/// How long to wait before tables are brought up to date a second time.
const MIGRATE_AGAIN: Duration = Duration::from_millis(300);

/// Connections of one instance to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 10;

pub(super) struct Opened {
    pub(super) backend: Backend,
    pub(super) readers: AnyPool,
    pub(super) writer: AnyPool,
}

pub(super) async fn open(url: &str, migrations: &[&'static Migrator]) -> Result<Opened, DbError> {
    sqlx::any::install_default_drivers();
    let opened = if let Some(path) = url.strip_prefix("sqlite:") {
        open_sqlite(path.strip_prefix("//").unwrap_or(path)).await?
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        open_postgres(url).await?
    } else {
        return Err(DbError::url(format!(
            "{:?} is no database URL; write sqlite:path/to/file.db or postgres://user:password@host/database",
            without_password(url)
        )));
    };
    for migrator in std::iter::once(&PARTY).chain(migrations.iter().copied()) {
        let mut migrator = Migrator::with_migrations(migrator.iter().cloned().collect());
        // Each migrator finds the tables of the others, which it does not know.
        migrator.set_ignore_missing(true);
        if let Err(error) = migrator.run(&opened.writer).await {
            // SQLite has no lock for this: another process may have created the same tables at the same moment.
            tracing::debug!(%error, "migrating again");
            tokio::time::sleep(MIGRATE_AGAIN).await;
            migrator.run(&opened.writer).await?;
        }
    }
    Ok(opened)
}

async fn open_sqlite(path: &str) -> Result<Opened, DbError> {
    if path.is_empty() || path.contains(":memory:") {
        return Err(DbError::url("a database in memory would forget its peers; write sqlite:path/to/file.db"));
    }
    let path = path.split_once('?').map_or(path, |(path, _options)| path);
    let absolute = std::path::absolute(path).map_err(|e| DbError::open(path.to_owned(), e.into()))?;
    if let Some(folder) = absolute.parent() {
        std::fs::create_dir_all(folder).map_err(|e| DbError::open(absolute.display().to_string(), e.into()))?;
    }
    let options = sqlite_options(&absolute)?;
    let failed = |e| DbError::open(absolute.display().to_string(), e);
    // A pool would try again and again to open what is no database; a server that is starting wants to know at once.
    let mut probe = AnyConnection::connect_with(&options).await.map_err(failed)?;
    prepare(&mut probe, false).await.map_err(failed)?;
    probe.close().await.map_err(failed)?;
    // The writer first: it creates the file and sets the journal mode, which needs a lock.
    let writer = sqlite_pool(1, false).connect_with(options.clone()).await;
    let writer = writer.map_err(failed)?;
    let readers = sqlite_pool(SQLITE_READERS, true).connect_lazy_with(options);
    Ok(Opened { backend: Backend::Sqlite, readers, writer })
}

fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, DbError> {
    use sqlx::ConnectOptions;
    // By way of the typed options, because they know how to write any path as a URL.
    let url = SqliteConnectOptions::new().filename(path).create_if_missing(true).to_url_lossy();
    AnyConnectOptions::from_url(&url).map_err(|e| DbError::open(path.display().to_string(), e))
}

fn sqlite_pool(size: u32, read_only: bool) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up.
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(prepare(connection, read_only)))
}

/// The `Any` driver passes none of these; they hold per connection.
async fn prepare(connection: &mut AnyConnection, read_only: bool) -> Result<(), sqlx::Error> {
    // The time-out first: setting the journal mode may have to wait for another process already.
    let timeout = format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis());
    connection.execute(sqlx::AssertSqlSafe(timeout)).await?;
    connection.execute("PRAGMA journal_mode = WAL").await?;
    connection.execute("PRAGMA synchronous = FULL").await?;
    connection.execute("PRAGMA foreign_keys = ON").await?;
    connection.execute("PRAGMA temp_store = MEMORY").await?;
    if read_only {
        connection.execute("PRAGMA query_only = ON").await?;
    }
    Ok(())
}

async fn open_postgres(url: &str) -> Result<Opened, DbError> {
    use std::str::FromStr;
    let failed = |e| DbError::open(without_password(url), e);
    let options = AnyConnectOptions::from_str(url).map_err(failed)?;
    // A pool would keep knocking where nobody listens; a server that is starting wants to know at once.
    AnyConnection::connect_with(&options).await.map_err(failed)?.close().await.map_err(failed)?;
    let pool = AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(failed)?;
    Ok(Opened { backend: Backend::Postgres, readers: pool.clone(), writer: pool })
}

/// The URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("postgres://me:secret@db:5432/emsp"), "postgres://…@db:5432/emsp");
        assert_eq!(without_password("sqlite:emsp.db"), "sqlite:emsp.db");
    }
}
