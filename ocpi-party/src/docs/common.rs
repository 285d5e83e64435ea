//! Examples of the routes that every party has.

use serde_json::json;
use utoipa::openapi::OpenApi;

use super::Examples;

pub(super) fn set(api: &mut OpenApi) {
    Examples(api)
        .body("POST /operator/v1/partners/invitations", json!({ "name": "Example partner" }))
        .body(
            "POST /operator/v1/partners",
            json!({
                "name": "Example partner",
                "versions_url": "https://partner.example.com/ocpi/versions",
                "token_a": "7Rk1c0Vd0Y3gq1P2b6m3sZ5u8w9xA4eKfLhNjTtUvXy",
            }),
        )
        .body("PATCH /operator/v1/partners/{id}", json!({ "token_form": "BASE64", "emit_nulls": false }))
        .body("POST /operator/v1/partners/{id}/sync", json!({ "full": false }))
        .body(
            "POST /operator/v1/parties",
            json!({
                "country_code": "US", "party_id": "ACM", "name": "Acme Charging", "website": "https://acme.example",
            }),
        )
        .body(
            "PUT /ocpi/2.2.1/hubclientinfo/{country_code}/{party_id}",
            json!({
                "country_code": "NL", "party_id": "TNM", "role": "CPO", "status": "CONNECTED",
                "last_updated": "2026-09-20T08:00:00Z",
            }),
        );
}
