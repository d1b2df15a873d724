# Python SDK version 1 (oss2), in signature versions 4 and 1: copies, multipart, append, links, ACL, restore, batches.
import oss2

FAR = "Fri, 28 Feb 2031 05:38:42 GMT"
PAST = "Fri, 28 Feb 2020 05:38:42 GMT"


def conditions(bucket):
    bucket.put_object("c", b"x")
    head = bucket.head_object("c")
    etag, modified = f'"{head.etag}"', head.headers["Last-Modified"]
    get = lambda **h: bucket.get_object("c", headers={k.replace("_", "-"): v for k, v in h.items()})
    same(get(if_match=etag, if_unmodified_since=PAST).status, 200)
    same(get(if_unmodified_since=modified).status, 200)
    fails(lambda: get(if_match='"0"'), 412, "PreconditionFailed")
    fails(lambda: get(if_unmodified_since=PAST), 412, "PreconditionFailed")
    for header in ({"if_none_match": etag}, {"if_modified_since": FAR}, {"if_modified_since": modified}):
        try:
            get(**header)
            raise AssertionError(f"{header} was not honoured")
        except oss2.exceptions.NotModified as error:
            same(error.status, 304)

    copy = lambda **h: bucket.copy_object(
        BUCKET, "c", "d", headers={"x-oss-copy-source-" + k.replace("_", "-"): v for k, v in h.items()}
    )
    same(copy(if_match=etag, if_unmodified_since=PAST).status, 200)
    same(copy(if_unmodified_since=modified).status, 200)
    error = fails(lambda: copy(if_match='"0"'), 412, "PreconditionFailed")
    same(error.details["Condition"], "If-Match")
    error = fails(lambda: copy(if_unmodified_since=PAST), 412, "PreconditionFailed")
    same(error.details["Condition"], "If-Unmodified-Since")
    for header in ({"if_none_match": etag}, {"if_modified_since": FAR}):
        try:
            copy(**header)
            raise AssertionError(f"{header} was not honoured")
        except oss2.exceptions.NotModified as error:
            same(error.status, 304)
    fails(
        lambda: bucket.put_object("c", b"y", headers={"x-oss-forbid-overwrite": "true"}),
        409,
        "FileAlreadyExists",
    )
    fails(lambda: bucket.put_object("c", b"y", headers={"If-Modified-Since": PAST}), 400, "NotImplemented")


def copies(bucket):
    everything = {
        "x-oss-meta-a": "1",
        "Content-Type": "text/x-own",
        "Cache-Control": "no-store",
        "x-oss-tagging": "t=1",
        "x-oss-storage-class": "IA",
        "x-oss-object-acl": "public-read",
        "x-oss-server-side-encryption": "AES256",
    }
    bucket.put_object("from", b"body", headers=everything)
    same(bucket.head_object("from").headers["x-oss-server-side-encryption"], "AES256")

    bucket.copy_object(BUCKET, "from", "to")
    head = bucket.head_object("to")
    same(head.headers["x-oss-meta-a"], "1")
    same(head.content_type, "text/x-own")
    same(head.headers["x-oss-tagging-count"], "1")
    same(head.headers["x-oss-storage-class"], "Standard")
    assert "x-oss-server-side-encryption" not in head.headers
    same(bucket.get_object_acl("to").acl, "default")
    same(bucket.get_object("to").read(), b"body")

    replace = {
        "x-oss-metadata-directive": "REPLACE",
        "x-oss-tagging-directive": "Replace",
        "x-oss-tagging": "u=2",
        "x-oss-meta-b": "2",
    }
    bucket.copy_object(BUCKET, "from", "to", headers=replace)
    head = bucket.head_object("to")
    assert "x-oss-meta-a" not in head.headers and "Cache-Control" not in head.headers
    same(head.headers["x-oss-meta-b"], "2")
    same(head.content_type, "application/octet-stream")
    same(bucket.get_object_tagging("to").tag_set.tagging_rule, {"u": "2"})

    # The source may go, its bytes stay where they are still named.
    bucket.delete_object("from")
    same(bucket.get_object("to").read(), b"body")
    fails(lambda: bucket.copy_object(BUCKET, "from", "to"), 404, "NoSuchKey")
    fails(lambda: bucket.copy_object("no-such-bucket", "from", "to"), 404, "NoSuchBucket")
    bucket.put_object("ключ/中 +%&?#", b"1", headers={"x-oss-meta-a": "1"})
    bucket.copy_object(BUCKET, "ключ/中 +%&?#", "to")
    same(bucket.head_object("to").headers["x-oss-meta-a"], "1")


def tags(bucket):
    def put(pairs):
        rule = oss2.models.TaggingRule()
        for key, value in pairs.items():
            rule.add(key, value)
        return bucket.put_object_tagging("t", oss2.models.Tagging(rule))

    bucket.put_object("t", b"x", headers={"x-oss-meta-a": "1"})
    before = bucket.head_object("t")
    pairs = {"owner": "John", "中文": "值", "a b": "", "+-=._:/": "+-=._:/"}
    put(pairs)
    same(bucket.get_object_tagging("t").tag_set.tagging_rule, pairs)
    after = bucket.head_object("t")
    same((after.etag, after.headers["Last-Modified"]), (before.etag, before.headers["Last-Modified"]))
    same(after.headers["x-oss-meta-a"], "1")
    same(bucket.delete_object_tagging("t").status, 204)
    same(bucket.get_object_tagging("t").tag_set.tagging_rule, {})
    assert "x-oss-tagging-count" not in bucket.head_object("t").headers
    fails(lambda: put({str(n): "" for n in range(11)}), 400, "InvalidTag", "0010-00000218")
    fails(lambda: put({"k": "!"}), 400, "InvalidTag", "0010-00000217")
    same(put({"k" * 128: "v" * 256}).status, 200)
    fails(lambda: bucket.get_object_tagging("missing"), 404, "NoSuchKey")
    tagged = lambda value: bucket.put_object("t", b"x", headers={"x-oss-tagging": value})
    fails(lambda: tagged("a=b=c"), 400, "InvalidArgument", "0010-00000219")
    fails(lambda: tagged("k" * 129), 400, "InvalidArgument", "0010-00000209")
    fails(lambda: tagged("k=" + "v" * 257), 400, "InvalidArgument", "0010-00000217")
    fails(lambda: tagged("a=1&a=2"), 400, "InvalidArgument", "0010-00000210")


def limits(bucket):
    put = lambda headers: bucket.put_object("limits", b"x", headers=headers)
    fails(lambda: put({"x-oss-meta-a_b": "x"}), 400, "InvalidArgument", "0011-00000004")
    fails(lambda: put({"x-oss-meta-a": "x" * 8180}), 400, "InvalidArgument", "0011-00000002")
    same(put({"x-oss-meta-a": "x" * 8179}).status, 200)
    fails(lambda: put({"x-oss-storage-class": "Cold"}), 400, "InvalidArgument")
    fails(lambda: put({"x-oss-object-acl": "secret"}), 400, "InvalidArgument")
    fails(lambda: put({"x-oss-server-side-encryption": "ROT13"}), 400, "InvalidEncryptionAlgorithmError")
    fails(lambda: put({"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}), 400, "InvalidDigest")
    fails(lambda: put({"Content-MD5": "nonsense"}), 400, "InvalidDigest")
    fails(lambda: bucket.put_object("x" * 1024, b""), 400, "InvalidObjectName", "0016-00000002")
    same(bucket.put_object("x" * 1023, b"").status, 200)
    same(bucket.get_object("x" * 1023).read(), b"")


def append(bucket):
    key = "log"
    first = bucket.append_object(key, 0, b"one,", headers={"x-oss-meta-a": "1", "x-oss-tagging": "t=1"})
    same(first.next_position, 4)
    second = bucket.append_object(key, 4, b"two", init_crc=first.crc)
    same(second.next_position, 7)
    assert second.etag != first.etag
    same(bucket.get_object(key).read(), b"one,two")
    head = bucket.head_object(key)
    same((head.object_type, head.headers["x-oss-next-append-position"]), ("Appendable", "7"))
    same(head.headers["x-oss-meta-a"], "1")
    error = fails(lambda: bucket.append_object(key, 3, b"x"), 409, "PositionNotEqualToLength")
    same(error.next_position, 7)
    bucket.put_object("plain", b"x")
    fails(lambda: bucket.append_object("plain", 1, b"x"), 409, "ObjectNotAppendable")
    # Metadata of an Appendable is edited as any other's, and it goes on growing.
    bucket.update_object_meta(key, {"x-oss-meta-b": "2"})
    head = bucket.head_object(key)
    same((head.object_type, head.headers["x-oss-meta-b"]), ("Appendable", "2"))
    same(bucket.append_object(key, 7, b"!").next_position, 8)
    same(bucket.get_object(key).read(), b"one,two!")
    bucket.delete_object(key)


def links(bucket):
    bucket.put_object("dir/target", b"body", headers={"x-oss-meta-whose": "target"})
    bucket.put_symlink("dir/target", "link", headers={"x-oss-meta-whose": "link", "x-oss-tagging": "l=1"})
    link = bucket.get_symlink("link")
    same((link.target_key, link.headers["x-oss-meta-whose"]), ("dir/target", "link"))
    head = bucket.head_object("link")
    same((head.object_type, head.content_length), ("Symlink", 4))
    same((head.headers["x-oss-meta-whose"], head.etag), ("link", bucket.head_object("dir/target").etag))
    same(bucket.get_object_meta("link").content_length, 0)
    same(bucket.get_object("link").read(), b"body")
    same(bucket.get_object_tagging("link").tag_set.tagging_rule, {"l": "1"})
    same([(o.key, o.type, o.size) for o in oss2.ObjectIteratorV2(bucket, prefix="link")], [("link", "Symlink", 0)])
    fails(lambda: bucket.get_symlink("dir/target"), 400, "NotSymlink", "0043-00000101")
    bucket.put_symlink("link", "chain")
    fails(lambda: bucket.get_object("chain"), 400, "InvalidTargetType")
    bucket.put_symlink("nowhere", "dangling")
    fails(lambda: bucket.head_object("dangling"), 404, "SymlinkTargetNotExist")
    # A copy copies the link, not what it leads to.
    bucket.copy_object(BUCKET, "link", "link2")
    same(bucket.get_symlink("link2").target_key, "dir/target")


def acls(bucket):
    import requests

    bucket.put_object("acl", b"open", headers={"x-oss-object-acl": "private"})
    same(bucket.get_object_acl("acl").acl, "private")
    url = f"{ENDPOINT}/{BUCKET}/acl"
    same(requests.get(url).status_code, 403)
    bucket.put_object_acl("acl", "public-read")
    same(requests.get(url).content, b"open")
    same(requests.head(url).status_code, 200)
    same(requests.put(url, data=b"x").status_code, 403)
    same(requests.delete(url).status_code, 403)
    same(requests.get(url + "?acl").status_code, 403)
    same(requests.get(url + "?response-content-type=a").status_code, 403)
    same(requests.get(f"{ENDPOINT}/{BUCKET}").status_code, 403)
    same(requests.get(f"{ENDPOINT}/{BUCKET}/missing").status_code, 403)
    fails(lambda: bucket.put_object_acl("missing", "private"), 404, "NoSuchKey")


def multipart(bucket):
    key = "multi/part"
    part = bytes(range(256)) * 400
    headers = {"x-oss-meta-a": "1", "x-oss-tagging": "t=1", "Content-Type": "text/x-own"}
    upload = bucket.init_multipart_upload(key, headers=headers).upload_id
    parts = []
    for number in (1, 3):
        put = bucket.upload_part(key, upload, number, part)
        parts.append(oss2.models.PartInfo(number, put.etag, size=len(part), part_crc=put.crc))
    # Again: the later one counts.
    bucket.upload_part(key, upload, 3, b"other" * 40)
    put = bucket.upload_part(key, upload, 3, b"end")
    parts[1] = oss2.models.PartInfo(3, put.etag, size=3, part_crc=put.crc)
    bucket.put_object("source", part * 2)
    copied = bucket.upload_part_copy(BUCKET, "source", (1, 100 << 10), key, upload, 2)
    parts.insert(1, oss2.models.PartInfo(2, copied.etag, size=100 << 10))

    same([p.part_number for p in oss2.PartIterator(bucket, key, upload, max_parts=1)], [1, 2, 3])
    same([(u.key, u.upload_id) for u in oss2.MultipartUploadIterator(bucket)], [(key, upload)])
    wrong = [oss2.models.PartInfo(1, "0" * 32)]
    fails(lambda: bucket.complete_multipart_upload(key, upload, wrong), 400, "InvalidPart")
    done = bucket.complete_multipart_upload(key, upload, parts)
    expected = part + (part * 2)[1 : (100 << 10) + 1] + b"end"
    got = bucket.get_object(key)
    same(got.read(), expected)
    same(got.client_crc, got.server_crc)
    head = bucket.head_object(key)
    same((head.etag, head.object_type, head.content_length), (done.etag, "Multipart", len(expected)))
    assert head.etag.endswith("-3")
    same((head.headers["x-oss-meta-a"], head.content_type), ("1", "text/x-own"))
    same(bucket.get_object_tagging(key).tag_set.tagging_rule, {"t": "1"})
    same(list(oss2.MultipartUploadIterator(bucket)), [])
    fails(lambda: bucket.upload_part(key, upload, 1, b"x"), 404, "NoSuchUpload")
    # An edit of metadata keeps the bytes and their entity tag.
    bucket.update_object_meta(key, {"x-oss-meta-b": "2"})
    same(bucket.head_object(key).etag, done.etag)

    upload = bucket.init_multipart_upload(key).upload_id
    small = [oss2.models.PartInfo(n, bucket.upload_part(key, upload, n, b"x").etag) for n in (1, 2)]
    fails(lambda: bucket.complete_multipart_upload(key, upload, small), 400, "EntityTooSmall")
    fails(lambda: bucket.upload_part(key, upload, 10001, b"x"), 400, "InvalidArgument")
    same(bucket.abort_multipart_upload(key, upload).status, 204)
    fails(lambda: bucket.abort_multipart_upload(key, upload), 404, "NoSuchUpload")
    same(bucket.head_object(key).etag, done.etag)
    oss2.resumable_upload(bucket, "resumable", sys.executable, multipart_threshold=1 << 20, part_size=1 << 20)


def restore(bucket):
    for cls in ("Archive", "ColdArchive"):
        bucket.put_object("old", b"cold", headers={"x-oss-storage-class": cls, "x-oss-meta-a": "1"})
        fails(lambda: bucket.get_object("old"), 403, "InvalidObjectState")
        fails(lambda: bucket.copy_object(BUCKET, "old", "new"), 403, "InvalidObjectState")
        fails(lambda: bucket.update_object_meta("old", {"x-oss-meta-b": "2"}), 403, "InvalidObjectState")
        same(bucket.head_object("old").headers["x-oss-meta-a"], "1")
        assert "x-oss-restore" not in bucket.head_object("old").headers
        modified = bucket.head_object("old").headers["Last-Modified"]
        same(bucket.restore_object("old").status, 202)
        same(bucket.head_object("old").headers["x-oss-restore"], 'ongoing-request="true"')
        fails(lambda: bucket.restore_object("old"), 409, "RestoreAlreadyInProgress")
        eventually(lambda: bucket.head_object("old").headers["x-oss-restore"] != 'ongoing-request="true"')
        assert bucket.head_object("old").headers["x-oss-restore"].startswith('ongoing-request="false", expiry-date="')
        same(bucket.get_object("old").read(), b"cold")
        same(bucket.restore_object("old").status, 200)
        same(bucket.head_object("old").headers["Last-Modified"], modified)
        bucket.update_object_meta("old", {"x-oss-meta-b": "2", "x-oss-storage-class": cls})
        assert "x-oss-restore" not in bucket.head_object("old").headers
    bucket.put_object("new", b"warm")
    fails(lambda: bucket.restore_object("new"), 400, "OperationNotSupported")


def listing(bucket):
    odd = ["list/a//b", "list/../x", "list/ü %+&<\n\x01'\"", "list/\U0001f600", "list/plain"]
    for key in odd:
        bucket.put_object(key, b"")
    same([o.key for o in oss2.ObjectIteratorV2(bucket, prefix="list/", max_keys=1)], sorted(odd, key=str.encode))
    same([o.key for o in oss2.ObjectIterator(bucket, prefix="list/", max_keys=1)], sorted(odd, key=str.encode))
    groups = [o.key for o in oss2.ObjectIteratorV2(bucket, prefix="list/", delimiter="/", max_keys=2)]
    same(sorted(groups), sorted(["list/../", "list/a/"] + [k for k in odd if k.count("/") == 1]))
    page = bucket.list_objects_v2(prefix="list/", start_after="list/plain", fetch_owner=True)
    same([o.key for o in page.object_list], ["list/ü %+&<\n\x01'\"", "list/\U0001f600"])
    same(page.object_list[0].owner.id, "test")
    fails(lambda: bucket.list_objects_v2(max_keys=1001), 400, "InvalidArgument")

    same(bucket.batch_delete_objects(odd + ["never-there"]).status, 200)
    same([o.key for o in oss2.ObjectIteratorV2(bucket, prefix="list/")], [])


def buckets(bucket):
    service = oss2.Service(bucket.auth, ENDPOINT, region=REGION)
    assert BUCKET in [b.name for b in service.list_buckets().buckets]
    other = oss("another-bucket", v4=bucket.auth.__class__ is oss2.AuthV4)
    fails(lambda: other.put_object("a", b""), 404, "NoSuchBucket", "0015-00000101")
    same(other.create_bucket().status, 200)
    same(other.create_bucket("public-read").status, 200)
    same(other.get_bucket_acl().acl, "public-read")
    other.put_object("a", b"everyone")
    import requests
    same(requests.get(f"{ENDPOINT}/another-bucket/a").content, b"everyone")
    other.put_object_acl("a", "private")
    same(requests.get(f"{ENDPOINT}/another-bucket/a").status_code, 403)
    fails(other.delete_bucket, 409, "BucketNotEmpty")
    other.delete_object("a")
    same(other.delete_bucket().status, 204)
    fails(other.get_bucket_info, 404, "NoSuchBucket")
    info = bucket.get_bucket_info()
    same((info.name, info.location, info.acl.grant), (BUCKET, "oss-cn-hangzhou", "private"))
    same(bucket.get_bucket_location().location, "oss-cn-hangzhou")
    same(bucket.get_bucket_versioning().status, None)
    fails(bucket.get_bucket_cors, 501, "NotImplemented")
    fails(lambda: bucket.list_object_versions(), 501, "NotImplemented")
    fails(lambda: bucket.get_object("a", process="image/resize,w_1"), 501, "NotImplemented")


for v4 in (True, False):
    b = oss(v4=v4)
    for check in (conditions, copies, tags, limits, append, links, acls, multipart, restore, listing, buckets):
        check(b)
    for o in oss2.ObjectIteratorV2(b):
        b.delete_object(o.key)
