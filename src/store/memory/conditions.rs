//! How a service judges the conditions of a copy and of a write.

use crate::store::types::{ETag, SourceConditions, Timestamp, WriteCondition};

/// Returns whether the source of a copy meets `conditions`, with the services' precedence: a true `if_match` switches
/// `if_unmodified_since` off, an `if_none_match` switches `if_modified_since` off. Times are whole seconds.
pub(super) fn source_holds(
    conditions: &SourceConditions,
    etag: &ETag,
    last_modified: Timestamp,
) -> bool {
    let unchanged = match (&conditions.if_match, conditions.if_unmodified_since) {
        (Some(wanted), _) => wanted == etag,
        (None, Some(time)) => last_modified <= time,
        (None, None) => true,
    };
    let changed = match (&conditions.if_none_match, conditions.if_modified_since) {
        (Some(unwanted), _) => unwanted != etag,
        (None, Some(time)) => last_modified > time,
        (None, None) => true,
    };
    unchanged && changed
}

/// Returns whether a write may replace what is there.
pub(super) fn write_holds(condition: &WriteCondition, there: Option<&ETag>) -> bool {
    match condition {
        WriteCondition::None => true,
        WriteCondition::Absent => there.is_none(),
        WriteCondition::Match(wanted) => there == Some(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn source(
        if_match: Option<&str>,
        if_none_match: Option<&str>,
        unmodified: Option<i64>,
        modified: Option<i64>,
    ) -> bool {
        let conditions = SourceConditions {
            if_match: if_match.map(ETag::new),
            if_none_match: if_none_match.map(ETag::new),
            if_unmodified_since: unmodified.map(Timestamp),
            if_modified_since: modified.map(Timestamp),
        };
        source_holds(&conditions, &ETag::new("e"), Timestamp(100))
    }

    #[test_case(None, None, None, None => true; "no condition")]
    #[test_case(None, None, Some(100), None => true; "written in the second named")]
    #[test_case(None, None, Some(99), None => false; "written after the second named")]
    #[test_case(Some("e"), None, Some(99), None => true; "a true if-match switches unmodified-since off")]
    #[test_case(Some("f"), None, Some(200), None => false; "a false if-match decides")]
    #[test_case(None, Some("e"), None, None => false; "the unwanted body")]
    #[test_case(None, Some("f"), None, Some(100) => true; "if-none-match switches modified-since off")]
    #[test_case(None, None, None, Some(99) => true; "written since")]
    #[test_case(None, None, None, Some(100) => false; "not written since")]
    fn judges_a_source_as_the_services_do(
        if_match: Option<&str>,
        if_none_match: Option<&str>,
        unmodified: Option<i64>,
        modified: Option<i64>,
    ) -> bool {
        source(if_match, if_none_match, unmodified, modified)
    }

    #[test_case(WriteCondition::None, None => true)]
    #[test_case(WriteCondition::Absent, None => true)]
    #[test_case(WriteCondition::Absent, Some("e") => false)]
    #[test_case(WriteCondition::Match(ETag::new("e")), Some("e") => true)]
    #[test_case(WriteCondition::Match(ETag::new("f")), Some("e") => false)]
    #[test_case(WriteCondition::Match(ETag::new("e")), None => false)]
    fn judges_a_write_by_what_is_there(condition: WriteCondition, there: Option<&str>) -> bool {
        write_holds(&condition, there.map(ETag::new).as_ref())
    }
}
