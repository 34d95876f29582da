//! The one table: every atomic fact is one method (reserve an attempt, open, supersede).
//!
//! | partition | sort key | item |
//! |---|---|---|
//! | `ORG#<practice>` | `SETTINGS`, `LIMITS` | what the practice and its operator set |
//! | | `TYPE#<id>`, `RECORD#<id>` | record types, records |
//! | | `TEMPLATE#<kind>/<channel>/<language>` | text templates |
//! | | `DOCUMENT#<id>` | whose document it is |
//! | | `DELIVERY#<id>` | where the delivery lies |
//! | | `REFERENCE#<hash>#<id>` | the same, by what a caller reads out |
//! | | `ADDRESS#<hash>#<id>` | the same, by where its e-mail or message went |
//! | | `REQUEST#<hash>` | an idempotency key, for a day |
//! | | `KEY#<hash>` | the list of API keys |
//! | | `WEBHOOKS` | all webhooks, so that their limit holds and one read finds who is to be told |
//! | | `TELL#<webhook or report>#<message>` | what the practice is told, so that it is told once |
//! | | `GONE#<kind>#<id>` | what the deletion of a thing says of itself, for two days; of a record also what stands for it in the audit |
//! | `ORG#<practice>#<record>` | `DOCUMENT#<id>` | the document, sorting by its day of issue |
//! | | `THREEMA#<recipient>` | the key of a recipient's Threema ID, as it was first told |
//! | `PUB#<practice>` | `PUBLIC` | what pages say of the practice |
//! | `KEY#<hash>` | `KEY` | an API key |
//! | `COUNT#<practice or hash of a number>` | `DAY#<number>` | messages that patients asked for that day |
//! | `COUNT#<practice>` | `MONTH#<month>` | what the practice sent in that month, as the caps count it |
//! | `OPENED#<hash of a link and a network>` | `MINUTE#<number>` | how often the page was opened from there in each second of that minute, for two minutes |
//! | `DUE` | `<seconds>#<what>` | what is to be done then: look at a delivery, tell a practice something |
//! | `UPLOADS` | `<seconds>#<document>` | an announced upload that is to be settled then |
//! | `AUDIT#<practice>`, `AUDIT#<practice>#<record>` | `AT#<request>-<hash>` | a line of the audit, for a year; once more with its record |
//! | `AWAITED` | `<second>#<request>-<hash>` | a line of the audit that waits for an outcome |
//! | `RUN#<practice>#<run>` | `RUN` | an invoice run as a whole |
//! | | `ITEM#<number>` | what became of an item, once it was taken up |
//! | `RUN#<practice>#<run>#<number>` | `PAGE` | 128 of its items, as they were asked for |
//! | `LANE#<practice>#<run>#<lane>` | `LANE` | how far a part of a run is; what the stream brings to whoever sends |
//! | `RUNS` | `<practice>#<run>` | runs that are not finished |
//! | `RATE` | `EMAILS` | how many e-mails runs may still send this second |
//! | `LINK#<hash>` | `DELIVERY` | a delivery with its code's hash and sessions |
//! | `RESTORED` | `CLOSED` | when the operator last made a restored table safe |
//!
//! Everything that a decision hangs on is read by primary key and consistently, or judged by a condition.
//! Every write that changes, sends, judges, asks or hands out something says in `last_op` who did what, and the stream carries it to the audit ([`Change`]).
//! Expiry is judged by the caller's clock; the attribute `ttl` only tidies up.

mod access;
mod audit;
mod by_id;
mod changes;
mod clashes;
mod codes;
mod deliveries;
mod documents;
mod entries;
mod error;
mod feedback;
mod item;
mod lanes;
mod openings;
mod outgoing;
mod practices;
mod records;
mod requests;
mod restore;
mod run_items;
mod runs;
mod sending;
mod survey;
mod table;
mod text_templates;
mod threema;
mod uploads;
mod usage;
mod webhooks;

use aws_sdk_dynamodb::Client;

pub use audit::{AuditRow, AwaitedAudit};
pub use changes::{Change, DeliveryChange, RunChange};
pub use codes::{Replaced, Reserved, next_code, next_version};
pub use deliveries::StoredDelivery;
pub use documents::{Announced, StoredDocument};
pub use entries::{Charge, Commit, NewSession};
pub use error::StoreError;
pub use lanes::{Lane, LaneNow};
pub use outgoing::{Attempt, Claim, Due, DueTask};
pub use records::SendingFacts;
pub use requests::{EarlierRequest, IdempotencyKey};
pub use restore::Closed;
pub use run_items::{ItemClaim, StoredLine};
pub use runs::{ActiveRun, RunRequested};
pub use sending::{Once, OpenFailure, Opened, Opening, PendingDelivery, PendingFailure};
pub use survey::{Row, Survey};
pub use table::Page;
pub use uploads::DueUpload;
pub use usage::Count;
pub use webhooks::StoredWebhooks;

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table of this name.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}
