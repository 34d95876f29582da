//! The AWS clients, all over one HTTP client, each with the time-outs and attempts that its service needs.
//!
//! The SDK's defaults have no operation time-out and three attempts; a send must never be repeated by itself.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::environment::{Environment, MissingSettings, Reader};

/// Makes clients for the region and credentials of a function's environment.
#[derive(Debug)]
pub struct Aws {
    environment: Environment,
    region: String,
    credentials: Credentials,
    http: SharedHttpClient,
}

/// Reads and conditional writes: short, tried three times.
fn quick() -> (TimeoutConfig, RetryConfig) {
    limits(Duration::from_millis(500), Duration::from_secs(2), 3)
}

/// Documents: a look at 25 MiB takes longer than a look-up.
fn bulky() -> (TimeoutConfig, RetryConfig) {
    limits(Duration::from_secs(2), Duration::from_secs(6), 3)
}

/// Sends: once, for nobody can tell whether an unanswered one had an effect.
fn once() -> (TimeoutConfig, RetryConfig) {
    limits(Duration::from_secs(3), Duration::from_secs(3), 1)
}

fn limits(attempt: Duration, operation: Duration, attempts: u32) -> (TimeoutConfig, RetryConfig) {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(50));
    (timeouts, retries)
}

/// Every SDK crate has its own builder of the same shape.
macro_rules! client {
    ($sdk:ident, $aws:expr, $endpoint:literal, $limits:expr) => {{
        let (timeouts, retries) = $limits;
        let mut builder = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new($aws.region.clone()))
            .credentials_provider($aws.credentials.clone())
            .http_client($aws.http.clone())
            .timeout_config(timeouts)
            .retry_config(retries);
        if let Some(url) = $aws.endpoint($endpoint) {
            builder = builder.endpoint_url(url);
        }
        builder
    }};
}

impl Aws {
    /// From `AWS_REGION` and the credentials that Lambda puts beside it.
    pub fn new(environment: &Environment) -> Result<Self, MissingSettings> {
        environment.read(Self::read)
    }

    /// The same among other settings, so that all that is missing is named at once.
    pub fn read(get: &mut Reader<'_>) -> Self {
        Self {
            region: get.text("AWS_REGION"),
            credentials: Credentials::from_keys(
                get.text("AWS_ACCESS_KEY_ID"),
                get.text("AWS_SECRET_ACCESS_KEY"),
                get.optional("AWS_SESSION_TOKEN").map(str::to_owned),
            ),
            http: aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_https(),
            environment: get.environment().clone(),
        }
    }

    /// The table.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = client!(aws_sdk_dynamodb, self, "AWS_ENDPOINT_URL_DYNAMODB", quick());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The keys.
    pub fn kms(&self) -> aws_sdk_kms::Client {
        let config = client!(aws_sdk_kms, self, "AWS_ENDPOINT_URL_KMS", quick());
        aws_sdk_kms::Client::from_conf(config.build())
    }

    /// The documents. An endpoint of one's own has no bucket names in its host name.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let path_style = self.endpoint("AWS_ENDPOINT_URL_S3").is_some();
        let config = client!(aws_sdk_s3, self, "AWS_ENDPOINT_URL_S3", bulky());
        aws_sdk_s3::Client::from_conf(config.force_path_style(path_style).build())
    }

    /// The secrets of services that are not AWS's.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let limits = limits(Duration::from_secs(1), Duration::from_secs(2), 2);
        let config = client!(
            aws_sdk_secretsmanager,
            self,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            limits
        );
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// E-mail.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let config = client!(aws_sdk_sesv2, self, "AWS_ENDPOINT_URL_SESV2", once());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    /// SMS.
    pub fn sns(&self) -> aws_sdk_sns::Client {
        let config = client!(aws_sdk_sns, self, "AWS_ENDPOINT_URL_SNS", once());
        aws_sdk_sns::Client::from_conf(config.build())
    }

    /// The AWS SDKs' own variables for another endpoint: of one service, else of all.
    fn endpoint(&self, service: &str) -> Option<&str> {
        self.environment
            .optional(service)
            .or_else(|| self.environment.optional("AWS_ENDPOINT_URL"))
    }
}
