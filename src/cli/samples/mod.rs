//! The objects that the demo shows: a photo, a report, a dataset, an archived one and a symlink, with metadata, headers
//! and tags as such objects have them.

use crate::store::types::{HttpHeader, Key, Properties, PutRequest, Tags, WriteCondition};
use crate::store::{self, Store};
use bytes::Bytes;

struct Sample {
    key: &'static str,
    body: &'static [u8],
    http: &'static [(HttpHeader, &'static str)],
    user: &'static [(&'static str, &'static str)],
    tags: &'static [(&'static str, &'static str)],
    storage_class: Option<&'static str>,
}

const SAMPLES: &[Sample] = &[
    Sample {
        key: "photos/lighthouse.jpg",
        body: include_bytes!("lighthouse.jpg"),
        http: &[
            (HttpHeader::ContentType, "image/jpeg"),
            (HttpHeader::CacheControl, "public, max-age=86400"),
        ],
        user: &[
            ("author", "Jane Doe"),
            ("camera", "X100V"),
            ("place", "Phare de la Jument, Île d'Ouessant"),
        ],
        tags: &[("album", "coast"), ("rating", "5")],
        storage_class: None,
    },
    Sample {
        key: "reports/2026-q3.md",
        body: include_bytes!("2026-q3.md"),
        http: &[
            (HttpHeader::ContentType, "text/markdown; charset=utf-8"),
            (HttpHeader::ContentLanguage, "en"),
            (
                HttpHeader::ContentDisposition,
                "attachment; filename=\"Q3 report.md\"",
            ),
        ],
        user: &[("author", "John Smith"), ("status", "draft")],
        tags: &[("owner", "John"), ("type", "document")],
        storage_class: None,
    },
    Sample {
        key: "datasets/temperatures.csv",
        body: include_bytes!("temperatures.csv"),
        http: &[(HttpHeader::ContentType, "text/csv")],
        user: &[("source", "weather stations LH-01, LH-02"), ("rows", "8")],
        tags: &[("project", "climate")],
        storage_class: Some("IA"),
    },
    Sample {
        key: "archive/survey-2019.csv",
        body: b"respondent,answer\n1,yes\n2,no\n",
        http: &[(HttpHeader::ContentType, "text/csv")],
        user: &[("retention", "until 2029")],
        tags: &[],
        storage_class: Some("Archive"),
    },
];

/// The symlink, and what it points at.
const LINK: (&str, &str) = ("latest-report.md", "reports/2026-q3.md");

/// Puts the samples into a bucket of the embedded server.
pub(super) async fn put(store: &dyn Store) -> store::Result<()> {
    for sample in SAMPLES {
        store.put(sample.request()).await?;
    }
    let (link, target) = LINK;
    let properties = Properties::default();
    store
        .put_symlink(&key(link), target, &properties, &Tags::new())
        .await?;
    Ok(())
}

impl Sample {
    fn request(&self) -> PutRequest {
        let bytes = |text: &str| Box::from(text.as_bytes());
        PutRequest {
            key: key(self.key),
            properties: Properties {
                user: (self.user.iter().map(|(k, v)| (Box::from(*k), bytes(v)))).collect(),
                http: self.http.iter().map(|(k, v)| (*k, bytes(v))).collect(),
                storage_class: self.storage_class.map(Box::from),
                ..Properties::default()
            },
            tags: (self
                .tags
                .iter()
                .map(|(k, v)| (Box::from(*k), Box::from(*v))))
            .collect(),
            acl: None,
            condition: WriteCondition::None,
            body: Bytes::from_static(self.body),
        }
    }
}

fn key(text: &str) -> Key {
    Key::new(text).expect("the samples' keys are valid")
}
