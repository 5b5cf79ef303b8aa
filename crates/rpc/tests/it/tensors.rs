//! Arrays: those of the official client, round trips of every type, damage of every kind, and noise.

use proptest::prelude::*;
use prost::Message;
use refalt_rpc::proto::{CompressionType, DataType, Tensor, TensorChunk, tensor::Payload};
use refalt_rpc::tensor::{Array, Encoding, Limits, Packing, TensorError, Values, encode, whole};
use std::num::NonZeroUsize;

/// Writes the elements as Python's `repr` does, as far as the fixtures go.
fn texts(values: &Values) -> Vec<String> {
    fn all<T: std::fmt::Debug>(values: &[T]) -> Vec<String> {
        values.iter().map(|value| format!("{value:?}")).collect()
    }
    match values {
        Values::Float32(values) => values.iter().map(|&value| format!("{:?}", f64::from(value))).collect(),
        Values::Float64(values) => all(values),
        Values::Int8(values) => all(values),
        Values::Int32(values) => all(values),
        Values::Int64(values) => all(values),
        Values::Uint8(values) => all(values),
        Values::Uint32(values) => all(values),
        Values::Uint64(values) => all(values),
        Values::Bool(values) => values
            .iter()
            .map(|&value| if value { "True" } else { "False" }.to_owned())
            .collect(),
    }
}

#[test]
fn arrays_of_the_official_client_are_read_as_it_reads_them() {
    let mut count = 0;
    for line in crate::data("tensors.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let header = Tensor::decode(crate::bytes_of(cells[3]).as_slice()).unwrap();
        // A chunk of no bytes is a message of no bytes, so the empty cell is one chunk where chunks are asked for.
        let chunks = cells[4].split(',').filter(|_| cells[1] != "0");
        let chunks: Vec<TensorChunk> = chunks
            .map(|hex| TensorChunk::decode(crate::bytes_of(hex).as_slice()).unwrap())
            .collect();
        let array = whole(header, &chunks, Limits::default()).unwrap();
        assert_eq!(array.values().kind(), cells[5], "{line}");
        let shape: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
        assert_eq!(shape.join(","), cells[6], "{line}");
        let expected: Vec<&str> = cells[7].split(',').filter(|text| !text.is_empty()).collect();
        let found = texts(array.values());
        assert_eq!(found.len(), expected.len(), "{line}");
        for (found, expected) in found.iter().zip(expected) {
            let same = found == expected || found.parse::<f64>().ok() == expected.parse::<f64>().ok();
            assert!(same && !found.is_empty(), "{found} {expected}: {line}");
        }
        count += 1;
    }
    assert_eq!(count, 48);
}

fn packing() -> impl Strategy<Value = Encoding> {
    let packing = prop_oneof![Just(Packing::None), (1i32..4).prop_map(|level| Packing::Zstd { level })];
    (any::<bool>(), packing, prop::option::of(1usize..40)).prop_map(|(bfloat16, packing, chunk)| Encoding {
        bfloat16,
        packing,
        chunk_bytes: chunk.and_then(NonZeroUsize::new),
    })
}

fn values() -> impl Strategy<Value = Values> {
    fn list<T: Arbitrary + Clone>() -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(any::<T>(), 0..40)
    }
    prop_oneof![
        list::<f32>().prop_map(Values::Float32),
        list::<f64>().prop_map(Values::Float64),
        list::<i8>().prop_map(Values::Int8),
        list::<i32>().prop_map(Values::Int32),
        list::<i64>().prop_map(Values::Int64),
        list::<u8>().prop_map(Values::Uint8),
        list::<u32>().prop_map(Values::Uint32),
        list::<u64>().prop_map(Values::Uint64),
        list::<bool>().prop_map(Values::Bool),
    ]
}

/// Cuts the bytes of chunks anew, inside elements, too.
fn recut(chunks: &[TensorChunk], size: usize) -> Vec<TensorChunk> {
    let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.data.to_vec()).collect();
    let parts = bytes.chunks(size);
    parts
        .map(|part| TensorChunk {
            data: part.to_vec().into(),
            compression_type: 0,
        })
        .collect()
}

proptest! {
    #[test]
    fn arrays_come_back(values in values(), encoding in packing()) {
        let exact = Encoding { bfloat16: false, ..encoding };
        let array = Array::new(vec![values.len()], values).unwrap();
        let sent = encode(&array, exact).unwrap();
        // What is sent is a message and its bytes.
        let header = Tensor::decode(sent.header.encode_to_vec().as_slice()).unwrap();
        prop_assert_eq!(whole(header, &sent.chunks, Limits::default()).unwrap(), array);
    }

    #[test]
    fn chunks_may_end_inside_an_element(values in values(), size in 1usize..20) {
        let array = Array::new(vec![values.len()], values).unwrap();
        let encoding = Encoding { chunk_bytes: NonZeroUsize::new(16), ..Encoding::default() };
        let sent = encode(&array, encoding).unwrap();
        let chunks = recut(&sent.chunks, size);
        let header = Tensor {
            payload: Some(Payload::ChunkCount(chunks.len() as i64)),
            ..sent.header
        };
        prop_assert_eq!(whole(header, &chunks, Limits::default()).unwrap(), array);
    }

    #[test]
    fn bfloat16_comes_back_as_the_nearest_one(values in prop::collection::vec(any::<f32>(), 1..50), encoding in packing()) {
        let encoding = Encoding { bfloat16: true, ..encoding };
        let array = Array::new(vec![values.len()], Values::Float32(values.clone())).unwrap();
        let sent = encode(&array, encoding).unwrap();
        let found = whole(sent.header, &sent.chunks, Limits::default()).unwrap();
        let Values::Float32(found) = found.into_values() else { panic!() };
        for (found, value) in found.into_iter().zip(values) {
            // 8 bits of precision: half a last place is 2^-8 of the number at most, or half the least subnormal, 2^-134.
            let near = f64::from((found - value).abs()) <= f64::from(value.abs()) / 256.0 + 2f64.powi(-134);
            prop_assert!(near || !found.is_finite(), "{} {}", found, value);
        }
    }

    #[test]
    fn a_flipped_cut_or_surplus_byte_gives_an_error_or_an_array_of_the_shape(
        values in values(), encoding in packing(), at in any::<prop::sample::Index>(), how in 0u8..4, byte in any::<u8>()
    ) {
        let array = Array::new(vec![values.len()], values).unwrap();
        let mut sent = encode(&array, encoding).unwrap();
        let mut inside = match &sent.header.payload {
            Some(Payload::Array(chunk)) => vec![chunk.clone()],
            _ => sent.chunks.clone(),
        };
        let chunk = at.index(inside.len());
        let mut data = inside[chunk].data.to_vec();
        match how {
            0 if !data.is_empty() => { let index = at.index(data.len()); data[index] ^= byte | 1; }
            1 => { data.pop(); }
            2 => data.push(byte),
            _ => { inside.remove(chunk); }
        }
        if let Some(changed) = inside.get_mut(chunk).filter(|_| how < 3) {
            changed.data = data.into();
        }
        match &mut sent.header.payload {
            Some(Payload::Array(own)) => *own = inside.pop().unwrap_or_default(),
            _ => sent.chunks = inside,
        }
        if let Ok(found) = whole(sent.header, &sent.chunks, Limits::default()) {
            prop_assert_eq!(found.shape(), array.shape());
            prop_assert_eq!(found.values().len(), array.values().len());
        }
    }

    #[test]
    fn noise_is_refused_without_panic_and_without_memory(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(header) = Tensor::decode(bytes.as_slice()) {
            let _ = whole(header, &[], Limits::default());
        }
        for compression_type in [0, 1, 7] {
            let chunk = TensorChunk { data: bytes.clone().into(), compression_type };
            let header = Tensor { shape: vec![3], data_type: 2, payload: Some(Payload::Array(chunk)) };
            let _ = whole(header, &[], Limits::default());
        }
    }

    #[test]
    fn any_header_is_refused_or_read(shape in prop::collection::vec(any::<i32>(), 0..5), data_type in -1i32..13, count in any::<i64>()) {
        let header = Tensor { shape, data_type, payload: Some(Payload::ChunkCount(count)) };
        let _ = whole(header, &[], Limits::default());
    }
}

fn header(shape: &[i32], data_type: DataType, payload: Payload) -> Tensor {
    Tensor {
        shape: shape.to_vec(),
        data_type: data_type.into(),
        payload: Some(payload),
    }
}

fn plain(bytes: &[u8]) -> TensorChunk {
    TensorChunk {
        data: bytes.to_vec().into(),
        compression_type: CompressionType::None.into(),
    }
}

fn packed(bytes: Vec<u8>) -> TensorChunk {
    TensorChunk {
        data: bytes.into(),
        compression_type: CompressionType::Zstd.into(),
    }
}

#[test]
fn each_kind_of_damage_has_its_own_message() {
    let two = |chunks: i64| header(&[2], DataType::Float32, Payload::ChunkCount(chunks));
    let read = |header: Tensor, chunks: &[TensorChunk]| whole(header, chunks, Limits::default()).unwrap_err();
    let (four, five) = (plain(&[0; 4]), plain(&[0; 5]));
    for (error, message) in [
        (
            read(two(2), std::slice::from_ref(&four)),
            "the end came when chunk 2 of 2 was due",
        ),
        (read(two(1), std::slice::from_ref(&four)), "4 of 8 bytes arrived"),
        (read(two(2), &[four.clone(), five]), "9 bytes arrived for an array of 8"),
        (
            read(two(2), &[four.clone(), four.clone(), four.clone()]),
            "a chunk came when none was due",
        ),
        (read(two(9), &[]), "`9` chunks are announced for 8 bytes"),
        (read(two(-1), &[]), "`-1` chunks are announced for 8 bytes"),
        (read(two(0), &[]), "0 of 8 bytes arrived"),
        (
            read(header(&[2], DataType::Float32, Payload::Array(four.clone())), &[]),
            "4 of 8 bytes arrived",
        ),
        (
            read(
                header(&[1], DataType::Float32, Payload::Array(four.clone())),
                std::slice::from_ref(&four),
            ),
            "a chunk came when none was due",
        ),
        (
            read(header(&[1], DataType::Unspecified, Payload::Array(four.clone())), &[]),
            "data type `0` is not one of 1 to 11",
        ),
        (
            read(header(&[-1], DataType::Float32, Payload::Array(four.clone())), &[]),
            "the shape [-1] has a negative size",
        ),
        (
            read(header(&[i32::MAX; 4], DataType::Int8, Payload::ChunkCount(1)), &[]),
            "an array of shape [2147483647, 2147483647, 2147483647, 2147483647] is larger than the 17179869184 bytes \
             that are allowed",
        ),
        (
            read(header(&[1], DataType::Bool, Payload::Array(plain(&[2]))), &[]),
            "a truth value is `2`, neither 0 nor 1",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn zstd_frames_are_whole_single_and_of_a_stated_size() {
    let one = |chunk: TensorChunk| {
        whole(
            header(&[2], DataType::Float32, Payload::Array(chunk)),
            &[],
            Limits::default(),
        )
    };
    let frame = zstd::bulk::compress(&[7; 8], 3).unwrap();
    assert!(one(packed(frame.clone())).is_ok());
    // The streaming encoder does not know the size when it writes the header.
    let streamed = zstd::encode_all(&[7u8; 8][..], 3).unwrap();
    assert_eq!(one(packed(streamed)), Err(TensorError::FrameSize));
    let twice = [frame.clone(), frame.clone()].concat();
    assert_eq!(
        one(packed(twice)),
        Err(TensorError::FrameTrailing { bytes: frame.len() })
    );
    let larger = zstd::bulk::compress(&[7; 9], 3).unwrap();
    let surplus = TensorError::Surplus {
        found_bytes: 9,
        expected_bytes: 8,
    };
    assert_eq!(one(packed(larger)), Err(surplus));
    assert!(matches!(
        one(packed(frame[..frame.len() - 1].to_vec())),
        Err(TensorError::Frame { .. })
    ));
    assert!(matches!(one(packed(Vec::new())), Err(TensorError::Frame { .. })));
}

#[test]
fn a_header_of_a_few_bytes_takes_no_memory_ahead_of_its_chunks() {
    // 8 GiB are announced, none arrives; room is taken for 256 MiB at most, and that is not touched.
    let announced = header(&[1 << 16, 1 << 15], DataType::Float32, Payload::ChunkCount(4));
    let error = whole(announced, &[plain(&[0; 4])], Limits::default()).unwrap_err();
    assert!(matches!(error, TensorError::ChunkMissing { .. }));
}
