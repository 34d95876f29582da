//! Documents in S3: upload and download URLs, and a look at what arrived.
