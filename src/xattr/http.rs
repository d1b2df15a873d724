//! The HTTP headers stored with an object: which values they take, and the content type that a name gives.

use super::Refusal;
use crate::store::Dialect;
use crate::store::types::{HttpHeader, Key};

/// Returns the stored header of this name, where the dialect has it.
pub(super) fn header(dialect: &Dialect, name: &[u8]) -> Option<HttpHeader> {
    let mut headers = dialect.http_headers.iter().copied();
    headers.find(|header| header.name().as_bytes() == name)
}

/// Checks a value: it goes onto the wire as it is, so it must be one that comes back as it is.
pub(super) fn check_value(value: &[u8]) -> Result<(), Refusal> {
    let Ok(text) = std::str::from_utf8(value) else {
        return Err(Refusal::Invalid("a header's value must be UTF-8"));
    };
    if text.is_empty() {
        Err(Refusal::Invalid("a header's value cannot be empty"))
    } else if text.chars().any(char::is_control) {
        Err(Refusal::Invalid(
            "a header's value cannot hold control characters",
        ))
    } else if text.trim() != text {
        Err(Refusal::Invalid(
            "a header's value cannot begin or end in a blank",
        ))
    } else {
        Ok(())
    }
}

/// Returns the content type that an object's name gives; `None` where it says nothing.
pub(super) fn type_of_name(key: &Key) -> Option<&'static str> {
    if key.is_marker() {
        return None;
    }
    mime_guess::from_path(key.file_name()).first_raw()
}

/// Returns whether a content type is the one that the object would have without being told.
pub(super) fn is_default_type(key: &Key, value: &[u8]) -> bool {
    if key.is_marker() && DIRECTORY.contains(&value) {
        return true;
    }
    let expected = type_of_name(key).map_or(UNKNOWN[0], str::as_bytes);
    value == expected || (UNKNOWN.contains(&expected) && UNKNOWN.contains(&value))
}

/// What services call a body of which nothing is known.
const UNKNOWN: [&[u8]; 2] = [b"application/octet-stream", b"binary/octet-stream"];

/// What consoles, servers and other filesystems call a directory's marker.
const DIRECTORY: [&[u8]; 4] = [
    b"application/x-directory",
    b"application/x-directory; charset=UTF-8",
    b"application/x-directory; charset=utf-8",
    b"httpd/unix-directory",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&OSS, "content-type" => Some(HttpHeader::ContentType))]
    #[test_case(&OSS, "Content-Type" => None; "attribute names are not folded")]
    #[test_case(&OSS, "expires" => Some(HttpHeader::Expires))]
    #[test_case(&OSS, "website-redirect-location" => None; "not every dialect has it")]
    #[test_case(&S3, "website-redirect-location" => Some(HttpHeader::WebsiteRedirect))]
    #[test_case(&S3, "etag" => None)]
    fn headers(dialect: &Dialect, name: &str) -> Option<HttpHeader> {
        header(dialect, name.as_bytes())
    }

    #[test_case(b"max-age=60, public" => true)]
    #[test_case("attachment; filename=\"价.txt\"".as_bytes() => true; "utf-8")]
    #[test_case(b"" => false; "empty")]
    #[test_case(b"a\r\nx: y" => false; "line break")]
    #[test_case(b"a\tb" => false; "tab")]
    #[test_case(b" a" => false; "blank first")]
    #[test_case(b"a " => false; "blank last")]
    #[test_case(b"\xe9" => false; "latin 1")]
    #[test_case(b"a\0" => false; "nul")]
    fn values(value: &[u8]) -> bool {
        check_value(value).is_ok()
    }

    #[test_case("a/photo.jpg", "image/jpeg" => true)]
    #[test_case("a/photo.JPG", "image/jpeg" => true; "extensions are folded")]
    #[test_case("photo.jpg", "application/octet-stream" => false; "less than the name says")]
    #[test_case("photo.jpg", "image/png" => false; "other than the name says")]
    #[test_case("a.txt", "text/plain" => true)]
    #[test_case("a.txt", "text/plain; charset=utf-8" => false; "more than the name says")]
    #[test_case("noext", "application/octet-stream" => true)]
    #[test_case("noext", "binary/octet-stream" => true)]
    #[test_case("noext", "text/plain" => false)]
    #[test_case("a.bin", "binary/octet-stream" => true; "the two are the same")]
    #[test_case("a.txt/noext", "binary/octet-stream" => true; "only the last component counts")]
    #[test_case("d/", "application/x-directory" => true; "marker")]
    #[test_case("d/", "httpd/unix-directory" => true; "marker of a server")]
    #[test_case("d.zip/", "application/octet-stream" => true; "a directory has no extension")]
    #[test_case("d", "application/x-directory" => false; "no marker")]
    fn the_default_type(key: &str, value: &str) -> bool {
        is_default_type(&Key::new(key).unwrap(), value.as_bytes())
    }
}
