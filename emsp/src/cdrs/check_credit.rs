//! The part of the check that is about Credit CDRs. Spec: mod_cdrs, "Credit CDRs": one repeats the CDR that it takes back,
//! with `total_cost` negated, and a CDR is taken back once.

use ocpi_types::{Cdr, CiString};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::check::{CdrFinding, Known, Severity};

/// What a Credit CDR may have otherwise than the CDR that it takes back; the amounts and the currency are compared by
/// themselves.
const MAY_DIFFER: [&str; 6] = ["id", "credit", "credit_reference_id", "total_cost", "currency", "last_updated"];

pub(super) fn credit(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    if !cdr.is_credit() {
        return;
    }
    let Some(original) = &known.credited else {
        let message = "we do not have the CDR that this one takes back";
        found.push(CdrFinding::new("CREDIT_UNKNOWN", Severity::Warning, "/credit_reference_id", message));
        return;
    };
    if original.is_credit() {
        let message = format!("{} is a Credit CDR itself", original.id);
        found.push(CdrFinding::new("CREDIT_OF_CREDIT", Severity::Problem, "/credit_reference_id", message));
    }
    amount(cdr, original, found);
    if cdr.currency.as_str() != original.currency.as_str() {
        let message = format!("{} was billed in {}", original.id, original.currency);
        found.push(CdrFinding::new("CREDIT_CURRENCY", Severity::Problem, "/currency", message));
    }
    let different = different(cdr, original);
    if !different.is_empty() {
        let message =
            format!("a Credit CDR repeats {} except for total_cost, and not so: {}", original.id, different.join(", "));
        found.push(CdrFinding::new("CREDIT_CONTENT", Severity::Warning, different[0].clone(), message));
    }
}

fn amount(cdr: &Cdr, original: &Cdr, found: &mut Vec<CdrFinding>) {
    let (taken_back, billed) = (&cdr.total_cost, &original.total_cost);
    if taken_back.excl_vat != Decimal::ZERO - billed.excl_vat {
        let message = format!("{} does not take back {} of {}", taken_back.excl_vat, billed.excl_vat, original.id);
        found.push(CdrFinding::new("CREDIT_AMOUNT", Severity::Problem, "/total_cost/excl_vat", message));
    }
    if taken_back.incl_vat != billed.incl_vat.map(|incl| Decimal::ZERO - incl) {
        let text = |amount: Option<Decimal>| amount.map_or_else(|| "nothing".to_owned(), |amount| amount.to_string());
        let (theirs, ours) = (text(taken_back.incl_vat), text(billed.incl_vat));
        let message = format!("including VAT, {theirs} does not take back {ours} of {}", original.id);
        found.push(CdrFinding::new("CREDIT_AMOUNT", Severity::Problem, "/total_cost/incl_vat", message));
    }
}

/// The fields that are not what they are in the original, as JSON Pointers.
fn different(cdr: &Cdr, original: &Cdr) -> Vec<String> {
    let fields = |cdr: &Cdr| match serde_json::to_value(cdr) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (here, there) = (fields(cdr), fields(original));
    let names = here.keys().chain(there.keys().filter(|name| !here.contains_key(*name)));
    names
        .filter(|name| !MAY_DIFFER.contains(&name.as_str()) && here.get(*name) != there.get(*name))
        .map(|name| format!("/{name}"))
        .collect()
}

/// Whether the session is billed already, or the CDR taken back already; `same_session` are the CDRs of this CPO for it.
pub(super) fn duplicates(cdr: &Cdr, same_session: &[Cdr], found: &mut Vec<CdrFinding>) {
    let others = || same_session.iter().filter(|other| other.id != cdr.id);
    if let Some(reference) = cdr.credit_reference_id.as_ref().filter(|_| cdr.is_credit()) {
        for other in others().filter(|other| takes_back(other, reference)) {
            let message = format!("Credit CDR {} takes back {reference} as well", other.id);
            found.push(CdrFinding::new("CREDIT_TWICE", Severity::Problem, "/credit_reference_id", message));
        }
        return;
    }
    // What was taken back itself stands for nothing any more.
    if others().any(|other| takes_back(other, &cdr.id)) {
        return;
    }
    for other in others().filter(|other| !other.is_credit()) {
        if !others().any(|credit| takes_back(credit, &other.id)) {
            let message = format!("CDR {} bills the same session and was not credited", other.id);
            found.push(CdrFinding::new("SESSION_BILLED_TWICE", Severity::Problem, "/session_id", message));
        }
    }
}

fn takes_back(cdr: &Cdr, id: &CiString<39>) -> bool {
    cdr.is_credit() && cdr.credit_reference_id.as_ref() == Some(id)
}
