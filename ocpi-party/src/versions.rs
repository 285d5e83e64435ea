//! The versions module: which versions we speak, and where their endpoints are. Made from what is mounted.

use axum::extract::{FromRef, State};
use ocpi_http::openapi::{CommonErrors, Envelope, MessageIds};
use ocpi_http::{OcpiReply, OcpiResult};
use ocpi_types::{Endpoint, Extra, InterfaceRole, ModuleId, Object, Version, VersionDetails, VersionNumber};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::KnownCaller;
use crate::hubclientinfo::HUB_CLIENT_INFO_PATH;
use crate::{DbError, Party, sync};

/// The path of the list of versions: where each connection starts.
pub const VERSIONS_PATH: &str = "/ocpi/versions";
/// The path of the details of version 2.2.1.
pub const DETAILS_PATH: &str = "/ocpi/2.2.1";

/// The response format around the list of versions, which is not paged. Only a schema.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is answered")]
struct VersionsAnswer {
    /// The versions.
    data: Vec<Version>,
    /// 1000 for success.
    #[schema(example = 1000)]
    status_code: u16,
    /// For people; no logic should depend on it.
    #[schema(example = "Success")]
    status_message: String,
    /// When the answer was made, in UTC.
    #[schema(example = "2026-01-15T10:00:00Z")]
    timestamp: String,
}

/// The two routes of the module.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(versions)).routes(routes!(details))
}

/// The versions that are spoken here
///
/// Tells where the details of each version of OCPI are; every connection starts here. Partners call it with the token
/// A that they were given outside of OCPI, before they register, and later with their own token.
#[utoipa::path(
    get,
    path = "/ocpi/versions",
    tag = "versions",
    params(MessageIds),
    responses((status = 200, description = "The versions", body = VersionsAnswer), CommonErrors)
)]
async fn versions(State(party): State<Party>, _caller: KnownCaller) -> OcpiResult {
    let version = Version {
        version: VersionNumber::V2_2_1,
        url: party.url(DETAILS_PATH).as_str().into(),
        extra: Extra::default(),
    };
    Ok(OcpiReply::data(&[version]))
}

/// The endpoints of version 2.2.1
///
/// Lists the URL of each interface of each module, so that nobody has to guess paths. Partners call it while they
/// register, and whenever the endpoints may have moved.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1",
    tag = "versions",
    params(MessageIds),
    responses((status = 200, description = "The endpoints", body = Envelope<VersionDetails>), CommonErrors)
)]
async fn details(State(party): State<Party>, _caller: KnownCaller) -> OcpiResult {
    Ok(OcpiReply::data(&version_details(&party)))
}

/// Tells registered peers by a credentials PUT when our endpoints are no longer where they were at the last start.
pub(crate) async fn announce_if_changed(party: &Party) -> Result<(), DbError> {
    let now = format!("{} {}", party.versions_url(), version_details(party).to_json());
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let changed = sqlx::query(
                    "INSERT INTO party_settings (name, value) VALUES ('endpoints', $1) ON CONFLICT (name) DO UPDATE \
                     SET value = excluded.value WHERE party_settings.value <> excluded.value",
                )
                .bind(now)
                .execute(&mut **tx)
                .await?;
                if changed.rows_affected() > 0 {
                    sync::mark_all(tx, ModuleId::Credentials, sync::OWN_CREDENTIALS).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The details of version 2.2.1: the credentials endpoint once, the one for hubs, and everything that is mounted.
#[must_use]
pub fn version_details(party: &Party) -> VersionDetails {
    let endpoint = |identifier: ModuleId, role: InterfaceRole, path: &str| Endpoint {
        identifier,
        role,
        url: party.url(path).as_str().into(),
        extra: Extra::default(),
    };
    let credentials = endpoint(ModuleId::Credentials, InterfaceRole::Sender, crate::credentials::CREDENTIALS_PATH);
    let hubs = endpoint(ModuleId::Hubclientinfo, InterfaceRole::Receiver, HUB_CLIENT_INFO_PATH);
    let mounted = party.modules.iter().map(|mount| endpoint(mount.module.clone(), mount.role.clone(), mount.path));
    VersionDetails {
        version: VersionNumber::V2_2_1,
        endpoints: [credentials, hubs].into_iter().chain(mounted).collect(),
        extra: Extra::default(),
    }
}
