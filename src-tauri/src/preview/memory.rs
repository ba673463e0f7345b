//! The memory of the processes that show pages. WebKit watches it by itself, but not while a script runs, and a
//! script that does nothing but fill memory could exhaust a small computer before its silence is noticed.

use std::fs;
use std::path::Path;

const PAGE_PROCESS: &str = "WebKitWebProces";
/// What a page may use. WebKit's own watch has the same limit.
pub const MOST_MB: u32 = 2048;

/// Whether a page's process has taken too much. Which page that is cannot be told; of the ones that are silent,
/// it is the one that computes.
pub fn is_exceeded() -> bool {
    largest_kb().is_some_and(|kb| kb > u64::from(MOST_MB) * 1024)
}

/// The resident memory of the largest page process of this app.
fn largest_kb() -> Option<u64> {
    // A child is listed at the thread that started it.
    fs::read_dir("/proc/self/task")
        .ok()?
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|children| {
            let pages = children.split_whitespace().filter_map(page_process_kb);
            pages.collect::<Vec<_>>()
        })
        .max()
}

fn page_process_kb(process: &str) -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(process).join("status")).ok()?;
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let resident = field("VmRSS:")?.trim().strip_suffix("kB")?;
    (field("Name:")?.trim() == PAGE_PROCESS).then(|| resident.trim().parse().ok())?
}
