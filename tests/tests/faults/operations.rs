//! The operations that meet faults: which function does each, what it may answer, and what it may send.

use std::fmt;

use crate::wire::{Call, Fault};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The gateway asks whose key a practice's request has.
    Authorize,
    /// `POST /v1/deliveries` of a document that was sent before.
    Issue,
    /// The same with another document, whose upload nobody has looked at.
    IssueUnseen,
    /// The same of the document alone, attached to the e-mail (D6).
    IssueAttached,
    /// `POST /v1/deliveries/{id}/code`, by SMS (L6a).
    MakeCode,
    /// `DELETE /v1/deliveries/{id}` (L7).
    Revoke,
    /// `GET /d/{token}`.
    CodePage,
    /// `POST /d/{token}` with a wrong code.
    WrongCode,
    /// The same with the right one.
    RightCode,
    /// `POST /d/{token}/code` (L6).
    AskForCode,
    /// `POST /d/{token}/not-mine` (L7).
    Report,
    /// `GET /d/{token}/documents`.
    List,
    /// `GET /d/{token}/documents/{id}`.
    Download,
    /// `POST /d/{token}/done`.
    Done,
    /// `POST /v1/invoice-runs` with one item, a document that was sent before.
    StartRun,
    /// A lane of such a run.
    Dispatch,
    /// The schedule finds a lane that stands still.
    LookAfterRun,
    /// `POST /v1/invoice-runs/{id}/cancel`, before its item was taken up.
    CancelRun,
    /// `POST /v1/invoice-runs/{id}/retry`, after the item's e-mail was refused.
    RetryRun,
    /// The table's stream brings `notify` a wrong entry and a report (L7).
    Follow,
    /// The schedule has `notify` settle the entry, and tell a webhook and a person of the report.
    Tell,
    /// SES says that the e-mail bounced.
    Feedback,
    /// The schedule finds an upload that came a day ago, and that nobody has looked at.
    SettleUpload,
}

impl Operation {
    /// Every one of them.
    pub(crate) const ALL: [Self; 23] = [
        Self::Authorize,
        Self::Issue,
        Self::IssueUnseen,
        Self::IssueAttached,
        Self::MakeCode,
        Self::Revoke,
        Self::CodePage,
        Self::WrongCode,
        Self::RightCode,
        Self::AskForCode,
        Self::Report,
        Self::List,
        Self::Download,
        Self::Done,
        Self::StartRun,
        Self::Dispatch,
        Self::LookAfterRun,
        Self::CancelRun,
        Self::RetryRun,
        Self::Follow,
        Self::Tell,
        Self::Feedback,
        Self::SettleUpload,
    ];

    /// The function that does it, by its logical id.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Authorize => "Authorize",
            Self::Issue
            | Self::IssueUnseen
            | Self::IssueAttached
            | Self::MakeCode
            | Self::Revoke => "Issue",
            Self::CodePage | Self::WrongCode | Self::RightCode | Self::Report => "Verify",
            Self::AskForCode => "RequestCode",
            Self::List | Self::Download | Self::Done => "Download",
            Self::StartRun | Self::CancelRun | Self::RetryRun => "InvoiceRun",
            Self::Dispatch | Self::LookAfterRun => "Dispatch",
            Self::SettleUpload => "Manage",
            Self::Follow | Self::Tell => "Notify",
            Self::Feedback => "Feedback",
        }
    }

    /// The functions that the case itself feeds from the table's stream and by the schedule.
    pub(crate) fn fed_by_the_case(self) -> &'static [&'static str] {
        match self {
            Self::Follow | Self::Tell => &["Dispatch", "Notify"],
            Self::SettleUpload => &["Dispatch", "Manage"],
            _ => &["Dispatch"],
        }
    }

    /// The answers that it may give: what it does, that somebody else does it, and that it cannot be done now.
    pub(crate) fn may_answer(self, status: u64, fault: Option<&(Call, Fault)>) -> bool {
        let clear: &[u64] = match self {
            // Without the right to list the bucket, S3 says the same of a file that it denies as of one that is not there.
            Self::Download if is_file_denied(fault) => &[404],
            Self::Issue | Self::IssueUnseen | Self::IssueAttached => &[201, 409, 502, 503],
            Self::MakeCode => &[201, 409, 503],
            Self::Revoke => &[204, 503],
            Self::CodePage | Self::List | Self::CancelRun => &[200, 503],
            Self::WrongCode => &[401, 429, 503],
            Self::RightCode | Self::AskForCode => &[303, 429, 503],
            Self::Report => &[410, 503],
            Self::Download | Self::Done => &[303, 503],
            Self::StartRun | Self::RetryRun => &[202, 503],
            // What asks for no page knows no statuses, and an error has it come again.
            Self::Dispatch | Self::Follow => &[],
            Self::Authorize
            | Self::LookAfterRun
            | Self::Tell
            | Self::Feedback
            | Self::SettleUpload => &[0, 500],
        };
        clear.contains(&status)
    }

    /// I7: how many e-mails and messages it may send, with its twin and what it brings about together.
    pub(crate) fn sends_at_most(self) -> (usize, usize) {
        match self {
            Self::Issue
            | Self::IssueUnseen
            | Self::StartRun
            | Self::Dispatch
            | Self::LookAfterRun
            | Self::RetryRun => (1, 1),
            Self::IssueAttached | Self::Follow | Self::Tell => (1, 0),
            Self::MakeCode | Self::AskForCode => (0, 1),
            Self::Authorize
            | Self::Revoke
            | Self::CodePage
            | Self::WrongCode
            | Self::RightCode
            | Self::Report
            | Self::List
            | Self::Download
            | Self::Done
            | Self::CancelRun
            | Self::Feedback
            | Self::SettleUpload => (0, 0),
        }
    }
}

fn is_file_denied(fault: Option<&(Call, Fault)>) -> bool {
    fault.is_some_and(|(call, fault)| *fault == Fault::Denied && call.name().starts_with("S3 "))
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
