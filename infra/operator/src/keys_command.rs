//! `operator keys`: what the HMAC keys still hold, and sealing anew what an older one sealed.

use clap::Subcommand;
use operator::{KeyUse, KeyUses, OperatorError, reseal_webhooks, survey_keys};
use secrets::{Keys, LookupKeys};

use crate::place::Connection;
use crate::progress::Looking;
use crate::{Done, fine, now};

/// The HMAC keys that links and codes derive from.
///
/// Bringing in a new key, for links (`LookupKeys`) or codes (`PepperKeys`) alike; what the older one made goes on opening:
///
/// 1. Make it: `aws kms create-key --key-spec HMAC_256 --key-usage GENERATE_VERIFY_MAC`
///
/// 2. Deploy with `LookupKeys=OLD,NEW`, where OLD is what it was (at first the output `LookupKeyArn`). From now on every function knows the new key, and none uses it yet.
///
/// 3. Deploy with `LookupKeys=NEW,OLD`. From now on what is new derives from the new key.
///
/// 4. Some months later `keys status` says that the old key holds nothing open; `keys reseal` frees it of the secrets of webhooks. Wait a day longer for repeated requests, deploy with `LookupKeys=NEW`, and disable the old key in KMS.
///
/// A key that is thought to be known to others goes without steps 4's wait: all that it holds is then closed.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum KeysCommand {
    /// Counts what each key still holds. Reads the whole table: less than 1 USD for 1,000,000 deliveries.
    Status,
    /// Seals the secrets of all webhooks anew under the newest key; the secrets stay what they are. Needs `kms:GenerateMac`.
    Reseal {
        /// The value of the parameter `LookupKeys`, newest first; or the output `LookupKeyArn` where that is empty.
        #[arg(long, value_delimiter = ',', required = true)]
        lookup_keys: Vec<String>,
    },
}

pub(crate) async fn run(
    connection: &Connection,
    command: KeysCommand,
) -> Result<Done, OperatorError> {
    let store = connection.store();
    let mut looking = Looking::new();
    match command {
        KeysCommand::Status => {
            let uses = survey_keys(&store, now(), |items| looking.show(items)).await;
            looking.end();
            Ok(fine(said(&uses?)))
        }
        KeysCommand::Reseal { lookup_keys } => {
            let keys: Keys<LookupKeys> = Keys::new(connection.kms(), lookup_keys);
            let keys = keys.get().await?;
            let resealed = reseal_webhooks(&store, keys, now(), |items| looking.show(items)).await;
            looking.end();
            let resealed = resealed?;
            Ok(fine(format!(
                "sealed {resealed} secrets of webhooks anew; all are under the newest key now"
            )))
        }
    }
}

fn said(uses: &KeyUses) -> String {
    let line = |parameter: &str, key: &str, held: &KeyUse| {
        let name = if key.is_empty() {
            "(not written down)"
        } else {
            key
        };
        let verdict = if held.is_over() {
            "holds nothing open"
        } else {
            "still needed"
        };
        format!("{parameter}  {name}  {verdict}: {held}")
    };
    let lookup = uses.lookup.iter();
    let lookup = lookup.map(|(key, held)| line("LookupKeys", key, held));
    let pepper = uses.pepper.iter();
    let pepper = pepper.map(|(key, held)| line("PepperKeys", key, held));
    let lines: Vec<String> = lookup.chain(pepper).collect();
    if lines.is_empty() {
        "no key holds anything".to_owned()
    } else {
        lines.join("\n")
    }
}
