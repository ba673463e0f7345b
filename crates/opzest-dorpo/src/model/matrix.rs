//! A weight matrix as the file stores it, dequantised a block of rows at a time.

use std::{borrow::Cow, path::Path, sync::Arc};

use candle_core::{
    Device,
    quantized::{GgmlDType, QStorage, QTensor},
};

use super::ModelError;

/// Rows per block: what is dequantised at a time, by one thread.
pub const BLOCK_ROWS: usize = 48;

/// Shape `[rows, columns]`, in the file's own type; a clone shares the numbers.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub name: String,
    pub rows: usize,
    pub columns: usize,
    blocks: Arc<[QTensor]>,
}

impl Matrix {
    pub(super) fn split(path: &Path, name: &str, tensor: &QTensor) -> Result<Self, ModelError> {
        let wrong = |problem: String| ModelError::tensor(path, name, problem);
        let (rows, columns) = tensor
            .shape()
            .dims2()
            .map_err(|_| wrong("is no matrix".to_owned()))?;
        let dtype = tensor.dtype();
        if !columns.is_multiple_of(dtype.block_size()) {
            return Err(wrong(format!(
                "has rows of {columns} numbers, no whole blocks of its type {dtype:?}"
            )));
        }
        let row_bytes = columns / dtype.block_size() * dtype.type_size();
        let data = tensor.data().map_err(|error| wrong(error.to_string()))?;
        let blocks = data
            .chunks(row_bytes * BLOCK_ROWS)
            .map(|chunk| block(chunk, dtype, chunk.len() / row_bytes, columns))
            .collect::<candle_core::Result<_>>()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            rows,
            columns,
            blocks,
        })
    }

    pub fn is_f32(&self) -> bool {
        self.blocks
            .iter()
            .all(|block| block.dtype() == GgmlDType::F32)
    }

    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.blocks.iter().map(QTensor::storage_size_in_bytes).sum()
    }

    /// The rows `[48 * index, 48 * (index + 1))` as far as there are any, row-major. Numbers that are not finite are
    /// the file's damage, and reported as `Err` with what is wrong.
    pub fn block(&self, index: usize) -> Result<Vec<f32>, String> {
        let numbers = self.blocks[index]
            .dequantize(&Device::Cpu)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1::<f32>())
            .map_err(|error| format!("the tensor {} cannot be read: {error}", self.name))?;
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(format!(
                "the tensor {} holds values that are not numbers; the model file is damaged",
                self.name
            ))
        }
    }
}

fn block(
    bytes: &[u8],
    dtype: GgmlDType,
    rows: usize,
    columns: usize,
) -> candle_core::Result<QTensor> {
    QTensor::new(
        QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, dtype)?,
        (rows, columns),
    )
}
