//! What can go wrong with an operation, and the one place where it becomes an errno.

use crate::meta::EditError;
use crate::namespace::InvalidName;
use crate::store::{self, Kind};
use crate::xattr::Refusal;
use libc::c_int;

/// Why an operation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has this name.
    #[error("no such file or directory")]
    NotFound,
    /// The inode is not known any more, or its object was replaced or deleted while it was open.
    #[error("the object was replaced or deleted in the meantime")]
    Stale,
    /// The path of an inode leads to another file by now. The kernel looks the path up anew and tries again.
    #[error("the object was replaced since it was looked up")]
    Replaced,
    /// The operation needs a directory.
    #[error("not a directory")]
    NotDirectory,
    /// The operation does not work on a directory.
    #[error("is a directory")]
    IsDirectory,
    /// The operation needs a symbolic link.
    #[error("not a symbolic link")]
    NotSymlink,
    /// A name or key is longer than can be.
    #[error("the name is too long")]
    NameTooLong,
    /// What is asked for would change the bucket where that is not done: a read-only mount, or an operation that only
    /// reads are supported of.
    #[error("read-only")]
    ReadOnly,
    /// A bucket cannot hold such a thing: hard links, device nodes.
    #[error("a bucket cannot hold this")]
    Impossible,
    /// The handle was never opened, or is closed.
    #[error("no such handle")]
    BadHandle,
    /// The value is longer than the caller's buffer.
    #[error("the buffer is too small")]
    BufferTooSmall,
    /// The operation did not end in its time; its outcome is unknown.
    #[error("no answer within {0:?}")]
    TimedOut(std::time::Duration),
    /// A fault of this program.
    #[error("internal error: {0}")]
    Internal(String),
    /// The attribute cannot be read or changed so.
    #[error("{0}")]
    Attribute(#[from] Refusal),
    /// An edit was not made.
    #[error("{0}")]
    Edit(EditError),
    /// A request failed.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Store(error) => Self::Store(error),
            other => Self::Edit(other),
        }
    }
}

impl From<InvalidName> for Error {
    fn from(error: InvalidName) -> Self {
        match error {
            InvalidName::TooLong => Self::NameTooLong,
            // No key is so, hence no file.
            InvalidName::NotUtf8 | InvalidName::Unreachable => Self::NotFound,
        }
    }
}

impl Error {
    /// Returns what the caller is told.
    pub fn errno(&self) -> c_int {
        match self {
            Self::NotFound => libc::ENOENT,
            Self::Stale | Self::Replaced => libc::ESTALE,
            Self::NotDirectory => libc::ENOTDIR,
            Self::IsDirectory => libc::EISDIR,
            // readlink(2) of something else.
            Self::NotSymlink => libc::EINVAL,
            Self::NameTooLong => libc::ENAMETOOLONG,
            Self::ReadOnly => libc::EROFS,
            // What link(2) and mknod(2) say of a filesystem without such things.
            Self::Impossible => libc::EPERM,
            Self::BadHandle => libc::EBADF,
            Self::BufferTooSmall => libc::ERANGE,
            // Not ETIMEDOUT: few programs know it from a file, and NFS and other network filesystems say EIO too.
            Self::TimedOut(_) | Self::Internal(_) => libc::EIO,
            Self::Attribute(refusal) => of_refusal(*refusal),
            Self::Edit(error) => of_edit(error),
            Self::Store(error) => of_store(error.kind()),
        }
    }

    /// Returns whether programs meet this in the course of their work, so that the log need not tell.
    pub fn is_expected(&self) -> bool {
        match self {
            Self::NotFound
            | Self::Replaced
            | Self::NotDirectory
            | Self::IsDirectory
            | Self::NotSymlink
            | Self::NameTooLong
            | Self::ReadOnly
            | Self::Impossible
            | Self::BufferTooSmall => true,
            Self::Stale | Self::BadHandle | Self::TimedOut(_) | Self::Internal(_) => false,
            Self::Attribute(refusal) => match refusal {
                Refusal::Unsupported | Refusal::NoData | Refusal::Exists => true,
                Refusal::Denied | Refusal::Invalid(_) | Refusal::NoSpace(_) => false,
            },
            Self::Edit(error) => matches!(error, EditError::Exists | EditError::Missing),
            Self::Store(error) => error.kind() == Kind::NotFound,
        }
    }
}

fn of_refusal(refusal: Refusal) -> c_int {
    match refusal {
        // Tools remember it and stop asking; ENOSYS would switch attributes off for the whole mount.
        Refusal::Unsupported => libc::EOPNOTSUPP,
        Refusal::NoData => libc::ENODATA,
        Refusal::Exists => libc::EEXIST,
        Refusal::Denied => libc::EPERM,
        Refusal::Invalid(_) => libc::EINVAL,
        Refusal::NoSpace(_) => libc::ENOSPC,
    }
}

fn of_edit(error: &EditError) -> c_int {
    match error {
        EditError::Exists => libc::EEXIST,
        EditError::Missing => libc::ENODATA,
        EditError::NoSpace(_) => libc::ENOSPC,
        EditError::Invalid(_) => libc::EINVAL,
        // The service said yes and did not keep it: as if it did not know such attributes.
        EditError::NotKept(_) => libc::EOPNOTSUPP,
        // The object's state forbids it (archived, entries that cannot be shown), not the caller's rights: EPERM, not
        // EACCES.
        EditError::Refused(_) => libc::EPERM,
        EditError::Stale => libc::ESTALE,
        EditError::Store(error) => of_store(error.kind()),
    }
}

fn of_store(kind: Kind) -> c_int {
    match kind {
        Kind::NotFound => libc::ENOENT,
        // Not ENOENT, which would say that this one file is missing.
        Kind::NoSuchBucket => libc::EIO,
        Kind::Denied => libc::EACCES,
        // The credentials went bad under a running mount: to the caller that is lack of access too; the log tells.
        Kind::Unauthenticated => libc::EACCES,
        // A condition failed that was to pin what was opened.
        Kind::Precondition => libc::ESTALE,
        // Retried until it was hopeless: somebody else keeps writing.
        Kind::Conflict => libc::EBUSY,
        // Retried until the deadline. EIO and not EAGAIN, which programs take for "would block" and spin on, and not
        // ETIMEDOUT, which few know from a file.
        Kind::Throttled | Kind::Unavailable | Kind::Connect | Kind::Unknown => libc::EIO,
        Kind::InvalidRange => libc::EINVAL,
        // The object forbids it in the state it is in; EIO would look like a broken disk and be tried again.
        Kind::Archived => libc::EPERM,
        Kind::TooLarge => libc::EFBIG,
        Kind::MetadataTooLarge => libc::ENOSPC,
        Kind::InvalidArgument => libc::EINVAL,
        Kind::Unsupported => libc::EOPNOTSUPP,
        // These are settings that no file operation can put right.
        Kind::WrongRegion | Kind::ClockSkew | Kind::Local => libc::EIO,
        Kind::Corrupt | Kind::Protocol => libc::EIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn store(kind: Kind) -> Error {
        store::Error::new(kind, "message").into()
    }

    #[test_case(store(Kind::NotFound), libc::ENOENT, true; "not found")]
    #[test_case(store(Kind::NoSuchBucket), libc::EIO, false; "no such bucket")]
    #[test_case(store(Kind::Denied), libc::EACCES, false; "denied")]
    #[test_case(store(Kind::Archived), libc::EPERM, false; "archived")]
    #[test_case(store(Kind::Precondition), libc::ESTALE, false; "replaced while open")]
    #[test_case(store(Kind::Unknown), libc::EIO, false; "no answer")]
    #[test_case(Refusal::Unsupported.into(), libc::EOPNOTSUPP, true; "another namespace")]
    #[test_case(Refusal::NoData.into(), libc::ENODATA, true; "an absent attribute")]
    #[test_case(Refusal::NoSpace("full").into(), libc::ENOSPC, false; "over the limit")]
    #[test_case(EditError::Missing.into(), libc::ENODATA, true; "replace of a missing one")]
    #[test_case(EditError::Stale.into(), libc::ESTALE, false; "an edit of what is gone")]
    #[test_case(EditError::Store(store::Error::new(Kind::Denied, "no")).into(), libc::EACCES, false; "an edit refused")]
    #[test_case(InvalidName::NotUtf8.into(), libc::ENOENT, true; "a name no key can have")]
    #[test_case(InvalidName::TooLong.into(), libc::ENAMETOOLONG, true; "a name too long")]
    fn says_what_programs_understand(error: Error, errno: i32, expected: bool) {
        assert_eq!((error.errno(), error.is_expected()), (errno, expected));
    }
}
