//! The errors that routes have in common, as references to responses that [`super::OcpiApi`] defines.

use std::collections::BTreeMap;

use ocpi_types::DateTime;
use serde_json::Value;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::OcpiErrorBody;
use crate::OcpiError;
use crate::render::envelope;
use crate::reply::Unrendered;

type Responses = BTreeMap<String, RefOr<Response>>;

/// An error that many routes share.
pub(super) struct Shared {
    http: &'static str,
    pub(super) name: &'static str,
    description: &'static str,
    example: fn() -> OcpiError,
}

const SHARED: &[Shared] = &[
    Shared {
        http: "400",
        name: "BadRequest",
        description: "The body is not JSON.",
        example: || OcpiError::bad_json("the body is not valid JSON: expected value at line 1 column 7"),
    },
    Shared {
        http: "401",
        name: "Unauthorized",
        description: "No credentials token, or one that is not known here. The answer has the header WWW-Authenticate: Token.",
        example: || OcpiError::unauthorized("the credentials token is not known here"),
    },
    Shared {
        http: "404",
        name: "NotFound",
        description: "Nothing at this URL, or nothing that is the caller's.",
        example: || OcpiError::unknown_object("there is no such object here"),
    },
    Shared {
        http: "405",
        name: "MethodNotAllowed",
        description: "Not now, or never, at this URL. The answer has the header Allow.",
        example: || OcpiError::method_not_allowed("GET, PUT"),
    },
    Shared {
        http: "408",
        name: "TooSlow",
        description: "The body did not arrive in time, or not as a whole.",
        example: OcpiError::too_slow,
    },
    Shared {
        http: "413",
        name: "TooLarge",
        description: "The body is too long.",
        example: || OcpiError::too_large(1_048_576),
    },
    Shared {
        http: "415",
        name: "NotJson",
        description: "The body is said to be something else than JSON.",
        example: OcpiError::not_json,
    },
    Shared {
        http: "500",
        name: "ServerError",
        description: "Our own fault. The log knows more, under the same X-Request-ID.",
        example: || OcpiError::internal("the database cannot be reached"),
    },
    Shared {
        http: "503",
        name: "TookTooLong",
        description: "Answering took too long and was given up.",
        example: OcpiError::overloaded,
    },
];

/// The responses that the references lead to.
pub(super) fn definitions() -> impl Iterator<Item = (&'static str, Response)> {
    SHARED.iter().map(move |shared| {
        let (_, _, reply) = (shared.example)().unrendered();
        let mut content = Content::new(Some(Ref::from_schema_name(OcpiErrorBody::name())));
        content.example = Some(rendered(&reply));
        let response = ResponseBuilder::new().description(shared.description).content("application/json", content);
        (shared.name, response.build())
    })
}

/// An answer as it is sent.
pub(super) fn rendered(reply: &Unrendered) -> Value {
    // As good as any: examples do not change from day to day.
    let when = DateTime::from_timestamp_millis(1_768_471_200_000).unwrap_or_default();
    serde_json::from_slice(&envelope(reply, &when).bytes()).unwrap_or_default()
}

fn references(codes: &[&str]) -> Responses {
    let named = SHARED.iter().filter(|shared| codes.contains(&shared.http));
    named.map(|shared| (shared.http.to_owned(), RefOr::Ref(Ref::from_response_name(shared.name)))).collect()
}

macro_rules! error_sets {
    ($($(#[$doc:meta])* $name:ident: [$($code:literal),*];)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> Responses {
                    references(&[$($code),*])
                }
            }
        )*
    };
}

error_sets! {
    /// What every route may answer: 401, 500, 503.
    CommonErrors: ["401", "500", "503"];
    /// What a list may answer: 401, 404 (for a party that is not ours), 500, 503. Wrong parameters are 200 with 2001.
    ListErrors: ["401", "404", "500", "503"];
    /// What fetching one object may answer: 401, 404, 500, 503.
    ReadErrors: ["401", "404", "500", "503"];
    /// What a route that takes a body may answer: 400, 401, 404, 408, 413, 415, 500, 503. Refused content is 200 with 2001.
    WriteErrors: ["400", "401", "404", "408", "413", "415", "500", "503"];
    /// What the credentials routes may answer: as those that take a body, and 405 instead of 404.
    CredentialsErrors: ["400", "401", "405", "408", "413", "415", "500", "503"];
}
