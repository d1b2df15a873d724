//! What an object can hold, checked before any request.

use super::Refusal;
use crate::store::Dialect;
use crate::store::types::{Properties, Tags, UserMeta};

/// Checks all that an edit leaves an object with.
pub fn check_limits(
    dialect: &Dialect,
    properties: &Properties,
    tags: &Tags,
) -> Result<(), Refusal> {
    check_user_meta(dialect, &properties.user)?;
    check_tags(dialect, tags)
}

/// Checks the size of an object's user metadata.
pub fn check_user_meta(dialect: &Dialect, user: &UserMeta) -> Result<(), Refusal> {
    if user_meta_bytes(dialect, user) > dialect.limits.user_meta_bytes {
        return Err(META_FULL);
    }
    Ok(())
}

/// Checks the number of an object's tags.
pub fn check_tags(dialect: &Dialect, tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > dialect.limits.tags {
        return Err(Refusal::NoSpace("an object has no room for another tag"));
    }
    Ok(())
}

/// Checks one entry alone: above the limit by itself, it fits no object.
pub(super) fn check_entry(dialect: &Dialect, name: &str, value: &[u8]) -> Result<(), Refusal> {
    if entry_bytes(dialect, name, value) > dialect.limits.user_meta_bytes {
        return Err(META_FULL);
    }
    Ok(())
}

/// Returns the size of user metadata as the limit counts it: header names with prefix and values as stored.
pub fn user_meta_bytes(dialect: &Dialect, user: &UserMeta) -> usize {
    user.iter()
        .map(|(name, value)| entry_bytes(dialect, name, value))
        .sum()
}

fn entry_bytes(dialect: &Dialect, name: &str, value: &[u8]) -> usize {
    dialect.meta_prefix.len() + name.len() + value.len()
}

const META_FULL: Refusal = Refusal::NoSpace("an object has no room for so much metadata");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&S3, 2048 => Ok(()); "at the limit")]
    #[test_case(&S3, 2049 => Err(META_FULL); "above the limit")]
    #[test_case(&OSS, 8191 => Ok(()); "at the limit of the other")]
    #[test_case(&OSS, 8192 => Err(META_FULL); "above the limit of the other")]
    fn metadata_counts_prefix_name_and_value(
        dialect: &Dialect,
        total: usize,
    ) -> Result<(), Refusal> {
        let mut properties = Properties::default();
        let fixed = 2 * (dialect.meta_prefix.len() + 1);
        properties.user.insert("a".into(), vec![b'x'; 100].into());
        properties
            .user
            .insert("b".into(), vec![b'x'; total - fixed - 100].into());
        assert_eq!(user_meta_bytes(dialect, &properties.user), total);
        check_limits(dialect, &properties, &Tags::new())
    }

    #[test_case(10 => true; "at the limit")]
    #[test_case(11 => false; "above")]
    fn tags_are_counted(n: usize) -> bool {
        let tags = (0..n).map(|i| (i.to_string().into(), "".into())).collect();
        check_limits(&OSS, &Properties::default(), &tags).is_ok()
    }
}
