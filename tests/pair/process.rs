//! Starts the programs as a person would, reads their logs, and kills them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::operator::Operator;

pub(crate) const KEY: &str = "pair-test-key";

/// A running `emsp` or `cpo-mock`.
pub(crate) struct Server {
    program: &'static str,
    arguments: Vec<String>,
    child: Child,
    lines: UnboundedReceiver<String>,
    pub(crate) operator: Operator,
}

impl Server {
    /// Starts a program with a SQLite file in `folder` and waits until it serves.
    pub(crate) async fn start(program: &'static str, port: u16, folder: &Path, more: &[&str]) -> Self {
        let database = format!("sqlite:{}", folder.join(format!("{program}.db")).display());
        Self::start_on(program, port, &database, more).await
    }

    /// Starts a program on a database and waits until it serves.
    pub(crate) async fn start_on(program: &'static str, port: u16, database: &str, more: &[&str]) -> Self {
        let mut arguments: Vec<String> = [
            "serve",
            "--port",
            &port.to_string(),
            "--operator-key",
            KEY,
            "--allow-private-urls",
            "--allow-http-urls",
            "--demo-data",
            "--retry-min-seconds",
            "1",
            "--retry-max-seconds",
            "2",
            "--log",
            "info,ocpi_http=debug",
        ]
        .map(str::to_owned)
        .into();
        arguments.extend(["--database".to_owned(), database.to_owned()]);
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let (child, lines) = spawn(program, &arguments);
        let operator = Operator::new(&format!("http://127.0.0.1:{port}"), KEY);
        let mut server = Self { program, arguments, child, lines, operator };
        server.wait_for(&["serving"], 1).await;
        server
    }

    /// Reads on in the log until `count` more lines with one of these texts have come.
    pub(crate) async fn wait_for(&mut self, texts: &[&str], count: usize) {
        let program = self.program;
        let wait = async {
            let mut left = count;
            while left > 0 {
                let line =
                    self.lines.recv().await.unwrap_or_else(|| panic!("{program} ended before it logged {texts:?}"));
                left -= usize::from(texts.iter().any(|text| line.contains(text)));
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(1), wait).await;
        assert!(waited.is_ok(), "{program} did not log {texts:?} {count} times within a minute");
    }

    /// SIGKILL, then the same program with the same arguments again.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.child.kill().await.expect("a child can be killed");
        (self.child, self.lines) = spawn(self.program, &self.arguments);
        self.wait_for(&["serving"], 1).await;
    }
}

fn spawn(program: &str, arguments: &[String]) -> (Child, UnboundedReceiver<String>) {
    let mut child = Command::new(binary(program))
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program can be started");
    let stderr = child.stderr.take().expect("stderr is a pipe");
    let (sender, lines) = unbounded_channel();
    tokio::spawn(async move {
        let mut log = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = log.next_line().await {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

/// A server. See [`binary_of`].
pub(crate) fn binary(name: &str) -> PathBuf {
    binary_of(name, name)
}

/// A program of this workspace. `cargo test --workspace` has built it beside this test; a narrower call may not have.
pub(crate) fn binary_of(package: &str, name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let path = folder.join(name);
    if !path.exists() {
        let profile = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
        let profile = if profile == "debug" { "dev" } else { profile };
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--package", package, "--bin", name, "--profile", profile])
            .status()
            .expect("cargo can be started");
        assert!(built.success(), "{name} cannot be built");
    }
    path
}

/// A port that was free a moment ago. It must stay the same over restarts, because partners remember it.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}
