//! Receiver interfaces for client-owned objects: the same rules at every level, one case per kind of object and rule.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::case::{Case, CaseResult, TargetRole, ensure, skip};
use crate::client::Answer;
use crate::context::Ctx;
use crate::fixtures::{self, Owner};
use crate::formats::difference;
use crate::{clock, schema};

/// Rows of the catalogue that say of one kind what the transport chapter says of all.
struct Rows {
    read: &'static [&'static str],
    create: &'static [&'static str],
    replace: &'static [&'static str],
    patch: &'static [&'static str],
    patch_dated: &'static [&'static str],
    methods: &'static [&'static str],
    unknown: &'static [&'static str],
    differs: &'static [&'static str],
    invalid: &'static [&'static str],
    case_blind: &'static [&'static str],
    owners: &'static [&'static str],
}

/// A kind of object that is pushed.
pub(super) struct Kind {
    name: &'static str,
    object: &'static str,
    module: &'static str,
    role: TargetRole,
    /// An optional field, for replacing and nulls.
    optional: &'static str,
    /// What a PATCH changes.
    change: (&'static str, &'static str),
    patchable: bool,
    rows: Rows,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "token",
        object: "Token",
        module: "tokens",
        role: TargetRole::Cpo,
        optional: "group_id",
        change: ("valid", "false"),
        patchable: true,
        rows: Rows {
            read: &["TOK-017", "TOK-018", "TOK-025", "TOK-006"],
            create: &["TOK-027"],
            replace: &["TOK-027"],
            patch: &["TOK-032", "TOK-036"],
            patch_dated: &["TOK-034"],
            methods: &["TOK-019"],
            unknown: &["TOK-026"],
            differs: &["TOK-028", "TOK-029", "TOK-030"],
            invalid: &["TOK-071"],
            case_blind: &["TOK-023"],
            owners: &["TOK-020"],
        },
    },
    Kind {
        name: "location",
        object: "Location",
        module: "locations",
        role: TargetRole::Emsp,
        optional: "name",
        change: ("name", "\"Renamed\""),
        patchable: true,
        rows: Rows {
            read: &["LOC-044", "LOC-045", "LOC-049", "LOC-010"],
            create: &["LOC-052"],
            replace: &["LOC-052"],
            patch: &["LOC-064"],
            patch_dated: &["LOC-067"],
            methods: &["LOC-046", "LOC-047", "LOC-019"],
            unknown: &["LOC-043"],
            differs: &["LOC-055", "LOC-056", "LOC-057"],
            invalid: &["LOC-135", "LOC-136", "LOC-138", "LOC-157", "LOC-158", "LOC-093"],
            case_blind: &["LOC-042"],
            owners: &["LOC-048"],
        },
    },
    Kind {
        name: "evse",
        object: "EVSE",
        module: "locations",
        role: TargetRole::Emsp,
        optional: "physical_reference",
        change: ("status", "\"CHARGING\""),
        patchable: true,
        rows: Rows {
            read: &["LOC-044", "LOC-049"],
            create: &["LOC-061", "LOC-062"],
            replace: &["LOC-052"],
            patch: &["LOC-064", "LOC-071", "LOC-106"],
            patch_dated: &["LOC-067"],
            methods: &["LOC-046", "LOC-047"],
            unknown: &["LOC-043"],
            differs: &["LOC-058"],
            invalid: &["LOC-107", "LOC-060"],
            case_blind: &["LOC-042"],
            owners: &[],
        },
    },
    Kind {
        name: "connector",
        object: "Connector",
        module: "locations",
        role: TargetRole::Emsp,
        optional: "terms_and_conditions",
        change: ("max_amperage", "16"),
        patchable: true,
        rows: Rows {
            read: &["LOC-044", "LOC-049"],
            create: &["LOC-052"],
            replace: &["LOC-052"],
            patch: &["LOC-064"],
            patch_dated: &["LOC-067"],
            methods: &["LOC-046", "LOC-047"],
            unknown: &["LOC-043"],
            differs: &["LOC-059"],
            invalid: &["LOC-060", "LOC-111"],
            case_blind: &["LOC-042"],
            owners: &[],
        },
    },
    Kind {
        name: "tariff",
        object: "Tariff",
        module: "tariffs",
        role: TargetRole::Emsp,
        optional: "min_price",
        change: ("currency", "\"CHF\""),
        patchable: false,
        rows: Rows {
            read: &["TAR-021", "TAR-024", "TAR-006"],
            create: &["TAR-026", "TAR-027"],
            replace: &["TAR-026", "TAR-027", "TAR-019"],
            patch: &[],
            patch_dated: &[],
            methods: &["TAR-022"],
            unknown: &["TAR-025"],
            differs: &["TAR-028", "TAR-029", "TAR-030"],
            invalid: &["TAR-031", "TAR-051", "TAR-054", "TAR-055", "TAR-056", "TAR-058", "TAR-059"],
            case_blind: &["TAR-023"],
            owners: &[],
        },
    },
    Kind {
        name: "session",
        object: "Session",
        module: "sessions",
        role: TargetRole::Emsp,
        optional: "meter_id",
        change: ("kwh", "7.25"),
        patchable: true,
        rows: Rows {
            read: &["SES-033", "SES-034", "SES-036", "SES-006"],
            create: &["SES-040"],
            replace: &["SES-041"],
            patch: &["SES-047"],
            patch_dated: &["SES-049"],
            methods: &["SES-035", "SES-005"],
            unknown: &["SES-038"],
            differs: &["SES-044", "SES-045", "SES-046"],
            invalid: &["SES-075"],
            case_blind: &["SES-037"],
            owners: &[],
        },
    },
];

/// A place on the platform for one object of this run, with a valid object for it.
pub(super) struct Slot {
    pub(super) kind: &'static Kind,
    pub(super) owner: Owner,
    ids: Vec<String>,
    pub(super) object: Value,
}

/// A moment some hours before now, so that later versions of an object can still be in the past.
pub(super) fn early(minutes: i64) -> String {
    clock::seconds(clock::now() - chrono::Duration::hours(2) + chrono::Duration::minutes(minutes))
}

impl Slot {
    /// A new place; puts the parents there where the kind has some.
    async fn new(cx: &Arc<Ctx>, kind: &'static Kind) -> CaseResult<Self> {
        let owner = cx.owner().clone();
        let id = cx.new_id(match kind.name {
            "token" => "TK",
            "tariff" => "TA",
            "session" => "SS",
            _ => "LC",
        });
        let at = early(0);
        let mut ids = vec![id.clone()];
        let object = match kind.name {
            "token" => fixtures::token(&owner, &id, "RFID", &at),
            "location" => fixtures::location(&owner, &id, &at),
            "tariff" => fixtures::tariff(&owner, &id, &at),
            "session" => fixtures::session(&owner, &id, &super::tokens::target_token(cx).await?, &at),
            "evse" => {
                ids.push(format!("{id}-E9"));
                fixtures::evse(&ids[1], &at)
            }
            _ => {
                ids.extend([format!("{id}-E1"), "2".into()]);
                fixtures::connector("2", &at)
            }
        };
        let slot = Self { kind, owner, ids, object };
        slot.url(cx)?;
        if slot.ids.len() > 1 {
            let parent = cx.receiver("locations", &slot.owner, &[&id])?;
            cx.put("PUT", &parent, &fixtures::location(&slot.owner, &id, &at)).await?.succeeded()?;
        }
        slot.clean_up_later(cx)?;
        Ok(slot)
    }

    fn clean_up_later(&self, cx: &Arc<Ctx>) -> CaseResult {
        let now = clock::timestamp();
        let root = cx.receiver(self.kind.module, &self.owner, &[&self.ids[0]])?;
        match self.kind.name {
            "token" => cx.on_cleanup("PATCH", &root, Some(&json!({"valid": false, "last_updated": now}))),
            "tariff" => cx.on_cleanup("DELETE", &root, None),
            "session" => cx.on_cleanup("PATCH", &root, Some(&json!({"status": "INVALID", "last_updated": now}))),
            _ => {
                for number in ["E1", "E2", "E9"] {
                    let url =
                        cx.receiver("locations", &self.owner, &[&self.ids[0], &format!("{}-{number}", self.ids[0])])?;
                    cx.on_cleanup("PATCH", &url, Some(&json!({"status": "REMOVED", "last_updated": now})));
                }
            }
        }
        Ok(())
    }

    pub(super) fn url(&self, cx: &Arc<Ctx>) -> CaseResult<String> {
        self.url_with(cx, &self.owner, self.ids.last().map_or("", String::as_str))
    }

    fn url_with(&self, cx: &Arc<Ctx>, owner: &Owner, last: &str) -> CaseResult<String> {
        let mut ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        if let Some(end) = ids.last_mut() {
            *end = last;
        }
        cx.receiver(self.kind.module, owner, &ids)
    }

    fn id_field(&self) -> &'static str {
        if matches!(self.kind.name, "token" | "evse") { "uid" } else { "id" }
    }

    async fn put(&self, cx: &Arc<Ctx>, body: &Value) -> CaseResult<Answer> {
        let url = self.url(cx)?;
        if self.kind.name == "token" { cx.push_token(url, body).await } else { cx.put("PUT", url, body).await }
    }

    async fn stored(&self, cx: &Arc<Ctx>) -> CaseResult<Value> {
        Ok(cx.get(self.url(cx)?).await?.object()?.clone())
    }

    async fn absent(&self, cx: &Arc<Ctx>) -> CaseResult {
        let answer = cx.get(self.url(cx)?).await?;
        let nothing = answer.http == 404 || answer.data().is_null();
        ensure(nothing, "nothing is stored", || answer.describe())
    }

    /// The object is given back as one object, not in a list.
    async fn single(&self, cx: &Arc<Ctx>) -> CaseResult {
        cx.get(self.url(cx)?).await?.single().map(|_| ())
    }

    async fn holds(&self, cx: &Arc<Ctx>, wanted: &Value) -> CaseResult {
        let got = self.stored(cx).await?;
        match difference(wanted, &got, "") {
            None => Ok(()),
            Some(what) => crate::case::fail("GET gives what was pushed", what),
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    KINDS.iter().flat_map(|kind| [reading(kind), refusing(kind), patching(kind), identity(kind)].concat()).collect()
}

/// A place for one object of the named kind, for the files of single modules.
pub(super) async fn slot(cx: &Arc<Ctx>, name: &str) -> CaseResult<Slot> {
    match KINDS.iter().find(|kind| kind.name == name) {
        Some(kind) => Slot::new(cx, kind).await,
        None => Err(crate::Stop::Error(format!("no kind {name}"))),
    }
}

impl Kind {
    fn case(&self, rule: &str, title: &str) -> Case {
        Case::new(format!("{}.push.{}.{rule}", self.module, self.name), format!("Pushed {}: {title}", self.object))
            .on(self.role)
            .writes()
    }
}

fn reading(kind: &'static Kind) -> Vec<Case> {
    vec![
        kind.case("create", "PUT creates, GET gives it back")
            .proves(kind.rows.read)
            .proves(kind.rows.create)
            .proves(
                &["TRN-075", "TRN-087", "VER-029", "TRN-071", "CRE-063", "CRE-064"]
                    .iter()
                    .copied()
                    .filter(|id| kind.name == "location" || !id.starts_with("CRE"))
                    .collect::<Vec<_>>(),
            )
            .does("PUTs a new object with optional fields of every kind; GETs it")
            .expects("Success; every field comes back with the value that was sent")
            .sabotage("receiver-no-store")
            .sabotage("receiver-put-unknown-404")
            .sabotage("receiver-loses-fields")
            .sabotage("object-as-list")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                slot.holds(&cx, &slot.object).await?;
                slot.single(&cx).await
            }),
        kind.case("created-201", "HTTP 201 for new, 200 for known")
            .proves(&["STA-008", "STA-009"])
            .proves(kind.rows.create)
            .should()
            .does("PUTs the same object twice")
            .expects("HTTP 201, then 200")
            .sabotage("receiver-always-201")
            .sabotage("receiver-always-200")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.has_http(201)?;
                slot.put(&cx, &slot.object).await?.has_http(200)
            }),
        kind.case("no-data", "acknowledgements have no data")
            .proves(&["TRN-090"])
            .should()
            .does("PUTs an object")
            .expects("An envelope without data")
            .sabotage("receiver-data")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let answer = slot.put(&cx, &slot.object).await?;
                answer.succeeded()?;
                ensure(answer.json.as_ref().is_some_and(|json| json.get("data").is_none()), "no data", || {
                    answer.describe()
                })
            }),
        kind.case("replace", "PUT replaces the whole object")
            .proves(kind.rows.replace)
            .proves(&["TRN-062", "TYP-004"])
            .does(format!("PUTs an object with {}, then a newer one without", kind.optional))
            .expects("The field is gone")
            .sabotage("receiver-merges-put")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let mut newer = slot.object.clone();
                newer["last_updated"] = json!(early(5));
                if let Some(map) = newer.as_object_mut() {
                    map.shift_remove(kind.optional);
                }
                slot.put(&cx, &newer).await?.succeeded()?;
                let got = slot.stored(&cx).await?;
                ensure(got.get(kind.optional).is_none_or(Value::is_null), format!("no {}", kind.optional), || {
                    got[kind.optional].to_string()
                })
            }),
        kind.case("nulls", "null and absent are the same")
            .proves(&["TYP-003", "TYP-006"])
            .does("PUTs an object in which every absent optional field is null, lists included")
            .expects("Success")
            .sabotage("receiver-null-refused")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut object = slot.object.clone();
                for field in schema::object(kind.object).map(|table| table.fields.as_slice()).unwrap_or_default() {
                    if !field.is_required() && object.get(&field.name).is_none() {
                        object[&field.name] = Value::Null;
                    }
                }
                object[kind.optional] = Value::Null;
                slot.put(&cx, &object).await?.succeeded()?;
                slot.holds(&cx, &object).await
            }),
        kind.case("unknown-fields", "unknown fields do no harm")
            .proves(&["TYP-002"])
            .should()
            .does("PUTs an object with fields that the specification does not have")
            .expects("Success")
            .sabotage("receiver-unknown-fields-refused")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut object = slot.object.clone();
                object["vendor_field"] = json!({"nested": [1, 2, {"deep": null}]});
                slot.put(&cx, &object).await?.succeeded()
            }),
        kind.case("last-updated-kept", "last_updated is stored as it was sent")
            .proves(&["TYP-014"])
            .does("PUTs an object with a last_updated of two hours ago, with milliseconds")
            .expects("GET gives the same instant")
            .sabotage("receiver-rewrites-last-updated")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut object = slot.object.clone();
                object["last_updated"] = json!(early(1).replace('Z', ".123Z"));
                slot.put(&cx, &object).await?.succeeded()?;
                slot.holds(&cx, &json!({"last_updated": object["last_updated"]})).await
            }),
        kind.case("stale", "an older version does not win")
            .proves(&["TYP-016"])
            .should()
            .does("PUTs a version, then one with an earlier last_updated")
            .expects("The newer one stays (messages can overtake each other)")
            .sabotage("receiver-stale-wins")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut newer = slot.object.clone();
                newer["last_updated"] = json!(early(20));
                slot.put(&cx, &newer).await?.succeeded()?;
                let mut older = slot.object.clone();
                older["last_updated"] = json!(early(3));
                if let Some(map) = older.as_object_mut() {
                    map.shift_remove(kind.optional);
                }
                slot.put(&cx, &older).await?.no_server_error()?;
                slot.holds(&cx, &newer).await
            }),
    ]
}

fn refusing(kind: &'static Kind) -> Vec<Case> {
    let owned = !matches!(kind.name, "evse" | "connector");
    let mut list = vec![
        kind.case("required", "a missing required field")
            .proves(&["TRN-061", "TYP-005", "STA-019", "TYP-007"])
            .proves(kind.rows.invalid)
            .does("PUTs the object once without each of its required fields, and once with null in each")
            .expects("status_code 2001 each time; nothing is stored")
            .sabotage("receiver-unvalidated")
            .sabotage("receiver-stores-refused")
            .sabotage("receiver-crash")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                for field in schema::object(kind.object).map(|table| table.fields.as_slice()).unwrap_or_default().iter().filter(|f| f.is_required()) {
                    for null in [false, true] {
                        let mut body = slot.object.clone();
                        if null {
                            body[&field.name] = Value::Null;
                        } else if let Some(map) = body.as_object_mut() {
                            map.shift_remove(&field.name);
                        }
                        let answer = slot.put(&cx, &body).await?;
                        ensure(answer.http < 500 && answer.ocpi() == Some(2001), format!("status_code 2001 without {}", field.name), || answer.describe())?;
                    }
                }
                slot.absent(&cx).await
            }),
        kind.case("values", "wrong types, too long texts, unknown enum values")
            .proves(&["STA-019", "TYP-012", "TYP-029", "TYP-011", "TYP-010"])
            .proves(kind.rows.invalid)
            .does("PUTs the object once for each field with a wrong JSON type, a text one character too long, an unknown enum value, an id that is no printable ASCII")
            .expects("status_code 2001 each time; nothing is stored")
            .sabotage("receiver-partly-validated")
            .sabotage("receiver-unvalidated")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut accepted = Vec::new();
                for (what, body) in spoilt(kind.object, &slot.object).into_iter().filter(|(what, _)| !is_loose(what)) {
                    let answer = slot.put(&cx, &body).await?;
                    answer.no_server_error()?;
                    if answer.ocpi() != Some(2001) {
                        accepted.push(format!("{what} → HTTP {} status_code {:?}", answer.http, answer.ocpi()));
                    }
                }
                ensure(accepted.is_empty(), "status_code 2001 for each wrong value", || accepted.join("; "))?;
                slot.absent(&cx).await
            }),
        kind.case("loose-types", "numbers for texts, unknown values of optional enums")
            .proves(&["TYP-022", "STA-019"])
            .may()
            .does("PUTs the object once for each text with a number in its place, and for each optional enum with an unknown value")
            .expects("status_code 2001 (strict), or tolerance; no HTTP 5xx")
            .sabotage("receiver-crash")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut tolerated = Vec::new();
                for (what, body) in spoilt(kind.object, &slot.object).into_iter().filter(|(what, _)| is_loose(what)) {
                    let answer = slot.put(&cx, &body).await?;
                    answer.no_server_error()?;
                    if answer.ocpi() == Some(1000) {
                        tolerated.push(what);
                    }
                }
                ensure(tolerated.is_empty(), "status_code 2001", || format!("tolerated: {}", tolerated.join("; ")))
            }),
        kind.case("limits", "texts of exactly the allowed length")
            .proves(&["TYP-012", "TYP-028", "TYP-027"])
            .does("PUTs the object with its free texts filled to the limit, with multi-byte characters")
            .expects("Success; the texts come back unchanged")
            .sabotage("receiver-loses-fields")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut object = slot.object.clone();
                for field in schema::object(kind.object).map(|table| table.fields.as_slice()).unwrap_or_default() {
                    let free = field.ty == "string" && field.regex.is_none() && !["currency", "country", "time_zone", "language"].contains(&field.name.as_str());
                    if let Some(limit) = field.max_length.filter(|limit| free && *limit <= 255) {
                        object[&field.name] = json!("é充".chars().cycle().take(limit).collect::<String>());
                    }
                }
                slot.put(&cx, &object).await?.succeeded()?;
                slot.holds(&cx, &object).await
            }),
        kind.case("url-and-body", "the URL and the body differ")
            .proves(&["TRN-077"])
            .proves(kind.rows.differs)
            .should()
            .does("PUTs an object whose id differs from the URL; where the kind has an owner, also one whose party_id and country_code differ")
            .expects("status_code 2001; nothing is stored")
            .sabotage("receiver-url-body-differ")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                let mut other = slot.object.clone();
                other[slot.id_field()] = json!("SOMETHING-ELSE");
                slot.put(&cx, &other).await?.has_status(2001)?;
                for (field, value) in [("party_id", "ZZZ"), ("country_code", "ZZ")] {
                    let mut foreign = slot.object.clone();
                    if foreign.get(field).is_some() {
                        foreign[field] = json!(value);
                        slot.put(&cx, &foreign).await?.has_status(2001)?;
                    }
                }
                slot.absent(&cx).await
            }),
        kind.case("methods", "methods that the module does not define")
            .proves(kind.rows.methods)
            .proves(&["TRN-073", "TRN-023"])
            .does("PUTs an object, then sends POST, and DELETE or PATCH where the module has none")
            .expects("A refusal each time; the object is as before")
            .sabotage("methods-accepted")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let url = slot.url(&cx)?;
                cx.put("POST", &url, &slot.object).await?.refused()?;
                if kind.patchable {
                    cx.request("DELETE", &url).send().await?.refused()?;
                } else {
                    cx.put("PATCH", &url, &json!({"currency": "CHF", "last_updated": early(9)})).await?.refused()?;
                }
                slot.holds(&cx, &slot.object).await
            }),
        kind.case("unknown", "GET of an unknown object")
            .proves(kind.rows.unknown)
            .proves(&["STA-007"])
            .should()
            .does("GETs an object that was never pushed")
            .expects("HTTP 404")
            .sabotage("unknown-object-200")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                cx.get(slot.url(&cx)?).await?.has_http(404)
            }),
    ];
    if owned {
        for case in list.iter_mut().filter(|case| case.id.ends_with(".url-and-body")) {
            case.sabotage.push("receiver-owner-body-differ".into());
        }
    }
    list
}

/// What is common in the field and tolerated by many: a number for a text, a value of a later version in an optional field.
fn is_loose(what: &str) -> bool {
    what.ends_with(": a number") || what.ends_with("(optional)")
}

/// The object with one wrong value per entry.
fn spoilt(name: &str, good: &Value) -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for field in schema::object(name).map(|table| table.fields.as_slice()).unwrap_or_default() {
        let Some(value) = good.get(&field.name) else { continue };
        let mut add = |what: &str, wrong: Value| {
            let wrong = if field.is_list() && !wrong.is_string() {
                wrong
            } else if field.is_list() {
                json!([wrong])
            } else {
                wrong
            };
            let mut body = good.clone();
            body[&field.name] = wrong;
            list.push((format!("{}: {what}", field.name), body));
        };
        match field.ty.as_str() {
            "string" | "CiString" => {
                if let Some(limit) = field.max_length {
                    add("too long", json!("X".repeat(limit + 1)));
                }
                add("a number", json!(7));
                if field.ty == "CiString" && !field.is_list() {
                    add("no printable ASCII", json!("é\n"));
                }
            }
            "DateTime" => add("no date", json!("yesterday")),
            "URL" => add("too long", json!(format!("https://example.org/{}", "x".repeat(255)))),
            "number" => add("a text", json!("many")),
            "int" => add("a fraction", json!(1.5)),
            "boolean" => add("a text", json!("yes")),
            kind if schema::values(kind).is_some() => {
                let strict = field.card == "1";
                add(if strict { "an unknown value" } else { "an unknown value (optional)" }, json!("NO_SUCH_VALUE"));
                if let Some(text) = value.as_str().or_else(|| value[0].as_str()) {
                    add(if strict { "another case" } else { "another case (optional)" }, json!(text.to_lowercase()));
                }
            }
            _ if field.is_list() => add("a text", json!("text")),
            _ => add("a text", json!("text")),
        }
    }
    list
}

fn patching(kind: &'static Kind) -> Vec<Case> {
    if !kind.patchable {
        return Vec::new();
    }
    let change = |at: &str| {
        let mut body = json!({"last_updated": at});
        body[kind.change.0] = serde_json::from_str(kind.change.1).unwrap_or_default();
        body
    };
    vec![
        kind.case("patch", "PATCH changes what it names and nothing else")
            .proves(kind.rows.patch)
            .proves(&["TRN-064"])
            .does(format!("PUTs an object and PATCHes {} and last_updated", kind.change.0))
            .expects("Success; the change is there, everything else as before")
            .sabotage("receiver-patch-replaces")
            .sabotage("receiver-patch-ignored")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let body = change(&early(10));
                cx.put("PATCH", slot.url(&cx)?, &body).await?.succeeded()?;
                let mut wanted = slot.object.clone();
                for (key, value) in body.as_object().into_iter().flatten() {
                    wanted[key] = value.clone();
                }
                slot.holds(&cx, &wanted).await
            }),
        kind.case("patch-undated", "PATCH without last_updated")
            .proves(kind.rows.patch_dated)
            .proves(&["STA-021"])
            .does(format!("PATCHes {} without last_updated", kind.change.0))
            .expects("status_code 2001; nothing changes")
            .sabotage("receiver-patch-without-last-updated")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let mut body = change("");
                if let Some(map) = body.as_object_mut() {
                    map.shift_remove("last_updated");
                }
                cx.put("PATCH", slot.url(&cx)?, &body).await?.has_status(2001)?;
                slot.holds(&cx, &slot.object).await
            }),
        kind.case("patch-unknown", "PATCH of an unknown object")
            .proves(&["TRN-068"])
            .should()
            .does("PATCHes an object that was never pushed; GETs it")
            .expects("A refusal (HTTP 404 or 2xxx); nothing is created")
            .sabotage("receiver-patch-creates")
            .sabotage("receiver-patch-unknown-500")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                cx.put("PATCH", slot.url(&cx)?, &change(&early(10))).await?.refused()?;
                slot.absent(&cx).await
            }),
        kind.case("patch-values", "PATCH with a wrong value")
            .proves(&["STA-019"])
            .does(format!("PATCHes {} with a value of the wrong kind", kind.change.0))
            .expects("status_code 2001; nothing changes")
            .sabotage("receiver-patch-unvalidated")
            .run(move |cx| async move {
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let mut body = json!({"last_updated": early(10)});
                body[kind.change.0] = json!([{"wrong": true}]);
                cx.put("PATCH", slot.url(&cx)?, &body).await?.has_status(2001)?;
                slot.holds(&cx, &slot.object).await
            }),
    ]
}

fn identity(kind: &'static Kind) -> Vec<Case> {
    let mut list = vec![
        kind.case("case-blind", "ids are compared without regard to case")
            .proves(kind.rows.case_blind)
            .proves(&["TYP-009"])
            .does("PUTs an object and GETs it with the URL's ids and owner in lower case")
            .expects("The same object, with its id as it was sent")
            .sabotage("receiver-case-sensitive")
            .sabotage("receiver-lower-cases")
            .run(move |cx| async move {
                if kind.name == "connector" {
                    // Its id is a digit: the case of its parents' ids is looked at.
                    let slot = Slot::new(&cx, kind).await?;
                    slot.put(&cx, &slot.object).await?.succeeded()?;
                    let ids: Vec<String> = slot.ids.iter().map(|id| id.to_lowercase()).collect();
                    let url =
                        cx.receiver("locations", &slot.owner, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
                    cx.get(url).await?.object()?;
                    let parent = cx.receiver("locations", &slot.owner, &[&slot.ids[0]])?;
                    let answer = cx.get(parent).await?;
                    return ensure(answer.object()?["id"] == slot.ids[0].as_str(), "the id as it was sent", || {
                        answer.describe()
                    });
                }
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let lower = Owner::new(&slot.owner.country_code.to_lowercase(), &slot.owner.party_id.to_lowercase());
                let id = slot.ids.last().cloned().unwrap_or_default();
                let answer = cx.get(slot.url_with(&cx, &lower, &id.to_lowercase())?).await?;
                let got = answer.object()?[slot.id_field()].clone();
                ensure(got == id.as_str(), id.clone(), || got.to_string())
            }),
    ];
    if matches!(kind.name, "evse" | "connector") {
        return list;
    }
    list.push(
        kind.case("foreign", "an owner that is none of the tester's roles")
            .proves(
                &["TRN-076", "STA-006", "TAR-032"]
                    .iter()
                    .copied()
                    .filter(|id| kind.name == "tariff" || *id != "TAR-032")
                    .collect::<Vec<_>>(),
            )
            .may()
            .does("PUTs an object under XX/ZZZ")
            .expects("HTTP 404, or another refusal")
            .sabotage("receiver-any-owner")
            .run(move |cx| async move {
                let mut slot = Slot::new(&cx, kind).await?;
                slot.owner = Owner::new("XX", "ZZZ");
                slot.object["country_code"] = json!("XX");
                slot.object["party_id"] = json!("ZZZ");
                slot.put(&cx, &slot.object).await?.refused()
            }),
    );
    list.push(
        kind.case("two-owners", "equal ids of two owners are two objects")
            .proves(&["TRN-070"])
            .proves(kind.rows.owners)
            .does("PUTs an object with the same id under both of the tester's parties, with different content")
            .expects("GET gives each its own")
            .sabotage("receiver-no-owner-key")
            .run(move |cx| async move {
                let second = cx.second_owner()?.clone();
                let slot = Slot::new(&cx, kind).await?;
                slot.put(&cx, &slot.object).await?.succeeded()?;
                let mut other = slot.object.clone();
                other["country_code"] = json!(second.country_code);
                other["party_id"] = json!(second.party_id);
                other["last_updated"] = json!(early(7));
                if let Some(map) = other.as_object_mut() {
                    map.shift_remove(kind.optional);
                }
                let id = slot.ids.last().cloned().unwrap_or_default();
                let answer = cx.put("PUT", slot.url_with(&cx, &second, &id)?, &other).await?;
                if answer.http == 404 {
                    return skip("the platform does not accept the tester's second party");
                }
                answer.succeeded()?;
                slot.holds(&cx, &slot.object).await
            }),
    );
    list
}
