//! Showing how far an import is: a bar in a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Outside of a terminal, a line after this many objects.
const LINE_EVERY: u64 = 1000;

/// How far an import is.
#[derive(Debug)]
pub struct Progress {
    bytes: Arc<AtomicU64>,
    shown: AtomicU64,
    how: How,
}

#[derive(Debug)]
enum How {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Shown on the error stream; `length` is the size of the file in bytes.
    #[must_use]
    pub fn shown(length: u64) -> Self {
        let how = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(length);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {elapsed}") {
                bar.set_style(style);
            }
            How::Bar(bar)
        } else {
            How::Lines
        };
        Self { bytes: Arc::default(), shown: AtomicU64::new(0), how }
    }

    /// Not shown at all.
    #[must_use]
    pub fn silent() -> Self {
        Self { bytes: Arc::default(), shown: AtomicU64::new(0), how: How::Nothing }
    }

    /// The counter of bytes read.
    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        self.bytes.clone()
    }

    /// So many objects have been read, so many of them were faulty.
    pub(super) fn show(&self, objects: u64, faulty: usize) {
        let text = format!("{objects} objects, {faulty} faulty");
        match &self.how {
            How::Bar(bar) => {
                bar.set_position(self.bytes.load(Ordering::Relaxed));
                bar.set_message(text);
            }
            How::Lines => {
                let due = objects / LINE_EVERY;
                if self.shown.swap(due, Ordering::Relaxed) < due {
                    eprintln!("{text}");
                }
            }
            How::Nothing => {}
        }
    }

    pub(super) fn end(&self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}
