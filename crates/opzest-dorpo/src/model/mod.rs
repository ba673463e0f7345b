//! The frozen base model, read from the same GGUF file that the runtime serves. It keeps the tensors as the file has
//! them; [`crate::engine`] makes of them what its kernels read. Everything that training does not know is refused by
//! name before any work starts.

mod config;
mod error;
mod matrix;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fs::File, io::BufReader, panic::AssertUnwindSafe, path::Path};

use candle_core::{Device, quantized::gguf_file::Content};

pub use config::{Architecture, ModelConfig, RopePairs};
pub use error::ModelError;
pub use matrix::{BLOCK_ROWS, Matrix};

#[derive(Debug)]
pub struct BaseModel {
    pub config: ModelConfig,
    /// Shape `[vocabulary, hidden]`.
    pub embedding: Matrix,
    /// Shape `[vocabulary, hidden]`; none: the embedding serves.
    pub output: Option<Matrix>,
    /// Shape `[hidden]`.
    pub output_norm: Vec<f32>,
    pub layers: Vec<Layer>,
    /// Llama 3.x: each pair's turning speed is divided by it. Shape `[head_dim / 2]`.
    pub rope_divisors: Option<Vec<f32>>,
}

/// Matrices have the shape `[out, in]`.
#[derive(Debug)]
pub struct Layer {
    pub attention_norm: Vec<f32>,
    pub q: Projection,
    pub k: Projection,
    pub v: Projection,
    /// qwen3: the norm of each head's query and key. Shape `[head_dim]`.
    pub qk_norm: Option<(Vec<f32>, Vec<f32>)>,
    pub o: Matrix,
    pub feed_forward_norm: Vec<f32>,
    pub gate: Matrix,
    pub up: Matrix,
    pub down: Matrix,
}

#[derive(Debug)]
pub struct Projection {
    pub weight: Matrix,
    /// qwen2. Shape `[out]`.
    pub bias: Option<Vec<f32>>,
}

impl BaseModel {
    /// # Errors
    /// The file cannot be read, is damaged, or holds something that training does not know.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(|source| ModelError::Io {
            path: path.to_owned(),
            source,
        })?;
        let mut file = BufReader::new(file);
        let broken = |reason: String| ModelError::Gguf {
            path: path.to_owned(),
            reason,
        };
        // candle divides by the file's `general.alignment`, which damage can make 0.
        let content = std::panic::catch_unwind(AssertUnwindSafe(|| Content::read(&mut file)))
            .map_err(|_| broken("its header makes no sense".to_owned()))?
            .map_err(|error| broken(error.to_string()))?;
        let config = ModelConfig::read(path, &content.metadata)?;
        Tensors {
            path,
            file,
            content,
            read: BTreeSet::new(),
        }
        .model(config)
    }

    /// Numbers in the layers' matrices.
    pub fn layer_parameters(&self) -> usize {
        self.matrices()
            .map(|matrix| matrix.rows * matrix.columns)
            .sum()
    }

    /// Whether nothing of it is rounded to fewer bits.
    pub fn is_f32(&self) -> bool {
        let ends = self.output.iter().chain([&self.embedding]);
        self.matrices().chain(ends).all(Matrix::is_f32)
    }

    /// Those of the layers.
    fn matrices(&self) -> impl Iterator<Item = &Matrix> {
        self.layers.iter().flat_map(|l| {
            [
                &l.q.weight,
                &l.k.weight,
                &l.v.weight,
                &l.o,
                &l.gate,
                &l.up,
                &l.down,
            ]
        })
    }
}

struct Tensors<'a> {
    path: &'a Path,
    file: BufReader<File>,
    content: Content,
    read: BTreeSet<String>,
}

impl Tensors<'_> {
    fn model(mut self, config: ModelConfig) -> Result<BaseModel, ModelError> {
        let (vocabulary, hidden) = (config.vocabulary, config.hidden);
        let embedding = self.matrix("token_embd.weight", vocabulary, hidden)?;
        let output = match self.has("output.weight") {
            true => Some(self.matrix("output.weight", vocabulary, hidden)?),
            false => None,
        };
        let output_norm = self.vector("output_norm.weight", hidden)?;
        let rope_divisors = self.optional_vector("rope_freqs.weight", config.head_dim / 2)?;
        if rope_divisors
            .as_ref()
            .is_some_and(|divisors| divisors.iter().any(|divisor| *divisor <= 0.0))
        {
            return Err(ModelError::tensor(
                self.path,
                "rope_freqs.weight",
                "holds divisors that are not positive",
            ));
        }
        let layers = (0..config.layers)
            .map(|index| self.layer(&config, index))
            .collect::<Result<_, _>>()?;
        // Something left over would change what the model computes: better refused than silently left out.
        if let Some(name) = self
            .content
            .tensor_infos
            .keys()
            .find(|name| !self.read.contains(*name))
        {
            return Err(ModelError::tensor(
                self.path,
                name,
                "is not known to training",
            ));
        }
        Ok(BaseModel {
            config,
            embedding,
            output,
            output_norm,
            layers,
            rope_divisors,
        })
    }

    fn layer(&mut self, config: &ModelConfig, index: usize) -> Result<Layer, ModelError> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let (hidden, feed_forward) = (config.hidden, config.feed_forward);
        let (query, kv) = (config.query_size(), config.kv_size());
        let mut projection = |part: &str, out: usize| {
            Ok::<_, ModelError>(Projection {
                weight: self.matrix(&name(&format!("{part}.weight")), out, hidden)?,
                bias: self.optional_vector(&name(&format!("{part}.bias")), out)?,
            })
        };
        let (q, k, v) = (
            projection("attn_q", query)?,
            projection("attn_k", kv)?,
            projection("attn_v", kv)?,
        );
        let qk_norm = match config.architecture {
            Architecture::Qwen3 => Some((
                self.vector(&name("attn_q_norm.weight"), config.head_dim)?,
                self.vector(&name("attn_k_norm.weight"), config.head_dim)?,
            )),
            Architecture::Llama | Architecture::Qwen2 => None,
        };
        Ok(Layer {
            attention_norm: self.vector(&name("attn_norm.weight"), hidden)?,
            q,
            k,
            v,
            qk_norm,
            o: self.matrix(&name("attn_output.weight"), hidden, query)?,
            feed_forward_norm: self.vector(&name("ffn_norm.weight"), hidden)?,
            gate: self.matrix(&name("ffn_gate.weight"), feed_forward, hidden)?,
            up: self.matrix(&name("ffn_up.weight"), feed_forward, hidden)?,
            down: self.matrix(&name("ffn_down.weight"), hidden, feed_forward)?,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn tensor(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> Result<candle_core::quantized::QTensor, ModelError> {
        let wrong = |problem: String| ModelError::tensor(self.path, name, problem);
        let info = self
            .content
            .tensor_infos
            .get(name)
            .ok_or_else(|| wrong("is missing".to_owned()))?;
        if info.shape.dims() != shape {
            return Err(wrong(format!(
                "has the shape {:?}, and the settings say {shape:?}",
                info.shape.dims()
            )));
        }
        self.read.insert(name.to_owned());
        info.read(
            &mut self.file,
            self.content.tensor_data_offset,
            &Device::Cpu,
        )
        .map_err(|error| wrong(error.to_string()))
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Matrix, ModelError> {
        let tensor = self.tensor(name, &[rows, columns])?;
        Matrix::split(self.path, name, &tensor)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, ModelError> {
        let numbers = self
            .tensor(name, &[length])?
            .dequantize(&Device::Cpu)
            .and_then(|tensor| tensor.to_vec1::<f32>())
            .map_err(|error| ModelError::tensor(self.path, name, error.to_string()))?;
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(ModelError::tensor(
                self.path,
                name,
                "holds values that are not numbers",
            ));
        }
        Ok(numbers)
    }

    fn optional_vector(
        &mut self,
        name: &str,
        length: usize,
    ) -> Result<Option<Vec<f32>>, ModelError> {
        if self.has(name) {
            self.vector(name, length).map(Some)
        } else {
            Ok(None)
        }
    }
}
