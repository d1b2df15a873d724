//! GetObjectAcl and PutObjectAcl, and ACLs in the headers of a write.
//!
//! Some services have words for ACLs and nothing else; others have lists of grants, for some of which there is a word.

use super::xml::Element;
use super::{Request, Response, error, invalid, protocol};
use crate::store::types::{Acl, Grant, Grantee, Key, Operation, VersionId};
use crate::store::{Dialect, Result};
use http::{HeaderName, Method};

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// The words for grants besides the owner's full control.
const CANNED: [(&str, &[(&str, &str)]); 4] = [
    ("private", &[]),
    ("public-read", &[(ALL_USERS, "READ")]),
    (
        "public-read-write",
        &[(ALL_USERS, "READ"), (ALL_USERS, "WRITE")],
    ),
    ("authenticated-read", &[(AUTHENTICATED_USERS, "READ")]),
];

/// Permissions and what their headers are called after the service's prefix.
const PERMISSIONS: [(&str, &str); 5] = [
    ("FULL_CONTROL", "grant-full-control"),
    ("READ", "grant-read"),
    ("READ_ACP", "grant-read-acp"),
    ("WRITE", "grant-write"),
    ("WRITE_ACP", "grant-write-acp"),
];

/// Asks for an object's ACL.
pub fn get_request(key: &Key, version: Option<&VersionId>) -> Request {
    Request::new(Operation::GetObjectAcl, Method::GET, Some(key))
        .parameter("acl", "")
        .version(version)
}

/// Replaces an object's ACL.
pub fn put_request(
    dialect: &Dialect,
    key: &Key,
    version: Option<&VersionId>,
    acl: &Acl,
) -> Result<Request> {
    let mut request = Request::new(Operation::PutObjectAcl, Method::PUT, Some(key))
        .parameter("acl", "")
        .version(version);
    write(&mut request, dialect, acl)?;
    Ok(request)
}

/// Reads the ACL asked for.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<Acl> {
    let root = error::document(dialect, response, "AccessControlPolicy")?;
    let list = root
        .child("AccessControlList")
        .ok_or_else(|| protocol(dialect, response, "the answer has no list of grants"))?;
    if !dialect.has_grants() {
        return list
            .text_of("Grant")
            .map(|word| Acl::Canned(word.trim().into()))
            .ok_or_else(|| protocol(dialect, response, "the answer has no grant"));
    }
    let grants = list
        .all("Grant")
        .map(|element| {
            grant(element)
                .ok_or_else(|| protocol(dialect, response, "the answer has an unreadable grant"))
        })
        .collect::<Result<Vec<_>>>()?;
    let owner = root.child("Owner").and_then(|owner| owner.text_of("ID"));
    Ok(match canned(owner, &grants) {
        Some(word) => Acl::Canned(word.into()),
        None => Acl::Grants(grants),
    })
}

/// Writes an ACL into the headers of a write.
pub(super) fn write(request: &mut Request, dialect: &Dialect, acl: &Acl) -> Result<()> {
    match acl {
        Acl::Canned(word) => {
            request.set(HeaderName::from_static(dialect.words.acl_header), &**word)
        }
        Acl::Grants(_) if !dialect.has_grants() => {
            Err(invalid("the service has no grants, only words for ACLs"))
        }
        Acl::Grants(grants) if grants.is_empty() => Err(invalid(
            "an ACL that grants nothing to anyone cannot be sent",
        )),
        Acl::Grants(grants) => {
            if !grants.iter().all(|grant| is_permission(&grant.permission)) {
                return Err(invalid("the ACL grants what is no permission"));
            }
            for (permission, header) in PERMISSIONS {
                let grantees: Vec<String> = grants
                    .iter()
                    .filter(|grant| &*grant.permission == permission)
                    .map(|grant| grantee(&grant.grantee))
                    .collect::<Result<_>>()?;
                if !grantees.is_empty() {
                    request.set(dialect.header(header), grantees.join(", "))?;
                }
            }
            Ok(())
        }
    }
}

fn is_permission(word: &str) -> bool {
    PERMISSIONS.iter().any(|(name, _)| *name == word)
}

fn grant(element: &Element<'_>) -> Option<Grant> {
    let grantee = element.child("Grantee")?;
    let text = |name| grantee.text_of(name).map(|text| text.trim().into());
    let grantee = text("ID")
        .map(Grantee::Id)
        .or_else(|| text("URI").map(Grantee::Uri))
        .or_else(|| text("EmailAddress").map(Grantee::Email))?;
    let permission = element.text_of("Permission")?.trim();
    is_permission(permission).then(|| Grant {
        permission: permission.into(),
        grantee,
    })
}

/// Returns the word for a list of grants: the owner's full control and what the word stands for, in any order.
fn canned(owner: Option<&str>, grants: &[Grant]) -> Option<&'static str> {
    let owner = Grantee::Id(owner?.trim().into());
    let mut others = Vec::new();
    let mut owned = false;
    for grant in grants {
        match &grant.grantee {
            id if *id == owner && &*grant.permission == "FULL_CONTROL" => owned = true,
            Grantee::Uri(uri) => others.push((&**uri, &*grant.permission)),
            Grantee::Id(_) | Grantee::Email(_) => return None,
        }
    }
    others.sort_unstable();
    others.dedup();
    let word = CANNED.iter().find(|(_, stands_for)| others == *stands_for);
    word.filter(|_| owned).map(|(word, _)| *word)
}

fn grantee(grantee: &Grantee) -> Result<String> {
    let (kind, name) = match grantee {
        Grantee::Id(id) => ("id", id),
        Grantee::Uri(uri) => ("uri", uri),
        Grantee::Email(email) => ("emailAddress", email),
    };
    // The header has no escape: a quote would end the name and begin another grant.
    if name.contains('"') {
        return Err(invalid("the name of a grantee holds a quote"));
    }
    Ok(format!("{kind}=\"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    const OWNER: &str = "<Grant><Grantee><ID>o</ID><DisplayName>me</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant>";
    const ALL_READ: &str = "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>";
    const ALL_WRITE: &str = "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>WRITE</Permission></Grant>";
    const AUTH_READ: &str = "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI></Grantee><Permission>READ</Permission></Grant>";
    const OTHER_READ: &str =
        "<Grant><Grantee><ID>p</ID></Grantee><Permission>READ</Permission></Grant>";

    fn grants() -> Acl {
        let grant = |permission: &str, grantee| Grant {
            permission: permission.into(),
            grantee,
        };
        Acl::Grants(vec![
            grant("READ", Grantee::Id("p".into())),
            grant("FULL_CONTROL", Grantee::Id("o".into())),
            grant("READ", Grantee::Uri(ALL_USERS.into())),
            grant("WRITE_ACP", Grantee::Email("a@example.com".into())),
        ])
    }

    #[test]
    fn asks() {
        assert_eq!(show(&get_request(&key("k"), None)), "GET k\n?acl=");
    }

    #[test_case(&OSS, Acl::Canned("public-read".into()) => Ok("PUT k\n?acl=\n?versionId=v\nx-oss-object-acl: public-read".into()); "oss word")]
    #[test_case(&S3, Acl::Canned("public-read".into()) => Ok("PUT k\n?acl=\n?versionId=v\nx-amz-acl: public-read".into()); "s3 word")]
    #[test_case(&S3, grants() => Ok("PUT k\n?acl=\n?versionId=v\n\
        x-amz-grant-full-control: id=\"o\"\n\
        x-amz-grant-read: id=\"p\", uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"\n\
        x-amz-grant-write-acp: emailAddress=\"a@example.com\"".into()); "s3 grants")]
    #[test_case(&OSS, grants() => Err(Kind::InvalidArgument); "oss grants")]
    #[test_case(&S3, Acl::Grants(vec![]) => Err(Kind::InvalidArgument); "no grants")]
    #[test_case(&S3, Acl::Grants(vec![Grant { permission: "READ".into(), grantee: Grantee::Id("a\", id=\"b".into()) }]) => Err(Kind::InvalidArgument); "a name with a quote")]
    #[test_case(&S3, Acl::Grants(vec![Grant { permission: "ALL".into(), grantee: Grantee::Id("a".into()) }]) => Err(Kind::InvalidArgument); "no permission")]
    fn replaces(dialect: &Dialect, acl: Acl) -> Result<String, Kind> {
        let version = "v".into();
        put_request(dialect, &key("k"), Some(&version), &acl)
            .map(|request| show(&request))
            .map_err(|e| e.kind())
    }

    #[test_case(&[OWNER] => Some("private"))]
    #[test_case(&[ALL_READ, OWNER] => Some("public-read"))]
    #[test_case(&[OWNER, ALL_WRITE, ALL_READ] => Some("public-read-write"))]
    #[test_case(&[OWNER, AUTH_READ] => Some("authenticated-read"))]
    #[test_case(&[OWNER, OTHER_READ] => None; "another account")]
    #[test_case(&[ALL_READ] => None; "not even the owner")]
    #[test_case(&[OWNER, ALL_WRITE] => None; "no word for it")]
    #[test_case(&[] => None; "nobody")]
    fn finds_the_word_for_grants(grants: &[&str]) -> Option<&'static str> {
        let body = format!(
            "<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList>{}\
             </AccessControlList></AccessControlPolicy>",
            grants.concat()
        );
        match parse(&S3, &response(200, &[], &body)).expect("an ACL") {
            Acl::Canned(word) => CANNED.iter().map(|(w, _)| *w).find(|w| *w == &*word),
            Acl::Grants(read) => {
                assert_eq!(read.len(), grants.len());
                None
            }
        }
    }

    #[test_case("<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant>public-read</Grant></AccessControlList></AccessControlPolicy>" => Ok(Acl::Canned("public-read".into())); "a word")]
    #[test_case("<AccessControlPolicy><AccessControlList/></AccessControlPolicy>" => Err(Kind::Protocol); "no word")]
    #[test_case("<AccessControlPolicy/>" => Err(Kind::Protocol); "no list")]
    fn reads_a_word(body: &str) -> Result<Acl, Kind> {
        parse(&OSS, &response(200, &[], body)).map_err(|e| e.kind())
    }
}
