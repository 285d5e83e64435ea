//! What a newcomer sees.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::operator::Operator;
use crate::process::{demonstration, free_port};

async fn tell(data: &TempDir, ports: (u16, u16)) -> (Option<i32>, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_roaming-pair"))
        .args(["--fast", "--exit", "--emsp-port", &ports.0.to_string(), "--cpo-port", &ports.1.to_string(), "--data"])
        .arg(data.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(2), run).await.expect("the story ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The calls of a story without what changes from run to run: who, method and module.
fn calls(story: &str) -> Vec<String> {
    let arrow = |line: &&str| line.contains(" → ");
    let call = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let path = words[4].split('?').next().unwrap_or_default();
        // A long URL is cut in the middle, which may be in the middle of a module's name.
        let named = |part: &str| {
            let (head, cut) = part.split_once('…').map_or((part, false), |(head, _)| (head, true));
            let is = |module: &&&str| **module == head || (cut && head.len() > 8 && module.starts_with(head));
            MODULES.iter().find(is).copied()
        };
        let module = path.split('/').find_map(named).unwrap_or("details");
        // Whether a change is told whole or in part depends on what has been acknowledged by then.
        let method = if matches!(words[3], "PUT" | "PATCH") { "PUT or PATCH" } else { words[3] };
        format!("{} {method} {module}", words[0])
    };
    let mut calls: Vec<String> = story.lines().filter(arrow).map(call).collect();
    calls.sort();
    calls.dedup();
    calls
}

const MODULES: &[&str] =
    &["versions", "credentials", "locations", "tariffs", "tokens", "sessions", "cdrs", "commands", "chargingprofiles"];

#[tokio::test]
async fn the_story_is_told_twice_and_the_parties_register_once() {
    let data = TempDir::new().unwrap();
    let ports = (free_port(), free_port());
    let (code, story, problems) = tell(&data, ports).await;
    assert_eq!(code, Some(0), "{story}\n{problems}");
    insta::assert_snapshot!(calls(&story).join("\n"));
    assert_eq!(story.matches("The EMSP's check: FINE").count(), 2, "{story}");
    assert!(story.contains("With the limit: 2.08 kW."), "{story}");
    for told in ["(RESERVED)", "(RESERVATION, 0 kWh", "for the reservation. The EMSP's check"] {
        assert!(story.contains(told), "{told}: {story}");
    }

    let (code, again, problems) = tell(&data, ports).await;
    assert_eq!(code, Some(0), "{again}\n{problems}");
    assert!(again.contains("They registered when this was started before"), "{again}");
    assert!(!again.contains("/ocpi/2.2.1/credentials"), "{again}");
    assert_eq!(again.matches("The EMSP's check: FINE").count(), 2, "{again}");
}

#[tokio::test]
async fn parties_that_have_parted_meet_again() {
    let data = TempDir::new().unwrap();
    let ports = (free_port(), free_port());
    let mut pair = demonstration(data.path(), ports.0, ports.1).await;
    let emsp = Operator::new(&format!("http://127.0.0.1:{}", ports.0), "demo-operator-key");
    let partners = emsp.get("/partners").await.unwrap();
    let id = partners["partners"][0]["id"].as_str().unwrap();
    emsp.delete(&format!("/partners/{id}")).await.unwrap();
    pair.kill().await.unwrap();

    let (code, story, problems) = tell(&data, ports).await;
    assert_eq!(code, Some(0), "{story}\n{problems}");
    assert!(story.contains("The two companies meet") && story.contains("/ocpi/2.2.1/credentials"), "{story}");
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let data = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, story, problems) = tell(&data, (free_port(), port)).await;
    assert_eq!((code, story.as_str()), (Some(4), ""));
    assert_eq!(problems.lines().count(), 1, "{problems}");
    assert!(problems.contains(&port.to_string()) && problems.contains("choose another"), "{problems}");
}

#[tokio::test]
async fn an_unusable_data_folder_is_one_clear_line() {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join("cpo.db"), "this is not a database, whatever its name says").unwrap();
    let (code, story, problems) = tell(&data, (free_port(), free_port())).await;
    assert_eq!((code, story.as_str()), (Some(3), ""));
    assert_eq!(problems.lines().count(), 1, "{problems}");
    assert!(problems.contains("database"), "{problems}");
}
