//! A practice's colour, made readable: WCAG contrast worked out here, so that no practice can choose a button that nobody can read.

use std::fmt;

use domain::contact::Colour;

/// The product's own colour, for practices that chose none.
const DEFAULT: Rgb = Rgb([0x0b, 0x6e, 0x69]);
/// What buttons stand on; `--card` of the style sheet.
const LIGHT_CARD: Rgb = Rgb([0xff, 0xff, 0xff]);
/// The same in dark mode.
const DARK_CARD: Rgb = Rgb([0x1b, 0x20, 0x1f]);
const BLACK: Rgb = Rgb([0; 3]);
const WHITE: Rgb = Rgb([255; 3]);

/// WCAG 1.4.3: a text can be read.
const TEXT: f64 = 4.5;
/// On the dark card: WCAG 1.4.11, a button stands out from what it stands on.
const ON_DARK: f64 = 3.0;
/// On the light card: as much as white text needs, for black on a middle grey is right by the numbers and yet hard to read.
const ON_LIGHT: f64 = TEXT;
/// In how many steps a colour is darkened or lightened until it stands out.
const STEPS: u16 = 32;

/// A colour of the sRGB space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb([u8; 3]);

/// A button's colour and that of the text on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    /// `--brand`
    pub(crate) ground: Rgb,
    /// `--on-brand`
    pub(crate) text: Rgb,
}

/// The buttons of a practice with this colour, in light and in dark mode.
pub(crate) fn buttons(colour: Option<&Colour>) -> (Button, Button) {
    let brand = colour
        .and_then(|colour| Rgb::parse(colour.as_str()))
        .unwrap_or(DEFAULT);
    (
        Button::of(brand, LIGHT_CARD, ON_LIGHT, BLACK),
        Button::of(brand, DARK_CARD, ON_DARK, WHITE),
    )
}

impl Button {
    /// The first step from `brand` towards `end` that stands out from `card`.
    fn of(brand: Rgb, card: Rgb, least: f64, end: Rgb) -> Self {
        let ground = (0..=STEPS)
            .map(|step| brand.towards(end, step))
            .find(|ground| ground.contrast(card) >= least)
            .unwrap_or(end);
        // White and black together reach 21 with every colour, so where white falls short of 4.5, black does not.
        let text = if ground.contrast(WHITE) >= TEXT {
            WHITE
        } else {
            BLACK
        };
        Self { ground, text }
    }
}

impl Rgb {
    /// From `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let number = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    fn towards(self, end: Self, step: u16) -> Self {
        let mut mixed = self.0;
        for (channel, end) in mixed.iter_mut().zip(end.0) {
            let sum = u16::from(*channel) * (STEPS - step) + u16::from(end) * step;
            *channel = u8::try_from(sum / STEPS).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// WCAG's contrast ratio, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (own, other) = (self.luminance(), other.luminance());
        (own.max(other) + 0.05) / (own.min(other) + 0.05)
    }

    /// WCAG's relative luminance.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.040_45 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Digits and letters after a `#`, whatever the practice chose.
impl askama::filters::HtmlSafe for Rgb {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        assert!((WHITE.contrast(WHITE) - 1.0).abs() < 1e-9);
        // The best-known border case: #767676 on white is the lightest grey that passes.
        let grey = Rgb::parse("#767676").unwrap();
        assert!((4.5..4.6).contains(&grey.contrast(WHITE)));
        assert_eq!(grey.to_string(), "#767676");
        assert_eq!(Rgb::parse("767676"), None);
    }

    #[test]
    fn every_colour_makes_readable_buttons() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let colour = Rgb([red, green, blue]).to_string();
                    let (light, dark) = buttons(Some(&Colour::try_from(colour.clone()).unwrap()));
                    assert_eq!(light.text, WHITE, "{colour}");
                    for (button, card) in [(light, LIGHT_CARD), (dark, DARK_CARD)] {
                        assert!(
                            button.ground.contrast(card) >= ON_DARK,
                            "{colour} {button:?}"
                        );
                        assert!(
                            button.ground.contrast(button.text) >= TEXT,
                            "{colour} {button:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_that_stands_out_stays_as_it_is() {
        let (light, _) = buttons(Some(&Colour::try_from("#8a1c4a".to_owned()).unwrap()));
        assert_eq!(light.ground.to_string(), "#8a1c4a");
        assert_eq!(light.text, WHITE);
        assert_eq!(buttons(None).0.ground, DEFAULT);
    }

    #[test]
    fn the_cards_are_those_of_the_style_sheet() {
        let rules = include_str!("../templates/page.css");
        for card in [LIGHT_CARD, DARK_CARD] {
            assert!(rules.contains(&format!("--card:{card}")), "{card}");
        }
    }
}
