//! Module CDRs, as its Receiver, and the check of each bill.

use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{Registered, Reply, World, example};

const CDRS: &str = "/ocpi/2.2.1/emsp/cdrs";
const VIEW: &str = "/operator/v1/cdrs/US/CPO/CDR-9001";

fn cdr() -> Value {
    example(examples::CDR)
}

/// Everything that the example CDR is held against: its token, the authorization, its session, its location.
async fn known(world: &World, cpo: &Registered) -> Value {
    let operator = world.operator();
    let token = json!({ "contract_id": "US-EMS-C00012345-6", "whitelist": "NEVER" });
    assert_eq!(operator.put("/operator/v1/tokens/04A1B2C3D4E580", &token).await.http, 201);
    let given = cpo.caller.send("POST", "/ocpi/2.2.1/emsp/tokens/04A1B2C3D4E580/authorize", None).await;
    let reference = given.data()["authorization_reference"].clone();
    let mut session = example(examples::SESSION);
    session["authorization_reference"] = reference.clone();
    let location = example(examples::LOCATION);
    assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9001", &session).await.code(), 1000);
    assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001", &location).await.code(), 1000);
    world.app.party.clock.advance(std::time::Duration::from_hours(24));
    let mut cdr = cdr();
    cdr["authorization_reference"] = reference;
    cdr
}

/// Codes of the findings that are more than notes.
fn serious(view: &Reply) -> Vec<String> {
    let findings = view.body["check"]["findings"].as_array().unwrap_or_else(|| panic!("{view:?}"));
    let serious = findings.iter().filter(|finding| finding["severity"] != "NOTE");
    serious.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// The Credit CDR that takes a CDR back.
fn credit_of(cdr: &Value) -> Value {
    let mut credit = cdr.clone();
    credit["id"] = json!(format!("{}-C", cdr["id"].as_str().unwrap()));
    credit["credit"] = json!(true);
    credit["credit_reference_id"] = cdr["id"].clone();
    for part in ["excl_vat", "incl_vat"] {
        let amount = credit["total_cost"][part].to_string();
        let negated = amount.strip_prefix('-').map_or_else(|| format!("-{amount}"), str::to_owned);
        credit["total_cost"][part] = serde_json::from_str(&negated).unwrap();
    }
    credit
}

crate::on_each_database! {
    // Proves: CDR-035, CDR-038, CDR-043, CDR-044, CDR-045, CDR-130, CDR-123, CDR-072, TRN-069, CDR-040
    async fn a_cdr_is_stored_and_can_be_read_at_its_location(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let posted = cpo.post(CDRS, &cdr()).await;
        assert_eq!(posted.status(), (201, 1000), "{posted:?}");
        let location = posted.header("location").to_owned();
        assert!(location.starts_with(&world.base) && location.len() <= 255, "{location}");
        assert_eq!(cpo.get(&location).await.data(), &cdr());
        assert_eq!(cpo.get(&format!("{location}x")).await.http, 404);
        assert_eq!(cpo.post(&format!("{CDRS}/US/CPO/CDR-9002"), &cdr()).await.http, 405);
    }

    // Proves: CDR-007, CDR-005; a POST that is repeated after a lost answer
    async fn a_repeated_cdr_is_the_same_and_a_changed_one_is_refused(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let first = cpo.post(CDRS, &cdr()).await;
        let again = cpo.post(CDRS, &cdr()).await;
        assert_eq!(again.status(), (200, 1000));
        assert_eq!(again.header("location"), first.header("location"));
        let mut changed = cdr();
        changed["total_cost"]["excl_vat"] = json!(0.01);
        let refused = cpo.post(CDRS, &changed).await;
        assert_eq!(refused.status(), (200, 2001));
        assert_eq!(cpo.get(first.header("location")).await.data(), &cdr());
    }

    // Proves: CDR-009, CDR-036, CDR-041, CDR-061, CDR-074, CDR-077, CDR-116, CDR-121, CDR-125
    async fn what_is_wrong_is_not_stored(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        for (pointer, value) in [
            ("/charging_periods", json!([])),
            ("/charging_periods/0/dimensions", json!([])),
            ("/cdr_token/country_code", Value::Null),
            ("/signed_data/signed_values", json!([])),
            ("/start_date_time", Value::Null),
            ("/party_id", json!("XYZ")),
            ("/id", json!("..")),
        ] {
            let mut wrong = cdr();
            *wrong.pointer_mut(pointer).unwrap() = value;
            let reply = cpo.post(CDRS, &wrong).await;
            assert_eq!(reply.status(), (200, 2001), "{pointer}: {reply:?}");
        }
        let mut credit = cdr();
        credit["credit"] = json!(true);
        assert_eq!(cpo.post(CDRS, &credit).await.status(), (200, 2001), "credit without a reference");
        assert_eq!(cpo.post(CDRS, &json!([cdr()])).await.status(), (200, 2001), "a list");
        assert_eq!(world.operator().get("/operator/v1/cdrs").await.body["total"], 0);
        let location = cpo.post(CDRS, &cdr()).await.header("location").to_owned();
        for (method, url) in [("PUT", CDRS), ("DELETE", CDRS), ("PUT", &location), ("PATCH", &location), ("DELETE", &location)] {
            assert_eq!(cpo.send(method, url, Some(&cdr())).await.http, 405, "{method} {url}");
        }
        assert_eq!(cpo.get(&location).await.data(), &cdr());
    }

    // Proves: CDR-048; nobody else reads a bill
    async fn equal_ids_of_two_cpos_are_two_cdrs(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let other = world.register(&["NL/TNM"]).await.caller;
        let mut theirs = cdr();
        theirs["country_code"] = json!("NL");
        theirs["party_id"] = json!("TNM");
        let mine = cpo.post(CDRS, &cdr()).await.header("location").to_owned();
        let second = other.post(CDRS, &theirs).await;
        assert_eq!(second.status(), (201, 1000));
        assert_eq!(other.get(second.header("location")).await.data(), &theirs);
        assert_eq!(other.get(&mine).await.http, 404);
        assert_eq!(other.post(CDRS, &cdr()).await.status(), (200, 2001));
    }

    async fn a_right_bill_passes_its_check(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let cdr = known(&world, &cpo).await;
        assert_eq!(cpo.caller.post(CDRS, &cdr).await.status(), (201, 1000));
        let view = world.operator().get(VIEW).await;
        assert_eq!(serious(&view), Vec::<String>::new(), "{view:?}");
        assert_eq!(view.body["check"]["verdict"], "FINE");
        assert_eq!(view.body["cdr"], cdr);
    }

    // Proves: CDR-008, CDR-020; a bill is never refused for what it says
    async fn a_wrong_bill_is_stored_with_its_findings(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let mut wrong = known(&world, &cpo).await;
        wrong["total_cost"] = json!({ "excl_vat": 99.00, "incl_vat": 105.93 });
        wrong["total_energy"] = json!(23.0);
        wrong["cdr_token"]["contract_id"] = json!("US-EMS-C99999999-9");
        wrong["end_date_time"] = json!("2027-05-12T15:30:00Z");
        assert_eq!(cpo.caller.post(CDRS, &wrong).await.status(), (201, 1000));
        let view = world.operator().get(VIEW).await;
        let found = serious(&view);
        for code in ["COST", "QUANTITY", "SESSION_ENERGY", "SESSION_END", "TOKEN_CONTRACT", "END_IN_FUTURE"] {
            assert!(found.iter().any(|found| found == code), "{code} is not in {found:?}");
        }
        assert_eq!(view.body["check"]["verdict"], "PROBLEM");
        assert_eq!(world.operator().get("/operator/v1/cdrs?verdict=FINE").await.body["total"], 0);
        assert_eq!(world.operator().get("/operator/v1/cdrs?verdict=PROBLEM&party=US/CPO").await.body["total"], 1);
    }

    async fn what_we_know_nothing_about_is_said(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut foreign = cdr();
        foreign["id"] = json!("CDR-FOREIGN");
        foreign["cdr_token"]["party_id"] = json!("XYZ");
        cpo.post(CDRS, &cdr()).await;
        cpo.post(CDRS, &foreign).await;
        let found = serious(&world.operator().get(VIEW).await);
        for code in ["TOKEN_UNKNOWN", "REFERENCE_UNKNOWN", "SESSION_UNKNOWN"] {
            assert!(found.iter().any(|found| found == code), "{code} is not in {found:?}");
        }
        let found = serious(&world.operator().get("/operator/v1/cdrs/US/CPO/CDR-FOREIGN").await);
        assert!(found.contains(&"TOKEN_FOREIGN".to_owned()) && found.contains(&"SESSION_BILLED_TWICE".to_owned()), "{found:?}");
    }

    // Proves: CDR-015, CDR-016, CDR-014 (checked)
    async fn a_session_is_billed_once_unless_it_was_credited(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let first = known(&world, &cpo).await;
        cpo.caller.post(CDRS, &first).await;
        assert_eq!(cpo.caller.post(CDRS, &credit_of(&first)).await.status(), (201, 1000));
        let view = world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9001-C").await;
        assert_eq!(serious(&view), Vec::<String>::new(), "{view:?}");
        let mut second = first.clone();
        second["id"] = json!("CDR-9002");
        cpo.caller.post(CDRS, &second).await;
        let found = serious(&world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9002").await);
        assert_eq!(found, Vec::<String>::new(), "the first bill was taken back");
        let mut third = first.clone();
        third["id"] = json!("CDR-9003");
        cpo.caller.post(CDRS, &third).await;
        let found = serious(&world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9003").await);
        assert_eq!(found, vec!["SESSION_BILLED_TWICE"]);
    }

    async fn a_check_can_be_repeated_when_more_is_known(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let mut early = cdr();
        early.as_object_mut().unwrap().remove("authorization_reference");
        cpo.caller.post(CDRS, &early).await;
        assert!(serious(&world.operator().get(VIEW).await).contains(&"SESSION_UNKNOWN".to_owned()));
        let mut session = example(examples::SESSION);
        session.as_object_mut().unwrap().remove("authorization_reference");
        cpo.caller.put("/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9001", &session).await;
        let check = world.operator().post(&format!("{VIEW}/check"), &Value::Null).await;
        assert_eq!(check.http, 200, "{check:?}");
        let found = serious(&world.operator().get(VIEW).await);
        assert!(!found.iter().any(|code| code.starts_with("SESSION")), "{found:?}");
    }

    // Proves: CDR-010, CDR-012, CDR-013, CDR-014, CDR-015 (what a Credit CDR must be, checked)
    async fn a_credit_cdr_is_held_against_what_it_takes_back(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let first = known(&world, &cpo).await;
        cpo.caller.post(CDRS, &first).await;
        let credit = credit_of(&first);
        let with = |id: &str, pointer: &str, value: Value| {
            let mut other = credit.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            other["id"] = json!(id);
            other
        };
        let mut of_credit = credit_of(&with("CDR-A", "/remark", json!("?")));
        of_credit["credit_reference_id"] = json!("CDR-A");
        for (wrong, codes) in [
            (with("CDR-A", "/remark", json!("?")), vec!["CREDIT_CONTENT"]),
            (with("CDR-B", "/total_cost/excl_vat", json!(-11.31)), vec!["CREDIT_AMOUNT", "CREDIT_TWICE"]),
            (with("CDR-C", "/total_cost/incl_vat", json!(-12)), vec!["CREDIT_AMOUNT", "CREDIT_TWICE", "CREDIT_TWICE"]),
            (with("CDR-D", "/credit_reference_id", json!("CDR-0")), vec!["CREDIT_UNKNOWN"]),
            (of_credit, vec!["CREDIT_OF_CREDIT"]),
        ] {
            assert_eq!(cpo.caller.post(CDRS, &wrong).await.status(), (201, 1000), "a bill is never refused for what it says");
            let view = world.operator().get(&format!("/operator/v1/cdrs/US/CPO/{}", wrong["id"].as_str().unwrap())).await;
            assert_eq!(serious(&view), codes, "{view:?}");
        }
        let view = world.operator().get("/operator/v1/cdrs/US/CPO/CDR-A").await;
        assert!(view.body["check"]["findings"].to_string().contains("/remark"), "{view:?}");
    }

    // Proves: CDR-006, CDR-015, CDR-016
    async fn the_balance_of_a_session_is_what_was_billed_less_what_was_credited(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let balance = async || world.operator().get("/operator/v1/sessions/US/CPO/SESSION-9001/balance").await;
        assert_eq!(balance().await.http, 404);
        let first = known(&world, &cpo).await;
        cpo.caller.post(CDRS, &first).await;
        let one = balance().await;
        assert_eq!(one.body["net"], json!([{ "currency": "USD", "sum": { "excl_vat": 11.3, "incl_vat": 12.091 } }]));
        assert_eq!(one.body["standing"], json!(["CDR-9001"]));

        // The correction overtakes the credit: for a moment the session is billed twice.
        let mut second = first.clone();
        second["id"] = json!("CDR-9002");
        cpo.caller.post(CDRS, &second).await;
        let view = world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9002").await;
        assert_eq!(serious(&view), vec!["SESSION_BILLED_TWICE"]);
        assert_eq!(balance().await.body["standing"], json!(["CDR-9001", "CDR-9002"]));
        assert_eq!(cpo.caller.post(CDRS, &credit_of(&first)).await.status(), (201, 1000));
        let view = world.operator().get("/operator/v1/cdrs/US/CPO/CDR-9002").await;
        assert_eq!(serious(&view), Vec::<String>::new(), "put right by the credit: {view:?}");
        let all = balance().await;
        assert_eq!(all.body["net"], json!([{ "currency": "USD", "sum": { "excl_vat": 11.3, "incl_vat": 12.091 } }]));
        assert_eq!(all.body["standing"], json!(["CDR-9002"]));
        let entries: Vec<_> = all.body["cdrs"].as_array().unwrap().iter().map(|cdr| &cdr["id"]).collect();
        assert_eq!(entries, ["CDR-9001", "CDR-9002", "CDR-9001-C"]);
        assert_eq!(all.body["cdrs"][2]["takes_back"], "CDR-9001");
        assert_eq!(all.body["cdrs"][2]["total_cost"]["excl_vat"].to_string(), "-11.30");
    }

    // Proves: CDR-075, CDR-115, CDR-123, CDR-126, CDR-127, CDR-128, CDR-129, CDR-130
    async fn signed_data_comes_out_as_it_went_in(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let odd = "OCMF|{\"FV\":\"1.0\",\"RD\":[{\"TM\":\"2026-05-12T13:00:00,000+0200 S\"}]}|\t\r\n \u{7f}\u{e9}e\u{301}\u{1F50C}\u{2028}/\\  ";
        let mut bill = cdr();
        bill["home_charging_compensation"] = json!(true);
        bill["signed_data"] = json!({
            "encoding_method": "Alfen Eichrecht", "encoding_method_version": 3,
            "public_key": "QUJDREVGRw==", "url": format!("https://cpo.example.com/{}", "v".repeat(487)),
            "signed_values": [
                { "nature": "Start", "plain_data": odd, "signed_data": "QQ==" },
                { "nature": "tariff", "plain_data": "x".repeat(5000), "signed_data": "QUJD".repeat(1250) },
            ],
        });
        // Escaped in another way on the wire: what counts is the text.
        let text = bill.to_string().replace('\u{e9}', "\\u00e9").replace('/', "\\/");
        let posted = cpo.send_text("POST", CDRS, Some(text)).await;
        assert_eq!(posted.status(), (201, 1000), "{posted:?}");
        let read = cpo.get(posted.header("location")).await;
        assert_eq!(read.data()["signed_data"], bill["signed_data"]);
        assert_eq!(read.data(), &bill);
        let view = world.operator().get(VIEW).await;
        assert_eq!(view.body["cdr"]["signed_data"], bill["signed_data"]);
        assert!(view.body["check"]["findings"].to_string().contains("HOME_CHARGING"), "{view:?}");
    }

    async fn a_bill_is_explained_in_words_and_what_differs_is_named(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let mut bill = known(&world, &cpo).await;
        bill["total_cost"]["excl_vat"] = json!(12.3);
        cpo.caller.post(CDRS, &bill).await;
        let told = world.operator().get(&format!("{VIEW}/explanation")).await;
        assert_eq!((told.http, &told.body["time_zone"]), (200, &json!("America/New_York")));
        assert_eq!(told.body["sentences"], json!([
            "Fixed price: 1, with 7% VAT 1.07 (tariff TARIFF-DAY, element 2)",
            "Energy: 11 kWh, at 0.4 per kWh = 4.4, with 7% VAT 4.708 (tariff TARIFF-DAY, element 1)",
            "Energy: 11 kWh, at 0.4 per kWh = 4.4, with 7% VAT 4.708 (tariff TARIFF-DAY, element 1)",
            "Parking: 30 min, at 3 per h = 1.5, with 7% VAT 1.605 (tariff TARIFF-DAY, element 2)",
            "Total: 11.3 USD without VAT, 12.091 USD with VAT",
        ]));
        assert_eq!(told.body["doubts"], json!([]));
        assert_eq!(told.body["differences"], json!([{
            "pointer": "/total_cost/excl_vat", "expected": "11.3", "actual": "12.3",
            "message": "is 12.3 excluding VAT; the periods and tariffs give 11.3",
        }]));
        assert_eq!(told.body["price"]["billed"]["energy"], json!(22));
        assert_eq!(world.operator().get("/operator/v1/cdrs/US/CPO/NONE/explanation").await.http, 404);
    }

    // The tariffs of a Session are those that the CPO has published.
    async fn a_session_that_is_going_on_shows_what_it_has_cost_so_far(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let bill = known(&world, &cpo).await;
        let view = "/operator/v1/sessions/US/CPO/SESSION-9002";
        let mut session = example(examples::SESSION_ACTIVE);
        session["start_date_time"] = json!("2026-05-12T13:00:00Z");
        session["kwh"] = json!(11);
        session["charging_periods"] = json!([bill["charging_periods"][0]]);
        session["total_cost"] = json!({ "excl_vat": 5.4, "incl_vat": 5.778 });
        session["last_updated"] = json!("2026-05-12T14:00:00Z");
        let place = "/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9002";
        assert_eq!(cpo.caller.put(place, &session).await.code(), 1000);
        assert_eq!(world.operator().get(view).await.body["total_cost"]["excl_vat"], json!(5.4));
        let unknown = world.operator().get(&format!("{view}/explanation")).await;
        assert!(unknown.body["doubts"].to_string().contains("TARIFF-DAY"), "{unknown:?}");

        let tariff = &bill["tariffs"][0];
        assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/tariffs/US/CPO/TARIFF-DAY", tariff).await.code(), 1000);
        let told = world.operator().get(&format!("{view}/explanation")).await;
        assert_eq!(told.body["price"]["total_cost"], session["total_cost"], "{told:?}");
        assert_eq!((&told.body["differences"], &told.body["doubts"]), (&json!([]), &json!([])));

        session["total_cost"]["excl_vat"] = json!(5.0);
        session["last_updated"] = json!("2026-05-12T14:00:01Z");
        assert_eq!(cpo.caller.put(place, &session).await.code(), 1000);
        let told = world.operator().get(&format!("{view}/explanation")).await;
        assert_eq!(told.body["differences"][0]["pointer"], "/total_cost/excl_vat", "{told:?}");
    }
}
