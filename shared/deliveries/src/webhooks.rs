//! One attempt at telling a webhook something: signed with every secret that counts, sent once.

use channels::{Posted, WebhookChannel, WebhookRequest};
use domain::id::{PracticeId, WebhookId};
use domain::time::Timestamp;
use domain::webhook::Webhook;
use secrets::LookupKeys;

use crate::Unavailable;

/// What a webhook is told.
#[derive(Clone, Copy, Debug)]
pub struct WebhookMessage<'a> {
    /// The same at every attempt.
    pub id: &'a str,
    /// JSON.
    pub body: &'a str,
}

/// Signs and sends once. During the day after a rotation two signatures go along, with a blank between.
pub async fn post_webhook(
    channel: &WebhookChannel,
    keys: &LookupKeys,
    practice: &PracticeId,
    (id, webhook): (&WebhookId, &Webhook),
    message: WebhookMessage<'_>,
    now: Timestamp,
) -> Result<Posted, Unavailable> {
    let mut signatures = Vec::new();
    for sealed in webhook.signing_secrets(now) {
        let secret = keys.unseal_webhook_secret(sealed, practice, id)?;
        signatures.push(secret.sign(message.id, now, message.body));
    }
    let request = WebhookRequest {
        url: &webhook.url,
        message_id: message.id,
        attempted_at: now,
        signature: &signatures.join(" "),
        body: message.body,
    };
    Ok(channel.post(&request).await)
}
