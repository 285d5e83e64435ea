//! Why rows are not proved: the tables of DECISIONS.md, section 3.

use super::claims::ids;
use super::root;
use super::rows::Side;

/// Why one row is not proved, for the sides that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) id: String,
    pub(crate) sides: &'static [Side],
    /// The heading under which it stands.
    pub(crate) chapter: String,
    pub(crate) text: String,
    pub(crate) not_built: bool,
}

/// Every table below "## 3." with a column `ids` is one of reasons; the last column says why. A column `side` narrows it down to
/// CPO or EMSP.
pub(crate) fn reasons() -> Vec<Reason> {
    let decisions = std::fs::read_to_string(root().join("DECISIONS.md")).unwrap();
    let mut reasons = Vec::new();
    let mut chapter = String::new();
    let mut columns: Vec<String> = Vec::new();
    for line in decisions.lines().skip_while(|line| !line.starts_with("## 3.")) {
        if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut chapter);
        }
        let Some(cells) = cells(line) else {
            columns.clear();
            continue;
        };
        if columns.is_empty() {
            columns = cells.iter().map(|cell| (*cell).to_owned()).collect();
            continue;
        }
        let cell = |name: &str| columns.iter().position(|column| column == name).and_then(|at| cells.get(at)).copied();
        let sides: &'static [Side] = match cell("side") {
            Some("CPO") => &[Side::Cpo],
            Some("EMSP") => &[Side::Emsp],
            _ => &[Side::Cpo, Side::Emsp],
        };
        let text = cells.last().copied().unwrap_or_default();
        reasons.extend(ids(cell("ids").unwrap_or_default()).into_iter().map(|id| Reason {
            id,
            sides,
            chapter: chapter.clone(),
            text: text.to_owned(),
            not_built: chapter.starts_with("3.1"),
        }));
    }
    reasons
}

/// The cells of a table's row; those of the line under its head are none that says anything.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}
