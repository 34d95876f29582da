//! The outbox as people see it: mailbox and phone side by side.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Outbox;
use super::mailbox::{Channel, Message, Request};

/// Nothing from elsewhere; inline styles, since e-mails have them. An e-mail's frame obeys this policy too.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
    img-src data:; frame-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// How many e-mails, text messages and webhooks the page shows; every e-mail is a frame that costs a browser memory.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "outbox.html")]
struct Page {
    now: String,
    revision: u64,
    mails: Vec<Mail>,
    texts: Vec<Message>,
    webhooks: Vec<Webhook>,
    has_more: bool,
}

/// What a practice's program was told.
struct Webhook {
    at: String,
    request: Request,
}

struct Mail {
    message: Message,
    /// The e-mail's HTML, whose links open in a tab of their own.
    framed: Option<String>,
}

pub(super) async fn show(outbox: State<Arc<Outbox>>) -> Response {
    // Read first: a message that comes in between makes the page load once too often, not once too rarely.
    let revision = outbox.mailbox.revision();
    let newest_first = outbox.mailbox.all().into_iter().rev();
    let (mut webhooks, mut mails, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for mut message in newest_first {
        match (message.request.take(), message.channel) {
            (Some(request), _) => webhooks.push(Webhook {
                at: message.at,
                request,
            }),
            (None, Channel::Email) => mails.push(message),
            (None, _) => texts.push(message),
        }
    }
    let page = Page {
        now: shown_time(&outbox.clock.clock().now().to_string()),
        revision,
        has_more: mails.len().max(texts.len()).max(webhooks.len()) > SHOWN,
        mails: mails.into_iter().take(SHOWN).map(Mail::new).collect(),
        texts: texts.into_iter().take(SHOWN).collect(),
        webhooks: webhooks.into_iter().take(SHOWN).collect(),
    };
    match page.render() {
        Ok(html) => (
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-store"),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            html,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the outbox page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(super) async fn style() -> impl axum::response::IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css")],
        include_str!("../../templates/outbox.css"),
    )
}

pub(super) async fn script() -> impl axum::response::IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/javascript")],
        include_str!("../../templates/outbox.js"),
    )
}

impl Mail {
    fn new(message: Message) -> Self {
        let framed = message
            .html
            .as_ref()
            .map(|html| format!("<base target=\"_blank\">{html}"));
        Self { message, framed }
    }
}

/// An RFC 3339 time as people read it; still UTC, and the page says so.
fn shown_time(at: &str) -> String {
    at.trim_end_matches('Z').replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::mailbox::Attachment;

    fn mail(html: &str) -> Message {
        Message {
            channel: Channel::Email,
            to: "a@example.org".to_owned(),
            from: Some("Praxis <x@example.org>".to_owned()),
            reply_to: None,
            subject: Some("<script>alert(1)</script>".to_owned()),
            text: Some("text".to_owned()),
            html: Some(html.to_owned()),
            attachments: vec![Attachment {
                file_name: "Rechnung.pdf".to_owned(),
                content_type: None,
                size: 5,
            }],
            at: "2026-11-23T14:30:00Z".to_owned(),
            request: None,
        }
    }

    #[test]
    fn nothing_in_a_message_becomes_part_of_the_page() {
        let page = Page {
            now: "2026-11-23 14:30:00".to_owned(),
            revision: 1,
            mails: vec![Mail::new(mail(
                "<p onclick=\"x()\">\"Hallo\"</p></iframe><script>x()</script>",
            ))],
            texts: vec![mail("")],
            webhooks: Vec::new(),
            has_more: false,
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("<p onclick"), "{html}");
        assert!(html.contains("2026-11-23 14:30:00"));
        assert_eq!(html.matches("</iframe>").count(), 1);
    }

    #[test]
    fn an_empty_outbox_says_so() {
        let page = Page {
            now: String::new(),
            revision: 0,
            mails: Vec::new(),
            texts: Vec::new(),
            webhooks: Vec::new(),
            has_more: false,
        };
        assert!(page.render().unwrap().contains("Noch nichts"));
    }
}
