//! `notify`: follows the table's changes, and does what only time brings.
//!
//! A record of the stream becomes a [`Change`] once; what follows from it is worked out by pure functions, and done in the stream's order.
//! Everything may come twice: what is done here can be repeated.

mod audit;
mod jobs;

use channels::{EmailChannel, WebhookChannel};
use deliveries::{Clock, Tell, Unavailable};
use futures::FutureExt as _;
use runtime::{Aws, Environment, Error, Function, MissingSettings, event_function};
use secrets::Keys;
use serde_json::{Value, json};
use store::{Change, Store};

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    store: Store,
    tell: Tell,
    clock: Clock,
}

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    let deps = environment.read(|get| {
        let aws = Aws::read(get);
        let store = Store::new(aws.dynamodb(), get.text("TABLE"));
        Deps {
            tell: Tell {
                store: store.clone(),
                lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                webhooks: WebhookChannel::new(get.optional("WEBHOOK_RELAY")),
                email: EmailChannel::new(
                    aws.ses(),
                    get.text("MAIL_FROM"),
                    get.text("CONFIGURATION_SET"),
                ),
                clock: clock.clone(),
            },
            store,
            clock,
        }
    })?;
    Ok(event_function(deps, |deps, event| {
        handle(deps, event).boxed()
    }))
}

/// A batch of the stream's records, or the schedule.
async fn handle(deps: &Deps, event: Value) -> Result<Value, Error> {
    match (event["Records"].as_array(), event["source"].as_str()) {
        (Some(records), _) => Ok(follow_all(deps, records).await),
        (None, Some("aws.events")) => jobs::run(deps).await.map(|()| Value::Null),
        (None, _) => Err("this is neither a batch of the table's stream nor the schedule".into()),
    }
}

/// Every change in order, up to the first that cannot be followed now; from there on the stream comes again.
async fn follow_all(deps: &Deps, records: &[Value]) -> Value {
    for record in records {
        if let Err(error) = follow(deps, record).await {
            tracing::error!(%error, "a change could not be followed");
            let failed = &record["dynamodb"]["SequenceNumber"];
            return json!({"batchItemFailures": [{"itemIdentifier": failed}]});
        }
    }
    json!({"batchItemFailures": []})
}

/// Everything that follows from one change.
async fn follow(deps: &Deps, record: &Value) -> Result<(), Unavailable> {
    let Some(change) = Change::read(record)? else {
        return Ok(());
    };
    audit::keep(deps, &change).await?;
    if let Some(delivery) = &change.delivery {
        let images = (delivery.old.as_ref(), &delivery.new);
        let told = deps.tell.changed(&delivery.link, images, change.op.at);
        told.await?;
    }
    match &change.run {
        Some(change) if change.is_finished_by_it => deps.tell.run_finished(&change.run).await,
        _ => Ok(()),
    }
}
