//! Where the commands work: an account and region on AWS, or a local stack.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::Region;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use clap::Args;
use documents::Documents;
use operator::OperatorError;
use store::Store;

/// What the local stack's S3 takes; its other services take anything. It opens nothing else.
const LOCAL: (&str, &str) = (
    "LOCALSTACKONLY000000",
    "this-key-opens-nothing-but-a-local-stack",
);

/// Where the table is.
#[derive(Args)]
pub(crate) struct Place {
    /// The table: output `TableName` of the stack.
    #[arg(long, global = true, default_value = "zweiweg", env = "ZWEIWEG_TABLE")]
    table: String,
    /// The region; your profile's where left out.
    #[arg(long, global = true)]
    region: Option<String>,
    /// Another DynamoDB than AWS's: the `dynamodb` address that the local stack prints.
    #[arg(long, global = true)]
    endpoint: Option<String>,
    /// Another KMS than AWS's: the `outbox` address that the local stack prints.
    #[arg(long, global = true)]
    kms_endpoint: Option<String>,
    /// The bucket: output `DocumentsBucketName` of the stack. Needed where documents are erased.
    #[arg(long, global = true, env = "ZWEIWEG_BUCKET")]
    bucket: Option<String>,
    /// Another S3 than AWS's: the `s3` address that the local stack prints.
    #[arg(long, global = true)]
    s3_endpoint: Option<String>,
    /// Seconds to wait before anything is erased and between two looks, so that requests under way end.
    #[arg(long, global = true, default_value_t = 30, hide = true)]
    pause: u64,
}

/// The operator's own profile on AWS; any credentials will do for a local stack.
pub(crate) struct Connection {
    config: aws_config::SdkConfig,
    place: Place,
}

impl Connection {
    pub(crate) async fn open(place: Place) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader =
            aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http);
        if let Some(region) = &place.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if place.endpoint.is_some() {
            loader = loader
                .region(Region::new("eu-central-1"))
                .credentials_provider(Credentials::from_keys(LOCAL.0, LOCAL.1, None));
        }
        let config = loader.load().await;
        Self { config, place }
    }

    pub(crate) fn table(&self) -> &str {
        &self.place.table
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.place.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(self.dynamodb(), self.table().to_owned())
    }

    pub(crate) fn bucket(&self) -> Result<Documents, OperatorError> {
        let bucket = self.place.bucket.clone().ok_or(OperatorError::NoBucket)?;
        let mut config = aws_sdk_s3::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.place.s3_endpoint {
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        let client = aws_sdk_s3::Client::from_conf(config.build());
        Ok(Documents::new(client, bucket))
    }

    /// In seconds.
    pub(crate) fn pause(&self) -> u64 {
        self.place.pause
    }

    pub(crate) fn kms(&self) -> aws_sdk_kms::Client {
        let mut config = aws_sdk_kms::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.place.kms_endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_kms::Client::from_conf(config.build())
    }
}
