//! Sends e-mails and messages and says what became of them.
