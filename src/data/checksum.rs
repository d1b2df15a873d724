//! Checksums over whole bodies, made of the checksums of consecutive parts.

use crate::store::types::ObjectMeta;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};

/// What a whole body must sum to, as the service gives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    algorithm: CrcAlgorithm,
    value: u64,
}

impl Expected {
    /// Returns a checksum of the whole body that can be made of parts, where the service gives one.
    pub(super) fn of(meta: &ObjectMeta) -> Option<Self> {
        if let Some(value) = meta.crc64 {
            let algorithm = CrcAlgorithm::Crc64Xz;
            return Some(Self { algorithm, value });
        }
        let checksum = meta.checksum.as_ref().filter(|sum| sum.full_object)?;
        let algorithm = match checksum.algorithm {
            "crc32" => CrcAlgorithm::Crc32IsoHdlc,
            "crc32c" => CrcAlgorithm::Crc32Iscsi,
            "crc64nvme" => CrcAlgorithm::Crc64Nvme,
            _ => return None,
        };
        let bytes = STANDARD.decode(checksum.value.as_bytes()).ok()?;
        let value = match algorithm {
            CrcAlgorithm::Crc64Nvme => u64::from_be_bytes(bytes.try_into().ok()?),
            _ => u32::from_be_bytes(bytes.try_into().ok()?).into(),
        };
        Some(Self { algorithm, value })
    }

    /// Begins the checksum of a part.
    pub(super) fn digest(&self) -> Digest {
        Digest::new(self.algorithm)
    }

    /// Begins with no bytes.
    pub(super) fn running(self) -> Running {
        Running {
            expected: self,
            sum: self.digest().finalize(),
        }
    }
}

/// The checksum of a body's first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    expected: Expected,
    sum: u64,
}

impl Running {
    /// Adds the part that follows, by its checksum and length.
    pub(super) fn add(&mut self, sum: u64, bytes: u64) {
        self.sum = checksum_combine(self.expected.algorithm, self.sum, sum, bytes);
    }

    /// Returns whether the bytes so far are what the service says of all of them.
    pub(super) fn matches(&self) -> bool {
        self.sum == self.expected.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::types::Checksum;
    use test_case::test_case;

    fn checksum(algorithm: &'static str, value: &str, full_object: bool) -> ObjectMeta {
        ObjectMeta {
            checksum: Some(Checksum {
                algorithm,
                value: value.into(),
                full_object,
            }),
            ..ObjectMeta::default()
        }
    }

    fn crc64(value: u64) -> ObjectMeta {
        ObjectMeta {
            crc64: Some(value),
            ..ObjectMeta::default()
        }
    }

    // The check values of the CRC catalogue, over "123456789".
    #[test_case(crc64(0x995d_c9bb_df19_39fa) => Some(true); "crc64")]
    #[test_case(crc64(0) => Some(false); "another crc64")]
    #[test_case(checksum("crc32", "y/Q5Jg==", true) => Some(true); "crc32")]
    #[test_case(checksum("crc32c", "4waSgw==", true) => Some(true); "crc32c")]
    #[test_case(checksum("crc64nvme", "rosUhgp5mIg=", true) => Some(true); "crc64nvme")]
    #[test_case(checksum("crc32c", "4waSgw==", false) => None; "of the parts only")]
    #[test_case(checksum("sha256", "4waSgw==", true) => None; "one that is not made of parts")]
    #[test_case(checksum("crc32c", "4waS", true) => None; "too short")]
    #[test_case(ObjectMeta::default() => None; "none")]
    fn parts_add_up(meta: ObjectMeta) -> Option<bool> {
        let expected = Expected::of(&meta)?;
        let mut running = expected.running();
        for part in ["1234", "", "56789"] {
            let mut digest = expected.digest();
            digest.update(part.as_bytes());
            running.add(digest.finalize(), part.len() as u64);
        }
        Some(running.matches())
    }
}
