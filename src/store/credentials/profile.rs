//! Credentials, region and endpoint of a profile in the files that the clouds' own tools keep.

use super::{Lookup, ProvideCredentials, Provided, ini, json, local};
use crate::store::dialect::credentials::{File, Form, Sources};
use crate::store::endpoint::Fallback;
use crate::store::error::Result;
use crate::store::types::{Credentials, Secret};
use async_trait::async_trait;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What a profile of one file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) access_key: Option<String>,
    pub(super) secret: Option<Secret>,
    pub(super) token: Option<Secret>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    /// What the credentials come from instead, in the file's own word.
    pub(super) other: Option<String>,
}

impl Entry {
    /// Takes a setting. Tools write one name with `-`, with `_` and in camel case.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let plain: String = name
            .chars()
            .filter(|c| !matches!(c, '-' | '_'))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let text = || Some(value.to_owned());
        let secret = || Some(Secret::new(value));
        match plain.as_str() {
            "accesskeyid" | "awsaccesskeyid" => self.access_key = text(),
            "accesskeysecret" | "awssecretaccesskey" => self.secret = secret(),
            "ststoken" | "securitytoken" | "awssessiontoken" => self.token = secret(),
            "region" | "regionid" => self.region = text(),
            "endpoint" | "endpointurl" => self.endpoint = text(),
            "mode" if !matches!(value, "AK" | "StsToken") => self.other = text(),
            "type" if !matches!(value, "access_key" | "sts") => self.other = text(),
            "rolearn" | "ssosession" | "ssostarturl" | "credentialprocess" | "ramrolearn"
            | "ecsak" | "loginsession" => {
                self.other = Some(name.trim().to_owned());
            }
            _ => {}
        }
    }
}

/// Where the files are, and what the environment says of them.
pub struct Place {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The environment.
    pub variable: Lookup,
}

impl Place {
    /// The process's own.
    pub fn process() -> Self {
        Self {
            home: std::env::home_dir(),
            variable: Box::new(|name| std::env::var(name).ok()),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }
}

/// Reads the profile files of a service, as they are each time.
pub struct Profiles {
    sources: &'static Sources,
    name: Option<String>,
    place: Place,
}

/// The entries of a profile, in the order of the files, and what to say if none has a key.
struct Found {
    entries: Vec<(PathBuf, Entry)>,
    looked: Vec<String>,
}

impl Profiles {
    /// Reads the profile `name`; without one that which the environment names, else each file's default.
    pub fn new(sources: &'static Sources, name: Option<&str>, place: Place) -> Self {
        let variables = sources.profile_variables;
        let name = name
            .map(str::to_owned)
            .or_else(|| variables.iter().find_map(|v| place.value(v)));
        Self {
            sources,
            name,
            place,
        }
    }

    /// Returns the region and the endpoint that the profile gives.
    pub async fn settings(&self) -> Result<Fallback> {
        let found = self.find().await?;
        let first = |of: fn(&Entry) -> &Option<String>| {
            let mut values = found.entries.iter().filter_map(|(_, e)| of(e).clone());
            values.next()
        };
        Ok(Fallback {
            region: first(|e| &e.region),
            endpoint: first(|e| &e.endpoint),
        })
    }

    async fn find(&self) -> Result<Found> {
        let mut found = Found {
            entries: Vec::new(),
            looked: Vec::new(),
        };
        for file in self.sources.files {
            let named = file.path_variable.and_then(|v| self.place.value(v));
            let must_exist = named.is_some();
            let path = match (named, &self.place.home) {
                (Some(path), _) => PathBuf::from(path),
                (None, Some(home)) => home.join(file.path),
                (None, None) => continue,
            };
            let shown = path.display();
            let text = match tokio::fs::read_to_string(&path).await {
                Ok(text) => text,
                Err(e) if e.kind() == io::ErrorKind::NotFound && !must_exist => {
                    found.looked.push(format!("{shown} is not there"));
                    continue;
                }
                Err(e) => {
                    return Err(
                        local(format!("the credentials file {shown} cannot be read")).caused_by(e),
                    );
                }
            };
            let entry = self.parse(file, &text).map_err(|why| {
                local(format!(
                    "the credentials file {shown} is malformed: {why}; correct it or move it away"
                ))
            })?;
            match entry {
                Some(entry) => found.entries.push((path, entry)),
                None => found
                    .looked
                    .push(format!("{shown} has no {}", self.wanted())),
            }
        }
        Ok(found)
    }

    fn parse(&self, file: &File, text: &str) -> Result<Option<Entry>, String> {
        let name = self.name.as_deref().filter(|name| *name != "default");
        match file.form {
            Form::Json => json::read(text, self.name.as_deref()),
            Form::Ini { named, default } => {
                let sections: Vec<String> = match name {
                    Some(name) => named.iter().map(|s| s.replace("{}", name)).collect(),
                    None => default.iter().map(|s| (*s).to_owned()).collect(),
                };
                ini::read(text, &sections)
            }
        }
    }

    fn wanted(&self) -> String {
        match &self.name {
            Some(name) => format!("profile {name:?}"),
            None => "default profile".to_owned(),
        }
    }
}

#[async_trait]
impl ProvideCredentials for Profiles {
    async fn provide(&self) -> Result<Provided> {
        let mut found = self.find().await?;
        if let (Some(name), true) = (&self.name, found.entries.is_empty()) {
            found
                .looked
                .insert(0, format!("no profile is called {name:?}"));
        }
        for (path, entry) in found.entries {
            let (shown, wanted) = (path.display(), self.wanted());
            match (entry.access_key, entry.secret, entry.other) {
                (Some(access_key), Some(secret), _) => {
                    return Ok(Provided::Signed(Credentials {
                        access_key: access_key.into(),
                        secret,
                        token: entry.token,
                        expires: None,
                    }));
                }
                (Some(_), None, _) | (None, Some(_), _) => {
                    return Err(local(format!(
                        "the {wanted} of {shown} has half a key pair: it needs id and secret"
                    )));
                }
                (None, None, Some(other)) => found.looked.push(format!(
                    "the {wanted} of {shown} uses {other}, which is not supported yet"
                )),
                (None, None, None) => found
                    .looked
                    .push(format!("the {wanted} of {shown} has no access key")),
            }
        }
        Ok(Provided::Nothing(found.looked.join("; ")))
    }
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiles")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{Dialect, OSS, S3};
    use std::path::Path;
    use test_case::test_case;

    fn profiles(
        dialect: &'static Dialect,
        home: &Path,
        name: Option<&str>,
        environment: &[(&'static str, String)],
    ) -> Profiles {
        let environment = environment.to_vec();
        let place = Place {
            home: Some(home.to_owned()),
            variable: Box::new(move |name| {
                let mut found = environment.iter().filter(|(n, _)| *n == name);
                found.next().map(|(_, value)| value.clone())
            }),
        };
        Profiles::new(dialect.credentials, name, place)
    }

    /// Makes a home with these files.
    fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below home")).expect("a directory");
            std::fs::write(path, text).expect("written");
        }
        home
    }

    /// Shows what is provided, the home directory as `~`.
    async fn shown(profiles: &Profiles, home: &Path) -> String {
        let text = match profiles.provide().await {
            Ok(Provided::Signed(c)) => c.access_key.into(),
            Ok(Provided::Anonymous) => "anonymous".to_owned(),
            Ok(Provided::Nothing(why)) => format!("nothing: {why}"),
            Err(error) => format!("error: {error}"),
        };
        text.replace(&home.display().to_string(), "~")
    }

    const KEYS: &str = "[default]\naccess_key_id=A\naccess_key_secret=hush\n[p]\naccess_key_id=P\naccess_key_secret=hush\n";

    #[test_case(&S3, &[(".aws/credentials", KEYS)], None => "A")]
    #[test_case(&S3, &[(".aws/credentials", KEYS)], Some("p") => "P")]
    #[test_case(&S3, &[(".aws/credentials", KEYS)], Some("default") => "A")]
    #[test_case(&S3, &[(".aws/config", "[profile p]\naws_access_key_id=C\naws_secret_access_key=hush\n")], Some("p") => "C")]
    #[test_case(&S3, &[(".aws/credentials", KEYS)], Some("q") => "nothing: no profile is called \"q\"; ~/.aws/credentials has no profile \"q\"; ~/.aws/config is not there")]
    #[test_case(&S3, &[(".aws/config", "[default]\nregion=r\nsso_session=x\n")], None => "nothing: ~/.aws/credentials is not there; the default profile of ~/.aws/config uses sso_session, which is not supported yet")]
    #[test_case(&S3, &[(".aws/credentials", "[default]\naws_access_key_id=A\n")], None => "error: the default profile of ~/.aws/credentials has half a key pair: it needs id and secret")]
    #[test_case(&S3, &[(".aws/credentials", "[default\nhush = hush\n")], None => "error: the credentials file ~/.aws/credentials is malformed: around line 3; correct it or move it away")]
    #[test_case(&OSS, &[(".ossutilconfig", "[Credentials]\naccessKeyID=U\naccessKeySecret=hush\n"), (".alibabacloud/credentials.ini", KEYS)], None => "U")]
    #[test_case(&OSS, &[(".ossutilconfig", "[profile p]\naccess-key-id=U\naccess-key-secret=hush\n")], Some("p") => "U")]
    #[test_case(&OSS, &[(".aliyun/config.json", "{\"current\":\"x\",\"profiles\":[{\"name\":\"x\",\"mode\":\"AK\",\"access_key_id\":\"J\",\"access_key_secret\":\"hush\"}]}")], None => "J")]
    #[test_case(&OSS, &[(".alibabacloud/credentials.ini", KEYS)], None => "A")]
    #[test_case(&OSS, &[], None => "nothing: ~/.ossutilconfig is not there; ~/.aliyun/config.json is not there; ~/.alibabacloud/credentials.ini is not there")]
    #[tokio::test]
    async fn finds_the_profile(
        dialect: &'static Dialect,
        files: &[(&str, &str)],
        name: Option<&str>,
    ) -> String {
        let home = home(files);
        let profiles = profiles(dialect, home.path(), name, &[]);
        let shown = shown(&profiles, home.path()).await;
        assert!(!shown.contains("hush") && !format!("{profiles:?}").contains("hush"));
        shown
    }

    #[tokio::test]
    async fn the_environment_names_profile_and_file() {
        let home = home(&[("elsewhere", KEYS)]);
        let elsewhere = home.path().join("elsewhere").display().to_string();
        let environment = [
            ("AWS_PROFILE", "p".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", elsewhere),
        ];
        let named = profiles(&S3, home.path(), None, &environment);
        assert_eq!(shown(&named, home.path()).await, "P");
        let given = profiles(&S3, home.path(), Some("default"), &environment);
        assert_eq!(shown(&given, home.path()).await, "A");
    }

    #[tokio::test]
    async fn a_file_that_is_named_or_there_must_be_readable() {
        let home = home(&[]);
        let missing = home.path().join("missing").display().to_string();
        let environment = [("AWS_CONFIG_FILE", missing)];
        let named = profiles(&S3, home.path(), None, &environment);
        let error = shown(&named, home.path()).await;
        let expected = "error: the credentials file ~/missing cannot be read: ";
        assert!(error.starts_with(expected), "{error}");

        std::fs::create_dir_all(home.path().join(".ossutilconfig")).expect("a directory");
        let unreadable = profiles(&OSS, home.path(), None, &[]);
        let error = shown(&unreadable, home.path()).await;
        let expected = "error: the credentials file ~/.ossutilconfig cannot be read: ";
        assert!(error.starts_with(expected), "{error}");
    }

    #[tokio::test]
    async fn gives_region_and_endpoint_too() {
        let home = home(&[
            (".aws/credentials", KEYS),
            (".aws/config", "[default]\nregion=eu-west-1\n"),
        ]);
        let settings = profiles(&S3, home.path(), None, &[]).settings().await;
        assert_eq!(
            settings.expect("readable").region.as_deref(),
            Some("eu-west-1")
        );
    }
}
