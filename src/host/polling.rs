//! Polling futures of the embedding program.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Polls a future of which there may be thousands in the one task of an engine. Tokio grants a task so many operations and
/// then has them all say that they are not ready; what each of these futures may do is not counted so.
#[cfg(feature = "tokio")]
pub fn poll_freely<T>(
    future: Pin<&mut (dyn Future<Output = T> + Send)>,
    context: &mut Context<'_>,
) -> Poll<T> {
    let mut free = std::pin::pin!(tokio::task::unconstrained(future));
    free.as_mut().poll(context)
}

/// Polls a future of which there may be thousands in the one task of an engine.
#[cfg(not(feature = "tokio"))]
pub fn poll_freely<T>(
    future: Pin<&mut (dyn Future<Output = T> + Send)>,
    context: &mut Context<'_>,
) -> Poll<T> {
    future.poll(context)
}
