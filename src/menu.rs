//! The menu: everything that a person does with this project, without remembering commands. Each entry says the plain
//! command that does the same.

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use dialoguer::Select;
use dialoguer::theme::ColorfulTheme;
use ocpi_party::PartyConfig;

use crate::tiers::Tier;
use crate::{markdown, pair, reports};

const GUIDE: &str = include_str!("../docs/troubleshooting.md");

/// A program in the background.
struct Background {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// A command that runs until it ends, in this terminal.
    Run(Vec<String>),
    /// A party to start in the background.
    Start(&'static str),
    /// The background program with this index, to be stopped.
    Stop(usize),
    Lessons,
    Tests,
    Reports,
    Troubleshoot,
    Quit,
}

/// Shows the menu until the person leaves it.
pub(crate) async fn show() -> ExitCode {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        eprintln!("error: the menu needs a terminal. The plain commands are:");
        for (_, entry) in main_entries(&[]) {
            if let Some(command) = plain(&entry) {
                eprintln!("  {command}");
            }
        }
        return ExitCode::from(2);
    }
    // Ctrl-C is for the command that runs in this terminal: the menu comes back when that has ended. In the menu itself it
    // means to leave, which must not leave programs behind in the background.
    let ignored = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let ended = tokio::task::spawn_blocking(menu).await;
    ignored.abort();
    if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn menu() {
    let mut background: Vec<Background> = Vec::new();
    loop {
        background.retain_mut(|program| matches!(program.child.try_wait(), Ok(None)));
        let entries = main_entries(&background.iter().map(|program| program.name).collect::<Vec<_>>());
        match choose("What would you like to do?", entries) {
            None | Some(Entry::Quit) => break,
            Some(Entry::Run(command)) => run(&command),
            Some(Entry::Start(name)) => background.extend(start(name)),
            Some(Entry::Stop(index)) => stop(background.remove(index)),
            Some(Entry::Lessons) => one_of("Which lesson?", lessons()),
            Some(Entry::Tests) => one_of("Which tests?", tests()),
            Some(Entry::Reports) => one_of("Which report?", reports()),
            Some(Entry::Troubleshoot) => {
                troubleshoot();
            }
        }
    }
    for program in background {
        stop(program);
    }
}

/// Prints the troubleshooting guide, laid out for the terminal where there is one.
pub(crate) fn troubleshoot() -> ExitCode {
    if std::io::stdout().is_terminal() {
        let (_, width) = dialoguer::console::Term::stdout().size();
        anstream::println!("{}", markdown::laid_out(GUIDE, width));
    } else {
        println!("{GUIDE}");
    }
    ExitCode::SUCCESS
}

/// The entries of the first menu; `running` are the names of the programs in the background.
fn main_entries(running: &[&'static str]) -> Vec<(String, Entry)> {
    let mut entries = vec![
        ("Watch the story: two companies, and cars that charge".to_owned(), Entry::Run(words("cargo run --release"))),
        ("Take a lesson".to_owned(), Entry::Lessons),
    ];
    for name in ["emsp", "cpo-mock"] {
        match running.iter().position(|running| *running == name) {
            None => entries.push((format!("Start the {} alone, in the background", title(name)), Entry::Start(name))),
            Some(index) => entries.push((format!("Stop the {}", title(name)), Entry::Stop(index))),
        }
    }
    entries.extend([
        ("Run tests".to_owned(), Entry::Tests),
        ("Open a report of tests".to_owned(), Entry::Reports),
        ("Check this machine".to_owned(), Entry::Run(words("cargo run --release -- doctor"))),
        ("Read the troubleshooting guide".to_owned(), Entry::Troubleshoot),
        ("Leave".to_owned(), Entry::Quit),
    ]);
    entries
}

fn title(name: &str) -> &'static str {
    if name == "emsp" { "EMSP" } else { "CPO" }
}

/// Where a party answers that was started without further options.
fn base_url(name: &str) -> String {
    let defaults = if name == "emsp" { PartyConfig::emsp() } else { PartyConfig::cpo() };
    format!("http://localhost:{}", defaults.port)
}

/// The examples whose names begin with a number, in their order.
fn lessons() -> Vec<(String, Entry)> {
    let Ok(files) = std::fs::read_dir("examples") else { return Vec::new() };
    let names = files.filter_map(|file| Path::new(&file.ok()?.file_name()).file_stem()?.to_str().map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).collect();
    names.sort();
    let entry = |name: String| {
        let title = name.replace('_', " ");
        (title, Entry::Run(words(&format!("cargo run --example {name} -- --pause"))))
    };
    names.into_iter().map(entry).collect()
}

fn tests() -> Vec<(String, Entry)> {
    let entry = |tier: Tier| {
        let name = tier.name();
        (name.to_owned(), Entry::Run(words(&format!("cargo run --release -- test {name}"))))
    };
    Tier::ALL.into_iter().map(entry).collect()
}

/// The HTML and Markdown files among the reports.
fn reports() -> Vec<(String, Entry)> {
    let Ok(files) = std::fs::read_dir(reports::folder()) else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let shown = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "html" || kind == "md");
    let mut paths: Vec<PathBuf> = paths.filter(shown).collect();
    paths.sort();
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let entry = |path: PathBuf| {
        let path = path.display().to_string();
        (path.clone(), Entry::Run(vec![opener.to_owned(), path]))
    };
    paths.into_iter().map(entry).collect()
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

/// The command that does the same without the menu.
fn plain(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Run(command) => Some(command.join(" ")),
        Entry::Start(name) => Some(format!("cargo {}", serve_arguments(name).join(" "))),
        Entry::Lessons => Some("cargo run --example NAME -- --pause".to_owned()),
        Entry::Tests => Some("cargo run --release -- test unit|integration|compliance|performance|coverage".to_owned()),
        Entry::Troubleshoot => Some("cargo run --release -- troubleshoot".to_owned()),
        Entry::Stop(_) | Entry::Reports | Entry::Quit => None,
    }
}

/// Lets the person choose; `None` when they do not want to.
fn choose(question: &str, entries: Vec<(String, Entry)>) -> Option<Entry> {
    let titles: Vec<&str> = entries.iter().map(|(title, _)| title.as_str()).collect();
    let chosen =
        Select::with_theme(&ColorfulTheme::default()).with_prompt(question).items(&titles).default(0).interact_opt();
    // An error means that the terminal is gone.
    let index = chosen.ok().flatten()?;
    entries.into_iter().nth(index).map(|(_, entry)| entry)
}

fn one_of(question: &str, mut entries: Vec<(String, Entry)>) {
    if entries.is_empty() {
        println!("There is none yet, or this was not started in the project's folder.");
        return;
    }
    entries.push(("Back".to_owned(), Entry::Quit));
    if let Some(Entry::Run(command)) = choose(question, entries) {
        run(&command);
    }
}

/// Runs a command in this terminal until it ends.
fn run(command: &[String]) {
    println!("$ {}\n", command.join(" "));
    match Command::new(&command[0]).args(&command[1..]).status() {
        Ok(status) if status.success() => println!(),
        Ok(status) => println!("\nIt ended with {status}.\n"),
        Err(error) => println!("{} cannot be started: {error}\n", command[0]),
    }
}

fn serve_arguments(name: &str) -> Vec<String> {
    let options = format!(
        "run --release -p {name} -- serve --demo-data --operator-key {} --allow-private-urls --allow-http-urls",
        pair::OPERATOR_KEY
    );
    words(&options)
}

/// Starts a party in the background; its log goes to a file.
fn start(name: &'static str) -> Option<Background> {
    let log = PathBuf::from("target").join(format!("{name}.log"));
    let arguments = serve_arguments(name);
    println!("$ cargo {} 2> {}\n", arguments.join(" "), log.display());
    let started = File::create(&log).and_then(|file| {
        let mut cargo = Command::new("cargo");
        cargo.args(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        // Ctrl-C in this terminal is not meant for it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut cargo, 0);
        cargo.spawn()
    });
    match started {
        Ok(child) => {
            println!("It is built first if need be; then it answers at {}.\n", base_url(name));
            Some(Background { name, child, log })
        }
        Err(error) => {
            println!("cargo cannot be started: {error}");
            None
        }
    }
}

/// Asks a program to stop, and waits until it has: it finishes the requests that are under way.
fn stop(mut program: Background) {
    // `cargo run` replaces itself by the program, so its process is the program's.
    let asked = Command::new("kill").arg(program.child.id().to_string()).status();
    if !asked.is_ok_and(|status| status.success()) {
        // Where there is no `kill`, it must be stopped the hard way; it survives that.
        let _ = program.child.kill();
    }
    match program.child.wait() {
        Ok(_) => println!("The {} has stopped; its log is {}.\n", title(program.name), program.log.display()),
        Err(error) => println!("The {} may still run: {error}\n", title(program.name)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::options::Cli;

    #[test]
    fn every_entry_is_a_plain_command_too() {
        for (title, entry) in main_entries(&[]).into_iter().chain(tests()) {
            if matches!(entry, Entry::Quit | Entry::Reports) {
                continue;
            }
            let command = plain(&entry).unwrap_or_else(|| panic!("{title} has no plain command"));
            let Some(arguments) =
                command.strip_prefix("cargo run --release").map(|rest| rest.trim_start_matches(" --"))
            else {
                continue;
            };
            if arguments.starts_with("example") || arguments.contains('|') || arguments.starts_with(" -p") {
                continue;
            }
            let parsed = Cli::try_parse_from(std::iter::once("roaming-pair").chain(arguments.split_whitespace()));
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_lesson_can_be_chosen() {
        let lessons = lessons();
        assert!(lessons.len() >= 12, "{lessons:?}");
        for (title, entry) in lessons {
            let Entry::Run(command) = entry else { panic!("{title} is not run") };
            let name = command[3].as_str();
            assert_eq!(command, words(&format!("cargo run --example {name} -- --pause")));
            assert!(Path::new("examples").join(name).with_extension("rs").exists(), "{name}");
        }
    }

    #[test]
    fn what_runs_can_be_stopped_instead_of_started() {
        let entries = main_entries(&["cpo-mock"]);
        assert!(entries.iter().any(|(_, entry)| *entry == Entry::Stop(0)));
        assert!(!entries.iter().any(|(_, entry)| *entry == Entry::Start("cpo-mock")));
        assert!(entries.iter().any(|(_, entry)| *entry == Entry::Start("emsp")));
    }
}
