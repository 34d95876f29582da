//! Documents: announcing, uploading, looking, releasing, deleting.

use deliveries::{Clock, Unavailable, delete_document, idempotency_key, look_at_uploads};
use documents::{PDF, UPLOAD_LIFE, Upload};
use domain::access::Scope;
use domain::audit::Op;
use domain::document::{Document, Kind, LARGEST, State};
use domain::id::{DocumentId, PracticeId, RecordId};
use domain::practice::Whole;
use domain::text::Line;
use http::StatusCode;
use secrets::document_id;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{Announced, StoredDocument};
use web::{FieldError, Problem, Request, Response};

use crate::{Answer, Deps, Failure};

/// What a practice announces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announcement {
    record: RecordId,
    kind: Kind,
    number: Line,
    title: Option<Line>,
    issued_on: IssueDay,
    file_name: Option<Line>,
    content_type: String,
    size: Whole,
    sha256: String,
    #[serde(default)]
    released: bool,
}

/// A day of a document's own time: since 1900, as its id sorts by four digits of the year.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct IssueDay(domain::document::Date);

impl TryFrom<String> for IssueDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let day: Option<domain::document::Date> =
            (text.len() == 10).then(|| text.parse().ok()).flatten();
        day.filter(|day| (1900..=2999).contains(&day.year()))
            .map(Self)
            .ok_or("expected a day such as 2026-11-20")
    }
}

/// What can be changed of a document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    released: bool,
}

/// Announces a document and answers where its bytes go, straight to the bucket; a repeated request gets the same document with another URL.
pub(crate) async fn post(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Send)?;
    let practice = &caller.practice;
    let document = announced(request.json()?, deps.clock.now())?;
    let key = match request.idempotency_key()? {
        Some(key) => {
            let lookup = deps.lookup.get().await.map_err(Unavailable::from)?;
            let route = "POST /v1/documents";
            Some(idempotency_key(
                lookup,
                practice,
                route,
                key,
                request.body(),
            ))
        }
        None => None,
    };
    let op = deps.op(caller)?;
    let added = deps
        .store
        .add_document(practice, document.clone(), key.as_ref(), &op);
    let document = match added.await? {
        Announced::Yes => document,
        Announced::Repeated(id) => found(deps, practice, &id, &op).await?,
        Announced::Mismatch => return Err(Problem::idempotency_mismatch().into()),
        Announced::NoSuchRecord => {
            let expected = "expected a record that exists; make it with PUT /v1/records/{id}";
            return Err(Problem::invalid_field("/record", expected).into());
        }
    };
    let upload = deps.documents.upload(practice, &document).await?;
    let mut body = shown(&document);
    body["upload"] = shown_upload(upload);
    Ok(Response::json(StatusCode::CREATED, &body))
}

/// A page of a record's documents, oldest day of issue first; `state` is what the last look found.
pub(crate) async fn list(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let (limit, cursor) = request.paging()?;
    let record = request
        .query("record")
        .and_then(|record| record.parse::<RecordId>().ok());
    let record = record.ok_or_else(|| {
        Problem::invalid_query("record", "the id of the record whose documents to list")
    })?;
    let page = deps
        .store
        .document_page(practice, &record, limit, cursor)
        .await?;
    let now = deps.clock.now();
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|(_, stored)| &stored.document)
        .filter(|document| document.deleted_at.is_none() && !document.has_lapsed(now))
        .map(shown)
        .collect();
    Ok(Response::json(
        StatusCode::OK,
        &json!({"items": items, "next_cursor": page.next}),
    ))
}

/// One document; looks at its upload if nobody has yet.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Read)?;
    let practice = &caller.practice;
    let found = found(deps, practice, &request.id("id")?, &deps.op(caller)?).await?;
    Ok(Response::json(StatusCode::OK, &shown(&found)))
}

/// Releases a document for being offered beside others (D8), or takes that back.
pub(crate) async fn patch(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Send)?;
    let practice = &caller.practice;
    let id = request.id("id")?;
    let Changes { released } = request.json()?;
    let op = deps.op(caller)?;
    let mut document = found(deps, practice, &id, &op).await?;
    if !deps
        .store
        .set_document_released(practice, &document, released, &op)
        .await?
    {
        return Err(Problem::not_found().into());
    }
    document.released = released;
    Ok(Response::json(StatusCode::OK, &shown(&document)))
}

/// L7: deletes a document, also one whose deletion was interrupted.
pub(crate) async fn delete(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Erase)?;
    let practice = &caller.practice;
    let id: DocumentId = request.id("id")?;
    let stored = deps
        .store
        .document(practice, &id)
        .await?
        .ok_or_else(Problem::not_found)?;
    delete_document(
        &deps.store,
        &deps.documents,
        practice,
        &stored.document,
        &deps.op(caller)?,
    )
    .await?;
    Ok(Response::no_content())
}

async fn found(
    deps: &Deps,
    practice: &PracticeId,
    id: &DocumentId,
    op: &Op,
) -> Result<Document, Failure> {
    let now = deps.clock.now();
    let mut stored: StoredDocument = deps
        .store
        .document(practice, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    look_at_uploads(
        &deps.store,
        &deps.documents,
        practice,
        std::slice::from_mut(&mut stored),
        op,
    )
    .await?;
    let document = stored.document;
    if document.deleted_at.is_some() || document.has_lapsed(now) {
        return Err(Problem::not_found().into());
    }
    Ok(document)
}

/// Checks what types alone do not say.
fn announced(
    announcement: Announcement,
    now: domain::time::Timestamp,
) -> Result<Document, Failure> {
    let is_sha256 = announcement.sha256.len() == 64
        && announcement
            .sha256
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    // A negative number is none, as 0 is.
    let size = u64::try_from(announcement.size.get()).unwrap_or_default();
    let wrong = [
        (
            announcement.content_type != PDF,
            "/content_type",
            "expected application/pdf",
        ),
        (
            !(1..=LARGEST).contains(&size),
            "/size",
            "expected 1 to 26214400 bytes (25 MiB)",
        ),
        (
            !is_sha256,
            "/sha256",
            "expected 64 lower-case hexadecimal digits",
        ),
    ];
    let errors: Vec<FieldError> = wrong
        .into_iter()
        .filter(|(is_wrong, ..)| *is_wrong)
        .map(|(_, pointer, expected)| FieldError::new(pointer, expected))
        .collect();
    if !errors.is_empty() {
        return Err(Problem::invalid_body(errors).into());
    }
    let IssueDay(issued_on) = announcement.issued_on;
    Ok(Document {
        id: document_id(issued_on.year(), issued_on.month(), issued_on.day())?,
        record: announcement.record,
        kind: announcement.kind,
        number: announcement.number,
        title: announcement.title,
        issued_on,
        file_name: announcement.file_name,
        size,
        sha256: announcement.sha256,
        released: announcement.released,
        state: State::AwaitingUpload,
        refused_because: None,
        created_at: now,
        deleted_at: None,
    })
}

fn shown(document: &Document) -> Value {
    json!({
        "id": document.id,
        "record": document.record,
        "kind": document.kind,
        "number": document.number,
        "title": document.title,
        "issued_on": document.issued_on,
        "file_name": document.file_name,
        "content_type": PDF,
        "size": document.size,
        "sha256": document.sha256,
        "released": document.released,
        "state": document.state,
        "refused_because": document.refused_because,
        "created_at": document.created_at.to_string(),
    })
}

/// S3 judges the URL by the system's clock, so its end is told by that one.
fn shown_upload(upload: Upload) -> Value {
    let life = i64::try_from(UPLOAD_LIFE).unwrap_or_default();
    let headers: Map<String, Value> = upload
        .headers
        .into_iter()
        .map(|(name, value)| (name, Value::from(value)))
        .collect();
    json!({
        "url": upload.url,
        "method": upload.method,
        "headers": headers,
        "expires_at": Clock::system().now().plus(life).to_string(),
    })
}
