//! Credentials in environment variables.

use super::{Lookup, ProvideCredentials, Provided, local};
use crate::store::dialect::credentials::Variables;
use crate::store::error::Result;
use crate::store::types::{Credentials, Secret};
use async_trait::async_trait;
use std::fmt;

/// Reads the environment, as it is each time.
pub struct Environment {
    sets: &'static [Variables],
    variable: Lookup,
}

impl Environment {
    /// Reads the process's environment.
    pub fn new(sets: &'static [Variables]) -> Self {
        Self::with(sets, |name| std::env::var(name).ok())
    }

    /// Reads an environment that is given.
    pub fn with(
        sets: &'static [Variables],
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let variable = Box::new(variable);
        Self { sets, variable }
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = (self.variable)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn find(&self) -> Result<Provided> {
        for set in self.sets {
            match (self.value(set.access_key), self.value(set.secret)) {
                (Some(access_key), Some(secret)) => {
                    return Ok(Provided::Signed(Credentials {
                        access_key: access_key.into(),
                        secret: Secret::new(secret),
                        token: self.value(set.token).map(Secret::new),
                        expires: None,
                    }));
                }
                (Some(_), None) => return Err(half(set.access_key, set.secret)),
                (None, Some(_)) => return Err(half(set.secret, set.access_key)),
                (None, None) => {}
            }
        }
        let first = &self.sets[0];
        let (access_key, secret) = (first.access_key, first.secret);
        Ok(Provided::Nothing(format!(
            "{access_key} and {secret} are not set"
        )))
    }
}

fn half(present: &str, missing: &str) -> crate::store::Error {
    local(format!("{present} is set and {missing} is not: set both"))
}

#[async_trait]
impl ProvideCredentials for Environment {
    async fn provide(&self) -> Result<Provided> {
        self.find()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("sets", &self.sets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    const OSS_PAIR: &[(&str, &str)] = &[("OSS_ACCESS_KEY_ID", "A"), ("OSS_ACCESS_KEY_SECRET", "s")];

    #[test_case(&OSS, OSS_PAIR => "A s None")]
    #[test_case(&OSS, &[("OSS_ACCESS_KEY_ID", "A"), ("OSS_ACCESS_KEY_SECRET", "s"), ("OSS_SESSION_TOKEN", "t")] => "A s Some(\"t\")")]
    #[test_case(&OSS, &[("ALIBABA_CLOUD_ACCESS_KEY_ID", "B"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s\n")] => "B s None"; "the common names come second, blanks are no part")]
    #[test_case(&OSS, &[("OSS_ACCESS_KEY_ID", "A")] => "OSS_ACCESS_KEY_ID is set and OSS_ACCESS_KEY_SECRET is not: set both")]
    #[test_case(&OSS, &[("OSS_ACCESS_KEY_SECRET", "hush")] => "OSS_ACCESS_KEY_SECRET is set and OSS_ACCESS_KEY_ID is not: set both")]
    #[test_case(&OSS, &[("OSS_ACCESS_KEY_ID", "")] => "nothing: OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET are not set")]
    #[test_case(&S3, &[("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")] => "A s Some(\"t\")")]
    #[test_case(&S3, OSS_PAIR => "nothing: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    fn reads_the_variables_of_its_service(
        dialect: &'static crate::store::Dialect,
        environment: &'static [(&'static str, &'static str)],
    ) -> String {
        let variable = |name: &str| {
            let mut found = environment.iter().filter(|(n, _)| *n == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        match Environment::with(dialect.credentials.variables, variable).find() {
            Ok(Provided::Signed(c)) => format!(
                "{} {} {:?}",
                c.access_key,
                c.secret.expose(),
                c.token.as_ref().map(Secret::expose)
            ),
            Ok(Provided::Nothing(why)) => format!("nothing: {why}"),
            Ok(Provided::Anonymous) => "anonymous".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}
