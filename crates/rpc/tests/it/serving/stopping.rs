//! Stopping, and clients that misbehave.

use super::{ONE, Setting, predict, request, score, wait_for};
use refalt_core::OutputType;
use refalt_rpc::proto;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::Code;
use tonic::codegen::tokio_stream;

#[test]
fn calls_under_way_end_and_new_ones_are_refused_when_the_server_stops() {
    let setting = Setting::new(|_| {});
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let mut own = client.clone();
    let call = setting
        .runtime
        .spawn(async move { score(&mut own, vec![request(12_000)]).await });
    setting.gate.wait_for_questions(1);
    setting.server.stopper.stop();
    // The connection is still there until its call ends, but takes no further one. What is asked has no need of the model,
    // which is held up.
    wait_for("new calls are refused", || {
        let refused = setting
            .runtime
            .block_on(client.get_metadata(proto::MetadataRequest { organism: 9606 }));
        refused.is_err_and(|status| status.code() == Code::Unavailable)
    });
    setting.gate.set_closed(false);
    assert_eq!(setting.runtime.block_on(call).unwrap().unwrap().len(), 1);
    let summary = setting.server.stop();
    // Those that asked before the stop took effect are among them.
    assert!(summary.cut_off == 0 && summary.calls["OK"] >= 1, "{summary:?}");
}

#[test]
fn calls_that_do_not_end_in_time_are_cut_off() {
    let setting = Setting::new(|options| options.drain = Duration::from_millis(100));
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let call = setting
        .runtime
        .spawn(async move { score(&mut client, vec![request(12_000)]).await });
    setting.gate.wait_for_questions(1);
    let gate = Arc::clone(&setting.gate);
    let summary = setting.server.stop();
    assert_eq!(summary.cut_off, 1);
    gate.set_closed(false);
    assert!(setting.runtime.block_on(call).unwrap().is_err());
}

#[test]
fn noise_half_requests_and_clients_that_go_away_stop_nobody() {
    let setting = Setting::new(|_| {});
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let frames: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0xa5; 4096],
        preface,
        // A frame of settings that announces more than follows.
        &[&preface[..], &[0, 0, 6, 4, 0]].concat(),
        &[&preface[..], &[0xff; 64]].concat(),
    ];
    let mut held = Vec::new();
    for bytes in frames {
        let mut connection = TcpStream::connect(setting.server.address).unwrap();
        let _ = connection.write_all(bytes);
        held.push(connection);
    }
    // A client that goes away in the middle of an answer.
    let mut client = setting.raw();
    setting.runtime.block_on(async {
        let request = tokio_stream::once(predict(&OutputType::ALL));
        let mut messages = client.predict_interval(request).await.unwrap().into_inner();
        assert!(messages.message().await.unwrap().is_some());
    });
    drop(client);
    assert!(setting.server.logged("PredictInterval").contains("CANCELLED"));
    assert_eq!(setting.score(request(12_000)).unwrap().len(), 1);
}

#[test]
fn a_slow_reader_holds_up_nobody_and_is_given_up() {
    let setting = Setting::new(|options| {
        options.concurrent = ONE;
        options.patience = Duration::from_millis(1_500);
    });
    let mut slow = setting.raw();
    let messages = setting.runtime.block_on(async {
        let answer = slow
            .predict_interval(tokio_stream::once(predict(&OutputType::ALL)))
            .await;
        answer.unwrap().into_inner()
    });
    // The one place to compute is taken by the slow reader, until its channel is full.
    setting.gate.wait_for_questions(1);
    let started = Instant::now();
    assert_eq!(setting.score(request(12_000)).unwrap().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(15));
    // Nothing was read, so the end of the call is not read, either; what the server did is in the log when it is dropped.
    std::thread::sleep(Duration::from_millis(2_500));
    let mut messages = messages;
    let ended = setting.runtime.block_on(async {
        loop {
            match messages.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(status) => return Some(status),
            }
        }
    });
    let status = ended.expect("the call is given up");
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
}
