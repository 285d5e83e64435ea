//! What a session has cost in the end: its CDRs, those that were taken back, and what is left.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::{Cdr, Extra, Price};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::failed;
use super::objects::ObjectPath;
use crate::App;
use crate::cdrs::store::{self, StoredCheck};

/// The bills of a session, and what is left of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balance {
    /// `Session.id`.
    #[schema(example = "8f4e2a60-6f0e-4f0c-9d3c-2f5b7b1e0c11")]
    pub session_id: String,
    /// The sum of all its CDRs: what was billed less what was credited. One entry for each currency.
    pub net: Vec<Net>,
    /// The CDRs that stand: those that no Credit CDR takes back. More than one is a reason to ask.
    pub standing: Vec<String>,
    /// All of them, in the order in which they came.
    pub cdrs: Vec<Entry>,
}

/// A sum of money.
#[derive(Debug, Serialize, ToSchema)]
pub struct Net {
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// The sum; with VAT only where every CDR says what it is with VAT.
    pub sum: Price,
}

/// One CDR.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// `CDR.id`.
    #[schema(example = "8f4e2a60-6f0e-4f0c-9d3c-2f5b7b1e0c11-C")]
    pub id: String,
    /// The CDR that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<String>,
    /// What it charges; negative where it takes something back.
    pub total_cost: Price,
    /// The worst of what our check has found.
    #[schema(example = "FINE")]
    pub verdict: String,
}

/// What a session has cost in the end
///
/// Adds up its CDRs, those that were taken back by Credit CDRs included, and tells which of them stand. Accountants
/// call it when a session was billed more than once.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/balance",
    tag = "operator: received",
    operation_id = "get_balance",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "Its CDRs and their sum", body = Balance), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Balance>, OperatorError> {
    let cdrs = store::of_session(&app.party.db, &path.owner(), &path.id).await.map_err(failed)?;
    if cdrs.is_empty() {
        return Err(path.unknown("CDR of session"));
    }
    Ok(Json(Balance {
        session_id: path.id.clone(),
        net: net(&cdrs),
        standing: standing(&cdrs),
        cdrs: cdrs.iter().map(|(cdr, check)| entry(cdr, check)).collect(),
    }))
}

fn net(cdrs: &[(Cdr, StoredCheck)]) -> Vec<Net> {
    let mut sums: Vec<Net> = Vec::new();
    for (cdr, _) in cdrs {
        let cost = &cdr.total_cost;
        let (excl_vat, incl_vat) = (cost.excl_vat.normalize(), cost.incl_vat.map(|incl| incl.normalize()));
        let sum = Price { excl_vat, incl_vat, extra: Extra::default() };
        match sums.iter_mut().find(|net| net.currency == cdr.currency.as_str()) {
            None => sums.push(Net { currency: cdr.currency.as_str().to_owned(), sum }),
            Some(net) => {
                net.sum.excl_vat = net.sum.excl_vat.saturating_add(sum.excl_vat).normalize();
                net.sum.incl_vat =
                    net.sum.incl_vat.zip(sum.incl_vat).map(|(a, b): (Decimal, _)| a.saturating_add(b).normalize());
            }
        }
    }
    sums
}

fn standing(cdrs: &[(Cdr, StoredCheck)]) -> Vec<String> {
    let taken_back = |cdr: &Cdr| {
        cdrs.iter().any(|(other, _)| other.is_credit() && other.credit_reference_id.as_ref() == Some(&cdr.id))
    };
    let stands = |cdr: &&Cdr| !cdr.is_credit() && !taken_back(cdr);
    cdrs.iter().map(|(cdr, _)| cdr).filter(stands).map(|cdr| cdr.id.as_str().to_owned()).collect()
}

fn entry(cdr: &Cdr, check: &StoredCheck) -> Entry {
    Entry {
        id: cdr.id.as_str().to_owned(),
        takes_back: cdr.credit_reference_id.as_ref().filter(|_| cdr.is_credit()).map(|id| id.as_str().to_owned()),
        total_cost: cdr.total_cost.clone(),
        verdict: check.verdict.clone(),
    }
}
