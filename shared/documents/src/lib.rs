//! Documents in S3: URLs for uploading and downloading, and a look at what arrived.
//!
//! S3 judges signatures by its own clock, so nothing here takes a time.
//! An object's key is made of ids alone; no name of a patient or a file reaches S3's logs.

mod pdf;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::Object;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use domain::document::Document;
use domain::id::{DocumentId, PracticeId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// The only content type that is taken and handed out.
pub const PDF: &str = "application/pdf";
/// How long an upload may take to begin, in seconds; the bucket's policy allows a minute more.
pub const UPLOAD_LIFE: u64 = 5 * 60;

/// The bucket of documents.
#[derive(Clone, Debug)]
pub struct Documents {
    client: Client,
    bucket: String,
}

/// How to upload the announced bytes: they alone are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Where to send them.
    pub url: String,
    /// With which HTTP method.
    pub method: String,
    /// With which headers, all of them signed.
    pub headers: Vec<(String, String)>,
}

/// What a look at an upload found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing is there.
    Missing,
    /// The announced bytes are there and are a PDF.
    Ready,
    /// Something else is there; why it is not taken.
    Refused(&'static str),
}

/// S3 did not answer, or refused. Says nothing about whether the document is there.
#[derive(Debug, thiserror::Error)]
#[error("S3 did not do {operation}: {reason}")]
pub struct DocumentsError {
    operation: &'static str,
    reason: String,
}

impl Documents {
    /// The bucket of this name.
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// A URL that takes the announced bytes and no others: length, type and SHA-256 are signed, and nothing is ever replaced.
    pub async fn upload(
        &self,
        practice: &PracticeId,
        document: &Document,
    ) -> Result<Upload, DocumentsError> {
        let sha256 = HEXLOWER_PERMISSIVE
            .decode(document.sha256.as_bytes())
            .map_err(|_| own_error("PutObject"))?;
        let signed = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(object_key(practice, &document.id))
            .content_type(PDF)
            .content_length(i64::try_from(document.size).map_err(|_| own_error("PutObject"))?)
            .checksum_sha256(BASE64.encode(&sha256))
            .if_none_match("*")
            .presigned(expiring(UPLOAD_LIFE)?)
            .await
            .map_err(|error| failure("PutObject", &error))?;
        Ok(Upload {
            url: signed.uri().to_owned(),
            method: signed.method().to_owned(),
            headers: headers_to_send(&signed),
        })
    }

    /// Looks at what arrived: size, checksum, and whether it is a PDF that opens. Holds up to 25 MiB for a moment.
    pub async fn look(
        &self,
        practice: &PracticeId,
        document: &Document,
    ) -> Result<Look, DocumentsError> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(object_key(practice, &document.id))
            .send()
            .await;
        let object = match got {
            Ok(object) => object,
            Err(error) if is_missing(&error) => return Ok(Look::Missing),
            Err(error) => return Err(failure("GetObject", &error)),
        };
        if object
            .content_length()
            .and_then(|length| u64::try_from(length).ok())
            != Some(document.size)
        {
            return Ok(Look::Refused("the file has another size than announced"));
        }
        let bytes = object.body.collect().await.map_err(|_| broken())?.to_vec();
        if HEXLOWER_PERMISSIVE.encode(&Sha256::digest(&bytes)) != document.sha256 {
            return Ok(Look::Refused("the file has another SHA-256 than announced"));
        }
        Ok(if pdf::opens(bytes) {
            Look::Ready
        } else {
            Look::Refused("the file is no PDF that can be opened")
        })
    }

    /// D6: the bytes as they were announced; `None` where others are there, or none. Holds up to 25 MiB for a moment.
    pub async fn read(
        &self,
        practice: &PracticeId,
        document: &Document,
    ) -> Result<Option<Vec<u8>>, DocumentsError> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(object_key(practice, &document.id))
            .send()
            .await;
        let object = match got {
            Ok(object) => object,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failure("GetObject", &error)),
        };
        let bytes = object.body.collect().await.map_err(|_| broken())?.to_vec();
        let is_announced = HEXLOWER_PERMISSIVE.encode(&Sha256::digest(&bytes)) == document.sha256;
        Ok(is_announced.then_some(bytes))
    }

    /// Whether the bytes are there right now.
    pub async fn exists(
        &self,
        practice: &PracticeId,
        id: &DocumentId,
    ) -> Result<bool, DocumentsError> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(object_key(practice, id))
            .send()
            .await;
        match head {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(failure("HeadObject", &error)),
        }
    }

    /// P7: a URL that downloads the document as an attachment of this name, and may be begun for `life` seconds.
    ///
    /// It ends with the credentials that sign it, too. Lambda hands a function its own in the environment, without saying how long they last, so that this cannot be asked (F-D4); should they end first, the page makes a new URL.
    pub async fn download_url(
        &self,
        practice: &PracticeId,
        document: &Document,
        file_name: &str,
        life: u64,
    ) -> Result<String, DocumentsError> {
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(object_key(practice, &document.id))
            .response_content_type(PDF)
            .response_content_disposition(attachment(file_name))
            .response_cache_control("private, no-store")
            .presigned(expiring(life)?)
            .await
            .map_err(|error| failure("GetObject", &error))?;
        Ok(signed.uri().to_owned())
    }

    /// Deletes the bytes; ones that are gone already stay gone.
    pub async fn delete(
        &self,
        practice: &PracticeId,
        document: &Document,
    ) -> Result<(), DocumentsError> {
        self.delete_by_id(practice, &document.id).await
    }

    /// Some of the documents of a practice, whatever the table says of them: up to 1,000 at once. For the operator's commands alone: no function may list.
    pub async fn some_of_practice(
        &self,
        practice: &PracticeId,
        after: Option<&DocumentId>,
    ) -> Result<Vec<DocumentId>, DocumentsError> {
        let prefix = prefix(practice);
        let listed = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(&prefix)
            .set_start_after(after.map(|id| object_key(practice, id)))
            .send()
            .await
            .map_err(|error| failure("ListObjectsV2", &error))?;
        let keys = listed.contents().iter().filter_map(Object::key);
        let ids = keys.map(|key| key.strip_prefix(&prefix)?.parse().ok());
        let ids: Option<Vec<DocumentId>> = ids.collect();
        ids.ok_or_else(|| own_error("ListObjectsV2"))
    }

    /// Deletes the bytes of a document of which nothing but its id is known.
    pub async fn delete_by_id(
        &self,
        practice: &PracticeId,
        id: &DocumentId,
    ) -> Result<(), DocumentsError> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(object_key(practice, id))
            .send()
            .await
            .map_err(|error| failure("DeleteObject", &error))?;
        Ok(())
    }
}

fn prefix(practice: &PracticeId) -> String {
    format!("documents/{practice}/")
}

fn object_key(practice: &PracticeId, id: &DocumentId) -> String {
    format!("{}{id}", prefix(practice))
}

/// RFC 6266: a plain name for old browsers, and the full one.
fn attachment(file_name: &str) -> String {
    let plain: String = file_name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let full = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

fn expiring(seconds: u64) -> Result<PresigningConfig, DocumentsError> {
    PresigningConfig::expires_in(Duration::from_secs(seconds)).map_err(|_| own_error("presigning"))
}

/// The signed headers but those that every HTTP client sends by itself.
fn headers_to_send(signed: &PresignedRequest) -> Vec<(String, String)> {
    signed
        .headers()
        .filter(|(name, _)| !["host", "content-length"].contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Without the right to list the bucket, S3 says "denied" where there is nothing.
fn is_missing<E>(error: &SdkError<E, HttpResponse>) -> bool {
    match error
        .raw_response()
        .map(|response| response.status().as_u16())
    {
        Some(404) => true,
        Some(403) => {
            tracing::warn!(
                "S3 denied an object: either it is not there, or check that the function's role may use s3:GetObject on it and kms:Decrypt on the bucket's key"
            );
            true
        }
        _ => false,
    }
}

fn broken() -> DocumentsError {
    DocumentsError {
        operation: "GetObject",
        reason: "the connection broke".to_owned(),
    }
}

fn own_error(operation: &'static str) -> DocumentsError {
    DocumentsError {
        operation,
        reason: "the request could not be made".to_owned(),
    }
}

/// Says what happened without the SDK's own words, which may quote the request.
fn failure<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> DocumentsError {
    let reason = match error {
        SdkError::ServiceError(error) => match error.err().code() {
            Some("AccessDenied") => {
                "AccessDenied; check that the function's role may do this in the bucket"
            }
            code => code.unwrap_or("an error without a code"),
        },
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        _ => "the request could not be made",
    };
    DocumentsError {
        operation,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn p7_file_names_cannot_break_out_of_the_header() {
        assert_eq!(
            attachment("Rechnung-2026-0815.pdf"),
            "attachment; filename=\"Rechnung-2026-0815.pdf\"; filename*=UTF-8''Rechnung%2D2026%2D0815%2Epdf"
        );
        let hostile = attachment("a\"\r\nSet-Cookie: b=ü.pdf");
        assert!(
            !hostile.contains(['\r', '\n']) && hostile.matches('"').count() == 2,
            "{hostile}"
        );
    }
}
