//! One suite for every store: what each operation means, held against the in-memory store, SeaweedFS and the embedded
//! server.
//!
//! Each case has a prefix of its own. What a subject cannot do is listed with its reason, and run all the same: an
//! entry that has come to succeed fails the test.

mod bed;
mod edit;
mod keys;
mod list;
mod multipart;
mod properties;
mod read;
mod subjects;
mod versions;
mod write;

use bed::Bed;
use futures_util::stream::{self, StreamExt as _};
use metamount::store::Store;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
pub use subjects::client;

/// A case: it panics where the store is not as it should be.
type Case = fn(Bed) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a subject cannot do, by case, and why.
type Cannot = &'static [(&'static str, &'static str)];

macro_rules! cases {
    ($name:ident: $($module:ident { $($case:ident),* $(,)? })*) => {
        const $name: &[(&str, Case)] = &[
            $($((
                concat!(stringify!($module), "::", stringify!($case)),
                |bed| Box::pin($module::$case(bed)),
            ),)*)*
        ];
    };
}

cases! { CASES:
    read {
        head_of_nothing,
        head_tells_all,
        head_shows_its_raw_headers,
        head_of_an_untagged_object_has_no_count,
        etag_is_that_of_the_body,
        crc_is_that_of_the_body,
        get_whole,
        get_empty,
        get_large,
        get_ranges,
        get_range_of_part_shows_the_whole_size,
        get_past_the_end,
        get_of_nothing,
        get_of_another_body,
        a_presigned_url_needs_no_credentials,
        metadata_is_kept_byte_for_byte,
        text_beyond_ascii_is_kept,
        an_empty_value_is_kept,
        a_content_type_is_there_when_none_was_sent,
    }
    write {
        put_replaces_everything,
        put_only_where_nothing_is,
        put_only_over_the_body_that_was_seen,
        put_with_a_class,
        put_with_an_acl,
        metadata_above_the_limit_is_refused,
        metadata_at_the_limit_is_kept,
        delete_what_is_there_or_not,
    }
    list {
        nothing,
        tells_what_a_stat_needs,
        folds_directories,
        shows_a_directorys_marker,
        a_prefix_is_no_directory,
        pages_hold_each_key_once,
        pages_of_folded_directories,
        begins_after_a_key,
        comes_in_the_order_of_bytes,
    }
    keys {
        punctuation,
        backslashes,
        unicode,
        control_characters,
        empty_components,
        dot_components,
        an_object_and_a_directory_of_one_name,
        a_component_above_a_files_name,
        the_longest_key,
    }
    edit {
        an_edit_replaces_metadata_and_keeps_the_rest,
        a_copy_takes_everything_along,
        an_edit_may_replace_tags_too,
        an_edit_keeps_the_class_it_names,
        an_edit_sets_the_acl_it_names,
        a_copy_of_nothing,
        a_false_condition_on_the_source_changes_nothing,
        a_source_that_was_not_modified_since,
        a_true_match_holds,
        a_true_match_overrules_the_time,
        a_copy_only_over_the_body_that_was_seen,
        a_copy_only_where_nothing_is,
        an_edit_that_changes_nothing,
        a_markers_metadata_is_edited,
    }
    multipart {
        parts_become_an_object_with_all_that_was_said_of_it,
        a_part_uploaded_again_is_replaced,
        parts_are_copied_on_the_server,
        a_part_of_a_changed_source_is_refused,
        completing_only_over_the_body_that_was_seen,
        an_upload_given_up_leaves_nothing,
        an_upload_may_carry_an_acl,
    }
    properties {
        tags_are_set_replaced_and_removed,
        tagging_does_not_touch_last_modified,
        tags_in_any_script,
        tags_of_nothing,
        tags_beyond_the_limits_are_refused,
        an_acl_is_set_and_read,
        an_acl_of_nothing,
        an_archived_body_is_restored_before_it_is_read,
        what_is_not_archived_is_not_restored,
        a_link_is_written_and_read,
        a_link_to_nothing,
        what_is_no_link_is_not_read_as_one,
        where_there_are_no_links,
    }
}

cases! { VERSIONS:
    versions {
        every_write_is_a_version,
        a_version_is_read_by_its_name,
        an_edit_makes_a_version_and_says_of_which,
        a_deletion_leaves_a_marker,
        a_version_is_deleted_for_good,
        tags_belong_to_a_version,
        the_newest_come_first,
    }
}

/// Cases at once: the servers are real, and the machine is small.
const AT_ONCE: usize = 8;

/// Runs all cases against a store.
async fn conforms(store: Arc<dyn Store>, cases: &[(&'static str, Case)], cannot: Cannot) {
    let unknown: Vec<_> = cannot
        .iter()
        .filter(|(name, _)| !cases.iter().any(|(case, _)| case == name))
        .collect();
    assert!(unknown.is_empty(), "no such cases: {unknown:?}");

    let runs = cases.iter().enumerate().map(|(at, (name, case))| {
        let bed = Bed {
            store: Arc::clone(&store),
            prefix: format!("conformance/{at}/"),
        };
        let run = tokio::spawn(case(bed));
        async move { (*name, run.await.is_ok()) }
    });
    let outcomes: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let failed: BTreeSet<_> = outcomes
        .iter()
        .filter(|(_, ok)| !ok)
        .map(|(name, _)| *name)
        .collect();
    let expected: BTreeSet<_> = cannot.iter().map(|(name, _)| *name).collect();
    let wrong: Vec<_> = failed.difference(&expected).collect();
    assert!(wrong.is_empty(), "not as a store should be: {wrong:#?}");
    let better: Vec<_> = expected.difference(&failed).collect();
    assert!(
        better.is_empty(),
        "listed as beyond this store, and done: {better:#?}"
    );
}
