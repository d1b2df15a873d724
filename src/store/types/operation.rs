//! The operations by name, as they are counted, logged and retried.

/// A request to the service, by the name its documentation uses.
#[allow(missing_docs)] // The names are the services' own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum Operation {
    HeadObject,
    GetObject,
    ListObjects,
    ListObjectVersions,
    PutObject,
    CopyObject,
    DeleteObject,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    GetObjectAcl,
    PutObjectAcl,
    RestoreObject,
    GetSymlink,
    PutSymlink,
    GetBucketVersioning,
    GetBucketOwnershipControls,
}

/// Which share of the requests in flight an operation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Small and waited for by a person: never starved by bulk data.
    Metadata,
    /// A body's bytes.
    Data,
}

impl Operation {
    /// Every operation, in the order of their discriminants.
    pub const ALL: [Self; 22] = [
        Self::HeadObject,
        Self::GetObject,
        Self::ListObjects,
        Self::ListObjectVersions,
        Self::PutObject,
        Self::CopyObject,
        Self::DeleteObject,
        Self::CreateMultipartUpload,
        Self::UploadPart,
        Self::UploadPartCopy,
        Self::CompleteMultipartUpload,
        Self::AbortMultipartUpload,
        Self::GetObjectTagging,
        Self::PutObjectTagging,
        Self::DeleteObjectTagging,
        Self::GetObjectAcl,
        Self::PutObjectAcl,
        Self::RestoreObject,
        Self::GetSymlink,
        Self::PutSymlink,
        Self::GetBucketVersioning,
        Self::GetBucketOwnershipControls,
    ];

    /// Returns the name, as in the services' documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeadObject => "HeadObject",
            Self::GetObject => "GetObject",
            Self::ListObjects => "ListObjects",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::PutObject => "PutObject",
            Self::CopyObject => "CopyObject",
            Self::DeleteObject => "DeleteObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
            Self::GetObjectAcl => "GetObjectAcl",
            Self::PutObjectAcl => "PutObjectAcl",
            Self::RestoreObject => "RestoreObject",
            Self::GetSymlink => "GetSymlink",
            Self::PutSymlink => "PutSymlink",
            Self::GetBucketVersioning => "GetBucketVersioning",
            Self::GetBucketOwnershipControls => "GetBucketOwnershipControls",
        }
    }

    /// Returns which share of the requests in flight this operation uses.
    pub fn class(self) -> Class {
        match self {
            Self::GetObject | Self::PutObject | Self::UploadPart => Class::Data,
            _ => Class::Metadata,
        }
    }

    /// Returns whether sending the request twice leaves the bucket as sending it once, so that a lost answer may
    /// simply be asked for again. A conditional copy is not: its first sending makes the condition of the second false.
    pub fn is_idempotent(self) -> bool {
        match self {
            Self::CopyObject | Self::PutObject | Self::PutSymlink => false,
            Self::CreateMultipartUpload | Self::CompleteMultipartUpload | Self::RestoreObject => {
                false
            }
            Self::HeadObject | Self::GetObject | Self::ListObjects | Self::ListObjectVersions => {
                true
            }
            Self::DeleteObject
            | Self::UploadPart
            | Self::UploadPartCopy
            | Self::AbortMultipartUpload => true,
            Self::GetObjectTagging | Self::PutObjectTagging | Self::DeleteObjectTagging => true,
            Self::GetObjectAcl | Self::PutObjectAcl | Self::GetSymlink => true,
            Self::GetBucketVersioning | Self::GetBucketOwnershipControls => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_each_operation_at_its_discriminant() {
        for (at, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, at, "{}", operation.name());
        }
    }
}
