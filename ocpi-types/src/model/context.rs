//! Where we are in a document, and what was found so far.

use std::borrow::Cow;
use std::fmt::Write;

use crate::report::{Finding, Report, Rule};

#[derive(Debug, Clone)]
enum Step {
    Field(&'static str),
    /// An entry of a list.
    Entry(usize),
    /// What stands for the only entry of a list, without the list around it: invisible in a pointer.
    Lone,
    /// The entry that is taken from a list where a single value belongs.
    Wrapped(usize),
}

/// Where we are in a document, and what was found so far.
#[derive(Debug, Default)]
pub struct Context {
    path: Vec<Step>,
    /// The class and field around the current place: what the tolerance table is asked for.
    scope: Vec<(&'static str, &'static str)>,
    report: Report,
    /// Whether values are checked as soon as they are read.
    checking: bool,
    /// How many values could not be read.
    unusable: usize,
}

impl Context {
    /// A context in which values are checked as soon as they are read.
    pub(crate) fn checking() -> Self {
        Self { checking: true, ..Self::default() }
    }

    pub(crate) fn is_checking(&self) -> bool {
        self.checking
    }

    /// How many values could not be read so far.
    pub(crate) fn unusable(&self) -> usize {
        self.unusable
    }

    /// Notes that a value could not be read.
    pub(crate) fn add_unusable(&mut self) {
        self.unusable += 1;
    }

    /// Does `work` one step down, at field `name` of `class`.
    pub fn field<R>(&mut self, class: &'static str, name: &'static str, work: impl FnOnce(&mut Self) -> R) -> R {
        self.scope.push((class, name));
        let result = self.step(Step::Field(name), work);
        self.scope.pop();
        result
    }

    /// Does `work` one step down, at an entry of a list.
    pub fn index<R>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::Entry(index), work)
    }

    /// Does `work` at a value that stands where a list belongs.
    pub(crate) fn lone<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::Lone, work)
    }

    /// Does `work` at the first entry of a list that stands where a single value belongs.
    pub(crate) fn wrapped<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::Wrapped(0), work)
    }

    fn step<R>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step);
        let result = work(self);
        self.path.pop();
        result
    }

    /// Records that `rule` is broken here.
    pub fn found(&mut self, rule: Rule, message: impl Into<Cow<'static, str>>) {
        let (class, field) = self.scope.last().copied().unwrap_or(("", ""));
        self.report.findings.push(Finding {
            pointer: self.pointer(),
            rule,
            severity: rule.severity(class, field),
            message: message.into().into_owned(),
        });
    }

    /// Records that `rule` is broken at `field` of the object `class` that is being checked here.
    pub fn found_at(
        &mut self,
        class: &'static str,
        field: &'static str,
        rule: Rule,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.field(class, field, |cx| cx.found(rule, message));
    }

    /// The JSON Pointer of the current place (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            // Field names of OCPI hold neither `~` nor `/`: nothing to escape. Writing to a String cannot fail.
            let _ = match step {
                Step::Field(name) => write!(pointer, "/{name}"),
                Step::Entry(index) | Step::Wrapped(index) => write!(pointer, "/{index}"),
                Step::Lone => Ok(()),
            };
        }
        pointer
    }

    /// Whether the current place is an entry of a list.
    #[must_use]
    pub fn in_list(&self) -> bool {
        matches!(self.path.last(), Some(Step::Entry(_) | Step::Lone))
    }

    /// What was found.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report
    }
}
