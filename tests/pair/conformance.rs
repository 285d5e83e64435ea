//! The compliance suite judges both servers, on both databases: no MUST may fail.

use std::path::Path;
use std::process::Command;

use ocpi_party::testing::databases;

use crate::process::{KEY, Server, binary_of, free_port};

/// The triggers of the suite are shell commands in part.
fn tools_are_there() -> bool {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    let missing: Vec<_> = ["curl", "od"].into_iter().filter(|tool| !there(tool)).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED: the triggers of the suite need {missing:?}");
    }
    missing.is_empty()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

async fn judge(program: &'static str, role: &str) {
    if !tools_are_there() {
        return;
    }
    for database in databases().await {
        let port = free_port();
        let mut options = vec!["--page-max", "1000"];
        if role == "cpo" {
            // The suite asks more about one session than any partner.
            options.extend(["--profile-requests-per-minute", "1000"]);
            // A station is silent as long as it is waited for.
            options.extend(["--command-timeout", "15"]);
        }
        let server = Server::start_on(program, port, &database.url, &options).await;
        let base = format!("http://127.0.0.1:{port}");
        let triggers = format!("{}/compliance-tests/triggers/{role}.toml", env!("CARGO_MANIFEST_DIR"));
        let mut suite = tokio::process::Command::new(binary_of("compliance-tests", "ocpi-compliance"));
        // For whoever collects reports.
        if let Some(folder) = std::env::var_os("COMPLIANCE_REPORTS") {
            let name = root().join(folder).join(format!("suite-{program}-{}", database.name));
            let name = name.display();
            suite.args(["--report", &format!("html={name}.html"), "--report", &format!("junit={name}.xml")]);
        }
        let run = suite
            .args(["run", "--role", role, "--invite", "--tier", "destructive", "--quiet", "--triggers", &triggers])
            .args([
                "--versions-url",
                &format!("{base}/ocpi/versions"),
                "--listen",
                &format!("127.0.0.1:{}", free_port()),
            ])
            .args(["--var", &format!("operator={base}/operator/v1"), "--deadline", "480"])
            .env("OPERATOR_KEY", KEY)
            .kill_on_drop(true)
            .output()
            .await
            .expect("the suite can be started");
        let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert_eq!(run.status.code(), Some(0), "{program} on {}:\n{out}\n{err}", database.name);
        println!("{program} on {}:\n{out}", database.name);
        drop(server);
    }
}

#[tokio::test]
async fn the_cpo_keeps_every_must_that_the_suite_tries() {
    judge("cpo-mock", "cpo").await;
}

#[tokio::test]
async fn the_emsp_keeps_every_must_that_the_suite_tries() {
    judge("emsp", "emsp").await;
}
