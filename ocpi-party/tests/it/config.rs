//! Where options come from, and what is said about bad ones.

use clap::Parser;
use ocpi_party::{PartyArgs, PartyConfig, load};
use serde::{Deserialize, Serialize};

/// A server's own configuration, as the servers write it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Config {
    #[serde(flatten)]
    party: PartyConfig,
    /// An option of its own.
    stations: u32,
}

#[derive(Debug, Parser, Serialize)]
struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    party: PartyArgs,
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    stations: Option<u32>,
}

fn read(toml: &str, flags: &[&str]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("party.toml");
    std::fs::write(&path, toml).unwrap();
    let args = Args::try_parse_from(std::iter::once(&"test").chain(flags)).map_err(|error| error.to_string())?;
    let defaults = Config { party: PartyConfig::cpo(), stations: 4 };
    load(&defaults, Some(&path), &args).map_err(|error| error.to_string())
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let toml = "port = 9000\nparty_id = \"123\"\nstations = 7\nrequired_endpoints = [\"tokens:SENDER\"]";
    let config = read(toml, &["--port", "9001", "--operator-key", "secret key", "--allow-private-urls"]).unwrap();
    assert_eq!((config.party.port, config.party.party_id.as_str(), config.stations), (9001, "123", 7));
    assert_eq!(config.party.country_code, "US");
    assert_eq!(config.party.operator_key.as_ref().unwrap().expose(), "secret key");
    assert!(config.party.allow_private_urls && config.party.accept_raw_tokens);
    assert_eq!(config.party.required_endpoints, ["tokens:SENDER"]);
    let secret = PartyConfig { database_url: "postgres://me:pass@db/x".into(), ..config.party.clone() };
    let shown = format!(
        "{config:?} {secret:?} {:?}",
        PartyArgs { operator_key: Some("secret key".into()), ..PartyArgs::default() }
    );
    assert!(!shown.contains("secret key") && !shown.contains("pass"), "{shown}");
    config.party.check().unwrap();
    assert!(!read("", &["--accept-raw-tokens", "false"]).unwrap().party.accept_raw_tokens);
}

#[test]
fn a_bad_value_is_named_with_its_source() {
    for (toml, flags, expected) in [
        ("port = \"many\"", &[][..], &["port", "party.toml"][..]),
        ("port = 70000", &[], &["port", "party.toml"]),
        ("prot = 1", &[], &["prot", "party.toml", "--help"]),
        ("port = ", &[], &["party.toml"]),
        ("public_url = \"nonsense\"", &[], &["public_url", "nonsense", "party.toml"]),
        ("", &["--port", "many"], &["--port", "many"]),
        ("", &["--public-url", "nonsense"], &["public_url", "nonsense", "flag"]),
    ] {
        let error = read(toml, flags).unwrap_err();
        assert!(expected.iter().all(|part| error.contains(part)), "{toml} {flags:?}: {error}");
    }
}

#[test]
fn what_only_makes_sense_together_is_checked() {
    let cpo = PartyConfig::cpo;
    for (bad, expected) in [
        (PartyConfig { party_id: "LONG".into(), ..cpo() }, "party_id"),
        (PartyConfig { country_code: "U".into(), ..cpo() }, "country_code"),
        (PartyConfig { page_max: 10, ..cpo() }, "page_max"),
        (PartyConfig { operator_key: Some("short".into()), ..cpo() }, "operator_key"),
        (PartyConfig { required_endpoints: vec!["locations".into()], ..cpo() }, "locations:SENDER"),
        (PartyConfig { public_url: "ftp://x".parse().ok(), ..cpo() }, "public_url"),
        (PartyConfig { business_name: String::new(), ..cpo() }, "business_name"),
    ] {
        let error = bad.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    PartyConfig::emsp().check().unwrap();
}

#[test]
fn help_explains_every_option() {
    use clap::CommandFactory;
    let command = Args::command();
    for arg in command.get_arguments().filter(|arg| arg.get_id() != "help" && arg.get_id() != "stations") {
        assert!(arg.get_help().is_some(), "{} has no help", arg.get_id());
        assert!(arg.get_env().is_some(), "{} has no environment variable", arg.get_id());
    }
    let options = serde_json::to_value(PartyConfig::cpo()).unwrap();
    let flags: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    for option in options.as_object().unwrap().keys() {
        assert!(flags.contains(option), "{option} has no flag");
    }
}
