//! The vocabulary of an object store, free of any dialect: keys, objects and their properties, requests and answers.
//!
//! Values are kept as they are on the wire (metadata names without their prefix, values as bytes); what a user sees of
//! them is decided in `xattr`. Everything here is plain data: no I/O, no clock.

mod acl;
mod change;
mod credentials;
mod key;
mod object;
mod operation;
mod properties;
mod request;
mod time;
mod vecmap;

pub use acl::{Acl, Grant, Grantee};
pub use change::{Change, Edit, Existence};
pub use credentials::{Credentials, Secret};
pub use key::{InvalidKey, Key};
pub use object::{Checksum, ETag, Listed, ListedKind, Object, ObjectMeta, ObjectType, VersionId};
pub use operation::{Class, Operation};
pub use properties::{HttpHeader, HttpHeaders, Properties, Tags, UserMeta};
pub use request::{
    BodyStream, ByteRange, CompletedPart, CopyOutcome, CopyRequest, GetAnswer, GetRequest,
    ListPage, ListRequest, MetadataDirective, PutOutcome, PutRequest, RestoreOutcome,
    RestoreRequest, SourceConditions, Symlink, TaggingDirective, Upload, Version, WriteCondition,
};
pub use time::Timestamp;
pub use vecmap::VecMap;
