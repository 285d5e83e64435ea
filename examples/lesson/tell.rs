//! How a lesson is told: explain, do, show what went over the wire.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;

use anstream::{print, println};
use anstyle::{AnsiColor, Style};
use clap::Parser;
use ocpi_http::Exchange;
use serde_json::Value;

use super::wire::{self, Extent, Headers, Shown};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const TITLE: Style = AnsiColor::Cyan.on_default().bold();

/// How wide explanations are printed: as wide as a terminal is that nobody has made wider.
const WIDTH: usize = 80;

/// What matters, and seven levels of the JSON: as deep as the objects of OCPI go, where it matters.
const TELLING: Extent = Extent { json: Shown::Levels(7), envelope: false, headers: Headers::Telling };

/// Tells one lesson about OCPI, with real HTTP between companies on this machine. It ends by itself and leaves nothing behind.
#[derive(Debug, Parser)]
struct Options {
    /// Wait for Enter before each step
    #[arg(long)]
    pause: bool,
    /// Show everything that goes over the wire: all headers, all of the JSON
    #[arg(long)]
    raw: bool,
}

/// A lesson that is being told.
pub(crate) struct Lesson {
    options: Options,
    step: usize,
    routing: bool,
}

impl Lesson {
    /// Reads the options and says what the lesson is about. `spec` names the chapters of the OCPI 2.2.1 specification.
    pub(crate) fn begin(title: &str, spec: &str, about: &str) -> Self {
        let lesson = Self { options: Options::parse(), step: 0, routing: false };
        println!("{TITLE}{title}{TITLE:#}");
        print_place(&format!("In the specification of OCPI 2.2.1: {spec}"));
        lesson.say(about);
        lesson
    }

    /// Says what will happen next, and why. `spec` names the place in the specification: chapter, section.
    pub(crate) fn step(&mut self, title: &str, spec: &str, why: &str) {
        self.step += 1;
        println!("\n{BOLD}Step {}. {title}{BOLD:#}", self.step);
        print_place(&format!("In the specification: {spec}"));
        self.say(why);
        if self.options.pause && std::io::stdin().is_terminal() {
            print!("{DIM}Press Enter …{DIM:#}");
            let _ = std::io::stdout().flush();
            // When the terminal is gone there is nobody to wait for.
            let _ = std::io::stdin().lock().read_line(&mut String::new());
            println!();
        }
    }

    /// Says something in between. An empty line parts two paragraphs.
    #[expect(clippy::unused_self, reason = "whatever a lesson tells reads the same")]
    pub(crate) fn say(&self, text: &str) {
        for paragraph in text.split("\n\n") {
            println!("{}\n", folded(paragraph, WIDTH));
        }
    }

    /// Shows requests and their answers as they went over the wire, one after the other.
    pub(crate) fn show<'a>(&self, from: &str, to: &str, exchanges: impl IntoIterator<Item = &'a Arc<Exchange>>) {
        self.show_as(TELLING, from, to, exchanges);
    }

    /// The same, with no more than the outer shape of the JSON: for what was shown before.
    pub(crate) fn outline<'a>(&self, from: &str, to: &str, exchanges: impl IntoIterator<Item = &'a Arc<Exchange>>) {
        self.show_as(Extent { json: Shown::Levels(1), ..TELLING }, from, to, exchanges);
    }

    /// The same as [`show`](Self::show), with the whole answer and not only the `data` in it.
    pub(crate) fn show_envelope<'a>(
        &self,
        from: &str,
        to: &str,
        exchanges: impl IntoIterator<Item = &'a Arc<Exchange>>,
    ) {
        self.show_as(Extent { envelope: true, ..TELLING }, from, to, exchanges);
    }

    /// From now on the routing headers are shown, too, or not any more.
    pub(crate) fn show_routing(&mut self, routing: bool) {
        self.routing = routing;
    }

    fn show_as<'a>(
        &self,
        extent: Extent,
        from: &str,
        to: &str,
        exchanges: impl IntoIterator<Item = &'a Arc<Exchange>>,
    ) {
        let headers = if self.routing { Headers::Routing } else { extent.headers };
        let extent = if self.options.raw { Extent::RAW } else { Extent { headers, ..extent } };
        for exchange in exchanges {
            wire::show(from, to, exchange, extent);
        }
    }

    /// Shows JSON that is not on its way, all of it.
    #[expect(clippy::unused_self, reason = "whatever a lesson tells reads the same")]
    pub(crate) fn show_json(&self, json: &Value) {
        println!("{}\n", wire::json(json));
    }

    /// Prints a list.
    #[expect(clippy::unused_self, reason = "whatever a lesson tells reads the same")]
    pub(crate) fn list<T: AsRef<str>>(&self, points: impl IntoIterator<Item = T>) {
        print_list(points);
        println!();
    }

    /// Says what was learned, and two things to try.
    #[expect(clippy::unused_self, reason = "nothing can be told after the end")]
    pub(crate) fn end(self, learned: &[&str], try_next: [&str; 2]) {
        println!("\n{BOLD}What you have learned{BOLD:#}");
        print_list(learned);
        println!("\n{BOLD}Two things to try{BOLD:#}");
        print_list(try_next);
    }
}

fn print_place(place: &str) {
    for line in folded(place, WIDTH).lines() {
        println!("{DIM}{line}{DIM:#}");
    }
    println!();
}

fn print_list<T: AsRef<str>>(points: impl IntoIterator<Item = T>) {
    for point in points {
        println!("- {}", folded(point.as_ref(), WIDTH - 2).replace('\n', "\n  "));
    }
}

/// The words of a paragraph, in lines that fit.
pub(super) fn folded(paragraph: &str, fit: usize) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > fit {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}
