//! Thousands of real locations: imported, fetched page by page, and compared object by object.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sqlx::Row;
use tempfile::TempDir;

use crate::kill::register;
use crate::process::{Server, binary, free_port};

fn real_data() -> Option<PathBuf> {
    let folder = std::env::var_os("OCPI_REAL_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: set OCPI_REAL_DATA to a folder with nl-locations.json.gz and nl-tariffs.json.gz");
    }
    folder
}

fn import(kind: &str, file: &Path, database: &str) -> Value {
    let Output { status, stdout, stderr } = Command::new(binary("cpo-mock"))
        .args(["import", kind])
        .arg(file)
        .args(["--json", "--database", database])
        .output()
        .unwrap();
    let code = status.code();
    assert!(matches!(code, Some(0 | 6)), "exit code {code:?}: {}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap()
}

/// Every stored object of a table, by owner and id.
async fn objects(db: &ocpi_party::Db, table: &str) -> Vec<(String, String, Value)> {
    let sql = format!("SELECT owner, id, json FROM {table} WHERE deleted = 0 ORDER BY owner, id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(db.read()).await.unwrap();
    rows.iter()
        .map(|row| {
            let json: String = row.get("json");
            (row.get("owner"), row.get("id"), serde_json::from_str(&json).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn all_real_locations_and_tariffs_arrive_as_they_were_imported() {
    let Some(data) = real_data() else { return };
    let folder = TempDir::new().unwrap();
    let database = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let locations = import("locations", &data.join("nl-locations.json.gz"), &database("cpo-mock.db"));
    let tariffs = import("tariffs", &data.join("nl-tariffs.json.gz"), &database("cpo-mock.db"));
    for (summary, expected) in [(&locations, 6193), (&tariffs, 938)] {
        let faulty = summary["faulty"].as_array().unwrap();
        // Loaded, the same object once more, or named with the reason.
        let accounted = ["created", "replaced", "unchanged"].iter().map(|n| summary[n].as_u64().unwrap()).sum::<u64>();
        assert_eq!(summary["read"], expected);
        assert_eq!(accounted + faulty.len() as u64, expected, "{summary}");
        for refused in faulty {
            eprintln!("not loaded: {refused}");
            assert!(!refused["faults"].as_array().unwrap().is_empty(), "{refused}");
        }
    }

    let cpo = Server::start("cpo-mock", free_port(), folder.path(), &[]).await;
    let emsp = Server::start("emsp", free_port(), folder.path(), &[]).await;
    register(&emsp, &cpo).await;

    let open = async |name: &str| ocpi_party::Db::open(&database(name), &[]).await.unwrap();
    let (cpo_db, emsp_db) = (open("cpo-mock.db").await, open("emsp.db").await);
    for table in ["locations", "tariffs"] {
        let (here, there) = (objects(&cpo_db, table).await, objects(&emsp_db, table).await);
        assert!(!here.is_empty());
        assert_eq!(here.len(), there.len(), "number of {table}");
        for (ours, theirs) in here.iter().zip(&there) {
            assert_eq!(ours, theirs, "{table} differ");
        }
    }
}
