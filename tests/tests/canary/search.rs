//! Finding secrets in bytes, however they are spelled: plain, in another case, reversed, in hex, in base64.

use std::collections::HashMap;

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER};

/// Needles are found by their beginning, so none is shorter than this.
const SHORTEST: usize = 6;
/// In a longer run of letters, digits and hyphens, six symbols are part of a hash, an id or a key by chance:
/// one code in 160 has only symbols that are hexadecimal digits too.
const LONGEST_RUN: usize = 30;

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// The secret in a link.
    Token,
    /// A token's first eight symbols.
    Reference,
    /// What travels on the second channel.
    Code,
    /// The value of a session's cookie.
    Session,
    /// The value of the cookie that forms are bound to.
    FormCookie,
    /// The hidden field of a form.
    FormField,
    /// A practice's key.
    ApiKey,
    /// The sealed state of a preview.
    Draft,
    /// What a practice chose to make its request safe to repeat.
    IdempotencyKey,
    /// The signature of an address in the bucket: whoever has it, has the file.
    Signature,
    /// What signs webhooks.
    WebhookSecret,
}

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Secret {
    /// What it is for.
    pub(crate) kind: Kind,
    /// As the product hands it out, without hyphens where people read some.
    pub(crate) text: String,
}

impl Secret {
    /// Takes hyphens out of what people read.
    pub(crate) fn new(kind: Kind, text: &str) -> Self {
        let text = match kind {
            Kind::Token | Kind::Reference | Kind::Code => text.replace('-', ""),
            _ => text.to_owned(),
        };
        Self { kind, text }
    }

    /// Every way in which the same secret may be written down before somebody encodes it.
    fn spellings(&self) -> Vec<Vec<u8>> {
        let text = self.text.as_str();
        let halved = |at: usize| format!("{}-{}", &text[..at], &text[at..]);
        let decoded = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap_or_default();
        let mut spellings = vec![text.as_bytes().to_vec()];
        match self.kind {
            Kind::Code => spellings.push(halved(3).into_bytes()),
            Kind::Reference => spellings.push(halved(4).into_bytes()),
            Kind::Session | Kind::FormCookie | Kind::Draft => {
                let raw = BASE64URL_NOPAD.decode(text.as_bytes());
                spellings.push(raw.unwrap_or_default());
            }
            // Behind the practice's name, or the form's end, stands the secret itself.
            Kind::ApiKey | Kind::FormField => {
                let secret = text.rsplit(['_', '.']).next().unwrap_or_default();
                spellings.push(secret.as_bytes().to_vec());
                spellings.push(decoded(secret));
            }
            Kind::Signature => spellings.push(decoded(text)),
            Kind::WebhookSecret => {
                let secret = text.trim_start_matches("whsec_");
                spellings.push(secret.as_bytes().to_vec());
                spellings.push(BASE64.decode(secret.as_bytes()).unwrap_or_default());
            }
            Kind::Token | Kind::IdempotencyKey => {}
        }
        spellings.retain(|spelling| spelling.len() >= SHORTEST);
        spellings
    }
}

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Which.
    pub(crate) secret: Secret,
    /// How it was written.
    pub(crate) form: &'static str,
}

struct Needle {
    bytes: Vec<u8>,
    secret: usize,
    form: &'static str,
}

/// Finds any of its secrets.
pub(crate) struct Finder {
    secrets: Vec<Secret>,
    /// Compared without regard to case.
    folded: HashMap<Vec<u8>, Vec<Needle>>,
    /// Compared as they are.
    exact: HashMap<Vec<u8>, Vec<Needle>>,
}

impl Finder {
    /// Of these.
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut finder = Self {
            secrets: secrets.into_iter().collect(),
            folded: HashMap::new(),
            exact: HashMap::new(),
        };
        for (secret, spelling) in spellings(&finder.secrets) {
            for (form, bytes) in folded_forms(&spelling) {
                add(&mut finder.folded, secret, form, bytes);
            }
            for (form, bytes) in exact_forms(&spelling) {
                add(&mut finder.exact, secret, form, bytes);
            }
        }
        finder
    }

    /// Everything that is found, each secret and form once.
    pub(crate) fn find(&self, content: &[u8]) -> Vec<Hit> {
        let folded = content.to_ascii_lowercase();
        let mut hits = Vec::new();
        for (needles, content) in [(&self.folded, folded.as_slice()), (&self.exact, content)] {
            for at in 0..content.len().saturating_sub(SHORTEST - 1) {
                let Some(candidates) = needles.get(&content[at..at + SHORTEST]) else {
                    continue;
                };
                for needle in candidates {
                    if content[at..].starts_with(&needle.bytes)
                        && !is_by_chance(content, at, needle)
                    {
                        let secret = self.secrets[needle.secret].clone();
                        hits.push(Hit {
                            secret,
                            form: needle.form,
                        });
                    }
                }
            }
        }
        hits.sort_by(|a, b| (&a.secret, a.form).cmp(&(&b.secret, b.form)));
        hits.dedup();
        hits
    }
}

fn spellings(secrets: &[Secret]) -> Vec<(usize, Vec<u8>)> {
    let all = secrets.iter().enumerate();
    all.flat_map(|(at, secret)| {
        secret
            .spellings()
            .into_iter()
            .map(move |spelling| (at, spelling))
    })
    .collect()
}

fn add(
    index: &mut HashMap<Vec<u8>, Vec<Needle>>,
    secret: usize,
    form: &'static str,
    bytes: Vec<u8>,
) {
    assert!(bytes.len() >= SHORTEST, "{form}: too short to be found");
    let needles = index.entry(bytes[..SHORTEST].to_vec()).or_default();
    needles.push(Needle {
        bytes,
        secret,
        form,
    });
}

/// Those that hold in either case.
fn folded_forms(spelling: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let lower = spelling.to_ascii_lowercase();
    let reversed = lower.iter().rev().copied().collect();
    vec![
        ("hex", HEXLOWER.encode(spelling).into_bytes()),
        ("hex of lower case", HEXLOWER.encode(&lower).into_bytes()),
        ("reversed", reversed),
        ("plain", lower),
    ]
}

/// Base64, wherever in a longer text the secret begins and in whichever alphabet.
fn exact_forms(spelling: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let lower = spelling.to_ascii_lowercase();
    let mut forms = Vec::new();
    for (form, bytes) in [
        ("base64", spelling),
        ("base64 of lower case", lower.as_slice()),
    ] {
        for before in 0..3 {
            forms.push((form, inner_base64(&BASE64, bytes, before)));
            forms.push((form, inner_base64(&BASE64URL, bytes, before)));
        }
    }
    forms
}

/// The characters of a base64 text that depend on these bytes alone, with `before` further bytes in front.
fn inner_base64(alphabet: &data_encoding::Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let mut longer = vec![0; before];
    longer.extend_from_slice(bytes);
    let encoded = alphabet.encode(&longer);
    let first = (before * 8).div_ceil(6);
    let end = (longer.len() * 8) / 6;
    encoded.as_bytes()[first..end].to_vec()
}

fn is_by_chance(content: &[u8], at: usize, needle: &Needle) -> bool {
    let is_short = needle.bytes.len() <= "XXX-XXX".len();
    if !is_short || !["plain", "reversed"].contains(&needle.form) {
        return false;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    let before = content[..at].iter().rev().take_while(is_part).count();
    let behind = content[at..].iter().take_while(is_part).count();
    before + behind > LONGEST_RUN
}
