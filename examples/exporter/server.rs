//! HTTP: one request for each connection, and only so many at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus_client::encoding::prometheus_text;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::complain;
use crate::hosts::Scrape;

const CONNECTIONS: usize = 64;
/// For sending a request, and reading the response.
const PATIENCE: Duration = Duration::from_secs(30);

type Reply = Response<Full<Bytes>>;

/// Where those wait who want the metrics.
pub(crate) fn queue() -> (mpsc::Sender<Scrape>, mpsc::Receiver<Scrape>) {
    mpsc::channel(CONNECTIONS)
}

pub(crate) async fn serve(
    listener: TcpListener,
    scrapes: mpsc::Sender<Scrape>,
    deadline: Duration,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    // It is never closed.
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((client, _)) => {
                let scrapes = scrapes.clone();
                tokio::spawn(async move {
                    // How it ends is the client's affair.
                    let _ = timeout(PATIENCE + 2 * deadline, converse(client, scrapes)).await;
                    drop(place);
                });
            }
            Err(error) => {
                complain(&format!("a connection cannot be accepted: {error}"));
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn converse(client: TcpStream, scrapes: mpsc::Sender<Scrape>) -> hyper::Result<()> {
    let scrapes = &scrapes;
    let respond = service_fn(|request| respond(request, scrapes));
    let mut http = http1::Builder::new();
    http.keep_alive(false).serve_connection(TokioIo::new(client), respond).await
}

async fn respond(
    request: Request<Incoming>,
    scrapes: &mpsc::Sender<Scrape>,
) -> Result<Reply, Infallible> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let reply = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        return Ok(with(reply, ALLOW, "GET, HEAD"));
    }
    Ok(match request.uri().path() {
        "/metrics" => match scrape(scrapes).await {
            Some(metrics) => {
                with(Response::new(Full::new(metrics)), CONTENT_TYPE, prometheus_text::CONTENT_TYPE)
            }
            None => text(StatusCode::SERVICE_UNAVAILABLE, "the exporter is about to end\n"),
        },
        "/" => text(StatusCode::OK, "the metrics are at /metrics\n"),
        _ => text(StatusCode::NOT_FOUND, "there is only /metrics\n"),
    })
}

async fn scrape(scrapes: &mpsc::Sender<Scrape>) -> Option<Bytes> {
    let (scrape, metrics) = oneshot::channel();
    scrapes.send(scrape).await.ok()?;
    metrics.await.ok()
}

fn text(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(Full::from(text));
    *reply.status_mut() = status;
    with(reply, CONTENT_TYPE, "text/plain; charset=utf-8")
}

fn with(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    reply.headers_mut().insert(name, HeaderValue::from_static(value));
    reply
}
