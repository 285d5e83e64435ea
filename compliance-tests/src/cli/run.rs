//! `ocpi-compliance run`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use compliance_tests::fixtures::Owner;
use compliance_tests::report::{CaseReport, compare};
use compliance_tests::trigger::Triggers;
use compliance_tests::{RunConfig, RunReport, applicable, run_observed};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::RunArgs;

pub(crate) async fn run(args: RunArgs) -> Result<u8, String> {
    let reports = args.report.iter().map(|text| report_target(text)).collect::<Result<Vec<_>, _>>()?;
    let old = args.compare.as_deref().map(read_report).transpose()?;
    let config = configuration(&args).await?;
    let chosen = applicable(&config).len();
    if chosen == 0 {
        return Err("no case fits --role, --only, --skip, --module, --level and --tier together".into());
    }
    let bar = if args.quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(chosen as u64)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    let (interactive, quiet) = (args.interactive, args.quiet);
    let report = run_observed(config, |done, _, case| {
        if interactive {
            anstream::eprintln!("{} {}", coloured(case.word(), 14), case.id);
            return;
        }
        bar.set_position(done as u64);
        bar.set_message(case.id.clone());
        if !quiet && matches!(case.word(), "fail" | "error") {
            bar.suspend(|| anstream::eprintln!("{} {}: {}", coloured(case.word(), 5), case.id, short(case)));
        }
    })
    .await;
    bar.finish_and_clear();
    print_summary(&report);
    let mut code = report.exit_code();
    for (kind, path) in reports {
        let text = match kind {
            "html" => report.to_html(),
            "junit" => report.to_junit(),
            "json" => report.to_json(),
            _ => report.to_markdown(),
        };
        match std::fs::write(path, text) {
            Ok(()) => println!("wrote {path}"),
            Err(err) => {
                eprintln!("error: {path}: {err}");
                code = 3;
            }
        }
    }
    if let Some(old) = old {
        print!("{}", compare::compare(&old, &report).to_text());
    }
    Ok(code)
}

async fn configuration(args: &RunArgs) -> Result<RunConfig, String> {
    let is_web = url::Url::parse(&args.versions_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_web {
        return Err(format!("--versions-url {}: an absolute http or https URL is wanted", args.versions_url));
    }
    let mut config = RunConfig::new(args.versions_url.clone(), args.role.into());
    let owner = |text: &str| Owner::parse(text).ok_or_else(|| format!("{text} is no party such as NL/CTS"));
    config.party = owner(&args.party)?;
    config.second_party = if args.second_party == "none" { None } else { Some(owner(&args.second_party)?) };
    config.triggers = triggers(args)?;
    config.token_a.clone_from(&args.token_a);
    config.token.clone_from(&args.token);
    if args.invite {
        let mut outputs = config
            .triggers
            .pull("invite", &[("name", "OCPI compliance suite")])
            .await
            .map_err(|stop| stop.to_string())?;
        config.token_a = outputs.remove("token_a");
        config.peer_id = outputs.remove("peer_id").unwrap_or_default();
    }
    config.spare_tokens.clone_from(&args.spare_token_a);
    config.listen = args.listen;
    config.public_url.clone_from(&args.public_url);
    known_cases("--only", &args.only)?;
    known_cases("--skip", &args.skip)?;
    for module in &args.module {
        super::known_module(module)?;
    }
    config.only.clone_from(&args.only);
    config.skip.clone_from(&args.skip);
    config.modules.clone_from(&args.module);
    config.level = args.level.into();
    config.tier = args.tier.into();
    config.side_by_side = !args.one_by_one;
    config.timeout = Duration::from_secs(args.timeout);
    config.patience = Duration::from_secs(args.patience);
    config.deadline = Duration::from_secs(args.deadline);
    Ok(config)
}

/// A misspelt name must not make a run that tests less than was wanted.
fn known_cases(option: &str, names: &[String]) -> Result<(), String> {
    let all = compliance_tests::cases::all();
    match names.iter().find(|name| !all.iter().any(|case| case.is_named(name))) {
        Some(name) => Err(format!(
            "{option} {name}: no case, group of cases or requirement with a case has this name; `ocpi-compliance list` names them"
        )),
        None => Ok(()),
    }
}

fn triggers(args: &RunArgs) -> Result<Triggers, String> {
    let mut triggers = match &args.triggers {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|err| format!("{}: {err}", path.display()))?;
            Triggers::parse(&text).map_err(|err| format!("{}: {err}", path.display()))?
        }
        None => Triggers::default(),
    };
    for pair in &args.var {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("--var {pair}: NAME=VALUE is wanted"))?;
        triggers.variables.insert(name.into(), value.into());
    }
    triggers.interactive = args.interactive;
    Ok(triggers)
}

fn report_target(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        Some((kind @ ("html" | "junit" | "json" | "md"), path)) if !path.is_empty() => {
            // Rather now than after the run.
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.map(|_| (kind, path)).map_err(|err| format!("--report {text}: {err}"))
        }
        _ => Err(format!("--report {text}: html=FILE, junit=FILE, json=FILE or md=FILE is wanted")),
    }
}

fn read_report(path: &Path) -> Result<RunReport, String> {
    let text = std::fs::read_to_string(path).map_err(|err| format!("{}: {err}", path.display()))?;
    serde_json::from_str(&text).map_err(|err| format!("{} is no JSON report of this tool: {err}", path.display()))
}

fn short(case: &CaseReport) -> String {
    let text = case.actual.as_deref().or(case.reason.as_deref()).unwrap_or("");
    let mut line: String = text.chars().take(160).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

/// A word for an outcome in its colour; without colours where the terminal or `NO_COLOR` wants none.
fn coloured(word: &str, width: usize) -> String {
    use anstyle::{AnsiColor, Style};
    let colour = match word {
        "pass" => Some(AnsiColor::Green),
        "fail" => Some(AnsiColor::Red),
        "warning" => Some(AnsiColor::Yellow),
        "error" => Some(AnsiColor::Magenta),
        "info" => Some(AnsiColor::Blue),
        _ => None,
    };
    let style = Style::new().fg_color(colour.map(Into::into));
    format!("{style}{word:width$}{style:#}")
}

fn print_summary(report: &RunReport) {
    if let Some(trouble) = report.trouble.as_ref().or(report.target.trouble.as_ref()) {
        println!("{trouble}\n");
    }
    let counts = report.counts();
    let words: Vec<&str> = ["pass", "fail", "warning", "info", "skip", "not applicable", "error"]
        .into_iter()
        .filter(|word| counts.contains_key(word))
        .collect();
    let heading = |word: &str| if word == "not applicable" { "n/a".to_string() } else { word.to_string() };
    let row = |name: &str, cells: Vec<String>| {
        print!("{name:18}");
        for cell in cells {
            print!("{cell:>9}");
        }
        println!();
    };
    row("module", words.iter().map(|word| heading(word)).collect());
    let line = |name: &str, counts: &BTreeMap<&'static str, usize>| {
        let cell = |word: &&str| counts.get(*word).map_or(String::new(), ToString::to_string);
        row(name, words.iter().map(cell).collect());
    };
    for (module, counts) in report.by_module() {
        line(module, &counts);
    }
    line("all", &counts);
    for word in ["fail", "warning", "error"] {
        let cases: Vec<_> = report.cases.iter().filter(|case| case.word() == word).collect();
        if !cases.is_empty() {
            anstream::println!("\n{} {}", coloured(word, 0), cases.len());
        }
        for case in cases {
            println!("  {} [{}]\n      {}", case.id, case.requirements.join(" "), short(case));
        }
    }
    print_missing_triggers(report);
    let total = compliance_tests::catalogue::requirements().len();
    println!(
        "\n{} of {total} requirements of the catalogue were tried; {} s.",
        total - report.untested.len(),
        report.took_ms / 1000
    );
}

/// What the user could still give, so that more can be tried.
fn print_missing_triggers(report: &RunReport) {
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.word() == "skip") {
        let reason = case.reason.as_deref().unwrap_or("");
        if let Some((_, rest)) = reason.split_once("the trigger `")
            && let Some((name, _)) = rest.split_once('`')
        {
            *wanted.entry(name).or_default() += 1;
        }
    }
    if !wanted.is_empty() {
        let list: Vec<String> = wanted.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        println!("\nTriggers that more cases need: {}", list.join(", "));
    }
}
