//! What an OpenAPI document must have so that a reader learns from it, and so that each operation can be tried.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Everything that is missing in the document, each with the operation and what to do about it.
#[must_use]
pub fn complaints(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    for tag in &tags {
        if sentences(&tag["description"]) < 2 {
            found.push(format!("tag {}: describe it in two sentences (ocpi_party::docs::TAGS)", tag["name"]));
        }
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = format!("{} {path}", method.to_uppercase());
            let mut complain = |what: &str| found.push(format!("{name}: {what}"));
            about_texts(operation, &tags, &mut complain);
            about_examples(document, operation, &mut complain);
            if !ids.insert(operation["operationId"].as_str().map(str::to_owned)) {
                complain("its operationId occurs twice; give it one with `operation_id = \"…\"`");
            }
        }
    }
    dangling(document, document, &mut found);
    found
}

fn about_texts(operation: &Value, tags: &[Value], complain: &mut impl FnMut(&str)) {
    let summary = operation["summary"].as_str().unwrap_or_default();
    if summary.is_empty() || summary.ends_with('.') {
        complain("begin its doc comment with a line that names it, without a full stop");
    }
    if sentences(&operation["description"]) < 2 {
        complain("say in two sentences what it is for and who calls it when, below the first line of its doc comment");
    }
    let own = operation["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    if own.len() != 1 || !tags.iter().any(|tag| tag["name"] == own[0]) {
        complain("give it one tag, of those in ocpi_party::docs::TAGS");
    }
    if operation["security"].as_array().is_none_or(Vec::is_empty) {
        complain("say who may call it");
    }
}

fn about_examples(document: &Value, operation: &Value, complain: &mut impl FnMut(&str)) {
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "path" && parameter.get("example").is_none() {
            complain(&format!("give its parameter {} an example that exists in the demonstration", parameter["name"]));
        }
    }
    let body = operation.pointer("/requestBody/content/application~1json");
    if body.is_some_and(|body| body.get("example").is_none()) {
        complain("give its body an example with ocpi_party::docs::Examples::body");
    }
    let answers = operation["responses"].as_object().cloned().unwrap_or_else(Map::new);
    let class = body.and_then(|body| body.pointer("/schema/$ref"));
    let done = answers.get("200").and_then(|answer| answer.pointer("/content/application~1json"));
    if operation["security"][0].get("ocpi_token").is_some()
        && class.is_some()
        && done.is_none_or(|done| done.pointer("/examples/refused").is_none())
    {
        complain("show how it refuses content with 2001, beside how it answers when all is well");
    }
    if !answers.keys().any(|code| code.starts_with('2')) {
        complain("say what it answers when all is well");
    }
    for code in ["401", "500"] {
        if !answers.contains_key(code) {
            complain(&format!("say that it may answer {code}"));
        }
    }
    for (code, answer) in answers.iter().filter(|(code, _)| code.starts_with(['4', '5'])) {
        let referred =
            answer["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
        let content = referred.unwrap_or(answer).pointer("/content/application~1json");
        if content.is_none_or(|content| content.get("example").is_none()) {
            complain(&format!("show what it answers with {code}"));
        }
    }
}

/// How many sentences a text has.
fn sentences(text: &Value) -> usize {
    let text = text.as_str().unwrap_or_default();
    let ends = text.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?'));
    ends.filter(|(at, _)| text[at + 1..].chars().next().is_none_or(char::is_whitespace)).count()
}

/// References that lead nowhere.
fn dangling(json: &Value, document: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref")
                && document.pointer(reference.trim_start_matches('#')).is_none()
            {
                found.push(format!("{reference} leads nowhere"));
            }
            members.values().for_each(|value| dangling(value, document, found));
        }
        Value::Array(entries) => entries.iter().for_each(|value| dangling(value, document, found)),
        _ => {}
    }
}
