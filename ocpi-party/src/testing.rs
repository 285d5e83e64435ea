//! For tests of this crate and of the servers: fresh databases, and what an OpenAPI document must have.

mod openapi;

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Connection, Executor};

pub use openapi::complaints as openapi_complaints;

/// A database of one test's own.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its URL, for [`Db::open`](crate::Db::open) or a configuration.
    pub url: String,
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
    _folder: Option<Folder>,
}

/// A folder that goes away with the test.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A fresh SQLite file, and a fresh PostgreSQL database where `TEST_POSTGRES_URL` names a server on which one may be
/// created (`postgres://user@localhost/postgres`). Without it the PostgreSQL half is skipped, and says so.
///
/// # Panics
/// When a database cannot be created.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite()];
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(admin) if !admin.is_empty() => databases.push(postgres(&admin).await),
        _ => eprintln!("SKIPPED on PostgreSQL: TEST_POSTGRES_URL is not set, only SQLite is tested"),
    }
    databases
}

/// A fresh SQLite file.
///
/// # Panics
/// When the temporary folder cannot be written to.
#[must_use]
pub fn sqlite() -> TestDatabase {
    let folder = std::env::temp_dir().join(format!("ocpi-test-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let url = format!("sqlite:{}", folder.join("test.db").display());
    TestDatabase { url, name: "sqlite", _folder: Some(Folder(folder)) }
}

/// A fresh database on the server of `admin`.
async fn postgres(admin: &str) -> TestDatabase {
    sqlx::any::install_default_drivers();
    let name = format!("ocpi_test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::AnyConnection::connect(admin).await.expect("TEST_POSTGRES_URL names a running server");
    let create = format!("CREATE DATABASE {name}");
    connection.execute(AssertSqlSafe(create)).await.expect("TEST_POSTGRES_URL names a user who may create databases");
    let _ = connection.close().await;
    let mut url = url::Url::parse(admin).expect("TEST_POSTGRES_URL is a URL");
    url.set_path(&name);
    TestDatabase { url: url.to_string(), name: "postgres", _folder: None }
}
