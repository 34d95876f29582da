//! Every state in which a page can be: the one list that tests reach, look at and judge state by state.

/// Defines `PageState`, its list and its names.
macro_rules! states {
    ($($(#[$doc:meta])* $state:ident: $name:literal;)*) => {
        /// What a page says, whatever the language. The page names it in `data-state`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum PageState {
            $($(#[$doc])* $state,)*
        }

        impl PageState {
            /// Every state there is.
            pub const ALL: &[Self] = &[$(Self::$state),*];

            /// As the page names it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$state => $name,)*
                }
            }
        }
    };
}

states! {
    /// The code page as the link opens it.
    Code: "code";
    /// The same where no code was sent yet, so that it is asked for first.
    CodeToAskFor: "code-to-ask-for";
    /// Nothing was typed.
    Empty: "empty";
    /// What was typed is no code.
    NotACode: "not-a-code";
    /// Once more: the page may be in a translator's hands.
    NotACodeAgain: "not-a-code-again";
    /// It has a character that no code has.
    ForeignSymbol: "foreign-symbol";
    /// The reference was typed.
    ReferenceTyped: "reference-typed";
    /// A wrong code.
    Wrong: "wrong";
    /// The same after a code was asked for.
    WrongAfterRequest: "wrong-after-request";
    /// A wait after wrong entries.
    Wait: "wait";
    /// A wait after reloading very often.
    Reloaded: "reloaded";
    /// The form was too old or foreign.
    FormExpired: "form-expired";
    /// A code is on its way.
    CodeSent: "code-sent";
    /// Nobody knows whether it arrives.
    CodeFateUnknown: "code-fate-unknown";
    /// A code was asked for lately.
    CodeTooEarly: "code-too-early";
    /// No further code can be asked for.
    NoMoreCodes: "no-more-codes";
    /// No message can be sent now.
    CannotSendCode: "cannot-send-code";
    /// The documents page was open for too long.
    SessionEnded: "session-ended";
    /// The reader closed the documents page.
    Done: "done";
    /// Closed: its e-mail was not accepted.
    NotSent: "closed-not-sent";
    /// Closed: taken back.
    Revoked: "closed-revoked";
    /// Closed: reported as misdirected.
    Reported: "closed-reported";
    /// Closed: sent again.
    Superseded: "closed-superseded";
    /// Closed: too many wrong entries.
    TooManyAttempts: "closed-too-many-attempts";
    /// Closed: too old.
    Expired: "closed-expired";
    /// Closed: no right entry followed a wrong one in time.
    StaleFailure: "closed-stale-failure";
    /// Closed: the time after the first right entry is over.
    Used: "closed-used";
    /// Ten wrong entries, and a new code opens the page again.
    RevivableTooManyAttempts: "revivable-too-many-attempts";
    /// No right entry in time, and a new code opens the page again.
    RevivableStaleFailure: "revivable-stale-failure";
    /// The time after the first right entry is over, and a new code opens the page again.
    RevivableUsed: "revivable-used";
    /// A new code would open the page again, but asking for it just now did not work.
    RevivableNoted: "revivable-noted";
    /// The documents.
    Documents: "documents";
    /// The same where the one just asked for is gone.
    DocumentGone: "document-gone";
    /// The same where the form that was to end the session was too old or foreign.
    DocumentsFormExpired: "documents-form-expired";
    /// "Not for me": the question.
    NotMine: "not-mine";
    /// The same where the form with the yes was too old or foreign.
    NotMineFormExpired: "not-mine-form-expired";
    /// "Not for me": the thanks.
    NotMineThanks: "not-mine-thanks";
    /// The e-mail is being sent.
    Pending: "pending";
    /// A link that nobody knows.
    Unknown: "unknown";
    /// Something of ours failed.
    Fault: "fault";
    /// What is stored here.
    Privacy: "privacy";
}
