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
