//! The arrays of a `.safetensors` file: 8 bytes header length, a JSON header, little-endian data.

use serde_json::Value;

pub(super) struct Tensors {
    header: Value,
    data: Vec<u8>,
}

impl Tensors {
    pub(super) fn read(name: &str) -> Self {
        let bytes = std::fs::read(super::path(&format!("{name}.safetensors"))).unwrap();
        let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
        let (header, data) = rest.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
        Self {
            header: serde_json::from_slice(header).unwrap(),
            data: data.to_vec(),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.header.as_object().unwrap().keys().map(String::as_str)
    }

    fn raw<const BYTES: usize>(&self, name: &str, dtype: &str) -> (Vec<usize>, impl Iterator<Item = [u8; BYTES]>) {
        let entry = &self.header[name];
        assert_eq!(entry["dtype"], dtype, "{name}");
        let numbers = |key: &str| -> Vec<usize> { super::items(&entry[key]).iter().map(super::number).collect() };
        let (shape, offsets) = (numbers("shape"), numbers("data_offsets"));
        let part = &self.data[offsets[0]..offsets[1]];
        assert_eq!(part.len(), shape.iter().product::<usize>() * BYTES, "{name}");
        let values = part.chunks_exact(BYTES).map(|chunk| chunk.try_into().unwrap());
        (shape, values)
    }

    /// Returns the shape and the values of an F32 array, row-major.
    pub(super) fn f32(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (shape, values) = self.raw(name, "F32");
        (shape, values.map(f32::from_le_bytes).collect())
    }

    /// Returns the shape and the values of an F16 array, row-major.
    pub(super) fn f16(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (shape, values) = self.raw(name, "F16");
        let wide = |bytes: [u8; 2]| {
            // IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
            let bits = u16::from_le_bytes(bytes);
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023) / 1024.0);
            let size = match exponent {
                0 => fraction * 2f32.powi(-14),
                31 if fraction == 0.0 => f32::INFINITY,
                31 => f32::NAN,
                _ => (1.0 + fraction) * 2f32.powi(exponent - 15),
            };
            if bits >> 15 == 1 { -size } else { size }
        };
        (shape, values.map(wide).collect())
    }

    /// Returns the shape and the values of an I16 array, row-major.
    pub(super) fn i16(&self, name: &str) -> (Vec<usize>, Vec<i16>) {
        let (shape, values) = self.raw(name, "I16");
        (shape, values.map(i16::from_le_bytes).collect())
    }
}
