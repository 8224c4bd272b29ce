//! The calls that a host gets, and faults that happen to them.

use std::time::Duration;

use super::host::TestHost;
use crate::error::{Error, Result};
use crate::protocol::{ReplyRequest, Request, remote};
use crate::test_driver::{ALWAYS, Failure, Fault, Made, Planned, function_name, function_number};
use crate::types::error::ErrorCode;
use crate::xdr::{self, Body, DecodeError, Encode};

/// # Calls
impl TestHost {
    /// Chooses the calls of a procedure, for a fault that happens to them or an answer that they get.
    ///
    /// `function` is the C function that the procedure is for, which the library's errors begin with
    /// and [`calls`](Self::calls) lists, e.g. `virDomainCreateWithFlags`; those of the programs for
    /// QEMU and for LXC alone are not among them. Fails with
    /// [`Error::Failed`] if there is no such procedure.
    ///
    /// Subscriptions to domains' events call `ConnectDomainEventCallbackRegisterAny` and, at their
    /// end, `ConnectDomainEventCallbackDeregisterAny`, which have no function of their own.
    /// `virConnectDomainEventRegisterAny` is what older clients call.
    pub fn calls_to(&self, function: &str) -> Result<CallsTo<'_>> {
        let number = function_number(function)
            .ok_or_else(|| Error::Failed(format!("no procedure is for a function {function}")))?;
        Ok(CallsTo::new(self, number))
    }

    /// Takes back all faults and answers of calls that have not been made yet.
    pub fn forget_faults(&self) {
        self.host.faults().forget();
    }

    /// Returns the calls that were made since the host was created, or since this was last called,
    /// in their order, the last 65,536 of them; those that open and close connections are not among
    /// them.
    pub fn calls(&self) -> Vec<TestCall> {
        let made = self.host.faults().made.as_mut().map(std::mem::take);
        made.unwrap_or_default().into_iter().map(TestCall::new).collect()
    }
}

/// Calls of one procedure that a fault is to happen to, or that are to get an answer of the test's;
/// from [`TestHost::calls_to`].
///
/// Unless it is told otherwise, that happens to the next call, and once.
#[derive(Debug)]
#[must_use = "no fault is chosen"]
pub struct CallsTo<'a> {
    host: &'a TestHost,
    procedure: u32,
    after: u64,
    times: u64,
}

impl<'a> CallsTo<'a> {
    pub(super) fn new(host: &'a TestHost, procedure: u32) -> Self {
        Self { host, procedure, after: 0, times: 1 }
    }

    /// Lets that many calls pass before.
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }

    /// Has the fault happen to that many calls.
    pub fn times(mut self, calls: u64) -> Self {
        self.times = calls;
        self
    }

    /// Has the fault happen to all calls from then on, unless another is planned for one of them that
    /// does not happen always. Of two that do, the later holds.
    pub fn always(self) -> Self {
        self.times(ALWAYS)
    }

    /// Has them fail without anything being done. The message is what libvirt makes of the code and
    /// the detail, e.g. `Requested operation is not valid: domain is not running`.
    pub fn fail(self, code: ErrorCode, detail: &str) {
        self.plan(Fault::Fail(Failure::new(code, detail)));
    }

    /// Has the procedure be unknown, as to a daemon that is too old for it.
    pub fn be_unknown(self) {
        self.plan(Fault::Unknown);
    }

    /// Has them be answered with `reply` without anything being done: what the test driver does not
    /// know, or knows otherwise.
    ///
    /// `R` is the procedure's request. Fails with [`Error::Failed`] if it is that of another, and with
    /// [`Error::InvalidArgument`] if the reply cannot be sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let host = libvirt_client::testing::TestHost::new();
    /// # let conn = host.connect().await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// use libvirt_client::domain::{GetJobStatsFlags, JobType};
    /// use libvirt_client::params::TypedParams;
    /// use libvirt_client::protocol::remote::{DomainGetJobStats, DomainGetJobStatsRet};
    ///
    /// // A migration that has 1 of 4 GiB left.
    /// let params = TypedParams::new()
    ///     .with("memory_total", 4_u64 << 30)
    ///     .with("memory_remaining", 1_u64 << 30);
    /// let reply =
    ///     DomainGetJobStatsRet { r#type: JobType::Unbounded, params: (&params).into() };
    /// host.calls_to("virDomainGetJobStats")?.always().answer::<DomainGetJobStats>(&reply)?;
    ///
    /// let job = domain.job_stats(GetJobStatsFlags::empty()).await?.unwrap();
    /// assert_eq!(job.stats.memory_remaining_bytes, Some(1 << 30));
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer<'r, R: ReplyRequest>(self, reply: &<R::Reply as Body>::Borrowed<'r>) -> Result<()>
    where
        <R::Reply as Body>::Borrowed<'r>: Encode,
    {
        let procedure = R::INFO.name;
        if (R::INFO.program, R::INFO.number) != (remote::PROGRAM, self.procedure) {
            return Err(Error::Failed(format!(
                "a reply of {procedure} answers no call of {}",
                function_name(self.procedure)
            )));
        }
        let reply = xdr::to_vec(reply).map_err(|error| Error::unsendable(procedure, error))?;
        self.plan(Fault::Answer(reply));
        Ok(())
    }

    /// Has them succeed without anything being done; for procedures without results.
    pub fn succeed(self) {
        self.plan(Fault::Answer(Vec::new()));
    }

    /// Has them never be answered, and nothing be done. Each counts as a request that is worked on as
    /// long as its connection lives.
    pub fn hang(self) {
        self.plan(Fault::Hang);
    }

    /// Has them be done at once and answered so much later.
    pub fn delay(self, delay: Duration) {
        self.plan(Fault::Delay(delay));
    }

    /// Has the connection be cut before anything is done.
    pub fn cut_before(self) {
        self.plan(Fault::CutBefore);
    }

    /// Has the connection be cut after they were done, without an answer.
    pub fn cut_after(self) {
        self.plan(Fault::CutAfter);
    }

    fn plan(self, fault: Fault) {
        let Self { host, procedure, after, times } = self;
        host.host.faults().plan(Planned { procedure, after, times, fault });
    }
}

/// A call that a [`TestHost`] has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCall {
    /// The C function that it was for, e.g. `virDomainGetInfo`.
    pub function: &'static str,
    procedure: u32,
    arguments: Vec<u8>,
}

impl TestCall {
    pub(super) fn new(made: Made) -> Self {
        let Made { procedure, arguments } = made;
        Self { function: function_name(procedure), procedure, arguments }
    }

    /// Decodes the arguments if the call was of that procedure, e.g.
    /// [`remote::DomainCreate`](crate::protocol::remote::DomainCreate); `None` if it was of another.
    pub fn arguments<R: Request + Body>(
        &self,
    ) -> Option<std::result::Result<R::Borrowed<'_>, DecodeError>> {
        let called = (remote::PROGRAM, self.procedure);
        ((R::INFO.program, R::INFO.number) == called).then(|| xdr::from_slice(&self.arguments))
    }
}
