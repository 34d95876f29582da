//! S3 in this process, on a folder.

use std::path::Path;

use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use data_encoding::BASE64;
use futures::TryStreamExt as _;
use s3s::auth::SimpleAuth;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};
use s3s::service::S3ServiceBuilder;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// The key pair with which the functions sign and which this S3 checks. It opens nothing but this stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPair {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
}

/// S3 on `directory`, with these buckets.
pub(crate) fn router(directory: &Path, buckets: &[String], keys: KeyPair) -> Result<Router, Error> {
    for bucket in buckets {
        let path = directory.join(bucket);
        std::fs::create_dir_all(&path).map_err(|source| Error::Directory { path, source })?;
    }
    let files = FileSystem::new(directory).map_err(|error| Error::Bucket(format!("{error:?}")))?;
    let mut service = S3ServiceBuilder::new(Objects(files));
    service.set_auth(SimpleAuth::from_single(keys.id, keys.secret));
    let service = HandleError::new(service.build(), async |error: s3s::HttpError| {
        tracing::error!(?error, "S3 could not answer");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    Ok(Router::new().fallback_service(service))
}

/// The operations that the functions, a browser and the operator's commands use; every other is answered as not implemented.
///
/// They are those of the file system, but for one thing: S3 stores nothing of an upload whose checksum is wrong,
/// while the file system stores it and then complains.
#[derive(Debug)]
struct Objects(FileSystem);

#[async_trait::async_trait]
impl S3 for Objects {
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let content = whole(request.input.body.take()).await?;
        if let Some(announced) = &request.input.checksum_sha256
            && *announced != BASE64.encode(&Sha256::digest(&content))
        {
            return Err(s3_error!(
                BadDigest,
                "The SHA-256 you specified did not match the calculated checksum."
            ));
        }
        request.input.body = Some(StreamingBlob::from(Body::from(content)));
        self.0.put_object(request).await
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.0.get_object(request).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.0.head_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0.delete_object(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.0.list_objects_v2(request).await
    }
}

async fn whole(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
    let content: BytesMut = body
        .try_fold(BytesMut::new(), async |mut content, part| {
            content.extend_from_slice(&part);
            Ok(content)
        })
        .await
        .map_err(|_| s3_error!(IncompleteBody))?;
    Ok(content.freeze())
}
