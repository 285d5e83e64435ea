//! Starts the programs as a person would, reads their logs, and kills them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Once;
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

/// A lesson in `examples/`. `cargo test` has built all of them, unless it was told to build this test alone.
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    let path = profile_folder().join("examples").join(name);
    if !is_up_to_date(&path) {
        BUILT.call_once(|| {
            // With the features of `cargo test --workspace`: otherwise everything below would be built once more.
            let built = std::process::Command::new(env!("CARGO"))
                .args(["build", "--workspace", "--examples", "--locked", "--profile", profile()])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status()
                .expect("cargo can be started");
            assert!(built.success(), "the examples cannot be built");
        });
    }
    path
}

/// Whether none of the files from which cargo says that it has built this program is newer.
fn is_up_to_date(program: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let (Some(built), Ok(sources)) = (changed(program), std::fs::read_to_string(program.with_extension("d"))) else {
        return false;
    };
    sources.split_whitespace().filter_map(|source| changed(Path::new(source))).all(|source| source <= built)
}

/// `target/debug` or its like.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps").to_owned()
}

/// The profile that this test was built with.
fn profile() -> &'static str {
    if profile_folder().ends_with("release") { "release" } else { "dev" }
}

/// A program of this workspace. `cargo test --workspace` has built it beside this test; a narrower call may not have.
pub(crate) fn binary_of(package: &str, name: &str) -> PathBuf {
    let path = profile_folder().join(name);
    if !path.exists() {
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--package", package, "--bin", name, "--profile", profile()])
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

/// Starts the launcher and waits until its story is told and both parties stay up. They are killed when this is dropped.
pub(crate) async fn demonstration(data: &Path, emsp: u16, cpo: u16) -> Child {
    let mut pair = Command::new(env!("CARGO_BIN_EXE_roaming-pair"))
        .args(["--fast", "--emsp-port", &emsp.to_string(), "--cpo-port", &cpo.to_string(), "--data"])
        .arg(data)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the launcher starts");
    let mut lines = BufReader::new(pair.stdout.take().expect("stdout is a pipe")).lines();
    let told = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            if line.contains("Both stay up") {
                return;
            }
        }
        panic!("the launcher ended before its story was told");
    };
    tokio::time::timeout(Duration::from_mins(2), told).await.expect("the story ends");
    // What it goes on to say must be read, or it would have to wait.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    pair
}
