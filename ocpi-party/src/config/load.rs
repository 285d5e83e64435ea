//! Putting the sources together, and telling people what is wrong with them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::Dict;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::PartyArgs;

/// A configuration that cannot be used; its text says which option, where it comes from and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// What is wrong and what to do about it.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The TOML file that flags or environment name.
#[must_use]
pub fn file_from_args(args: &PartyArgs) -> Option<&PathBuf> {
    args.config.as_ref()
}

/// Puts a configuration together: `defaults`, then the TOML file, then `args` (flags and environment, of which clap has
/// made one; options that were not given must not be serialized).
///
/// A server's own struct holds the party's options with `#[serde(flatten)] party: PartyConfig`, its own arguments likewise.
/// A key in the file that is no option is an error.
pub fn load<C, A>(defaults: &C, file: Option<&Path>, args: &A) -> Result<C, ConfigError>
where
    C: Serialize + DeserializeOwned,
    A: Serialize,
{
    let known = Figment::from(Serialized::defaults(defaults));
    let mut figment = known.clone();
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError::new(format!("there is no configuration file {}; see --config", path.display())));
        }
        let toml = Figment::from(Toml::file_exact(path));
        let toml_keys = keys(&toml).map_err(|error| explain(&error))?;
        if let Some(unknown) = toml_keys.difference(&keys(&known).unwrap_or_default()).next() {
            return Err(ConfigError::new(format!(
                "{} sets {unknown}, which is no option; --help lists them all",
                path.display()
            )));
        }
        figment = figment.merge(toml);
    }
    figment = figment.merge(Serialized::defaults(args));
    figment.extract().map_err(|error| find_culprit::<C>(&known, &figment).unwrap_or_else(|| explain(&error)))
}

/// Which option it is that cannot be read: a flattened struct does not say. Each is tried alone on top of the defaults.
fn find_culprit<C: DeserializeOwned>(known: &Figment, figment: &Figment) -> Option<ConfigError> {
    keys(figment).ok()?.into_iter().find_map(|key| {
        let value = figment.find_value(&key).ok()?;
        let alone = known.clone().merge(Serialized::default(&key, value));
        let error = alone.extract::<C>().err()?;
        let source = figment.find_metadata(&key).map(source_of).unwrap_or_default();
        Some(ConfigError::new(format!("{key}: {}{source}", error.kind)))
    })
}

fn keys(figment: &Figment) -> Result<BTreeSet<String>, Box<figment::Error>> {
    Ok(figment.extract::<Dict>()?.into_keys().collect())
}

fn explain(error: &figment::Error) -> ConfigError {
    let option = error.path.join(".");
    let option = if option.is_empty() { option } else { format!("{option}: ") };
    let source = error.metadata.as_ref().map(source_of).unwrap_or_default();
    ConfigError::new(format!("{option}{}{source}", error.kind).trim_end().replace('\n', " "))
}

fn source_of(metadata: &figment::Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => format!(" (in {})", path.display()),
        _ => " (from a flag or the environment)".to_owned(),
    }
}
