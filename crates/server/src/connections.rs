//! How many clients may be connected at once. One more is hung up on, which is counted: memory and
//! descriptors stay bounded whoever comes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once, unless the settings say otherwise: all seats of the feed, all deliveries,
/// and as many again for people, within the 1,024 descriptors that a process gets by default.
pub const CONNECTIONS_LEN_MAX: usize = 512;

/// Counts connections; cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    places: Arc<Semaphore>,
    max: usize,
    refused: Arc<AtomicU64>,
}

impl Connections {
    /// Allows so many at once.
    pub fn new(max: usize) -> Connections {
        let places = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        Connections { places, max, refused: Arc::default() }
    }

    /// Number of clients that are connected.
    pub fn open(&self) -> usize {
        self.max.saturating_sub(self.places.available_permits())
    }

    /// Number of clients that may be connected.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Number of clients that were hung up on since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    fn admit(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.places.clone().try_acquire_owned().ok();
        if place.is_none() {
            self.refused.fetch_add(1, Relaxed);
        }
        place
    }
}

/// Accepts as another does, while there is room.
#[derive(Clone, Debug)]
pub struct Bounded<A> {
    /// What else accepting takes, such as TLS.
    pub inner: A,
    /// The room.
    pub connections: Connections,
}

impl<I, S, A> Accept<I, S> for Bounded<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = Held<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let Some(place) = self.connections.admit() else {
            return Box::pin(async { Err(io::Error::other("too many connections")) });
        };
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((Held { stream, _place: place }, service))
        })
    }
}

/// A connection that keeps its place until it is closed.
#[derive(Debug)]
pub struct Held<S> {
    stream: S,
    _place: OwnedSemaphorePermit,
}

impl<S: AsyncRead + Unpin> AsyncRead for Held<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Held<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
