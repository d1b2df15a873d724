//! One request from credentials to parsed answer, tried again where that helps.

use super::Client;
use crate::store::dialect::sign::{Scope, Target};
use crate::store::error::{Error, Kind, Result};
use crate::store::http::{Answer, Outgoing};
use crate::store::limit::Permit;
use crate::store::retry::{self, Deadline};
use crate::store::types::{Credentials, Operation, Timestamp};
use crate::store::wire::{Request, Response};
use http::{HeaderMap, header};
use tokio::time::{Instant, timeout_at};

/// A body that is still on its way, and its place among the requests in flight.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) answer: Answer,
    pub(super) _permit: Permit,
}

impl Client {
    /// Sends a request until it is answered, refused for good, or out of time; `parse` makes the result of an answer.
    pub(super) async fn exchange<T>(
        &self,
        request: Request,
        parse: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        self.exchange_streamed(request, parse)
            .await
            .map(|(value, _)| value)
    }

    /// As [`Self::exchange`]; of a read that succeeds, `parse` sees the headers, and the body is returned unread.
    pub(super) async fn exchange_streamed<T>(
        &self,
        request: Request,
        parse: impl Fn(&Response) -> Result<T>,
    ) -> Result<(T, Option<Streamed>)> {
        let operation = request.operation;
        let key = request.key.clone();
        let named = |error: Error| error.during(operation, key.as_ref().map(AsRef::as_ref));
        let now = Instant::now();
        let deadline = self.policy.deadline(now, operation, request.body.len());
        let result = retry::run(
            &self.policy,
            operation,
            deadline,
            fastrand::f64,
            || self.attempt(&request, deadline, &parse),
            |error, wait| {
                self.counters.retried();
                log::info!("{}; trying again in {wait:.0?}", named(error.clone()));
            },
        )
        .await;
        result.map_err(|error| {
            let error = named(error);
            // Whoever asked says so where it matters; many ask only to find out.
            log::debug!("{error}");
            error
        })
    }

    /// Sends a request once; twice if the credentials were refused and there are newer ones.
    async fn attempt<T>(
        &self,
        request: &Request,
        deadline: Deadline,
        parse: impl Fn(&Response) -> Result<T>,
    ) -> Result<(T, Option<Streamed>)> {
        let permit = timeout_at(
            deadline.answer,
            self.limit.acquire(request.operation.class()),
        );
        let permit = permit.await.map_err(|_| {
            Error::new(
                Kind::Connect,
                "not sent: as many others as --max-requests allows were in its way",
            )
        })?;
        let credentials = self.credentials.get(self.clock.now()).await?;
        let mut sent = self
            .send(request, credentials.as_deref(), deadline, &parse)
            .await;
        if let (Err(error), Some(used)) = (&sent, &credentials)
            && error.kind() == Kind::Unauthenticated
            && self.credentials.refused(used).await
        {
            self.counters.retried();
            let newer = self.credentials.get(self.clock.now()).await?;
            sent = self.send(request, newer.as_deref(), deadline, &parse).await;
        }
        let (value, answer) = sent?;
        Ok((
            value,
            answer.map(|answer| Streamed {
                answer,
                _permit: permit,
            }),
        ))
    }

    /// Signs, sends and reads the answer.
    async fn send<T>(
        &self,
        request: &Request,
        credentials: Option<&Credentials>,
        deadline: Deadline,
        parse: impl Fn(&Response) -> Result<T>,
    ) -> Result<(T, Option<Answer>)> {
        let (path, headers) = self.address(request, credentials)?;
        let outgoing = Outgoing {
            method: &request.method,
            path: &path,
            query: &self.dialect.encode_query(&request.query),
            headers,
            body: request.body.clone(),
        };
        self.counters.sent(request.operation, request.body.len());
        let stall = self.policy.stall;
        let answer = self.http.send(outgoing, deadline.answer, stall).await?;
        let success = (200..300).contains(&answer.status());
        if success && request.operation == Operation::GetObject {
            let head = Response {
                status: answer.status(),
                headers: answer.headers().clone(),
                ..Response::default()
            };
            return Ok((parse(&head)?, Some(answer)));
        }
        let response = answer.whole().await?;
        self.counters.received(response.body.len());
        match parse(&response) {
            Ok(value) => Ok((value, None)),
            Err(error) => Err(self.with_clock_learned(error, &response)),
        }
    }

    /// Returns the path that a request is sent to and its headers, signed.
    fn address(
        &self,
        request: &Request,
        credentials: Option<&Credentials>,
    ) -> Result<(String, HeaderMap)> {
        let location = self.endpoint.location(request.key.as_ref())?;
        let mut headers = request.headers.clone();
        if let Some(credentials) = credentials {
            let target = Target {
                host: &self.endpoint.host,
                path: &location.path,
                bucket: &self.endpoint.bucket,
                key: request.key.as_ref().map(AsRef::as_ref),
            };
            let scope = Scope {
                credentials,
                region: &self.endpoint.region,
                time: self.clock.now(),
            };
            let (method, query) = (&request.method, &request.query);
            self.dialect
                .sign(method, &target, query, &mut headers, &scope);
        }
        Ok((location.sent, headers))
    }

    /// Learns the service's clock from a refusal for the time that was signed. A HEAD's refusal does not name its
    /// reason; there the clocks tell.
    fn with_clock_learned(&self, error: Error, response: &Response) -> Error {
        let date = response.headers.get(header::DATE);
        let date = date.and_then(|d| d.to_str().ok());
        let Some(date) = date.and_then(Timestamp::from_http_date) else {
            return error;
        };
        let apart = date.0.abs_diff(self.clock.now().0);
        let unexplained = error.kind() == Kind::Denied && error.code().is_none();
        if error.kind() != Kind::ClockSkew && !(unexplained && apart > TOLERATED) {
            return error;
        }
        let ahead = self.clock.learn(date);
        log::warn!(
            "this machine's clock is {} s {} the service's, which is used from now on",
            ahead.abs(),
            if ahead > 0 { "behind" } else { "ahead of" },
        );
        error.with_kind(Kind::ClockSkew)
    }
}

/// How far the clocks may be apart without a refusal, in seconds, with a margin.
const TOLERATED: u64 = 14 * 60;
