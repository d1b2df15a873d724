//! Reads what a service answers when it refuses: an XML document in the body, or in a header where there is no body.

use super::xml::{self, Element};
use super::{Response, own_text, protocol, text};
use crate::store::types::Timestamp;
use crate::store::{Dialect, Error, Kind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, header};
use std::time::Duration;

/// The longest message taken over, in characters.
const MAX_MESSAGE: usize = 300;
/// The longest wait believed of a `Retry-After`.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Passes a success on and makes an error of any other answer.
pub fn check(dialect: &Dialect, response: &Response) -> Result<(), Error> {
    if (200..300).contains(&response.status) {
        Ok(())
    } else {
        Err(parse(dialect, response))
    }
}

/// Reads the document of a success and makes an error of one that carries an error.
pub fn document<'a>(
    dialect: &Dialect,
    response: &'a Response,
    root: &str,
) -> Result<Element<'a>, Error> {
    check(dialect, response)?;
    let not_ours = |message: String| protocol(dialect, response, message);
    let element = xml::parse(&response.body)
        .map_err(|e| not_ours(format!("the answer is no {root} document: {e}")))?;
    if &*element.name == "Error" {
        return Err(of_document(dialect, response, Some(&element)));
    }
    if &*element.name != root {
        let name: String = element.name.chars().take(40).collect();
        return Err(not_ours(format!(
            "the answer is a {name:?} document, not {root}"
        )));
    }
    Ok(element)
}

/// Makes an error of an answer that is none but an error's.
pub fn parse(dialect: &Dialect, response: &Response) -> Error {
    if let Ok(element) = xml::parse(&response.body)
        && &*element.name == "Error"
    {
        return of_document(dialect, response, Some(&element));
    }
    let decoded = dialect
        .errors
        .document_header
        .and_then(|name| response.headers.get(name))
        .and_then(|value| BASE64_STANDARD.decode(value.as_bytes()).ok());
    match decoded.as_deref().map(xml::parse) {
        Some(Ok(element)) => of_document(dialect, response, Some(&element)),
        _ => of_document(dialect, response, None),
    }
}

fn of_document(dialect: &Dialect, response: &Response, document: Option<&Element<'_>>) -> Error {
    let field = |name: &str| {
        let text = document?.text_of(name)?.trim();
        (!text.is_empty()).then_some(text)
    };
    let header = |name: Option<&str>| text(&response.headers, name?);
    let code = field("Code");
    let cause = header(dialect.errors.cause_header).or_else(|| field("EC").map(Into::into));
    let said = field("Message").map(one_line);
    let mut kind = dialect.error_kind(response.status, code, cause.as_deref());
    let mut message = match (&said, header(Some("location"))) {
        (Some(said), _) => said.clone(),
        (None, Some(location)) if (300..400).contains(&response.status) => {
            // What follows the path may sign a request.
            let location = location.split('?').next().unwrap_or_default();
            format!("redirected to {}", one_line(location))
        }
        (None, _) => format!("the service answered {}", response.status),
    };
    if let (Some(words), Some(said)) = (dialect.errors.too_large_message, &said)
        && kind == Kind::InvalidArgument
        && said.contains(words)
    {
        kind = Kind::TooLarge;
    }
    // Some operations answer 405 where the newest version is a deletion, and say so.
    if kind == Kind::Unsupported
        && own_text(dialect, &response.headers, "delete-marker").as_deref() == Some("true")
    {
        kind = Kind::NotFound;
    }
    // A hint where the bucket is makes the refusal one of place, whatever its code.
    let region = field("Region")
        .map(Into::into)
        .or_else(|| header(dialect.errors.region_header));
    let endpoint = field("Endpoint").map(one_line);
    let misplaced = kind == Kind::WrongRegion
        || (response.status == 403 && endpoint.is_some())
        || (response.status == 400 && region.is_some() && document.is_none())
        || (code == Some("AuthorizationHeaderMalformed") && region.is_some());
    if misplaced {
        kind = Kind::WrongRegion;
        if let Some(region) = &region {
            message = format!("the bucket is in region {}: {message}", one_line(region));
        }
        if let Some(endpoint) = &endpoint {
            message = format!("the bucket is at endpoint {endpoint}: {message}");
        }
    }
    let id = request_id(dialect, &response.headers).or_else(|| field("RequestId").map(Into::into));
    let error = Error::new(kind, message).answered(response.status, code, id.as_deref());
    match retry_after(&response.headers) {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

/// Returns the service's name for a request.
pub fn request_id(dialect: &Dialect, headers: &HeaderMap) -> Option<String> {
    text(headers, dialect.header("request-id").as_str())
}

/// Reads `Retry-After`: seconds, or a date, which is taken against the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, header::RETRY_AFTER.as_str())?;
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let until = Timestamp::from_http_date(&value)?;
            let now = Timestamp::from_http_date(&text(headers, header::DATE.as_str())?)?;
            u64::try_from(until.0 - now.0).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}

/// Makes one line of bounded length of what a service says.
fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(MAX_MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::response;
    use test_case::test_case;

    #[test_case(&S3, 404, &[], "" => (Kind::NotFound, None, "the service answered 404".into()); "HEAD has no code")]
    #[test_case(&S3, 403, &[], "<Error><Code>SignatureDoesNotMatch</Code><Message>The request\nsignature</Message></Error>" => (Kind::Unauthenticated, Some("SignatureDoesNotMatch".into()), "The request signature".into()); "code")]
    #[test_case(&S3, 400, &[], "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-1</Region></Error>" => (Kind::WrongRegion, Some("AuthorizationHeaderMalformed".into()), "the bucket is in region eu-west-1: m".into()); "signed for another region")]
    #[test_case(&S3, 400, &[], "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message></Error>" => (Kind::Unauthenticated, Some("AuthorizationHeaderMalformed".into()), "m".into()); "malformed for another reason")]
    #[test_case(&S3, 301, &[("x-amz-bucket-region", "eu-west-1")], "" => (Kind::WrongRegion, None, "the bucket is in region eu-west-1: the service answered 301".into()); "redirected HEAD")]
    #[test_case(&S3, 400, &[("x-amz-bucket-region", "eu-west-1")], "" => (Kind::WrongRegion, None, "the bucket is in region eu-west-1: the service answered 400".into()); "HEAD signed for another region")]
    #[test_case(&S3, 403, &[("x-amz-bucket-region", "eu-west-1")], "" => (Kind::Denied, None, "the service answered 403".into()); "refused in its region")]
    #[test_case(&S3, 301, &[], "<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>" => (Kind::WrongRegion, Some("PermanentRedirect".into()), "the bucket is at endpoint b.s3.eu-west-1.amazonaws.com: m".into()); "redirect")]
    #[test_case(&S3, 400, &[], "<Error><Code>InvalidRequest</Code><Message>The specified copy source is larger than the maximum allowable size for a copy source: 5368709120</Message></Error>" => (Kind::TooLarge, Some("InvalidRequest".into()), "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120".into()); "source above the copy limit")]
    #[test_case(&OSS, 403, &[], "<Error><Code>AccessDenied</Code><Message>m</Message><Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint></Error>" => (Kind::WrongRegion, Some("AccessDenied".into()), "the bucket is at endpoint oss-cn-beijing.aliyuncs.com: m".into()); "another endpoint")]
    #[test_case(&OSS, 400, &[("x-oss-ec", "0011-00000002")], "<Error><Code>InvalidArgument</Code><Message>m</Message></Error>" => (Kind::MetadataTooLarge, Some("InvalidArgument".into()), "m".into()); "cause in a header")]
    #[test_case(&OSS, 400, &[], "<Error><Code>InvalidArgument</Code><Message>m</Message><EC>0011-00000002</EC></Error>" => (Kind::MetadataTooLarge, Some("InvalidArgument".into()), "m".into()); "cause in the document")]
    #[test_case(&OSS, 403, &[("x-oss-err", "PEVycm9yPjxDb2RlPkludmFsaWRBY2Nlc3NLZXlJZDwvQ29kZT48TWVzc2FnZT5tPC9NZXNzYWdlPjwvRXJyb3I+")], "" => (Kind::Unauthenticated, Some("InvalidAccessKeyId".into()), "m".into()); "document in a header")]
    #[test_case(&S3, 302, &[("location", "https://other.example/a?X-Amz-Signature=1")], "" => (Kind::WrongRegion, None, "redirected to https://other.example/a".into()); "redirect to another host")]
    #[test_case(&S3, 405, &[("x-amz-delete-marker", "true")], "<Error><Code>MethodNotAllowed</Code><Message>m</Message></Error>" => (Kind::NotFound, Some("MethodNotAllowed".into()), "m".into()); "deleted in a versioned bucket")]
    #[test_case(&S3, 405, &[], "<Error><Code>MethodNotAllowed</Code><Message>m</Message></Error>" => (Kind::Unsupported, Some("MethodNotAllowed".into()), "m".into()); "not implemented")]
    #[test_case(&OSS, 502, &[("x-oss-err", "!")], "<html><br></html>" => (Kind::Unavailable, None, "the service answered 502".into()); "a proxy's page")]
    fn an_answer_means(
        dialect: &Dialect,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
    ) -> (Kind, Option<String>, String) {
        let error = parse(dialect, &response(status, headers, body));
        assert_eq!(error.status(), Some(status));
        let message = error.message().to_owned();
        (error.kind(), error.code().map(Into::into), message)
    }

    #[test_case(&[("retry-after", "3")] => Some(3))]
    #[test_case(&[("retry-after", "86400")] => Some(60); "bounded")]
    #[test_case(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")] => Some(10))]
    #[test_case(&[("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")] => Some(0))]
    #[test_case(&[("retry-after", "later")] => None)]
    #[test_case(&[] => None)]
    fn a_service_may_say_how_long_to_wait(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let error = parse(&S3, &response(503, headers, ""));
        error.wait().map(|wait| wait.as_secs())
    }

    #[test]
    fn the_request_id_is_the_headers_or_the_documents() {
        let body = "<Error><Code>NoSuchKey</Code><RequestId>doc</RequestId></Error>";
        let error = parse(&S3, &response(404, &[], body));
        assert_eq!(error.request_id(), Some("doc"));
        let error = parse(&S3, &response(404, &[("x-amz-request-id", "head")], body));
        assert_eq!(error.request_id(), Some("head"));
    }

    #[test_case("<ListBucketResult/>" => None; "the document asked for")]
    #[test_case("<Error><Code>SlowDown</Code></Error>" => Some(Kind::Throttled); "an error in a success")]
    #[test_case("<Error/>" => Some(Kind::Unavailable); "an error that says nothing")]
    #[test_case("<!DOCTYPE html><html></html>" => Some(Kind::Protocol); "a page")]
    #[test_case("<Tagging/>" => Some(Kind::Protocol); "another document")]
    #[test_case("" => Some(Kind::Protocol); "nothing")]
    fn a_success_carries(body: &'static str) -> Option<Kind> {
        let response = response(200, &[], body);
        document(&S3, &response, "ListBucketResult")
            .err()
            .map(|error| error.kind())
    }
}
