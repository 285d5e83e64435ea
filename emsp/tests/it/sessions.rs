//! Module Sessions, as its Receiver.

use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, example};

const SESSION: &str = "/ocpi/2.2.1/emsp/sessions/US/CPO/SESSION-9001";

/// A session that goes on.
fn session() -> Value {
    let mut session = example(examples::SESSION);
    session["status"] = json!("ACTIVE");
    session["last_updated"] = json!("2026-05-12T14:00:00Z");
    session.as_object_mut().unwrap().remove("end_date_time");
    session
}

fn period(start: &str) -> Value {
    json!({ "start_date_time": start, "dimensions": [{ "type": "ENERGY", "volume": 1.2500 }], "tariff_id": "TARIFF-DAY" })
}

crate::on_each_database! {
    // Proves: SES-033, SES-034, SES-036, SES-037, SES-040, SES-041, SES-042, SES-043, TRN-062, TRN-075
    async fn a_session_is_created_replaced_and_served_as_it_is(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        assert_eq!(cpo.put(SESSION, &session()).await.status(), (201, 1000));
        assert_eq!(cpo.get("/ocpi/2.2.1/emsp/sessions/us/cpo/session-9001").await.data(), &session());
        let mut next = session();
        next.as_object_mut().unwrap().remove("meter_id");
        next["charging_periods"] = json!([period("2026-05-12T14:30:00Z")]);
        assert_eq!(cpo.put(SESSION, &next).await.status(), (200, 1000));
        assert_eq!(cpo.get(SESSION).await.data(), &next);
        next.as_object_mut().unwrap().remove("charging_periods");
        assert_eq!(cpo.put(SESSION, &next).await.status(), (200, 1000));
        assert_eq!(cpo.get(SESSION).await.data(), &next);
    }

    // Proves: SES-047, SES-049, SES-052, SES-053, SES-055
    async fn a_patch_adds_periods_and_replaces_everything_else(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut first = session();
        first["charging_periods"] = json!([period("2026-05-12T13:00:00Z")]);
        first["total_cost"] = json!({ "excl_vat": 1.00, "incl_vat": 1.10 });
        cpo.put(SESSION, &first).await;
        let patch = json!({
            "charging_periods": [period("2026-05-12T14:15:00Z")], "kwh": 2.5, "total_cost": { "excl_vat": 2.00 },
            "last_updated": "2026-05-12T14:15:01Z"
        });
        assert_eq!(cpo.patch(SESSION, &patch).await.status(), (200, 1000));
        let stored = cpo.get(SESSION).await;
        let expected = json!([period("2026-05-12T13:00:00Z"), period("2026-05-12T14:15:00Z")]);
        assert_eq!(stored.data()["charging_periods"], expected);
        assert_eq!(stored.data()["total_cost"], json!({ "excl_vat": 2.00 }));
        assert_eq!((&stored.data()["kwh"], &stored.data()["meter_id"]), (&json!(2.5), &session()["meter_id"]));
        let empty = json!({ "charging_periods": [], "last_updated": "2026-05-12T14:16:00Z" });
        assert_eq!(cpo.patch(SESSION, &empty).await.status(), (200, 1000));
        assert_eq!(cpo.get(SESSION).await.data()["charging_periods"], expected);
        assert_eq!(cpo.patch(SESSION, &patch).await.status(), (200, 2001), "older by now");
        assert_eq!(cpo.patch(SESSION, &json!({ "kwh": 3 })).await.status(), (200, 2001));
        assert_eq!(cpo.get(SESSION).await.data()["charging_periods"], expected);
    }

    // Proves: SES-051, SES-035, SES-038, SES-039, SES-050, SES-005, TRN-023, TRN-073
    async fn nothing_else_can_be_done_with_it(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let patch = json!({ "kwh": 3, "last_updated": "2026-05-12T14:20:00Z" });
        assert_eq!(cpo.get(SESSION).await.status(), (404, 2001));
        assert_eq!(cpo.patch(SESSION, &patch).await.status(), (404, 2001));
        cpo.put(SESSION, &session()).await;
        assert_eq!(cpo.patch(&format!("{SESSION}/charging_periods"), &patch).await.http, 404);
        for method in ["POST", "DELETE"] {
            assert_eq!(cpo.send(method, SESSION, Some(&session())).await.http, 405);
        }
        assert_eq!(cpo.get(SESSION).await.data(), &session());
    }

    // Proves: SES-092
    async fn a_completed_session_is_final_and_may_be_sent_again(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let completed = example(examples::SESSION);
        cpo.put(SESSION, &session()).await;
        assert_eq!(cpo.put(SESSION, &completed).await.status(), (200, 1000));
        assert_eq!(cpo.put(SESSION, &completed).await.status(), (200, 1000), "sent again after a lost answer");
        let mut changed = completed.clone();
        changed["kwh"] = json!(99);
        changed["last_updated"] = json!("2026-05-13T00:00:00Z");
        let reply = cpo.put(SESSION, &changed).await;
        assert_eq!(reply.status(), (200, 2001));
        assert!(reply.message().contains("COMPLETED"), "{}", reply.message());
        let patch = json!({ "kwh": 99, "last_updated": "2026-05-13T00:00:00Z" });
        assert_eq!(cpo.patch(SESSION, &patch).await.status(), (200, 2001));
        assert_eq!(cpo.get(SESSION).await.data(), &completed);
    }

    // Proves: SES-044, SES-045, SES-046, SES-075
    async fn what_is_wrong_or_not_the_callers_changes_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let other = world.register(&["NL/TNM"]).await.caller;
        cpo.put(SESSION, &session()).await;
        for (field, value) in [
            ("id", json!("S2")), ("party_id", json!("XYZ")), ("country_code", json!("DE")), ("kwh", Value::Null),
            ("currency", json!("EURO")), ("status", json!("RUNNING")), ("last_updated", json!("2020-01-01T00:00:00Z")),
        ] {
            let mut wrong = session();
            wrong[field] = value;
            let reply = cpo.put(SESSION, &wrong).await;
            assert_eq!(reply.status(), (200, 2001), "{field}: {reply:?}");
        }
        assert_eq!(other.put(SESSION, &session()).await.http, 404);
        assert_eq!(other.get(SESSION).await.http, 404);
        assert_eq!(cpo.get(SESSION).await.data(), &session());
    }

    // Proves: SES-059, SES-073, SES-074, SES-076, CDR-097; field note: the text of the spec says RESERVED
    async fn odd_but_right_sessions_are_taken(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut reserved = session();
        reserved["status"] = json!("RESERVED");
        reserved["evse_uid"] = json!("#NA");
        reserved["connector_id"] = json!("#NA");
        reserved["kwh"] = json!(0);
        reserved["charging_periods"] = Value::Null;
        assert_eq!(cpo.put(SESSION, &reserved).await.status(), (201, 1000));
        assert_eq!(cpo.get(SESSION).await.data()["status"], "RESERVATION");
        let mut charging = session();
        charging["charging_periods"][0]["dimensions"] = json!([{ "type": "STATE_OF_CHARGE", "volume": 55 }]);
        assert_eq!(cpo.put(SESSION, &charging).await.status(), (200, 1000));
    }
}
