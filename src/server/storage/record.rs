//! What is stored of an object besides its bytes, and its form on disk: one JSON file an object.

use crate::store::types::{Key, ObjectType, Timestamp, VecMap};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Everything the server knows of an object. The bytes are in the files that `body` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The object's key.
    #[serde(with = "key")]
    pub key: Key,
    /// How the object came to be.
    #[serde(rename = "type", with = "object_type")]
    pub object_type: ObjectType,
    /// Bytes of the body.
    pub size: u64,
    /// The entity tag, without quotes.
    pub etag: Box<str>,
    /// Whether the entity tag is the MD5 of the body.
    pub etag_is_md5: bool,
    /// CRC-64/XZ of the body.
    pub crc64: u64,
    /// Last-Modified, seconds since 1970.
    #[serde(with = "timestamp")]
    pub modified: Timestamp,
    /// The storage class.
    pub storage_class: Box<str>,
    /// The ACL; `default` is the bucket's.
    pub acl: Box<str>,
    /// Stored HTTP headers, names in lower case.
    #[serde(default, with = "map", skip_serializing_if = "VecMap::is_empty")]
    pub headers: VecMap<Box<str>, Value>,
    /// User metadata, names without prefix.
    #[serde(default, with = "map", skip_serializing_if = "VecMap::is_empty")]
    pub meta: VecMap<Box<str>, Value>,
    /// Encryption headers as they were given; returned, never acted on.
    #[serde(default, with = "map", skip_serializing_if = "VecMap::is_empty")]
    pub encryption: VecMap<Box<str>, Value>,
    /// Tags.
    #[serde(default, with = "map", skip_serializing_if = "VecMap::is_empty")]
    pub tags: VecMap<Box<str>, Box<str>>,
    /// The key a symbolic link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<str>>,
    /// The last restore of an archived object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// The files of the body, in order.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub body: Box<[Extent]>,
}

/// A restored copy of an archived object, made or in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// From when on the copy can be read.
    #[serde(with = "timestamp")]
    pub ready: Timestamp,
    /// Until when it can be read.
    #[serde(with = "timestamp")]
    pub expires: Timestamp,
}

/// A stretch of a body file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The file's name in the folder of bodies.
    pub file: Box<str>,
    /// Where the stretch begins, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// A header's value: bytes. Text in the JSON where it is UTF-8, `{"base64": "..."}` where not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(pub Box<[u8]>);

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ValueForm {
    Text(String),
    Bytes { base64: String },
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => ValueForm::Text(text.into()),
            Err(_) => ValueForm::Bytes {
                base64: encode_base64(&self.0),
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match ValueForm::deserialize(deserializer)? {
            ValueForm::Text(text) => Self(text.into_bytes().into()),
            ValueForm::Bytes { base64 } => Self(
                decode_base64(base64.as_bytes())
                    .ok_or_else(|| D::Error::custom("not base64"))?
                    .into(),
            ),
        })
    }
}

/// Encodes in base64, the standard alphabet, padded.
pub fn encode_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Decodes what [`encode_base64`] made.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

mod key {
    use super::*;

    pub fn serialize<S: Serializer>(key: &Key, serializer: S) -> Result<S::Ok, S::Error> {
        key.as_str().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        Key::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

mod object_type {
    use super::*;

    pub fn serialize<S: Serializer>(of: &ObjectType, serializer: S) -> Result<S::Ok, S::Error> {
        of.name().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ObjectType, D::Error> {
        ObjectType::from_name(&String::deserialize(d)?)
            .ok_or_else(|| D::Error::custom("no object type"))
    }
}

pub mod timestamp {
    //! A time as its seconds.
    use super::*;

    pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        time.0.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp)
    }
}

mod map {
    use super::*;
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer, V: Serialize>(
        map: &VecMap<Box<str>, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter())
    }

    pub fn deserialize<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<VecMap<Box<str>, V>, D::Error> {
        let mut map: VecMap<_, _> = BTreeMap::<Box<str>, V>::deserialize(deserializer)?
            .into_iter()
            .collect();
        map.shrink_to_fit();
        Ok(map)
    }
}

impl Record {
    /// Returns a new object of no bytes and no properties, to be filled in.
    pub fn new(key: Key, modified: Timestamp) -> Self {
        Self {
            key,
            object_type: ObjectType::Normal,
            size: 0,
            etag: "".into(),
            etag_is_md5: false,
            crc64: 0,
            modified,
            storage_class: "Standard".into(),
            acl: "default".into(),
            headers: VecMap::new(),
            meta: VecMap::new(),
            encryption: VecMap::new(),
            tags: VecMap::new(),
            target: None,
            restore: None,
            body: Box::new([]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let mut record = Record::new(Key::new("a/\u{1f600}").unwrap(), Timestamp(7));
        record.meta.insert("text".into(), "é".as_bytes().into());
        record.meta.insert("bytes".into(), b"\xff\xe9"[..].into());
        record.meta.insert("empty".into(), b""[..].into());
        record.tags.insert("k".into(), "".into());
        record.target = Some("b".into());
        record.restore = Some(Restore {
            ready: Timestamp(1),
            expires: Timestamp(2),
        });
        record.body = Box::new([Extent {
            file: "f".into(),
            offset: 1,
            length: u64::MAX,
        }]);
        record.crc64 = u64::MAX;
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.contains(r#""text":"é""#), "{json}");
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
}
