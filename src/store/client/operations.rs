//! The operations of the trait, each a request and the way its answer is read.

use super::{Client, body};
use crate::store::dialect::sign::{Scope, Target};
use crate::store::error::Result;
use crate::store::types::{
    Acl, ByteRange, CompletedPart, CopyOutcome, CopyRequest, GetAnswer, GetRequest, Key, ListPage,
    ListRequest, ObjectMeta, Properties, PutOutcome, PutRequest, RestoreOutcome, RestoreRequest,
    SourceConditions, Symlink, Tags, Upload, Version, VersionId, WriteCondition,
};
use crate::store::{Dialect, RequestCounts, Store, wire};
use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use std::time::Duration;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Client {
    fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    fn requests(&self) -> RequestCounts {
        self.counters.report()
    }

    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectMeta> {
        let request = wire::head::request(self.dialect, key, version);
        self.exchange(request, |answer| wire::head::parse(self.dialect, answer))
            .await
    }

    async fn get(&self, get: GetRequest) -> Result<GetAnswer> {
        let request = wire::get::request(self.dialect, &get)?;
        let parse = |answer: &wire::Response| wire::get::parse(self.dialect, answer, get.range);
        let ((meta, range), streamed) = self.exchange_streamed(request, parse).await?;
        let streamed = streamed.expect("the body of a read that succeeds is streamed");
        let length = range.end - range.start;
        Ok(GetAnswer {
            meta,
            range,
            body: body::exact(streamed, length, &get.key, &self.counters),
        })
    }

    async fn list(&self, list: ListRequest) -> Result<ListPage> {
        let request = wire::list::request(&list);
        self.exchange(request, |answer| {
            wire::list::parse(self.dialect, answer, &list)
        })
        .await
    }

    async fn list_versions(&self, key: &Key, max: u16) -> Result<Vec<Version>> {
        let request = wire::versions::request(key, max);
        self.exchange(request, |answer| {
            wire::versions::parse(self.dialect, answer, key)
        })
        .await
    }

    async fn put(&self, put: PutRequest) -> Result<PutOutcome> {
        let request = wire::put::request(self.dialect, &put)?;
        self.exchange(request, |answer| wire::put::parse(self.dialect, answer))
            .await
    }

    async fn copy(&self, copy: CopyRequest) -> Result<CopyOutcome> {
        let request = wire::copy::request(self.dialect, &self.endpoint.bucket, &copy)?;
        self.exchange(request, |answer| wire::copy::parse(self.dialect, answer))
            .await
    }

    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        let request = wire::delete::request(key, version);
        self.exchange(request, |answer| wire::delete::parse(self.dialect, answer))
            .await
    }

    async fn create_upload(
        &self,
        key: &Key,
        properties: &Properties,
        tags: &Tags,
        acl: Option<&Acl>,
    ) -> Result<Upload> {
        let request = wire::multipart::create_request(self.dialect, key, properties, tags, acl)?;
        self.exchange(request, |answer| {
            wire::multipart::parse_create(self.dialect, answer, key)
        })
        .await
    }

    async fn upload_part(
        &self,
        upload: &Upload,
        number: u16,
        body: Bytes,
    ) -> Result<CompletedPart> {
        let request = wire::multipart::part_request(self.dialect, upload, number, body);
        self.exchange(request, |answer| {
            wire::multipart::parse_part(self.dialect, answer, number)
        })
        .await
    }

    async fn upload_part_copy(
        &self,
        upload: &Upload,
        number: u16,
        source: &Key,
        source_version: Option<&VersionId>,
        range: ByteRange,
        conditions: &SourceConditions,
    ) -> Result<CompletedPart> {
        let request = wire::multipart::part_copy_request(
            self.dialect,
            &self.endpoint.bucket,
            upload,
            number,
            source,
            source_version,
            range,
            conditions,
        )?;
        self.exchange(request, |answer| {
            wire::multipart::parse_part_copy(self.dialect, answer, number)
        })
        .await
    }

    async fn complete_upload(
        &self,
        upload: &Upload,
        parts: &[CompletedPart],
        condition: &WriteCondition,
    ) -> Result<PutOutcome> {
        let request = wire::multipart::complete_request(self.dialect, upload, parts, condition)?;
        self.exchange(request, |answer| {
            wire::multipart::parse_complete(self.dialect, answer)
        })
        .await
    }

    async fn abort_upload(&self, upload: &Upload) -> Result<()> {
        let request = wire::multipart::abort_request(upload);
        self.exchange(request, |answer| {
            wire::multipart::parse_abort(self.dialect, answer)
        })
        .await
    }

    async fn get_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<Tags> {
        let request = wire::tagging::get_request(key, version);
        self.exchange(request, |answer| wire::tagging::parse(self.dialect, answer))
            .await
    }

    async fn put_tags(&self, key: &Key, version: Option<&VersionId>, tags: &Tags) -> Result<()> {
        let request = wire::tagging::put_request(self.dialect, key, version, tags);
        self.exchange(request, |answer| wire::error::check(self.dialect, answer))
            .await
    }

    async fn delete_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        let request = wire::tagging::delete_request(key, version);
        self.exchange(request, |answer| wire::error::check(self.dialect, answer))
            .await
    }

    async fn get_acl(&self, key: &Key, version: Option<&VersionId>) -> Result<Acl> {
        let request = wire::acl::get_request(key, version);
        self.exchange(request, |answer| wire::acl::parse(self.dialect, answer))
            .await
    }

    async fn put_acl(&self, key: &Key, version: Option<&VersionId>, acl: &Acl) -> Result<()> {
        let request = wire::acl::put_request(self.dialect, key, version, acl)?;
        self.exchange(request, |answer| wire::error::check(self.dialect, answer))
            .await
    }

    async fn has_object_acls(&self) -> Result<bool> {
        let Some(request) = wire::bucket::ownership_request(self.dialect) else {
            return Ok(true);
        };
        self.exchange(request, |answer| {
            wire::bucket::parse_ownership(self.dialect, answer)
        })
        .await
    }

    async fn restore(&self, restore: RestoreRequest) -> Result<RestoreOutcome> {
        let request = wire::restore::request(self.dialect, &restore);
        self.exchange(request, |answer| wire::restore::parse(self.dialect, answer))
            .await
    }

    async fn get_symlink(&self, key: &Key) -> Result<Symlink> {
        let request = wire::symlink::get_request(self.dialect, key)?;
        self.exchange(request, |answer| {
            wire::symlink::parse_get(self.dialect, answer)
        })
        .await
    }

    async fn put_symlink(
        &self,
        key: &Key,
        target: &str,
        properties: &Properties,
        tags: &Tags,
    ) -> Result<PutOutcome> {
        let request = wire::symlink::put_request(self.dialect, key, target, properties, tags)?;
        self.exchange(request, |answer| {
            wire::symlink::parse_put(self.dialect, answer)
        })
        .await
    }

    async fn presign_get(
        &self,
        key: &Key,
        version: Option<&VersionId>,
        expires: Duration,
    ) -> Result<String> {
        let wire::Request {
            method, mut query, ..
        } = wire::get::presigned(key, version);
        let location = self.endpoint.location(Some(key))?;
        let now = self.clock.now();
        if let Some(credentials) = self.credentials.get(now).await? {
            let scope = Scope {
                credentials: &credentials,
                region: &self.endpoint.region,
                time: now,
            };
            let target = Target {
                host: &self.endpoint.host,
                path: &location.path,
                bucket: &self.endpoint.bucket,
                key: Some(key.as_str()),
            };
            let none = HeaderMap::new();
            self.dialect
                .presign(&method, &target, &mut query, &none, &scope, expires);
        }
        let query = self.dialect.encode_query(&query);
        let separator = if query.is_empty() { "" } else { "?" };
        let Self { endpoint, .. } = self;
        Ok(format!(
            "{}://{}{}{separator}{query}",
            endpoint.scheme, endpoint.host, location.sent
        ))
    }
}
