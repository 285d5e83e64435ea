//! Request bodies that are too long or too slow.

use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::context::{BodyFault, Context};

/// How much of a body that is too long is still read, so that the client gets to see the answer: one that is busy sending
/// when the connection closes often never reads it.
const MAX_DRAINED: usize = 4 * 1024 * 1024;

/// A body that ends with an error when it exceeds its size or its time. The reason is told to the [`Context`].
pub(crate) struct Guarded {
    inner: Body,
    context: Context,
    left: usize,
    drained: Option<usize>,
    /// Made when the body is first asked for, and there only if it is not all there.
    deadline: Option<Pin<Box<Sleep>>>,
    until: Instant,
    /// The client waits for a go-ahead before it sends the body, so that a refusal costs nothing.
    polite: bool,
    ended: bool,
}

impl Guarded {
    pub(crate) fn new(inner: Body, limit: usize, time: Duration, polite: bool, context: Context) -> Self {
        let until = Instant::now() + time;
        Self { inner, context, left: limit, drained: None, deadline: None, until, polite, ended: false }
    }

    fn fail<T>(&mut self, fault: BodyFault) -> Poll<Option<Result<T, BoxError>>> {
        self.ended = true;
        self.context.set_fault(fault);
        let what = match fault {
            BodyFault::TooLarge => "the body is too long",
            BodyFault::TooSlow => "the body is too slow",
        };
        Poll::Ready(Some(Err(what.into())))
    }

    fn is_late(&mut self, cx: &mut Task<'_>) -> bool {
        let until = self.until;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        deadline.as_mut().poll(cx).is_ready()
    }

    /// Counts a piece of the body; `false` when it is too much.
    fn admit(&mut self, length: usize) -> bool {
        if self.drained.is_none() {
            match self.left.checked_sub(length) {
                Some(left) => {
                    self.left = left;
                    return true;
                }
                None => self.drained = Some(0),
            }
        }
        self.drained = self.drained.map(|drained| drained.saturating_add(length));
        false
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let announced = this.inner.size_hint().lower();
        let room = (this.left as u64).saturating_add(if this.polite { 0 } else { MAX_DRAINED as u64 });
        if this.drained.is_none() && announced > room {
            return this.fail(BodyFault::TooLarge);
        }
        loop {
            let frame = match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending if this.is_late(cx) => {
                    let fault = this.drained.map_or(BodyFault::TooSlow, |_| BodyFault::TooLarge);
                    return this.fail(fault);
                }
                Poll::Pending => return Poll::Pending,
            };
            match frame {
                Some(Ok(frame)) => {
                    let Some(data) = frame.data_ref() else { continue };
                    if this.admit(data.len()) {
                        this.context.see(data);
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    if this.drained.is_some_and(|drained| drained > MAX_DRAINED) {
                        return this.fail(BodyFault::TooLarge);
                    }
                }
                Some(Err(error)) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                None if this.drained.is_some() => return this.fail(BodyFault::TooLarge),
                None => {
                    this.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.drained.is_none() && self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
