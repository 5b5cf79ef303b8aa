//! Requests that make no sense are refused in words.

use super::{Setting, base, ism, request, scorers};
use crate::synthetic::WINDOW_BP;
use refalt_rpc::proto;
use tonic::codegen::tokio_stream;
use tonic::{Code, Status};

#[test]
fn requests_that_make_no_sense_are_refused_in_words() {
    let setting = Setting::new(|_| {});
    let check = |change: &dyn Fn(&mut proto::ScoreVariantRequest), code: Code, words: &str| {
        let mut request = request(12_000);
        change(&mut request);
        let status = setting.score(request).unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    };
    use Code::{InvalidArgument, NotFound, Unimplemented};
    let own = base(12_000);
    check(
        &|request| {
            let variant = request.variant.as_mut().unwrap();
            std::mem::swap(&mut variant.reference_bases, &mut variant.alternate_bases);
        },
        InvalidArgument,
        &format!("it has `{own}` at chr1:12000, the variant says"),
    );
    check(
        &|request| request.interval = None,
        InvalidArgument,
        "`interval` is not set",
    );
    check(
        &|request| request.variant = None,
        InvalidArgument,
        "`variant` is not set",
    );
    check(
        &|request| request.variant_scorers.clear(),
        InvalidArgument,
        "0 scorers in one request",
    );
    check(
        &|request| request.variant_scorers = scorers(&["DNASE"; 21]),
        InvalidArgument,
        "21 scorers in one request; a request has 1 to 20",
    );
    check(&|request| request.organism = 0, InvalidArgument, "ORGANISM_UNSPECIFIED");
    let change_interval = |change: fn(&mut proto::Interval)| {
        move |request: &mut proto::ScoreVariantRequest| change(request.interval.as_mut().unwrap())
    };
    check(
        &change_interval(|interval| interval.strand = 0),
        InvalidArgument,
        "`0` is no strand",
    );
    check(
        &change_interval(|interval| interval.end = 0),
        InvalidArgument,
        "inverted, empty",
    );
    check(
        &change_interval(|interval| interval.start = i64::MIN),
        InvalidArgument,
        "inverted, empty",
    );
    check(
        &change_interval(|interval| interval.chromosome = "chrX".to_owned()),
        NotFound,
        "no contig `chrX`",
    );
    let change_variant = |change: fn(&mut proto::Variant)| {
        move |request: &mut proto::ScoreVariantRequest| change(request.variant.as_mut().unwrap())
    };
    check(
        &change_variant(|variant| variant.position = 0),
        InvalidArgument,
        "positions count from 1",
    );
    check(
        &change_variant(|variant| variant.position = 1 << 40),
        InvalidArgument,
        "is on no contig",
    );
    check(
        &change_variant(|variant| variant.chromosome = "chr7".to_owned()),
        NotFound,
        "`chr7`",
    );
    check(
        &change_variant(|variant| variant.alternate_bases = "<DEL>".to_owned()),
        InvalidArgument,
        "alternate allele",
    );
    check(
        &change_variant(|variant| variant.alternate_bases = variant.reference_bases.clone()),
        InvalidArgument,
        "there is no change",
    );
    // Substitutions of a stretch.
    let mut client = setting.raw();
    let mut refused = |request| -> Status {
        setting.runtime.block_on(async {
            let answer = client.score_ism_variant(tokio_stream::iter([request])).await.unwrap();
            answer.into_inner().message().await.unwrap_err()
        })
    };
    let wide = refused(ism(12_000, 12_011));
    assert!(wide.message().contains("11 bases; a request has 1 to 10"), "{wide}");
    assert!(refused(ism(12_000, 12_000)).message().contains("0 bases"));
    let outside = refused(ism(4_995, 5_005));
    assert!(outside.message().contains("does not lie in the interval"), "{outside}");
    let mut indel = ism(12_000, 12_005);
    indel.interval_variant = Some(proto::Variant {
        chromosome: "chr1".to_owned(),
        position: 12_000,
        reference_bases: base(12_000),
        alternate_bases: format!("{}ACG", base(12_000)),
    });
    let status = refused(indel);
    assert_eq!(status.code(), Unimplemented, "{status}");
}

#[test]
fn a_request_over_the_limit_is_refused_with_the_limit() {
    let setting = Setting::new(|options| options.most_message_bytes = 1 << 20);
    let mut client = setting.raw();
    let request = proto::PredictSequenceRequest {
        sequence: "A".repeat(2 << 20),
        organism: 9606,
        requested_outputs: vec![1],
        ..Default::default()
    };
    let status = setting.runtime.block_on(async {
        let answer = client.predict_sequence(tokio_stream::iter([request])).await?;
        answer.into_inner().message().await.map(drop)
    });
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    assert!(status.message().contains("1048576"), "{status}");
    // A letter that no sequence has is named with its place, and nothing else of the sequence.
    let mut sequence = "A".repeat(WINDOW_BP as usize);
    sequence.replace_range(99..100, "x");
    let request = proto::PredictSequenceRequest {
        sequence,
        organism: 9606,
        requested_outputs: vec![1],
        ..Default::default()
    };
    let status = setting.runtime.block_on(async {
        let answer = client.predict_sequence(tokio_stream::iter([request])).await?;
        answer.into_inner().message().await.map(drop)
    });
    let status = status.unwrap_err();
    assert!(status.message().contains("the letter `x` at its base 100"), "{status}");
    let line = setting.server.logged("INVALID_ARGUMENT");
    assert!(line.starts_with("PredictSequence length=16384 outputs=1 "), "{line}");
}
