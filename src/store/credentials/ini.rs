//! Profile files of sections with `name = value` lines, in the forms of the clouds' own tools.

use super::profile::Entry;
use ::ini::{Ini, ParseOption};

/// Reads the first of `sections` that is there. The error says what is wrong, and never shows a line: it may hold a
/// secret.
pub(super) fn read(text: &str, sections: &[String]) -> Result<Option<Entry>, String> {
    let options = ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        // A nested setting (`s3 =`, then indented lines) is not one of the section's.
        enabled_preserve_key_leading_whitespace: true,
        ..ParseOption::default()
    };
    let file =
        Ini::load_from_str_opt(text, options).map_err(|e| format!("around line {}", e.line))?;
    for name in sections {
        let Some(section) = file.section(Some(name.as_str())) else {
            continue;
        };
        let mut entry = Entry::default();
        for (key, value) in section {
            if key.contains('\n') {
                return Err(format!("a line without `=` in [{name}]"));
            }
            entry.set(key, value);
        }
        return Ok(Some(entry));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn shown(text: &str, sections: &[&str]) -> String {
        let sections: Vec<_> = sections.iter().map(|s| (*s).to_owned()).collect();
        match read(text, &sections) {
            Ok(Some(e)) => format!(
                "{} {} {} {} {} {}",
                e.access_key.as_deref().unwrap_or("-"),
                e.secret.as_ref().map_or("-", |s| s.expose()),
                e.token.as_ref().map_or("-", |s| s.expose()),
                e.region.as_deref().unwrap_or("-"),
                e.endpoint.as_deref().unwrap_or("-"),
                e.other.as_deref().unwrap_or("-"),
            ),
            Ok(None) => "none".to_owned(),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test_case("[default]\naws_access_key_id = A\naws_secret_access_key=s/+=\naws_session_token = t#t\n", &["default"] => "A s/+= t#t - - -"; "aws credentials")]
    #[test_case("[default]\nregion = r\n[profile p]\nregion = q\nendpoint_url = https://h\ns3 =\n  region = nested\n", &["profile p"] => "- - - q https://h -"; "aws config")]
    #[test_case("[profile p]\nrole_arn = arn\nsource_profile = x\n", &["profile p"] => "- - - - - role_arn"; "aws role")]
    #[test_case("[Credentials]\nlanguage=CH\nendpoint = oss-cn-hangzhou.aliyuncs.com\naccessKeyID=A\naccessKeySecret=s\nstsToken=t\n", &["Credentials", "default"] => "A s t - oss-cn-hangzhou.aliyuncs.com -"; "ossutil 1")]
    #[test_case("[default]\naccess-key-id = A\naccess_key_secret = s\nregion = cn-hangzhou\n", &["Credentials", "default"] => "A s - cn-hangzhou - -"; "ossutil 2")]
    #[test_case("[default]\r\nenable = true\r\ntype = access_key\r\naccess_key_id = A\r\naccess_key_secret = s\r\n", &["default"] => "A s - - - -"; "alibabacloud")]
    #[test_case("[default]\ntype = ecs_ram_role\nrole_name = r\n", &["default"] => "- - - - - ecs_ram_role"; "alibabacloud role")]
    #[test_case("# a comment\n; another\n\n[other]\naccess_key_id = A\n", &["default"] => "none"; "another section")]
    #[test_case("[default]\naccess_key_id = \naccess_key_secret = \n", &["default"] => "- - - - - -"; "empty is not there")]
    #[test_case("", &["default"] => "none"; "empty file")]
    #[test_case("[default\naccess_key_id = hush\n", &["default"] => "error: around line 3"; "broken section")]
    #[test_case("[default]\nhush\naccess_key_id = A\n", &["default"] => "error: a line without `=` in [default]"; "broken line")]
    fn reads_a_profile(text: &str, sections: &[&str]) -> String {
        shown(text, sections)
    }
}
