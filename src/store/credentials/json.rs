//! The profile file that is a JSON object: `current` names one of `profiles`.

use super::profile::Entry;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Document {
    current: Option<String>,
    #[serde(default)]
    profiles: Vec<BTreeMap<String, serde_json::Value>>,
}

/// Reads the profile `name`, or the current one. The error says what is wrong, and shows no value.
pub(super) fn read(text: &str, name: Option<&str>) -> Result<Option<Entry>, String> {
    let document: Document = serde_json::from_str(text).map_err(|e| {
        // The message itself may quote a value.
        format!("line {}, column {}", e.line(), e.column())
    })?;
    let wanted = name.or(document.current.as_deref()).unwrap_or("default");
    let called = |profile: &BTreeMap<String, serde_json::Value>| {
        profile.get("name").and_then(|n| n.as_str()) == Some(wanted)
    };
    let Some(profile) = document.profiles.iter().find(|p| called(p)) else {
        return Ok(None);
    };
    let mut entry = Entry::default();
    for (key, value) in profile {
        if let Some(value) = value.as_str() {
            entry.set(key, value);
        }
    }
    Ok(Some(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const FILE: &str = r#"{"current": "b", "profiles": [
        {"name": "a", "mode": "AK", "access_key_id": "A", "access_key_secret": "s", "region_id": "cn-hangzhou", "retry_count": 3},
        {"name": "b", "mode": "StsToken", "access_key_id": "B", "access_key_secret": "s", "sts_token": "t"},
        {"name": "c", "mode": "EcsRamRole", "access_key_id": "", "ram_role_name": "r"}
    ]}"#;

    #[test_case(FILE, None => "B t - -"; "the current one")]
    #[test_case(FILE, Some("a") => "A - cn-hangzhou -"; "by name")]
    #[test_case(FILE, Some("c") => "- - - EcsRamRole"; "a role")]
    #[test_case(FILE, Some("d") => "none"; "not there")]
    #[test_case(r#"{"profiles": []}"#, None => "none"; "no profile")]
    #[test_case("{\"current\": \"hush\n", None => "error: line 2, column 0"; "cut")]
    #[test_case(r#"{"current": "a", "profiles": "hush"}"#, None => "error: line 1, column 35"; "another shape")]
    fn reads_a_profile(text: &str, name: Option<&str>) -> String {
        match read(text, name) {
            Ok(Some(e)) => format!(
                "{} {} {} {}",
                e.access_key.as_deref().unwrap_or("-"),
                e.token.as_ref().map_or("-", |s| s.expose()),
                e.region.as_deref().unwrap_or("-"),
                e.other.as_deref().unwrap_or("-"),
            ),
            Ok(None) => "none".to_owned(),
            Err(why) => format!("error: {why}"),
        }
    }
}
