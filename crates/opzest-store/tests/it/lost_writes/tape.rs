//! Everything that was done to the files of a folder, in order, and what a disk may hold of it when the
//! power goes.
//!
//! A disk keeps what was synced. Of the rest it keeps any part: each sector of each write may have arrived,
//! or not, or only its beginning; a file's name is safe once its folder was synced after it was made, and a
//! deletion likewise. Renaming is left out: SQLite does not rename.

use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

/// A file, whatever it is called.
pub(crate) type Inode = usize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Create {
        name: String,
        inode: Inode,
    },
    Delete {
        name: String,
    },
    Write {
        inode: Inode,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: Inode,
        size: usize,
    },
    Sync {
        inode: Inode,
    },
    SyncFolder,
}

#[derive(Debug, Default)]
pub(crate) struct Tape {
    ops: Vec<Op>,
    names: BTreeMap<String, Inode>,
    inodes: usize,
}

impl Tape {
    pub(crate) fn ops(&self) -> &[Op] {
        &self.ops
    }

    pub(crate) fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// The file of this name, and whether it was made just now.
    pub(crate) fn open(&mut self, name: &str) -> (Inode, bool) {
        if let Some(&inode) = self.names.get(name) {
            return (inode, false);
        }
        let inode = self.inodes;
        self.inodes += 1;
        self.names.insert(name.to_owned(), inode);
        self.push(Op::Create {
            name: name.to_owned(),
            inode,
        });
        (inode, true)
    }

    pub(crate) fn delete(&mut self, name: &str, sync_folder: bool) {
        if self.names.remove(name).is_some() {
            self.push(Op::Delete {
                name: name.to_owned(),
            });
        }
        if sync_folder {
            self.push(Op::SyncFolder);
        }
    }
}

/// How much of what was not synced is there after the cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keeps {
    Nothing,
    /// As after a killed process.
    Everything,
    /// This share of the sectors of this size, some of them torn.
    Some {
        share: f64,
        sector: usize,
    },
}

impl Keeps {
    pub(crate) fn random(rng: &mut StdRng) -> Self {
        match rng.random_range(0..8) {
            0 | 1 => Self::Nothing,
            2 => Self::Everything,
            _ => Self::Some {
                share: rng.random_range(0.05..0.95),
                sector: if rng.random() { 512 } else { 4096 },
            },
        }
    }

    fn keeps(self, rng: &mut StdRng) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Some { share, .. } => rng.random_bool(share),
        }
    }
}

/// The files that are there when the power goes after these operations.
pub(crate) fn survivors(ops: &[Op], keeps: Keeps, rng: &mut StdRng) -> BTreeMap<String, Vec<u8>> {
    let names = surviving_names(ops, keeps, rng);
    let file = |(name, inode)| (name, surviving_file(ops, inode, keeps, rng));
    names.into_iter().map(file).collect()
}

fn surviving_names(ops: &[Op], keeps: Keeps, rng: &mut StdRng) -> BTreeMap<String, Inode> {
    let synced = ops.iter().rposition(|op| *op == Op::SyncFolder);
    let mut names = BTreeMap::new();
    let mut lost = Vec::<&str>::new();
    for (at, op) in ops.iter().enumerate() {
        let (name, inode) = match op {
            Op::Create { name, inode } => (name, Some(*inode)),
            Op::Delete { name } => (name, None),
            Op::Write { .. } | Op::Truncate { .. } | Op::Sync { .. } | Op::SyncFolder => continue,
        };
        // What happens to a name later cannot be there without what happened to it before.
        if synced.is_none_or(|synced| at > synced) && (lost.contains(&&**name) || !keeps.keeps(rng))
        {
            lost.push(name);
            continue;
        }
        match inode {
            Some(inode) => names.insert(name.clone(), inode),
            None => names.remove(name),
        };
    }
    names
}

fn surviving_file(ops: &[Op], wanted: Inode, keeps: Keeps, rng: &mut StdRng) -> Vec<u8> {
    let synced = ops
        .iter()
        .rposition(|op| *op == Op::Sync { inode: wanted })
        .unwrap_or(0);
    let mut file = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Write {
                inode,
                at: offset,
                bytes,
            } if *inode == wanted => {
                if at < synced {
                    put(&mut file, *offset, bytes);
                } else {
                    put_some(&mut file, *offset, bytes, keeps, rng);
                }
            }
            Op::Truncate { inode, size } if *inode == wanted => {
                if at < synced || keeps.keeps(rng) {
                    file.resize(*size, 0);
                }
            }
            Op::Write { .. } | Op::Truncate { .. } | Op::Create { .. } | Op::Delete { .. } => {}
            Op::Sync { .. } | Op::SyncFolder => {}
        }
    }
    file
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

fn put_some(file: &mut Vec<u8>, at: usize, bytes: &[u8], keeps: Keeps, rng: &mut StdRng) {
    const TORN: f64 = 0.1;
    let Keeps::Some { sector, .. } = keeps else {
        if keeps.keeps(rng) {
            put(file, at, bytes);
        }
        return;
    };
    let (mut from, end) = (at, at + bytes.len());
    while from < end {
        let to = end.min((from / sector + 1) * sector);
        if keeps.keeps(rng) {
            let torn = rng.random_bool(TORN);
            let arrived = if torn { rng.random_range(from..to) } else { to };
            put(file, from, &bytes[from - at..arrived - at]);
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_disk_keeps_what_was_synced_and_any_part_of_the_rest() {
        let mut tape = Tape::default();
        let (inode, made) = tape.open("a");
        assert!(made);
        let write = |at, byte| Op::Write {
            inode,
            at,
            bytes: vec![byte; 1000],
        };
        tape.push(write(0, 1));
        tape.push(Op::SyncFolder);
        tape.push(Op::Sync { inode });
        tape.push(write(500, 2));
        tape.delete("a", false);
        let mut rng = StdRng::seed_from_u64(1);
        let nothing = survivors(tape.ops(), Keeps::Nothing, &mut rng);
        assert_eq!(
            nothing["a"],
            vec![1; 1000],
            "neither the write nor the deletion"
        );
        assert!(survivors(tape.ops(), Keeps::Everything, &mut rng).is_empty());
        let before = &tape.ops()[..tape.ops().len() - 1];
        let all = survivors(before, Keeps::Everything, &mut rng);
        assert_eq!(all["a"], [vec![1; 500], vec![2; 1000]].concat());
        let keeps = Keeps::Some {
            share: 0.5,
            sector: 512,
        };
        let partly = (0..50).map(|_| survivors(before, keeps, &mut rng)["a"].clone());
        let different: std::collections::BTreeSet<_> = partly.collect();
        assert!(different.len() > 5, "{}", different.len());
        assert!(different.iter().all(|file| file[..500] == [1; 500]));
        assert!(survivors(&tape.ops()[..2], Keeps::Nothing, &mut rng).is_empty());
    }
}
