//! Tells people what happens on the wire: who calls whom, with what, how it went and what it means.

use std::sync::Arc;

use anstream::println;
use anstyle::{AnsiColor, Style};
use ocpi_http::Exchange;
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, error::RecvError};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const WHO: Style = AnsiColor::Cyan.on_default();

/// A numbered step of the story.
pub(crate) fn step(number: usize, title: &str, text: &str) {
    println!("\n{BOLD}{number}  {title}{BOLD:#}");
    remark(text);
    println!();
}

/// A remark between two exchanges.
pub(crate) fn remark(text: &str) {
    for line in text.lines() {
        println!("{}", format!("   {line}").trim_end());
    }
}

/// A heading without a number.
pub(crate) fn heading(text: &str) {
    println!("{BOLD}{text}{BOLD:#}");
}

/// Prints every call that one party makes, until the party is gone.
pub(crate) async fn narrate(mut exchanges: Receiver<Arc<Exchange>>, from: &'static str, to: &'static str) {
    loop {
        match exchanges.recv().await {
            Ok(exchange) if exchange.outgoing => println!("{}", line(&exchange, from, to)),
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => println!("   {DIM}… {missed} more calls{DIM:#}"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn line(exchange: &Exchange, from: &str, to: &str) -> String {
    let target = path_and_query(&exchange.url);
    let mut meaning = meaning(&exchange.method, target).to_owned();
    if let Some(detail) = detail(exchange, target) {
        meaning = format!("{meaning} {detail}");
    }
    let (style, outcome) = match (&exchange.error, exchange.ocpi) {
        (Some(error), _) => (BAD, format!("failed: {error}")),
        (None, Some(code)) if (1000..2000).contains(&code) => (GOOD, format!("{} {code}", exchange.http)),
        (None, Some(code)) => {
            (BAD, format!("{} {code} {}", exchange.http, exchange.message.as_deref().unwrap_or_default()))
        }
        (None, None) => (BAD, exchange.http.to_string()),
    };
    format!(
        "   {WHO}{from:>4} → {to:<4}{WHO:#} {:<6} {} {style}{outcome}{style:#}  {DIM}{meaning}{DIM:#}",
        exchange.method,
        shortened(target, 66),
    )
}

/// What is most telling in the bodies: how a charge stands, what was decided.
fn detail(exchange: &Exchange, target: &str) -> Option<String> {
    let read = |body: &Option<String>| serde_json::from_str::<Value>(body.as_deref()?).ok();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (sent, answered) = (read(&exchange.request_body), read(&exchange.response_body));
    if target.contains("/authorize") {
        return Some(format!("({})", text(&answered?["data"]["allowed"])));
    }
    if target.contains("/cpo/commands/") || target.contains("/cpo/chargingprofiles/") {
        return Some(format!("({})", text(&answered?["data"]["result"])));
    }
    if target.contains("/emsp/commands/") || target.contains("/emsp/chargingprofiles/") {
        return Some(format!("({})", text(&sent?["result"])));
    }
    let sent = sent?;
    if target.contains("/locations/") {
        return Some(format!("({})", text(sent.get("status")?)));
    }
    if target.contains("/sessions/") {
        let cost = sent.get("total_cost").map(|cost| format!(", {} so far", cost["excl_vat"]));
        let status = sent.get("status").map(|status| format!("{}, ", text(status)));
        return Some(format!("({}{} kWh{})", status.unwrap_or_default(), sent.get("kwh")?, cost.unwrap_or_default()));
    }
    let cost = sent.get("total_cost")?;
    Some(format!("({} kWh, {} {})", sent.get("total_energy")?, cost["excl_vat"], text(sent.get("currency")?)))
}

/// The part of an URL that tells calls apart.
fn path_and_query(url: &str) -> &str {
    url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(url)
}

/// `text` in exactly `width` columns, shortened in the middle where it is longer.
fn shortened(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return format!("{text:<width$}");
    }
    let head: String = text.chars().take(width / 2 - 1).collect();
    let tail: String = text.chars().skip(count - (width - width / 2)).collect();
    format!("{head}…{tail}")
}

/// What a call is for, in words for somebody who has never seen OCPI.
fn meaning(method: &str, target: &str) -> &'static str {
    let path = target.split('?').next().unwrap_or(target);
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).skip(1).collect();
    let module = segments.iter().find(|segment| MODULES.contains(segment)).copied().unwrap_or_default();
    match (method, module) {
        ("GET", "versions") => "which versions of OCPI do you speak?",
        ("GET", "") => "where are your modules, in this version?",
        ("POST", "credentials") => "here is the token with which you may call me; give me mine",
        ("PUT", "credentials") => "my details or my token have changed",
        ("DELETE", "credentials") => "we stop working together",
        ("GET", "locations") => "which stations do you have?",
        ("PUT", "locations") => "this station is new, or has changed",
        ("PATCH", "locations") => "this charge point has changed",
        ("GET", "tariffs") => "what does charging cost?",
        ("PUT", "tariffs") => "this price is new, or has changed",
        ("DELETE", "tariffs") => "this price is no longer used",
        ("GET", "tokens") => "which cards and apps do your drivers have?",
        ("POST", "tokens") => "may this driver charge here, now?",
        ("PUT" | "PATCH", "tokens") => "this card or app is new, or has changed",
        ("GET", "sessions") => "what has been charged since I last asked?",
        ("PUT", "sessions") => "this is how a charge stands",
        ("PATCH", "sessions") => "the charge goes on",
        ("GET", "cdrs") => "which bills have I not seen yet?",
        ("POST", "cdrs") => "the bill of a finished charge",
        ("POST", "commands") => command_meaning(path),
        ("PUT", "chargingprofiles") => "please charge no faster than this",
        ("DELETE", "chargingprofiles") => "my limit is lifted",
        ("POST", "chargingprofiles") => "what the station said to the limit",
        _ => "",
    }
}

const MODULES: &[&str] =
    &["versions", "credentials", "locations", "tariffs", "tokens", "sessions", "cdrs", "commands", "chargingprofiles"];

fn command_meaning(path: &str) -> &'static str {
    let from_emsp = path.contains("/cpo/");
    match () {
        () if !from_emsp => "what the station said to the command",
        () if path.contains("START_SESSION") => "please start a charge for my driver",
        () if path.contains("STOP_SESSION") => "please stop this charge",
        () if path.contains("UNLOCK_CONNECTOR") => "please free the plug",
        () => "please do this at your station",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_of_the_story_has_a_meaning() {
        for (method, url, expected) in [
            ("GET", "http://127.0.0.1:8001/ocpi/versions", "which versions of OCPI do you speak?"),
            ("GET", "http://127.0.0.1:8001/ocpi/2.2.1", "where are your modules, in this version?"),
            ("GET", "http://127.0.0.1:8001/ocpi/2.2.1/cpo/locations?limit=20", "which stations do you have?"),
            (
                "POST",
                "http://127.0.0.1:8000/ocpi/2.2.1/emsp/commands/START_SESSION/x",
                "what the station said to the command",
            ),
            (
                "POST",
                "http://127.0.0.1:8001/ocpi/2.2.1/cpo/commands/START_SESSION",
                "please start a charge for my driver",
            ),
            (
                "DELETE",
                "http://127.0.0.1:8001/ocpi/2.2.1/cpo/chargingprofiles/101?response_url=http%3A%2F%2Fx",
                "my limit is lifted",
            ),
            (
                "POST",
                "http://127.0.0.1:8000/ocpi/2.2.1/emsp/tokens/04AB/authorize",
                "may this driver charge here, now?",
            ),
        ] {
            assert_eq!(meaning(method, path_and_query(url)), expected, "{method} {url}");
        }
    }

    #[test]
    fn long_targets_keep_both_ends() {
        assert_eq!(shortened("abc", 5), "abc  ");
        assert_eq!(shortened("abcdefghijkl", 8), "abc…ijkl");
        assert_eq!(shortened("abcdefghijkl", 8).chars().count(), 8);
    }
}
