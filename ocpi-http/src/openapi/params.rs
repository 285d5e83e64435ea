//! The headers and parameters that routes have in common.

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Schema, Type};

use crate::ListQuery;

/// `X-Request-ID` and `X-Correlation-ID`.
#[derive(Debug, Clone, Copy)]
pub struct MessageIds;

/// The four routing headers of functional modules.
#[derive(Debug, Clone, Copy)]
pub struct RoutingHeaders;

fn parameter(name: &str, place: ParameterIn, schema: Schema, description: &str, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .schema(Some(schema))
        .description(Some(description))
        .example(Some(example.into()))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

impl IntoParams for MessageIds {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = |name, description, example| {
            parameter(name, ParameterIn::Header, text().build().into(), description, example)
        };
        vec![
            header(
                "X-Request-ID",
                "Unique for each request; the answer repeats it. Made up when absent.",
                "b8d2c5a0-5e0f-4a53-9f8e-5a3c0a1f7f11",
            ),
            header(
                "X-Correlation-ID",
                "The same on all messages that belong together; the answer repeats it. Made up when absent.",
                "6f0a3b9e-2f4f-4a0e-8a5a-0d8f3d1c2b44",
            ),
        ]
    }
}

impl IntoParams for RoutingHeaders {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = |name, length, description, example| {
            let schema = text().max_length(Some(length)).build().into();
            parameter(name, ParameterIn::Header, schema, description, example)
        };
        vec![
            header("OCPI-to-country-code", 2, "Country code of the party that the message is for.", "US"),
            header("OCPI-to-party-id", 3, "Id of the party that the message is for.", "CPO"),
            header("OCPI-from-country-code", 2, "Country code of the party that sends the message.", "US"),
            header("OCPI-from-party-id", 3, "Id of the party that sends the message.", "EMS"),
        ]
    }
}

impl IntoParams for ListQuery {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let date = || text().format(Some(utoipa::openapi::SchemaFormat::Custom("date-time".into()))).build().into();
        let number =
            |minimum: i64| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).build().into();
        let query = |name, schema, description: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .schema(Some::<Schema>(schema))
                .description(Some(description))
                .build()
        };
        vec![
            query("date_from", date(), "Only objects last updated at this time or later."),
            query("date_to", date(), "Only objects last updated before this time."),
            query("offset", number(0), "How many objects to skip; 0 when absent."),
            query("limit", number(1), "How many objects are wanted at most; the server may give fewer, see X-Limit."),
        ]
    }
}
