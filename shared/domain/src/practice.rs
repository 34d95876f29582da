//! A practice's settings and record types, and the limits that the operator sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contact::{Colour, EmailAddress, HttpsUrl, Phone, SenderId};
use crate::document::Kind;
use crate::language::Language;
use crate::text::Line;
use crate::time::{Timestamp, ZoneName};

/// How the code travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// As a text message.
    Sms,
    /// As a Threema message.
    Threema,
    /// The practice reads it out or writes it down.
    Spoken,
    /// The patient asks for it on the page.
    SelfService,
}

/// The channel for everything, or by document kind, where a kind's own wins (D4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected sms, threema, spoken or self_service, or an object with one of them by document kind"
)]
pub enum ChannelSetting {
    /// The same for every kind.
    One(Channel),
    /// By kind; kinds left out are not set here.
    ByKind(BTreeMap<Kind, Channel>),
}

impl ChannelSetting {
    /// What is set for this kind of document.
    pub fn of(&self, kind: Kind) -> Option<Channel> {
        match self {
            Self::One(channel) => Some(*channel),
            Self::ByKind(channels) => channels.get(&kind).copied(),
        }
    }
}

/// A whole number within bounds, as the settings have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Number", into = "i64")]
pub struct Bounded<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> Bounded<LEAST, MOST> {
    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A number as JSON has it, where `18` and `18.0` are the same one.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a whole number")]
enum Number {
    Whole(i64),
    WithFraction(f64),
}

impl<const LEAST: i64, const MOST: i64> TryFrom<i64> for Bounded<LEAST, MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("expected a whole number from {LEAST} to {MOST}"))
        }
    }
}

impl<const LEAST: i64, const MOST: i64> TryFrom<Number> for Bounded<LEAST, MOST> {
    type Error = String;

    fn try_from(number: Number) -> Result<Self, Self::Error> {
        match number {
            Number::Whole(number) => Self::try_from(number),
            // No number within any bounds is so large that a fraction could not tell it exactly.
            Number::WithFraction(number) => format!("{number}")
                .parse::<i64>()
                .map_err(|_| format!("expected a whole number from {LEAST} to {MOST}"))
                .and_then(Self::try_from),
        }
    }
}

impl<const LEAST: i64, const MOST: i64> From<Bounded<LEAST, MOST>> for i64 {
    fn from(number: Bounded<LEAST, MOST>) -> Self {
        number.0
    }
}

/// Any whole number.
pub type Whole = Bounded<{ i64::MIN }, { i64::MAX }>;
/// Days that a delivery is open at most; L1's three calendar months hold all the same.
pub type ValidDays = Bounded<1, 92>;
/// How many documents a page offers in all (D8).
pub type OfferedInvoices = Bounded<0, 24>;
/// A monthly cap.
pub type Cap = Bounded<0, 10_000_000>;

/// Monthly caps; left out means no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthlyCaps {
    /// E-mails.
    pub emails: Option<Cap>,
    /// SMS segments.
    pub sms: Option<Cap>,
    /// Threema messages.
    pub threema: Option<Cap>,
}

/// What a practice may say of itself and wants of its deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The practice's full name.
    pub name: Line,
    /// The name in From, e-mail and SMS (D9); the full name, cut to fit, where it is left out.
    pub public_name: Option<PublicName>,
    /// Where answers to an e-mail go, shown on the page too.
    pub reply_to: Option<EmailAddress>,
    /// Shown in the e-mail and on the page.
    pub phone: Option<Phone>,
    /// The practice's imprint.
    pub imprint_url: Option<HttpsUrl>,
    /// The practice's privacy statement.
    pub privacy_url: Option<HttpsUrl>,
    /// The colour of pages and e-mails.
    pub colour: Option<Colour>,
    /// The zone in which times are shown.
    #[serde(default)]
    pub time_zone: ZoneName,
    /// The language of recipients who have none of their own.
    #[serde(default)]
    pub language: Language,
    /// The practice's consent to SMS, which is charged for.
    #[serde(default)]
    pub sms_allowed: bool,
    /// The practice's consent to Threema, which is charged for.
    #[serde(default)]
    pub threema_allowed: bool,
    /// The sender that its SMS show (D5).
    pub sender_id: Option<SenderId>,
    /// Zweiweg's own sender instead (D5).
    #[serde(default)]
    pub hide_practice_number: bool,
    /// L1, shortened.
    pub valid_days: Option<ValidDays>,
    /// How codes travel.
    pub channel: Option<ChannelSetting>,
    /// D8.
    pub offered_invoices: Option<OfferedInvoices>,
    /// The practice's own caps.
    #[serde(default)]
    pub monthly_caps: MonthlyCaps,
    /// Where reports of bounces and locked deliveries go.
    pub report_to: Option<EmailAddress>,
}

impl Settings {
    /// A practice that has said nothing but its name.
    pub fn named(name: Line) -> Self {
        Self {
            name,
            public_name: None,
            reply_to: None,
            phone: None,
            imprint_url: None,
            privacy_url: None,
            colour: None,
            time_zone: ZoneName::default(),
            language: Language::default(),
            sms_allowed: false,
            threema_allowed: false,
            sender_id: None,
            hide_practice_number: false,
            valid_days: None,
            channel: None,
            offered_invoices: None,
            monthly_caps: MonthlyCaps::default(),
            report_to: None,
        }
    }
}

/// What the operator allows a practice; the practice can only lower it (D4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The senders that the practice may choose from; `None` is any.
    pub sender_ids: Option<Vec<SenderId>>,
    /// Caps above the practice's own.
    #[serde(default)]
    pub monthly_caps: MonthlyCaps,
}

/// A change of what the operator allows; what is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitsChange {
    /// The senders, as [`Limits::sender_ids`] has them.
    pub sender_ids: Option<Option<Vec<SenderId>>>,
    /// The cap on e-mails; `Some(None)` lifts it.
    pub emails: Option<Option<Cap>>,
    /// The same for SMS.
    pub sms: Option<Option<Cap>>,
    /// The same for Threema messages.
    pub threema: Option<Option<Cap>>,
}

impl Limits {
    /// D5: whether the operator approved this sender.
    pub fn allow_sender(&self, sender: &SenderId) -> bool {
        self.sender_ids
            .as_ref()
            .is_none_or(|approved| approved.contains(sender))
    }
}

/// The name that leaves the house before the code (D9): at most 40 septets of GSM-7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicName(Line);

impl PublicName {
    /// The most septets that a public name may have.
    pub const LONGEST: usize = 40;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for PublicName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let line = Line::try_from(text)?;
        match crate::gsm7::septets(&crate::gsm7::fold(line.as_str())) {
            Some(septets) if septets <= Self::LONGEST => Ok(Self(line)),
            _ => Err("expected at most 40 characters of the SMS alphabet"),
        }
    }
}

impl From<PublicName> for String {
    fn from(name: PublicName) -> Self {
        name.0.into()
    }
}

/// Beginnings and parts of words that tell what somebody is treated for.
const TELLING: [&str; 30] = [
    "psych",
    "therap",
    "onkolog",
    "oncolog",
    "gynäk",
    "gynec",
    "urolog",
    "proktolog",
    "androlog",
    "dermatolog",
    "hautarzt",
    "zahnarzt",
    "zahnärzt",
    "dental",
    "dentist",
    "kardiolog",
    "neurolog",
    "sucht",
    "addiction",
    "hiv",
    "aids",
    "kinderwunsch",
    "fertility",
    "schwangerschaft",
    "abtreibung",
    "diabet",
    "dialyse",
    "schmerz",
    "sexual",
    "logopäd",
];

/// D9: whether a name gives away the kind of treatment. Worth a warning, not a refusal: it is the practice's name.
pub fn d9_is_telling(name: &str) -> bool {
    let name = name.to_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

/// What pages and e-mails say of a practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPractice {
    /// D9.
    pub public_name: String,
    /// Where to call.
    pub phone: Option<Phone>,
    /// Where to write.
    pub email: Option<EmailAddress>,
    /// The practice's imprint.
    pub imprint_url: Option<HttpsUrl>,
    /// The practice's privacy statement.
    pub privacy_url: Option<HttpsUrl>,
    /// The colour of its pages.
    pub colour: Option<Colour>,
    /// The zone in which times are shown.
    pub time_zone: ZoneName,
    /// Since when the operator has disabled the practice; its deliveries count as revoked (L7).
    pub disabled_at: Option<Timestamp>,
}

impl PublicPractice {
    /// The public part of a practice's settings.
    pub fn of(settings: &Settings) -> Self {
        let public_name = settings.public_name.as_ref().map_or_else(
            || crate::gsm7::cut(settings.name.as_str(), PublicName::LONGEST),
            |name| name.as_str().to_owned(),
        );
        Self {
            public_name,
            phone: settings.phone.clone(),
            email: settings.reply_to.clone(),
            imprint_url: settings.imprint_url.clone(),
            privacy_url: settings.privacy_url.clone(),
            colour: settings.colour.clone(),
            time_zone: settings.time_zone.clone(),
            disabled_at: None,
        }
    }
}

/// Whether and how patients may ask for a code on the page (L6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfService {
    /// Whether they may.
    #[serde(default)]
    pub allowed: bool,
    /// The channel for deliveries whose own is neither SMS nor Threema.
    pub channel: Option<MessageChannel>,
    /// How often in a delivery's life; 3 where left out.
    pub max_requests: Option<Bounded<1, 20>>,
    /// How long between two requests; 30 where left out, and never less.
    pub min_interval_minutes: Option<Bounded<30, 1440>>,
}

/// A channel that carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageChannel {
    /// As a text message.
    Sms,
    /// As a Threema message.
    Threema,
}

impl From<MessageChannel> for Channel {
    fn from(channel: MessageChannel) -> Self {
        match channel {
            MessageChannel::Sms => Self::Sms,
            MessageChannel::Threema => Self::Threema,
        }
    }
}

/// Defaults for a group of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordType {
    /// How codes travel.
    pub channel: Option<ChannelSetting>,
    /// Asking for a code on the page.
    #[serde(default)]
    pub self_service: SelfService,
    /// D8.
    pub offered_invoices: Option<OfferedInvoices>,
    /// L1, shortened.
    pub valid_days: Option<ValidDays>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d9_names_that_tell_the_treatment_are_known() {
        for telling in [
            "Praxis für Psychotherapie",
            "Hautarzt Nord",
            "HIV-Schwerpunkt",
        ] {
            assert!(d9_is_telling(telling), "{telling}");
        }
        for neutral in ["Praxis am Park", "Dr. Ada Beispiel"] {
            assert!(!d9_is_telling(neutral), "{neutral}");
        }
    }

    #[test]
    fn settings_say_what_is_wrong_with_them() {
        for (body, expected) in [
            (r#"{"name":"P","colour":"red"}"#, "expected a colour"),
            (r#"{"name":"P","offered_invoices":25}"#, "from 0 to 24"),
            (r#"{"name":"P","time_zone":"Mars/North"}"#, "IANA"),
            (r#"{"name":"P","color":"black"}"#, "unknown field"),
            (r#"{"name":"P","channel":"fax"}"#, "expected sms"),
            (
                r#"{"name":"P","public_name":"Eine Praxis mit einem Namen, der viel zu lang ist"}"#,
                "at most 40",
            ),
            ("{}", "missing field `name`"),
        ] {
            let error = serde_json::from_str::<Settings>(body)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn whole_numbers_are_taken_however_json_writes_them() {
        let days = |written: &str| serde_json::from_str::<ValidDays>(written).map(Bounded::get);
        for whole in ["30", "30.0", "3e1"] {
            assert_eq!(days(whole).unwrap(), 30, "{whole}");
        }
        for other in [
            "0",
            "93",
            "30.5",
            "1e300",
            "-1",
            "18446744073709551615",
            "\"30\"",
            "null",
        ] {
            assert!(days(other).is_err(), "{other}");
        }
    }

    #[test]
    fn d9_the_full_name_is_cut_where_no_public_one_is_set() {
        let settings: Settings =
            serde_json::from_str(r#"{"name":"Gemeinschaftspraxis am Alten Stadtpark Nordwest"}"#)
                .unwrap();
        assert_eq!(
            PublicPractice::of(&settings).public_name,
            "Gemeinschaftspraxis am Alten Stadtpark"
        );
    }
}
