//! Measures how small traces become and how fast. Usage: measure_traces FILE
//!
//! FILE is what the example `record_traces` of opzest-llm writes.

use opzest_core::trace::{TokenRecord, TokenTrace};
use opzest_store::{decode_trace, encode_trace};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args()
        .nth(1)
        .ok_or("usage: measure_traces FILE")?;
    let generations: Vec<Vec<TokenTrace>> = postcard::from_bytes(&std::fs::read(file)?)?;
    for traces in generations {
        let tokens = traces.len();
        let candidates: usize = traces.iter().map(|trace| trace.top.len()).sum();
        let records: Vec<_> = traces.into_iter().map(TokenRecord::Traced).collect();
        const ROUNDS: u32 = 20;
        let started = Instant::now();
        let mut bytes = Vec::new();
        for _ in 0..ROUNDS {
            bytes = encode_trace(&records)?;
        }
        let encoding = started.elapsed() / ROUNDS;
        let started = Instant::now();
        for _ in 0..ROUNDS {
            decode_trace(&bytes)?;
        }
        let decoding = started.elapsed() / ROUNDS;
        println!(
            "{tokens} tokens with {:.1} candidates: {:.1} bytes a token; {:.1} µs to write, {:.1} µs to read a token",
            candidates as f64 / tokens as f64,
            bytes.len() as f64 / tokens as f64,
            encoding.as_secs_f64() * 1e6 / tokens as f64,
            decoding.as_secs_f64() * 1e6 / tokens as f64,
        );
    }
    Ok(())
}
