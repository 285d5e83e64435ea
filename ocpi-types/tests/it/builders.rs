//! Builders make valid objects only; and what is read and written by hand keeps its value.

use ocpi_types::{
    CiString, Connector, ConnectorFormat, ConnectorType, Credentials, Decimal, Evse, Extra, GeoLocation, Model, Object,
    PartyId, PowerType, Price, Report, Role, Rule, Session, Severity, StartSession, Status, StatusSchedule, Token,
    TokenType, Url, WhitelistType, catalogue, examples, parse, parse_slice,
};
use serde_json::json;

fn pointers(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.pointer.as_str()).collect()
}

fn at(text: &str) -> ocpi_types::DateTime {
    text.parse().unwrap()
}

// Proves: TYP-005, LOC-033
#[test]
fn everything_that_is_missing_is_named() {
    let report = Token::builder().uid("1").build().unwrap_err();
    let expected = "/country_code /party_id /type /contract_id /issuer /valid /whitelist /last_updated";
    assert_eq!(pointers(&report).join(" "), expected);
    assert!(report.findings.iter().all(|finding| finding.rule == Rule::Missing));
}

#[test]
fn a_missing_field_is_refused_even_where_a_receiver_tolerates_it() {
    let mut location = ocpi_types::Location::builder().country_code("NL").party_id("WTT").id("L1").publish(true);
    location = location.address("Kade 1").city("Zutphen").country("NLD").last_updated(at("2026-05-12T13:00:00Z"));
    let report = location.coordinates(examples::of::<GeoLocation>()).build().unwrap_err();
    assert_eq!(pointers(&report), ["/time_zone"]);
    assert_eq!(report.findings[0].severity, Severity::ToleratedInLists);
}

#[test]
fn what_a_receiver_tolerates_is_not_built() {
    assert!(GeoLocation::builder().latitude("52.1").longitude("4.12345").build().is_err());
    let token = Token::builder().country_code("BE").party_id("RYD").uid("app-1").token_type(TokenType::AppUser);
    let token = token.contract_id("C1").issuer("Rydia").valid(true).last_updated(at("2026-05-12T13:00:00Z"));
    assert!(token.clone().whitelist(WhitelistType::Always).build().is_err());
    assert!(token.clone().whitelist(WhitelistType::Never).build().is_ok());
    assert!(token.whitelist(WhitelistType::from("SOMETIMES")).build().is_err());
}

#[test]
fn a_station_of_today() {
    let connector = Connector::builder()
        .id("1")
        .standard(ConnectorType::Iec62196T2Combo)
        .format(ConnectorFormat::Cable)
        .power_type(PowerType::Dc)
        .max_voltage(920)
        .max_amperage(400)
        .max_electric_power(150_000)
        .tariff_ids(["DC"])
        .last_updated(at("2026-05-12T13:00:00Z"))
        .build()
        .unwrap();
    let evse = Evse::builder()
        .uid("E1")
        .evse_id("NL*WTT*E1")
        .status(Status::Planned)
        .status_schedule([StatusSchedule::builder()
            .period_begin(at("2026-06-01T00:00:00Z"))
            .status(Status::Available)
            .build()
            .unwrap()])
        .connectors([connector])
        .last_updated(at("2026-05-12T13:00:00Z"));
    assert!(evse.clone().build().is_ok());
    assert_eq!(pointers(&evse.connectors(Vec::<Connector>::new()).build().unwrap_err()), ["/connectors"]);
}

#[test]
fn changes_by_hand_are_validated() {
    let mut session: Session = examples::of();
    assert!(session.validate().is_clean());
    session.charging_periods[1].dimensions.clear();
    session.cdr_token.party_id = "RYDIA".into();
    let report = session.validate();
    assert_eq!(pointers(&report), ["/cdr_token/party_id", "/charging_periods/1/dimensions"]);
    assert!(!report.is_acceptable());
    assert_eq!(report.violations().count(), 2);
}

#[test]
fn a_rule_is_checked_at_every_depth() {
    let command = json!({ "response_url": "https://a.example.org/1", "location_id": "L1", "token": { "uid": "" } });
    let report = parse::<StartSession>(command).report;
    assert!(pointers(&report).contains(&"/token/country_code"));
    let mut command: StartSession = examples::of();
    command.token.uid = "".into();
    assert_eq!(pointers(&command.validate()), ["/token/uid"]);
}

// Proves: TYP-022
#[test]
fn numbers_keep_their_spelling_and_foreign_ones_are_understood() {
    let read = |text: &str| parse_slice::<Price>(format!("{{\"excl_vat\":{text}}}").as_bytes()).unwrap();
    for (text, value) in [("0.10", "0.10"), ("1e2", "100"), ("-0.5", "-0.5"), ("\" 7.5 \"", "7.5"), ("1E-3", "0.001")] {
        assert_eq!(read(text).value.unwrap().excl_vat.to_string(), value, "{text}");
    }
    for text in ["\"1_000\"", "\"1,5\"", "\"\"", "true", "{}", "1e400", "\"NaN\""] {
        assert_eq!(read(text).value, None, "{text}");
    }
    assert!(parse_slice::<Price>(b"{").is_err());
}

// Proves: TYP-009
#[test]
fn parties_and_ids_are_compared_without_regard_to_case() {
    let party = PartyId::new("nl", "wtt");
    assert_eq!(party, "NL-WTT".parse().unwrap());
    assert_eq!(party.key(), "NL/WTT");
    assert_eq!(party.to_string(), "nl/wtt", "shown as received");
    for text in ["", "NL", "NLWTT", "NL/WT", "N/WTT", "NL/W T"] {
        assert!(text.parse::<PartyId>().is_err(), "{text}");
    }
    let mut ids: Vec<CiString<36>> = ["b", "A", "a", "B"].map(Into::into).to_vec();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_token_is_not_shown() {
    let credentials: Credentials = examples::of();
    let token = credentials.token.as_str().to_owned();
    assert!(!format!("{credentials:?} {credentials:#?}").contains(&token));
    let builder = Credentials::builder().token(token.as_str());
    assert!(!format!("{builder:?}").contains(&token));
    let report = Credentials { token: format!("{token} ").into(), url: Url::from("ftp://x"), ..credentials }.validate();
    assert_eq!(pointers(&report), ["/token", "/url"]);
    assert!(!report.to_string().contains(&token));
}

#[test]
fn unknown_members_and_values_are_written_back() {
    let json = json!({ "excl_vat": 1, "x": { "deep": [1, null] }, "X": "other" });
    let price: Price = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(price.extra.iter().count(), 2);
    assert_eq!(serde_json::to_value(&price).unwrap(), json);
    let mut plain = Price { excl_vat: Decimal::ONE, incl_vat: None, extra: Extra::default() };
    assert!(plain.extra.is_empty());
    plain.extra.insert("note", json!("n"));
    assert_eq!(plain.to_json(), r#"{"excl_vat":1,"note":"n"}"#);
    assert_eq!(serde_json::to_value(Role::from("PTP")).unwrap(), "PTP");
}

#[test]
fn the_catalogue_fills_in_what_is_absent() {
    let filled = catalogue::with_nulls("Location", serde_json::from_str(examples::LOCATION_UNPUBLISHED).unwrap());
    let location = catalogue::class("Location").unwrap();
    let names: Vec<_> = filled.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, location.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    assert_eq!(filled["name"], json!(null));
    assert_eq!(filled["images"], json!([]));
    assert_eq!(filled["evses"][0]["connectors"][0]["tariff_ids"], json!([]));
    let parsed = location.parse(filled);
    assert!(parsed.report.is_clean(), "{}", parsed.report);
    assert_eq!(parsed.value, serde_json::from_str(examples::LOCATION_UNPUBLISHED).unwrap());
}

#[test]
fn serde_reads_as_leniently_as_parse_but_refuses_what_is_missing() {
    let error = serde_json::from_str::<Price>("{}").unwrap_err();
    assert!(error.to_string().contains("/excl_vat"), "{error}");
    assert!(serde_json::from_str::<Price>(r#"{"excl_vat":"1.5"}"#).is_ok());
    assert_eq!(Price::NAME, "Price");
}

// Proves: STA-019, TRN-028
#[test]
fn what_is_tolerated_in_a_list_only_is_refused_in_a_push() {
    let mut json: serde_json::Value = serde_json::from_str(ocpi_types::examples::LOCATION).unwrap();
    json.as_object_mut().unwrap().remove("time_zone");
    let parsed = ocpi_types::parse::<ocpi_types::Location>(json);
    assert!(parsed.clone().accept().is_ok());
    let refused = parsed.accept_pushed().unwrap_err();
    assert_eq!(refused.violations().map(|finding| finding.pointer.as_str()).collect::<Vec<_>>(), ["/time_zone"]);
}
