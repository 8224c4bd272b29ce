//! Waiting for what a domain does.

use std::time::Duration;

use libvirt_client::domain::{CreateFlags, ShutdownFlags, State, StateReason};
use libvirt_client::types::error::ErrorCode;

use crate::common::{LIMIT, test_driver};

/// As long as nothing happens.
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn states() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let xml = "<domain type='test'><name>wait-states</name><memory>1024</memory>\
               <os><type>hvm</type></os></domain>";
    let domain = conn.domain_create_xml(xml, CreateFlags::empty()).await.unwrap();
    domain.wait_for_state(State::Running, LIMIT).await.unwrap();
    let error = domain.wait_for_state(State::Paused, SHORT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.to_string(), "wait-states: the awaited state has not come within 200ms");

    // A state that does not last.
    let waiting = tokio::spawn({
        let domain = domain.clone();
        async move { domain.wait_for_state(State::Paused, LIMIT).await }
    });
    while !waiting.is_finished() {
        domain.suspend().await.unwrap();
        domain.resume().await.unwrap();
    }
    waiting.await.unwrap().unwrap();

    // The end of a transient domain, and what can then never come.
    let ended = tokio::spawn({
        let domain = domain.clone();
        let ended = |now: &libvirt_client::domain::DomainState| now.state == State::Shutoff;
        async move { domain.wait_until(LIMIT, ended).await }
    });
    domain
        .wait_until(LIMIT, |now| matches!(now.reason, StateReason::Running(_)))
        .await
        .unwrap();
    domain.destroy().await.unwrap();
    assert_eq!(ended.await.unwrap().unwrap(), State::Shutoff);
    domain.wait_for_state(State::Shutoff, LIMIT).await.unwrap();
    let error = domain.wait_for_state(State::Running, LIMIT).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoDomain));

    // What is off already.
    let domain = conn.domain_define_xml(xml).await.unwrap();
    domain.shutdown_and_wait(LIMIT, ShutdownFlags::empty()).await.unwrap();
    domain.undefine().await.unwrap();
}
