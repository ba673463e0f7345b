//! Defaults for the computer that the app runs on. Everything here can be changed in the settings.

use crate::local::info::ModelFileInfo;
use crate::local::protocol::LoadOptions;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Fewer tokens than this are no conversation; more than this is rarely used and slow to read.
const CONTEXT_RANGE: std::ops::RangeInclusive<u32> = 512..=8192;

/// llama.cpp rounds contexts up to this.
const CONTEXT_STEP: u32 = 256;

/// Buffers for the computation besides the attention matrix: activations, logits, code.
const COMPUTE_BYTES: u64 = 96 << 20;

/// Rows of one decode, for which the attention matrix (rows, heads, context) is kept in f32.
const ROWS: u64 = 512;

/// One part in this many of the memory that the weights leave free may go to caches and attention.
const CONTEXT_SHARE: u64 = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub processor: String,
    pub physical_cores: u32,
    pub logical_cores: u32,
    pub memory_bytes: u64,
    pub available_bytes: u64,
}

impl Machine {
    /// Looks at this computer; `available_bytes` is of this moment. What the system does not tell is
    /// 0 or 1.
    pub fn detect() -> Self {
        let logical = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        let physical = System::physical_core_count().map_or(logical, |n| n as u32);
        let wanted = RefreshKind::nothing()
            .with_memory(MemoryRefreshKind::nothing().with_ram())
            .with_cpu(CpuRefreshKind::nothing());
        let system = System::new_with_specifics(wanted).ok();
        let brand = |system: &System| {
            system
                .cpus()
                .first()
                .map(|cpu| cpu.brand().trim().to_owned())
        };
        Self {
            processor: system.as_ref().and_then(brand).unwrap_or_default(),
            physical_cores: physical.clamp(1, logical),
            logical_cores: logical,
            memory_bytes: system.as_ref().map_or(0, System::total_memory),
            available_bytes: system.as_ref().map_or(0, System::available_memory),
        }
    }
}

/// What the user chose; `None` leaves it to [`choose`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadChoices {
    pub threads: Option<u32>,
    pub context_size: Option<u32>,
    pub sequences: Option<u32>,
    pub memory_map: Option<bool>,
}

/// Physical cores (a second hyperthread costs more than it gives), memory map, two sequences, and the
/// longest context up to 8,192 tokens that fits in a quarter of what the weights leave free.
pub fn choose(machine: &Machine, model: &ModelFileInfo, choices: LoadChoices) -> LoadOptions {
    let sequences = choices.sequences.unwrap_or(2).max(1);
    let left = machine
        .available_bytes
        .saturating_sub(model.file_bytes + COMPUTE_BYTES);
    let per_token = context_bytes(model, 1, sequences).max(1);
    let affordable = u32::try_from(left / CONTEXT_SHARE / per_token).unwrap_or(u32::MAX);
    let trained = if model.trained_context == 0 {
        *CONTEXT_RANGE.end()
    } else {
        model.trained_context
    };
    let longest = affordable
        .min(*CONTEXT_RANGE.end())
        .max(*CONTEXT_RANGE.start())
        .min(trained.next_multiple_of(CONTEXT_STEP));
    let longest = longest - longest % CONTEXT_STEP;
    let context_size = choices.context_size.map_or(longest, |wanted| {
        wanted.clamp(CONTEXT_STEP, trained.max(CONTEXT_STEP))
    });
    LoadOptions {
        threads: choices
            .threads
            .unwrap_or(machine.physical_cores)
            .clamp(1, 512),
        context_size: context_size.next_multiple_of(CONTEXT_STEP),
        sequences,
        memory_map: choices.memory_map.unwrap_or(true),
    }
}

/// Memory that a model needs with these options, in bytes: weights, caches and buffers.
pub fn needed_bytes(model: &ModelFileInfo, options: &LoadOptions) -> u64 {
    model
        .file_bytes
        .saturating_add(COMPUTE_BYTES)
        .saturating_add(context_bytes(
            model,
            options.context_size,
            options.sequences,
        ))
}

/// What a context of this size costs: the caches of all sequences, and one attention matrix.
fn context_bytes(model: &ModelFileInfo, context_size: u32, sequences: u32) -> u64 {
    let cache = model
        .cache_bytes_per_token
        .saturating_mul(u64::from(sequences));
    let attention = u64::from(model.heads) * ROWS * 4;
    cache
        .saturating_add(attention)
        .saturating_mul(u64::from(context_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(available_bytes: u64) -> Machine {
        Machine {
            processor: "test".into(),
            physical_cores: 4,
            logical_cores: 8,
            memory_bytes: 16 << 30,
            available_bytes,
        }
    }

    fn model() -> ModelFileInfo {
        ModelFileInfo {
            architecture: "llama".into(),
            name: None,
            licence: None,
            file_bytes: 98_362_432,
            parameters: 135_000_000,
            quantisation: "Q4_1".into(),
            trained_context: 8192,
            layers: 30,
            heads: 9,
            vocabulary: 49152,
            has_chat_template: true,
            cache_bytes_per_token: 23_040,
        }
    }

    #[test]
    fn a_roomy_computer_gets_physical_cores_and_the_whole_context() {
        let options = choose(&machine(8 << 30), &model(), LoadChoices::default());
        assert_eq!(
            options,
            LoadOptions {
                threads: 4,
                context_size: 8192,
                sequences: 2,
                memory_map: true
            }
        );
        assert!(needed_bytes(&model(), &options) < 1 << 30);
    }

    #[test]
    fn a_small_computer_gets_a_shorter_context() {
        let options = choose(&machine(450 << 20), &model(), LoadChoices::default());
        assert_eq!(options.context_size, 1024, "64 MB at 64,512 bytes a token");
    }

    #[test]
    fn the_users_choice_wins_within_what_the_model_can() {
        let choices = LoadChoices {
            threads: Some(1),
            context_size: Some(1_000_000),
            sequences: Some(1),
            memory_map: Some(false),
        };
        let options = choose(&machine(8 << 30), &model(), choices);
        assert_eq!(
            options,
            LoadOptions {
                threads: 1,
                context_size: 8192,
                sequences: 1,
                memory_map: false
            }
        );
    }
}
