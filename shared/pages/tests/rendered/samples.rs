//! Sample contexts of every page and e-mail, for the tests and the gallery.
#![expect(clippy::unwrap_used, reason = "samples are right by construction")]

use domain::delivery::CloseReason;
use domain::document::{Document, Kind, State};
use domain::language::Language;
use domain::practice::{Channel, MessageChannel, PublicPractice};
use domain::symbols::Reference;
use domain::time::{Timestamp, ZoneName};
use jiff::civil::{Date, date};
use pages::{
    ClosedPage, CodePage, DeliveryEmail, DocumentsNote, DocumentsPage, EmailTemplate, EmailText,
    EntryNote, Frame, NotMinePage, Rendered, SelfServiceButton, closed_page, code_page,
    documents_page, fault_page, not_mine_page, pending_page, privacy_page, thanks_page,
    unknown_page,
};

/// The path of the sample delivery.
pub(crate) const PATH: &str = "/d/K7M3QXPB2345BCDF6789GHJKLMNP";

/// What a hostile practice would call itself, its documents and its patients.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"' onload=\"x {code} </style>";

/// A point in time that every sample names.
pub(crate) fn until() -> Timestamp {
    Timestamp::parse("2026-11-26T13:30:00Z").unwrap()
}

/// The reference of the sample delivery.
pub(crate) fn reference() -> Reference {
    Reference::parse("K7M3QXPB").unwrap()
}

/// A practice that gave everything there is to give.
pub(crate) fn practice() -> PublicPractice {
    PublicPractice {
        public_name: "Praxis am Park".to_owned(),
        phone: Some("0441 234567".to_owned().try_into().unwrap()),
        email: Some("praxis@example.org".to_owned().try_into().unwrap()),
        imprint_url: Some(
            "https://praxis.example.org/impressum?a=1&b=2"
                .to_owned()
                .try_into()
                .unwrap(),
        ),
        privacy_url: Some(
            "https://praxis.example.org/datenschutz"
                .to_owned()
                .try_into()
                .unwrap(),
        ),
        colour: None,
        time_zone: ZoneName::default(),
        disabled_at: None,
    }
}

/// A practice that gave its name alone.
pub(crate) fn bare_practice(name: &str) -> PublicPractice {
    PublicPractice {
        public_name: name.to_owned(),
        phone: None,
        email: None,
        imprint_url: None,
        privacy_url: None,
        ..practice()
    }
}

/// A document that is ready.
pub(crate) fn document(kind: Kind, number: &str, issued_on: Date, size: u64) -> Document {
    let random = "a".repeat(25);
    Document {
        id: domain::id::DocumentId::new(issued_on, &random).unwrap(),
        record: "r1".parse().unwrap(),
        kind,
        number: number.to_owned().try_into().unwrap(),
        title: Some("Geheimer Titel".to_owned().try_into().unwrap()),
        issued_on,
        file_name: Some("Erika Mustermann.pdf".to_owned().try_into().unwrap()),
        size,
        sha256: "0".repeat(64),
        released: true,
        state: State::Ready,
        refused_because: None,
        created_at: until(),
        deleted_at: None,
    }
}

/// One of each kind.
pub(crate) fn sent() -> Vec<Document> {
    Kind::ALL
        .into_iter()
        .zip(["2026-0815", "2026-0816", "N 12", "T/2026/7", "R-99"])
        .map(|(kind, number)| document(kind, number, date(2026, 11, 20), 240_000))
        .collect()
}

/// Two that D8 offers besides.
pub(crate) fn offered() -> Vec<Document> {
    vec![
        document(Kind::Invoice, "2026-0702", date(2026, 10, 2), 238_000),
        document(Kind::Receipt, "2026-0688", date(2026, 9, 28), 5_242_880),
    ]
}

/// Every note.
pub(crate) const fn notes(until: Timestamp) -> [EntryNote; 17] {
    [
        EntryNote::Empty,
        EntryNote::NotACode { again: false },
        EntryNote::NotACode { again: true },
        EntryNote::ForeignSymbol,
        EntryNote::ReferenceTyped,
        EntryNote::Wrong {
            until,
            after_request: false,
        },
        EntryNote::Wrong {
            until,
            after_request: true,
        },
        EntryNote::CodeSent { from: until },
        EntryNote::CodeFateUnknown { from: until },
        EntryNote::CodeTooEarly { from: until },
        EntryNote::NoMoreCodes,
        EntryNote::CannotSendCode,
        EntryNote::Wait { seconds: 20 },
        EntryNote::Reloaded { seconds: 30 },
        EntryNote::FormExpired,
        EntryNote::SessionEnded,
        EntryNote::Done { until },
    ]
}

/// Every reason.
pub(crate) const REASONS: [CloseReason; 8] = [
    CloseReason::NotSent,
    CloseReason::Revoked,
    CloseReason::Reported,
    CloseReason::Superseded,
    CloseReason::TooManyAttempts,
    CloseReason::Expired,
    CloseReason::StaleFailure,
    CloseReason::Used,
];

/// The sample delivery's page.
pub(crate) fn frame(language: Language, practice: &PublicPractice) -> Frame<'_> {
    Frame {
        language,
        practice: Some(practice),
        path: PATH,
    }
}

/// The code page with a note or none.
pub(crate) fn code(frame: &Frame<'_>, channel: Channel, note: Option<EntryNote>) -> Rendered {
    let page = CodePage {
        reference: &reference(),
        documents: 1,
        channel,
        form: "1790260000.c2FtcGxlLWZvcm0tdG9rZW4tb2YtYS11c3VhbC1sZW5ndGg",
        self_service: (channel == Channel::SelfService || note.is_some())
            .then(|| button(note.is_none())),
        until: Some(until()),
        note,
    };
    code_page(frame, &page)
}

/// The button that asks for a code.
pub(crate) fn button(is_first: bool) -> SelfServiceButton<'static> {
    SelfServiceButton {
        channel: MessageChannel::Sms,
        left: 3,
        is_first,
        form: "1790260000.c2FtcGxlLWZvcm0tdG9rZW4tb2YtYS11c3VhbC1sZW5ndGg",
    }
}

/// The page of a closed delivery that no new code opens.
pub(crate) fn closed(reason: CloseReason) -> ClosedPage<'static> {
    ClosedPage {
        reason,
        ended_at: Some(until()),
        self_service: None,
        note: None,
    }
}

/// The documents page.
pub(crate) fn documents(
    frame: &Frame<'_>,
    sent: &[Document],
    offered: &[Document],
    note: Option<DocumentsNote>,
) -> Rendered {
    let page = DocumentsPage {
        until: until(),
        token_path: PATH,
        form: "1790260000.c2FtcGxlLWZvcm0",
        sent,
        offered,
        note,
    };
    documents_page(frame, &page)
}

/// The question whether the e-mail was not for the reader.
pub(crate) fn not_mine(
    language: Language,
    practice: &PublicPractice,
    form_expired: bool,
) -> Rendered {
    let own_path = format!("{PATH}/not-mine");
    let frame = Frame {
        path: &own_path,
        ..frame(language, practice)
    };
    let page = NotMinePage {
        token_path: PATH,
        form: "1790260000.c2FtcGxlLWZvcm0",
        form_expired,
    };
    not_mine_page(&frame, &page)
}

/// Every state of every page, by the state's name; where a state looks different with other contents, that is added.
pub(crate) fn pages(language: Language, practice: &PublicPractice) -> Vec<(String, Rendered)> {
    let frame = frame(language, practice);
    let nobody = Frame {
        practice: None,
        ..frame
    };
    let mut pages = Vec::new();
    let mut add = |variant: &str, page: Rendered| {
        pages.push((format!("{}{variant}", page.state.name()), page));
    };
    for (channel, variant) in [
        (Channel::Sms, ""),
        (Channel::Threema, "+threema"),
        (Channel::Spoken, "+spoken"),
        (Channel::SelfService, ""),
    ] {
        add(variant, code(&frame, channel, None));
    }
    for note in notes(until()) {
        add("", code(&frame, Channel::Sms, Some(note)));
    }
    for reason in REASONS {
        add("", closed_page(&frame, &closed(reason)));
    }
    for (reason, note) in [
        (CloseReason::TooManyAttempts, None),
        (CloseReason::StaleFailure, None),
        (CloseReason::Used, None),
        (
            CloseReason::Used,
            Some(EntryNote::CodeTooEarly { from: until() }),
        ),
    ] {
        let page = ClosedPage {
            self_service: Some(button(false)),
            note,
            ..closed(reason)
        };
        add("", closed_page(&frame, &page));
    }
    add("", documents(&frame, &sent()[..1], &offered(), None));
    add("+all-kinds", documents(&frame, &sent(), &[], None));
    for note in [DocumentsNote::Gone, DocumentsNote::FormExpired] {
        add("", documents(&frame, &[], &offered(), Some(note)));
    }
    for form_expired in [false, true] {
        add("", not_mine(language, practice, form_expired));
    }
    add("", thanks_page(&frame));
    add("", pending_page(&frame));
    add("", fault_page(&frame));
    add("+without-practice", fault_page(&nobody));
    add("", unknown_page(&nobody));
    add(
        "",
        privacy_page(&Frame {
            path: "/privacy",
            ..nobody
        }),
    );
    pages
}

/// Every form of the e-mail, by name.
pub(crate) fn emails(
    language: Language,
    practice: &PublicPractice,
    words: &str,
) -> Vec<(String, EmailText)> {
    [
        (Channel::Sms, "sms", 1, ""),
        (Channel::Threema, "threema", 2, words),
        (Channel::Spoken, "spoken", 3, ""),
        (Channel::SelfService, "self-service", 1, words),
    ]
    .into_iter()
    .map(|(channel, name, documents, additional_text)| {
        let mail = DeliveryEmail {
            language,
            practice,
            name: if words == HOSTILE {
                HOSTILE
            } else {
                "Erika Mustermann"
            },
            documents,
            link: "https://dokumente.example.org/d/K7M3QXPB2345BCDF6789GHJKLMNP",
            reference: &reference(),
            channel,
            additional_text,
            reachable_until: Timestamp::parse("2027-02-23T13:30:00Z").unwrap(),
        };
        (
            format!("email-{name}"),
            EmailTemplate::built_in(language).render(&mail),
        )
    })
    .collect()
}
