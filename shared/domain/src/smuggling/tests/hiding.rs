//! Ways to hide a code in an e-mail that a reader can still copy off it.
//!
//! The words and letters here are written down a second time on purpose: a gap in the tables of the check is not repeated.

use std::fmt::Write as _;

use super::draw::Draw;
use super::shapes::*;
use crate::smuggling::Searched;

type Way = fn(&str, &mut Draw) -> String;

/// Codes drawn for each way.
const CODES: usize = 500;

const WAYS: &[(&str, Way)] = &[
    ("as shown", |code, _| {
        format!("{}-{}", &code[..3], &code[3..])
    }),
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
        each(code, |c| {
            format!(
                "{c}{}",
                draw.char("\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{180e}\u{3164}")
            )
        })
    }),
    ("variants and tags", |code, draw| {
        each(code, |c| {
            format!("{c}{}", draw.char("\u{fe0f}\u{e0041}\u{e0100}\u{34f}"))
        })
    }),
    ("direction marks", |code, draw| {
        each(code, |c| {
            format!(
                "{}{c}",
                draw.char("\u{202a}\u{202c}\u{2066}\u{2069}\u{200e}\u{61c}")
            )
        })
    }),
    ("right to left", |code, _| {
        format!("\u{202e}{}\u{202c}", reversed(code))
    }),
    ("marks over and through", |code, draw| {
        each(code, |c| {
            format!(
                "{c}{}{}",
                draw.char("\u{336}\u{332}\u{308}"),
                draw.char("\u{301}\u{20dd}\u{489}")
            )
        })
    }),
    ("full-width", |code, _| {
        each(code, |c| shifted(c, '０', 'Ａ'))
    }),
    ("mathematical bold", |code, _| {
        each(code, |c| shifted(c, '𝟎', '𝐀'))
    }),
    ("mathematical blackletter", |code, _| {
        each(code, |c| shifted(c, '𝟘', '𝕬'))
    }),
    ("mathematical monospace", |code, _| {
        each(code, |c| shifted(c, '𝟶', '𝙰'))
    }),
    ("circled", |code, _| {
        each(code, |c| shifted(c, '\u{245f}', 'Ⓐ'))
    }),
    ("negative circled", |code, _| {
        each(code, |c| shifted(c, '\u{2775}', '🅐'))
    }),
    ("negative squared", |code, _| {
        each(code, |c| shifted(c, '\u{277f}', '🅰'))
    }),
    ("squared and double circled", |code, _| {
        each(code, |c| shifted(c, '\u{24f4}', '🄰'))
    }),
    ("flags and keycaps", |code, _| {
        each(code, |c| match c {
            '0'..='9' => format!("{c}\u{fe0f}\u{20e3}"),
            _ => format!("{} ", shifted(c, '0', '\u{1f1e6}')),
        })
    }),
    ("superscripts", |code, _| {
        swapped(code, "²³⁴⁵⁶⁷⁸⁹ᴮᶜᴰᶠᴳᴴᴶᴷᴸᴹᴺᴾꟴᴿˢᵀⱽᵂˣᶻ")
    }),
    ("subscripts", |code, _| {
        swapped(code, "₂₃₄₅₆₇₈₉Bcdfgₕⱼₖₗₘₙₚqᵣₛₜᵥwₓz")
    }),
    ("small capitals", |code, _| {
        swapped(code, "23456789ʙᴄᴅꜰɢʜᴊᴋʟᴍɴᴘꞯʀꜱᴛᴠᴡxᴢ")
    }),
    ("Cyrillic", |code, _| {
        swapped(code, "2ЗЧ5б789ВСԁFԌНЈКӏМИРԚЯЅТѴԜХZ")
    }),
    ("Cyrillic, lower case", |code, _| {
        swapped(code, "2зч5б789всԁfԍнјкӏмирԛяѕтѵшхz")
    }),
    ("Greek", |code, _| {
        swapped(code, "23456789ΒϹDFGΗͿΚLΜΝΡQRSΤνωΧΖ")
    }),
    ("mathematical Greek", |code, _| {
        swapped(code, "23456789𝛃CDFG𝛈J𝛋LMN𝛒QRS𝛕𝛎W𝛘𝛇")
    }),
    ("strokes, hooks and curls", |code, _| {
        swapped(code, "23456789ƀȼđƒǥħɉƙłɱƞƥɋɍșŧʋⱳᶍƶ")
    }),
    ("turned and mirrored", |code, _| {
        swapped(code, "↊↋456ㄥ89BↄDꟻᵷɥJʞꞀƜИꟼQЯSʇɅʍXZ")
    }),
    ("other scripts' digits", |code, draw| {
        let zero = draw.one(&['٠', '۰', '०', '๐', '០', '༠', '߀', '𞥐']);
        each(code, |c| shifted(c, zero, 'A'))
    }),
    ("one stroke for L, r and n for M", |code, draw| {
        let stroke = draw.one(&["I", "|", "1", "ǀ", "l"]);
        code.replace('M', "rn")
            .replace('L', stroke)
            .replace('W', "vv")
    }),
    ("entities, decimal", |code, _| {
        each(code, |c| format!("&#{};", u32::from(c)))
    }),
    ("entities, hexadecimal, no semicolon", |code, _| {
        each(code, |c| format!("&#x{:X}-", u32::from(c)))
    }),
    ("entities, escaped twice", |code, _| {
        each(code, |c| format!("&amp;#{};", u32::from(c)))
    }),
    ("entities, escaped three times", |code, _| {
        each(code, |c| format!("&amp;amp;#{};", u32::from(c)))
    }),
    ("entities with names", |code, _| {
        each(code, |c| {
            if c.is_ascii_digit() {
                c.to_string()
            } else {
                format!("&{c}scr;&shy;")
            }
        })
    }),
    ("percent-encoded", |code, _| {
        each(code, |c| format!("%{:02x}", u32::from(c)))
    }),
    ("percent-encoded full-width", |code, _| {
        let wide = each(code, |c| shifted(c, '０', 'Ａ'));
        wide.bytes()
            .fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
    }),
    ("tags between", |code, draw| {
        let tag = draw.one(&["b", "i style=\"x>y\"", "span title='a>b'", "wbr"]);
        each(code, |c| format!("<{tag}>{c}</{}>", &tag[..1]))
    }),
    ("escaped tags between", |code, _| {
        each(code, |c| format!("&lt;b&gt;{c}&lt;/b&gt;"))
    }),
    ("comments between", |code, _| joined(code, "<!-- x > y -->")),
    ("in an attribute", |code, _| {
        format!("<img src=\"https://praxis.example/logo.png\" alt='{code}'>").replace('<', "&lt;")
    }),
    ("in a link", |code, draw| {
        format!(
            "https://praxis{}.example/?c={}",
            draw.digits(2),
            code.to_lowercase()
        )
    }),
    ("in an address", |code, _| {
        format!("{}@praxis.example", code.to_lowercase())
    }),
    ("backwards", |code, _| reversed(code)),
    ("backwards, separated", |code, draw| {
        any_separators(&reversed(code), draw)
    }),
    ("backwards, look-alikes", |code, _| {
        each(&reversed(code), |c| shifted(c, '０', '🅐'))
    }),
    ("halves apart", |code, _| {
        format!(
            "Der Anfang lautet {}, das Ende lautet {}.",
            &code[..3],
            &code[3..]
        )
    }),
    ("halves swapped", |code, _| {
        format!("Zum Schluss {}\nund am Anfang {}!", &code[3..], &code[..3])
    }),
    ("halves backwards", |code, _| {
        let code = reversed(code);
        format!("Links {}; und rechts {}!", &code[3..], &code[..3])
    }),
    ("halves spaced out and swapped", |code, _| {
        format!(
            "Hinten {} und vorne {}.",
            joined(&code[3..], " "),
            joined(&code[..3], "-")
        )
    }),
    ("halves in look-alikes", |code, _| {
        let code = swapped(code, "23456789ƀȼđƒǥħɉƙłɱƞƥɋɍșŧʋⱳᶍƶ");
        let (first, last) = code.split_at(code.char_indices().nth(3).unwrap().0);
        format!("Zuletzt {last}, zuerst {first}.")
    }),
    ("halves in two paragraphs", |code, draw| {
        let between = super::business::text(draw);
        format!(
            "Zuletzt: {}\n\n{between}\n\nZuerst: {}",
            &code[3..],
            &code[..3]
        )
    }),
    ("three pieces", |code, _| {
        format!(
            "{}, dann {}, und danach {}",
            &code[..2],
            &code[2..4],
            &code[4..]
        )
    }),
    ("words between", |code, draw| {
        each(code, |c| {
            format!(
                "{c} {} ",
                draw.one(&["und", "dann", "sowie auch", "Bindestrich", "Punkt"])
            )
        })
    }),
    ("numbered list", |code, _| {
        code.chars()
            .enumerate()
            .fold(String::new(), |mut list, (at, c)| {
                writeln!(list, "{}. {c}", at + 1).unwrap();
                list
            })
    }),
    ("list with ordinals and blank lines", |code, _| {
        let names = [
            "Erstens",
            "Zweitens",
            "Drittens",
            "Viertens",
            "Fünftens",
            "Sechstens",
        ];
        let lines: Vec<String> = names
            .iter()
            .zip(code.chars())
            .map(|(name, c)| format!("{name}: {c}\n\n"))
            .collect();
        lines.concat()
    }),
    ("DIN 5009 before 2022", |code, draw| {
        spelled(code, draw, &[DIN, GERMAN])
    }),
    ("DIN 5009 of 2022", |code, draw| {
        spelled(code, draw, &[CITIES, GERMAN])
    }),
    ("NATO", |code, draw| spelled(code, draw, &[NATO, ENGLISH])),
    ("letters' names", |code, draw| {
        spelled(code, draw, &[NAMES, GERMAN])
    }),
    ("letters' names, struck through", |code, draw| {
        each(&spelled(code, draw, &[NAMES, GERMAN]), |c| {
            format!(
                "{c}{}",
                if c.is_alphanumeric() {
                    "\u{336}\u{200b}"
                } else {
                    ""
                }
            )
        })
    }),
    ("backwards, spelled", |code, draw| {
        spelled(&reversed(code), draw, &[DIN, GERMAN])
    }),
    ("all tables mixed", |code, draw| {
        spelled(code, draw, &[DIN, CITIES, NATO, GERMAN, ENGLISH, PLAIN])
    }),
    ("words run together", |code, draw| {
        run_together(code, draw, &[DIN, CITIES, NATO, GERMAN])
    }),
    ("spelled without umlauts", |code, draw| {
        spelled(code, draw, &[CITIES, GERMAN])
            .replace('ü', "ue")
            .replace('ö', "oe")
    }),
    ("spelled in look-alikes", |code, draw| {
        spelled(code, draw, &[DIN, GERMAN])
            .replace('a', "а")
            .replace('e', "е")
            .replace('i', "і")
    }),
    ("spelled and broken", |code, draw| {
        run_together(code, draw, &[DIN, GERMAN]).replace('r', "-\u{ad}r")
    }),
    ("as on the telephone", |code, draw| {
        each(code, |c| {
            format!("{c} wie {}, ", word(c, draw, &[DIN, GERMAN]))
        })
    }),
    ("as on the telephone, numbered", |code, draw| {
        code.chars()
            .enumerate()
            .fold(String::new(), |list, (at, c)| {
                list + &format!("{}. {c} wie {}\n", at + 1, word(c, draw, &[DIN, GERMAN]))
            })
    }),
    ("as on the telephone, in English", |code, draw| {
        each(code, |c| {
            format!("{c} as in {}; ", word(c, draw, &[NATO, ENGLISH]))
        })
    }),
    ("numbers in words", |code, draw| {
        let number = |tens: &str, unit: &str| format!("{unit}und{tens} ");
        numbers_in_words(code, draw, (GERMAN_TENS, GERMAN), number)
    }),
    ("numbers in words, in English", |code, draw| {
        let number = |tens: &str, unit: &str| format!("{tens}-{unit} ");
        numbers_in_words(code, draw, (ENGLISH_TENS, ENGLISH), number)
    }),
];

#[test]
fn d1_every_way_of_hiding_is_found() {
    let mut missed = String::new();
    for (name, hide) in WAYS {
        let mut draw = Draw::new(1);
        for _ in 0..CODES {
            let code = draw.code();
            let hidden = hide(code.expose(), &mut draw);
            let text = format!("Guten Tag,\n\nIhr Code: {hidden}\n\nMit freundlichen Grüßen");
            let searched = Searched::of([text.as_str()]);
            // Another code does not stand there.
            if !searched.d1_holds(&code) || searched.d1_holds(&draw.code()) {
                writeln!(missed, "{name}: {} as {hidden}", code.shown()).unwrap();
                break;
            }
        }
    }
    assert!(missed.is_empty(), "{missed}");
}
