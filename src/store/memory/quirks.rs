//! What servers were seen to do otherwise than the service they imitate, as switches of the in-memory store.

use crate::store::types::{HttpHeader, Properties};

/// Departures from the real service; the default has none.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// Conditions on the source of a copy are not looked at (radosgw, moto).
    pub ignores_source_conditions: bool,
    /// Conditions on what a write replaces are not looked at (radosgw, garage).
    pub ignores_write_conditions: bool,
    /// A copy loses the source's tags (radosgw).
    pub drops_tags_on_copy: bool,
    /// Metadata entries with an empty value vanish (SeaweedFS).
    pub drops_empty_values: bool,
    /// User metadata and tags of keys that end in `/` vanish.
    pub drops_marker_meta: bool,
    /// These headers are accepted and not kept (juicefs gateway; SeaweedFS: the redirect).
    pub drops_headers: Vec<HttpHeader>,
    /// The storage class is accepted and not kept (garage).
    pub drops_class: bool,
    /// The ACL of a write is accepted and not kept.
    pub drops_acl: bool,
    /// The ACL of a copy is accepted and not kept.
    pub drops_acl_on_copy: bool,
    /// A copy that names no class keeps its source's (SeaweedFS).
    pub keeps_class_on_copy: bool,
    /// Headers that a replacing copy leaves out stay (ministack).
    pub keeps_omitted_headers: bool,
    /// A copy leaves Last-Modified where it was (juicefs gateway).
    pub copy_keeps_last_modified: bool,
    /// Setting tags moves Last-Modified (radosgw).
    pub tags_move_last_modified: bool,
    /// Setting an ACL leaves Last-Modified where it was.
    pub acl_keeps_last_modified: bool,
    /// A multipart upload's object is dated at its start, not its end.
    pub dates_uploads_at_start: bool,
    /// Tags given to a multipart upload vanish (ministack).
    pub drops_tags_of_uploads: bool,
    /// A copy does not tell which version it took (SeaweedFS, radosgw).
    pub hides_source_version: bool,
    /// HEAD tells no number of tags (garage).
    pub hides_tag_count: bool,
    /// Objects have no ACL of their own.
    pub has_no_acls: bool,
    /// Appendable objects cannot be copied.
    pub refuses_appendable_copy: bool,
    /// The largest body one copy takes, in bytes; `None` is the dialect's limit.
    pub copy_limit: Option<u64>,
}

impl Quirks {
    /// Returns what a server with these quirks keeps of `sent` under `key`.
    pub(super) fn kept(&self, key: &str, sent: Properties) -> Properties {
        let user = if self.drops_marker_meta && key.ends_with('/') {
            Default::default()
        } else {
            let kept = sent
                .user
                .iter()
                .filter(|(_, value)| !(self.drops_empty_values && value.is_empty()));
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let mut http = sent.http;
        for header in &self.drops_headers {
            http.remove(header);
        }
        Properties {
            user,
            http,
            storage_class: sent.storage_class.filter(|_| !self.drops_class),
            carried: sent.carried,
        }
    }
}
