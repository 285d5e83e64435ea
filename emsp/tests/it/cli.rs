//! The command line.

use std::process::{Command, Output};

use ocpi_types::examples;
use serde_json::{Value, json};

fn emsp(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emsp")).args(args).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: &Value) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn cdr() -> Value {
    serde_json::from_str(examples::CDR).unwrap()
}

#[test]
fn a_cdr_without_totals_is_priced() {
    let folder = Folder::new();
    let mut cdr = cdr();
    cdr.as_object_mut().unwrap().retain(|name, _| !name.starts_with("total_"));
    let file = folder.file("cdr.json", &cdr);
    let done = emsp(&["price", "--cdr", &file, "--timezone", "America/New_York"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    insta::assert_snapshot!(text(&done.stdout), @r"
    Fixed price: 1, with 7% VAT 1.07 (tariff TARIFF-DAY, element 2)
    Energy: 11 kWh, at 0.4 per kWh = 4.4, with 7% VAT 4.708 (tariff TARIFF-DAY, element 1)
    Energy: 11 kWh, at 0.4 per kWh = 4.4, with 7% VAT 4.708 (tariff TARIFF-DAY, element 1)
    Parking: 30 min, at 3 per h = 1.5, with 7% VAT 1.605 (tariff TARIFF-DAY, element 2)
    Total: 11.3 USD without VAT, 12.091 USD with VAT
    Billed: 22 kWh, 0.5 h parking
    ");
    let done = emsp(&["price", "--cdr", &file, "--timezone", "America/New_York", "--json"]);
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["total_cost"].to_string(), COST);
    assert!(json["lines"].as_array().is_some_and(|lines| !lines.is_empty()));
}

/// What the example CDR costs.
const COST: &str = r#"{"excl_vat":11.3,"incl_vat":12.091}"#;

#[test]
fn tariffs_can_come_from_files() {
    let folder = Folder::new();
    let mut cdr = cdr();
    let tariffs = cdr.as_object_mut().unwrap().remove("tariffs").unwrap();
    let file = folder.file("cdr.json", &json!({ "data": cdr, "status_code": 1000 }));
    let zone = ["--timezone", "America/New_York", "--json"];
    for (name, content) in
        [("one.json", tariffs[0].clone()), ("list.json", tariffs.clone()), ("answer.json", json!({ "data": tariffs }))]
    {
        let tariff = folder.file(name, &content);
        let done = emsp(&[&["price", "--cdr", &file, "--tariff", &tariff][..], &zone].concat());
        let json: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(json["total_cost"].to_string(), COST, "{name}");
    }
    let done = emsp(&[&["price", "--cdr", &file][..], &zone].concat());
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["total_cost"]["excl_vat"], 0, "without its tariff a period has no price");
    assert!(json["findings"].to_string().contains("TARIFF-DAY"));
}

#[test]
fn an_audit_ends_with_1_when_the_totals_differ() {
    let folder = Folder::new();
    let right = folder.file("right.json", &cdr());
    let done = emsp(&["audit", "--cdr", &right, "--timezone", "America/New_York"]);
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()), "{}", text(&done.stdout));
    let mut wrong = cdr();
    wrong["total_cost"]["excl_vat"] = json!(1.00);
    let wrong = folder.file("wrong.json", &wrong);
    let done = emsp(&["audit", "--cdr", &wrong, "--timezone", "America/New_York"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stdout).contains("/total_cost/excl_vat"), "{}", text(&done.stdout));
    let done = emsp(&["audit", "--cdr", &wrong, "--timezone", "America/New_York", "--json"]);
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&json["agrees"], &json["differences"][0]["actual"]), (&json!(false), &json!("1.0")));
}

#[test]
fn what_cannot_be_used_is_one_line_and_a_documented_code() {
    let folder = Folder::new();
    let not_json = folder.file("not.json", &json!("x"));
    let empty = folder.file("empty.json", &json!({}));
    let database =
        format!("sqlite:{}", folder.0.path().join("missing\0").display()).replace('\0', "/../../../../proc/x");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = free.local_addr().unwrap().port().to_string();
    let good = format!("sqlite:{}", folder.0.path().join("good.db").display());
    for (args, code) in [
        (vec!["price", "--cdr", "/does/not/exist"], 2),
        (vec!["price", "--cdr", &not_json], 2),
        (vec!["price", "--cdr", &empty], 2),
        (vec!["audit", "--cdr", &empty], 2),
        (vec!["serve", "--country-code", "USA"], 2),
        (vec!["serve", "--command-timeout-seconds", "0"], 2),
        (vec!["serve", "--config", "/does/not/exist.toml"], 2),
        (vec!["serve", "--database", &database], 3),
        (vec!["serve", "--database", &good, "--port", &taken], 4),
    ] {
        let done = emsp(&args);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {}", text(&done.stderr));
        let error = text(&done.stderr);
        let last = error.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("emsp: ") && last.len() > 20, "{args:?}: {error}");
    }
    assert_eq!(emsp(&["serve", "--no-such-option"]).status.code(), Some(2));
    assert_eq!(emsp(&["price", "--cdr", &empty, "--timezone", "Mars/Base"]).status.code(), Some(2));
}

#[test]
fn help_explains_every_option() {
    let help = text(&emsp(&["serve", "--help"]).stdout);
    for option in ["--port", "--database", "--operator-key", "--demo-data", "--command-timeout-seconds", "--config"] {
        assert!(help.contains(option), "{option}");
    }
    let help = text(&emsp(&["--help"]).stdout);
    assert!(help.contains("Exit codes") && help.contains("audit"));
}

#[test]
fn the_openapi_document_is_printed() {
    let done = emsp(&["openapi"]);
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["info"]["title"], "EMSP");
}
