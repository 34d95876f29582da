//! Ways to hide a code in an e-mail that a reader can still copy off it.
//!
//! The words and letters here are written down a second time on purpose: a gap in the tables of the check is not repeated.

use std::fmt::Write as _;

use super::draw::Draw;
use super::*;
use crate::symbols::ALPHABET;

type Way = fn(&str, &mut Draw) -> String;

/// Codes drawn for each way.
const CODES: usize = 500;

const WAYS: &[(&str, Way)] = &[
    ("as shown", |code, _| format!("{}-{}", &code[..3], &code[3..])),
    ("lower case", |code, _| code.to_lowercase()),
    ("mixed case", |code, draw| each(code, |c| any_case(c, draw))),
    ("spaced out", |code, _| joined(code, " ")),
    ("hyphens", |code, _| joined(code, "-")),
    ("any separators", any_separators),
    ("separators that look like letters", |code, draw| {
        let signs = ["×", "|", "©", "®", "Ю", "ß", "🚀", "ㄱ", "α", "ı"];
        each(code, |c| format!("{c}{}", draw.one(&signs)))
    }),
    ("percent signs and ampersands between", |code, draw| {
        let sign = draw.one(&["%", "&", "&#", "%%"]);
        joined(code, sign)
    }),
    ("one symbol a line", |code, _| joined(code, "\n")),
    ("one symbol a paragraph", |code, _| joined(code, "\r\n\r\n")),
    ("zero-width characters", |code, draw| {
        each(code, |c| format!("{c}{}", draw.char("\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{180e}\u{3164}")))
    }),
    ("variants and tags", |code, draw| {
        each(code, |c| format!("{c}{}", draw.char("\u{fe0f}\u{e0041}\u{e0100}\u{34f}")))
    }),
    ("direction marks", |code, draw| {
        each(code, |c| format!("{}{c}", draw.char("\u{202a}\u{202c}\u{2066}\u{2069}\u{200e}\u{61c}")))
    }),
    ("right to left", |code, _| format!("\u{202e}{}\u{202c}", reversed(code))),
    ("marks over and through", |code, draw| {
        each(code, |c| format!("{c}{}{}", draw.char("\u{336}\u{332}\u{308}"), draw.char("\u{301}\u{20dd}\u{489}")))
    }),
    ("full-width", |code, _| each(code, |c| shifted(c, '０', 'Ａ'))),
    ("mathematical bold", |code, _| each(code, |c| shifted(c, '𝟎', '𝐀'))),
    ("mathematical double-struck", |code, _| each(code, |c| shifted(c, '𝟘', '𝕬'))),
    ("mathematical monospace", |code, _| each(code, |c| shifted(c, '𝟶', '𝙰'))),
    ("circled", |code, _| each(code, |c| shifted(c, '⓪', 'Ⓐ')).replace('⓪', "").chars().collect()),
    ("negative circled", |code, _| each(code, |c| shifted(c, '\u{2775}', '🅐'))),
    ("negative squared", |code, _| each(code, |c| shifted(c, '\u{277f}', '🅰'))),
    ("squared and double circled", |code, _| each(code, |c| shifted(c, '\u{24f4}', '🄰'))),
    ("flags and keycaps", |code, _| {
        each(code, |c| match c {
            '0'..='9' => format!("{c}\u{fe0f}\u{20e3}"),
            _ => format!("{} ", shifted(c, '0', '\u{1f1e6}')),
        })
    }),
    ("superscripts", |code, _| swapped(code, "²³⁴⁵⁶⁷⁸⁹ᴮᶜᴰᶠᴳᴴᴶᴷᴸᴹᴺᴾꟴᴿˢᵀⱽᵂˣᶻ")),
    ("subscripts", |code, _| swapped(code, "₂₃₄₅₆₇₈₉Bꟲdfgₕⱼₖₗₘₙₚqᵣₛₜᵥwₓz")),
    ("small capitals", |code, _| swapped(code, "23456789ʙᴄᴅꜰɢʜᴊᴋʟᴍɴᴘꞯʀꜱᴛᴠᴡxᴢ")),
    ("Cyrillic and Armenian", |code, _| swapped(code, "23Ч567890ВСԁFԌНЈКӏМԴРԚЯЅТѴԜХZ").replace('0', "9").replace('Դ', "И")),
    ("Cyrillic, lower case", |code, _| swapped(code, "2з4567890всԁfgнјкӏмипqгѕтѵшхz").replace('0', "9").replace('п', "р").replace('г', "я")),
    ("Greek", |code, _| swapped(code, "23456789ΒϹDFGΗͿΚLΜΝΡQRSΤVWΧΖ")),
    ("strokes, hooks and curls", |code, _| swapped(code, "23456789ƀȼđƒǥħɉƙłɱƞƥɋɍșŧʋⱳᶍƶ")),
    ("turned and mirrored", |code, _| swapped(code, "↊↋4567ㄥ89ƃↄD").is_empty().then(String::new).unwrap_or_else(|| swapped(code, "↊↋456ㄥ89BↄDꟻᵷɥJʞꞀƜИꟼQЯSʇɅʍXZ"))),
    ("other scripts' digits", |code, draw| {
        let zero = draw.one(&['٠', '۰', '०', '๐', '០', '༠', '߀', '𞥐']);
        each(code, |c| shifted(c, zero, 'A'))
    }),
    ("one stroke for L, r and n for M", |code, draw| {
        let stroke = draw.one(&["I", "|", "1", "ǀ", "l"]);
        code.replace('M', "rn").replace('L', stroke).replace('W', "vv")
    }),
    ("entities, decimal", |code, _| each(code, |c| format!("&#{};", u32::from(c)))),
    ("entities, hexadecimal, no semicolon", |code, _| each(code, |c| format!("&#x{:X}-", u32::from(c)))),
    ("entities, escaped twice", |code, _| each(code, |c| format!("&amp;#{};", u32::from(c)))),
    ("entities, escaped three times", |code, _| each(code, |c| format!("&amp;amp;#{};", u32::from(c)))),
    ("entities with names", |code, _| each(code, |c| if c.is_ascii_digit() { c.to_string() } else { format!("&{c}scr;&shy;") })),
    ("percent-encoded", |code, _| each(code, |c| format!("%{:02x}", u32::from(c)))),
    ("percent-encoded full-width", |code, _| {
        let wide = each(code, |c| shifted(c, '０', 'Ａ'));
        wide.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
    }),
    ("tags between", |code, draw| {
        let tag = draw.one(&["b", "i style=\"x>y\"", "span title='a>b'", "wbr"]);
        each(code, |c| format!("<{tag}>{c}</{}>", &tag[..1]))
    }),
    ("escaped tags between", |code, _| each(code, |c| format!("&lt;b&gt;{c}&lt;/b&gt;"))),
    ("comments between", |code, _| joined(code, "<!-- x > y -->")),
    ("in an attribute", |code, _| format!("<img src=\"https://praxis.example/logo.png\" alt='{code}'>").replace('<', "&lt;")),
    ("in a link", |code, draw| format!("https://praxis{}.example/?c={}", draw.digits(2), code.to_lowercase())),
    ("in an address", |code, _| format!("{}@praxis.example", code.to_lowercase())),
    ("backwards", |code, _| reversed(code)),
    ("backwards, separated", |code, draw| any_separators(&reversed(code), draw)),
    ("backwards, look-alikes", |code, _| each(&reversed(code), |c| shifted(c, '０', '🅐'))),
    ("halves apart", |code, _| format!("Der Anfang lautet {}, das Ende lautet {}.", &code[..3], &code[3..])),
    ("halves swapped", |code, _| format!("Zum Schluss {}\nund am Anfang {}!", &code[3..], &code[..3])),
    ("halves backwards", |code, _| {
        let code = reversed(code);
        format!("Links {}; und rechts {}!", &code[3..], &code[..3])
    }),
    ("halves spaced out and swapped", |code, _| {
        format!("Hinten {} und vorne {}.", joined(&code[3..], " "), joined(&code[..3], "-"))
    }),
    ("halves in two paragraphs", |code, draw| {
        let between = super::business::text(draw);
        format!("Zuletzt: {}\n\n{between}\n\nZuerst: {}", &code[3..], &code[..3])
    }),
    ("three pieces", |code, _| format!("{}, dann {}, und danach {}", &code[..2], &code[2..4], &code[4..])),
    ("words between", |code, draw| {
        each(code, |c| format!("{c} {} ", draw.one(&["und", "dann", "sowie auch", "Bindestrich", "Punkt"])))
    }),
    ("numbered list", |code, _| {
        code.chars().enumerate().fold(String::new(), |mut list, (at, c)| {
            writeln!(list, "{}. {c}", at + 1).unwrap();
            list
        })
    }),
    ("list with ordinals and blank lines", |code, _| {
        let names = ["Erstens", "Zweitens", "Drittens", "Viertens", "Fünftens", "Sechstens"];
        names.iter().zip(code.chars()).map(|(name, c)| format!("{name}: {c}\n\n")).collect()
    }),
    ("DIN 5009 before 2022", |code, draw| spelled(code, draw, &[DIN, GERMAN])),
    ("DIN 5009 of 2022", |code, draw| spelled(code, draw, &[CITIES, GERMAN])),
    ("NATO", |code, draw| spelled(code, draw, &[NATO, ENGLISH])),
    ("letters' names", |code, draw| spelled(code, draw, &[NAMES, GERMAN])),
    ("backwards, spelled", |code, draw| spelled(&reversed(code), draw, &[DIN, GERMAN])),
    ("all tables mixed", |code, draw| spelled(code, draw, &[DIN, CITIES, NATO, GERMAN, ENGLISH, PLAIN])),
    ("words run together", |code, draw| {
        spelled(code, draw, &[DIN, CITIES, GERMAN]).replace(|c: char| !c.is_alphanumeric(), "")
    }),
    ("spelled without umlauts", |code, draw| {
        spelled(code, draw, &[CITIES, GERMAN]).replace('ü', "ue").replace('ö', "oe")
    }),
    ("spelled in look-alikes", |code, draw| {
        spelled(code, draw, &[DIN, GERMAN]).replace('a', "а").replace('e', "е").replace('i', "і")
    }),
    ("spelled and broken", |code, draw| spelled(code, draw, &[DIN, GERMAN]).replace('r', "-\u{ad}r")),
    ("as on the telephone", |code, draw| {
        each(code, |c| format!("{c} wie {}, ", word(c, draw, &[DIN, GERMAN])))
    }),
    ("as on the telephone, in English", |code, draw| {
        each(code, |c| format!("{c} as in {}; ", word(c, draw, &[NATO, ENGLISH])))
    }),
    ("numbers in words", |code, draw| numbers_in_words(code, draw)),
];

const PLAIN: &str = "2 3 4 5 6 7 8 9 B C D F G H J K L M N P Q R S T V W X Z";
const GERMAN: &str = "zwei drei vier fünf sechs sieben acht neun";
const ENGLISH: &str = "two three four five six seven eight nine";
const DIN: &str = "- - - - - - - - Berta Cäsar Dora Friedrich Gustav Heinrich Julius Kaufmann Ludwig Martha Nordpol Paula Quelle Richard Samuel Theodor Viktor Wilhelm Xanthippe Zacharias";
const CITIES: &str = "- - - - - - - - Berlin Chemnitz Düsseldorf Frankfurt Goslar Hamburg Jena Köln Leipzig München Nürnberg Potsdam Quickborn Rostock Salzwedel Tübingen Völklingen Wuppertal Xanten Zwickau";
const NATO: &str = "- - - - - - - - Bravo Charlie Delta Foxtrot Golf Hotel Juliett Kilo Lima Mike November Papa Quebec Romeo Sierra Tango Victor Whiskey X-ray Zulu";
const NAMES: &str = "- - - - - - - - Be Ce De Ef Ge Ha Jot Ka El Em En Pe Ku Er Es Te Vau We Ix Zet";

#[test]
fn d1_every_way_of_hiding_is_found() {
    let mut missed = String::new();
    for (name, hide) in WAYS {
        let mut draw = Draw::new(1);
        for _ in 0..CODES {
            let code = draw.code();
            let hidden = hide(code.expose(), &mut draw);
            let text = format!("Guten Tag,\n\nIhr Code: {hidden}\n\nMit freundlichen Grüßen");
            if !d1_holds_code(&text, &code) {
                writeln!(missed, "{name}: {} as {hidden}", code.shown()).unwrap();
                break;
            }
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

/// A word or name for a symbol from one of the tables that have one.
fn word(symbol: char, draw: &mut Draw, tables: &[&'static str]) -> &'static str {
    let at = ALPHABET.iter().position(|s| char::from(*s) == symbol).unwrap();
    let words: Vec<&str> = tables
        .iter()
        .filter_map(|table| table.split(' ').nth(at).filter(|word| *word != "-"))
        .collect();
    draw.one(&words)
}

fn spelled(code: &str, draw: &mut Draw, tables: &[&'static str]) -> String {
    let between = draw.one(&[" ", ", ", "-", " / ", "\n", " Strich "]);
    let words: Vec<&str> = code.chars().map(|c| word(c, draw, tables)).collect();
    words.join(between)
}

/// Two digits in a row as one number: "zweiundsiebzig".
fn numbers_in_words(code: &str, draw: &mut Draw) -> String {
    let tens = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig";
    let symbols: Vec<char> = code.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < symbols.len() {
        match symbols[at..] {
            [first @ '2'..='9', second @ '2'..='9', ..] => {
                let unit = word(second, draw, &[GERMAN]);
                write!(text, "{unit}und{} ", word(first, draw, &[tens])).unwrap();
                at += 2;
            }
            _ => {
                write!(text, "{} ", symbols[at]).unwrap();
                at += 1;
            }
        }
    }
    text
}

fn each(code: &str, mut shape: impl FnMut(char) -> String) -> String {
    code.chars().map(&mut shape).collect()
}

fn joined(code: &str, separator: &str) -> String {
    let symbols: Vec<String> = code.chars().map(String::from).collect();
    symbols.join(separator)
}

fn any_separators(code: &str, draw: &mut Draw) -> String {
    each(code, |c| {
        let separators: String = (0..draw.between(1, 3))
            .map(|_| draw.char(" \t\n-–—_.,:;/\\|+*~#'\"()[]{}<>=·•…→▪\u{a0}\u{2003}"))
            .collect();
        format!("{c}{separators}")
    })
}

fn any_case(c: char, draw: &mut Draw) -> String {
    if draw.below(2) == 0 {
        c.to_string()
    } else {
        c.to_lowercase().to_string()
    }
}

fn reversed(code: &str) -> String {
    code.chars().rev().collect()
}

/// The same symbol in another row of digits and letters.
fn shifted(c: char, zero: char, a: char) -> String {
    let (first, plain) = if c.is_ascii_digit() {
        (zero, '0')
    } else {
        (a, 'A')
    };
    let shift = u32::from(c) - u32::from(plain);
    char::from_u32(u32::from(first) + shift).unwrap().to_string()
}

/// Each symbol replaced by what stands in its place in a row of 28.
fn swapped(code: &str, row: &str) -> String {
    assert_eq!(row.chars().count(), ALPHABET.len(), "{row}");
    each(code, |c| {
        let at = ALPHABET.iter().position(|s| char::from(*s) == c).unwrap();
        row.chars().nth(at).unwrap().to_string()
    })
}
