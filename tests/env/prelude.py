# What every test script starts with: clients for the bucket that the environment names.
import json, os, sys

ENDPOINT = os.environ.get("TEST_ENDPOINT")
REGION = os.environ.get("TEST_REGION")
BUCKET = os.environ.get("TEST_BUCKET")


def s3():
    """A boto3 client; `BUCKET` is the bucket."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"max_attempts": 2},
        ),
    )


def oss(name=None, v4=True):
    """An oss2 bucket."""
    import oss2

    key, secret = os.environ["OSS_ACCESS_KEY_ID"], os.environ["OSS_ACCESS_KEY_SECRET"]
    auth = oss2.AuthV4(key, secret) if v4 else oss2.Auth(key, secret)
    return oss2.Bucket(auth, ENDPOINT, name or BUCKET, region=REGION)


def oss_v2():
    """A client of alibabacloud_oss_v2."""
    import alibabacloud_oss_v2 as v2

    config = v2.config.load_default()
    config.credentials_provider = v2.credentials.EnvironmentVariableCredentialsProvider()
    config.region = REGION
    config.endpoint = ENDPOINT
    config.use_path_style = True
    return v2.Client(config)


def show(value):
    """Prints a value as JSON, for the test to read."""
    json.dump(value, sys.stdout, default=str, sort_keys=True)
