//! Previews and drafts: everything that a sending would do, before anything is stored, and sending exactly that.
//!
//! The draft is the sealed state of a preview; the practice's program holds it, the table does not.

use domain::audit::Op;
use domain::contact::{EmailAddress, Mobile, ThreemaId};
use domain::document::Document;
use domain::gsm7;
use domain::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId};
use domain::practice::Channel;
use domain::sending::{Overrides, Resolved, d8_offered};
use domain::symbols::{CODE_LENGTH, Code, LinkToken, Reference};
use domain::text::AdditionalText;
use domain::time::{HOUR, Timestamp};
use domain::usage::Usage;
use secrets::{draw_code, draw_link_token, sha256_hex};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::Unavailable;
use crate::plan::{Plan, Shared};
use crate::send::{Once, Secrets, SendDelivery, SendError, SendRequest, SentDelivery, Texts};
use crate::warnings::Warning;

/// How long a draft can be sent, in seconds.
const DRAFT_LIFE: i64 = HOUR;
/// What stands in place of the token wherever a link is shown to the practice (S3).
const MASK: &str = "…";

/// What a sending would do.
#[derive(Debug)]
pub struct Preview {
    /// What the page would be opened with; none where it would go without protection (D6).
    pub opens: Option<PreviewOpens>,
    /// Where the e-mail would go.
    pub to: EmailAddress,
    /// The finished e-mail, its link masked.
    pub subject: String,
    /// Its plain part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
    /// What the page would offer: the sent documents, then what D8 offers besides.
    pub documents: Vec<Document>,
    /// D4.
    pub settings: Resolved,
    /// L5.
    pub supersedes: Vec<DeliveryId>,
    /// What keeps it from being sent.
    pub problems: Vec<SendError>,
    /// What does not, and is worth a second thought.
    pub warnings: Vec<Warning>,
    /// To be sent back within an hour.
    pub draft: String,
}

/// What a page would be opened with, and how the code would travel.
#[derive(Debug)]
pub struct PreviewOpens {
    /// As e-mail, message and page would show it.
    pub reference: Reference,
    /// As the message would carry it.
    pub code: Code,
    /// The message on the second channel.
    pub message: MessagePreview,
}

/// The message that a sending would send.
#[derive(Debug)]
pub struct MessagePreview {
    /// How the code would travel.
    pub channel: Channel,
    /// To which number or Threema ID.
    pub to: Option<String>,
    /// What it would say.
    pub text: Option<String>,
    /// How many SMS segments it takes; more than one is refused.
    pub segments: usize,
}

/// A sending of a draft.
#[derive(Debug)]
pub struct DraftRequest {
    /// Who sends.
    pub practice: PracticeId,
    /// What the preview answered.
    pub draft: String,
    /// Replaces the draft's text.
    pub additional_text: Option<AdditionalText>,
    /// D2: whether it may be left out because the template has no place for it; a draft that was made so stays so.
    pub allow_unused_additional_text: bool,
    /// The request's idempotency key.
    pub key: String,
    /// The request's body, of which a hash is kept.
    pub body: Vec<u8>,
    /// Who sends.
    pub op: Op,
}

/// What a draft holds.
#[derive(Serialize, Deserialize)]
struct Draft {
    token: Zeroizing<String>,
    code: Zeroizing<String>,
    made_at: Timestamp,
    record: RecordId,
    recipient: RecipientId,
    documents: Vec<DocumentId>,
    overrides: Overrides,
    /// As shown, the template's standard one included.
    additional_text: AdditionalText,
    allow_unused_additional_text: bool,
    keep_earlier: bool,
    /// What the preview showed, as [`fingerprint`] sees it.
    shown: String,
}

impl SendDelivery {
    /// What would happen. Stores nothing but what a look at uploads finds, and sends nothing.
    pub async fn preview(&self, request: &SendRequest) -> Result<Preview, SendError> {
        let mut plan = self.plan(request, &Shared::default()).await?;
        let secrets = Secrets {
            token: draw_link_token()?,
            code: draw_code()?,
        };
        let now = self.clock.now();
        let mut texts = self.compose(request, &plan, &secrets, now);
        let draft = self.seal(request, &plan, &texts, &secrets, now).await?;
        plan.problems.append(&mut texts.problems);
        let reached = plan.reached_cap(Usage::default(), now);
        plan.problems.extend(reached.map(SendError::CapReached));
        let masked = |text: &str| text.replace(secrets.token.expose(), MASK);
        let is_protected = plan.resolved.protected.value;
        let message = message_preview(&plan, texts.message);
        let bounced = self.bounced_before(&request.practice, &plan.addressee.email);
        let warnings = (!is_protected)
            .then_some(Warning::Unprotected)
            .into_iter()
            .chain(bounced.await?);
        Ok(Preview {
            opens: is_protected.then(|| PreviewOpens {
                reference: secrets.token.reference(),
                code: secrets.code.clone(),
                message,
            }),
            warnings: warnings.collect(),
            to: plan.addressee.email.clone(),
            subject: texts.email.subject.clone(),
            text: masked(&texts.email.text),
            html: masked(&texts.email.html),
            documents: self.offered(request, &plan).await?,
            settings: plan.resolved,
            draft,
            supersedes: plan.supersedes,
            problems: plan.problems,
        })
    }

    /// Everything that would keep it from being sent, if so much more had been sent before on its channel. Stores and sends as little as a preview.
    pub(crate) async fn problems(
        &self,
        request: &SendRequest,
        shared: &Shared,
        before: impl Fn(Channel) -> Usage,
    ) -> Result<Vec<SendError>, Unavailable> {
        let mut plan = match self.plan(request, shared).await {
            Ok(plan) => plan,
            Err(SendError::Unavailable(error)) => return Err(error),
            Err(problem) => return Ok(vec![problem]),
        };
        let secrets = Secrets {
            token: draw_link_token()?,
            code: draw_code()?,
        };
        let now = self.clock.now();
        let mut texts = self.compose(request, &plan, &secrets, now);
        plan.problems.append(&mut texts.problems);
        let reached = plan.reached_cap(before(plan.resolved.channel.value), now);
        plan.problems.extend(reached.map(SendError::CapReached));
        Ok(plan.problems)
    }

    /// Sends what a preview showed, with its reference and code, at most once; changed text is checked again.
    ///
    /// A repeat is answered what the request became before, though the draft be too old by now.
    pub async fn send_draft(&self, request: &DraftRequest) -> Result<SentDelivery, SendError> {
        let sent = self.send_opened_draft(request).await;
        self.or_repeated(sent, &request.practice, &request.key, &request.body)
            .await
    }

    async fn send_opened_draft(&self, request: &DraftRequest) -> Result<SentDelivery, SendError> {
        let draft = self.open_draft(request).await?;
        if self.clock.now() >= draft.made_at.plus(DRAFT_LIFE) {
            return Err(SendError::DraftExpired);
        }
        let secrets = draft.secrets().ok_or(SendError::NoDraft)?;
        let mut asked = SendRequest {
            practice: request.practice.clone(),
            record: draft.record,
            recipient: draft.recipient,
            documents: draft.documents,
            overrides: draft.overrides,
            additional_text: Some(draft.additional_text),
            allow_unused_additional_text: draft.allow_unused_additional_text,
            keep_earlier: draft.keep_earlier,
            once: Once::Request {
                key: request.key.clone(),
                body: request.body.clone(),
            },
            op: request.op.clone(),
        };
        let mut plan = self.plan(&asked, &Shared::default()).await?;
        let shown = self.compose(&asked, &plan, &secrets, draft.made_at);
        let is_kept = plan.drafts_since.is_none_or(|since| draft.made_at >= since);
        let is_as_shown = is_kept && fingerprint(&plan, &shown).is_ok_and(|now| now == draft.shown);
        if let Some(changed) = &request.additional_text {
            asked.additional_text = Some(changed.clone());
        }
        asked.allow_unused_additional_text |= request.allow_unused_additional_text;
        let mut texts = self.compose(&asked, &plan, &secrets, draft.made_at);
        plan.problems.append(&mut texts.problems);
        // Last, for what else is wrong says more.
        plan.problems
            .extend((!is_as_shown).then_some(SendError::DraftOutdated));
        self.send_planned(&asked, plan, &texts, &secrets).await
    }

    async fn open_draft(&self, request: &DraftRequest) -> Result<Draft, SendError> {
        let keys = self.hashing.keys().await?;
        let opened = keys
            .open_draft(&request.draft, &request.practice)
            .map(Zeroizing::new);
        let opened = opened.map_err(|_| SendError::NoDraft)?;
        serde_json::from_slice(&opened).map_err(|_| SendError::NoDraft)
    }

    async fn seal(
        &self,
        request: &SendRequest,
        plan: &Plan,
        texts: &Texts,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<String, Unavailable> {
        let draft = Draft {
            token: Zeroizing::new(secrets.token.expose().to_owned()),
            code: Zeroizing::new(secrets.code.expose().to_owned()),
            made_at: now,
            record: request.record.clone(),
            recipient: request.recipient.clone(),
            documents: request.documents.clone(),
            overrides: request.overrides.clone(),
            additional_text: request.additional_text(&plan.wording.email).clone(),
            allow_unused_additional_text: request.allow_unused_additional_text,
            keep_earlier: request.keep_earlier,
            shown: fingerprint(plan, texts).map_err(|_| secrets::HashError::Interrupted)?,
        };
        let bytes = serde_json::to_vec(&draft).map_err(|_| secrets::HashError::Interrupted)?;
        Ok(self
            .hashing
            .keys()
            .await?
            .seal_draft(&Zeroizing::new(bytes), &request.practice)?)
    }

    /// D8, as it would be now.
    async fn offered(
        &self,
        request: &SendRequest,
        plan: &Plan,
    ) -> Result<Vec<Document>, Unavailable> {
        let mut documents: Vec<Document> = plan
            .documents
            .iter()
            .map(|stored| stored.document.clone())
            .collect();
        if !plan.resolved.protected.value {
            return Ok(documents);
        }
        let others = self
            .store
            .documents_of_record(&request.practice, &request.record)
            .await?;
        let offered = d8_offered(&documents, others, plan.resolved.offered_invoices.value);
        documents.extend(offered);
        Ok(documents)
    }
}

fn message_preview(plan: &Plan, text: Option<String>) -> MessagePreview {
    let channel = plan.resolved.channel.value;
    let (mobile, threema) = (&plan.addressee.mobile, &plan.addressee.threema_id);
    let to = match channel {
        Channel::Threema => threema.as_ref().map(ThreemaId::as_str),
        _ => mobile.as_ref().map(Mobile::as_str),
    };
    MessagePreview {
        channel,
        to: to.filter(|_| text.is_some()).map(str::to_owned),
        segments: text.as_ref().map_or(0, |text| gsm7::segments(text)),
        text,
    }
}

/// Equal where the same would leave the house, to the same addresses, under the same terms.
fn fingerprint(plan: &Plan, texts: &Texts) -> serde_json::Result<String> {
    let Texts {
        practice,
        email,
        message,
        problems: _,
    } = texts;
    let leaving = (
        (&practice.public_name, &plan.settings.reply_to),
        (&email.subject, &email.text, &email.html),
        (
            &plan.addressee.email,
            &plan.addressee.mobile,
            &plan.addressee.threema_id,
            message,
        ),
        &plan.resolved,
    );
    let leaving = serde_json::to_vec(&leaving).map(Zeroizing::new);
    leaving.map(|leaving| sha256_hex(&leaving))
}

impl Draft {
    fn secrets(&self) -> Option<Secrets> {
        let symbols: [u8; CODE_LENGTH] = self.code.as_bytes().try_into().ok()?;
        Some(Secrets {
            token: LinkToken::parse(&self.token).ok()?,
            code: Code::from_symbols(symbols).ok()?,
        })
    }
}
