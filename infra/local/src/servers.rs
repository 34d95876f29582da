//! Listeners on loopback, and servers that stop together.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Error;

/// How long requests under way may take to end when the stack stops.
const GRACE: Duration = Duration::from_secs(5);

/// Listens on loopback only: whatever the stack serves is for this machine.
pub(crate) async fn listen(server: &'static str, port: u16) -> Result<TcpListener, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::PortTaken { server, port },
            _ => Error::Listen {
                server,
                port,
                source,
            },
        })
}

/// Tells that the stack stops; also when the stack was dropped.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Resolves when the stack stops.
    pub(crate) async fn wait(mut self) {
        // An error means that the stack is gone without having said so: that is a stop too.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// The servers of one stack.
#[derive(Debug)]
pub(crate) struct Servers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self {
            stop: watch::Sender::new(false),
            running: JoinSet::new(),
        }
    }

    pub(crate) fn stopping(&self) -> Stopping {
        Stopping(self.stop.subscribe())
    }

    /// Serves a router of our own until the stack stops.
    pub(crate) fn serve(&mut self, listener: TcpListener, router: Router) {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let stopping = self.stopping();
        self.run(async move {
            let server = axum::serve(listener, service).with_graceful_shutdown(stopping.wait());
            // This server has no error: it meets those of its connections itself.
            let _ = server.await;
        });
    }

    /// Runs a server that ends by itself once the stack stops.
    pub(crate) fn run(&mut self, server: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn(server);
    }

    /// Stops all servers and waits until they have answered what is under way.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
        }
    }
}
