//! How far something is that a CPO was asked to do at a station: a command, or a request about a charging profile.

use ocpi_types::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

/// How far a command, or a request about a charging profile, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Progress {
    /// It is on its way; the CPO has not answered yet.
    Sent,
    /// The CPO has passed it on to the station; the result is awaited.
    Waiting,
    /// The result is there.
    Done,
    /// The CPO does not pass it on.
    Refused,
    /// It did not reach the CPO, or nobody knows whether it did.
    Failed,
    /// No result in time. The station may still have done it.
    Timeout,
}

/// What is known of something that was asked.
pub(super) struct Asked {
    /// Whether the CPO passes it on; `None` without an answer.
    pub(super) accepted: Option<bool>,
    /// It could not be delivered.
    pub(super) failed: bool,
    /// The result is there.
    pub(super) done: bool,
    /// Until when a result is awaited, in ms of real time.
    pub(super) deadline: i64,
}

impl Asked {
    /// How far it is at `now`, in real time.
    pub(super) fn progress(&self, now: DateTime) -> Progress {
        if self.done {
            return Progress::Done;
        }
        let late = now.timestamp_millis() > self.deadline;
        match self.accepted {
            Some(false) => Progress::Refused,
            Some(true) if late => Progress::Timeout,
            Some(true) => Progress::Waiting,
            None if self.failed => Progress::Failed,
            None if late => Progress::Timeout,
            None => Progress::Sent,
        }
    }
}
