//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, ObjectTable, Tx};
use ocpi_types::{Cdr, CiString, Object, PartyId, Report};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::check::{CdrFinding, CheckVerdict, check};
use super::check_credit::duplicates;
use super::known;
use crate::{App, receive};

/// The stored CDRs.
pub const TABLE: ObjectTable = ObjectTable::new("cdrs");

/// What became of a CDR that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new.
    New,
    /// We have it already, just like this.
    Same,
    /// We have another one with this id, and keep that.
    Different,
}

/// A check as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCheck {
    /// `FINE`, `WARNING` or `PROBLEM`.
    pub verdict: String,
    /// The findings as JSON.
    pub findings: String,
    /// When it was made, in milliseconds since 1970.
    pub checked_at: i64,
}

/// The CDR, if we have it.
pub async fn find(db: &Db, owner: &PartyId, id: &str) -> Result<Option<Cdr>, OcpiError> {
    let Some(stored) = TABLE.get(db, owner, id).await? else { return Ok(None) };
    read(&stored.json).map(Some)
}

fn read(json: &str) -> Result<Cdr, OcpiError> {
    serde_json::from_str(json).map_err(|_| receive::unreadable("a CDR"))
}

/// Checks and stores a CDR, unless there is one with its id. `form` is what was tolerated in reading it.
pub async fn take(app: &App, owner: PartyId, peer_id: String, cdr: Cdr, form: &Report) -> Result<Taken, OcpiError> {
    let json = cdr.to_json();
    if let Some(stored) = TABLE.get(&app.party.db, &owner, cdr.id.as_str()).await? {
        return Ok(compare(&stored.json, &json));
    }
    let known = known::gather(app, &owner, &cdr).await?;
    let mut findings = check(&cdr, form, &known);
    let checked_at = known.now.timestamp_millis();
    let concerned = cdr.is_credit().then(|| (owner.clone(), cdr.session_id.clone())).and_then(|(o, s)| Some((o, s?)));
    let taken = app
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                // Within the transaction, so that two CDRs for one session cannot overlook each other.
                duplicates(&cdr, &same_session(tx, &owner, &cdr).await?, &mut findings);
                if insert(tx, &owner, &peer_id, &cdr, &json, &findings, checked_at).await? {
                    let verdict = CheckVerdict::of(&findings).as_str();
                    metrics::counter!("emsp_cdrs_total", "verdict" => verdict).increment(1);
                    return Ok::<_, OcpiError>(Taken::New);
                }
                let stored = TABLE.get_in(tx, &owner, cdr.id.as_str()).await?;
                Ok(stored.map_or(Taken::Different, |stored| compare(&stored.json, &json)))
            })
        })
        .await?;
    // What seemed to be billed twice may have been put right by this one.
    if let (Taken::New, Some((owner, session_id))) = (taken, concerned) {
        for (cdr, stored) in of_session(&app.party.db, &owner, session_id.as_str()).await? {
            if stored.verdict == CheckVerdict::Problem.as_str() {
                Box::pin(check_again(app, owner.clone(), cdr.id.key())).await?;
            }
        }
    }
    Ok(taken)
}

fn compare(stored: &str, new: &str) -> Taken {
    if stored == new || read(stored).ok() == read(new).ok() { Taken::Same } else { Taken::Different }
}

fn session_key(cdr: &Cdr) -> String {
    cdr.session_id.as_ref().map(CiString::key).unwrap_or_default()
}

async fn same_session(tx: &mut Tx, owner: &PartyId, cdr: &Cdr) -> Result<Vec<Cdr>, OcpiError> {
    if cdr.session_id.is_none() {
        return Ok(Vec::new());
    }
    let found: Vec<String> =
        sqlx::query_scalar("SELECT json FROM cdrs WHERE owner = $1 AND session_id = $2 ORDER BY seq")
            .bind(owner.key())
            .bind(session_key(cdr))
            .fetch_all(&mut **tx)
            .await
            .map_err(DbError::from)?;
    found.iter().map(|json| read(json)).collect()
}

/// The CDRs of a session with their checks, in the order in which they came.
pub async fn of_session(db: &Db, owner: &PartyId, session_id: &str) -> Result<Vec<(Cdr, StoredCheck)>, OcpiError> {
    let rows = sqlx::query(
        "SELECT json, verdict, findings, checked_at FROM cdrs \
         WHERE owner = $1 AND session_id = $2 AND session_id <> '' ORDER BY seq",
    )
    .bind(owner.key())
    .bind(session_id.to_ascii_uppercase())
    .fetch_all(db.read())
    .await
    .map_err(DbError::from)?;
    rows.iter()
        .map(|row| {
            let json: String = row.try_get("json").map_err(DbError::from)?;
            Ok((read(&json)?, read_check(row)?))
        })
        .collect()
}

fn findings_json(findings: &[CdrFinding]) -> Result<String, DbError> {
    serde_json::to_string(findings).map_err(|_| DbError::corrupt("findings"))
}

/// `false` when there is a CDR with this id.
async fn insert(
    tx: &mut Tx,
    owner: &PartyId,
    peer_id: &str,
    cdr: &Cdr,
    json: &str,
    findings: &[CdrFinding],
    checked_at: i64,
) -> Result<bool, DbError> {
    tx.touch(TABLE.name);
    let seq = tx.seq();
    let stored: Option<i64> = sqlx::query_scalar(
        "INSERT INTO cdrs (owner, id, peer_id, seq, last_updated, json, session_id, verdict, findings, checked_at, \
         authorization_reference) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (owner, id) DO NOTHING RETURNING seq",
    )
    .bind(owner.key())
    .bind(cdr.id.key())
    .bind(peer_id)
    .bind(seq)
    .bind(cdr.last_updated.timestamp_millis())
    .bind(json)
    .bind(session_key(cdr))
    .bind(CheckVerdict::of(findings).as_str())
    .bind(findings_json(findings)?)
    .bind(checked_at)
    .bind(cdr.authorization_reference.as_ref().map(CiString::key).unwrap_or_default())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(stored.is_some())
}

/// Checks a stored CDR again: what was missing (its session, a tariff) may have arrived. `None` when there is no such CDR.
pub async fn check_again(app: &App, owner: PartyId, id: String) -> Result<Option<StoredCheck>, OcpiError> {
    let Some(cdr) = find(&app.party.db, &owner, &id).await? else { return Ok(None) };
    let known = known::gather(app, &owner, &cdr).await?;
    let mut findings = check(&cdr, &cdr.validate(), &known);
    let checked_at = known.now.timestamp_millis();
    app.party
        .db
        .write(move |tx| {
            Box::pin(async move {
                tx.touch(TABLE.name);
                duplicates(&cdr, &same_session(tx, &owner, &cdr).await?, &mut findings);
                let check = StoredCheck {
                    verdict: CheckVerdict::of(&findings).as_str().to_owned(),
                    findings: findings_json(&findings)?,
                    checked_at,
                };
                sqlx::query(
                    "UPDATE cdrs SET verdict = $3, findings = $4, checked_at = $5 WHERE owner = $1 AND id = $2",
                )
                .bind(owner.key())
                .bind(cdr.id.key())
                .bind(check.verdict.as_str())
                .bind(check.findings.as_str())
                .bind(check.checked_at)
                .execute(&mut **tx)
                .await
                .map_err(DbError::from)?;
                Ok(Some(check))
            })
        })
        .await
}

/// What a reservation cost, as JSON: the CDRs of its session, or with a reference that we gave for it.
pub async fn of_reservation(
    db: &Db,
    owner: &PartyId,
    session_id: Option<&str>,
    references: &[String],
) -> Result<Vec<String>, DbError> {
    let mut found: Vec<String> = Vec::new();
    let of_session = "SELECT json FROM cdrs WHERE owner = $1 AND session_id = $2 ORDER BY seq";
    let of_reference = "SELECT json FROM cdrs WHERE owner = $1 AND authorization_reference = $2 ORDER BY seq";
    let session = session_id.map(|id| (of_session, id.to_ascii_uppercase()));
    let references = references.iter().filter(|text| !text.is_empty()).map(|text| (of_reference, text.clone()));
    for (sql, value) in session.into_iter().chain(references) {
        let some: Vec<String> = sqlx::query_scalar(sql).bind(owner.key()).bind(value).fetch_all(db.read()).await?;
        found.extend(some.into_iter().filter(|json| !found.contains(json)).collect::<Vec<_>>());
    }
    Ok(found)
}

/// The stored check of a CDR.
pub async fn stored_check(db: &Db, owner: &PartyId, id: &str) -> Result<Option<StoredCheck>, DbError> {
    let row = sqlx::query("SELECT verdict, findings, checked_at FROM cdrs WHERE owner = $1 AND id = $2")
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .fetch_optional(db.read())
        .await?;
    row.as_ref().map(read_check).transpose()
}

/// CDRs as JSON with their checks, the latest first, and how many there are.
pub async fn list(
    db: &Db,
    owner: Option<&PartyId>,
    verdict: Option<CheckVerdict>,
    offset: u64,
    limit: u64,
) -> Result<(Vec<(String, StoredCheck)>, u64), DbError> {
    let condition = "deleted = 0 AND ($1 = '' OR owner = $1) AND ($2 = '' OR verdict = $2)";
    let owner = owner.map(PartyId::key).unwrap_or_default();
    let verdict = verdict.map(CheckVerdict::as_str).unwrap_or_default();
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let text = format!(
        "SELECT json, verdict, findings, checked_at FROM cdrs WHERE {condition} ORDER BY seq DESC LIMIT $3 OFFSET $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(&owner)
        .bind(verdict)
        .bind(number(limit))
        .bind(number(offset))
        .fetch_all(db.read())
        .await?;
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM cdrs WHERE {condition}")));
    let total: i64 = count.bind(owner).bind(verdict).fetch_one(db.read()).await?;
    let items: Result<_, DbError> = rows.iter().map(|row| Ok((row.try_get("json")?, read_check(row)?))).collect();
    Ok((items?, u64::try_from(total).unwrap_or_default()))
}

fn read_check(row: &AnyRow) -> Result<StoredCheck, DbError> {
    Ok(StoredCheck {
        verdict: row.try_get("verdict")?,
        findings: row.try_get("findings")?,
        checked_at: row.try_get("checked_at")?,
    })
}
