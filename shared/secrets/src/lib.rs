//! Everything that is drawn, hashed, derived or sealed (S1, S2).
//!
//! Keys derive from two KMS HMAC keys that never leave KMS: one for looking up, one for codes, so that a function holds only what it needs.
//! What the table keeps of a secret has a type in `domain::hashed`.

mod access;
mod code;
mod draw;
mod form;
mod keys;
mod lookup;
mod seal;
mod session;
mod webhook;

pub use access::{ApiKeySecret, sha256_hex};
pub use code::{CodeHasher, CodeKeys, HashCost, HashError};
pub use draw::{DrawError, delivery_id, document_id, draw_code, draw_link_token, draw_op, run_id};
pub use form::{FormCookie, FormError, LIFE as FORM_LIFE, Purpose, Term};
pub use keys::{KeyError, Keys};
pub use lookup::LookupKeys;
pub use session::SessionSecret;
pub use webhook::{SealError, WebhookSecret, draw_message_id};
