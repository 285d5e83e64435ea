//! The process dies, at any moment; the charge goes on and is billed once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::http::Method;
use ocpi_party::testing::databases;
use ocpi_types::Decimal;
use serde_json::Value;

use crate::charge;
use crate::emsp::Emsp;
use crate::world::{World, config};

/// Lets a piece of work get so far and no further, as when the process is killed: it is polled so many times and dropped.
pub(crate) async fn die_after(polls: usize, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(context)
    })
    .await;
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

/// Proves: CDR-048 (one CDR), SES-063, SES-067, CDR-064
#[tokio::test]
async fn a_charge_survives_the_platform() {
    for database in databases().await {
        // All of the work takes some 50 polls.
        for polls in (0..54).step_by(3) {
            if database.name != "sqlite" && polls > 0 {
                continue;
            }
            let own = ocpi_party::testing::sqlite();
            let database = if database.name == "sqlite" { &own } else { &database };
            let mut world = World::new(database).await;
            let emsp = Emsp::start("US", "EMS").await;
            let partner = world.register(&emsp).await;
            world.publish().await;
            world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
            charge::start(&world, &partner, &emsp).await;
            // Killed while it works off half an hour, and again while the charge ends.
            for step in 0..2 {
                world.clock.advance(std::time::Duration::from_mins(30));
                if step == 0 {
                    die_after(polls, world.settle()).await;
                } else {
                    let unplug = async {
                        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
                        world.settle().await;
                    };
                    die_after(polls, unplug).await;
                }
                let clock = world.kill();
                world = World::at_time(config(database), clock).await;
            }
            world.settle().await;
            // Where the driver's hand was lost with the process, it comes again.
            world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
            world.advance(10).await;

            let sessions = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
            let cdrs = partner.get(&world, "/cdrs").await;
            let case = format!("killed after {polls} polls");
            assert_eq!(sessions.data().as_array().map(Vec::len), Some(1), "{case}");
            assert_eq!(sessions.data()[0]["status"], "COMPLETED", "{case}");
            assert_eq!(cdrs.data().as_array().map(Vec::len), Some(1), "{case}");
            let cdr = &cdrs.data()[0];
            assert_eq!(cdr["end_date_time"], "2026-06-12T11:00:00Z", "{case}");
            let energy: Decimal = cdr["charging_periods"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|period| period["dimensions"].as_array().unwrap())
                .filter(|dimension| dimension["type"] == "ENERGY")
                .map(|dimension| decimal(&dimension["volume"]))
                .sum();
            assert_eq!(energy, decimal(&cdr["total_energy"]), "{case}");
            assert_eq!(energy, "7.2".parse().unwrap(), "an hour at 7.2 kW, {case}");
            let bills = emsp.take().into_iter().filter(|request| request.path == "/cdrs").collect::<Vec<_>>();
            assert!(bills.iter().all(|bill| bill.body == *cdr), "{case}");
            assert!(!bills.is_empty(), "{case}");
        }
    }
}
