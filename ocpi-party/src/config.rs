//! What can be configured for every party. Each server adds its own options beside these.
//!
//! Values come from, later ones winning: defaults, a TOML file, the environment, flags. [`load`] puts them together and
//! says of a bad value which option it is, where it comes from and what to do.

mod args;
mod load;

use std::time::Duration;

use ocpi_http::{KeepLimits, Secret, Url};
use ocpi_types::{BusinessDetails, CredentialsRole, Extra, PartyId, Role};
use serde::{Deserialize, Serialize};

pub use args::PartyArgs;
pub use load::{ConfigError, file_from_args, load};

/// The options that every party has. In a TOML file they are top-level keys with the names of these fields.
///
/// Serializing is there for [`load`], and writes secrets as they are: never log the result.
///
/// ```
/// use ocpi_party::PartyConfig;
/// let config = PartyConfig { port: 9000, ..PartyConfig::cpo() };
/// assert_eq!(config.party().to_string(), "US/CPO");
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct PartyConfig {
    /// The name shown in logs, metrics and documentation.
    pub project_name: String,
    /// The address to listen on, such as `127.0.0.1` or `0.0.0.0`.
    pub host: String,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// The URL under which partners reach this server, without a path; by default `http://host:port`.
    #[serde(with = "url_text")]
    pub public_url: Option<Url>,
    /// ISO 3166-1 alpha-2 code of the party's country.
    pub country_code: String,
    /// The party's id within the country, three characters.
    pub party_id: String,
    /// The name that partners see, at most 100 characters.
    pub business_name: String,
    /// The web site that partners see.
    #[serde(with = "url_text")]
    pub business_website: Option<Url>,
    /// `sqlite:path/to/file.db` or `postgres://user:password@host/database`.
    pub database_url: String,
    /// The key that operators show to the operator API; without one that API refuses everything.
    #[serde(serialize_with = "expose_secret")]
    pub operator_key: Option<Secret>,
    /// Partners may be at loopback and private addresses. Off in production: URLs are chosen by partners.
    pub allow_private_urls: bool,
    /// Partners may be called without TLS.
    pub allow_http_urls: bool,
    /// A credentials token that is not Base64 encoded is accepted, too.
    pub accept_raw_tokens: bool,
    /// The number of objects on a page when the partner does not say.
    pub page_default: u64,
    /// The largest number of objects on a page.
    pub page_max: u64,
    /// The largest body accepted, in bytes.
    pub max_body_bytes: usize,
    /// The largest answer of a partner that is read, in bytes.
    pub max_answer_bytes: usize,
    /// How long a request may take here, in seconds.
    pub handler_timeout_seconds: u64,
    /// How long a client may take to send its headers, and again its body, in seconds.
    pub read_timeout_seconds: u64,
    /// How long a partner may take to answer, in seconds.
    pub client_timeout_seconds: u64,
    /// How long connecting to a partner may take, in seconds.
    pub connect_timeout_seconds: u64,
    /// How long a replaced credentials token is still accepted, in seconds.
    pub token_grace_seconds: u64,
    /// The average time between two pulls from a partner, in seconds.
    pub pull_interval_seconds: u64,
    /// After this many seconds a pull is complete instead of only what has changed.
    pub full_pull_interval_seconds: u64,
    /// The first pause after a partner could not be reached, in seconds; it doubles with every failure.
    pub retry_min_seconds: u64,
    /// The longest pause after failures, in seconds.
    pub retry_max_seconds: u64,
    /// Endpoints that a partner must have, such as `locations:SENDER`; registration is refused without them.
    pub required_endpoints: Vec<String>,
    /// How many OCPI exchanges are kept in memory for `/inspect`; 0 switches it off. Nothing is kept without an operator key,
    /// because nobody could look.
    pub inspect_exchanges: usize,
    /// The most memory that these take, in bytes.
    pub inspect_bytes: usize,
    /// What is logged: `info`, `debug`, or a filter such as `info,sqlx=warn`.
    pub log: String,
    /// Log lines as JSON instead of text for people.
    pub log_json: bool,
}

impl PartyConfig {
    /// The defaults of an EMSP: US/EMS on port 8000.
    #[must_use]
    pub fn emsp() -> Self {
        Self::with("emsp", 8000, "EMS", "Example EMSP")
    }

    /// The defaults of a CPO: US/CPO on port 8001.
    #[must_use]
    pub fn cpo() -> Self {
        Self::with("cpo-mock", 8001, "CPO", "Example CPO")
    }

    fn with(name: &str, port: u16, party_id: &str, business_name: &str) -> Self {
        Self {
            project_name: name.to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            public_url: None,
            country_code: "US".to_owned(),
            party_id: party_id.to_owned(),
            business_name: business_name.to_owned(),
            business_website: None,
            database_url: format!("sqlite:{name}.db"),
            operator_key: None,
            allow_private_urls: false,
            allow_http_urls: false,
            accept_raw_tokens: true,
            page_default: 50,
            page_max: 1000,
            max_body_bytes: 4 << 20,
            max_answer_bytes: 64 << 20,
            handler_timeout_seconds: 60,
            read_timeout_seconds: 15,
            client_timeout_seconds: 20,
            connect_timeout_seconds: 5,
            token_grace_seconds: 10,
            pull_interval_seconds: 3600,
            full_pull_interval_seconds: 7 * 24 * 3600,
            retry_min_seconds: 1,
            retry_max_seconds: 300,
            required_endpoints: Vec::new(),
            inspect_exchanges: 500,
            inspect_bytes: 8 << 20,
            log: "info".to_owned(),
            log_json: false,
        }
    }

    /// The configured party.
    #[must_use]
    pub fn party(&self) -> PartyId {
        PartyId::new(self.country_code.as_str(), self.party_id.as_str())
    }

    /// The configured party as it appears in credentials.
    #[must_use]
    pub fn credentials_role(&self, role: Role) -> CredentialsRole {
        CredentialsRole {
            role,
            business_details: BusinessDetails {
                name: self.business_name.as_str().into(),
                website: self.business_website.as_ref().map(|url| url.as_str().into()),
                logo: None,
                extra: Extra::default(),
            },
            party_id: self.party_id.as_str().into(),
            country_code: self.country_code.as_str().into(),
            extra: Extra::default(),
        }
    }

    /// How long a partner may take to answer.
    #[must_use]
    pub fn client_timeout(&self) -> Duration {
        Duration::from_secs(self.client_timeout_seconds)
    }

    /// How much of what is said with partners is kept for those who inspect it.
    #[must_use]
    pub fn kept_exchanges(&self) -> KeepLimits {
        match &self.operator_key {
            Some(_) => KeepLimits { exchanges: self.inspect_exchanges, bytes: self.inspect_bytes },
            None => KeepLimits::NOTHING,
        }
    }

    /// What no single value shows to be wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.party().is_well_formed() {
            return Err(ConfigError::new(format!(
                "country_code {:?} and party_id {:?} must be codes of two and three printable characters, such as NL and TNM",
                self.country_code, self.party_id
            )));
        }
        if self.business_name.is_empty() || self.business_name.chars().count() > 100 {
            return Err(ConfigError::new("business_name must have 1 to 100 characters"));
        }
        if self.page_default == 0 || self.page_max < self.page_default {
            return Err(ConfigError::new(format!(
                "page_default ({}) must be at least 1 and at most page_max ({})",
                self.page_default, self.page_max
            )));
        }
        if self
            .public_url
            .as_ref()
            .is_some_and(|url| !matches!(url.scheme(), "http" | "https") || url.as_str().len() > 200)
        {
            return Err(ConfigError::new(
                "public_url must begin with https:// (or http://) and be shorter than 200 characters",
            ));
        }
        if self.operator_key.as_ref().is_some_and(|key| key.expose().len() < 8) {
            return Err(ConfigError::new(
                "operator_key must have at least 8 characters; `openssl rand -hex 32` makes a good one",
            ));
        }
        for text in &self.required_endpoints {
            required_endpoint(text)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for PartyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartyConfig")
            .field("project_name", &self.project_name)
            .field("party", &self.party())
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database_url", &crate::db::without_password(&self.database_url))
            .finish_non_exhaustive()
    }
}

/// Reads `locations:SENDER`.
pub(crate) fn required_endpoint(text: &str) -> Result<(ocpi_types::ModuleId, ocpi_types::InterfaceRole), ConfigError> {
    let read = text.split_once(':').map(|(module, role)| (module.into(), role.into()));
    read.filter(|(module, role): &(ocpi_types::ModuleId, ocpi_types::InterfaceRole)| {
        module.is_listed() && role.is_listed()
    })
    .ok_or_else(|| ConfigError::new(format!("required_endpoints: {text:?} should look like locations:SENDER")))
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn expose_secret<S: serde::Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// URLs as text.
mod url_text {
    use ocpi_http::Url;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
        url.as_ref().map(Url::as_str).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| {
            Url::parse(&text)
                .map_err(|e| D::Error::custom(format!("{text:?} is not a URL such as https://example.com: {e}")))
        };
        text.filter(|text| !text.is_empty()).map(parse).transpose()
    }
}
