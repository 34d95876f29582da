//! How the text of an e-mail is laid out: lines, paragraphs, the button, the large reference.
//!
//! Link and reference are known as what they are, not by their looks, and only a template's own words are a label: no name and no additional text ever becomes a button or stands on one.

/// The longest line that may be a button's or a reference's label.
const LONGEST_LABEL: usize = 40;

/// A piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The template's own words.
    Own(&'a str),
    /// The value of a variable.
    Value(&'a str),
    /// The link.
    Link,
    /// The reference.
    Reference,
}

/// A line, without its break.
pub(super) type Line<'a> = Vec<Piece<'a>>;

/// What stands below each other in the HTML form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// Lines of text.
    Paragraph(Vec<Line<'a>>),
    /// The button and, below it, the link in full.
    Button {
        /// What stands on the button, if the template says it.
        label: Option<String>,
    },
    /// The reference, large.
    Reference {
        /// What stands before it.
        label: Option<String>,
    },
}

/// The paragraphs of an e-mail, each of at least one line. Empty lines part them, however many.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    paragraphs: Vec<Vec<Line<'a>>>,
}

impl<'a> Layout<'a> {
    /// The pieces, parted into lines and paragraphs.
    pub(super) fn of(pieces: impl IntoIterator<Item = Piece<'a>>) -> Self {
        let paragraphs = lines(pieces)
            .split(is_blank)
            .filter(|paragraph| !paragraph.is_empty())
            .map(<[Line<'a>]>::to_vec)
            .collect();
        Self { paragraphs }
    }

    /// The plain form.
    pub(super) fn text(&self, link: &str, reference: &str) -> String {
        let plain = |line: &Line<'_>| -> String {
            line.iter()
                .map(|piece| match piece {
                    Piece::Own(text) | Piece::Value(text) => text,
                    Piece::Link => link,
                    Piece::Reference => reference,
                })
                .collect()
        };
        let paragraphs: Vec<String> = self
            .paragraphs
            .iter()
            .map(|lines| lines.iter().map(plain).collect::<Vec<_>>().join("\n"))
            .collect();
        paragraphs.join("\n\n")
    }

    /// What the HTML form is made of.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        self.paragraphs
            .iter()
            .flat_map(|lines| paragraph_blocks(lines))
            .collect()
    }
}

fn lines<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    for piece in pieces {
        let (text, again): (_, fn(&'a str) -> Piece<'a>) = match piece {
            Piece::Own(text) => (text, Piece::Own),
            Piece::Value(text) => (text, Piece::Value),
            Piece::Link | Piece::Reference => {
                line.push(piece);
                continue;
            }
        };
        for (number, text) in text.split('\n').enumerate() {
            if number > 0 {
                lines.push(std::mem::take(&mut line));
            }
            if !text.is_empty() {
                line.push(again(text));
            }
        }
    }
    lines.push(line);
    lines
}

fn is_blank(line: &Line<'_>) -> bool {
    line.iter().all(is_blank_piece)
}

fn is_blank_piece(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Own(text) | Piece::Value(text) if text.trim().is_empty())
}

/// A paragraph's blocks: where link or reference stand alone, they part it.
fn paragraph_blocks<'a>(lines: &[Line<'a>]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut text: Vec<Line<'a>> = Vec::new();
    for line in lines {
        let Some((alone, label)) = alone(line) else {
            text.push(line.clone());
            continue;
        };
        let label = label.or_else(|| take_label(&mut text));
        if !text.is_empty() {
            blocks.push(Block::Paragraph(std::mem::take(&mut text)));
        }
        blocks.push(match alone {
            Piece::Reference => Block::Reference { label },
            _ => Block::Button { label },
        });
    }
    if !text.is_empty() {
        blocks.push(Block::Paragraph(text));
    }
    blocks
}

/// The link or the reference, if the line holds nothing else; the reference may have its label before it.
fn alone<'a>(line: &[Piece<'a>]) -> Option<(Piece<'a>, Option<String>)> {
    let end = line.iter().rposition(|piece| !is_blank_piece(piece))?;
    let (alone, before) = (line[end], &line[..end]);
    match alone {
        Piece::Link | Piece::Reference if before.iter().all(is_blank_piece) => Some((alone, None)),
        Piece::Reference => Some((alone, Some(label(before)?))),
        _ => None,
    }
}

/// Takes the last line, if it is a label: then it stands on the button instead, or beside the reference.
fn take_label(lines: &mut Vec<Line<'_>>) -> Option<String> {
    let label = label(lines.last()?)?;
    lines.pop();
    Some(label)
}

/// A few words of the template's own that end with a colon, without the colon.
fn label(line: &[Piece<'_>]) -> Option<String> {
    let words: Option<String> = line
        .iter()
        .map(|piece| match piece {
            Piece::Own(text) => Some(*text),
            _ => None,
        })
        .collect();
    let words = words?;
    let label = words.trim().strip_suffix(':')?.trim_end();
    let is_label = !label.is_empty() && label.chars().count() <= LONGEST_LABEL;
    is_label.then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Piece::{Link, Own, Reference, Value};
    use super::*;

    fn blocks<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Vec<Block<'a>> {
        Layout::of(pieces).blocks()
    }

    #[test]
    fn a_link_alone_on_its_line_becomes_a_button() {
        let paragraph = |text| Block::Paragraph(vec![vec![Own(text)]]);
        for (before, after, expected) in [
            ("", "", vec![Block::Button { label: None }]),
            (
                "Guten Tag,\nZu Ihren Dokumenten:\n  ",
                " \nBis bald.",
                vec![
                    paragraph("Guten Tag,"),
                    Block::Button {
                        label: Some("Zu Ihren Dokumenten".to_owned()),
                    },
                    paragraph("Bis bald."),
                ],
            ),
            (
                "Hier:\n\n",
                "",
                vec![paragraph("Hier:"), Block::Button { label: None }],
            ),
            (
                "Diese Zeile ist zu lang, um auf einem Knopf zu stehen:\n",
                "",
                vec![
                    paragraph("Diese Zeile ist zu lang, um auf einem Knopf zu stehen:"),
                    Block::Button { label: None },
                ],
            ),
            (
                "Hier: ",
                "",
                vec![Block::Paragraph(vec![vec![Own("Hier: "), Link]])],
            ),
            ("", ".", vec![Block::Paragraph(vec![vec![Link, Own(".")]])]),
        ] {
            assert_eq!(
                blocks([Own(before), Link, Own(after)]),
                expected,
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn a_reference_alone_or_behind_its_label_is_large() {
        for before in ["Referenz: ", "Referenz:\n", " Referenz :\n"] {
            let label = Some("Referenz".to_owned());
            assert_eq!(
                blocks([Own(before), Reference]),
                [Block::Reference { label }],
                "{before:?}"
            );
        }
        assert_eq!(blocks([Reference]), [Block::Reference { label: None }]);
        let within = vec![Own("Die Referenz ist "), Reference, Own(".")];
        assert_eq!(blocks(within.clone()), [Block::Paragraph(vec![within])]);
    }

    #[test]
    fn a_label_is_of_the_templates_own_words() {
        let label = Some("Zu den 2".to_owned());
        let own = [Own("Zu den"), Own(" 2"), Own(":\n"), Link];
        assert_eq!(blocks(own), [Block::Button { label }]);
        for filled in [[Value("Hier:\n"), Link], [Value("Hier: "), Reference]] {
            assert!(
                matches!(&blocks(filled)[0], Block::Paragraph(_)),
                "{filled:?}"
            );
        }
        let partly = blocks([Value("Erika"), Own(":\n"), Link]);
        assert_eq!(partly[1], Block::Button { label: None });
    }

    #[test]
    fn empty_lines_part_paragraphs_however_many() {
        let layout = Layout::of([Own("a\n b\n\n \n"), Value("\t\n\nc\n\n")]);
        assert_eq!(layout.text("", ""), "a\n b\n\nc");
        assert_eq!(layout.blocks().len(), 2);
        assert_eq!(Layout::of([]).text("", ""), "");
    }
}
