//! The one door: atomic, durable, and not to be held up by one bad job.

use ocpi_party::testing::{databases, sqlite};
use ocpi_party::{Backend, Db, DbError, Tx};

use crate::support::MIGRATIONS;

async fn insert(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    tx.touch("locations");
    let seq = tx.seq();
    sqlx::query("INSERT INTO locations (owner, id, seq, last_updated, json) VALUES ('NL/TNM', $1, $2, 0, '{}')")
        .bind(id)
        .bind(seq)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn ids(db: &Db) -> Vec<String> {
    sqlx::query_scalar("SELECT id FROM locations ORDER BY seq").fetch_all(db.read()).await.unwrap()
}

#[tokio::test]
async fn a_snapshot_shows_one_moment_whatever_is_written_meanwhile() {
    for database in databases().await {
        let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        let add = async |id: &'static str| {
            let added: Result<(), DbError> = db.write(move |tx| Box::pin(insert(tx, id))).await;
            added.unwrap();
        };
        add("BEFORE").await;
        let mut view = db.snapshot().await.unwrap();
        for _ in 0..2 {
            let query = sqlx::query_scalar("SELECT id FROM locations ORDER BY seq");
            let seen: Vec<String> = query.fetch_all(&mut *view).await.unwrap();
            assert_eq!(seen, ["BEFORE"], "{}", database.name);
            if ids(&db).await.len() == 1 {
                add("MEANWHILE").await;
            }
        }
        assert_eq!(ids(&db).await, ["BEFORE", "MEANWHILE"], "{}", database.name);
        view.commit().await.unwrap();
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_job_takes_nothing_with_it_but_itself() {
    for database in databases().await {
        let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        let jobs: Vec<_> = (0..200)
            .map(|i| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(move |tx| {
                        Box::pin(async move {
                            insert(tx, &format!("L{i}")).await?;
                            match i % 10 {
                                3 => Err(DbError::corrupt("refused")),
                                // The same key again: the statement fails, and with it the job.
                                5 => insert(tx, &format!("L{i}")).await,
                                7 => panic!("job {i} panics"),
                                _ => Ok(()),
                            }
                        })
                    })
                    .await
                })
            })
            .collect();
        let mut good = 0;
        for (i, job) in jobs.into_iter().enumerate() {
            let result: Result<(), DbError> = job.await.unwrap();
            assert_eq!(result.is_ok(), !matches!(i % 10, 3 | 5 | 7), "{} {i}: {result:?}", database.name);
            if let Err(error) = &result {
                assert_eq!(error.is_unique_violation(), i % 10 == 5, "{error:?}");
            }
            good += usize::from(result.is_ok());
        }
        let stored = ids(&db).await;
        assert_eq!((good, stored.len()), (140, 140), "{}", database.name);
        assert!(stored.iter().all(|id| !id.ends_with(['3', '5', '7'])), "{stored:?}");
        db.close().await;
    }
}

#[tokio::test]
async fn a_job_ends_even_when_its_caller_goes_away() {
    for database in databases().await {
        let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        let (begun, wait) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let (tell, go) = (begun.0, wait.1);
        let (mine, theirs) = (db.clone(), db.clone());
        let caller = tokio::spawn(async move {
            mine.write(move |tx| {
                Box::pin(async move {
                    let _ = tell.send(());
                    let _ = go.await;
                    insert(tx, "KEPT").await
                })
            })
            .await
        });
        begun.1.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        drop(wait.0);
        // Queued behind the other on SQLite, independent of it on PostgreSQL: closing waits for both.
        let done: Result<(), DbError> = theirs.write(|tx| Box::pin(async move { insert(tx, "LATER").await })).await;
        done.unwrap();
        db.close().await;
        let again = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        let mut stored = ids(&again).await;
        stored.sort();
        assert_eq!(stored, ["KEPT", "LATER"], "{}", database.name);
    }
}

#[tokio::test]
async fn nothing_can_be_written_past_the_door_on_sqlite() {
    let database = sqlite();
    let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
    assert_eq!(db.backend(), Backend::Sqlite);
    assert!(sqlx::query("DELETE FROM peers").execute(db.read()).await.is_err());
    for (pragma, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
        let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        let value: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(db.read()).await.unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    let timeout: i64 =
        sqlx::query_scalar("SELECT timeout FROM pragma_busy_timeout").fetch_one(db.read()).await.unwrap();
    assert!(timeout >= 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_write_to_one_database() {
    for database in databases().await {
        // Two handles behave like two processes: nothing is shared but the database.
        let handles = [
            Db::open(&database.url, &[&MIGRATIONS]).await.unwrap(),
            Db::open(&database.url, &[&MIGRATIONS]).await.unwrap(),
        ];
        let jobs: Vec<_> = (0..100)
            .map(|i| {
                let db = handles[i % 2].clone();
                tokio::spawn(async move {
                    let written: Result<(), DbError> =
                        db.write(move |tx| Box::pin(async move { insert(tx, &format!("L{i}")).await })).await;
                    written.unwrap();
                })
            })
            .collect();
        for job in jobs {
            job.await.unwrap();
        }
        assert_eq!(ids(&handles[0]).await.len(), 100, "{}", database.name);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_which_and_why() {
    for (url, expected) in [
        ("mysql://somewhere/db", "is no database URL"),
        ("sqlite::memory:", "would forget its peers"),
        ("sqlite:/proc/no/such/folder/x.db", "/proc/no/such/folder"),
        ("postgres://me:secret@127.0.0.1:1/none", "postgres://…@127.0.0.1:1/none"),
    ] {
        let error = Db::open(url, &[]).await.unwrap_err().chain();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("secret") && !error.contains('\n'), "{error}");
    }
}
