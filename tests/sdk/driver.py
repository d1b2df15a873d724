"""What an SDK user does and sees, driven line by line: one JSON request a line in, one JSON answer a line out.

The tests use it as the independent witness of what a bucket holds (oss2 for OSS, boto3 for S3), and as the foreign
writer beside a mount. Values of metadata and headers are given and taken as text whose characters are bytes (Latin-1).

    {"op": "put", "key": "k", "body": "text", "meta": {}, "headers": {}, "tags": {}, "class": "IA", "acl": "private"}
    -> {"ok": ...} or {"error": "NoSuchKey", "status": 404}
"""

import hashlib
import json
import sys

HEADERS = ["Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"]


class Oss:
    """The bucket as oss2 sees it."""

    def __init__(self, config):
        import oss2

        self.oss2 = oss2
        auth = oss2.AuthV4(config["id"], config["secret"])
        self.bucket = oss2.Bucket(auth, config["endpoint"], config["bucket"], region=config["region"])

    def _headers(self, r):
        from urllib.parse import quote

        headers = dict(r.get("headers", {}))
        headers.update({"x-oss-meta-" + k: v for k, v in r.get("meta", {}).items()})
        if r.get("tags"):
            headers["x-oss-tagging"] = "&".join(quote(k, "") + "=" + quote(v, "") for k, v in r["tags"].items())
        if r.get("class"):
            headers["x-oss-storage-class"] = r["class"]
        if r.get("acl"):
            headers["x-oss-object-acl"] = r["acl"]
        if r.get("sse"):
            headers["x-oss-server-side-encryption"] = r["sse"]
        return headers

    def put(self, r):
        body, headers = r.get("body", "").encode(), self._headers(r)
        if r.get("parts"):
            upload = self.bucket.init_multipart_upload(r["key"], headers=headers).upload_id
            parts = []
            for number in range(1, r["parts"] + 1):
                part = self.bucket.upload_part(r["key"], upload, number, body * 102400)
                parts.append(self.oss2.models.PartInfo(number, part.etag))
            self.bucket.complete_multipart_upload(r["key"], upload, parts)
        elif r.get("append"):
            self.bucket.append_object(r["key"], 0, body, headers=headers)
        elif "symlink" in r:
            self.bucket.put_symlink(r["symlink"], r["key"], headers=headers)
        else:
            self.bucket.put_object(r["key"], body, headers=headers)

    def snapshot(self, r):
        key = r["key"]
        head = self.bucket.head_object(key).headers
        low = {k.lower(): v for k, v in head.items()}
        seen = {
            "size": low.get("content-length"),
            "etag": low.get("etag"),
            "type": low.get("x-oss-object-type"),
            "class": low.get("x-oss-storage-class"),
            "crc64": low.get("x-oss-hash-crc64ecma"),
            "sse": low.get("x-oss-server-side-encryption"),
            "headers": {h: low[h.lower()] for h in HEADERS if h.lower() in low},
            "meta": {k[11:]: v for k, v in low.items() if k.startswith("x-oss-meta-")},
            "tags": dict(self.bucket.get_object_tagging(key).tag_set.tagging_rule),
            "acl": self.bucket.get_object_acl(key).acl,
        }
        if seen["type"] == "Symlink":
            seen["target"] = self.bucket.get_symlink(key).target_key
        if not r.get("no_body"):
            seen["sha256"] = hashlib.sha256(self.bucket.get_object(key).read()).hexdigest()
        return seen

    def merge_meta(self, r):
        """Adds entries as a careful SDK user would: all that HEAD shows is sent again."""
        low = {k.lower(): v for k, v in self.bucket.head_object(r["key"]).headers.items()}
        headers = {h: low[h.lower()] for h in HEADERS if h.lower() in low}
        headers.update({k: v for k, v in low.items() if k.startswith("x-oss-meta-")})
        headers.update({"x-oss-meta-" + k: v for k, v in r["meta"].items()})
        headers["x-oss-storage-class"] = low.get("x-oss-storage-class", "Standard")
        self.bucket.update_object_meta(r["key"], headers)

    def put_tags(self, r):
        rule = self.oss2.models.TaggingRule()
        for k, v in r["tags"].items():
            rule.add(k, v)
        self.bucket.put_object_tagging(r["key"], self.oss2.models.Tagging(rule))

    def put_acl(self, r):
        self.bucket.put_object_acl(r["key"], r["acl"])

    def delete(self, r):
        self.bucket.delete_object(r["key"])

    def list(self, r):
        return [o.key for o in self.oss2.ObjectIteratorV2(self.bucket, prefix=r.get("prefix", ""))]

    def error(self, e):
        if isinstance(e, self.oss2.exceptions.OssError):
            return {"error": e.code, "status": e.status, "message": str(e)}
        return None


class S3:
    """The bucket as boto3 sees it."""

    KEYS = {h: h.replace("-", "") for h in HEADERS}

    def __init__(self, config):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        self.client_error = ClientError
        self.bucket = config["bucket"]
        self.client = boto3.client(
            "s3",
            endpoint_url=config["endpoint"],
            aws_access_key_id=config["id"],
            aws_secret_access_key=config["secret"],
            region_name=config["region"],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        if config.get("create"):
            try:
                self.client.create_bucket(Bucket=self.bucket)
            except ClientError as e:
                if "BucketAlready" not in e.response["Error"]["Code"]:
                    raise
        if config.get("versioned"):
            self.client.put_bucket_versioning(
                Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
            )

    def _arguments(self, r):
        from urllib.parse import quote

        a = {self.KEYS[k]: v for k, v in r.get("headers", {}).items()}
        a["Metadata"] = r.get("meta", {})
        if r.get("tags"):
            a["Tagging"] = "&".join(quote(k, "") + "=" + quote(v, "") for k, v in r["tags"].items())
        if r.get("class"):
            a["StorageClass"] = r["class"]
        if r.get("acl"):
            a["ACL"] = r["acl"]
        if r.get("redirect"):
            a["WebsiteRedirectLocation"] = r["redirect"]
        return a

    def put(self, r):
        where, body = {"Bucket": self.bucket, "Key": r["key"]}, r.get("body", "").encode()
        if r.get("parts"):
            upload = self.client.create_multipart_upload(**where, **self._arguments(r))["UploadId"]
            parts = []
            for number in range(1, r["parts"] + 1):
                data = body * (5 << 20)
                part = self.client.upload_part(**where, UploadId=upload, PartNumber=number, Body=data)
                parts.append({"PartNumber": number, "ETag": part["ETag"]})
            self.client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
        else:
            # SeaweedFS holds up a connection for a minute after an empty body that was to wait for "100 Continue".
            content = {"Body": body} if body else {}
            self.client.put_object(**where, **content, **self._arguments(r))

    def snapshot(self, r):
        where = {"Bucket": self.bucket, "Key": r["key"]}
        h = self.client.head_object(**where)
        low = h["ResponseMetadata"]["HTTPHeaders"]
        seen = {
            "size": h["ContentLength"],
            "etag": h["ETag"],
            "class": h.get("StorageClass", "STANDARD"),
            "sse": h.get("ServerSideEncryption"),
            "redirect": h.get("WebsiteRedirectLocation"),
            "headers": {k: low[k.lower()] for k in HEADERS if k.lower() in low},
            "meta": h["Metadata"],
            "tags": {t["Key"]: t["Value"] for t in self.client.get_object_tagging(**where)["TagSet"]},
        }
        if not r.get("no_body"):
            seen["sha256"] = hashlib.sha256(self.client.get_object(**where)["Body"].read()).hexdigest()
        return seen

    def merge_meta(self, r):
        """Adds entries as a careful SDK user would: all that HEAD shows is sent again."""
        where = {"Bucket": self.bucket, "Key": r["key"]}
        h = self.client.head_object(**where)
        low = h["ResponseMetadata"]["HTTPHeaders"]
        arguments = {self.KEYS[k]: low[k.lower()] for k in HEADERS if k.lower() in low}
        if h.get("StorageClass"):
            arguments["StorageClass"] = h["StorageClass"]
        self.client.copy_object(
            **where,
            CopySource=where,
            MetadataDirective="REPLACE",
            Metadata={**h["Metadata"], **r["meta"]},
            **arguments,
        )

    def put_tags(self, r):
        tags = [{"Key": k, "Value": v} for k, v in r["tags"].items()]
        self.client.put_object_tagging(Bucket=self.bucket, Key=r["key"], Tagging={"TagSet": tags})

    def delete(self, r):
        self.client.delete_object(Bucket=self.bucket, Key=r["key"])

    def versions(self, r):
        listed = self.client.list_object_versions(Bucket=self.bucket, Prefix=r["key"]).get("Versions", [])
        return [v["VersionId"] for v in listed if v["Key"] == r["key"]]

    def list(self, r):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=r.get("prefix", ""))
        return [o["Key"] for page in pages for o in page.get("Contents", [])]

    def error(self, e):
        if isinstance(e, self.client_error):
            status = e.response["ResponseMetadata"].get("HTTPStatusCode")
            return {"error": e.response["Error"]["Code"], "status": status, "message": str(e)}
        return None


def main():
    config = json.loads(sys.stdin.readline())
    witness = {"oss": Oss, "s3": S3}[config["dialect"]](config)
    print(json.dumps({"ok": None}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": getattr(witness, request["op"])(request)}
        except Exception as e:  # Every failure is an answer; the test decides what it means.
            answer = witness.error(e) or {"error": type(e).__name__, "message": str(e)}
        print(json.dumps(answer), flush=True)


main()
