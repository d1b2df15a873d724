//! What is tried again, when, and until when: by the error's kind and the operation's idempotency, in one place.
//!
//! The decision is a pure function; [`run`] carries it out. Randomness is passed in. What an attempt is - signing,
//! sending, parsing - is the client's.

use super::error::{Error, Kind, Result};
use super::types::Operation;
use std::time::Duration;
use tokio::time::Instant;

/// How stubbornly requests are tried again.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Attempts in all.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// The longest wait ever, also where the service asks for a longer one.
    pub cap: Duration,
    /// How long a call may take, attempts and waits together. Sending a large body takes what it needs beyond that.
    pub deadline: Duration,
    /// How long a body on its way may pause.
    pub stall: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_millis(50),
            cap: Duration::from_secs(5),
            deadline: Duration::from_secs(25),
            stall: Duration::from_secs(20),
        }
    }
}

/// What follows a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt after this wait.
    Again(Duration),
    /// The call fails, with the error in this meaning.
    Fail(Kind),
}

/// Until when a call goes on.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// When the headers of an answer must be there; no attempt begins later.
    pub answer: Instant,
    /// When the answer must be there whole.
    pub end: Instant,
}

/// How much longer than its headers the body of a copy's answer may take: services answer 200 at once and then send
/// blanks while they work on a large object.
const SLOW_ANSWER: Duration = Duration::from_secs(300);

/// The slowest upload that is not given up: below it a body takes longer than its call's deadline allows.
const SLOWEST_UPLOAD_BYTES_PER_SECOND: u64 = 64 << 10;

impl Policy {
    /// Decides what follows the failure of attempt number `attempt`, counted from 1, with `left` until the deadline.
    /// `random` is from 0 to 1.
    pub fn next(
        &self,
        error: &Error,
        operation: Operation,
        attempt: u32,
        left: Duration,
        random: f64,
    ) -> Next {
        let kind = error.kind();
        let again = match kind {
            // Nothing happened: the request was not sent, or refused before it was looked at.
            Kind::Connect | Kind::Throttled => true,
            // The offset has been learned; a second refusal is no matter of the clock.
            Kind::ClockSkew => attempt == 1,
            Kind::Unavailable | Kind::Unknown | Kind::Conflict => operation.is_idempotent(),
            _ => false,
        };
        let wait = match kind {
            Kind::ClockSkew => Duration::ZERO,
            _ => error
                .wait()
                .map_or_else(|| self.backoff(attempt, random), |w| w.min(self.cap)),
        };
        if again && attempt < self.attempts && wait < left {
            Next::Again(wait)
        } else if matches!(kind, Kind::Unavailable | Kind::Protocol) && !operation.is_idempotent() {
            // Neither a 5xx nor an unreadable answer says how far the service had come.
            Next::Fail(Kind::Unknown)
        } else {
            Next::Fail(kind)
        }
    }

    /// Returns when a call of `operation` that begins at `now` and sends `body` bytes must have ended.
    pub fn deadline(&self, now: Instant, operation: Operation, body: usize) -> Deadline {
        let upload = Duration::from_secs(body as u64 / SLOWEST_UPLOAD_BYTES_PER_SECOND);
        let answer = now + self.deadline + upload;
        let grace = match operation {
            Operation::CopyObject
            | Operation::UploadPartCopy
            | Operation::CompleteMultipartUpload => SLOW_ANSWER,
            _ => Duration::ZERO,
        };
        Deadline {
            answer,
            end: answer + grace,
        }
    }

    /// Full jitter: anything from nothing to an exponentially growing bound.
    fn backoff(&self, attempt: u32, random: f64) -> Duration {
        let bound = self
            .base
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
            .min(self.cap);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// Makes attempts until one succeeds, the policy gives up or the deadline passes. `before_retry` is told of each
/// failure that another attempt follows, and after which wait.
pub async fn run<T, F>(
    policy: &Policy,
    operation: Operation,
    deadline: Deadline,
    random: impl Fn() -> f64,
    attempt: impl Fn() -> F,
    before_retry: impl Fn(&Error, Duration),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut number = 1;
    loop {
        let error = match tokio::time::timeout_at(deadline.end, attempt()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => Error::new(Kind::Unknown, "no whole answer before the deadline"),
        };
        let left = deadline.answer.saturating_duration_since(Instant::now());
        match policy.next(&error, operation, number, left, random()) {
            Next::Fail(kind) => return Err(error.with_kind(kind)),
            Next::Again(wait) => {
                before_retry(&error, wait);
                tokio::time::sleep(wait).await;
                number += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use test_case::test_case;

    const LONG: Duration = Duration::from_secs(25);

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    // Nothing happened: any operation goes again.
    #[test_case(Kind::Connect, Operation::CopyObject => Next::Again(ms(50)))]
    #[test_case(Kind::Throttled, Operation::CopyObject => Next::Again(ms(50)))]
    #[test_case(Kind::ClockSkew, Operation::CopyObject => Next::Again(ms(0)))]
    // Something may have happened: only what may happen twice.
    #[test_case(Kind::Unavailable, Operation::HeadObject => Next::Again(ms(50)))]
    #[test_case(Kind::Unknown, Operation::PutObjectTagging => Next::Again(ms(50)))]
    #[test_case(Kind::Conflict, Operation::PutObjectTagging => Next::Again(ms(50)))]
    #[test_case(Kind::Conflict, Operation::CopyObject => Next::Fail(Kind::Conflict))]
    #[test_case(Kind::Unknown, Operation::CopyObject => Next::Fail(Kind::Unknown))]
    #[test_case(Kind::Unavailable, Operation::CopyObject => Next::Fail(Kind::Unknown))]
    #[test_case(Kind::Unavailable, Operation::CompleteMultipartUpload => Next::Fail(Kind::Unknown))]
    #[test_case(Kind::Protocol, Operation::CopyObject => Next::Fail(Kind::Unknown))]
    // The answer stands.
    #[test_case(Kind::NotFound, Operation::HeadObject => Next::Fail(Kind::NotFound))]
    #[test_case(Kind::Denied, Operation::HeadObject => Next::Fail(Kind::Denied))]
    #[test_case(Kind::Precondition, Operation::CopyObject => Next::Fail(Kind::Precondition))]
    #[test_case(Kind::Protocol, Operation::ListObjects => Next::Fail(Kind::Protocol))]
    #[test_case(Kind::Local, Operation::HeadObject => Next::Fail(Kind::Local))]
    fn decides_by_kind_and_idempotency(kind: Kind, operation: Operation) -> Next {
        let error = Error::new(kind, "");
        Policy::default().next(&error, operation, 1, LONG, 1.0)
    }

    #[test_case(1, 1.0 => ms(50))]
    #[test_case(1, 0.5 => ms(25))]
    #[test_case(1, 0.0 => ms(0))]
    #[test_case(4, 1.0 => ms(400))]
    #[test_case(7, 1.0 => ms(3_200))]
    #[test_case(8, 1.0 => ms(5_000))]
    #[test_case(u32::MAX, 1.0 => ms(5_000))]
    fn backs_off_with_full_jitter(attempt: u32, random: f64) -> Duration {
        Policy::default().backoff(attempt, random)
    }

    #[test_case(ms(2_000), LONG => Next::Again(ms(2_000)); "as the service asks")]
    #[test_case(Duration::from_secs(3_600), LONG => Next::Again(ms(5_000)); "not longer than the cap")]
    #[test_case(ms(2_000), ms(1_000) => Next::Fail(Kind::Throttled); "not past the deadline")]
    fn waits_as_asked_within_bounds(asked: Duration, left: Duration) -> Next {
        let error = Error::new(Kind::Throttled, "").retry_after(asked);
        Policy::default().next(&error, Operation::HeadObject, 1, left, 1.0)
    }

    #[test]
    fn a_wrong_clock_is_put_right_once() {
        let error = Error::new(Kind::ClockSkew, "");
        assert_eq!(
            Policy::default().next(&error, Operation::HeadObject, 2, LONG, 1.0),
            Next::Fail(Kind::ClockSkew)
        );
    }

    #[test_case(Operation::HeadObject, 0 => (25, 25))]
    #[test_case(Operation::UploadPart, 64 << 20 => (1_049, 1_049); "a body is given time")]
    #[test_case(Operation::CopyObject, 0 => (25, 325); "a copy may answer slowly once it answers")]
    fn a_call_ends_by(operation: Operation, body: usize) -> (u64, u64) {
        let now = Instant::now();
        let deadline = Policy::default().deadline(now, operation, body);
        let seconds = |at: Instant| (at - now).as_secs();
        (seconds(deadline.answer), seconds(deadline.end))
    }

    /// Runs attempts that fail with `errors` in turn and then succeed with their number.
    async fn attempts(operation: Operation, errors: Vec<Error>) -> (Result<u32>, Vec<Duration>) {
        let policy = Policy::default();
        let number = Cell::new(0);
        let waits = RefCell::new(Vec::new());
        let result = run(
            &policy,
            operation,
            policy.deadline(Instant::now(), operation, 0),
            || 1.0,
            || {
                let at = number.get();
                number.set(at + 1);
                let outcome = errors
                    .get(at as usize)
                    .map_or(Ok(at + 1), |e| Err(e.clone()));
                async move { outcome }
            },
            |_, wait| waits.borrow_mut().push(wait),
        )
        .await;
        (result, waits.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn goes_on_until_an_attempt_succeeds() {
        let start = Instant::now();
        let failed = Error::new(Kind::Unavailable, "");
        let (result, waits) = attempts(Operation::HeadObject, vec![failed; 4]).await;
        assert_eq!(result.ok(), Some(5));
        assert_eq!(waits, [50, 100, 200, 400].map(ms));
        assert_eq!(start.elapsed(), ms(750));
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_after_five_attempts() {
        let failed = Error::new(Kind::Connect, "refused");
        let (result, waits) = attempts(Operation::CopyObject, vec![failed; 5]).await;
        assert_eq!(result.map_err(|e| e.kind()), Err(Kind::Connect));
        assert_eq!(waits.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_hangs_ends_with_the_deadline() {
        let policy = Policy::default();
        let start = Instant::now();
        let result: Result<()> = run(
            &policy,
            Operation::HeadObject,
            policy.deadline(start, Operation::HeadObject, 0),
            || 1.0,
            std::future::pending,
            |_, _| panic!("there is no time left for another attempt"),
        )
        .await;
        assert_eq!(result.map_err(|e| e.kind()), Err(Kind::Unknown));
        assert_eq!(start.elapsed(), policy.deadline);
    }
}
