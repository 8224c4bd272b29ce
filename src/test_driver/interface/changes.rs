//! Changes of interfaces that can be taken back.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::interface::Interfaces;

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::InterfaceChangeBegin>(|work, request| {
        check_flags(request.flags, 0, "testInterfaceChangeBegin")?;
        work.state.interfaces.begin()
    });
    routes.act::<remote::InterfaceChangeCommit>(|work, request| {
        check_flags(request.flags, 0, "testInterfaceChangeCommit")?;
        let before = work.state.interfaces.before.take();
        before.map(drop).ok_or_else(|| none_runs("nothing to be committed."))
    });
    routes.act::<remote::InterfaceChangeRollback>(|work, request| {
        check_flags(request.flags, 0, "testInterfaceChangeRollback")?;
        let before = work.state.interfaces.before.take();
        work.state.interfaces.all = before.ok_or_else(|| none_runs("nothing to rollback."))?;
        Ok(())
    });
}

fn none_runs(so: &str) -> Failure {
    Failure::invalid(format_args!("no transaction running, {so}"))
}

impl Interfaces {
    fn begin(&mut self) -> Result<()> {
        if self.before.is_some() {
            return Err(Failure::invalid("there is another transaction running."));
        }
        let mut before = self.all.clone();
        // Only definitions are kept, so that nothing is active after a way back.
        for interface in before.values_mut() {
            interface.is_active = false;
        }
        self.before = Some(before);
        Ok(())
    }
}
