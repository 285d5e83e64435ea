//! `list`, `explain`, `serve` and the generated pages.

use std::fmt::Write as _;

use compliance_tests::fixtures::Owner;
use compliance_tests::party::{Party, PartyConfig, faults};
use compliance_tests::{Level, TargetRole, Tier, cases, catalogue, pages};
use serde_json::json;

use super::args::{ListArgs, ServeArgs};

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
    }
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::ReadOnly => "read-only",
        Tier::OwnObjects => "own-objects",
        Tier::Destructive => "destructive",
    }
}

pub(crate) fn list(args: &ListArgs) -> Result<u8, String> {
    if let Some(module) = &args.module {
        super::known_module(module)?;
    }
    let role: Option<TargetRole> = args.role.map(Into::into);
    let chosen: Vec<_> = cases::all()
        .into_iter()
        .filter(|case| role.is_none_or(|role| case.applies_to(role)))
        .filter(|case| args.module.as_ref().is_none_or(|module| case.module == module))
        .collect();
    if args.json {
        let list: Vec<_> = chosen
            .iter()
            .map(|case| {
                json!({"id": case.id, "title": case.title, "requirements": case.requirements, "module": case.module,
                    "role": case.role.map(TargetRole::as_str), "level": level(case.level), "tier": tier(case.tier),
                    "does": case.does, "expects": case.expects, "sabotage": case.sabotage})
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&list).map_err(|err| err.to_string())?);
    } else {
        for case in &chosen {
            println!("{:52} {:6} {:11} {}", case.id, level(case.level), tier(case.tier), case.requirements.join(" "));
        }
        println!("{} cases", chosen.len());
    }
    Ok(0)
}

pub(crate) fn explain(id: &str) -> Result<u8, String> {
    let case = cases::find(id).ok_or_else(|| {
        let near: Vec<_> = cases::all().into_iter().filter(|case| case.is_named(id)).map(|case| case.id).collect();
        if near.is_empty() {
            format!("there is no case {id}; `ocpi-compliance list` names them")
        } else {
            format!("there is no case {id}, but there are\n  {}", near.join("\n  "))
        }
    })?;
    let mut text = format!("{}\n{}\n\n", case.id, case.title);
    let role = case.role.map_or("any", TargetRole::as_str);
    let _ = writeln!(text, "Module {}, {}, role {role}, tier {}", case.module, level(case.level), tier(case.tier));
    let _ = writeln!(text, "Does:         {}\nMust be seen: {}\n\nRequirements:", case.does, case.expects);
    for id in &case.requirements {
        if let Some(row) = catalogue::requirement(id) {
            let _ = writeln!(text, "  {id} {} ({})\n    {}\n    in {}", row.level, row.subject, row.text, row.section);
        }
    }
    let _ = writeln!(text, "\nNotices:");
    for fault in &case.sabotage {
        let meaning = faults::FAULTS.iter().find(|(name, _)| name == fault).map_or("", |(_, meaning)| meaning);
        let _ = writeln!(text, "  {fault}: {meaning}");
    }
    if let Some(reason) = case.no_sabotage {
        let _ = writeln!(text, "  no sabotage: {reason}");
    }
    print!("{text}");
    Ok(0)
}

pub(crate) async fn serve(args: ServeArgs) -> Result<u8, String> {
    if args.list_faults {
        for (name, meaning) in faults::FAULTS {
            println!("{name:40} {meaning}");
        }
        return Ok(0);
    }
    if let Some(unknown) = args.fault.iter().find(|fault| !faults::is_known(fault)) {
        return Err(format!("there is no fault {unknown:?}; --list-faults names them"));
    }
    let owner = Owner::parse(&args.party).ok_or_else(|| format!("{} is no party such as DE/REF", args.party))?;
    if args.operator && !args.listen.ip().is_loopback() {
        return Err("--operator has no authorization: listen on a loopback address".into());
    }
    let config = PartyConfig {
        name: "Reference party".into(),
        roles: vec![(args.role.into(), owner)],
        faults: args.fault,
        seed: true,
        page_cap: args.page_cap,
        operator: args.operator,
        recorder: None,
    };
    let party = Party::start(args.listen, args.public_url.as_deref(), config)
        .await
        .map_err(|err| format!("{}: {err}", args.listen))?;
    println!("versions URL:        {}\nregistration token:  {}\nCtrl-C ends it.", party.versions_url(), party.invite());
    tokio::signal::ctrl_c().await.map_err(|err| err.to_string())?;
    Ok(0)
}

pub(crate) fn coverage() {
    print!("{}", pages::coverage());
}

pub(crate) fn matrix() {
    print!("{}", pages::matrix());
}
