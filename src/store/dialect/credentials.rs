//! Where people keep credentials for each service: names of variables and files. What is in them is read by
//! `store::credentials`.

/// The places to look, in order.
#[derive(Debug)]
pub struct Sources {
    /// The variables that hold a key pair.
    pub variables: &'static [Variables],
    /// The variables that name a profile, in the order they are asked.
    pub profile_variables: &'static [&'static str],
    /// The files that hold profiles.
    pub files: &'static [File],
}

/// The variables that hold one key pair.
#[derive(Debug)]
pub struct Variables {
    /// The access key's id.
    pub access_key: &'static str,
    /// Its secret.
    pub secret: &'static str,
    /// The token of a temporary pair.
    pub token: &'static str,
}

/// A file that holds profiles.
#[derive(Debug)]
pub struct File {
    /// Its place below the home directory.
    pub path: &'static str,
    /// The variable that names another place.
    pub path_variable: Option<&'static str>,
    /// How it is written.
    pub form: Form,
}

/// How a file of profiles is written.
#[derive(Debug)]
pub enum Form {
    /// Sections of `name = value`. The sections that a profile may be called, `{}` standing for its name.
    Ini {
        /// Those of a profile that was asked for by name.
        named: &'static [&'static str],
        /// Those of the profile used when none was asked for.
        default: &'static [&'static str],
    },
    /// A JSON object with `current` and a list of `profiles`.
    Json,
}

pub(super) static OSS: Sources = Sources {
    variables: &[
        Variables {
            access_key: "OSS_ACCESS_KEY_ID",
            secret: "OSS_ACCESS_KEY_SECRET",
            token: "OSS_SESSION_TOKEN",
        },
        Variables {
            access_key: "ALIBABA_CLOUD_ACCESS_KEY_ID",
            secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            token: "ALIBABA_CLOUD_SECURITY_TOKEN",
        },
    ],
    profile_variables: &["ALIBABA_CLOUD_PROFILE"],
    files: &[
        File {
            path: ".ossutilconfig",
            path_variable: None,
            form: Form::Ini {
                named: &["profile {}", "{}"],
                default: &["Credentials", "default", "profile default"],
            },
        },
        File {
            path: ".aliyun/config.json",
            path_variable: Some("ALIBABA_CLOUD_CONFIG_FILE"),
            form: Form::Json,
        },
        File {
            path: ".alibabacloud/credentials.ini",
            path_variable: Some("ALIBABA_CLOUD_CREDENTIALS_FILE"),
            form: Form::Ini {
                named: &["{}"],
                default: &["default"],
            },
        },
    ],
};

pub(super) static S3: Sources = Sources {
    variables: &[Variables {
        access_key: "AWS_ACCESS_KEY_ID",
        secret: "AWS_SECRET_ACCESS_KEY",
        token: "AWS_SESSION_TOKEN",
    }],
    profile_variables: &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"],
    files: &[
        File {
            path: ".aws/credentials",
            path_variable: Some("AWS_SHARED_CREDENTIALS_FILE"),
            form: Form::Ini {
                named: &["{}"],
                default: &["default"],
            },
        },
        File {
            path: ".aws/config",
            path_variable: Some("AWS_CONFIG_FILE"),
            form: Form::Ini {
                named: &["profile {}"],
                default: &["default", "profile default"],
            },
        },
    ],
};
