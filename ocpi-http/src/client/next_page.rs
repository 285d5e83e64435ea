//! Which page comes next, and when a list has ended: the decisions of a crawl, without the calls.
//!
//! A well-behaved server is followed by its links alone. Others give links that cannot be used, or none although more
//! follows, or links that lead in circles.

use std::collections::HashSet;

use http::StatusCode;
use url::Url;

use super::CallError;

/// No list is longer than this, in pages.
const MAX_PAGES: usize = 100_000;
/// How many empty pages in a row still lead somewhere.
const MAX_EMPTY_PAGES: u32 = 10;
/// How much more than twice its `X-Total-Count` a list may hold before it counts as endless, in objects.
const SLACK: u64 = 10_000;

/// A page to be fetched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) url: Url,
    how: How,
}

/// How we came to a page.
#[derive(Debug, Clone, PartialEq)]
enum How {
    /// It is the first, or it is repeated because the list has shrunk.
    Asked,
    /// By a link; `instead` is what we would have asked for without it.
    Linked { instead: Url },
    /// By an offset of our own.
    Probed,
}

/// What matters about a page that was fetched.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) count: u64,
    /// Equal for equal objects.
    pub(super) fingerprint: u64,
    pub(super) total: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) link: Option<String>,
}

/// What to do about a page that could not be fetched.
#[derive(Debug, PartialEq)]
pub(super) enum Recovery {
    /// Try this one.
    Instead(Step),
    /// It was only a guess: the list has ended.
    End,
    /// There is more, and no way to it.
    Fail,
}

/// Where a crawl stands.
#[derive(Debug)]
pub(super) struct Walk {
    visited: HashSet<Url>,
    received: u64,
    total: Option<u64>,
    empty_pages: u32,
    last: Option<u64>,
}

impl Walk {
    pub(super) fn start(first: Url) -> (Self, Step) {
        let walk = Self { visited: HashSet::new(), received: 0, total: None, empty_pages: 0, last: None };
        (walk, Step { url: first, how: How::Asked })
    }

    /// Whether a page was asked for on a guess and shows what the page before showed: this server does not page.
    pub(super) fn is_echo(&self, step: &Step, facts: &Facts) -> bool {
        step.how == How::Probed && facts.count > 0 && self.last == Some(facts.fingerprint)
    }

    /// What comes after a page.
    pub(super) fn after(&mut self, step: &Step, facts: &Facts) -> Result<Option<Step>, CallError> {
        let offset = number(&step.url, "offset").unwrap_or(self.received);
        let done = offset.saturating_add(facts.count);
        self.visited.insert(step.url.clone());
        self.received = self.received.saturating_add(facts.count);
        self.check_progress(facts)?;
        let before = self.total;
        self.total = facts.total.or(before);
        if let (Some(before), Some(now)) = (before, facts.total)
            && now < before
            // Some servers tell the size of the page as the total; that is no news of the list.
            && (now >= done || (facts.count == 0 && now > 0))
            && let Some(again) = self.lowered(&step.url, before - now)
        {
            // Objects have left the list, and those after them have moved up, past what we have seen.
            self.last = None;
            return Ok(Some(again));
        }
        let probe = composed(&step.url, done, facts);
        match facts.link.as_deref().map(|link| usable(&step.url, link)) {
            Some(Some(url)) if !self.visited.contains(&url) => {
                Ok(Some(Step { url, how: How::Linked { instead: probe } }))
            }
            Some(Some(_)) if facts.count == 0 => Ok(None),
            Some(Some(url)) => Err(CallError::Endless(format!("the Link header leads back to {url}"))),
            Some(None) if facts.count > 0 && facts.total.is_none_or(|total| total > done) => Ok(self.probed(probe)),
            None if more_without_link(&step.url, facts, done) => Ok(self.probed(probe)),
            Some(None) | None => Ok(None),
        }
    }

    /// What to do when a page could not be fetched.
    pub(super) fn after_error(&mut self, step: &Step, error: &CallError) -> Recovery {
        let not_there = matches!(
            error.http(),
            Some(StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY)
        ) || error.ocpi_status() == Some(crate::OcpiStatus::InvalidParameters);
        self.visited.insert(step.url.clone());
        if !not_there {
            return Recovery::Fail;
        }
        let missing = self.total.is_some_and(|total| total > self.received);
        match &step.how {
            How::Asked => Recovery::Fail,
            How::Linked { instead } if !self.visited.contains(instead) => {
                Recovery::Instead(Step { url: instead.clone(), how: How::Probed })
            }
            How::Linked { .. } if self.total.is_none() => Recovery::Fail,
            How::Linked { .. } | How::Probed if missing => Recovery::Fail,
            How::Linked { .. } | How::Probed => Recovery::End,
        }
    }

    fn check_progress(&mut self, facts: &Facts) -> Result<(), CallError> {
        let endless = |why: &str| Err(CallError::Endless(why.to_owned()));
        if facts.count == 0 {
            self.empty_pages += 1;
            if self.empty_pages > MAX_EMPTY_PAGES {
                return endless("empty pages follow each other");
            }
        } else {
            self.empty_pages = 0;
            if self.last.replace(facts.fingerprint) == Some(facts.fingerprint) {
                return endless("one page shows the same as the one before");
            }
        }
        if facts.total.is_some_and(|total| self.received > total.saturating_mul(2).saturating_add(SLACK)) {
            return endless("it holds far more objects than X-Total-Count says");
        }
        if self.visited.len() >= MAX_PAGES {
            return endless("it has too many pages");
        }
        Ok(())
    }

    /// The same page, moved towards the beginning.
    fn lowered(&self, url: &Url, by: u64) -> Option<Step> {
        let offset = number(url, "offset").filter(|offset| *offset > 0)?;
        let url = with_parameters(url, &[("offset", offset.saturating_sub(by))]);
        (!self.visited.contains(&url)).then_some(Step { url, how: How::Asked })
    }

    fn probed(&self, url: Url) -> Option<Step> {
        (!self.visited.contains(&url)).then_some(Step { url, how: How::Probed })
    }
}

/// Whether more follows although no link says so: the total says so, or the page is full and the total is not believable
/// (absent, or no more than the size of the page).
fn more_without_link(url: &Url, facts: &Facts, done: u64) -> bool {
    if facts.count == 0 {
        return false;
    }
    let asked = number(url, "limit");
    let size = asked.into_iter().chain(facts.limit).min();
    let full = size.is_some_and(|size| facts.count >= size);
    match facts.total {
        Some(total) if total > done => true,
        Some(total) => full && (total < done || total == facts.count),
        None => full,
    }
}

/// The page that begins at `offset`, asked for by ourselves.
fn composed(url: &Url, offset: u64, facts: &Facts) -> Url {
    let limit = number(url, "limit").or(facts.limit).unwrap_or(facts.count.max(1));
    with_parameters(url, &[("offset", offset), ("limit", limit)])
}

/// The target of a link, if it can be followed: on the same host, and not made of a programming language's nothing.
fn usable(base: &Url, link: &str) -> Option<Url> {
    let mut url = base.join(link).ok()?;
    url.set_fragment(None);
    let nothing = |value: &str| matches!(value, "" | "None" | "null" | "undefined" | "NaN" | "nil");
    let names = ["date_from", "date_to", "offset", "limit"];
    let spoilt = url.query_pairs().any(|(name, value)| names.contains(&&*name) && nothing(&value));
    (url.origin() == base.origin() && !spoilt).then_some(url)
}

fn number(url: &Url, name: &str) -> Option<u64> {
    url.query_pairs().find(|(found, _)| found == name).and_then(|(_, value)| value.parse().ok())
}

/// The URL with these parameters set, and all others as they were written.
fn with_parameters(url: &Url, parameters: &[(&str, u64)]) -> Url {
    let kept = url.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        !pair.is_empty() && !parameters.iter().any(|(set, _)| *set == name)
    });
    let set = parameters.iter().map(|(name, value)| format!("{name}={value}"));
    let query: Vec<_> = kept.map(str::to_owned).chain(set).collect();
    let mut url = url.clone();
    url.set_query(Some(&query.join("&")));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "https://cpo.example/ocpi/locations";

    /// Goes through a server's answers; gives the URLs that are asked for, without the common beginning.
    fn crawl(query: &str, mut server: impl FnMut(&str) -> Facts) -> Result<Vec<String>, String> {
        let (mut walk, mut step) = Walk::start(format!("{LIST}{query}").parse().unwrap());
        let mut asked = Vec::new();
        loop {
            let rest = step.url.as_str().strip_prefix(LIST).unwrap().to_owned();
            let mut facts = server(&rest);
            if facts.fingerprint == 0 {
                facts.fingerprint = asked.len() as u64 + 1;
            }
            asked.push(rest);
            if walk.is_echo(&step, &facts) {
                return Ok(asked);
            }
            match walk.after(&step, &facts).map_err(|error| error.to_string())? {
                Some(next) => step = next,
                None => return Ok(asked),
            }
        }
    }

    fn page(count: u64, total: impl Into<Option<u64>>, link: impl Into<Option<&'static str>>) -> Facts {
        Facts { count, total: total.into(), link: link.into().map(str::to_owned), ..Facts::default() }
    }

    // Proves: TRN-039, TRN-047, TRN-055: short pages do not end a list, and links are used as they are.
    #[test]
    fn links_are_followed_as_they_are() {
        let asked = crawl("?date_from=2026-01-01T00:00:00Z", |url| match url {
            "?date_from=2026-01-01T00:00:00Z" => page(2, 5, "https://cpo.example/ocpi/locations?cursor=a&x=1"),
            "?cursor=a&x=1" => page(1, 5, "locations?cursor=b"),
            "?cursor=b" => page(2, 5, None),
            other => panic!("{other}"),
        });
        assert_eq!(asked.unwrap(), ["?date_from=2026-01-01T00:00:00Z", "?cursor=a&x=1", "?cursor=b"]);
    }

    #[test]
    fn links_that_cannot_be_used_are_replaced_by_offsets() {
        for link in [
            "https://elsewhere.example/ocpi/locations?offset=2",
            "http://cpo.example/ocpi/locations?offset=2",
            "https://cpo.example:444/ocpi/locations?offset=2",
            "https://cpo.example/ocpi/locations?offset=2&date_from=None",
            "https://[",
        ] {
            let asked = crawl("?q=a%20b", |url| match url {
                "?q=a%20b" => page(2, 3, link),
                "?q=a%20b&offset=2&limit=2" => page(1, 3, None),
                other => panic!("{other}"),
            });
            assert_eq!(asked.unwrap().len(), 2, "{link}");
        }
    }

    #[test]
    fn a_full_page_without_link_and_without_believable_total_is_probed() {
        let limited = |count, total: Option<u64>| Facts { limit: Some(2), ..page(count, total, None) };
        // No total.
        let asked = crawl("", |url| match url {
            "" | "?offset=2&limit=2" => limited(2, None),
            "?offset=4&limit=2" => limited(1, None),
            other => panic!("{other}"),
        });
        assert_eq!(asked.unwrap().len(), 3);
        // The total is the size of the page.
        let asked = crawl("?limit=2", |url| match url {
            "?limit=2" | "?offset=2&limit=2" => page(2, 2, None),
            "?offset=4&limit=2" => page(0, 0, None),
            other => panic!("{other}"),
        });
        assert_eq!(asked.unwrap().len(), 3);
        // The total says that more follows.
        let asked = crawl("", |url| if url.is_empty() { page(2, 3, None) } else { page(1, 3, None) });
        assert_eq!(asked.unwrap(), ["", "?offset=2&limit=2"]);
        // Nothing to probe for.
        assert_eq!(crawl("?limit=50", |_| page(49, None, None)).unwrap().len(), 1);
        assert_eq!(crawl("?limit=50", |_| page(0, None, None)).unwrap().len(), 1);
        assert_eq!(crawl("?limit=50&offset=50", |_| page(50, 100, None)).unwrap().len(), 1);
    }

    #[test]
    fn a_server_that_does_not_page_is_asked_once_more_at_most() {
        let asked = crawl("?limit=2", |_| Facts { fingerprint: 7, ..page(2, 2, None) });
        assert_eq!(asked.unwrap().len(), 2);
    }

    #[test]
    fn circles_are_noticed() {
        let circle = crawl("?offset=0", |url| match url {
            "?offset=0" => page(1, 9, "?offset=1"),
            _ => page(1, 9, "?offset=0"),
        });
        assert!(circle.unwrap_err().contains("leads back"));
        let itself = crawl("", |_| page(1, 9, LIST));
        assert!(itself.unwrap_err().contains("leads back"));
        let mut n = 0;
        let mut next = |count, fingerprint| {
            n += 1;
            Facts { count, fingerprint, total: None, limit: None, link: Some(format!("{LIST}?n={n}")) }
        };
        assert!(crawl("", |_| next(1, 7)).unwrap_err().contains("the same"));
        assert!(crawl("", |_| next(0, 0)).unwrap_err().contains("empty pages"));
        assert!(crawl("", |_| next(1, 0)).unwrap_err().contains("too many pages"));
        assert!(crawl("", |_| Facts { total: Some(3), ..next(1000, 0) }).unwrap_err().contains("far more"));
    }

    #[test]
    fn an_empty_last_page_that_links_to_itself_is_an_end() {
        assert_eq!(crawl("", |_| page(0, 0, LIST)).unwrap().len(), 1);
    }

    // Proves: TRN-046 (growing lists go on) and TRN-048 (shrinking lists are stepped back in).
    #[test]
    fn a_list_that_changes_is_followed() {
        let grown = crawl("?offset=0&limit=2", |url| match url {
            "?offset=0&limit=2" => page(2, 3, "?offset=2&limit=2"),
            "?offset=2&limit=2" => page(2, 4, None),
            other => panic!("{other}"),
        });
        assert_eq!(grown.unwrap().len(), 2);
        let shrunk = crawl("?offset=0&limit=2", |url| match url {
            "?offset=0&limit=2" => page(2, 5, "?offset=2&limit=2"),
            "?offset=2&limit=2" => page(2, 4, None),
            "?limit=2&offset=1" => page(2, 4, "?offset=3&limit=2"),
            "?offset=3&limit=2" => page(1, 4, None),
            other => panic!("{other}"),
        });
        assert_eq!(shrunk.unwrap().len(), 4);
        let passed = crawl("?offset=0&limit=2", |url| match url {
            "?offset=0&limit=2" => page(2, 3, "?offset=2&limit=2"),
            "?offset=2&limit=2" => page(0, 2, None),
            "?limit=2&offset=1" => page(1, 2, None),
            other => panic!("{other}"),
        });
        assert_eq!(passed.unwrap().len(), 3, "the last object has moved to a page that we have passed");
        let first = crawl("", |_| page(1, 1, None));
        assert_eq!(first.unwrap().len(), 1, "the first page has nothing before it");
    }

    #[test]
    fn a_link_to_nothing_is_replaced_by_an_offset_once() {
        let (mut walk, first) = Walk::start(LIST.parse().unwrap());
        let linked = walk.after(&first, &page(2, None, "?page=2")).unwrap().unwrap();
        let not_found = CallError::Http { http: StatusCode::NOT_FOUND, excerpt: String::new(), retry_after: None };
        let Recovery::Instead(instead) = walk.after_error(&linked, &not_found) else { panic!() };
        assert_eq!(instead.url.as_str(), format!("{LIST}?offset=2&limit=2"));
        assert_eq!(walk.after_error(&instead, &not_found), Recovery::End, "a guess");
        assert_eq!(walk.after_error(&first, &not_found), Recovery::Fail, "no guess");
        assert_eq!(walk.after_error(&linked, &CallError::TimedOut), Recovery::Fail, "not an answer");
        walk.total = Some(10);
        assert_eq!(walk.after_error(&instead, &not_found), Recovery::Fail, "there is more than we have got");
    }
}
