# The server's clock is 16 minutes ahead: what was signed now is too old, and the answer says the server's time.
import oss2
import requests
import datetime

for v4 in (True, False):
    error = fails(lambda: oss(v4=v4).get_object("a"), 403, "RequestTimeTooSkewed", "0002-00000504")
    at = datetime.datetime.strptime(error.details["ServerTime"], "%Y-%m-%dT%H:%M:%S.000Z")
    ahead = (at - datetime.datetime.utcnow()).total_seconds()
    assert 955 < ahead < 965, ahead
    fails(lambda: oss(v4=v4).head_object("a"), 403, "RequestTimeTooSkewed")
    fails(lambda: oss(v4=v4).put_object("a", b"x"), 403, "RequestTimeTooSkewed")
    answer = requests.get(oss(v4=v4).sign_url("GET", "a", 900))
    same(answer.status_code, 403)
    assert "<Code>AccessDenied</Code>" in answer.text and "expired" in answer.text, answer.text
