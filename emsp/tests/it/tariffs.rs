//! Module Tariffs, as its Receiver.

use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, example};

const TARIFF: &str = "/ocpi/2.2.1/emsp/tariffs/US/CPO/TARIFF-DAY";

fn tariff() -> Value {
    example(examples::TARIFF)
}

crate::on_each_database! {
    // Proves: TAR-021, TAR-022, TAR-023, TAR-024, TAR-026, TAR-027, TAR-019, TAR-052, TRN-062, TRN-075
    async fn a_tariff_is_created_replaced_and_served_as_it_is(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut sent = tariff();
        sent["elements"][0]["price_components"][0].as_object_mut().unwrap().remove("vat");
        assert_eq!(cpo.put(TARIFF, &sent).await.status(), (201, 1000));
        assert_eq!(cpo.get("/ocpi/2.2.1/emsp/tariffs/us/cpo/tariff-day").await.data(), &sent);
        sent["elements"][0]["price_components"][0]["vat"] = json!(0.0);
        sent.as_object_mut().unwrap().remove("min_price");
        assert_eq!(cpo.put(TARIFF, &sent).await.status(), (200, 1000));
        assert_eq!(cpo.get(TARIFF).await.data(), &sent);
    }

    // Proves: TAR-033, TAR-025
    async fn a_deleted_tariff_is_unknown_until_it_is_put_again(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        assert_eq!(cpo.delete(TARIFF).await.http, 404);
        cpo.put(TARIFF, &tariff()).await;
        assert_eq!(cpo.delete(TARIFF).await.status(), (200, 1000));
        assert_eq!(cpo.get(TARIFF).await.status(), (404, 2001));
        assert_eq!(cpo.delete(TARIFF).await.http, 404);
        assert_eq!(cpo.put(TARIFF, &tariff()).await.status(), (201, 1000));
        assert_eq!(cpo.get(TARIFF).await.data(), &tariff());
    }

    // Proves: TAR-028, TAR-029, TAR-030, TAR-031, TAR-032, TRN-073
    async fn what_is_wrong_or_not_the_callers_changes_nothing(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let other = world.register(&["NL/TNM"]).await.caller;
        cpo.put(TARIFF, &tariff()).await;
        for (field, value) in [
            ("id", json!("ANOTHER")),
            ("party_id", json!("XYZ")),
            ("last_updated", Value::Null),
            ("elements", json!([])),
            ("currency", Value::Null),
            ("currency", json!("EURO")),
        ] {
            let mut wrong = tariff();
            wrong[field] = value;
            let reply = cpo.put(TARIFF, &wrong).await;
            assert_eq!(reply.status(), (200, 2001), "{field}: {reply:?}");
        }
        assert_eq!(other.put(TARIFF, &tariff()).await.http, 404);
        assert_eq!(other.delete(TARIFF).await.http, 404);
        for method in ["POST", "PATCH"] {
            assert_eq!(cpo.send(method, TARIFF, Some(&tariff())).await.http, 405);
        }
        assert_eq!(cpo.get(TARIFF).await.data(), &tariff());
    }
}
