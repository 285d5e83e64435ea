//! What a refusal of content looks like: HTTP 200 with 2001, the one error that has no status code of its own in a document.

use ocpi_types::{Patch, Report, Token, catalogue, examples};
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, PathItem, RefOr, Schema};

use super::errors::rendered;
use crate::OcpiError;
use crate::reply::{Payload, Unrendered};

/// Shows beside the answers with 200 of routes that take an object what they look like when it breaks a rule. The text is that
/// of our validator, about our example of the object with one field less.
pub(super) fn show(item: &mut PathItem) {
    let class = item.put.as_ref().and_then(class_of_body);
    if let (Some(patch), Some(class)) = (&mut item.patch, &class) {
        let report = Patch::<Token>::read(json!({})).err();
        add(patch, &format!("PATCH of a {class}"), report);
    }
    for operation in [&mut item.put, &mut item.post].into_iter().flatten() {
        if let Some(class) = class_of_body(operation) {
            add(operation, &class, broken(&class));
        }
    }
}

fn add(operation: &mut Operation, what: &str, report: Option<Report>) {
    let (Some(report), Some(RefOr::T(response))) = (report, operation.responses.responses.get_mut("200")) else {
        return;
    };
    let Some(RefOr::T(content)) = response.content.get_mut("application/json") else { return };
    let Some(done) = content.example.take().or_else(|| done(content)) else { return };
    let example = |summary: &str, value: Value| {
        utoipa::openapi::example::ExampleBuilder::new().summary(summary).value(Some(value)).build()
    };
    let (_, _, refused) = OcpiError::refused(what, report).unrendered();
    content.examples.insert("done".to_owned(), example("Carried out", done).into());
    content
        .examples
        .insert("refused".to_owned(), example("Refused, and nothing was changed", rendered(&refused)).into());
}

/// The example of the object that an envelope holds.
fn done(content: &Content) -> Option<Value> {
    let name = class_of(content)?;
    if name == "Acknowledgement" {
        return Some(rendered(&Unrendered::success(Payload::None)));
    }
    let data = examples::json(name.strip_prefix("Envelope_")?);
    (!data.is_null()).then(|| rendered(&Unrendered::success(Payload::Json(data.to_string().into()))))
}

/// What is wrong with the example of a class that lacks a field.
fn broken(class: &str) -> Option<Report> {
    let info = catalogue::class(class)?;
    let whole = examples::json(class);
    info.fields.iter().rev().find_map(|field| {
        let mut json = whole.clone();
        json.as_object_mut()?.remove(field.name)?;
        Some(info.parse(json).report).filter(|report| !report.is_acceptable())
    })
}

fn class_of_body(operation: &Operation) -> Option<String> {
    let Some(RefOr::T(body)) = &operation.request_body else { return None };
    match body.content.get("application/json") {
        Some(RefOr::T(content)) => class_of(content),
        _ => None,
    }
}

fn class_of(content: &Content) -> Option<String> {
    match content.schema.as_ref()? {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(Schema::OneOf(optional)) => optional.items.iter().find_map(|item| match item {
            RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
            RefOr::T(_) => None,
        }),
        RefOr::T(_) => None,
    }
}
