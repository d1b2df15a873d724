//! Points in time as the services give them: whole seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses an HTTP date (RFC 9110, section 5.6.7), in any of its three forms.
    pub fn from_http_date(text: &str) -> Option<Self> {
        httpdate::parse_http_date(text).ok().map(Self::from)
    }

    /// Formats as an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn to_http_date(self) -> String {
        httpdate::fmt_http_date(self.into())
    }

    /// Parses ISO 8601 as listings carry it, with or without a fraction, which is dropped.
    pub fn from_iso8601(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self(t.as_second()))
    }

    /// Formats as `2026-11-21T06:10:00.000Z`, the form of listings.
    pub fn to_iso8601(self) -> String {
        jiff::Timestamp::from_second(self.0)
            .unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%S.000Z")
            .to_string()
    }

    /// Formats as `20261121T061000Z`, the form that is signed.
    pub fn to_basic_iso8601(self) -> String {
        jiff::Timestamp::from_second(self.0)
            .unwrap_or_default()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string()
    }

    /// Parses `20261121T061000Z`.
    pub fn from_basic_iso8601(text: &str) -> Option<Self> {
        let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        parsed
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|z| Self(z.timestamp().as_second()))
    }

    /// Returns this time plus `seconds`, which may be negative.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        })
    }
}

impl From<Timestamp> for SystemTime {
    /// Converts; a time before 1970 becomes 1970, which no service gives.
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_secs(u64::try_from(time.0).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_services_forms() {
        let t = Timestamp(784_111_777);
        assert_eq!(t.to_http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            Timestamp::from_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(t)
        );
        assert_eq!(t.to_iso8601(), "1994-11-06T08:49:37.000Z");
        assert_eq!(Timestamp::from_iso8601("1994-11-06T08:49:37.000Z"), Some(t));
        assert_eq!(Timestamp::from_iso8601("1994-11-06T08:49:37Z"), Some(t));
        assert_eq!(t.to_basic_iso8601(), "19941106T084937Z");
        assert_eq!(Timestamp::from_basic_iso8601("19941106T084937Z"), Some(t));
        assert_eq!(Timestamp::from_http_date("soon"), None);
        assert_eq!(Timestamp::from_iso8601("1994"), None);
    }
}
