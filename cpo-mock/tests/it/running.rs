//! The whole server with its background tasks, as `serve` runs it.

use std::time::Duration;

use axum::http::Method;
use cpo_mock::App;
use ocpi_http::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::emsp::Emsp;
use crate::world::{World, at, config};

/// How often a test looks before it gives up.
const PATIENCE: usize = 5000;

/// How often it looks before it moves time on: a busy machine needs a while to do what has become due.
const LOOKS: usize = 50;

/// Proves: SES-003, SES-004, CDR-018, CMD-006 (nobody drives these by hand)
#[tokio::test]
async fn stations_and_pushes_run_by_themselves() {
    let database = ocpi_party::testing::sqlite();
    let clock = Clock::manual(at("2026-06-12T10:00:00Z"));
    let app = App::open(config(&database), clock.clone()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = app.clone().start(listener).await.unwrap();
    let world = World::of_running(app, clock, &running);
    let emsp = Emsp::start("US", "EMS").await;
    let partner = world.register(&emsp).await;
    world.publish().await;
    emsp.wait_for(Method::PUT, "/locations/US/CPO/LOC1").await;

    world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
    crate::charge::start(&world, &partner, &emsp).await;
    let sessions = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
    let path = format!("/sessions/US/CPO/{}", sessions.data()[0]["id"].as_str().unwrap());
    emsp.wait_for(Method::PUT, &path).await;
    let mut seen = false;
    for look in 0..PATIENCE {
        if look % LOOKS == 0 {
            world.clock.advance(Duration::from_mins(5));
        }
        // A request lets the other tasks have their turn.
        world.operate(Method::GET, "/stations/E1", &Value::Null).await;
        // A whole Session where the answer to the one before is still on its way.
        let pushes = [Method::PATCH, Method::PUT];
        seen = emsp.take().iter().any(|request| pushes.contains(&request.method) && request.path == path);
        if seen {
            break;
        }
    }
    assert!(seen, "no meter reading was pushed");

    let stop = json!({ "response_url": format!("{}/results/2", emsp.base), "session_id": sessions.data()[0]["id"] });
    partner.send(&world, Method::POST, "/commands/STOP_SESSION", &stop).await;
    emsp.wait_for(Method::POST, "/results/2").await;
    emsp.wait_for(Method::POST, "/cdrs").await;
    tokio::time::timeout(Duration::from_secs(20), running.stop()).await.expect("it stops in good order");
}
