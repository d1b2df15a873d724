# Python SDK version 2 (alibabacloud-oss-v2), which signs by version 4 and parses answers strictly.
import alibabacloud_oss_v2 as v2
import hashlib

client = oss_v2()


def refused(call, status, code, ec=None):
    try:
        call()
    except v2.exceptions.OperationError as error:
        cause = error.unwrap()
        same((cause.status_code, cause.code), (status, code))
        assert cause.request_id, "no request id"
        if ec:
            same(cause.ec, ec)
        return cause
    raise AssertionError(f"succeeded, expected {status} {code}")


def objects():
    key, body = "v2/ключ +%.txt", b"Hello" * 100_000
    put = client.put_object(
        v2.PutObjectRequest(
            bucket=BUCKET,
            key=key,
            body=body,
            metadata={"author": "Jane", "empty": ""},
            content_type="text/x-own",
            cache_control="no-cache",
            content_disposition="attachment",
            content_encoding="identity",
            expires="never",
            tagging="owner=John",
            storage_class="IA",
            acl="private",
            server_side_encryption="AES256",
        )
    )
    etag = f'"{hashlib.md5(body).hexdigest().upper()}"'
    same((put.status_code, put.etag), (200, etag))
    head = client.head_object(v2.HeadObjectRequest(bucket=BUCKET, key=key))
    same((head.content_length, head.etag, head.content_type), (len(body), etag, "text/x-own"))
    same(dict(head.metadata), {"author": "Jane", "empty": ""})
    same((head.storage_class, head.object_type, head.tagging_count), ("IA", "Normal", 1))
    same(head.server_side_encryption, "AES256")
    same((head.cache_control, head.expires, head.hash_crc64), ("no-cache", "never", put.hash_crc64))
    got = client.get_object(v2.GetObjectRequest(bucket=BUCKET, key=key))
    same(got.body.content, body)
    part = client.get_object(
        v2.GetObjectRequest(bucket=BUCKET, key=key, range_header="bytes=5-9", range_behavior="standard")
    )
    same((part.status_code, part.content_range, part.body.content), (206, f"bytes 5-9/{len(body)}", b"Hello"))
    meta = client.get_object_meta(v2.GetObjectMetaRequest(bucket=BUCKET, key=key))
    same((meta.content_length, meta.etag), (len(body), etag))
    refused(lambda: client.head_object(v2.HeadObjectRequest(bucket=BUCKET, key="no")), 404, "NoSuchKey", "0026-00000001")
    refused(
        lambda: client.put_object(v2.PutObjectRequest(bucket=BUCKET, key=key, body=b"x", forbid_overwrite=True)),
        409,
        "FileAlreadyExists",
    )
    refused(
        lambda: client.get_object(v2.GetObjectRequest(bucket=BUCKET, key=key, if_match='"x"')),
        412,
        "PreconditionFailed",
    )
    assert client.is_object_exist(BUCKET, key) and not client.is_object_exist(BUCKET, "no")
    assert client.is_bucket_exist(BUCKET) and not client.is_bucket_exist("no-such-bucket")


def edits():
    client.put_object(
        v2.PutObjectRequest(bucket=BUCKET, key="e", body=b"x", metadata={"a": "1"}, tagging="t=1", cache_control="c")
    )
    copy = client.copy_object(
        v2.CopyObjectRequest(
            bucket=BUCKET,
            key="e",
            source_key="e",
            metadata={"b": "2"},
            metadata_directive="REPLACE",
            storage_class="IA",
        )
    )
    head = client.head_object(v2.HeadObjectRequest(bucket=BUCKET, key="e"))
    same((dict(head.metadata), head.tagging_count, head.cache_control), ({"b": "2"}, 1, None))
    same((copy.etag, head.storage_class), (head.etag, "IA"))
    refused(
        lambda: client.copy_object(
            v2.CopyObjectRequest(bucket=BUCKET, key="e", source_key="e", if_unmodified_since="Fri, 28 Feb 2020 05:38:42 GMT")
        ),
        412,
        "PreconditionFailed",
    )
    refused(
        lambda: client.copy_object(
            v2.CopyObjectRequest(bucket=BUCKET, key="e", source_key="e", metadata_directive="MERGE")
        ),
        400,
        "InvalidArgument",
    )

    tags = v2.Tagging(tag_set=v2.TagSet(tags=[v2.Tag(key="k", value="v"), v2.Tag(key="empty", value="")]))
    client.put_object_tagging(v2.PutObjectTaggingRequest(bucket=BUCKET, key="e", tagging=tags))
    got = client.get_object_tagging(v2.GetObjectTaggingRequest(bucket=BUCKET, key="e"))
    same(sorted((t.key, t.value or "") for t in got.tag_set.tags), [("empty", ""), ("k", "v")])
    client.delete_object_tagging(v2.DeleteObjectTaggingRequest(bucket=BUCKET, key="e"))
    tags = v2.Tagging(tag_set=v2.TagSet(tags=[v2.Tag(key=str(n), value="") for n in range(11)]))
    refused(
        lambda: client.put_object_tagging(v2.PutObjectTaggingRequest(bucket=BUCKET, key="e", tagging=tags)),
        400,
        "InvalidTag",
        "0010-00000218",
    )
    for tag, ec in ((v2.Tag(key="k" * 129, value=""), "0010-00000209"), (v2.Tag(key="k", value="v" * 257), "0010-00000217")):
        tags = v2.Tagging(tag_set=v2.TagSet(tags=[tag]))
        refused(
            lambda: client.put_object_tagging(v2.PutObjectTaggingRequest(bucket=BUCKET, key="e", tagging=tags)),
            400,
            "InvalidTag",
            ec,
        )

    client.put_object_acl(v2.PutObjectAclRequest(bucket=BUCKET, key="e", acl="public-read"))
    same(client.get_object_acl(v2.GetObjectAclRequest(bucket=BUCKET, key="e")).acl, "public-read")


def multipart():
    key, part = "v2 multi", b"0123456789abcdef" * 8000
    upload = client.initiate_multipart_upload(
        v2.InitiateMultipartUploadRequest(bucket=BUCKET, key=key, metadata={"a": "1"}, tagging="t=1")
    ).upload_id
    first = client.upload_part(
        v2.UploadPartRequest(bucket=BUCKET, key=key, upload_id=upload, part_number=1, body=part)
    )
    client.put_object(v2.PutObjectRequest(bucket=BUCKET, key="source", body=part))
    second = client.upload_part_copy(
        v2.UploadPartCopyRequest(
            bucket=BUCKET, key=key, upload_id=upload, part_number=2, source_key="source", source_range="bytes=0-9"
        )
    )
    listed = client.list_parts(v2.ListPartsRequest(bucket=BUCKET, key=key, upload_id=upload))
    same([(p.part_number, p.etag, p.size) for p in listed.parts], [(1, first.etag, len(part)), (2, second.etag, 10)])
    uploads = client.list_multipart_uploads(v2.ListMultipartUploadsRequest(bucket=BUCKET))
    same([(u.key, u.upload_id) for u in uploads.uploads], [(key, upload)])
    complete = lambda parts: client.complete_multipart_upload(
        v2.CompleteMultipartUploadRequest(
            bucket=BUCKET,
            key=key,
            upload_id=upload,
            complete_multipart_upload=v2.CompleteMultipartUpload(parts=parts),
        )
    )
    parts = [v2.UploadPart(part_number=1, etag=first.etag), v2.UploadPart(part_number=2, etag=second.etag)]
    refused(lambda: complete(parts[::-1]), 400, "InvalidPartOrder")
    refused(lambda: complete([v2.UploadPart(part_number=7, etag=first.etag)]), 400, "InvalidPart")
    done = complete(parts)
    got = client.get_object(v2.GetObjectRequest(bucket=BUCKET, key=key))
    same((got.body.content, got.etag, dict(got.metadata)), (part + part[:10], done.etag, {"a": "1"}))
    refused(lambda: complete(parts), 404, "NoSuchUpload")

    upload = client.initiate_multipart_upload(v2.InitiateMultipartUploadRequest(bucket=BUCKET, key=key)).upload_id
    client.upload_part(v2.UploadPartRequest(bucket=BUCKET, key=key, upload_id=upload, part_number=1, body=b"all"))
    client.complete_multipart_upload(
        v2.CompleteMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload, complete_all="yes")
    )
    same(client.get_object(v2.GetObjectRequest(bucket=BUCKET, key=key)).body.content, b"all")
    upload = client.initiate_multipart_upload(v2.InitiateMultipartUploadRequest(bucket=BUCKET, key=key)).upload_id
    client.abort_multipart_upload(v2.AbortMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload))


def the_rest():
    first = client.append_object(v2.AppendObjectRequest(bucket=BUCKET, key="log", position=0, body=b"one"))
    same(first.next_position, 3)
    refused(
        lambda: client.append_object(v2.AppendObjectRequest(bucket=BUCKET, key="log", position=0, body=b"x")),
        409,
        "PositionNotEqualToLength",
    )
    second = client.append_object(v2.AppendObjectRequest(bucket=BUCKET, key="log", position=3, body=b"two"))
    got = client.get_object(v2.GetObjectRequest(bucket=BUCKET, key="log"))
    same((got.body.content, got.hash_crc64, got.object_type), (b"onetwo", second.hash_crc64, "Appendable"))

    client.put_symlink(v2.PutSymlinkRequest(bucket=BUCKET, key="link", symlink_target="log", metadata={"a": "l"}))
    same(client.get_symlink(v2.GetSymlinkRequest(bucket=BUCKET, key="link")).target, "log")
    same(client.get_object(v2.GetObjectRequest(bucket=BUCKET, key="link")).body.content, b"onetwo")
    head = client.head_object(v2.HeadObjectRequest(bucket=BUCKET, key="link"))
    same((head.object_type, dict(head.metadata)), ("Symlink", {"a": "l"}))

    client.put_object(v2.PutObjectRequest(bucket=BUCKET, key="old", body=b"cold", storage_class="Archive"))
    refused(lambda: client.get_object(v2.GetObjectRequest(bucket=BUCKET, key="old")), 403, "InvalidObjectState")
    restore = lambda tier=None: client.restore_object(
        v2.RestoreObjectRequest(
            bucket=BUCKET,
            key="old",
            restore_request=v2.RestoreRequest(days=2, job_parameters=tier and v2.JobParameters(tier=tier)),
        )
    )
    refused(lambda: restore("Slow"), 400, "InvalidArgument", "0016-00000703")
    same(restore().status_code, 202)
    listed = lambda: client.list_objects_v2(v2.ListObjectsV2Request(bucket=BUCKET, prefix="old")).contents[0]
    eventually(lambda: 'ongoing-request="false"' in listed().restore_info)
    same(client.get_object(v2.GetObjectRequest(bucket=BUCKET, key="old")).body.content, b"cold")

    keys = sorted(["a/1", "a/2", "b", "c d", "e\x01"])
    for key in keys:
        client.put_object(v2.PutObjectRequest(bucket=BUCKET, key="l/" + key, body=b""))
    paginator = client.list_objects_v2_paginator(limit=1)
    pages = paginator.iter_page(v2.ListObjectsV2Request(bucket=BUCKET, prefix="l/", fetch_owner=True))
    same([o.key for page in pages for o in page.contents or []], ["l/" + key for key in keys])
    page = client.list_objects(v2.ListObjectsRequest(bucket=BUCKET, prefix="l/", delimiter="/", max_keys=2))
    same(([p.prefix for p in page.common_prefixes], [o.key for o in page.contents]), (["l/a/"], ["l/b"]))
    assert page.is_truncated
    page = client.list_objects(
        v2.ListObjectsRequest(bucket=BUCKET, prefix="l/", delimiter="/", marker=page.next_marker)
    )
    same([o.key for o in page.contents], ["l/c d", "l/e\x01"])
    deleted = client.delete_multiple_objects(
        v2.DeleteMultipleObjectsRequest(
            bucket=BUCKET, objects=[v2.DeleteObject(key="l/" + key) for key in keys if key != "e\x01"]
        )
    )
    same(sorted(d.key for d in deleted.deleted_objects), ["l/" + key for key in keys if key != "e\x01"])

    same(client.get_bucket_info(v2.GetBucketInfoRequest(bucket=BUCKET)).bucket_info.name, BUCKET)
    same(client.get_bucket_location(v2.GetBucketLocationRequest(bucket=BUCKET)).location, "oss-cn-hangzhou")
    same(client.get_bucket_versioning(v2.GetBucketVersioningRequest(bucket=BUCKET)).version_status, None)
    same([b.name for b in client.list_buckets(v2.ListBucketsRequest()).buckets], [BUCKET])
    refused(lambda: client.get_bucket_stat(v2.GetBucketStatRequest(bucket=BUCKET)), 501, "NotImplemented")
    url = client.presign(v2.GetObjectRequest(bucket=BUCKET, key="log")).url
    import requests

    same(requests.get(url).content, b"onetwo")


for check in (objects, edits, multipart, the_rest):
    check()
