# Python SDK version 1 (oss2), in signature versions 4 and 1: objects and all that is said of them.
import oss2
import time


def objects(bucket):
    key = "exampledir/exampleobject.txt"
    body = b"Hello OSS" * 1000
    headers = {
        "x-oss-meta-author": "Jane",
        "Content-Type": "text/x-own",
        "Cache-Control": "no-cache",
        "Content-Disposition": "attachment",
        "Content-Language": "en",
        "Expires": "Fri, 28 Feb 2031 05:38:42 GMT",
        "x-oss-tagging": "owner=John&type=document",
    }
    put = bucket.put_object(key, body, headers=headers)
    same(put.status, 200)
    import hashlib
    etag = hashlib.md5(body).hexdigest().upper()
    same(put.etag, etag)

    head = bucket.head_object(key)
    same(head.content_length, len(body))
    same(head.etag, etag)
    same(head.content_type, "text/x-own")
    same(head.object_type, "Normal")
    for name, value in headers.items():
        if name != "x-oss-tagging":
            same(head.headers[name], value)
    same(head.headers["x-oss-tagging-count"], "2")
    same(head.headers["x-oss-storage-class"], "Standard")
    same(head.headers["x-oss-hash-crc64ecma"], str(put.crc))
    assert abs(head.last_modified - time.time()) < 5

    light = bucket.get_object_meta(key)
    same((light.content_length, light.etag), (len(body), etag))
    assert "x-oss-meta-author" not in light.headers
    assert "Content-Type" not in light.headers

    got = bucket.get_object(key)
    same(got.read(), body)
    same(got.client_crc, got.server_crc)
    same(bucket.get_object(key, byte_range=(5, 8)).read(), body[5:9])
    same(bucket.get_object(key, byte_range=(None, 4)).read(), body[-4:])
    whole = bucket.get_object(key, byte_range=(5, 1 << 30))
    same((whole.status, whole.read()), (200, body))
    clamped = bucket.get_object(key, byte_range=(5, 1 << 30), headers={"x-oss-range-behavior": "standard"})
    same((clamped.status, clamped.read()), (206, body[5:]))
    fails(
        lambda: bucket.get_object(key, byte_range=(1 << 30, None), headers={"x-oss-range-behavior": "standard"}),
        416,
        "InvalidRange",
    )

    tags = bucket.get_object_tagging(key).tag_set.tagging_rule
    same(tags, {"owner": "John", "type": "document"})

    listed = [o.key for o in oss2.ObjectIteratorV2(bucket, prefix="exampledir/")]
    same(listed, [key])
    listed = [o.key for o in oss2.ObjectIterator(bucket, delimiter="/")]
    same(listed, ["exampledir/"])

    bucket.update_object_meta(key, {"x-oss-meta-price": "100 dollar", "x-oss-storage-class": "IA"})
    head = bucket.head_object(key)
    same(head.headers["x-oss-meta-price"], "100 dollar")
    assert "x-oss-meta-author" not in head.headers
    assert "Cache-Control" not in head.headers
    same((head.etag, head.headers["x-oss-storage-class"]), (etag, "IA"))
    same(head.headers["x-oss-tagging-count"], "2")
    same(bucket.delete_object(key).status, 204)
    same(bucket.delete_object(key).status, 204)
    fails(lambda: bucket.head_object(key), 404, "NoSuchKey", "0026-00000001")
    fails(lambda: bucket.get_object(key), 404, "NoSuchKey", "0026-00000001")


for v4 in (True, False):
    objects(oss(v4=v4))
