//! Writes every state of every page and e-mail in every language into a folder, to be looked at: `cargo run -p pages --example gallery -- FOLDER`.

#[path = "../tests/rendered/samples.rs"]
mod samples;

use std::path::PathBuf;
use std::{env, fs, io};

use domain::language::Language;
use domain::practice::PublicPractice;

fn main() -> io::Result<()> {
    let folder = env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(&folder)?;
    let words = "Bitte überweisen Sie bis Monatsende.\nVielen Dank.\n\nIhr Praxisteam";
    let write = |name: String, text: &str| fs::write(folder.join(name), text);
    for language in Language::ALL {
        let practice = samples::practice();
        let tag = language.tag();
        for (name, page) in samples::pages(language, &practice) {
            write(format!("{tag}-{name}.html"), &page.html)?;
        }
        for (name, email) in samples::emails(language, &practice, words) {
            write(format!("{tag}-{name}.html"), &email.html)?;
            write(
                format!("{tag}-{name}.txt"),
                &format!("{}\n\n{}", email.subject, email.text),
            )?;
        }
    }
    // A practice can be as bright, dark or long-winded as it likes.
    for (name, colour) in [
        ("yellow", "#ffe600"),
        ("navy", "#0a1a4f"),
        ("grey", "#777777"),
    ] {
        let practice = PublicPractice {
            public_name: "Gemeinschaftspraxis am Alten Stadtpark 1".to_owned(),
            colour: colour.to_owned().try_into().ok(),
            ..samples::practice()
        };
        for (state, page) in samples::pages(Language::German, &practice) {
            if ["code", "closed-used", "documents"].contains(&state.as_str()) {
                write(format!("{name}-{state}.html"), &page.html)?;
            }
        }
    }
    // And as taciturn.
    let practice = samples::bare_practice("P");
    for (state, page) in samples::pages(Language::German, &practice) {
        if ["code+spoken", "closed-superseded"].contains(&state.as_str()) {
            write(format!("bare-{state}.html"), &page.html)?;
        }
    }
    Ok(())
}
