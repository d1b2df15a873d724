//! What a writer says of an object besides its bytes, and what an edit must carry over.

use super::VecMap;

/// User metadata: names without the dialect's prefix, in lower case; values as they are on the wire.
pub type UserMeta = VecMap<Box<str>, Box<[u8]>>;

/// Object tags: key and value as text, decoded.
pub type Tags = VecMap<Box<str>, Box<str>>;

/// The HTTP headers stored with an object, as they are on the wire.
pub type HttpHeaders = VecMap<HttpHeader, Box<[u8]>>;

/// A header that is stored with an object and returned with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HttpHeader {
    /// `Content-Type`.
    ContentType,
    /// `Cache-Control`.
    CacheControl,
    /// `Content-Disposition`.
    ContentDisposition,
    /// `Content-Encoding`.
    ContentEncoding,
    /// `Content-Language`.
    ContentLanguage,
    /// `Expires`.
    Expires,
    /// `website-redirect-location`; only where the dialect says so.
    WebsiteRedirect,
}

impl HttpHeader {
    /// Every header, in the order of the type.
    pub const ALL: [Self; 7] = [
        Self::ContentType,
        Self::CacheControl,
        Self::ContentDisposition,
        Self::ContentEncoding,
        Self::ContentLanguage,
        Self::Expires,
        Self::WebsiteRedirect,
    ];

    /// Returns the name in lower case, without a dialect's prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::ContentType => "content-type",
            Self::CacheControl => "cache-control",
            Self::ContentDisposition => "content-disposition",
            Self::ContentEncoding => "content-encoding",
            Self::ContentLanguage => "content-language",
            Self::Expires => "expires",
            Self::WebsiteRedirect => "website-redirect-location",
        }
    }
}

/// All that a write of an object says of it: sent whole by put, copy with replaced metadata, multipart and symlink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Properties {
    /// User metadata.
    pub user: UserMeta,
    /// The stored HTTP headers.
    pub http: HttpHeaders,
    /// The storage class; `None` is the service's default for a new object.
    pub storage_class: Option<Box<str>>,
    /// Headers of a HEAD answer that a write repeats under the same name to keep what they say: encryption, object
    /// lock. Which these are is the dialect's table. Names in lower case.
    pub carried: VecMap<Box<str>, Box<[u8]>>,
}
