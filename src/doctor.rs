//! Does this machine have what the project needs? Each answer comes with what to do.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anstream::println;
use anstyle::{AnsiColor, Style};
use serde_json::json;
use sqlx::{AnyConnection, Connection};

use crate::options::Doctor;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it should be.
    Good,
    /// Missing, and only needed for some things.
    Optional,
    /// Must be mended.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
struct Check {
    what: String,
    state: State,
    found: String,
    remedy: String,
}

impl Check {
    fn good(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Good, found: found.into(), remedy: String::new() }
    }

    fn bad(what: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Bad, found: found.into(), remedy: remedy.into() }
    }

    fn optional(self) -> Self {
        Self { state: if self.state == State::Bad { State::Optional } else { self.state }, ..self }
    }
}

/// Looks at everything and tells. Exit code 1 when something must be mended.
pub(crate) async fn examine(options: &Doctor) -> ExitCode {
    let checks = all(options).await;
    let good = checks.iter().all(|check| check.state != State::Bad);
    if options.json {
        let list: Vec<_> = checks.iter().map(as_json).collect();
        println!("{:#}", json!({ "good": good, "checks": list }));
    } else {
        for check in &checks {
            tell(check);
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn all(options: &Doctor) -> Vec<Check> {
    let mut checks = vec![
        rust(),
        tool("C compiler", "cc", "Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install"),
        port("EMSP", options.emsp_port, "--emsp-port"),
        port("CPO", options.cpo_port, "--cpo-port"),
        data_folder(&options.data),
    ];
    for name in ["emsp", "cpo"] {
        let file = options.data.join(format!("{name}.db"));
        if file.exists() {
            checks.push(database(&format!("sqlite:{}", file.display()), &file.display().to_string()).await);
        }
    }
    if let Ok(url) = std::env::var("DATABASE_URL") {
        checks.push(database(&url, "DATABASE_URL").await);
    }
    checks.push(postgres_programs());
    checks.push(tool("curl, for triggers and tours", "curl", "Debian: apt-get install curl").optional());
    checks.push(tool("wrk, for the load run", "wrk", "Debian: apt-get install wrk").optional());
    checks.push(tool("Python 3, for the load run", "python3", "Debian: apt-get install python3").optional());
    checks
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Some(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned())
}

fn tool(what: &str, program: &str, remedy: &str) -> Check {
    match version(program) {
        Some(found) => Check::good(what, found),
        None => Check::bad(what, format!("{program} is not there"), remedy),
    }
}

fn rust() -> Check {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    match version("rustc") {
        None => Check::bad("Rust", "rustc is not there", "install Rust from https://rustup.rs"),
        Some(found) if is_at_least(&found, needed) => Check::good("Rust", found),
        Some(found) => Check::bad("Rust", format!("{found}; {needed} is needed"), "rustup update"),
    }
}

/// Whether `rustc 1.95.0 (…)` is as new as `1.94`.
fn is_at_least(found: &str, needed: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    found.split_whitespace().nth(1).is_some_and(|version| numbers(version) >= numbers(needed))
}

fn port(party: &str, port: u16, option: &str) -> Check {
    let what = format!("port {port} for the {party}");
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Check::good(what, "free"),
        Err(error) => Check::bad(
            what,
            error.to_string(),
            format!("stop the other program (the pair itself?), or use {option} PORT"),
        ),
    }
}

fn data_folder(folder: &Path) -> Check {
    let what = format!("data folder {}", folder.display());
    if !folder.exists() {
        return Check::good(what, "not there yet; the first start makes it");
    }
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => Check::good(what, "writable"),
        Err(error) => {
            Check::bad(what, error.to_string(), "give yourself the right to write there, or use --data FOLDER")
        }
    }
}

/// Connects and asks; changes nothing.
async fn database(url: &str, shown: &str) -> Check {
    sqlx::any::install_default_drivers();
    let what = format!("database {shown}");
    let ask = async {
        let mut connection = AnyConnection::connect(url).await?;
        sqlx::query("SELECT COUNT(*) FROM peers").fetch_one(&mut connection).await?;
        connection.close().await
    };
    match ask.await {
        Ok(()) => Check::good(what, "answers"),
        Err(sqlx::Error::Database(error)) if error.message().contains("peers") => {
            Check::good(what, "answers; the first start makes its tables")
        }
        Err(error) => Check::bad(
            what,
            error.to_string(),
            "is it a database of this project, is the server running, are user and password right?",
        ),
    }
}

fn postgres_programs() -> Check {
    let what = "PostgreSQL's programs, for the tests";
    let installed = std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut entries| entries.next().is_some());
    if installed || version("initdb").is_some() {
        return Check::good(what, "there");
    }
    Check::bad(what, "not there", "scripts/test.sh installs them where it may; else: apt-get install postgresql")
        .optional()
}

fn as_json(check: &Check) -> serde_json::Value {
    let state = match check.state {
        State::Good => "good",
        State::Optional => "optional",
        State::Bad => "bad",
    };
    json!({ "what": check.what, "state": state, "found": check.found, "remedy": check.remedy })
}

fn tell(check: &Check) {
    let (style, mark) = match check.state {
        State::Good => (AnsiColor::Green.on_default(), "good    "),
        State::Optional => (AnsiColor::Yellow.on_default(), "optional"),
        State::Bad => (AnsiColor::Red.on_default(), "to mend "),
    };
    let dim = Style::new().dimmed();
    println!("{style}{mark}{style:#}  {}: {dim}{}{dim:#}", check.what, check.found);
    if !check.remedy.is_empty() {
        println!("          → {}", check.remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_at_least("rustc 1.95.0 (59807616e 2026-04-14)", "1.94"));
        assert!(is_at_least("rustc 1.94.0", "1.94"));
        assert!(is_at_least("rustc 1.100.0-nightly", "1.94"));
        assert!(!is_at_least("rustc 1.93.1", "1.94"));
        assert!(!is_at_least("what?", "1.94"));
    }

    #[test]
    fn a_port_in_use_has_a_remedy() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = taken.local_addr().unwrap().port();
        let check = port("CPO", number, "--cpo-port");
        assert_eq!(check.state, State::Bad);
        assert!(check.remedy.contains("--cpo-port"), "{check:?}");
        drop(taken);
        assert_eq!(port("CPO", number, "--cpo-port").state, State::Good);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emsp.db");
        std::fs::write(&file, "this is not a database, whatever its name says").unwrap();
        let check = database(&format!("sqlite:{}", file.display()), "emsp.db").await;
        assert_eq!(check.state, State::Bad, "{check:?}");
        std::fs::write(&file, "").unwrap();
        let check = database(&format!("sqlite:{}", file.display()), "emsp.db").await;
        assert_eq!(check.state, State::Good, "{check:?}");
    }

    #[test]
    fn what_is_optional_is_never_a_reason_to_fail() {
        let check = tool("nothing", "no-such-program", "install it").optional();
        assert_eq!((check.state, check.remedy.as_str()), (State::Optional, "install it"));
        assert_eq!(Check::good("a", "b").optional().state, State::Good);
    }
}
