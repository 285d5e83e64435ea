//! Paginated lists of Sender interfaces: the same rules for every module, one case per module and rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use crate::case::{Case, CaseResult, Stop, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join, with_query};
use crate::formats::{brief, instant_of};
use crate::schema;

/// Rows of the catalogue that say of one module what the transport chapter says of all.
struct Rows {
    answers: &'static [&'static str],
    parameters: &'static [&'static str],
    from: &'static [&'static str],
    to: &'static [&'static str],
    paging: &'static [&'static str],
    schema: &'static [&'static str],
    methods: &'static [&'static str],
    owner: &'static [&'static str],
    unique: &'static [&'static str],
}

/// One list.
pub(super) struct List {
    /// Module identifier.
    pub(super) module: &'static str,
    object: &'static str,
    role: TargetRole,
    rows: Rows,
    /// A fault that breaks the object's table.
    broken: &'static [&'static str],
}

pub(super) const LISTS: [List; 5] = [
    List {
        module: "locations",
        object: "Location",
        role: TargetRole::Cpo,
        rows: Rows {
            answers: &["LOC-023", "LOC-025", "LOC-032"],
            parameters: &["LOC-025"],
            from: &["LOC-026"],
            to: &["LOC-027"],
            paging: &["LOC-031"],
            schema: &[
                "LOC-033", "LOC-003", "LOC-082", "LOC-089", "LOC-107", "LOC-111", "LOC-134", "LOC-135", "LOC-136",
                "LOC-137", "LOC-138", "LOC-157",
            ],
            methods: &["LOC-024", "LOC-019"],
            owner: &["LOC-080"],
            unique: &["LOC-081", "LOC-037"],
        },
        broken: &[
            "unset locations /publish",
            "set locations /coordinates/latitude \"51.04\"",
            "set locations /evses/0/connectors []",
        ],
    },
    List {
        module: "tariffs",
        object: "Tariff",
        role: TargetRole::Cpo,
        rows: Rows {
            answers: &["TAR-010", "TAR-011", "TAR-017"],
            parameters: &["TAR-011"],
            from: &["TAR-012"],
            to: &["TAR-013"],
            paging: &["TAR-015", "TAR-016", "TAR-017"],
            schema: &["TAR-018", "TAR-051", "TAR-054", "TAR-055", "TAR-056", "TAR-058", "TAR-059", "TYP-022"],
            methods: &["TAR-010", "TAR-002"],
            owner: &["TAR-037"],
            unique: &["TAR-036"],
        },
        broken: &[
            "unset tariffs /currency",
            "set tariffs /elements/0/price_components/0/price \"0.25\"",
            "set tariffs /elements/0/price_components/0/type \"MAX_POWER\"",
        ],
    },
    List {
        module: "sessions",
        object: "Session",
        role: TargetRole::Cpo,
        rows: Rows {
            answers: &["SES-017", "SES-021"],
            parameters: &["SES-021"],
            from: &["SES-022"],
            to: &["SES-023"],
            paging: &["SES-024"],
            schema: &["SES-025"],
            methods: &["SES-019", "SES-018", "SES-005"],
            owner: &["SES-062"],
            unique: &["SES-063"],
        },
        broken: &["unset sessions /kwh", "set sessions /status \"RESERVED\""],
    },
    List {
        module: "cdrs",
        object: "CDR",
        role: TargetRole::Cpo,
        rows: Rows {
            answers: &["CDR-027", "CDR-033"],
            parameters: &["CDR-027"],
            from: &["CDR-030"],
            to: &["CDR-031"],
            paging: &["CDR-032"],
            schema: &["CDR-033", "CDR-061", "CDR-109", "CDR-112", "CDR-121", "CDR-125", "CDR-107", "TYP-024"],
            methods: &["CDR-028", "CDR-009"],
            owner: &["CDR-047"],
            unique: &["CDR-048"],
        },
        broken: &[
            "unset cdrs /total_cost/excl_vat",
            "set cdrs /charging_periods []",
            "set cdrs /cdr_location/address \"This address has more than forty-five characters in it\"",
        ],
    },
    List {
        module: "tokens",
        object: "Token",
        role: TargetRole::Emsp,
        rows: Rows {
            answers: &["TOK-037", "TOK-039"],
            parameters: &["TOK-039"],
            from: &["TOK-040"],
            to: &["TOK-041"],
            paging: &["TOK-042"],
            schema: &["TOK-043", "TOK-068"],
            methods: &["TOK-038"],
            owner: &["TOK-066"],
            unique: &["TOK-062", "TOK-063", "TOK-065"],
        },
        broken: &["unset tokens /issuer", "set tokens /whitelist \"always\""],
    },
];

pub(super) fn cases() -> Vec<Case> {
    LISTS.iter().flat_map(|list| [basics(list), paging(list), dates(list), contents(list)].concat()).collect()
}

impl List {
    fn case(&self, rule: &str, title: &str) -> Case {
        Case::new(format!("{}.list.{rule}", self.module), format!("{} list: {title}", self.module)).on(self.role)
    }
}

fn headers(answer: &Answer) -> CaseResult<(u64, u64)> {
    let total = answer.number("x-total-count");
    let limit = answer.number("x-limit");
    match (total, limit) {
        (Some(total), Some(limit)) => Ok((total, limit)),
        _ => fail(
            "headers X-Total-Count and X-Limit, both integers",
            format!("X-Total-Count: {:?}, X-Limit: {:?}", answer.header("x-total-count"), answer.header("x-limit")),
        ),
    }
}

fn key(module: &str, object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or("").to_uppercase();
    let id = text(if module == "tokens" { "uid" } else { "id" });
    format!(
        "{}/{}/{id}/{}",
        text("country_code"),
        text("party_id"),
        if module == "tokens" { text("type") } else { String::new() }
    )
}

fn basics(list: &'static List) -> Vec<Case> {
    let module = list.module;
    vec![
        list.case("answers", "GET answers with an array")
            .proves(list.rows.answers)
            .proves(&["TRN-017", "TRN-031", "TRN-086", "VER-028", "STA-015", "STA-017"])
            .does("GET the list without parameters (Sessions: with date_from)")
            .expects("HTTP 200, status_code 1000, data is an array")
            .sabotage("list-as-object")
            .sabotage("details-dead-endpoint")
            .run(move |cx| async move {
                let answer = cx.get(cx.list_url(module, &[])?).await?;
                answer.has_http(200)?;
                answer.list().map(|_| ())
            }),
        list.case("headers", "X-Total-Count and X-Limit")
            .proves(list.rows.paging)
            .proves(&["TRN-049", "TRN-029"])
            .does("GET the list")
            .expects("Both headers are there and are integers")
            .sabotage("list-no-total")
            .sabotage("list-no-limit")
            .run(move |cx| async move { headers(&cx.get(cx.list_url(module, &[])?).await?).map(|_| ()) }),
        list.case("parameters", "all four parameters are understood")
            .proves(list.rows.parameters)
            .proves(&["TRN-030"])
            .does("GET with each of date_from, date_to, offset, limit alone and with all four")
            .expects("HTTP 200 and status_code 1000 each time")
            .sabotage("list-needs-zulu")
            .run(move |cx| async move {
                let (from, to) = (("date_from", "2001-01-01T00:00:00Z"), ("date_to", "2099-01-01T00:00:00"));
                for query in [&[from][..], &[to], &[("offset", "0")], &[("limit", "5")], &[from, to, ("offset", "0"), ("limit", "5")]] {
                    cx.get(cx.list_url(module, query)?).await?.list()?;
                }
                Ok(())
            }),
        list.case("malformed-parameters", "malformed parameters are refused with 2001")
            .proves(&["TRN-041", "STA-019"])
            .should()
            .does("GET with limit=abc, limit=-1, offset=-1, offset=x, date_from=foo, date_to=2026-13-40")
            .expects("status_code 2001 each time")
            .sabotage("list-silent-parameters")
            .sabotage("list-parameters-500")
            .run(move |cx| async move {
                for (name, value) in [("limit", "abc"), ("limit", "-1"), ("offset", "-1"), ("offset", "x"), ("date_from", "foo"), ("date_to", "2026-13-40")] {
                    cx.get(cx.list_url(module, &[(name, value)])?).await?.has_status(2001)?;
                }
                Ok(())
            }),
        list.case("no-crash", "odd parameters never are the server's fault")
            .proves(&["STA-014"])
            .does("GET with huge and odd values: offset and limit of 30 digits, an empty date, a control character, the same parameter twice")
            .expects("No HTTP 5xx, no 3xxx")
            .sabotage("list-parameters-500")
            .run(move |cx| async move {
                let huge = "9".repeat(30);
                for query in [&[("offset", huge.as_str())][..], &[("limit", huge.as_str())], &[("date_to", "")], &[("offset", "1\u{0}")], &[("limit", "1"), ("limit", "2")]] {
                    let answer = cx.get(cx.list_url(module, query)?).await?;
                    answer.no_server_error()?;
                    ensure(!answer.ocpi().is_some_and(|code| (3000..4000).contains(&code)), "no 3xxx for bad input", || answer.describe())?;
                }
                Ok(())
            }),
        list.case("methods", "POST, PUT, PATCH and DELETE do not exist")
            .proves(list.rows.methods)
            .proves(&["TRN-023"])
            .writes()
            .does("Sends each with a valid token to the list's URL, then GETs the list again")
            .expects("A refusal each time (HTTP 405 is natural); the list is as before")
            .sabotage("methods-accepted")
            .run(move |cx| async move {
                let url = cx.sender(module)?;
                let before = cx.get(cx.list_url(module, &[("limit", "2")])?).await?;
                for method in ["POST", "PUT", "PATCH", "DELETE"] {
                    let request = cx.request(method, &url);
                    let request = if method == "DELETE" { request } else { request.text("{}") };
                    request.send().await?.refused()?;
                }
                let after = cx.get(cx.list_url(module, &[("limit", "2")])?).await?;
                ensure(before.data() == after.data(), "the same list as before", || after.describe())
            }),
    ]
}

fn paging(list: &'static List) -> Vec<Case> {
    let module = list.module;
    vec![
        list.case("limit", "limit is the most that is returned")
            .proves(list.rows.paging)
            .proves(&["TRN-038", "TRN-050", "TRN-058"])
            .does("GET with limit=1 where at least two objects exist")
            .expects("One object at most, X-Total-Count of all, a Link with rel next")
            .sabotage("list-ignores-limit")
            .sabotage("list-no-link")
            .sabotage("list-total-is-page")
            .run(move |cx| async move {
                let known = cx.objects(module, 2).await?.len();
                let answer = cx.get(cx.list_url(module, &[("limit", "1")])?).await?;
                let count = answer.list()?.len();
                ensure(count <= 1, "at most 1 object", || format!("{count} objects"))?;
                let (total, _) = headers(&answer)?;
                ensure(
                    total >= u64::try_from(known.min(2)).unwrap_or(2),
                    "X-Total-Count counts all matching objects",
                    || format!("X-Total-Count: {total}, at least {known} exist"),
                )?;
                ensure(answer.next_link().is_some(), "Link: <…>; rel=\"next\"", || {
                    format!("Link: {:?}", answer.header("link"))
                })
            }),
        list.case("link-form", "Link is absolute and leads on")
            .proves(&["TRN-052", "TRN-054"])
            .does("GET with limit=1, reads Link, GETs its URL as it is")
            .expects("`<absolute URL>; rel=\"next\"` with offset=1 and limit=1; the second object")
            .sabotage("list-link-relative")
            .sabotage("list-link-unquoted")
            .sabotage("list-link-loses-limit")
            .sabotage("list-link-skips")
            .run(move |cx| async move {
                cx.objects(module, 2).await?;
                let first = cx.get(cx.list_url(module, &[("limit", "1")])?).await?;
                first.list()?;
                let Some(link) = first.next_link() else {
                    return fail("Link: <URL>; rel=\"next\"", format!("{:?}", first.header("link")));
                };
                let Ok(url) = url::Url::parse(&link) else { return fail("an absolute URL in Link", link) };
                let has = |name: &str, value: &str| url.query_pairs().any(|(k, v)| k == name && v == value);
                ensure(has("offset", "1") && has("limit", "1"), "offset=1 and limit=1 in Link", || link.clone())?;
                let second = cx.get(&link).await?;
                let by_offset = cx.get(cx.list_url(module, &[("offset", "1"), ("limit", "1")])?).await?;
                ensure(second.list()? == by_offset.list()?, "the object at offset 1", || second.describe())
            }),
        list.case("crawl", "following Link gives every object once")
            .proves(list.rows.paging)
            .proves(&["TRN-040", "TRN-051"])
            .does("Follows Link from page to page with a small limit")
            .expects("Every object exactly once, the same X-Total-Count on each page, no Link on the last page")
            .sabotage("list-link-on-last")
            .sabotage("list-link-skips")
            .sabotage("list-link-loops")
            .sabotage("list-duplicate")
            .run(move |cx| async move { crawl_by_links(&cx, module).await }),
        list.case("offset", "offset counts from 0")
            .proves(list.rows.paging)
            .proves(&["TRN-036", "TRN-037"])
            .does("GET without offset, with offset=0, and with offset=1")
            .expects("offset=0 is the default; offset=1 begins with the second object")
            .sabotage("list-ignores-offset")
            .sabotage("list-offset-from-one")
            .run(move |cx| async move {
                cx.objects(module, 2).await?;
                let none = cx.get(cx.list_url(module, &[])?).await?;
                let zero = cx.get(cx.list_url(module, &[("offset", "0")])?).await?;
                let one = cx.get(cx.list_url(module, &[("offset", "1")])?).await?;
                ensure(
                    none.list()?.first() == zero.list()?.first(),
                    "the same first object with offset=0 and without",
                    || zero.describe(),
                )?;
                let second = none.list()?.get(1).map(|object| key(module, object));
                let got = one.list()?.first().map(|object| key(module, object));
                ensure(second.is_none() || second == got, format!("offset=1 begins with {second:?}"), || {
                    format!("{got:?}")
                })
            }),
        list.case("cap", "a limit beyond the server's cap")
            .proves(&["TRN-058", "TRN-059", "TRN-039"])
            .does("GET with limit=100000")
            .expects("No more objects than X-Limit says; X-Limit is the ceiling, not the number of objects returned")
            .sabotage("list-limit-is-count")
            .run(move |cx| async move {
                let answer = cx.get(cx.list_url(module, &[("limit", "100000")])?).await?;
                let count = u64::try_from(answer.list()?.len()).unwrap_or(u64::MAX);
                let (total, limit) = headers(&answer)?;
                ensure(count <= limit, "at most X-Limit objects", || format!("{count} objects, X-Limit: {limit}"))?;
                ensure(count < total || count < limit || limit > 9, "X-Limit is the server's ceiling", || {
                    format!("{count} objects of {total}, X-Limit: {limit}")
                })
            }),
        list.case("past-end", "an offset past the end")
            .proves(&["TRN-042"])
            .should()
            .does("GET with offset=1000000")
            .expects("Success with an empty list, no Link, and the true X-Total-Count")
            .sabotage("list-past-end-404")
            .run(move |cx| async move {
                let all = headers(&cx.get(cx.list_url(module, &[])?).await?)?.0;
                let answer = cx.get(cx.list_url(module, &[("offset", "1000000")])?).await?;
                answer.succeeded()?;
                let empty = answer.data().is_null() || answer.data().as_array().is_some_and(Vec::is_empty);
                ensure(empty && answer.next_link().is_none(), "no objects and no Link", || answer.describe())?;
                let total = headers(&answer)?.0;
                ensure(total == all, format!("X-Total-Count: {all}"), || total.to_string())
            }),
        list.case("repeatable", "the same page twice")
            .proves(&["TRN-043"])
            .should()
            .does("GETs the same URL twice")
            .expects("The same objects in the same order")
            .sabotage("list-shuffled")
            .run(move |cx| async move {
                cx.objects(module, 2).await?;
                let url = cx.list_url(module, &[("limit", "10")])?;
                let (one, two) = (cx.get(&url).await?, cx.get(&url).await?);
                let keys = |answer: &Answer| -> CaseResult<Vec<String>> {
                    Ok(answer.list()?.iter().map(|object| key(module, object)).collect())
                };
                ensure(keys(&one)? == keys(&two)?, format!("{:?}", keys(&one)?), || format!("{:?}", keys(&two)))
            }),
    ]
}

async fn crawl_by_links(cx: &Arc<Ctx>, module: &'static str) -> CaseResult {
    let total = headers(&cx.get(cx.list_url(module, &[])?).await?)?.0;
    if total < 2 {
        return skip("needs two objects");
    }
    let limit = (total / 10).clamp(1, 100).to_string();
    let mut next = Some(cx.list_url(module, &[("limit", &limit)])?);
    let mut seen = BTreeSet::new();
    let (mut count, mut pages) = (0_u64, 0);
    while let Some(url) = next.take() {
        let answer = cx.get(&url).await?;
        for object in answer.list()? {
            count += 1;
            let key = key(module, object);
            ensure(seen.insert(key.clone()), "every object once", || format!("{key} came twice (page {url})"))?;
        }
        let now = headers(&answer)?.0;
        ensure(now == total, format!("X-Total-Count: {total} on every page"), || now.to_string())?;
        next = answer.next_link();
        pages += 1;
        if pages > 30 {
            return if count > total { fail("the links end", format!("{pages} pages and no end")) } else { Ok(()) };
        }
        let end = count >= total;
        ensure(!end || next.is_none(), "no Link with rel next on the last page", || {
            format!("Link to {next:?} after {count} of {total} objects")
        })?;
    }
    ensure(count == total, format!("{total} objects over all pages"), || count.to_string())
}

fn spelt(at: DateTime<Utc>) -> String {
    crate::clock::ocpi(at)
}

/// An object with a `last_updated`, and that moment.
async fn dated(cx: &Arc<Ctx>, module: &'static str) -> CaseResult<(String, DateTime<Utc>)> {
    let objects = cx.objects(module, 1).await?;
    let middle = &objects[objects.len() / 2];
    match instant_of(middle, "last_updated") {
        Some(at) => Ok((key(module, middle), at)),
        None => fail("last_updated in every object", brief(middle)),
    }
}

async fn listed(cx: &Arc<Ctx>, module: &'static str, query: &[(&str, &str)]) -> CaseResult<Vec<String>> {
    let mut all = vec![("limit", "1000")];
    all.extend(query);
    let mut next = Some(cx.list_url(module, &all)?);
    let mut keys = Vec::new();
    let mut pages = 0;
    while let Some(url) = next.take() {
        let answer = cx.get(url).await?;
        keys.extend(answer.list()?.iter().map(|object| key(module, object)));
        pages += 1;
        next = answer.next_link().filter(|_| pages < 10);
    }
    Ok(keys)
}

fn dates(list: &'static List) -> Vec<Case> {
    let module = list.module;
    vec![
        list.case("date-from", "date_from is inclusive")
            .proves(list.rows.from)
            .proves(&["TRN-032"])
            .does("Takes an object's last_updated as date_from, then a second more")
            .expects("The object is in the first answer and not in the second")
            .sabotage("list-from-exclusive")
            .sabotage("list-ignores-dates")
            .run(move |cx| async move {
                let (id, at) = dated(&cx, module).await?;
                let found = listed(&cx, module, &[("date_from", &spelt(at))]).await?;
                ensure(found.contains(&id), format!("{id} with date_from = its last_updated"), || {
                    "it is missing".into()
                })?;
                let later = listed(&cx, module, &[("date_from", &spelt(at + Duration::seconds(1)))]).await?;
                ensure(!later.contains(&id), format!("not {id} with date_from a second later"), || "it is there".into())
            }),
        list.case("date-to", "date_to is exclusive")
            .proves(list.rows.to)
            .proves(&["TRN-033"])
            .does("Takes an object's last_updated as date_to, then a second more")
            .expects("The object is not in the first answer but in the second")
            .sabotage("list-to-inclusive")
            .sabotage("list-ignores-dates")
            .run(move |cx| async move {
                let (id, at) = dated(&cx, module).await?;
                let found = listed(&cx, module, &[("date_to", &spelt(at))]).await?;
                ensure(!found.contains(&id), format!("not {id} with date_to = its last_updated"), || {
                    "it is there".into()
                })?;
                let later = listed(&cx, module, &[("date_to", &spelt(at + Duration::seconds(1)))]).await?;
                ensure(later.contains(&id), format!("{id} with date_to a second later"), || "it is missing".into())
            }),
        list.case("windows", "adjacent windows neither overlap nor leave a gap")
            .proves(&["TRN-034", "TRN-056"])
            .proves(if module == "tariffs" { &["TAR-014"] } else { &[] })
            .does("GETs everything before an object's last_updated, and everything from it on")
            .expects("Each object in exactly one of the windows; X-Total-Count of the windows adds up")
            .sabotage("list-to-inclusive")
            .sabotage("list-total-unfiltered")
            .run(move |cx| async move {
                let (_, at) = dated(&cx, module).await?;
                let cut = spelt(at);
                let old = cx.get(cx.list_url(module, &[("date_to", &cut)])?).await?;
                let new = cx.get(cx.list_url(module, &[("date_from", &cut)])?).await?;
                let all = cx.get(cx.list_url(module, &[])?).await?;
                let (a, b, total) = (headers(&old)?.0, headers(&new)?.0, headers(&all)?.0);
                ensure(a + b == total, format!("X-Total-Count of both windows is {total}"), || format!("{a} + {b}"))?;
                let old: BTreeSet<_> = old.list()?.iter().map(|object| key(module, object)).collect();
                let both = new.list()?.iter().map(|object| key(module, object)).find(|id| old.contains(id));
                ensure(both.is_none(), "no object in both windows", || format!("{both:?}"))
            }),
        list.case("date-forms", "dates with and without Z and fraction")
            .proves(&["TRN-035", "TYP-015", "TYP-016"])
            .does("GETs with the same date_from as …00Z, …00, …00.000Z and …00.000")
            .expects("The same total each time")
            .sabotage("list-needs-zulu")
            .run(move |cx| async move {
                let (_, at) = dated(&cx, module).await?;
                let base = (at + Duration::seconds(1)).format("%Y-%m-%dT%H:%M:%S").to_string();
                let mut totals = Vec::new();
                for form in [format!("{base}Z"), base.clone(), format!("{base}.000Z"), format!("{base}.000")] {
                    let answer = cx.get(cx.list_url(module, &[("date_from", &form)])?).await?;
                    answer.list()?;
                    totals.push((form, headers(&answer)?.0));
                }
                ensure(
                    totals.windows(2).all(|pair| pair[0].1 == pair[1].1),
                    "the same X-Total-Count for every spelling",
                    || format!("{totals:?}"),
                )
            }),
        list.case("nothing-matches", "a filter that matches nothing")
            .proves(list.rows.answers)
            .proves(&["TRN-049", "TRN-086"])
            .does("GET with date_from in the year 2098 and date_to in 2099")
            .expects("HTTP 200, status_code 1000, an empty array, X-Total-Count: 0")
            .sabotage("list-empty-404")
            .sabotage("list-empty-null")
            .run(move |cx| async move {
                let answer = cx
                    .get(cx.list_url(
                        module,
                        &[("date_from", "2098-01-01T00:00:00Z"), ("date_to", "2099-01-01T00:00:00Z")],
                    )?)
                    .await?;
                let items = answer.list()?;
                ensure(items.is_empty(), "no objects", || format!("{} objects", items.len()))?;
                let total = headers(&answer)?.0;
                ensure(total == 0, "X-Total-Count: 0", || total.to_string())
            }),
        list.case("link-filters", "Link repeats the filters")
            .proves(&["TRN-053"])
            .should()
            .does("GET with date_from, date_to and limit=1")
            .expects("Link holds both filters with the same instants")
            .sabotage("list-link-loses-filters")
            .run(move |cx| async move {
                cx.objects(module, 2).await?;
                let (from, to) = ("2000-01-01T00:00:00Z", "2098-01-01T00:00:00Z");
                let answer =
                    cx.get(cx.list_url(module, &[("date_from", from), ("date_to", to), ("limit", "1")])?).await?;
                answer.list()?;
                let Some(link) = answer.next_link() else { return fail("a Link", "none") };
                let url = url::Url::parse(&link)
                    .map_err(|_| Stop::Fail { expected: "an absolute URL".into(), actual: link.clone() })?;
                for (name, wanted) in [("date_from", from), ("date_to", to)] {
                    let value =
                        url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned()).unwrap_or_default();
                    ensure(
                        crate::formats::instant(&value) == crate::formats::instant(wanted),
                        format!("{name}={wanted} in Link"),
                        || link.clone(),
                    )?;
                }
                Ok(())
            }),
    ]
}

fn contents(list: &'static List) -> Vec<Case> {
    let (module, object) = (list.module, list.object);
    let mut schema_case = list
        .case("schema", "every object keeps to its table")
        .proves(list.rows.schema)
        .proves(&["TYP-002", "TYP-005", "TYP-007", "TYP-008", "TYP-010", "TYP-012", "TYP-013", "TYP-029", "TYP-030"])
        .does(format!(
            "Checks every {object} against the object tables: required fields, types, lengths, enumerations, patterns"
        ))
        .expects("No violation");
    for fault in list.broken {
        schema_case = schema_case.sabotage(*fault);
    }
    vec![
        schema_case.run(move |cx| async move {
            let objects = cx.objects(module, 1).await?;
            let mut found = Vec::new();
            for item in objects.iter() {
                found.extend(schema::check(object, item).iter().map(|fault| format!("{} {fault}", key(module, item))));
            }
            ensure(found.is_empty(), "no violation of the object tables", || {
                format!(
                    "{} violations in {} objects, e.g. {}",
                    found.len(),
                    objects.len(),
                    found.iter().take(5).cloned().collect::<Vec<_>>().join(" | ")
                )
            })
        }),
        list.case("owner", "owners are roles of the platform")
            .proves(list.rows.owner)
            .proves(&["CRE-061"])
            .does("Compares country_code and party_id of every object with the roles in the platform's credentials")
            .expects("Each pair is one of the roles")
            .sabotage("list-foreign-owner")
            .run(move |cx| async move {
                let objects = cx.objects(module, 1).await?;
                let roles = cx
                    .registered()?
                    .credentials
                    .ok_or_else(|| Stop::Skip("the platform's credentials are not known".into()))?;
                let role_keys: Vec<String> = roles["roles"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|role| {
                        format!(
                            "{}/{}",
                            role["country_code"].as_str().unwrap_or(""),
                            role["party_id"].as_str().unwrap_or("")
                        )
                        .to_uppercase()
                    })
                    .collect();
                let is_hub = roles["roles"].as_array().into_iter().flatten().any(|role| role["role"] == "HUB");
                let foreign = objects
                    .iter()
                    .map(|object| key(module, object))
                    .find(|id| !role_keys.iter().any(|role| id.starts_with(&format!("{role}/"))));
                ensure(is_hub || foreign.is_none(), format!("one of {role_keys:?}"), || format!("{foreign:?}"))
            }),
        list.case("unique", "ids are unique")
            .proves(list.rows.unique)
            .does("Compares the ids of all objects, regardless of case")
            .expects("No id twice within one owner")
            .sabotage("list-duplicate")
            .run(move |cx| async move {
                let objects = cx.objects(module, 1).await?;
                let mut seen = BTreeSet::new();
                let twice = objects.iter().map(|object| key(module, object)).find(|id| !seen.insert(id.clone()));
                ensure(twice.is_none(), "every id once", || format!("{twice:?} twice"))
            }),
        list.case("below", "an unknown path below the list")
            .proves(&["STA-005", "TRN-088"])
            .should()
            .does("GET a path that is no endpoint")
            .expects("HTTP 404 with an envelope")
            .sabotage("unknown-path-200")
            .sabotage("bare-errors")
            .run(move |cx| async move {
                let url = join(&cx.sender(module)?, &["a", "b", "c", "d", "e"]);
                let answer = cx.get(with_query(&url, &[])).await?;
                answer.has_http(404)?;
                ensure(answer.ocpi().is_some(), "an envelope with status_code", || answer.describe())
            }),
    ]
}
