//! Lesson 12: a judge for OCPI platforms, yours too.
//!
//! `cargo run --example 12_run_the_suite`

mod lesson;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use compliance_tests::report::compare::compare;
use compliance_tests::{RunConfig, RunReport, TargetRole, run};
use lesson::{Companies, Done, Lesson};
use ocpi_http::Clock;
use ocpi_types::format_date_time;
use serde_json::{Value, json};

/// A CPO that has just been begun: it can tell its versions, and has no modules yet.
#[derive(Clone)]
struct Beginner {
    base: String,
    asks_for_the_token: Arc<AtomicBool>,
}

/// The token of the partner, and how it looks in the header: in Base64.
const TOKEN: (&str, &str) = ("the-token", "Token dGhlLXRva2Vu");

/// Every request to the beginner comes here.
async fn answer(State(me): State<Beginner>, request: Request) -> Response {
    let shown = request.headers().get("Authorization");
    let (http, code, data) = if me.asks_for_the_token.load(Ordering::Relaxed) && shown.is_none_or(|it| it != TOKEN.1) {
        (StatusCode::UNAUTHORIZED, 2000, Value::Null)
    } else {
        match request.uri().path() {
            "/versions" => (StatusCode::OK, 1000, json!([{ "version": "2.2.1", "url": format!("{}/2.2.1", me.base) }])),
            "/2.2.1" => (StatusCode::OK, 1000, me.details()),
            _ => (StatusCode::NOT_FOUND, 2000, Value::Null),
        }
    };
    let mut envelope = json!({ "status_code": code, "timestamp": format_date_time(&Clock::system().now()) });
    if !data.is_null() {
        envelope["data"] = data;
    }
    let mut response = (http, Json(envelope)).into_response();
    for id in ["X-Request-ID", "X-Correlation-ID"] {
        if let Some(value) = request.headers().get(id) {
            response.headers_mut().insert(id, value.clone());
        }
    }
    response
}

impl Beginner {
    fn details(&self) -> Value {
        let url = format!("{}/2.2.1/credentials", self.base);
        json!({ "version": "2.2.1", "endpoints": [{ "identifier": "credentials", "role": "SENDER", "url": url }] })
    }
}

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 12. Run the suite",
        "all of it",
        "You know now how two companies work together. But do they keep all the rules? OCPI 2.2.1 has hundreds of \
         them. Nobody can check that by hand.\n\n\
         This project has a suite of tests for that: ocpi-compliance. It is a partner that knows every rule. It calls \
         your platform, lets itself be called, and writes down what holds. It does not care who has written the \
         platform, or in which language.",
    );
    let companies = Companies::start().await?;

    lesson.step(
        "The suite judges the CPO",
        "version_information_endpoint, mod_locations, mod_tokens",
        "The suite needs two things, as any partner does: the URL of the versions, and a token A (lesson 1). It \
         registers, and tries its cases. A case is one thing to try, with the rules that it proves. To be quick we take \
         only three modules here.\n\n\
         pass: the rule holds. skip: it could not be tried here. info: allowed, but good to know.",
    );
    let invitation = companies.cpo.operator.post("/partners/invitations", &json!({ "name": "The suite" })).await?;
    let versions_url = invitation["versions_url"].as_str().ok_or("an invitation has a URL")?;
    let report = run(RunConfig {
        token_a: invitation["token_a"].as_str().map(str::to_owned),
        modules: ["versions", "locations", "tokens"].map(str::to_owned).to_vec(),
        ..RunConfig::new(versions_url, TargetRole::Cpo)
    })
    .await;
    table(&report);

    lesson.step(
        "One case, closely",
        "transport_and_format, \"Pagination\"",
        "Long lists come in pages (lesson 3). This case follows the pages from the first to the last. The names such \
         as TRN-040 are rules: `ocpi-compliance explain` tells what each one says.",
    );
    let case = report.cases.iter().find(|case| case.id == "locations.list.crawl").ok_or("the case was run")?;
    println!("  case      {}", case.id);
    println!("  rules     {}", case.requirements.join(", "));
    println!("  does      {}", case.does);
    println!("  expects   {}", case.expects);
    println!("  outcome   {}", case.word());
    println!("  calls     {}\n", case.exchanges.len());

    lesson.step(
        "A platform with a mistake",
        "transport_and_format, \"Authorization header\"",
        "Now a CPO that somebody has just begun: 40 lines, at the top of this lesson's file. It can only tell its \
         versions. And it has a mistake: it tells them to everybody. Does the suite notice?\n\n\
         fail: a rule is broken that must hold. The suite says what it wanted, and what came.",
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let me = Beginner { base: format!("http://{}", listener.local_addr()?), asks_for_the_token: Arc::default() };
    let router = Router::new().fallback(answer).with_state(me.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = || RunConfig {
        token: Some(TOKEN.0.to_owned()),
        modules: ["versions", "transport"].map(str::to_owned).to_vec(),
        ..RunConfig::new(format!("{}/versions", me.base), TargetRole::Cpo)
    };
    let before = run(config()).await;
    table(&before);
    for case in before.cases.iter().filter(|case| case.word() == "fail") {
        println!("  fail    {}: {}", case.id, case.title);
        println!("          wanted: {}", case.expected.as_deref().unwrap_or_default());
        // What stands before the body is enough here.
        let actual = case.actual.as_deref().unwrap_or_default();
        println!("          came:   {}", actual.split(", body").next().unwrap_or_default());
    }
    println!();

    lesson.step(
        "Mend it, and compare",
        "transport_and_format, \"Authorization header\"",
        "The beginner asks for the token now, and says HTTP 401 to everybody else. The suite runs once more, and \
         compares: what is better, what is worse? In this way you see at once whether your last change has broken \
         something.",
    );
    me.asks_for_the_token.store(true, Ordering::Relaxed);
    let after = run(config()).await;
    let comparison = compare(&before, &after);
    println!("  better: {}", comparison.better.join(", "));
    println!("  worse:  {}", if comparison.worse.is_empty() { "nothing".into() } else { comparison.worse.join(", ") });
    println!();

    lesson.end(
        &[
            "The suite is a partner that knows the rules. It needs a URL and a token, nothing else.",
            "Some rules show only when your people do something: start a charge, say. A file of triggers tells the \
             suite how to cause that. Without it those cases are skipped, and the report says so.",
            "A skipped case has proved nothing. Look at what was not tried, too.",
        ],
        [
            "Judge a platform with all cases: compliance-tests/README.md tells how. Ask for --report html=report.html, \
             and open it.",
            "Let the beginner forget X-Request-ID in its answers. Which cases notice?",
        ],
    );
    Ok(())
}

/// How the cases of each module came out.
fn table(report: &RunReport) {
    let words = ["pass", "fail", "warning", "info", "skip", "not applicable", "error"];
    for (module, counts) in report.by_module() {
        let of = |word: &&str| counts.get(word).map(|count| format!("{count} {word}"));
        println!("  {module:<12} {}", words.iter().filter_map(of).collect::<Vec<_>>().join(", "));
    }
    println!();
}
