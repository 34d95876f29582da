//! What AWS takes, what is assumed where nothing can be counted here, and what follows: the price of what was used.

/// One price.
pub(crate) struct Price {
    pub(crate) of: &'static str,
    /// USD for so many.
    pub(crate) usd: f64,
    pub(crate) per: f64,
    pub(crate) unit: &'static str,
}

const MILLION: f64 = 1_000_000.0;

const fn price(of: &'static str, usd: f64, per: f64, unit: &'static str) -> Price {
    Price { of, usd, per, unit }
}

/// List prices for Frankfurt (eu-central-1) in USD before taxes, without free tiers and discounts.
///
/// From AWS's public price pages of these services as of November 2025; the one of an SMS to Germany is the middle of 0.08 to 0.12.
pub(crate) const REQUEST: Price = price("HTTP API", 1.20, MILLION, "million requests");
pub(crate) const INVOCATION: Price = price("Lambda", 0.20, MILLION, "million invocations");
pub(crate) const GB_SECOND: Price = price("Lambda on arm64", 13.33, MILLION, "million GB-seconds");
pub(crate) const WRITE: Price = price("DynamoDB on demand", 0.76, MILLION, "million write units");
pub(crate) const READ: Price = price("DynamoDB on demand", 0.15, MILLION, "million read units");
pub(crate) const TABLE_MONTH: Price = price(
    "DynamoDB with point-in-time recovery",
    0.55,
    1.0,
    "GB-month",
);
pub(crate) const BUCKET_WRITE: Price = price("S3", 5.40, MILLION, "million uploads");
pub(crate) const BUCKET_READ: Price = price("S3", 0.43, MILLION, "million reads");
pub(crate) const BUCKET_MONTH: Price = price("S3", 0.0245, 1.0, "GB-month");
pub(crate) const EMAIL: Price = price("SES", 0.10, 1_000.0, "1,000 e-mails");
pub(crate) const SMS: Price = price("SNS, to Germany", 0.10, 1.0, "SMS");
pub(crate) const TRAFFIC: Price = price("Traffic to the internet", 0.09, 1.0, "GB");
pub(crate) const LOGGED: Price = price("CloudWatch logs", 0.63, 1.0, "GB");
pub(crate) const KEY_MONTH: Price = price("KMS", 1.0, 1.0, "key and month");
pub(crate) const ALARM_MONTH: Price = price("CloudWatch", 0.10, 1.0, "alarm and month");

/// All of them, as the sheet lists them.
pub(crate) const LIST: [&Price; 15] = [
    &REQUEST,
    &INVOCATION,
    &GB_SECOND,
    &WRITE,
    &READ,
    &TABLE_MONTH,
    &BUCKET_WRITE,
    &BUCKET_READ,
    &BUCKET_MONTH,
    &EMAIL,
    &SMS,
    &TRAFFIC,
    &LOGGED,
    &KEY_MONTH,
    &ALARM_MONTH,
];

/// Milliseconds that a warm function is billed for besides waiting and hashing.
pub(crate) const OWN_WORK: f64 = 4.0;
/// Milliseconds of the hash of a code in 1,024 MB, which is 0.58 of a processor.
pub(crate) const HASH: f64 = 45.0;
/// Milliseconds that a call to a service takes; calls that go together are counted one after the other.
pub(crate) fn wait_of(service: &str) -> f64 {
    match service {
        "SESV2" | "SNS" => 80.0,
        "S3" => 25.0,
        _ => 6.0,
    }
}
/// Bytes that an invocation or a request at the gateway leaves in the logs.
pub(crate) const LOG_LINES: f64 = 350.0;
/// Seconds of a month.
pub(crate) const MONTH: f64 = 30.0 * 86_400.0;
const GB: f64 = 1_000_000_000.0;

/// What was used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// At the gateway.
    pub(crate) requests: f64,
    pub(crate) invocations: f64,
    pub(crate) gb_seconds: f64,
    /// Units of the table.
    pub(crate) writes: f64,
    pub(crate) reads: f64,
    pub(crate) uploads: f64,
    pub(crate) downloads: f64,
    pub(crate) emails: f64,
    pub(crate) messages: f64,
    /// Bytes that left for the internet.
    pub(crate) bytes: f64,
    /// Milliseconds of waiting for services, which become GB-seconds of whoever waited.
    pub(crate) waited: f64,
}

impl Used {
    /// An invocation of a function with so many MB, which did the waiting.
    pub(crate) fn by(mut self, mb: f64, hashes: f64) -> Self {
        let milliseconds = OWN_WORK + self.waited + hashes * HASH;
        self.gb_seconds += mb / 1024.0 * milliseconds / 1000.0;
        self.invocations += 1.0;
        self.waited = 0.0;
        self
    }

    /// USD.
    pub(crate) fn cost(&self) -> f64 {
        let logged = (self.requests + self.invocations) * LOG_LINES / GB;
        [
            (&REQUEST, self.requests),
            (&INVOCATION, self.invocations),
            (&GB_SECOND, self.gb_seconds),
            (&WRITE, self.writes),
            (&READ, self.reads),
            (&BUCKET_WRITE, self.uploads),
            (&BUCKET_READ, self.downloads),
            (&EMAIL, self.emails),
            (&SMS, self.messages),
            (&TRAFFIC, self.bytes / GB),
            (&LOGGED, logged),
        ]
        .map(|(price, number)| price.of(number))
        .iter()
        .sum()
    }
}

impl Price {
    /// USD for so many.
    pub(crate) fn of(&self, number: f64) -> f64 {
        self.usd / self.per * number
    }
}

impl std::ops::Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            invocations: self.invocations + other.invocations,
            gb_seconds: self.gb_seconds + other.gb_seconds,
            writes: self.writes + other.writes,
            reads: self.reads + other.reads,
            uploads: self.uploads + other.uploads,
            downloads: self.downloads + other.downloads,
            emails: self.emails + other.emails,
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
            waited: self.waited + other.waited,
        }
    }
}
