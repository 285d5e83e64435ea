//! `ocpi-compliance run`.

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
    let bar = if args.quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(chosen as u64)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let (interactive, quiet) = (args.interactive, args.quiet);
    let report = run_observed(config, |done, _, case| {
        if interactive {
            eprintln!("{:15} {}", case.word(), case.id);
            return;
        }
        bar.set_position(done as u64);
        bar.set_message(case.id.clone());
        if !quiet && matches!(case.word(), "fail" | "error") {
            bar.suspend(|| eprintln!("{:8} {}: {}", case.word(), case.id, short(case)));
        }
    })
    .await;
    bar.finish_and_clear();
    print_summary(&report);
    for (kind, path) in reports {
        let text = match kind {
            "html" => report.to_html(),
            "junit" => report.to_junit(),
            "json" => report.to_json(),
            _ => report.to_markdown(),
        };
        std::fs::write(path, text).map_err(|err| format!("{path}: {err}"))?;
        println!("wrote {path}");
    }
    if let Some(old) = old {
        print!("{}", compare::compare(&old, &report).to_text());
    }
    Ok(report.exit_code())
}

async fn configuration(args: &RunArgs) -> Result<RunConfig, String> {
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
            .map_err(|stop| format!("{stop:?}"))?;
        config.token_a = outputs.remove("token_a");
        config.peer_id = outputs.remove("peer_id").unwrap_or_default();
    }
    config.spare_tokens.clone_from(&args.spare_token_a);
    config.listen = args.listen;
    config.public_url.clone_from(&args.public_url);
    config.only.clone_from(&args.only);
    config.skip.clone_from(&args.skip);
    config.modules.clone_from(&args.module);
    config.level = args.level.into();
    config.tier = args.tier.into();
    config.timeout = Duration::from_secs(args.timeout);
    config.patience = Duration::from_secs(args.patience);
    config.deadline = Duration::from_secs(args.deadline);
    Ok(config)
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
        Some((kind @ ("html" | "junit" | "json" | "md"), path)) if !path.is_empty() => Ok((kind, path)),
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

fn print_summary(report: &RunReport) {
    if let Some(trouble) = report.trouble.as_ref().or(report.target.trouble.as_ref()) {
        println!("{trouble}\n");
    }
    let words = ["pass", "fail", "warning", "info", "skip", "not applicable", "error"];
    print!("{:18}", "module");
    for word in words {
        print!("{word:>16}");
    }
    println!();
    for (module, counts) in report.by_module() {
        print!("{module:18}");
        for word in words {
            print!("{:>16}", counts.get(word).map_or(String::new(), ToString::to_string));
        }
        println!();
    }
    for word in ["fail", "warning", "error"] {
        let cases: Vec<_> = report.cases.iter().filter(|case| case.word() == word).collect();
        if !cases.is_empty() {
            println!("\n{} {word}:", cases.len());
        }
        for case in cases {
            println!("  {} [{}]\n      {}", case.id, case.requirements.join(" "), short(case));
        }
    }
    let total = compliance_tests::catalogue::requirements().len();
    println!(
        "\n{} of {total} requirements of the catalogue were tried; {} s.",
        total - report.untested.len(),
        report.took_ms / 1000
    );
}
