//! PATCH: what it changes, what it leaves alone, and what it must not do.

use ocpi_types::{
    Connector, Evse, Location, Object, Patch, Patchable, Presence, Report, Rule, Session, Severity, Status, Token,
    examples,
};
use serde_json::{Value, json};

fn patch<T: Patchable>(mut json: Value) -> Patch<T> {
    json["last_updated"] = "2026-06-01T00:00:00Z".into();
    Patch::read(json).unwrap()
}

fn apply<T: Patchable>(current: &T, json: Value) -> Result<(T, Report), Report> {
    patch(json).apply(current)
}

fn period(start: &str, kwh: &str) -> Value {
    let volume: Value = serde_json::from_str(kwh).unwrap();
    json!({ "start_date_time": start, "dimensions": [{ "type": "ENERGY", "volume": volume }] })
}

/// A session with one charging period.
fn session() -> Session {
    let mut session: Session = examples::of();
    session.charging_periods.truncate(1);
    session
}

/// The pointers and rules of the violations.
fn violations(report: &Report) -> Vec<(&str, Rule)> {
    report.violations().map(|finding| (finding.pointer.as_str(), finding.rule)).collect()
}

// Proves: TRN-064, LOC-064, SES-047, TOK-032, TYP-003
#[test]
fn absent_null_and_value_are_three_things() {
    let token: Token = examples::of();
    let patch: Patch<Token> = patch(json!({ "valid": false, "group_id": null }));
    assert_eq!(patch.presence("valid"), Presence::Value(&json!(false)));
    assert_eq!(patch.presence("group_id"), Presence::Null);
    assert_eq!(patch.presence("visual_number"), Presence::Absent);

    let (patched, report) = patch.apply(&token).unwrap();
    assert!(!patched.valid);
    assert_eq!(patched.group_id, None);
    let last_updated = patched.last_updated;
    assert_eq!(patched, Token { valid: false, group_id: None, last_updated, ..token });
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].pointer, "/group_id");
    assert_eq!(report.findings[0].severity, Severity::Tolerated);
}

// Proves: LOC-065, TYP-005
#[test]
fn null_for_a_required_field_changes_nothing() {
    let token: Token = examples::of();
    let report = apply(&token, json!({ "issuer": null, "contract_id": null })).unwrap_err();
    assert_eq!(violations(&report), [("/issuer", Rule::Missing), ("/contract_id", Rule::Missing)]);
    let evse: Evse = examples::of();
    assert!(apply(&evse, json!({ "status": null })).is_err());
}

// Proves: LOC-066, LOC-067, SES-048, SES-049, TOK-033, TOK-034
#[test]
fn a_patch_needs_last_updated() {
    for body in [json!({ "valid": true }), json!({ "valid": true, "last_updated": null }), json!({})] {
        let report = Patch::<Token>::read(body).unwrap_err();
        assert_eq!(violations(&report), [("/last_updated", Rule::Missing)]);
    }
    assert_eq!(violations(&Patch::<Token>::read(json!([])).unwrap_err()), [("", Rule::WrongType)]);

    let unreadable: Patch<Token> = Patch::read(json!({ "last_updated": "yesterday" })).unwrap();
    assert_eq!(unreadable.last_updated(), None);
    let report = unreadable.apply(&examples::of()).unwrap_err();
    assert_eq!(violations(&report), [("/last_updated", Rule::NotADateTime)]);
}

// Proves: SES-052
#[test]
fn charging_periods_are_added() {
    let before = session();
    let new = period("2026-05-12T14:00:00Z", "11.0");
    let (after, report) = apply(&before, json!({ "charging_periods": [new], "kwh": 22.0 })).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(after.charging_periods.len(), 2);
    assert_eq!(after.charging_periods[0], before.charging_periods[0]);
}

// Proves: SES-053
#[test]
fn nothing_to_add_leaves_the_periods_alone() {
    let before = session();
    for body in [json!({ "kwh": 12 }), json!({ "charging_periods": [] }), json!({ "charging_periods": null })] {
        let (after, _) = apply(&before, body).unwrap();
        assert_eq!(after.charging_periods, before.charging_periods);
    }
}

#[test]
fn a_period_that_is_there_is_not_added_again() {
    let mut before = session();
    let (with_two, _) =
        apply(&before, json!({ "charging_periods": [period("2026-05-12T14:00:00Z", "11.0")] })).unwrap();
    before = with_two;
    // The same instant and the same amount, written differently; and one that is new.
    let body = json!({ "charging_periods": [
        period("2026-05-12T14:00:00.000Z", "11"),
        period("2026-05-12T15:00:00Z", "1.5"),
    ] });
    let (after, report) = apply(&before, body).unwrap();
    assert_eq!(after.charging_periods.len(), 3);
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].pointer, "/charging_periods/0");
    // Other content at the same time is another period: the spec knows no correction by PATCH.
    let (after, _) = apply(&before, json!({ "charging_periods": [period("2026-05-12T14:00:00Z", "12")] })).unwrap();
    assert_eq!(after.charging_periods.len(), 3);
}

// Proves: SES-055
#[test]
fn nested_objects_are_replaced_as_a_whole() {
    let (after, report) = apply(&session(), json!({ "total_cost": { "excl_vat": 20 } })).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(after.total_cost.unwrap().incl_vat, None, "the old incl_vat must not stay");
    let report = apply(&session(), json!({ "cdr_token": { "uid": "X" } })).unwrap_err();
    assert!(violations(&report).contains(&("/cdr_token/contract_id", Rule::Missing)));
}

// Proves: LOC-072
#[test]
fn other_lists_are_replaced() {
    let connector: Connector = examples::of();
    let (after, _) = apply(&connector, json!({ "tariff_ids": ["A", "B"] })).unwrap();
    assert_eq!(after.tariff_ids, ["A", "B"]);
    let (after, _) = apply(&connector, json!({ "tariff_ids": [] })).unwrap();
    assert!(after.tariff_ids.is_empty());
}

// Proves: LOC-071, LOC-073
#[test]
fn the_status_of_an_evse() {
    let evse: Evse = examples::of();
    let body = Patch::<Evse>::new(&"2026-06-01T00:00:00Z".parse().unwrap()).set("status", Status::Removed);
    assert!(body.changes_something());
    let (after, report) = body.apply(&evse).unwrap();
    assert!(report.is_clean(), "{report}");
    let last_updated = after.last_updated;
    assert_eq!(after, Evse { status: Status::Removed, last_updated, ..evse });
}

#[test]
fn evses_and_connectors_are_merged_by_their_ids() {
    let location: Location = examples::of();
    let body = json!({ "evses": [
        { "uid": "evse-1001-2", "status": "AVAILABLE", "connectors": [{ "id": "1", "max_amperage": 200 }] },
    ] });
    let (after, report) = apply(&location, body).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(after.evses.len(), 2);
    assert_eq!(after.evses[0], location.evses[0]);
    assert_eq!(after.evses[1].status, Status::Available);
    assert_eq!(after.evses[1].connectors.len(), 1);
    assert_eq!(after.evses[1].connectors[0].max_amperage, 200);
    assert_eq!(after.evses[1].connectors[0].max_voltage, 920, "not mentioned: as before");
}

#[test]
fn parts_are_never_removed_by_patch() {
    let location: Location = examples::of();
    for body in [json!({ "evses": [] }), json!({ "evses": null })] {
        assert_eq!(apply(&location, body).unwrap().0.evses, location.evses);
    }
    let body = json!({ "evses": [{ "uid": "EVSE-1001-1", "connectors": null }] });
    assert_eq!(apply(&location, body).unwrap().0.evses, location.evses);
}

#[test]
fn findings_point_into_the_patch() {
    let location: Location = examples::of();
    // In the merged location these are /evses/2, and /evses/1/connectors/1.
    let body = json!({ "evses": [
        { "uid": "NEW", "status": "AVAILABLE" },
        { "uid": "EVSE-1001-2", "connectors": [{ "id": "2" }] },
    ] });
    let report = apply(&location, body).unwrap_err();
    let found = violations(&report);
    assert!(found.contains(&("/evses/0/last_updated", Rule::Missing)), "{report}");
    assert!(found.contains(&("/evses/1/connectors/0/standard", Rule::Missing)), "{report}");
    assert!(found.iter().all(|(pointer, _)| !pointer.starts_with("/evses/2")), "{report}");

    let report = apply(&session(), json!({ "charging_periods": [{ "dimensions": [] }] })).unwrap_err();
    assert!(violations(&report).contains(&("/charging_periods/0/start_date_time", Rule::Missing)), "{report}");
}

#[test]
fn what_was_wrong_before_is_not_reported_again() {
    let mut session = session();
    session.kwh = 9999.into();
    assert!(!session.validate().is_clean());
    let (_, report) = apply(&session, json!({ "meter_id": "M2" })).unwrap();
    assert!(report.is_clean(), "{report}");
}

// Proves: LOC-081, SES-063
#[test]
fn names_cannot_be_changed() {
    let session = session();
    let report = apply(&session, json!({ "id": "OTHER", "kwh": 1 })).unwrap_err();
    assert_eq!(violations(&report), [("/id", Rule::Inconsistent)]);
    let token: Token = examples::of();
    assert!(apply(&token, json!({ "type": "APP_USER" })).is_err());
    assert!(apply(&token, json!({ "uid": null })).is_err());
    // The same name in another case is the same name.
    assert!(apply(&session, json!({ "id": session.id.as_str().to_lowercase() })).is_ok());
    let location: Location = examples::of();
    assert!(apply(&location, json!({ "party_id": "XXX" })).is_err());
}

#[test]
fn a_broken_patch_changes_nothing_and_says_why() {
    let report = apply(&session(), json!({ "kwh": "a lot", "currency": "EURO", "status": "DANCING" })).unwrap_err();
    assert_eq!(
        violations(&report),
        [("/kwh", Rule::WrongType), ("/currency", Rule::TooLong), ("/status", Rule::UnknownEnum)]
    );
}

// Proves: LOC-009, SES-054, TRN-063
#[test]
fn the_difference_of_two_objects_is_a_patch_that_leads_from_one_to_the_other() {
    let before = session();
    let mut after = before.clone();
    after.kwh = 14.into();
    after.last_updated = "2026-05-12T16:00:00Z".parse().unwrap();
    after.charging_periods.push(examples::of::<Session>().charging_periods[1].clone());
    let patch = Patch::between(&before, &after).unwrap();
    let fields: Vec<_> = serde_json::to_value(&patch).unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["last_updated", "kwh", "charging_periods"]);
    assert_eq!(patch.apply(&before).unwrap().0, after);

    let same = Patch::between(&before, &before).unwrap();
    assert!(!same.changes_something());

    let mut corrected = before.clone();
    corrected.charging_periods[0].dimensions[0].volume = 1.into();
    assert_eq!(Patch::between(&before, &corrected), None, "only a PUT can correct a period");

    let location: Location = examples::of();
    let mut changed = location.clone();
    changed.evses[0].status = Status::Blocked;
    assert_eq!(Patch::between(&location, &changed), None, "an EVSE has a URL of its own");
}
