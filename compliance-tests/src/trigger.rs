//! What only the operator of the platform under test can cause, given by a TOML file or asked of the person.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::case::{CaseResult, Stop};
use crate::client::install_crypto;

/// A trigger that cases know: name, what the operator has to do, what the tester gives, what it wants back.
pub struct Known {
    /// Name of the table in the file.
    pub name: &'static str,
    /// What has to be done.
    pub task: &'static str,
    /// Variables that are given.
    pub gives: &'static [&'static str],
    /// Values wanted back.
    pub wants: &'static [&'static str],
}

/// Every trigger that a case can ask for.
pub const KNOWN: &[Known] = &[
    known("invite", "create a registration token (token A) for a new partner", &["name"], &["token_a", "peer_id"]),
    known(
        "register",
        "register with the tester: your platform is the sender",
        &["versions_url", "token_a", "name"],
        &["peer_id"],
    ),
    known("update_credentials", "renew the credentials with the tester (PUT)", &["peer_id"], &[]),
    known("unregister", "end the registration with the tester (DELETE)", &["peer_id"], &[]),
    known("sync", "pull everything from the tester now", &["peer_id"], &[]),
    known("change_location", "change the status of an EVSE", &["location_id", "evse_uid"], &[]),
    known("create_location", "create a location", &[], &["location_id"]),
    known("create_tariff", "create a tariff", &[], &["tariff_id"]),
    known("change_tariff", "change a tariff", &["tariff_id"], &[]),
    known("delete_tariff", "delete a tariff", &["tariff_id"], &[]),
    known(
        "start_charge",
        "let a driver start to charge with an RFID card",
        &["token_uid", "location_id", "evse_uid", "connector_id"],
        &["session_id"],
    ),
    known("stop_charge", "let the driver end the charge", &["session_id", "evse_uid"], &[]),
    known("plug_in", "plug a vehicle in (before START_SESSION)", &["location_id", "evse_uid", "connector_id"], &[]),
    known("unplug", "unplug the vehicle", &["location_id", "evse_uid", "connector_id"], &[]),
    known("publish_tariff", "publish exactly this tariff, or replace it", &["tariff_id", "tariff"], &[]),
    known(
        "station_with_tariff",
        "put a station up whose connector has exactly these tariffs (JSON array of ids)",
        &["tariff_ids", "time_zone", "capabilities"],
        &["location_id", "evse_uid", "connector_id"],
    ),
    known("remove_station", "take that station away again", &["location_id", "evse_uid", "time_zone"], &[]),
    known(
        "plug_in_full",
        "plug a vehicle in that is full after two seconds and then parks",
        &["location_id", "evse_uid", "connector_id"],
        &[],
    ),
    known("present_card", "hold another card to the reader of an EVSE that charges", &["token_uid", "evse_uid"], &[]),
    known("fault_station", "let an EVSE break down", &["location_id", "evse_uid"], &[]),
    known("repair_station", "repair it", &["location_id", "evse_uid"], &[]),
    known(
        "set_temper",
        "let an EVSE refuse commands (REFUSING), fail at them (FAILING), not answer them (SILENT), or obey again (NORMAL)",
        &["location_id", "evse_uid", "connector_id", "temper"],
        &[],
    ),
    known(
        "station_with_schedule",
        "put a station up whose EVSE is AVAILABLE and will have this status from `period_begin` on (status_schedule)",
        &["status", "period_begin", "period_end", "time_zone"],
        &["location_id", "evse_uid"],
    ),
    known(
        "remove_information",
        "take an optional field away from a location of `create_location`",
        &["location_id"],
        &[],
    ),
    known("correct_cdr", "correct a CDR that was sent", &["country_code", "party_id", "cdr_id"], &[]),
    known(
        "create_limited_token",
        "issue a token (type APP_USER) whose contract holds at one location only",
        &["location_id"],
        &["token_uid"],
    ),
    known("create_token_without_credit", "issue a token (type APP_USER) whose account is empty", &[], &["token_uid"]),
    known(
        "start_session_with_token",
        "send START_SESSION to the tester with this token",
        &["token_uid", "location_id", "evse_uid", "connector_id", "peer_id"],
        &[],
    ),
    known(
        "reserve_with_token",
        "send RESERVE_NOW to the tester with this token",
        &["token_uid", "location_id", "evse_uid", "peer_id"],
        &[],
    ),
    known("create_token", "issue a token", &[], &["token_uid"]),
    known("change_token", "change a token", &["token_uid"], &[]),
    known("invalidate_token", "make a token invalid", &["token_uid"], &[]),
    known(
        "start_session",
        "send START_SESSION to the tester",
        &["location_id", "evse_uid", "connector_id", "peer_id"],
        &[],
    ),
    known("stop_session", "send STOP_SESSION to the tester", &["session_id", "peer_id"], &[]),
    known("reserve_now", "send RESERVE_NOW to the tester", &["location_id", "evse_uid", "peer_id"], &[]),
    known(
        "unlock_connector",
        "send UNLOCK_CONNECTOR to the tester",
        &["location_id", "evse_uid", "connector_id", "peer_id"],
        &[],
    ),
    known(
        "limit_station",
        "limit a station locally, in ampere per phase",
        &["location_id", "evse_uid", "connector_id", "limit", "session_id"],
        &[],
    ),
    known("unlimit_station", "lift the local limit of a station", &["location_id", "evse_uid", "connector_id"], &[]),
    known(
        "set_charging_profile",
        "set a charging profile for a session at the tester",
        &["session_id", "limit", "peer_id"],
        &[],
    ),
    known("clear_charging_profile", "clear the charging profile of a session", &["session_id", "peer_id"], &[]),
    known(
        "set_charging_preferences",
        "pass a driver's charging preferences on to the tester",
        &["session_id", "profile_type", "departure_time", "energy_need", "peer_id"],
        &[],
    ),
    known(
        "drop_reservation",
        "give a reservation of the tester up",
        &["reservation_id", "session_id", "location_id", "evse_uid"],
        &[],
    ),
    known(
        "cancel_reservation",
        "send CANCEL_RESERVATION to the tester",
        &["reservation_id", "location_id", "evse_uid", "peer_id"],
        &[],
    ),
    known("get_active_profile", "ask for the active charging profile of a session", &["session_id", "peer_id"], &[]),
];

const fn known(
    name: &'static str,
    task: &'static str,
    gives: &'static [&'static str],
    wants: &'static [&'static str],
) -> Known {
    Known { name, task, gives, wants }
}

/// The content of a trigger file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// Values for `{name}` placeholders.
    #[serde(default)]
    pub variables: HashMap<String, String>,
    /// One table per trigger.
    #[serde(default)]
    pub triggers: HashMap<String, Trigger>,
    /// Ask the person where there is no trigger.
    #[serde(skip)]
    pub interactive: bool,
}

/// One trigger: an HTTP call or a shell command.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// HTTP method; default POST.
    pub method: Option<String>,
    /// URL of the call.
    pub url: Option<String>,
    /// Headers of the call.
    #[serde(default)]
    pub headers: HashMap<String, String>,
    /// Body of the call, JSON.
    pub body: Option<String>,
    /// Shell command (`sh -c`), instead of a call. Its standard output is read as JSON for `outputs`.
    pub shell: Option<String>,
    /// Values taken from the JSON that comes back, by JSON Pointer.
    #[serde(default)]
    pub outputs: HashMap<String, String>,
    /// Seconds until the trigger counts as failed; default 20.
    pub timeout_seconds: Option<u64>,
}

impl Triggers {
    /// Reads a trigger file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed: Self = toml::from_str(text).map_err(|err| err.to_string())?;
        for name in parsed.triggers.keys() {
            if !KNOWN.iter().any(|known| known.name == name) {
                let names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
                return Err(format!("no case uses a trigger `{name}`; known are {}", names.join(", ")));
            }
        }
        Ok(parsed)
    }

    /// The values of the environment that the triggers use: secrets of the operator.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let of_trigger = |trigger: &Trigger| {
            let mut texts = vec![trigger.url.clone(), trigger.body.clone(), trigger.shell.clone()];
            texts.extend(trigger.headers.values().cloned().map(Some));
            texts.into_iter().flatten().collect::<Vec<_>>()
        };
        let texts: Vec<String> = self.triggers.values().flat_map(of_trigger).collect();
        texts
            .iter()
            .flat_map(|text| text.split("{env:").skip(1).filter_map(|rest| rest.split('}').next()))
            .filter_map(|name| std::env::var(name).ok())
            .collect()
    }

    /// Whether the file has this trigger. What has to be done often or within seconds is not asked of a person.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        self.triggers.contains_key(name)
    }

    /// Whether this trigger can be pulled.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.interactive || self.triggers.contains_key(name)
    }

    /// Pulls a trigger and gives its outputs. Skips the case when there is none.
    pub async fn pull(&self, name: &str, given: &[(&str, &str)]) -> CaseResult<HashMap<String, String>> {
        let known = KNOWN
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| Stop::Error(format!("unknown trigger {name}")))?;
        let Some(trigger) = self.triggers.get(name) else {
            if self.interactive {
                return ask(known, given).await;
            }
            return Err(Stop::Skip(format!(
                "needs the trigger `{name}` ({}): give it in the trigger file, or use --interactive",
                known.task
            )));
        };
        let answer = if let Some(command) = &trigger.shell {
            {
                let command = self.fill(command, given, Place::Shell);
                let command = command.map_err(|what| Stop::Error(format!("trigger `{name}`: {what}")))?;
                self.shell(name, &command, trigger).await?
            }
        } else {
            self.call(name, trigger, given).await?
        };
        trigger
            .outputs
            .iter()
            .map(|(key, pointer)| {
                let value = answer.pointer(pointer).ok_or_else(|| {
                    Stop::Error(format!(
                        "trigger `{name}`: its answer has nothing at {pointer}: {}",
                        crate::formats::brief(&answer)
                    ))
                })?;
                Ok((key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_string)))
            })
            .collect()
    }

    /// Puts values in the places of their names. What is given may come from the platform under test: it is made harmless for
    /// its place, and is not looked through for further names.
    fn fill(&self, template: &str, given: &[(&str, &str)], place: Place) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            rest = after;
            let name = after.split('}').next().unwrap_or("");
            let value = if let Some((_, value)) = given.iter().find(|(key, _)| *key == name) {
                place.write(name, value)?
            } else if let Some(value) = self.variables.get(name) {
                self.fill(value, &[], place)?
            } else if let Some(variable) = name.strip_prefix("env:") {
                std::env::var(variable).unwrap_or_default()
            } else {
                text.push('{');
                continue;
            };
            text.push_str(&value);
            rest = &after[name.len() + 1..];
        }
        text.push_str(rest);
        Ok(text)
    }

    async fn call(&self, name: &str, trigger: &Trigger, given: &[(&str, &str)]) -> CaseResult<Value> {
        let error = |what: String| Stop::Error(format!("trigger `{name}`: {what}"));
        let url = trigger.url.as_deref().ok_or_else(|| error("needs `url` or `shell`".into()))?;
        let method = trigger.method.as_deref().unwrap_or("POST");
        let method = method.parse().map_err(|_| error(format!("bad method {method}")))?;
        let timeout = Duration::from_secs(trigger.timeout_seconds.unwrap_or(20));
        let mut request =
            http().map_err(error)?.request(method, self.fill(url, given, Place::Url).map_err(error)?).timeout(timeout);
        for (key, value) in &trigger.headers {
            request = request.header(key.as_str(), self.fill(value, given, Place::Header).map_err(error)?);
        }
        if let Some(body) = &trigger.body {
            let body = self.fill(body, given, Place::Body).map_err(error)?;
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.map_err(|err| error(err.to_string()))?;
        let status = response.status();
        let text = response.text().await.map_err(|err| error(err.to_string()))?;
        if !status.is_success() {
            return Err(error(format!("HTTP {status}: {}", crate::formats::shorten(&text, 300))));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn shell(&self, name: &str, command: &str, trigger: &Trigger) -> CaseResult<Value> {
        let error = |what: String| Stop::Error(format!("trigger `{name}`: {what}"));
        let run = tokio::process::Command::new("sh").arg("-c").arg(command).kill_on_drop(true).output();
        let output = tokio::time::timeout(Duration::from_secs(trigger.timeout_seconds.unwrap_or(20)), run)
            .await
            .map_err(|_| error("took too long".into()))?
            .map_err(|err| error(err.to_string()))?;
        if !output.status.success() {
            let text = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned()).concat();
            return Err(error(format!("{}: {}", output.status, crate::formats::shorten(&text, 300))));
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }
}

/// What the tester makes itself, in JSON.
const JSON: [&str; 3] = ["tariff", "tariff_ids", "capabilities"];

/// Where a value is written.
#[derive(Clone, Copy)]
enum Place {
    Url,
    Header,
    Body,
    Shell,
}

impl Place {
    fn write(self, name: &str, value: &str) -> Result<String, String> {
        // A shell would act on other characters, and an id of the platform under test may hold any.
        let plain = |letter: char| letter.is_alphanumeric() || " -_.,:@%+=/~*".contains(letter);
        match self {
            Self::Url => Ok(crate::context::encode(value)),
            Self::Body if !JSON.contains(&name) => {
                let quoted = Value::from(value).to_string();
                Ok(quoted[1..quoted.len() - 1].to_string())
            }
            Self::Shell if !JSON.contains(&name) && !value.chars().all(plain) => {
                Err(format!("`{name}` is {value:?}, which is not safe in a shell command: use `url`"))
            }
            Self::Header | Self::Body | Self::Shell => Ok(value.to_string()),
        }
    }
}

/// One client for all triggers: reading the trusted certificates of the system for each takes long.
fn http() -> Result<reqwest::Client, String> {
    static HTTP: OnceLock<Result<reqwest::Client, String>> = OnceLock::new();
    HTTP.get_or_init(|| {
        install_crypto();
        reqwest::Client::builder().build().map_err(|err| err.to_string())
    })
    .clone()
}

async fn ask(known: &'static Known, given: &[(&str, &str)]) -> CaseResult<HashMap<String, String>> {
    let given: Vec<(String, String)> = given.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
    let answered = tokio::task::spawn_blocking(move || {
        let mut lines = std::io::stdin().lock().lines();
        let mut out = std::io::stderr();
        let _ = writeln!(out, "\n>> Please {}.", known.task);
        for (key, value) in given.iter().filter(|(key, _)| known.gives.contains(&key.as_str())) {
            let _ = writeln!(out, "   {key}: {value}");
        }
        let mut outputs = HashMap::new();
        for want in known.wants {
            let _ = write!(out, "   {want}? ");
            let _ = out.flush();
            let line = lines.next().and_then(Result::ok).unwrap_or_default();
            outputs.insert((*want).to_string(), line.trim().to_string());
        }
        let _ = write!(out, "   Enter when done, s to skip: ");
        let _ = out.flush();
        let line = lines.next().and_then(Result::ok)?;
        (!line.trim().eq_ignore_ascii_case("s")).then_some(outputs)
    })
    .await
    .map_err(|err| Stop::Error(err.to_string()))?;
    answered.ok_or_else(|| Stop::Skip(format!("the person skipped: {}", known.task)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_file_with_a_misspelt_trigger_is_refused() {
        assert!(Triggers::parse("[triggers.invit]\nurl = \"http://x\"").unwrap_err().contains("invite"));
        assert!(Triggers::parse("[triggers.invite]\nurl = \"http://x\"").is_ok());
    }

    #[test]
    fn placeholders_are_filled_from_the_case_first() {
        let triggers = Triggers::parse("[variables]\noperator = \"http://o\"\nname = \"other\"").unwrap();
        let filled = triggers.fill("{operator}/x?n={name}{missing}", &[("name", "me")], Place::Header);
        assert_eq!(filled.as_deref(), Ok("http://o/x?n=me{missing}"));
        let body = triggers.fill(r#"{"name": "{name}", "at": {"x": 1}}"#, &[("name", "m\"e")], Place::Body);
        assert_eq!(body.as_deref(), Ok(r#"{"name": "m\"e", "at": {"x": 1}}"#));
    }

    #[test]
    fn what_the_platform_calls_its_things_does_no_harm() {
        let triggers = Triggers::parse("[variables]\noperator = \"http://o/{env:PATH}\"").unwrap();
        let fill = |place: Place, id: &str| triggers.fill("x/{evse_uid}", &[("evse_uid", id)], place);
        assert_eq!(fill(Place::Url, "I40/1 ?").as_deref(), Ok("x/I40%2F1%20%3F"));
        assert_eq!(fill(Place::Header, "{env:PATH}{operator}").as_deref(), Ok("x/{env:PATH}{operator}"));
        assert_eq!(fill(Place::Shell, "US*CPO*E1").as_deref(), Ok("x/US*CPO*E1"));
        for id in ["$(reboot)", "`reboot`", "a; reboot", "a\" b", "a' b", "a\nb", "a|b", "a&b", "a>b", "a\\b"] {
            assert!(fill(Place::Shell, id).is_err(), "{id}");
        }
        assert_eq!(triggers.fill("{tariff_ids}", &[("tariff_ids", "[\"A\"]")], Place::Shell).as_deref(), Ok("[\"A\"]"));
    }
}
