//! Another site on this machine, with a page of the test's choice.

use std::net::Ipv4Addr;

use axum::Router;
use axum::response::Html;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A site that shows one page at every address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Site {
    port: u16,
    serving: JoinHandle<()>,
}

impl Site {
    /// Serves this page.
    pub(crate) async fn with_page(html: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().fallback(async move || Html(html.clone()));
        let serving = tokio::spawn(async move {
            // This server has no error: it meets those of its connections itself.
            let _ = axum::serve(listener, router).await;
        });
        Self { port, serving }
    }

    /// A page that posts a form to `action` as soon as it is opened.
    pub(crate) async fn that_posts(action: &str, fields: &[(&str, &str)]) -> Self {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("<input type=hidden name={name} value=\"{value}\">"))
            .collect();
        let fields = fields.concat();
        let form = format!("<form method=post action=\"{action}\">{fields}</form>");
        let script = "<script>document.forms[0].submit()</script>";
        Self::with_page(format!("<!doctype html>{form}{script}")).await
    }

    /// Its address by this name of the machine: to a browser, `127.0.0.1` is one site whatever the port, and
    /// `localhost` another.
    pub(crate) fn at(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
