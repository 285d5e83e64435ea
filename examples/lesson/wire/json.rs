//! JSON for people: small things on one line, long things shortened, names and values in colours.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

const NAME: Style = AnsiColor::BrightBlue.on_default();
const TEXT: Style = AnsiColor::Green.on_default();
const OTHER: Style = AnsiColor::Yellow.on_default();
const LEFT_OUT: Style = Style::new().dimmed();

/// How wide a line may be.
const WIDTH: usize = 100;
/// How far JSON is moved to the right, and each level in it.
const INDENT: usize = 4;
const LEVEL: usize = 2;
/// How many characters of a text are shown. URLs are shown as they are.
const CHARACTERS: usize = 76;
/// How many entries of a list are shown if each fits into one line; of others it is one.
const ENTRIES: usize = 6;

/// How much of the JSON is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Shown {
    /// So many levels of objects and lists, the outermost included; long lists and texts are shortened.
    Levels(usize),
    /// All of it.
    Whole,
}

/// The JSON in lines; `name` is that of the member whose value it is.
pub(super) fn lines(name: &str, value: &Value, shown: Shown) -> String {
    let mut printer = Printer { text: " ".repeat(INDENT), shown };
    let mut indent = INDENT;
    if !name.is_empty() {
        printer.name(name);
        indent += name.len() + 4;
    }
    printer.value(value, INDENT, indent, 0);
    printer.text
}

struct Printer {
    text: String,
    shown: Shown,
}

impl Printer {
    /// Writes a value that begins at `column`; the lines that follow begin at `indent`.
    fn value(&mut self, value: &Value, indent: usize, column: usize, depth: usize) {
        if column + self.width(value, depth) <= WIDTH {
            return self.on_one_line(value, depth);
        }
        match value {
            Value::Array(entries) => self.list(entries, indent, depth),
            Value::Object(fields) if !self.is_folded(fields, depth) => {
                self.text.push('{');
                for (i, (name, field)) in fields.iter().enumerate() {
                    self.new_line(i, indent + LEVEL);
                    self.name(name);
                    self.value(field, indent + LEVEL, indent + LEVEL + name.chars().count() + 4, depth + 1);
                }
                self.new_line(0, indent);
                self.text.push('}');
            }
            other => self.on_one_line(other, depth),
        }
    }

    /// Whether only the name of an object is shown. With very few fields that would save nothing.
    fn is_folded(&self, fields: &Map<String, Value>, depth: usize) -> bool {
        matches!(self.shown, Shown::Levels(levels) if depth >= levels) && fields.len() > 2
    }

    fn list(&mut self, entries: &[Value], indent: usize, depth: usize) {
        let inner = indent + LEVEL;
        let fit = entries.iter().all(|entry| inner + self.width(entry, depth + 1) <= WIDTH);
        let shown =
            if self.shown == Shown::Whole { entries.len() } else { entries.len().min(if fit { ENTRIES } else { 1 }) };
        self.text.push('[');
        for (i, entry) in entries[..shown].iter().enumerate() {
            self.new_line(i, inner);
            self.value(entry, inner, inner, depth + 1);
        }
        if shown < entries.len() {
            self.new_line(shown, inner);
            let _ = write!(self.text, "{LEFT_OUT}… and {} more{LEFT_OUT:#}", entries.len() - shown);
        }
        self.new_line(0, indent);
        self.text.push(']');
    }

    /// A new line, with a comma before it if something stands there already.
    fn new_line(&mut self, before: usize, indent: usize) {
        let comma = if before > 0 { "," } else { "" };
        let _ = write!(self.text, "{comma}\n{:indent$}", "");
    }

    fn name(&mut self, name: &str) {
        let _ = write!(self.text, "{NAME}{}{NAME:#}: ", Value::from(name));
    }

    fn on_one_line(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(entries) => {
                self.text.push('[');
                for (i, entry) in entries.iter().enumerate() {
                    self.text.push_str(if i > 0 { ", " } else { "" });
                    self.on_one_line(entry, depth + 1);
                }
                self.text.push(']');
            }
            Value::Object(fields) if fields.is_empty() => self.text.push_str("{}"),
            Value::Object(fields) if self.is_folded(fields, depth) => {
                self.folded(fields);
            }
            Value::Object(fields) => {
                self.text.push_str("{ ");
                for (i, (name, field)) in fields.iter().enumerate() {
                    self.text.push_str(if i > 0 { ", " } else { "" });
                    self.name(name);
                    self.on_one_line(field, depth + 1);
                }
                self.text.push_str(" }");
            }
            Value::String(text) => {
                let _ = write!(self.text, "{TEXT}{}{TEXT:#}", self.shortened(text));
            }
            other => {
                let _ = write!(self.text, "{OTHER}{other}{OTHER:#}");
            }
        }
    }

    /// An object of which no more than its name is shown.
    fn folded(&mut self, fields: &Map<String, Value>) {
        let name = ["id", "uid", "identifier", "party_id"].into_iter().find(|name| fields.contains_key(*name));
        let Some(name) = name else {
            let _ = write!(self.text, "{LEFT_OUT}{{ … {} fields }}{LEFT_OUT:#}", fields.len());
            return;
        };
        self.text.push_str("{ ");
        self.name(name);
        self.on_one_line(&fields[name], 0);
        let _ = write!(self.text, ", {LEFT_OUT}… {} more fields{LEFT_OUT:#} }}", fields.len() - 1);
    }

    /// How many characters the value takes on one line.
    fn width(&self, value: &Value, depth: usize) -> usize {
        let mut line = Self { text: String::new(), shown: self.shown };
        line.on_one_line(value, depth);
        anstream::adapter::strip_str(&line.text).to_string().chars().count()
    }

    fn shortened(&self, text: &str) -> String {
        let quoted = Value::from(text).to_string();
        match quoted.char_indices().nth(CHARACTERS) {
            Some((end, _)) if self.shown != Shown::Whole && !text.starts_with("http") => {
                format!("{}…\"", &quoted[..end])
            }
            _ => quoted,
        }
    }
}
