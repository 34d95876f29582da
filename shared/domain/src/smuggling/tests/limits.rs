//! The check costs little and grows with the text alone, whatever it holds.

use std::time::{Duration, Instant};

use super::business::Letter;
use super::draw::Draw;
use super::*;

/// Far more than any mail may have.
const HOSTILE: usize = 100_000;
/// Linear work takes well under a second unoptimised; work that grows with the square takes minutes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn d1_hostile_texts_are_searched_in_linear_time() {
    let nested = format!("&{}#75;", "amp;".repeat(20));
    for part in [
        "K",
        "K ",
        "K7M-BC",
        "K7M ",
        "sieben",
        "siebenunds",
        "ß",
        "Ⅷ",
        "ﷺ",
        "а",
        "e\u{301}\u{302}",
        "\u{200b}",
        "<",
        "<a \"",
        "<a='",
        "<!--",
        "<!",
        "</",
        "&",
        "&#",
        "&#x4B",
        "&amp;",
        "&lt;b&gt;",
        "%",
        "%4B",
        "%25",
        "\n\n",
        "|",
        &nested,
    ] {
        let text = part.repeat(HOSTILE / part.len());
        let start = Instant::now();
        assert!(!holds(&text), "{part}");
        assert!(start.elapsed() < PATIENCE, "{part}: {:?}", start.elapsed());
    }
}

#[test]
#[ignore = "prints how long the check takes; only optimised figures mean anything"]
fn d1_speed() {
    let mut draw = Draw::new(6);
    let letters: Vec<Letter> = (0..200).map(|_| Letter::drawn(&mut draw)).collect();
    let bytes: usize = letters
        .iter()
        .map(|letter| letter.text.len() + letter.html.len())
        .sum();
    let start = Instant::now();
    let alarms = letters
        .iter()
        .filter(|letter| d1_mail_holds_code(&letter.mail(), &code(CODE)))
        .count();
    let each = start.elapsed() / 200;
    println!("{alarms} alarms, {} bytes: {each:?}", bytes / 200);
    let large: String = letters.iter().map(|letter| letter.text.as_str()).collect();
    let large: String = large.chars().take(5_000).collect();
    let start = Instant::now();
    assert!(!(0..100).any(|_| holds(&large)));
    println!("5,000 characters: {:?}", start.elapsed() / 100);
    for part in [
        "K", "ß", "а", "ﷺ", "&amp;", "%4B", "<b>", "K7M-BC", "sieben",
    ] {
        let text = part.repeat(HOSTILE / part.len());
        let start = Instant::now();
        let alarm = holds(&text);
        println!("{part:?} {alarm}: {:?}", start.elapsed());
    }
}

proptest::proptest! {
    #[test]
    fn d1_no_text_makes_the_check_panic(text in "\\PC{0,200}", html in "[<>a-c\"'=!/& #;-]{0,60}") {
        holds(&text);
        holds(&html);
    }
}
