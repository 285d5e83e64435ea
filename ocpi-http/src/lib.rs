//! What every OCPI request carries: authorization, ids, routing, envelope, paging, errors.
//!
//! One side is axum: extractors ([`OcpiJson`], [`Routing`], [`ListQuery`], …), answers ([`OcpiReply`], [`OcpiError`]) and the
//! layers around them ([`with_layers`], [`serve`]). The other side is the client, [`OcpiClient`]. Both know only the
//! protocol: no database, no business.
//!
//! A server and a call, complete:
//!
//! ```
//! use axum::{Router, routing::get};
//! use ocpi_http::*;
//! use std::time::Duration;
//!
//! async fn versions(token: PresentedToken) -> OcpiResult {
//!     if token.candidates.iter().all(|(secret, _form)| secret.expose() != "s3cret") {
//!         return Err(OcpiError::unauthorized("the credentials token is not known here"));
//!     }
//!     Ok(OcpiReply::json(r#"[{"version":"2.2.1","url":"https://example.com/ocpi/2.2.1"}]"#))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (clock, exchanges) = (Clock::system(), ExchangeLog::new());
//! let router = with_layers(Router::new().route("/ocpi/versions", get(versions)), LayerConfig {
//!     clock: clock.clone(),
//!     ocpi_prefix: "/ocpi",
//!     max_body: 1024 * 1024,
//!     handler_timeout: Duration::from_secs(30),
//!     read_timeout: Duration::from_secs(10),
//!     exchanges: exchanges.clone(),
//!     party_name: "CPO".into(),
//! });
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = join(&format!("http://{}/ocpi/", listener.local_addr()?), &["versions"])?;
//! tokio::spawn(serve(listener, router, std::future::pending()));
//!
//! let client = OcpiClient::new(ClientConfig {
//!     policy: UrlPolicy { allow_private: true, allow_http: true },
//!     timeout: Duration::from_secs(30),
//!     connect_timeout: Duration::from_secs(5),
//!     max_answer: 16 * 1024 * 1024,
//!     clock,
//!     exchanges,
//!     party_name: "EMSP".into(),
//! });
//! let token = Secret::new("s3cret");
//! let cpo = Target {
//!     peer_name: "CPO",
//!     token: &token,
//!     form: TokenForm::Base64,
//!     routing: None,
//!     correlation_id: None,
//!     emit_nulls: false,
//!     away: None,
//! };
//! let answer = client.call(&cpo, http::Method::GET, &url, None).await?;
//! assert_eq!(answer.data[0]["version"], "2.2.1");
//! # Ok(())
//! # }
//! ```

mod body;
mod client;
mod context;
mod error;
mod exchange;
mod extract;
mod finish;
mod layers;
mod paths;
mod patient;
mod render;
mod reply;
mod secret;
mod serve;
mod status;
mod url_policy;

pub mod clock;
pub mod openapi;

pub use client::{Answer, CallError, ClientConfig, FailureClass, OcpiClient, PageOf, Pages, Target, install_tls, join};
pub use clock::Clock;
pub use context::{answer_as, note_peer};
pub use error::OcpiError;
pub use exchange::{Exchange, ExchangeLog, KeepLimits, KeptBody, KeptHeaders};
pub use extract::{
    ListQuery, OcpiJson, OcpiPatch, OcpiPath, OcpiValue, PresentedToken, ProfileClearQuery, ProfileReadQuery,
    RequestIds, Routing, TokenForm,
};
pub use layers::{LayerConfig, with_layers};
pub use reply::{OcpiReply, OcpiResult, ReplyPage};
pub use secret::Secret;
pub use serve::{ServeConfig, serve, serve_with};
pub use status::OcpiStatus;
pub use url::Url;
pub use url_policy::UrlPolicy;
