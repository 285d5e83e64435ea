//! Versions and details.

use serde_json::Value;

use crate::case::{Case, CaseResult, Stop, TargetRole, ensure};
use crate::client::Answer;
use crate::context::Ctx;
use crate::schema;
use std::collections::BTreeSet;
use std::sync::Arc;

const KNOWN: [&str; 9] = [
    "cdrs",
    "chargingprofiles",
    "commands",
    "credentials",
    "hubclientinfo",
    "locations",
    "sessions",
    "tariffs",
    "tokens",
];

async fn versions(cx: &Arc<Ctx>) -> CaseResult<Answer> {
    cx.configuration("GET", &cx.config.versions_url).send().await
}

async fn details(cx: &Arc<Ctx>) -> CaseResult<Answer> {
    let url =
        cx.target().details_url.ok_or_else(|| Stop::Skip("the versions list has no usable entry 2.2.1".into()))?;
    cx.configuration("GET", url).send().await
}

async fn endpoints(cx: &Arc<Ctx>) -> CaseResult<Vec<Value>> {
    Ok(details(cx).await?.object()?["endpoints"].as_array().cloned().unwrap_or_default())
}

pub(super) fn cases() -> Vec<Case> {
    let mut list = the_list();
    list.extend(the_details());
    list.extend(modules());
    list
}

fn the_list() -> Vec<Case> {
    vec![
        Case::new("versions.list.answers", "GET versions answers with a list")
            .proves(&["VER-005", "VER-008", "VER-009", "VER-010", "TRN-082", "TRN-086"])
            .does("GETs the versions URL")
            .expects("HTTP 200, status_code 1000, a non-empty array")
            .sabotage("versions-empty")
            .sabotage("versions-object")
            .sabotage("bare-data")
            .run(|cx| async move {
                let answer = versions(&cx).await?;
                answer.has_http(200)?;
                let items = answer.list()?;
                ensure(!items.is_empty(), "at least one version", || answer.describe())
            }),
        Case::new("versions.list.schema", "Each version has its number and absolute URL")
            .proves(&["VER-011", "VER-012", "VER-013", "VER-036", "CRE-018"])
            .does("Checks every entry; looks for 2.2.1")
            .expects("version and url are right everywhere, 2.2.1 is among them")
            .sabotage("versions-relative-url")
            .run(|cx| async move {
                let answer = versions(&cx).await?;
                let items = answer.list()?;
                for item in items {
                    let found: Vec<_> = schema::check("Version", item)
                        .into_iter()
                        .filter(|fault| fault.rule != schema::Rule::Enum)
                        .collect();
                    ensure(found.is_empty(), "version and url by the tables", || format!("{item}: {found:?}"))?;
                }
                ensure(items.iter().any(|item| item["version"] == "2.2.1"), "an entry with version 2.2.1", || {
                    answer.describe()
                })
            }),
        Case::new("versions.list.readable-again", "GET versions has no side effects")
            .proves(&["HCI-023"])
            .does("GETs versions three times")
            .expects("The same data each time")
            .unsabotaged("a side effect on versions has no single observable form")
            .run(|cx| async move {
                let first = versions(&cx).await?;
                for _ in 0..2 {
                    let again = versions(&cx).await?;
                    ensure(first.data() == again.data(), "the same answer", || again.describe())?;
                }
                Ok(())
            }),
    ]
}

fn the_details() -> Vec<Case> {
    vec![
        Case::new("versions.details.answers", "GET details answers with one object")
            .proves(&["VER-019", "VER-020", "VER-021", "VER-022", "TRN-087", "TRN-102"])
            .does("GETs the URL of version 2.2.1")
            .expects("One object with version 2.2.1 and a non-empty list of endpoints")
            .sabotage("details-other-version")
            .sabotage("details-no-endpoints")
            .run(|cx| async move {
                let answer = details(&cx).await?;
                let data = answer.object()?;
                ensure(data["version"] == "2.2.1", "version 2.2.1", || data["version"].to_string())?;
                ensure(data["endpoints"].as_array().is_some_and(|list| !list.is_empty()), "a non-empty list of endpoints", || answer.describe())
            }),
        Case::new("versions.details.endpoints", "Each endpoint has identifier, role and absolute URL")
            .proves(&["VER-023", "VER-024", "VER-025", "CRE-018"])
            .does("Checks every endpoint against the tables")
            .expects("identifier, role SENDER or RECEIVER, and an absolute URL of at most 255 characters")
            .sabotage("details-no-role")
            .sabotage("details-relative-url")
            .run(|cx| async move {
                for endpoint in endpoints(&cx).await? {
                    let found: Vec<_> = schema::check("Endpoint", &endpoint).into_iter().filter(|fault| fault.pointer != "/identifier" || fault.rule != schema::Rule::Enum).collect();
                    ensure(found.is_empty(), "an endpoint by the tables", || format!("{endpoint}: {found:?}"))?;
                }
                Ok(())
            }),
        Case::new("versions.details.identifiers", "Module identifiers are spelt as in the specification")
            .proves(&["VER-032", "VER-023"])
            .does("Looks for identifiers in another spelling, and for one called versions")
            .expects("Lower case; no `versions`")
            .sabotage("details-camel-case")
            .sabotage("details-versions-module")
            .run(|cx| async move {
                for endpoint in endpoints(&cx).await? {
                    let id = endpoint["identifier"].as_str().unwrap_or("").to_string();
                    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
                    ensure(id != "versions" && (!KNOWN.contains(&plain.as_str()) || plain == id), "a ModuleID of the specification", || id.clone())?;
                }
                Ok(())
            }),
        Case::new("versions.details.custom", "Custom modules stay between those who agreed on them")
            .proves(&["VER-039", "VER-040"])
            .should()
            .does("Looks for identifiers that the specification does not have")
            .expects("None towards a fresh partner; if any, with a prefix such as `nltnm-`")
            .sabotage("details-custom-module")
            .run(|cx| async move {
                let custom: Vec<String> = endpoints(&cx).await?.iter().filter_map(|e| e["identifier"].as_str().map(str::to_string)).filter(|id| !KNOWN.contains(&id.as_str())).collect();
                ensure(custom.is_empty(), "standard identifiers only", || custom.join(", "))
            }),
        Case::new("versions.details.no-doubles", "No module twice in the same role")
            .proves(&["VER-035"])
            .does("Compares identifier and role of all endpoints")
            .expects("Each pair once")
            .sabotage("details-duplicate")
            .run(|cx| async move {
                let mut seen = BTreeSet::new();
                for endpoint in endpoints(&cx).await? {
                    let pair = format!("{} {}", endpoint["identifier"], endpoint["role"]);
                    ensure(seen.insert(pair.clone()), "each identifier and role once", || pair)?;
                }
                Ok(())
            }),
        Case::new("versions.details.version-in-urls", "Endpoint URLs hold the version")
            .proves(&["TRN-103"])
            .should()
            .does("Looks for 2.2.1 in every endpoint URL")
            .expects("It is there")
            .sabotage("endpoint-without-version")
            .run(|cx| async move {
                for endpoint in endpoints(&cx).await? {
                    let url = endpoint["url"].as_str().unwrap_or("").to_string();
                    ensure(url.contains("2.2.1"), "2.2.1 in the URL", || url.clone())?;
                }
                Ok(())
            }),
        Case::new("versions.tls", "Every URL is https")
            .proves(&["TRN-003"])
            .does("Looks at the scheme of the versions URL and of every URL in versions and details (loopback and private hosts are let off)")
            .expects("https")
            .unsabotaged("the suite's own tests run on loopback, where the rule makes an exception")
            .run(|cx| async move {
                let target = cx.target();
                let mut urls = vec![cx.config.versions_url.clone()];
                urls.extend(target.details_url);
                urls.extend(target.endpoints.into_iter().map(|e| e.url));
                if urls.iter().all(|url| is_local(url)) {
                    return crate::case::skip("the platform is on a loopback or private address: a test set-up");
                }
                let plain = urls.iter().find(|url| !url.starts_with("https://") && !is_local(url));
                ensure(plain.is_none(), "https", || format!("{plain:?}"))
            }),
    ]
}

fn is_local(url: &str) -> bool {
    url::Url::parse(url).ok().is_some_and(|url| match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || !name.contains('.'),
        None => false,
    })
}

fn modules() -> Vec<Case> {
    vec![
        Case::new("versions.details.credentials", "Credentials is listed once, as SENDER")
            .proves(&["VER-033", "VER-034", "CRE-031"])
            .does("Looks for the credentials endpoint")
            .expects("Exactly one entry")
            .sabotage("details-no-credentials")
            .sabotage("details-credentials-twice")
            .run(|cx| async move {
                let count = endpoints(&cx).await?.iter().filter(|e| e["identifier"] == "credentials").count();
                ensure(count == 1, "one credentials entry", || format!("{count} entries"))
            }),
        Case::new("versions.details.credentials-role", "Credentials is listed with role SENDER")
            .proves(&["VER-026"])
            .should()
            .does("Reads the role of the credentials entry")
            .expects("SENDER")
            .sabotage("details-credentials-receiver")
            .run(|cx| async move {
                let all = endpoints(&cx).await?;
                let role = all.iter().find(|e| e["identifier"] == "credentials").map(|e| e["role"].clone()).unwrap_or_default();
                ensure(role == "SENDER", "SENDER", || role.to_string())
            }),
        Case::new("versions.details.dependencies", "Modules come with those they depend on")
            .proves(&["VER-031", "CMD-003", "CHP-002", "LOC-002"])
            .does("commands needs locations and sessions; chargingprofiles needs sessions; locations RECEIVER needs tariffs")
            .expects("They are listed together")
            .sabotage("details-missing-dependency")
            .run(|cx| async move {
                let all = endpoints(&cx).await?;
                let has = |module: &str| all.iter().any(|e| e["identifier"] == module);
                let receives = |module: &str| all.iter().any(|e| e["identifier"] == module && e["role"] == "RECEIVER");
                for (here, module, needed) in [
                    (has("commands"), "commands", "locations"),
                    (has("commands"), "commands", "sessions"),
                    (has("chargingprofiles"), "chargingprofiles", "sessions"),
                    (receives("locations"), "locations as RECEIVER", "tariffs"),
                ] {
                    ensure(!here || has(needed), format!("{needed} beside {module}"), || format!("no {needed}"))?;
                }
                Ok(())
            }),
        roles(TargetRole::Cpo, &["locations", "tariffs", "sessions", "cdrs"], &["tokens", "commands", "chargingprofiles"]),
        roles(TargetRole::Emsp, &["tokens", "commands", "chargingprofiles"], &["locations", "tariffs", "sessions", "cdrs"]),
        Case::new("versions.details.usual-cpo", "What a CPO usually offers")
            .proves(&["VER-001", "VER-030"])
            .may()
            .on(TargetRole::Cpo)
            .does("Compares with the table of typical modules")
            .expects("cdrs, locations, sessions, tariffs as SENDER; commands, tokens as RECEIVER (none required)")
            .sabotage("details-missing-dependency")
            .run(|cx| async move { usual(&endpoints(&cx).await?, &["cdrs", "locations", "sessions", "tariffs"], &["commands", "tokens"]) }),
        Case::new("versions.details.usual-emsp", "What an EMSP usually offers")
            .proves(&["VER-002", "VER-030", "TRN-020"])
            .may()
            .on(TargetRole::Emsp)
            .does("Compares with the table of typical modules")
            .expects("cdrs, locations, sessions, tariffs as RECEIVER; commands, tokens as SENDER (none required)")
            .sabotage("details-missing-dependency")
            .run(|cx| async move { usual(&endpoints(&cx).await?, &["commands", "tokens"], &["cdrs", "locations", "sessions", "tariffs"]) }),
    ]
}

fn usual(all: &[Value], senders: &[&str], receivers: &[&str]) -> CaseResult {
    let has = |module: &str, role: &str| all.iter().any(|e| e["identifier"] == module && e["role"] == role);
    let missing: Vec<String> = senders
        .iter()
        .map(|module| (module, "SENDER"))
        .chain(receivers.iter().map(|module| (module, "RECEIVER")))
        .filter(|(module, role)| !has(module, role))
        .map(|(module, role)| format!("{module} {role}"))
        .collect();
    ensure(missing.is_empty(), "the usual modules", || format!("without {}", missing.join(", ")))
}

fn roles(role: TargetRole, senders: &'static [&'static str], receivers: &'static [&'static str]) -> Case {
    let name = role.as_str().to_lowercase();
    Case::new(
        format!("versions.details.interface-roles-{name}"),
        format!("Interface roles of a {}'s modules", role.as_str()),
    )
    .proves(&[
        "VER-014", "VER-028", "VER-029", "LOC-001", "SES-001", "CDR-001", "TOK-001", "TAR-001", "CMD-001", "CHP-001",
    ])
    .on(role)
    .does("Compares the role of each listed module with the side that owns its data")
    .expects(format!("SENDER for {}; RECEIVER for {}, where they are listed", senders.join(", "), receivers.join(", ")))
    .sabotage("details-wrong-roles")
    .run(move |cx| async move {
        let all = endpoints(&cx).await?;
        for (modules, role) in [(senders, "SENDER"), (receivers, "RECEIVER")] {
            for module in modules {
                let listed: Vec<&Value> = all.iter().filter(|e| e["identifier"] == *module).collect();
                ensure(
                    listed.is_empty() || listed.iter().any(|e| e["role"] == role),
                    format!("{module} as {role}"),
                    || format!("{listed:?}"),
                )?;
            }
        }
        Ok(())
    })
}
