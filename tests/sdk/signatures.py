# What is no valid signature is refused with the service's own words, in both versions and both places.
import oss2
import requests
import time
import urllib.parse

GOOD = ("test", "secret")


def bucket(v4, key=GOOD[0], secret=GOOD[1]):
    auth = oss2.AuthV4(key, secret) if v4 else oss2.Auth(key, secret)
    return oss2.Bucket(auth, ENDPOINT, BUCKET, region=REGION)


def code(answer):
    import re

    found = re.search("<Code>(.*)</Code>", answer.text)
    assert answer.headers["x-oss-request-id"] and answer.headers["Date"]
    return answer.status_code, found and found.group(1)


for v4 in (True, False):
    good = bucket(v4)
    good.put_object("a b+c/ü", b"body", headers={"x-oss-meta-a": "1"})
    fails(lambda: bucket(v4, key="nobody").get_object("a"), 403, "InvalidAccessKeyId", "0002-00000902")
    fails(lambda: bucket(v4, secret="wrong").get_object("a"), 403, "SignatureDoesNotMatch")
    fails(lambda: bucket(v4, secret="wrong").head_object("a"), 403, "SignatureDoesNotMatch")
    fails(lambda: bucket(v4, secret="wrong").put_object("a", b"x"), 403, "SignatureDoesNotMatch")
    sts = oss2.StsAuth(*GOOD, "token", oss2.AUTH_VERSION_4 if v4 else oss2.AUTH_VERSION_1)
    fails(
        lambda: oss2.Bucket(sts, ENDPOINT, BUCKET, region=REGION).get_object("a"),
        403,
        "InvalidAccessKeyId",
        "0002-00000002",
    )

    url = good.sign_url("GET", "a b+c/ü", 60, slash_safe=True)
    same(requests.get(url).content, b"body")
    same(code(requests.delete(url)), (403, "SignatureDoesNotMatch"))
    same(code(requests.get(url.replace("/a", "/b", 1) if "/a%20" in url else url + "x")), (403, "SignatureDoesNotMatch"))
    same(code(requests.get(url, headers={"x-oss-meta-b": "1"})), (403, "SignatureDoesNotMatch"))
    same(code(requests.get(url + "&response-content-type=text%2Fhtml")), (403, "SignatureDoesNotMatch"))
    both = {"Authorization": "OSS test:x", "Date": "Fri, 28 Feb 2020 05:38:42 GMT"}
    same(code(requests.get(url, headers=both)), (400, "InvalidArgument"))
    url = good.sign_url("GET", "a b+c/ü", 60, params={"response-content-type": "text/html; a=b c"})
    same(requests.get(url).headers["Content-Type"], "text/html; a=b c")
    url = good.sign_url("PUT", "put", 60, headers={"x-oss-meta-a": "1", "Content-Type": "a/b"})
    same(requests.put(url, b"x", headers={"x-oss-meta-a": "1", "Content-Type": "a/b"}).status_code, 200)
    same(code(requests.put(url, b"x", headers={"x-oss-meta-a": "2", "Content-Type": "a/b"})), (403, "SignatureDoesNotMatch"))

    # Parts of a signed URL that are missing or beyond their bounds.
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(good.sign_url("GET", "put", 60)).query))
    ask = lambda changes: requests.get(
        f"{ENDPOINT}/{BUCKET}/put", params={k: v for k, v in {**query, **changes}.items() if v is not None}
    )
    same(ask({}).status_code, 200)
    for name in query:
        same(ask({name: None}).status_code in (400, 403), True)
    if v4:
        for expires in ("0", "604801", "x"):
            same(code(ask({"x-oss-expires": expires})), (400, "InvalidArgument"))

same(code(requests.get(f"{ENDPOINT}/{BUCKET}/put")), (403, "AccessDenied"))
same(code(requests.put(f"{ENDPOINT}/{BUCKET}/put", b"x")), (403, "AccessDenied"))
same(code(requests.get(ENDPOINT)), (403, "AccessDenied"))
