//! `dispatch`: sends the items of invoice runs, fed by the table's stream and a schedule. There is no route to it.
//!
//! A record of the stream is a lane; one step of it is made, and its cursor's move is the next record.
//! Everything may come twice, at once or late: what a lane says now counts, and an item is taken up once.

use channels::{EmailChannel, SmsChannel, ThreemaChannel};
use deliveries::{Clock, Dispatch, Hashing, Messengers, SendDelivery};
use documents::Documents;
use futures::FutureExt as _;
use problems::send_problem;
use runtime::{Aws, Environment, Error, Function, MissingSettings, Reader, event_function};
use secrets::{HashCost, Keys};
use serde_json::{Value, json};
use store::{Lane, Store};

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    let dispatch = environment.read(|get| {
        let aws = Aws::read(get);
        Dispatch {
            send: SendDelivery {
                store: Store::new(aws.dynamodb(), get.text("TABLE")),
                documents: Documents::new(aws.s3(), get.text("DOCUMENTS_BUCKET")),
                lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                hashing: Hashing::new(
                    Keys::new(aws.kms(), get.list("PEPPER_KEYS")),
                    HashCost::named(get.optional("CODE_HASH_COST")),
                ),
                email: EmailChannel::new(
                    aws.ses(),
                    get.text("MAIL_FROM"),
                    get.text("CONFIGURATION_SET"),
                ),
                messengers: Messengers {
                    sms: SmsChannel::new(aws.sns()),
                    own_sender: get.parsed("SMS_SENDER_ID"),
                    countries: get.parsed("SMS_COUNTRIES"),
                    threema: threema(get, &aws),
                },
                base_url: get.text("BASE_URL"),
                clock,
            },
            rate: get.parsed("SEND_RATE"),
            told: |problem| send_problem(problem).body(),
        }
    })?;
    Ok(event_function(dispatch, |dispatch, event| {
        handle(dispatch, event).boxed()
    }))
}

/// Threema, where the deployment has an ID of its own there.
fn threema(get: &mut Reader<'_>, aws: &Aws) -> Option<ThreemaChannel> {
    let id = get.optional("THREEMA_ID")?.to_owned();
    let (endpoint, secret) = (get.text("THREEMA_ENDPOINT"), get.text("THREEMA_SECRET"));
    Some(ThreemaChannel::new(
        endpoint,
        id,
        aws.secrets_manager(),
        secret,
    ))
}

/// A batch of lanes from the stream, or the schedule.
async fn handle(dispatch: &Dispatch, event: Value) -> Result<Value, Error> {
    match (event["Records"].as_array(), event["source"].as_str()) {
        (Some(records), _) => Ok(advance_all(dispatch, records).await),
        (None, Some("aws.events")) => {
            dispatch.look_after_runs().await?;
            Ok(Value::Null)
        }
        (None, _) => Err("this is neither a batch of the table's stream nor the schedule".into()),
    }
}

/// Every lane in the stream's order, up to the first that cannot go on now; from there on the stream comes again.
async fn advance_all(dispatch: &Dispatch, records: &[Value]) -> Value {
    for record in records {
        let advanced = match Lane::of_stream(record) {
            Ok(lane) => dispatch.advance(&lane).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = advanced {
            tracing::error!(%error, "a lane of an invoice run cannot go on");
            let failed = &record["dynamodb"]["SequenceNumber"];
            return json!({"batchItemFailures": [{"itemIdentifier": failed}]});
        }
    }
    json!({"batchItemFailures": []})
}
