//! Calls.

use futures_core::future::BoxFuture;
use tokio::time::timeout;

use super::user::{Limit, User};
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::simulation::descriptors::{mark_of, marked};
use crate::simulation::wire::{Ask, number, words};

/// A short call.
pub(super) async fn short(user: &User, conn: Connect) {
    let which = user.world.random().below(number::SHORT.len());
    match which {
        0 => call::<{ number::SHORT[0] }>(user, conn, false).await,
        1 => call::<{ number::SHORT[1] }>(user, conn, false).await,
        _ => call::<{ number::SHORT[2] }>(user, conn, false).await,
    }
}

/// A call that takes long by nature.
pub(super) async fn long(user: &User, conn: Connect) {
    if user.world.random().permille(500) {
        call::<{ number::HOST }>(user, conn, true).await;
    } else {
        call::<{ number::GUEST }>(user, conn, true).await;
    }
}

/// Several calls at a time.
pub(super) async fn several(user: &User, conn: Connect) {
    let (count, is_long) = {
        let mut random = user.world.random();
        (random.between(2, 8), random.permille(300))
    };
    let calls: Vec<BoxFuture<'_, ()>> = (0..count)
        .map(|_| -> BoxFuture<'_, ()> {
            let (is_dropped, after) = {
                let mut random = user.world.random();
                (random.permille(user.world.plan.drops), random.time(3000))
            };
            let conn = conn.clone();
            Box::pin(async move {
                let one: BoxFuture<'_, ()> = if is_long {
                    Box::pin(long(user, conn))
                } else {
                    Box::pin(short(user, conn))
                };
                if is_dropped {
                    let _end = timeout(after, one).await;
                } else {
                    one.await;
                }
            })
        })
        .collect();
    all(calls).await;
}

/// Waits for all.
async fn all(mut futures: Vec<BoxFuture<'_, ()>>) {
    std::future::poll_fn(|cx| {
        futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

async fn call<const NUMBER: u32>(user: &User, conn: Connect, is_long: bool) {
    let world = &user.world;
    let token = world.token();
    let (conn, limit) = user.limit(&conn, is_long);
    let padding = {
        let mut random = world.random();
        if random.permille(world.plan.large) {
            400_000
        } else {
            4 * random.below(20)
        }
    };
    world.request(padding + 64);
    let what = format!("call {NUMBER} of {token} within {:?}", limit.timeout);
    let _wait = world.waits(what.clone(), limit.deadline);
    let result = conn.call(Ask::<NUMBER> { token, words: Vec::new(), padding }).await;
    let reply = result.map(crate::client::Reply::into_bytes);
    world.note(|| format!("{token}: {reply:?}"));
    check(user, &what, &conn, limit, token, reply.map(|bytes| bytes == words(&[token])));
}

/// Checks the result of a call, of which it is known whether it is the right one.
pub(super) fn check(
    user: &User,
    what: &str,
    conn: &Connect,
    limit: Limit,
    token: u32,
    result: Result<bool>,
) {
    if user.check_end(what, conn, limit, result.as_ref().err()) {
        return;
    }
    match result {
        Ok(true) => {}
        Err(Error::Remote(error)) if error.message == format!("{token:08x}") => {}
        other => user.world.fail(format!("{what} got {other:?}")),
    }
}

/// A call with descriptors both ways.
pub(super) async fn descriptors(user: &User, conn: Connect) {
    let world = &user.world;
    if !world.plan.descriptors || world.plan.records {
        return short(user, conn).await;
    }
    let token = world.token();
    let (conn, limit) = user.limit(&conn, false);
    let (sent, wanted) = {
        let mut random = world.random();
        (random.below(3) as u32, random.below(3) as u32)
    };
    let ours = (0..sent).map(|index| marked(token, index)).collect();
    world.request(64);
    let what = format!("call of {token} for {wanted} descriptors within {:?}", limit.timeout);
    let _wait = world.waits(what.clone(), limit.deadline);
    let ask = Ask::<{ number::DESCRIPTORS }> { token, words: vec![wanted], padding: 0 };
    let result = conn.call_with_fds(ask, ours).await;
    let marks = result.map(|(reply, descriptors)| {
        let marks: Vec<_> = descriptors.into_iter().map(mark_of).collect();
        (reply.into_bytes(), marks)
    });
    world.note(|| format!("{token}: {marks:?}"));
    let right: Vec<_> = (0..wanted).map(|index| Some((token, index))).collect();
    let is_right = marks.map(|(bytes, marks)| bytes == words(&[token]) && marks == right);
    check(user, &what, &conn, limit, token, is_right);
}
