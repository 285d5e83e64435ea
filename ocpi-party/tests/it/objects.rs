//! Lists of objects: order, filters, who sees what, what is stale.

use ocpi_http::ListQuery;
use ocpi_party::testing::databases;
use ocpi_party::{Db, DbError, NewObject, Scope, Upserted};
use ocpi_types::{DateTime, PartyId};

use crate::support::{LOCATIONS, MIGRATIONS, at};

struct Row {
    owner: &'static str,
    id: &'static str,
    audience: &'static str,
    updated: &'static str,
}

const fn row(owner: &'static str, id: &'static str, audience: &'static str, updated: &'static str) -> Row {
    Row { owner, id, audience, updated }
}

async fn put(db: &Db, row: Row) -> Upserted {
    let done: Result<_, DbError> = db
        .write(move |tx| {
            Box::pin(async move {
                let owner: PartyId = row.owner.parse().unwrap();
                let last_updated: DateTime = at(row.updated);
                let json = format!("{{\"id\":\"{}\",\"at\":\"{}\"}}", row.id, row.updated);
                let new = NewObject {
                    owner: &owner,
                    id: row.id,
                    audience: row.audience,
                    peer_id: "",
                    last_updated,
                    json: &json,
                };
                let seq = tx.seq();
                LOCATIONS.upsert(tx, seq, &new).await
            })
        })
        .await;
    done.unwrap()
}

async fn page(db: &Db, scope: &Scope, query: ListQuery, limit: u64) -> (Vec<String>, u64) {
    let page = LOCATIONS.page(db, scope, &query, limit).await.unwrap();
    let id =
        |json: &String| serde_json::from_str::<serde_json::Value>(json).unwrap()["id"].as_str().unwrap().to_owned();
    (page.items.iter().map(id).collect(), page.total)
}

const DAY1: &str = "2026-01-01T00:00:00Z";
const DAY2: &str = "2026-01-02T00:00:00Z";
const DAY3: &str = "2026-01-03T00:00:00Z";

#[tokio::test]
async fn lists_are_in_the_order_of_creation_and_count_what_the_filters_let_through() {
    // Proves: TRN-026, TRN-027, TRN-029, TRN-057
    for database in databases().await {
        let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        for new in [
            row("NL/TNM", "c", "", DAY3),
            row("NL/TNM", "a", "", DAY1),
            row("DE/ABC", "b", "", DAY2),
            row("NL/TNM", "only-p1", "p1", DAY2),
        ] {
            assert_eq!(put(&db, new).await, Upserted::Created);
        }
        // An update does not move an object within the list.
        assert_eq!(put(&db, row("NL/TNM", "C", "", DAY3)).await, Upserted::Replaced);
        let all = Scope::everything();
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(page(&db, &all, ListQuery::default(), 10).await, (names(&["C", "a", "b", "only-p1"]), 4));
        let second = ListQuery { offset: 1, ..Default::default() };
        assert_eq!(page(&db, &all, second, 2).await, (names(&["a", "b"]), 4));
        let beyond = ListQuery { offset: 10, ..Default::default() };
        assert_eq!(page(&db, &all, beyond, 2).await, (names(&[]), 4));

        let from = ListQuery { date_from: Some(at(DAY2)), ..Default::default() };
        assert_eq!(page(&db, &all, from, 10).await, (names(&["C", "b", "only-p1"]), 3), "date_from is inclusive");
        let window = ListQuery { date_from: Some(at(DAY1)), date_to: Some(at(DAY2)), ..Default::default() };
        assert_eq!(page(&db, &all, window, 10).await, (names(&["a"]), 1), "date_to is exclusive");

        assert_eq!(page(&db, &Scope::visible_to("p1"), ListQuery::default(), 10).await.1, 4);
        assert_eq!(page(&db, &Scope::visible_to("p2"), ListQuery::default(), 10).await.1, 3);
        let of = |party: &str| Scope::visible_to("p2").owned_by(Some(party.parse().unwrap()));
        assert_eq!(page(&db, &of("nl/tnm"), ListQuery::default(), 10).await, (names(&["C", "a"]), 2));
        assert_eq!(page(&db, &of("DE/ABC"), ListQuery::default(), 10).await, (names(&["b"]), 1));
    }
}

#[tokio::test]
async fn an_older_state_changes_nothing() {
    for database in databases().await {
        let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
        let owner = PartyId::new("NL", "TNM");
        put(&db, row("NL/TNM", "loc1", "", DAY2)).await;
        let first = LOCATIONS.get(&db, &owner, "LOC1").await.unwrap().unwrap();
        assert_eq!(put(&db, row("NL/TNM", "loc1", "p1", DAY1)).await, Upserted::Stale);
        assert_eq!(LOCATIONS.get(&db, &owner, "LOC1").await.unwrap().unwrap(), first);
        assert!(first.is_visible_to("p2"));

        let seen: Option<ocpi_party::Stored> = db
            .write(|tx| {
                Box::pin(async move {
                    let owner = PartyId::new("nl", "tnm");
                    assert!(LOCATIONS.delete(tx, &owner, "Loc1").await?);
                    assert!(!LOCATIONS.delete(tx, &owner, "Loc1").await?, "there is nothing left to delete");
                    LOCATIONS.get_in(tx, &owner, "loc1").await
                })
            })
            .await
            .map_err(|error: DbError| error.chain())
            .unwrap();
        assert_eq!(seen, None);
        assert_eq!(page(&db, &Scope::everything(), ListQuery::default(), 10).await.1, 0);
        assert_eq!(put(&db, row("NL/TNM", "loc1", "", DAY1)).await, Upserted::Stale, "stays deleted");
        assert_eq!(put(&db, row("NL/TNM", "loc1", "", DAY3)).await, Upserted::Created, "is there again");
        let again = LOCATIONS.get(&db, &owner, "LOC1").await.unwrap().unwrap();
        assert!(again.seq > first.seq, "and new in the list");
    }
}

#[tokio::test]
async fn counting_and_skipping_read_no_json() {
    let database = ocpi_party::testing::sqlite();
    let db = Db::open(&database.url, &[&MIGRATIONS]).await.unwrap();
    for condition in ["deleted = 0", "deleted = 0 AND owner = 'NL/TNM' AND (audience = '' OR audience = 'p')"] {
        for sql in [
            format!("SELECT COUNT(*) FROM locations WHERE {condition}"),
            format!("SELECT seq FROM locations WHERE {condition} ORDER BY seq LIMIT 50 OFFSET 100"),
        ] {
            let plan: Vec<sqlx::any::AnyRow> = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .fetch_all(db.read())
                .await
                .unwrap();
            let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
            assert!(plan.iter().all(|step| step.contains("COVERING INDEX")), "{sql}: {plan:?}");
        }
    }
    // The rows of a page are found by their places, one by one.
    let page = "SELECT json FROM locations WHERE seq IN (SELECT seq FROM locations WHERE deleted = 0 ORDER BY seq LIMIT 50 \
                OFFSET 100) ORDER BY seq";
    let plan =
        sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {page}"))).fetch_all(db.read()).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
    assert!(plan[0].contains("SEARCH locations USING INDEX locations_list (seq=?)"), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY")), "{plan:?}");
}
