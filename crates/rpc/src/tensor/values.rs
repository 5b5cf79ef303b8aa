//! Arrays in memory.

use super::TensorError;
use super::sixteen_bit::{from_bfloat16_bits, from_float16_bits};
use crate::proto::DataType;

/// The elements of an array, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 32-bit floats, and 16-bit floats of both kinds, widened.
    Float32(Vec<f32>),
    /// 64-bit floats.
    Float64(Vec<f64>),
    /// Signed, 8 bits.
    Int8(Vec<i8>),
    /// Signed, 32 bits.
    Int32(Vec<i32>),
    /// Signed, 64 bits.
    Int64(Vec<i64>),
    /// Unsigned, 8 bits.
    Uint8(Vec<u8>),
    /// Unsigned, 32 bits.
    Uint32(Vec<u32>),
    /// Unsigned, 64 bits.
    Uint64(Vec<u64>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Values {
    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Float32(values) => values.len(),
            Self::Float64(values) => values.len(),
            Self::Int8(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::Uint8(values) => values.len(),
            Self::Uint32(values) => values.len(),
            Self::Uint64(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// Says whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the name of the type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
            Self::Int8(_) => "int8",
            Self::Int32(_) => "int32",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint32(_) => "uint32",
            Self::Uint64(_) => "uint64",
            Self::Bool(_) => "bool",
        }
    }
}

/// An array with its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

impl Array {
    /// Makes an array, `None` when the shape has another number of elements or an axis does not fit 31 bits.
    pub fn new(shape: Vec<usize>, values: Values) -> Option<Self> {
        let elements = shape.iter().try_fold(1usize, |all, &axis| all.checked_mul(axis))?;
        let fits = shape.iter().all(|&axis| i32::try_from(axis).is_ok());
        (fits && elements == values.len()).then_some(Self { shape, values })
    }

    /// Returns the size along each axis; none for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the elements, row-major.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Takes the elements, row-major.
    pub fn into_values(self) -> Values {
        self.values
    }
}

/// Returns the bytes of an element.
pub(super) const fn element_bytes(kind: DataType) -> Option<usize> {
    match kind {
        DataType::Unspecified => None,
        DataType::Int8 | DataType::Uint8 | DataType::Bool => Some(1),
        DataType::Bfloat16 | DataType::Float16 => Some(2),
        DataType::Float32 | DataType::Int32 | DataType::Uint32 => Some(4),
        DataType::Float64 | DataType::Int64 | DataType::Uint64 => Some(8),
    }
}

/// Elements under way from bytes.
#[derive(Debug)]
pub(super) struct Growing {
    kind: DataType,
    values: Values,
}

impl Growing {
    /// Opens the elements of a type, with room for all of them.
    pub(super) fn new(kind: DataType, elements: usize) -> Result<Self, TensorError> {
        fn room<T>(elements: usize) -> Result<Vec<T>, TensorError> {
            let mut values = Vec::new();
            let bytes = elements.saturating_mul(size_of::<T>());
            values
                .try_reserve_exact(elements)
                .map_err(|_| TensorError::Memory { bytes })?;
            Ok(values)
        }
        let values = match kind {
            DataType::Unspecified => return Err(TensorError::DataType { found: 0 }),
            DataType::Bfloat16 | DataType::Float16 | DataType::Float32 => Values::Float32(room(elements)?),
            DataType::Float64 => Values::Float64(room(elements)?),
            DataType::Int8 => Values::Int8(room(elements)?),
            DataType::Int32 => Values::Int32(room(elements)?),
            DataType::Int64 => Values::Int64(room(elements)?),
            DataType::Uint8 => Values::Uint8(room(elements)?),
            DataType::Uint32 => Values::Uint32(room(elements)?),
            DataType::Uint64 => Values::Uint64(room(elements)?),
            DataType::Bool => Values::Bool(room(elements)?),
        };
        Ok(Self { kind, values })
    }

    /// Adds whole elements from their bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), TensorError> {
        fn extend<const N: usize, T>(values: &mut Vec<T>, bytes: &[u8], read: impl Fn([u8; N]) -> T) {
            let (elements, _) = bytes.as_chunks::<N>();
            values.extend(elements.iter().map(|&element| read(element)));
        }
        match (&mut self.values, self.kind) {
            (Values::Float32(values), DataType::Bfloat16) => {
                extend(values, bytes, |b: [u8; 2]| from_bfloat16_bits(u16::from_le_bytes(b)));
            }
            (Values::Float32(values), DataType::Float16) => {
                extend(values, bytes, |b: [u8; 2]| from_float16_bits(u16::from_le_bytes(b)));
            }
            (Values::Float32(values), _) => extend(values, bytes, f32::from_le_bytes),
            (Values::Float64(values), _) => extend(values, bytes, f64::from_le_bytes),
            (Values::Int8(values), _) => extend(values, bytes, i8::from_le_bytes),
            (Values::Int32(values), _) => extend(values, bytes, i32::from_le_bytes),
            (Values::Int64(values), _) => extend(values, bytes, i64::from_le_bytes),
            (Values::Uint8(values), _) => values.extend_from_slice(bytes),
            (Values::Uint32(values), _) => extend(values, bytes, u32::from_le_bytes),
            (Values::Uint64(values), _) => extend(values, bytes, u64::from_le_bytes),
            (Values::Bool(values), _) => {
                if let Some(&found) = bytes.iter().find(|&&byte| byte > 1) {
                    return Err(TensorError::Bool { found });
                }
                values.extend(bytes.iter().map(|&byte| byte == 1));
            }
        }
        Ok(())
    }

    /// Returns the elements.
    pub(super) fn finish(self) -> Values {
        self.values
    }
}
