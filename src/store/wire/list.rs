//! ListObjectsV2: one page.
//!
//! Keys are asked for percent-encoded, since XML cannot hold every character of a key. What comes back may still be
//! no UTF-8, no valid key, or of another prefix: such entries are counted and left out, the rest of the page stands.

use super::xml::Element;
use super::{Request, Response, error, meta, protocol};
use crate::store::types::{
    ETag, Key, ListPage, ListRequest, Listed, ListedKind, ObjectType, Operation, Timestamp,
};
use crate::store::{Dialect, Error, Kind, Result};
use http::Method;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// Asks for a page.
pub fn request(list: &ListRequest) -> Request {
    let mut request = Request::new(Operation::ListObjects, Method::GET, None)
        .parameter("list-type", "2")
        .parameter("encoding-type", "url")
        .parameter("max-keys", list.max_keys.clamp(1, 1000).to_string());
    if !list.prefix.is_empty() {
        request = request.parameter("prefix", &*list.prefix);
    }
    if list.delimiter {
        request = request.parameter("delimiter", "/");
    }
    if let Some(token) = &list.token {
        request = request.parameter("continuation-token", &**token);
    } else if let Some(after) = &list.start_after {
        request = request.parameter("start-after", &**after);
    }
    request
}

/// Reads the page asked for. A page that does not lead on is refused: it would be listed for ever.
pub fn parse(dialect: &Dialect, response: &Response, asked: &ListRequest) -> Result<ListPage> {
    let root = document(dialect, response, "ListBucketResult")?;
    let decoder = Decoder::of(dialect, &root);
    let mut page = ListPage::default();
    for element in &root.children {
        match &*element.name {
            "Contents" => {
                let key = decoder.key(element).filter(|key| {
                    let key = key.as_str();
                    key.starts_with(&*asked.prefix)
                });
                match key {
                    Some(key) => page.objects.push(listed(dialect, response, element, key)?),
                    None => page.unnameable += 1,
                }
            }
            "CommonPrefixes" => {
                for prefix in element.all("Prefix") {
                    match decoder.text(&prefix.text) {
                        Some(prefix) if is_folded(&prefix, &asked.prefix) => {
                            page.prefixes.push(prefix.into());
                        }
                        _ => page.unnameable += 1,
                    }
                }
            }
            _ => {}
        }
    }
    if root.text_of("IsTruncated").map(str::trim) == Some("true") {
        let token = match root.text_of("NextContinuationToken") {
            Some(token) if dialect.words.encoded_tokens => decoder.text(token),
            Some(token) => Some(token.into()),
            None => None,
        };
        let token = token.filter(|token| !token.is_empty()).ok_or_else(|| {
            protocol(
                dialect,
                response,
                "the listing goes on and does not say where",
            )
        })?;
        if asked.token.as_deref() == Some(&*token) {
            return Err(protocol(
                dialect,
                response,
                "the listing does not go on from where it was",
            ));
        }
        page.next = Some(token.into());
    }
    Ok(page)
}

/// Reads a listing's document. A bare 404 is no answer of an object store to a listing: its refusals name a code.
pub(super) fn document<'a>(
    dialect: &Dialect,
    response: &'a Response,
    root: &str,
) -> Result<Element<'a>> {
    error::document(dialect, response, root).map_err(|error| {
        if error.kind() == Kind::NotFound && error.code().is_none() {
            Error::new(Kind::Protocol, "there is no object store here").answered(
                response.status,
                None,
                error.request_id(),
            )
        } else {
            error
        }
    })
}

/// Decodes the names in a listing.
pub(super) struct Decoder {
    encoded: bool,
    plus_is_blank: bool,
}

impl Decoder {
    /// Takes what the listing says of its encoding.
    pub(super) fn of(dialect: &Dialect, root: &Element<'_>) -> Self {
        Self {
            encoded: root.text_of("EncodingType").map(str::trim) == Some("url"),
            plus_is_blank: dialect.words.plus_is_blank,
        }
    }

    /// Returns a text decoded; `None` if it is no UTF-8.
    pub(super) fn text<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        if !self.encoded {
            return Some(Cow::Borrowed(text));
        }
        if self.plus_is_blank && text.contains('+') {
            let text = text.replace('+', " ");
            let decoded = percent_decode(text.as_bytes()).decode_utf8().ok()?;
            return Some(Cow::Owned(decoded.into_owned()));
        }
        percent_decode(text.as_bytes()).decode_utf8().ok()
    }

    /// Returns the key of an entry; `None` if it is no valid one.
    pub(super) fn key(&self, entry: &Element<'_>) -> Option<Key> {
        Key::new(self.text(entry.text_of("Key")?)?).ok()
    }
}

fn is_folded(prefix: &str, asked: &str) -> bool {
    prefix.ends_with('/')
        && prefix.len() > asked.len()
        && prefix.starts_with(asked)
        && Key::new(prefix).is_ok()
}

fn listed(dialect: &Dialect, response: &Response, entry: &Element<'_>, key: Key) -> Result<Listed> {
    let unreadable = |what: &str| {
        protocol(
            dialect,
            response,
            format!("the {what} of {key:?} is unreadable"),
        )
    };
    let field = |name: &str| entry.text_of(name).map(str::trim).unwrap_or_default();
    let size = field("Size").parse().map_err(|_| unreadable("size"))?;
    let last_modified =
        Timestamp::from_iso8601(field("LastModified")).ok_or_else(|| unreadable("time"))?;
    let class = field("StorageClass");
    let kind = match ObjectType::from_name(field("Type")) {
        Some(ObjectType::Symlink) => ListedKind::Symlink,
        _ => ListedKind::Object,
    };
    Ok(Listed {
        size,
        etag: ETag::new(field("ETag")),
        last_modified,
        storage_class: (!meta::is_default_class(dialect, class)).then(|| class.into()),
        kind,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{response, show};
    use test_case::test_case;

    fn asked(prefix: &str) -> ListRequest {
        ListRequest {
            prefix: prefix.into(),
            delimiter: true,
            start_after: Some("d/ +".into()),
            token: None,
            max_keys: 1000,
        }
    }

    #[test_case(asked("d/") => "GET \n?list-type=2\n?encoding-type=url\n?max-keys=1000\n?prefix=d/\n?delimiter=/\n?start-after=d/ +"; "first page")]
    #[test_case(ListRequest { token: Some("T".into()), ..asked("d/") } => "GET \n?list-type=2\n?encoding-type=url\n?max-keys=1000\n?prefix=d/\n?delimiter=/\n?continuation-token=T"; "next page")]
    #[test_case(ListRequest { max_keys: 0, ..ListRequest::default() } => "GET \n?list-type=2\n?encoding-type=url\n?max-keys=1"; "flat")]
    fn asks(list: ListRequest) -> String {
        show(&request(&list))
    }

    fn entry(key: &str) -> String {
        format!(
            "<Contents><Key>{key}</Key><LastModified>1994-11-06T08:49:37.000Z</LastModified>\
             <ETag>\"E\"</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
    }

    fn page(fields: &str) -> String {
        format!("<ListBucketResult>{fields}</ListBucketResult>")
    }

    fn read(dialect: &Dialect, asked: &ListRequest, body: &str) -> Result<ListPage, Kind> {
        parse(dialect, &response(200, &[], body), asked).map_err(|e| e.kind())
    }

    #[test]
    fn reads_what_is_told_of_a_key() {
        let body = page(
            "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
             <NextContinuationToken>T</NextContinuationToken>\
             <Contents><Key>d/a%20b</Key><LastModified>1994-11-06T08:49:37Z</LastModified>\
             <ETag>&quot;E&quot;</ETag><Type>Symlink</Type><Size> 5 </Size>\
             <StorageClass>IA</StorageClass><Owner><ID>o</ID></Owner></Contents>\
             <CommonPrefixes><Prefix>d/%C3%A9/</Prefix></CommonPrefixes>",
        );
        let page = read(&OSS, &asked("d/"), &body).expect("a page");
        let expected = Listed {
            key: Key::new("d/a b").expect("a key"),
            size: 5,
            etag: ETag::new("E"),
            last_modified: Timestamp(784_111_777),
            storage_class: Some("IA".into()),
            kind: ListedKind::Symlink,
        };
        assert_eq!(page.objects, [expected]);
        assert_eq!(page.prefixes, [Box::from("d/é/")]);
        assert_eq!(page.next, None);
        assert_eq!(page.unnameable, 0);
    }

    #[test_case(&OSS, "url", "a+b%20c%2Fd" => Some("a+b c/d".into()); "oss")]
    #[test_case(&S3, "url", "a+b%20c%2Fd%2B" => Some("a b c/d+".into()); "s3")]
    #[test_case(&S3, "url", "é%25" => Some("é%".into()); "s3 not all encoded")]
    #[test_case(&S3, "url", "%01%0A&lt;" => Some("\u{1}\n<".into()); "controls")]
    #[test_case(&S3, "", "a+b%20c" => Some("a+b%20c".into()); "not encoded after all")]
    #[test_case(&S3, "url", "a%FF" => None; "no UTF-8")]
    #[test_case(&S3, "url", "a%00" => None; "NUL")]
    #[test_case(&S3, "url", "" => None; "empty")]
    fn decodes_a_key(dialect: &Dialect, encoding: &str, key: &str) -> Option<String> {
        let entries = entry(key) + &entry("z");
        let body = page(&format!("<EncodingType>{encoding}</EncodingType>{entries}"));
        let page = read(dialect, &asked(""), &body).expect("a page");
        let (last, first) = page.objects.split_last().expect("the other entry");
        assert_eq!(last.key.as_str(), "z");
        assert_eq!(last.storage_class, None);
        assert_eq!(page.unnameable, u64::from(first.is_empty()));
        first.first().map(|listed| listed.key.to_string())
    }

    #[test]
    fn a_key_too_long_or_of_another_prefix_is_counted() {
        let long = entry(&format!("d/{}", "x".repeat(1023)));
        let prefixes = "<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>\
            <CommonPrefixes><Prefix>d/a</Prefix></CommonPrefixes>\
            <CommonPrefixes><Prefix>e/a/</Prefix></CommonPrefixes>";
        let body = page(&[&*long, &entry("e/a"), &entry("d/"), prefixes].concat());
        let page = read(&S3, &asked("d/"), &body).expect("a page");
        assert_eq!(page.objects.len(), 1);
        assert!(page.prefixes.is_empty());
        assert_eq!(page.unnameable, 5);
    }

    #[test_case(&S3, "<IsTruncated>true</IsTruncated><NextContinuationToken>a%2Bb</NextContinuationToken>" => Ok(Some("a%2Bb".into())); "s3 opaque token")]
    #[test_case(&OSS, "<IsTruncated>true</IsTruncated><NextContinuationToken>a%2Bb</NextContinuationToken>" => Ok(Some("a+b".into())); "oss encoded token")]
    #[test_case(&S3, "<IsTruncated>true</IsTruncated><NextContinuationToken>T</NextContinuationToken>" => Err(Kind::Protocol); "the token that was sent")]
    #[test_case(&S3, "<IsTruncated>true</IsTruncated>" => Err(Kind::Protocol); "no token")]
    #[test_case(&S3, "<IsTruncated>true</IsTruncated><NextContinuationToken/>" => Err(Kind::Protocol); "an empty token")]
    #[test_case(&S3, "<IsTruncated>false</IsTruncated><NextContinuationToken>T</NextContinuationToken>" => Ok(None); "last page")]
    fn goes_on(dialect: &Dialect, fields: &str) -> Result<Option<String>, Kind> {
        let asked = ListRequest {
            token: Some("T".into()),
            ..asked("")
        };
        let body = page(&format!("<EncodingType>url</EncodingType>{fields}"));
        read(dialect, &asked, &body).map(|page| page.next)
    }

    #[test_case(200, "<html></html>" => Kind::Protocol; "a page of the web")]
    #[test_case(404, "<html></html>" => Kind::Protocol; "a missing page of the web")]
    #[test_case(404, "<Error><Code>NoSuchBucket</Code></Error>" => Kind::NoSuchBucket; "no bucket")]
    #[test_case(200, "<ListBucketResult><Contents><Key>k</Key><Size>5</Size></Contents></ListBucketResult>" => Kind::Protocol; "no time")]
    #[test_case(200, "<ListBucketResult><Contents><Key>k</Key><LastModified>1994-11-06T08:49:37.000Z</LastModified><Size>-1</Size></Contents></ListBucketResult>" => Kind::Protocol; "no size")]
    fn refuses(status: u16, body: &str) -> Kind {
        parse(&S3, &response(status, &[], body), &asked(""))
            .expect_err("no page")
            .kind()
    }
}
