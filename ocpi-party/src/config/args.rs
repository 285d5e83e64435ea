//! The same options as flags and environment variables.

use std::path::PathBuf;

use serde::Serialize;

/// The options of every party, for `#[command(flatten)]`. What is not given is left to the TOML file and the defaults.
#[derive(Clone, Default, clap::Args, Serialize)]
pub struct PartyArgs {
    /// A TOML file with options; its keys are the names of the flags, with _ for -
    #[arg(long, env = "OCPI_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The name shown in logs, metrics and documentation
    #[arg(long, env = "PROJECT_NAME", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,

    /// The address to listen on [default: 127.0.0.1; 0.0.0.0 for all]
    #[arg(long, env = "OCPI_HOST", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,

    /// The port to listen on [default: 8000 for an EMSP, 8001 for a CPO; 0 lets the system choose]
    #[arg(long, env = "OCPI_PORT", value_name = "PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,

    /// The URL under which partners reach this server [default: http://host:port]
    #[arg(long, env = "PUBLIC_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,

    /// The country of the party, ISO 3166-1 alpha-2 [default: US]
    #[arg(long, env = "COUNTRY_CODE", value_name = "CODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,

    /// The id of the party, three characters [default: EMS for an EMSP, CPO for a CPO]
    #[arg(long, env = "PARTY_ID", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_id: Option<String>,

    /// The company name that partners see
    #[arg(long, env = "BUSINESS_NAME", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_name: Option<String>,

    /// The web site that partners see
    #[arg(long, env = "BUSINESS_WEBSITE", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_website: Option<String>,

    /// Where the data is: sqlite:path/to/file.db or postgres://user:password@host/database
    #[arg(long = "database", alias = "database-url", env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,

    /// The key for the operator API, at least 8 characters; without it that API is closed
    #[arg(long, env = "OPERATOR_KEY", value_name = "KEY", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_key: Option<String>,

    /// Partners may be at loopback and private addresses: for trying things out [default: false]
    #[arg(long, env = "ALLOW_PRIVATE_URLS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_private_urls: Option<bool>,

    /// Partners may be called without TLS: for trying things out [default: false]
    #[arg(long, env = "ALLOW_HTTP_URLS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_http_urls: Option<bool>,

    /// Accept credentials tokens that are not Base64 encoded, as older partners send them [default: true]
    #[arg(long, env = "ACCEPT_RAW_TOKENS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_raw_tokens: Option<bool>,

    /// Objects on a page of a list when the partner does not say [default: 50]
    #[arg(long, env = "PAGE_DEFAULT", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_default: Option<u64>,

    /// The most objects on a page of a list [default: 1000]
    #[arg(long, env = "PAGE_MAX", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_max: Option<u64>,

    /// The largest request body accepted, in bytes [default: 4194304]
    #[arg(long, env = "MAX_BODY_BYTES", value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<usize>,

    /// The largest answer of a partner that is read, in bytes [default: 67108864]
    #[arg(long, env = "MAX_ANSWER_BYTES", value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_answer_bytes: Option<usize>,

    /// How long answering a request may take [default: 60]
    #[arg(long, env = "HANDLER_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler_timeout_seconds: Option<u64>,

    /// How long a client may take to send its headers, and again its body [default: 15]
    #[arg(long, env = "READ_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_timeout_seconds: Option<u64>,

    /// How long a partner may take to answer [default: 20]
    #[arg(long, env = "CLIENT_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_timeout_seconds: Option<u64>,

    /// How long connecting to a partner may take [default: 5]
    #[arg(long, env = "CONNECT_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_seconds: Option<u64>,

    /// How long a replaced credentials token is still accepted [default: 10]
    #[arg(long, env = "TOKEN_GRACE_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_grace_seconds: Option<u64>,

    /// The average time between two pulls from a partner [default: 3600]
    #[arg(long, env = "PULL_INTERVAL_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_interval_seconds: Option<u64>,

    /// After this time a pull is complete instead of only what has changed [default: 604800, a week]
    #[arg(long, env = "FULL_PULL_INTERVAL_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_pull_interval_seconds: Option<u64>,

    /// The first pause after a partner could not be reached; it doubles with every failure [default: 1]
    #[arg(long, env = "RETRY_MIN_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_min_seconds: Option<u64>,

    /// The longest pause after failures [default: 300]
    #[arg(long, env = "RETRY_MAX_SECONDS", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_max_seconds: Option<u64>,

    /// An endpoint that a partner must have, such as locations:SENDER; may be given several times
    #[arg(long = "required-endpoint", env = "REQUIRED_ENDPOINTS", value_name = "MODULE:ROLE", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_endpoints: Vec<String>,

    /// OCPI exchanges kept in memory for /inspect, which needs the operator key; 0 switches it off [default: 500]
    #[arg(long, env = "INSPECT_EXCHANGES", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect_exchanges: Option<usize>,

    /// The most memory that these exchanges take, in bytes [default: 8388608]
    #[arg(long, env = "INSPECT_BYTES", value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect_bytes: Option<usize>,

    /// What is logged: error, warn, info, debug, trace, or a filter such as info,sqlx=warn [default: info]
    #[arg(long, env = "OCPI_LOG", value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// Log lines as JSON instead of text for people [default: false]
    #[arg(long, env = "OCPI_LOG_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_json: Option<bool>,
}

impl std::fmt::Debug for PartyArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The operator key and the database's password are among them.
        f.debug_struct("PartyArgs").field("config", &self.config).finish_non_exhaustive()
    }
}
