//! An ACL in one line of text: a canned word, or grants as `READ id="...", WRITE uri="..."`.

use crate::store::Dialect;
use crate::store::types::{Acl, Grant, Grantee};
use std::borrow::Cow;

/// Returns the text of an ACL.
pub(super) fn to_text(acl: &Acl) -> Cow<'_, [u8]> {
    match acl {
        Acl::Canned(word) => Cow::Borrowed(word.as_bytes()),
        Acl::Grants(grants) => {
            let grants: Vec<_> = grants.iter().map(grant_text).collect();
            Cow::Owned(grants.join(", ").into_bytes())
        }
    }
}

/// Parses a word that the dialect has, or grants where it has those.
pub(super) fn from_text(dialect: &Dialect, text: &str) -> Option<Acl> {
    if dialect.canned_acls.contains(&text) {
        return Some(Acl::Canned(text.into()));
    }
    if !dialect.has_grants() {
        return None;
    }
    let grants = text.split(", ").map(grant).collect::<Option<_>>()?;
    Some(Acl::Grants(grants))
}

fn grant_text(grant: &Grant) -> String {
    let (kind, who) = match &grant.grantee {
        Grantee::Id(id) => ("id", id),
        Grantee::Uri(uri) => ("uri", uri),
        Grantee::Email(email) => ("email", email),
    };
    format!("{} {kind}=\"{who}\"", grant.permission)
}

fn grant(text: &str) -> Option<Grant> {
    let (permission, grantee) = text.split_once(' ')?;
    if !["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"].contains(&permission) {
        return None;
    }
    let (kind, who) = grantee.split_once('=')?;
    let who = who.strip_prefix('"')?.strip_suffix('"')?;
    if who.is_empty() || !who.bytes().all(|b| b.is_ascii_graphic() && b != b'"') {
        return None;
    }
    let who = who.into();
    let grantee = match kind {
        "id" => Grantee::Id(who),
        "uri" => Grantee::Uri(who),
        "email" => Grantee::Email(who),
        _ => return None,
    };
    Some(Grant {
        permission: permission.into(),
        grantee,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&OSS, "default" => true)]
    #[test_case(&OSS, "public-read" => true)]
    #[test_case(&OSS, "authenticated-read" => false; "a word of another dialect")]
    #[test_case(&OSS, "READ id=\"1\"" => false; "grants where there are none")]
    #[test_case(&S3, "default" => false; "no word here")]
    #[test_case(&S3, "private" => true)]
    #[test_case(&S3, "FULL_CONTROL id=\"79a5\", READ uri=\"http://acs.amazonaws.com/groups/global/AllUsers\", WRITE_ACP email=\"a@b.c\"" => true; "grants")]
    #[test_case(&S3, "" => false; "nothing")]
    #[test_case(&S3, "private " => false; "blank")]
    #[test_case(&S3, "READ id=\"\"" => false; "nobody")]
    #[test_case(&S3, "read id=\"1\"" => false; "no permission")]
    #[test_case(&S3, "READ id=1" => false; "without quotes")]
    #[test_case(&S3, "READ name=\"1\"" => false; "no kind of grantee")]
    #[test_case(&S3, "READ id=\"a\r\nb\"" => false; "line break")]
    fn what_is_read_can_be_set(dialect: &Dialect, text: &str) -> bool {
        let acl = from_text(dialect, text);
        if let Some(acl) = &acl {
            assert_eq!(to_text(acl), text.as_bytes());
        }
        acl.is_some()
    }
}
