//! What the local stack puts into the environment of the functions.

use std::collections::BTreeMap;

use crate::outbox;
use crate::s3::KeyPair;
use crate::template::{REGION, arn};

/// The key pair with which the functions sign; the local S3 checks it.
pub(crate) const KEY_PAIR: KeyPair = KeyPair {
    id: "LOCALSTACKONLY000000",
    secret: "this-key-opens-nothing-but-a-local-stack",
};

/// The ID under which the functions send Threema messages; the outbox plays its gateway.
pub(crate) const THREEMA_ID: &str = "*ZWEIWEG";

/// Where the stack's servers answer.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) api: String,
    pub(crate) outbox: String,
    pub(crate) dynamodb: String,
    pub(crate) s3: String,
}

/// Values of the template's parameters for this machine.
pub(crate) fn parameters(addresses: &Addresses) -> BTreeMap<String, String> {
    let threema = format!("{}{}", addresses.outbox, outbox::THREEMA);
    [
        ("BaseUrl", addresses.api.as_str()),
        ("MailFrom", "praxispost@zweiweg.example"),
        ("ThreemaGatewayId", THREEMA_ID),
        ("ThreemaSecretArn", &arn("secretsmanager", "secret:threema")),
        ("ThreemaEndpoint", &threema),
        // Nobody waits here for a quota that the outbox does not have.
        ("SendRate", "10000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What Lambda and the SDKs' own variables would say.
///
/// And where webhooks go instead of the internet; deployed, nothing sets that.
pub(crate) fn aws(addresses: &Addresses) -> BTreeMap<String, String> {
    let relay = format!("{}{}", addresses.outbox, outbox::WEBHOOKS);
    [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", KEY_PAIR.id),
        ("AWS_SECRET_ACCESS_KEY", KEY_PAIR.secret),
        ("AWS_ENDPOINT_URL_DYNAMODB", &addresses.dynamodb),
        ("AWS_ENDPOINT_URL_S3", &addresses.s3),
        ("AWS_ENDPOINT_URL_SESV2", &addresses.outbox),
        ("AWS_ENDPOINT_URL_SNS", &addresses.outbox),
        ("AWS_ENDPOINT_URL_KMS", &addresses.outbox),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &addresses.outbox),
        ("WEBHOOK_RELAY", &relay),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
