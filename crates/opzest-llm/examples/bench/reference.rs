//! llama.cpp measured as its own `llama-bench` does (`test_prompt` and `test_gen` in
//! tools/llama-bench/llama-bench.cpp): random tokens, decodes only, no sampling; in a fresh process.

use crate::Speed;
use anyhow::{Context, Result};
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2::{LLAMA_FLASH_ATTN_TYPE_AUTO, LLAMA_FLASH_ATTN_TYPE_DISABLED};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Runs one measurement in a process of its own. `flash` lets llama.cpp choose flash attention, as it does
/// by default; without it the context is set up as our worker's (and as llama-bench's default).
pub fn run(path: &Path, threads: u32, prompt: u32, answer: u32, flash: bool) -> Result<Speed> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--reference")
        .arg(path)
        .args([threads, prompt, answer, flash.into()].map(|number| number.to_string()))
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || {
        numbers
            .next()
            .context("the reference printed too little")?
            .context("a number")
    };
    Ok(Speed {
        reading: next()?,
        writing: next()?,
    })
}

/// The child's side: prints reading and writing speed.
pub fn print(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut next = || {
        arguments
            .next()
            .context("--reference MODEL THREADS PROMPT ANSWER FLASH")
    };
    let path = next()?;
    let threads: i32 = next()?.parse()?;
    let (prompt, answer): (u32, u32) = (next()?.parse()?, next()?.parse()?);
    let flash = match next()?.as_str() {
        "1" => LLAMA_FLASH_ATTN_TYPE_AUTO,
        _ => LLAMA_FLASH_ATTN_TYPE_DISABLED,
    };
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let params = LlamaModelParams::default().with_n_gpu_layers(0);
    let model = LlamaModel::load_from_file(&backend, &path, &params)?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(2048))
        .with_n_batch(2048)
        .with_n_ubatch(512)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_flash_attention_policy(flash);
    let mut context = model.new_context(&backend, params)?;
    let mut seed = 12345u32;
    let vocabulary = model.n_vocab() as u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        LlamaToken::new(((seed >> 8) % vocabulary) as i32)
    };
    let mut batch = LlamaBatch::new(2048, 1);
    let mut decode = |start: u32, count: u32| -> Result<()> {
        batch.clear();
        for position in start..start + count {
            batch.add(
                random(),
                position as i32,
                &[0],
                position + 1 == start + count,
            )?;
        }
        context.decode(&mut batch)?;
        context.synchronize();
        Ok(())
    };
    // llama-bench's warm-up: one decode whose result is overwritten.
    decode(0, 1)?;
    let started = Instant::now();
    decode(1, prompt)?;
    let reading = started.elapsed();
    let started = Instant::now();
    for step in 0..answer {
        decode(1 + prompt + step, 1)?;
    }
    let writing = started.elapsed();
    println!(
        "{} {}",
        f64::from(prompt) / reading.as_secs_f64(),
        f64::from(answer) / writing.as_secs_f64()
    );
    Ok(())
}
