//! D1: every way of hiding is found, and business texts raise no false alarm.

use super::*;

mod business;
mod draw;
mod hiding;
mod shapes;

fn holds(text: &str) -> bool {
    d1_holds_code(text, &Code::from_symbols(*b"K7MBCT").unwrap())
}
