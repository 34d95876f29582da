//! A page being drawn: texts in two fonts, bars and one image.

use pdf_writer::{Buf, Content, Name, Str};

pub(super) const REGULAR: Name<'static> = Name(b"R");
pub(super) const BOLD: Name<'static> = Name(b"B");
pub(super) const IMAGE: Name<'static> = Name(b"I");

/// A colour in thirds of red, green and blue.
pub(super) type Colour = [f32; 3];

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) font: Name<'static>,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

pub(super) struct Sheet(Content);

impl Sheet {
    pub(super) fn new() -> Self {
        Self(Content::new())
    }

    /// Writes from `x` to the right.
    pub(super) fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let [red, green, blue] = style.colour;
        self.0.set_fill_rgb(red, green, blue);
        self.0
            .begin_text()
            .set_font(style.font, style.size)
            .next_line(x, y)
            .show(Str(&encode(text)))
            .end_text();
    }

    /// Writes digits and what stands between them so that they end at `x`.
    pub(super) fn amount(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let width: f32 = text.chars().map(|c| width_of(c) * style.size).sum();
        self.text(x - width, y, style, text);
    }

    pub(super) fn bar(&mut self, [x, y, width, height]: [f32; 4], colour: Colour) {
        let [red, green, blue] = colour;
        self.0.set_fill_rgb(red, green, blue);
        self.0.rect(x, y, width, height).fill_nonzero();
    }

    pub(super) fn image(&mut self, [x, y, width, height]: [f32; 4]) {
        self.0
            .save_state()
            .transform([width, 0.0, 0.0, height, x, y])
            .x_object(IMAGE)
            .restore_state();
    }

    pub(super) fn finish(self) -> Buf {
        self.0.finish()
    }
}

/// Widths in Helvetica, regular and bold, of what amounts are made of, for a size of 1.
fn width_of(c: char) -> f32 {
    match c {
        ',' | '.' | ' ' => 0.278,
        '-' => 0.333,
        _ => 0.556,
    }
}

/// German texts in the encoding of the built-in fonts, Windows-1252.
fn encode(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match c {
            '€' => 0x80,
            '„' => 0x84,
            '“' => 0x93,
            '–' => 0x96,
            c => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_is_encoded() {
        assert_eq!(encode("Größe – 5 €"), b"Gr\xf6\xdfe \x96 5 \x80");
    }
}
