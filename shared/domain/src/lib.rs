//! Types and rules of Zweiweg, named as the product names them.
//!
//! Pure and synchronous: nothing here does I/O, reads a clock or draws random numbers, so nothing here can fail in those ways and every rule can be tested at its boundary instant.
//! A rule's number (S1, L4, D8, P2) stands in the documentation of the function that is that rule.
#![warn(missing_docs)]

pub mod access;
pub mod audit;
pub mod contact;
pub mod delivery;
pub mod document;
pub mod email_status;
pub mod gsm7;
pub mod hashed;
pub mod id;
pub mod language;
pub mod openings;
pub mod outgoing;
pub mod practice;
pub mod rate;
pub mod record;
pub mod run;
pub mod sending;
pub mod smuggling;
pub mod symbols;
pub mod text;
pub mod text_template;
pub mod threema;
pub mod time;
pub mod usage;
pub mod webhook;
