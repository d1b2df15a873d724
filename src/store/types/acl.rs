//! Who may do what with an object.

/// An object's access control list, as one word where the service has one for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Acl {
    /// A canned ACL, by the service's word: `private`, `public-read`, `default`, ...
    Canned(Box<str>),
    /// Grants that no canned word stands for; only in dialects that know grants.
    Grants(Vec<Grant>),
}

/// One permission of one grantee.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// `FULL_CONTROL`, `READ`, `WRITE`, `READ_ACP` or `WRITE_ACP`.
    pub permission: Box<str>,
    /// Who has it.
    pub grantee: Grantee,
}

/// Who a grant is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// An account, by its canonical id.
    Id(Box<str>),
    /// A predefined group, by its URI.
    Uri(Box<str>),
    /// An account, by its mail address.
    Email(Box<str>),
}
