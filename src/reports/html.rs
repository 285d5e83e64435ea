//! The report for people: one file, without anything from elsewhere.

use std::fmt::Write;

use super::libtest::{Outcome, Suite, Test};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --good: #18794e; --bad: #cd2b31; --dim: #777; }
@media (prefers-color-scheme: dark) { :root { --good: #4cc38a; --bad: #ff6369; --dim: #999; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0; display: inline; }
input { font: inherit; padding: .3rem .6rem; width: 18rem; max-width: 100%; }
details { border-top: 1px solid var(--line); padding: .5rem 0; }
summary { cursor: pointer; } summary small { color: var(--dim); }
ul { list-style: none; padding-left: 1.2rem; margin: .4rem 0; } li { overflow-wrap: anywhere; }
.passed::before { content: '✓ '; color: var(--good); } .failed::before { content: '✗ '; color: var(--bad); }
.skipped::before { content: '– '; color: var(--dim); }
pre { overflow: auto; background: #8881; padding: .6rem; border-radius: .3rem; }
.sum b { margin-right: 1rem; } .bad { color: var(--bad); } .good { color: var(--good); }";

const SCRIPT: &str = "
const box = document.querySelector('input');
box.addEventListener('input', () => {
  const wanted = box.value.toLowerCase();
  for (const suite of document.querySelectorAll('details')) {
    let shown = 0;
    for (const test of suite.querySelectorAll('li')) {
      test.hidden = !(suite.dataset.name + ' ' + test.textContent).toLowerCase().includes(wanted);
      shown += test.hidden ? 0 : 1;
    }
    suite.hidden = shown === 0;
    if (wanted) suite.open = true;
  }
});";

/// The page. Programs with failed tests come first and are open.
pub(super) fn page(name: &str, suites: &[Suite]) -> String {
    let count = |outcome| suites.iter().map(|suite| suite.count(outcome)).sum::<usize>();
    let (passed, failed, skipped) = (count(Outcome::Passed), count(Outcome::Failed), count(Outcome::Skipped));
    let mut sorted: Vec<&Suite> = suites.iter().collect();
    sorted.sort_by_key(|suite| suite.count(Outcome::Failed) == 0);
    let title = escaped(name);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tests: {title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body>\n\
         <h1>Tests: {title}</h1>\n<p class=\"sum\"><b class=\"good\">{passed} passed</b>\
         <b class=\"{}\">{failed} failed</b><b>{skipped} skipped</b></p>\n\
         <p><input type=\"search\" placeholder=\"Filter by name\" aria-label=\"Filter by name\"></p>\n",
        if failed > 0 { "bad" } else { "good" },
    );
    for suite in sorted {
        add_suite(&mut html, suite);
    }
    html + "<script>" + SCRIPT + "</script></body></html>\n"
}

fn add_suite(html: &mut String, suite: &Suite) {
    let failed = suite.count(Outcome::Failed);
    let name = escaped(&suite.name);
    let open = if failed > 0 { " open" } else { "" };
    // Writing to a String cannot fail.
    let _ = writeln!(
        html,
        "<details data-name=\"{name}\"{open}><summary><h2>{name}</h2> \
         <small>{} tests, {failed} failed, {:.2} s</small></summary><ul>",
        suite.tests.len(),
        suite.seconds,
    );
    for test in &suite.tests {
        add_test(html, test);
    }
    html.push_str("</ul></details>\n");
}

fn add_test(html: &mut String, test: &Test) {
    let class = match test.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
    };
    let _ = write!(html, "<li class=\"{class}\">{}", escaped(&test.name));
    if !test.output.trim().is_empty() {
        let _ = write!(html, "<pre>{}</pre>", escaped(test.output.trim_end()));
    }
    html.push_str("</li>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
