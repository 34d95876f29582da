//! `feedback`: keeps what became of e-mails, as SES says it over EventBridge, in the deliveries that they belong to.
//!
//! It sends nothing and asks for nothing: a delivery is found by the tag that sending put on its e-mail.
//! Everything may come twice, late, in any order, before the sending is committed, or for a delivery that is gone (F-I13).

mod event;

use deliveries::Clock;
use domain::audit::Actor;
use futures::FutureExt as _;
use runtime::{Aws, Environment, Error, Function, MissingSettings, event_function};
use secrets::draw_op;
use serde_json::Value;
use store::Store;

use crate::event::Unreadable;

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    store: Store,
    clock: Clock,
}

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    let deps = environment.read(|get| {
        let aws = Aws::read(get);
        Deps {
            store: Store::new(aws.dynamodb(), get.text("TABLE")),
            clock,
        }
    })?;
    Ok(event_function(deps, |deps, event| {
        handle(deps, event).boxed()
    }))
}

/// One event. What the table does not take now comes again, and so does what this version cannot read of a delivery's e-mail: given up in the end, it is kept for a person.
/// What cannot even be told whose it is, is let go.
async fn handle(deps: &Deps, event: Value) -> Result<Value, Error> {
    let said = match event::read(event) {
        Ok(Some(said)) => said,
        Ok(None) => return Ok(Value::Null),
        Err(unplaced @ Unreadable::Unplaced) => {
            tracing::error!(error = %unplaced, "an event of SES was let go");
            return Ok(Value::Null);
        }
        Err(broken) => return Err(broken.into()),
    };
    let op = draw_op(Actor::System, deps.clock.now())?;
    let of_event = (&said.event, said.at);
    let is_new = deps
        .store
        .note_email_event(&said.link, &said.message_id, of_event, &op)
        .await?;
    tracing::info!(kind = said.kind(), is_new, "heard of an e-mail");
    Ok(Value::Null)
}
