# What the scripts of this folder share: assertions that say what was wrong.


def same(got, expected):
    assert got == expected, f"got {got!r}, expected {expected!r}"


def fails(call, status, code, ec=None):
    """Calls and expects the service's error; returns it."""
    import oss2

    try:
        call()
    except oss2.exceptions.OssError as error:
        same((error.status, error.code), (status, code))
        assert error.request_id, "no request id"
        if ec:
            same(error.ec, ec)
        return error
    raise AssertionError(f"succeeded, expected {status} {code}")


def eventually(check):
    """Asks until the answer is true, for 30 seconds at most."""
    import time

    end = time.monotonic() + 30
    while not check():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.02)
