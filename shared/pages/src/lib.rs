//! Patient pages, e-mails and messages, in every language.
