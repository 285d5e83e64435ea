//! Tells people what happens on the wire: who calls whom, with what, how it went and what it means.

use std::sync::Arc;

use anstream::println;
use anstyle::{AnsiColor, Style};
use ocpi_http::{Exchange, KeptBody};
use ocpi_party::inspect::meaning;
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
    let mut meaning = meaning(&exchange.method, &exchange.url).to_owned();
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
    let read = |body: &KeptBody| serde_json::from_str::<Value>(&body.text()?).ok();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_targets_keep_both_ends() {
        assert_eq!(shortened("abc", 5), "abc  ");
        assert_eq!(shortened("abcdefghijkl", 8), "abc…ijkl");
        assert_eq!(shortened("abcdefghijkl", 8).chars().count(), 8);
    }
}
