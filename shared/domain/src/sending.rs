//! The rules of sending: which settings hold, what is missing, where the e-mail goes (D3, D4, D5, D5a, D7, D8).

use serde::{Deserialize, Serialize};

use crate::contact::{EmailAddress, Mobile, SenderId, ThreemaId};
use crate::document::{Document, Kind};
use crate::language::Language;
use crate::practice::{Channel, Limits, MessageChannel, RecordType, SelfService, Settings};
use crate::record::{Recipient, Record};
use crate::text::Line;

/// D8: how many documents a page offers in all where nothing is set.
const OFFERED_BY_DEFAULT: i64 = 24;

/// Where a value comes from (D4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The request itself.
    Delivery,
    /// The recipient.
    Recipient,
    /// The record.
    Record,
    /// The record type.
    RecordType,
    /// The practice.
    Practice,
    /// Nobody set it.
    Default,
}

/// A value and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Setting<T> {
    /// What holds.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

/// What a request itself sets; the rest comes from the levels below (D4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// How the code travels.
    pub channel: Option<Channel>,
    /// D8.
    pub offered_invoices: Option<i64>,
    /// L1, shortened.
    pub valid_days: Option<i64>,
    /// D6: `false` asks for an unprotected delivery.
    #[serde(default)]
    pub protected: Option<bool>,
}

/// The levels that settings resolve over.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    /// The request.
    pub delivery: &'a Overrides,
    /// To whom.
    pub recipient: &'a Recipient,
    /// Whose documents.
    pub record: &'a Record,
    /// The record's type, or the linked record's for a recipient with one (D4).
    pub record_type: &'a RecordType,
    /// The practice.
    pub practice: &'a Settings,
}

/// The settings that hold for one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// How the code travels.
    pub channel: Setting<Channel>,
    /// D8: documents offered in all.
    pub offered_invoices: Setting<i64>,
    /// L1, shortened; `None` is the full three months.
    pub valid_days: Setting<Option<i64>>,
    /// D6: whether link and code stand before the document.
    pub protected: Setting<bool>,
}

/// D4: the first level that sets a value wins: delivery, recipient, record, record type, practice.
///
/// `kind` is the kind of the delivery's first document.
pub fn d4_resolve(levels: Levels<'_>, kind: Kind) -> Resolved {
    let Levels {
        delivery,
        recipient,
        record,
        record_type,
        practice,
    } = levels;
    let channel_of = |setting: &Option<crate::practice::ChannelSetting>| {
        setting.as_ref().and_then(|s| s.of(kind))
    };
    let get = |number: Option<crate::practice::OfferedInvoices>| {
        number.map(crate::practice::Bounded::get)
    };
    let days = |number: Option<crate::practice::ValidDays>| number.map(|days| Some(days.get()));
    let offered_by_default = if record.is_first(&recipient.id) {
        OFFERED_BY_DEFAULT
    } else {
        0
    };
    Resolved {
        channel: first_set(
            [
                delivery.channel,
                channel_of(&recipient.channel),
                channel_of(&record.channel),
                channel_of(&record_type.channel),
                channel_of(&practice.channel),
            ],
            Channel::Spoken,
        ),
        offered_invoices: first_set(
            [
                delivery.offered_invoices,
                get(recipient.offered_invoices),
                get(record.offered_invoices),
                get(record_type.offered_invoices),
                get(practice.offered_invoices),
            ],
            offered_by_default,
        ),
        valid_days: first_set(
            [
                delivery.valid_days.map(Some),
                None,
                days(record.valid_days),
                days(record_type.valid_days),
                days(practice.valid_days),
            ],
            None,
        ),
        protected: d6_protected(delivery.protected, record, kind),
    }
}

/// D6: protection is what holds, unless the request waives it and the record itself allows that, for an invoice or receipt.
///
/// No other level can waive it. That it is a single one is for who knows all documents to see.
fn d6_protected(asked: Option<bool>, record: &Record, kind: Kind) -> Setting<bool> {
    let may_be_waived = record.allow_unprotected && kind.is_invoice_or_receipt();
    match asked {
        Some(protected) if protected || may_be_waived => Setting {
            value: protected,
            origin: Origin::Delivery,
        },
        Some(_) => Setting {
            value: true,
            origin: Origin::Record,
        },
        None => Setting {
            value: true,
            origin: Origin::Default,
        },
    }
}

fn first_set<T>(levels: [Option<T>; 5], default: T) -> Setting<T> {
    let origins = [
        Origin::Delivery,
        Origin::Recipient,
        Origin::Record,
        Origin::RecordType,
        Origin::Practice,
    ];
    levels
        .into_iter()
        .zip(origins)
        .find_map(|(level, origin)| level.map(|value| Setting { value, origin }))
        .unwrap_or(Setting {
            value: default,
            origin: Origin::Default,
        })
}

/// What keeps a delivery from being sent; `type` in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// D5a: the record forbids electronic sending.
    SendingForbidden,
    /// D3: the practice has not consented to SMS.
    NoConsent,
    /// D3: the practice has not consented to Threema.
    NoThreemaConsent,
    /// D3: the recipient has no mobile number.
    NoMobile,
    /// D3: the recipient has no Threema ID.
    NoThreemaId,
    /// The operator lets no text messages go to the number's country.
    CountryNotAllowed,
    /// D3: the record type does not allow asking for the code.
    SelfServiceNotAllowed,
    /// The recipient has neither an own nor a linked e-mail address.
    NoEmail,
}

/// Whom a delivery reaches, and how, with a linked record's addresses filled in (D7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// As the e-mail addresses them.
    pub name: Line,
    /// Where the e-mail goes.
    pub email: EmailAddress,
    /// Where an SMS goes.
    pub mobile: Option<Mobile>,
    /// Where a Threema message goes.
    pub threema_id: Option<ThreemaId>,
    /// What they read.
    pub language: Language,
}

/// D5a and D7: whom a delivery of documents of these kinds reaches.
///
/// `linked` is the first recipient of the record that the recipient points to; it then brings name and addresses.
pub fn d7_addressee(
    recipient: &Recipient,
    linked: Option<&Recipient>,
    kinds: &[Kind],
    practice: &Settings,
) -> Option<Addressee> {
    let from = linked.unwrap_or(recipient);
    let invoices_alone = kinds.iter().all(|kind| kind.is_invoice_or_receipt());
    let email = from
        .invoice_email
        .as_ref()
        .filter(|_| invoices_alone)
        .or(from.email.as_ref())?;
    Some(Addressee {
        name: from.name.clone()?,
        email: email.clone(),
        mobile: from.mobile.clone(),
        threema_id: from.threema_id.clone(),
        language: from
            .language
            .or(recipient.language)
            .unwrap_or(practice.language),
    })
}

/// L6: the channel of a code asked for on the page: the delivery's own if it carries messages, else the record type's, else SMS.
pub fn l6_message_channel(channel: Channel, self_service: &SelfService) -> MessageChannel {
    match channel {
        Channel::Sms => MessageChannel::Sms,
        Channel::Threema => MessageChannel::Threema,
        Channel::Spoken | Channel::SelfService => {
            self_service.channel.unwrap_or(MessageChannel::Sms)
        }
    }
}

/// D3 and D5a: what keeps a delivery on this channel from being sent, all of it.
pub fn d3_obstacles(
    channel: Channel,
    self_service: &SelfService,
    record: &Record,
    addressee: &Addressee,
    practice: &Settings,
) -> Vec<Obstacle> {
    let asked_for = channel == Channel::SelfService;
    let by = |message: MessageChannel| {
        channel == Channel::from(message)
            || asked_for && l6_message_channel(channel, self_service) == message
    };
    let (sms, threema) = (by(MessageChannel::Sms), by(MessageChannel::Threema));
    [
        (!record.electronic_sending, Obstacle::SendingForbidden),
        (
            asked_for && !self_service.allowed,
            Obstacle::SelfServiceNotAllowed,
        ),
        (sms && !practice.sms_allowed, Obstacle::NoConsent),
        (sms && addressee.mobile.is_none(), Obstacle::NoMobile),
        (
            threema && !practice.threema_allowed,
            Obstacle::NoThreemaConsent,
        ),
        (
            threema && addressee.threema_id.is_none(),
            Obstacle::NoThreemaId,
        ),
    ]
    .into_iter()
    .filter_map(|(holds, obstacle)| holds.then_some(obstacle))
    .collect()
}

/// D5: the sender that an SMS shows: the practice's, if it has one that the operator still allows and does not hide itself, else Zweiweg's own.
pub fn d5_sender<'a>(practice: &'a Settings, limits: &Limits, own: &'a SenderId) -> &'a SenderId {
    practice
        .sender_id
        .as_ref()
        .filter(|sender| !practice.hide_practice_number && limits.allow_sender(sender))
        .unwrap_or(own)
}

/// D8: the other documents that a page offers, newest first.
///
/// `others` are the record's documents without the sent ones; nothing is offered unless one of the sent ones is an invoice or receipt.
pub fn d8_offered(
    sent: &[Document],
    mut others: Vec<Document>,
    offered_invoices: i64,
) -> Vec<Document> {
    if !sent
        .iter()
        .any(|document| document.kind.is_invoice_or_receipt())
    {
        return Vec::new();
    }
    let room = usize::try_from(offered_invoices)
        .unwrap_or(0)
        .saturating_sub(sent.len());
    others
        .retain(|other| other.is_offered() && !sent.iter().any(|document| document.id == other.id));
    others.sort_by(Document::newest_first);
    others.truncate(room);
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::State;
    use crate::id::DocumentId;
    use crate::time::Timestamp;

    fn record(extra: &str) -> Record {
        let patient = format!(
            r#"{{"id":"p","name":"Ada","email":"a@example.org","invoice_email":"i@example.org"{extra}}}"#
        );
        let insurer = r#"{"id":"i","name":"Kasse","email":"k@example.org","language":"en"}"#;
        serde_json::from_str(&format!(
            r#"{{"record_type":"t","recipients":[{patient},{insurer}]}}"#
        ))
        .unwrap()
    }

    fn settings(extra: &str) -> Settings {
        serde_json::from_str(&format!(r#"{{"name":"Praxis"{extra}}}"#)).unwrap()
    }

    fn document(kind: Kind, issued_on: jiff::civil::Date, released: bool) -> Document {
        let random = format!("{:0>25}", format!("{kind:?}{released}").to_lowercase());
        Document {
            id: DocumentId::new(issued_on, &random).unwrap(),
            record: "r".parse().unwrap(),
            kind,
            number: Line::try_from("1".to_owned()).unwrap(),
            title: None,
            issued_on,
            file_name: None,
            size: 1,
            sha256: String::new(),
            released,
            state: State::Ready,
            refused_because: None,
            created_at: Timestamp::EPOCH,
            deleted_at: None,
        }
    }

    #[test]
    fn d4_the_first_level_that_sets_a_value_wins() {
        let record = record(r#","channel":{"note":"spoken"}"#);
        let record_type: RecordType =
            serde_json::from_str(r#"{"channel":"self_service","valid_days":30}"#).unwrap();
        let practice = settings(r#","channel":"sms","offered_invoices":5,"valid_days":60"#);
        let delivery = Overrides::default();
        let levels = Levels {
            delivery: &delivery,
            recipient: &record.recipients[0],
            record: &record,
            record_type: &record_type,
            practice: &practice,
        };

        let note = d4_resolve(levels, Kind::Note);
        assert_eq!(
            note.channel,
            Setting {
                value: Channel::Spoken,
                origin: Origin::Recipient
            }
        );
        assert_eq!(
            note.valid_days,
            Setting {
                value: Some(30),
                origin: Origin::RecordType
            }
        );
        assert_eq!(
            note.offered_invoices,
            Setting {
                value: 5,
                origin: Origin::Practice
            }
        );

        let invoice = d4_resolve(levels, Kind::Invoice);
        assert_eq!(
            invoice.channel,
            Setting {
                value: Channel::SelfService,
                origin: Origin::RecordType
            }
        );

        let asked = Overrides {
            channel: Some(Channel::Sms),
            ..Overrides::default()
        };
        let asked = d4_resolve(
            Levels {
                delivery: &asked,
                ..levels
            },
            Kind::Invoice,
        );
        assert_eq!(
            asked.channel,
            Setting {
                value: Channel::Sms,
                origin: Origin::Delivery
            }
        );
    }

    #[test]
    fn d6_only_request_and_record_together_waive_protection_of_an_invoice_or_receipt() {
        let allowing = Record {
            allow_unprotected: true,
            ..record("")
        };
        let waived = Setting {
            value: false,
            origin: Origin::Delivery,
        };
        let kept = |origin| Setting {
            value: true,
            origin,
        };
        for (asked, record, kind, expected) in [
            (Some(false), &allowing, Kind::Invoice, waived),
            (Some(false), &allowing, Kind::Receipt, waived),
            (Some(false), &allowing, Kind::Note, kept(Origin::Record)),
            (
                Some(false),
                &record(""),
                Kind::Invoice,
                kept(Origin::Record),
            ),
            (Some(true), &allowing, Kind::Invoice, kept(Origin::Delivery)),
            (None, &allowing, Kind::Invoice, kept(Origin::Default)),
        ] {
            assert_eq!(
                d6_protected(asked, record, kind),
                expected,
                "{asked:?} {kind:?}"
            );
        }
    }

    #[test]
    fn d3_what_is_missing_is_named_all_of_it() {
        let mut record = record("");
        record.electronic_sending = false;
        let practice = settings("");
        let addressee =
            d7_addressee(&record.recipients[0], None, &[Kind::Note], &practice).unwrap();
        assert_eq!(
            d3_obstacles(
                Channel::Sms,
                &SelfService::default(),
                &record,
                &addressee,
                &practice
            ),
            [
                Obstacle::SendingForbidden,
                Obstacle::NoConsent,
                Obstacle::NoMobile
            ]
        );
        record.electronic_sending = true;
        assert!(
            d3_obstacles(
                Channel::Spoken,
                &SelfService::default(),
                &record,
                &addressee,
                &practice
            )
            .is_empty()
        );
    }

    /// What is missing on a channel, by the self-service settings of the record type and what the recipient has.
    fn obstacles(
        channel: Channel,
        self_service: &str,
        recipient: &str,
        practice: &str,
    ) -> Vec<Obstacle> {
        let (record, practice) = (record(recipient), settings(practice));
        let addressee = d7_addressee(&record.recipients[0], None, &[Kind::Note], &practice);
        let self_service = serde_json::from_str(self_service).unwrap();
        d3_obstacles(
            channel,
            &self_service,
            &record,
            &addressee.unwrap(),
            &practice,
        )
    }

    #[test]
    fn d3_each_channel_needs_its_own_consent_and_address() {
        let (mobile, threema) = (
            r#","mobile":"+4915112345678""#,
            r#","threema_id":"ABCDEFGH""#,
        );
        let (sms_allowed, threema_allowed) =
            (r#","sms_allowed":true"#, r#","threema_allowed":true"#);
        let (none, by_sms) = (r#"{"allowed":false}"#, r#"{"allowed":true}"#);
        let by_threema = r#"{"allowed":true,"channel":"threema"}"#;
        let (no_sms, no_threema) = (Obstacle::NoConsent, Obstacle::NoThreemaConsent);
        let not_allowed = Obstacle::SelfServiceNotAllowed;
        for (channel, self_service, recipient, practice, expected) in [
            (Channel::Sms, none, mobile, sms_allowed, vec![]),
            (Channel::Sms, none, mobile, threema_allowed, vec![no_sms]),
            (
                Channel::Sms,
                none,
                threema,
                sms_allowed,
                vec![Obstacle::NoMobile],
            ),
            (Channel::Threema, none, threema, threema_allowed, vec![]),
            (
                Channel::Threema,
                none,
                threema,
                sms_allowed,
                vec![no_threema],
            ),
            (
                Channel::Threema,
                none,
                mobile,
                threema_allowed,
                vec![Obstacle::NoThreemaId],
            ),
            (Channel::Spoken, by_sms, "", "", vec![]),
            (Channel::SelfService, by_sms, mobile, sms_allowed, vec![]),
            (Channel::SelfService, by_sms, mobile, "", vec![no_sms]),
            (
                Channel::SelfService,
                by_sms,
                "",
                sms_allowed,
                vec![Obstacle::NoMobile],
            ),
            (
                Channel::SelfService,
                none,
                mobile,
                sms_allowed,
                vec![not_allowed],
            ),
            (
                Channel::SelfService,
                by_threema,
                threema,
                threema_allowed,
                vec![],
            ),
            (
                Channel::SelfService,
                by_threema,
                threema,
                "",
                vec![no_threema],
            ),
            (
                Channel::SelfService,
                by_threema,
                mobile,
                threema_allowed,
                vec![Obstacle::NoThreemaId],
            ),
        ] {
            let found = obstacles(channel, self_service, recipient, practice);
            assert_eq!(
                found, expected,
                "{channel:?} {self_service} {recipient} {practice}"
            );
        }
    }

    #[test]
    fn l6_a_code_asked_for_travels_as_the_first_one_did_or_as_the_record_type_says() {
        let unset = SelfService::default();
        let by_threema: SelfService =
            serde_json::from_str(r#"{"allowed":true,"channel":"threema"}"#).unwrap();
        for (channel, self_service, expected) in [
            (Channel::Sms, &by_threema, MessageChannel::Sms),
            (Channel::Threema, &unset, MessageChannel::Threema),
            (Channel::Spoken, &by_threema, MessageChannel::Threema),
            (Channel::SelfService, &by_threema, MessageChannel::Threema),
            (Channel::Spoken, &unset, MessageChannel::Sms),
            (Channel::SelfService, &unset, MessageChannel::Sms),
        ] {
            assert_eq!(
                l6_message_channel(channel, self_service),
                expected,
                "{channel:?}"
            );
        }
    }

    #[test]
    fn d7_another_recipient_brings_name_addresses_and_language() {
        let record = record(r#","language":"en","mobile":"+4915112345678""#);
        let practice = settings(r#","language":"de-x-informal""#);
        let [patient, insurer] = &record.recipients[..] else {
            panic!("two recipients");
        };
        let own = d7_addressee(patient, None, &[Kind::Note], &practice).unwrap();
        assert_eq!(
            (own.name.as_str(), own.language),
            ("Ada", Language::English)
        );
        assert!(own.mobile.is_some());
        let linked = d7_addressee(patient, Some(insurer), &[Kind::Note], &practice).unwrap();
        assert_eq!(
            (linked.name.as_str(), linked.email.as_str()),
            ("Kasse", "k@example.org")
        );
        assert_eq!(linked.mobile, None);
        let silent = Recipient {
            language: None,
            ..insurer.clone()
        };
        let of = |recipient, linked| {
            let addressee = d7_addressee(recipient, linked, &[Kind::Note], &practice);
            addressee.unwrap().language
        };
        assert_eq!(of(patient, Some(&silent)), Language::English);
        assert_eq!(of(&silent, None), Language::GermanInformal);
        let nowhere = Recipient {
            email: None,
            invoice_email: None,
            ..patient.clone()
        };
        assert_eq!(d7_addressee(&nowhere, None, &[Kind::Note], &practice), None);
    }

    #[test]
    fn d8_what_is_sent_is_offered_once() {
        use jiff::civil::date;
        let sent = [
            document(Kind::Note, date(2026, 11, 20), true),
            document(Kind::Invoice, date(2026, 11, 20), true),
        ];
        let other = document(Kind::Invoice, date(2026, 10, 2), true);
        let others = vec![sent[1].clone(), other.clone()];
        assert_eq!(d8_offered(&sent, others.clone(), 3), [other]);
        assert!(d8_offered(&sent, others.clone(), 2).is_empty());
        assert!(d8_offered(&sent, others, -1).is_empty());
    }

    #[test]
    fn d5a_invoices_alone_go_to_the_address_for_invoices() {
        let record = record("");
        let to = |kinds: &[Kind]| {
            d7_addressee(&record.recipients[0], None, kinds, &settings(""))
                .unwrap()
                .email
                .as_str()
                .to_owned()
        };
        assert_eq!(to(&[Kind::Invoice, Kind::Receipt]), "i@example.org");
        assert_eq!(to(&[Kind::Invoice, Kind::Note]), "a@example.org");
    }

    #[test]
    fn d5_a_practice_that_hides_itself_shows_our_sender() {
        let shown = |extra| shown(extra, None);
        assert_eq!(shown(r#","sender_id":"Praxis""#), "Praxis");
        let hidden = r#","sender_id":"Praxis","hide_practice_number":true"#;
        assert_eq!(shown(hidden), "Zweiweg");
        assert_eq!(shown(""), "Zweiweg");
    }

    #[test]
    fn d5_a_sender_that_the_operator_allows_no_more_gives_way_to_ours() {
        let shown = |allowed: &[&str]| shown(r#","sender_id":"Praxis""#, Some(allowed));
        assert_eq!(shown(&["Praxis", "Park"]), "Praxis");
        assert_eq!(shown(&["Park"]), "Zweiweg");
        assert_eq!(shown(&[]), "Zweiweg");
    }

    /// The sender of a practice with these settings, to which these senders are allowed; `None` is any.
    fn shown(extra: &str, allowed: Option<&[&str]>) -> String {
        let sender = |name: &str| SenderId::try_from(name.to_owned()).unwrap();
        let limits = Limits {
            sender_ids: allowed.map(|names| names.iter().copied().map(sender).collect()),
            ..Limits::default()
        };
        let own = sender("Zweiweg");
        d5_sender(&settings(extra), &limits, &own)
            .as_str()
            .to_owned()
    }

    #[test]
    fn d8_offers_released_invoices_since_2020_newest_first() {
        use jiff::civil::date;
        let sent = [document(Kind::Invoice, date(2026, 11, 20), false)];
        let others = vec![
            document(Kind::Receipt, date(2019, 12, 31), true),
            document(Kind::Receipt, date(2020, 1, 1), true),
            document(Kind::Invoice, date(2026, 10, 2), true),
            document(Kind::Invoice, date(2026, 10, 3), false),
            document(Kind::Note, date(2026, 10, 4), true),
        ];
        let days = |count| -> Vec<String> {
            d8_offered(&sent, others.clone(), count)
                .iter()
                .map(|d| d.issued_on.to_string())
                .collect()
        };
        assert_eq!(days(24), ["2026-10-02", "2020-01-01"]);
        assert_eq!(days(2), ["2026-10-02"]);
        assert!(days(1).is_empty() && days(0).is_empty());
        let mut later = document(Kind::Invoice, date(2026, 10, 2), true);
        later.created_at = later.created_at.plus(1);
        let of_one_day = vec![others[2].clone(), later.clone()];
        assert_eq!(d8_offered(&sent, of_one_day, 2), [later]);
        let note = [document(Kind::Note, date(2026, 11, 20), true)];
        assert!(d8_offered(&note, others, 24).is_empty());
    }

    #[test]
    fn d8_for_another_recipient_the_default_is_none() {
        let record = record("");
        let (delivery, record_type, practice) =
            (Overrides::default(), RecordType::default(), settings(""));
        let offered = |recipient| {
            d4_resolve(
                Levels {
                    delivery: &delivery,
                    recipient,
                    record: &record,
                    record_type: &record_type,
                    practice: &practice,
                },
                Kind::Invoice,
            )
            .offered_invoices
            .value
        };
        assert_eq!(offered(&record.recipients[0]), 24);
        assert_eq!(offered(&record.recipients[1]), 0);
    }
}
