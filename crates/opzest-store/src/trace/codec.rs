//! The compressed form of one generation's traces.
//!
//! By columns, each a zstd frame of its own: what each position is, how many candidates it has, where among
//! them the written token is, the tails, the dictionary of tokens, the candidates' places in it, and their
//! log-probabilities as differences. A version byte stands in front, a checksum behind.
//!
//! Log-probabilities are kept in steps of 1/1024 nat: off by at most half a step, 0.0005 nats, which is 0.05 %
//! of a probability. Everything else (ids, bytes, order, tails) is exact. The tail is the model's own and not
//! adjusted to the rounded candidates, so that they and it sum to 1 within 0.0005; who needs exactly
//! 1 divides by the sum.

use super::TraceProblem;
use super::columns::{Reader, Writer};
use super::dictionary::Dictionary;
use opzest_core::trace::{Candidate, TokenRecord, TokenTrace};

const VERSION: u8 = 1;

/// The distance between two log-probabilities that can be kept, in nats.
pub const LOGPROB_STEP: f32 = 1.0 / STEPS_PER_NAT as f32;
const STEPS_PER_NAT: u32 = 1024;

/// A log-probability below this, also that of the impossible, becomes this.
pub const LOGPROB_FLOOR: f32 = -65536.0;

/// Bounds on what is kept and on what a damaged value can make a reader allocate: an answer of 64,000 tokens
/// with 64 candidates each. The bytes are of all candidates once decompressed.
const MOST_POSITIONS: usize = 1 << 20;
const MOST_CANDIDATES: usize = 1 << 22;
const MOST_BYTES: usize = 1 << 27;

const UNTRACED: u8 = 0;
/// Candidates from the most probable down: the differences have no sign.
const SORTED: u8 = 1;
/// A remote server's rounding can put the written token out of order.
const UNSORTED: u8 = 2;

/// Compresses the traces of one generation, token by token in order.
pub fn encode_trace(records: &[TokenRecord]) -> Result<Vec<u8>, TraceProblem> {
    limit("tokens", records.len(), MOST_POSITIONS)?;
    let traces = || {
        records.iter().filter_map(|record| match record {
            TokenRecord::Traced(trace) => Some(trace),
            TokenRecord::Untraced { .. } => None,
        })
    };
    let candidates = traces().map(|trace| trace.top.len() + 1).sum();
    limit("candidates", candidates, MOST_CANDIDATES)?;
    let all = || traces().flat_map(|trace| trace.top.iter().chain([&trace.token]));
    let bytes = all().map(|candidate| candidate.bytes.len()).sum();
    limit("bytes", bytes, MOST_BYTES)?;
    let dictionary = Dictionary::of(all())?;

    let mut columns = Columns::default();
    let mut kinds = Vec::with_capacity(records.len());
    for record in records {
        kinds.push(match record {
            TokenRecord::Traced(trace) => columns.add(trace, &dictionary)?,
            TokenRecord::Untraced { .. } => UNTRACED,
        });
    }
    let mut writer = Writer::with_version(VERSION);
    writer.number(records.len());
    writer.bytes(&kinds);
    columns.write(&dictionary, &mut writer);
    write_untraced(records, &mut writer)?;
    Ok(writer.finish())
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), TraceProblem> {
    if found > limit {
        return Err(TraceProblem::TooLong { what, limit });
    }
    Ok(())
}

fn write_untraced(records: &[TokenRecord], writer: &mut Writer) -> Result<(), TraceProblem> {
    let gaps: Vec<&[u8]> = records
        .iter()
        .filter_map(|record| match record {
            TokenRecord::Untraced { bytes } => Some(bytes.as_slice()),
            TokenRecord::Traced(_) => None,
        })
        .collect();
    let text = gaps.concat();
    limit("bytes", text.len(), MOST_BYTES)?;
    writer.varints(gaps.iter().map(|gap| gap.len() as u32));
    writer.bytes(&text);
    Ok(())
}

/// Candidates of all traced positions behind each other, and a value of each position.
#[derive(Debug, Default)]
struct Columns {
    counts: Vec<u32>,
    /// Which of a position's candidates was written; their number, if none is exactly it.
    written: Vec<u32>,
    tails: Vec<u32>,
    places: Vec<u32>,
    steps: Vec<u32>,
    /// Dictionary place and log-probability of written tokens that no candidate is.
    apart: Vec<u32>,
}

impl Columns {
    fn add(&mut self, trace: &TokenTrace, dictionary: &Dictionary) -> Result<u8, TraceProblem> {
        let steps: Vec<u32> = trace
            .top
            .iter()
            .map(|candidate| to_steps(candidate.logprob))
            .collect::<Result<_, _>>()?;
        let own = to_steps(trace.token.logprob)?;
        if !(0.0..=1.0).contains(&trace.tail) {
            return Err(TraceProblem::NotAMass);
        }
        self.counts.push(trace.top.len() as u32);
        self.tails.push(trace.tail.to_bits());
        let places = trace
            .top
            .iter()
            .map(|candidate| dictionary.place(candidate));
        self.places.extend(places);

        let is_written = |(candidate, &steps): (&Candidate, &u32)| {
            steps == own && candidate.id == trace.token.id && candidate.bytes == trace.token.bytes
        };
        let written = trace.top.iter().zip(&steps).position(is_written);
        self.written.push(written.unwrap_or(steps.len()) as u32);
        if written.is_none() {
            self.apart.extend([dictionary.place(&trace.token), own]);
        }
        let sorted = steps.is_sorted();
        let mut before = 0_u32;
        for step in steps {
            let difference = step.wrapping_sub(before);
            self.steps.push(if sorted {
                difference
            } else {
                zigzag(difference as i32)
            });
            before = step;
        }
        Ok(if sorted { SORTED } else { UNSORTED })
    }

    fn write(self, dictionary: &Dictionary, writer: &mut Writer) {
        writer.varints(self.counts);
        writer.varints(self.written);
        writer.planes(&self.tails);
        dictionary.write(writer);
        writer.planes(&self.places);
        writer.planes(&self.steps);
        writer.varints(self.apart);
    }
}

fn to_steps(logprob: f32) -> Result<u32, TraceProblem> {
    if logprob.is_nan() || logprob > 0.0 {
        return Err(TraceProblem::NotALogProbability);
    }
    let logprob = f64::from(logprob.max(LOGPROB_FLOOR));
    Ok((-logprob * f64::from(STEPS_PER_NAT)).round() as u32)
}

fn from_steps(steps: u32) -> f32 {
    // Not -0.0 for certainty.
    0.0 - (f64::from(steps) / f64::from(STEPS_PER_NAT)) as f32
}

fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

fn unzigzag(value: u32) -> u32 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

/// Reads what [`encode_trace`] made. Damaged bytes give an error: never a panic, and never more memory than the
/// longest trace takes.
pub fn decode_trace(bytes: &[u8]) -> Result<Vec<TokenRecord>, TraceProblem> {
    let (version, mut reader) = Reader::checked(bytes)?;
    match version {
        VERSION => {}
        0 => return Err(TraceProblem::Damaged("it has no version")),
        found => return Err(TraceProblem::Newer { found }),
    }
    let positions = reader.number(MOST_POSITIONS)?;
    let kinds = reader.exact_bytes(positions)?;
    if kinds.iter().any(|&kind| kind > UNSORTED) {
        return Err(TraceProblem::Damaged("a position is of no known kind"));
    }
    let gaps = kinds.iter().filter(|&&kind| kind == UNTRACED).count();
    let mut traces = Decoded::read(&mut reader, positions - gaps)?;
    let lengths = reader.varints(gaps)?;
    let mut lengths = lengths.into_iter();
    let text = reader.bytes(MOST_BYTES)?;
    reader.finish()?;

    let mut text = text.as_slice();
    let mut records = Vec::with_capacity(positions);
    for kind in kinds {
        records.push(if kind == UNTRACED {
            let length = lengths.next().expect("a length for each gap") as usize;
            let (gap, rest) = text
                .split_at_checked(length)
                .ok_or(TraceProblem::Damaged("a gap is cut off"))?;
            text = rest;
            TokenRecord::Untraced { bytes: gap.into() }
        } else {
            TokenRecord::Traced(traces.next(kind == SORTED)?)
        });
    }
    Ok(records)
}

/// Columns that were read and checked, position after position.
struct Decoded {
    counts: std::vec::IntoIter<u32>,
    written: std::vec::IntoIter<u32>,
    tails: std::vec::IntoIter<u32>,
    tokens: Vec<(Option<u32>, Vec<u8>)>,
    places: std::vec::IntoIter<u32>,
    steps: std::vec::IntoIter<u32>,
    apart: std::vec::IntoIter<u32>,
}

impl Decoded {
    fn read(reader: &mut Reader<'_>, traced: usize) -> Result<Self, TraceProblem> {
        let counts = reader.varints(traced)?;
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let total = usize::try_from(total)
            .ok()
            .filter(|&total| total <= MOST_CANDIDATES)
            .ok_or(TraceProblem::Damaged("it has too many candidates"))?;
        let written = reader.varints(traced)?;
        let tails = reader.planes(traced)?;
        let tokens = Dictionary::read(reader, MOST_CANDIDATES, MOST_BYTES)?;
        let places = reader.planes(total)?;
        let steps = reader.planes(total)?;
        let apart = written
            .iter()
            .zip(&counts)
            .filter(|(at, count)| at >= count);
        let apart = reader.varints(2 * apart.count())?;

        let named = places.iter().chain(apart.iter().step_by(2));
        let mut bytes = 0;
        for &place in named {
            let token = tokens.get(place as usize);
            bytes += token
                .ok_or(TraceProblem::Damaged("a token is missing"))?
                .1
                .len();
        }
        if bytes > MOST_BYTES {
            return Err(TraceProblem::Damaged("its tokens are too long"));
        }
        Ok(Self {
            counts: counts.into_iter(),
            written: written.into_iter(),
            tails: tails.into_iter(),
            tokens,
            places: places.into_iter(),
            steps: steps.into_iter(),
            apart: apart.into_iter(),
        })
    }

    fn next(&mut self, sorted: bool) -> Result<TokenTrace, TraceProblem> {
        const MEANT: &str = "the columns were read for this many positions";
        let count = self.counts.next().expect(MEANT) as usize;
        let mut steps = 0_u32;
        let mut top = Vec::with_capacity(count);
        for (place, difference) in self.places.by_ref().zip(self.steps.by_ref()).take(count) {
            steps = steps.wrapping_add(if sorted {
                difference
            } else {
                unzigzag(difference)
            });
            top.push(candidate(&self.tokens, place, steps)?);
        }
        let written = self.written.next().expect(MEANT) as usize;
        let token = match top.get(written) {
            Some(candidate) => candidate.clone(),
            None => {
                let place = self.apart.next().expect(MEANT);
                let steps = self.apart.next().expect(MEANT);
                candidate(&self.tokens, place, steps)?
            }
        };
        let tail = f32::from_bits(self.tails.next().expect(MEANT));
        if !(0.0..=1.0).contains(&tail) {
            return Err(TraceProblem::NotAMass);
        }
        Ok(TokenTrace { token, top, tail })
    }
}

fn candidate(
    tokens: &[(Option<u32>, Vec<u8>)],
    place: u32,
    steps: u32,
) -> Result<Candidate, TraceProblem> {
    let logprob = from_steps(steps);
    if logprob < LOGPROB_FLOOR {
        return Err(TraceProblem::Damaged("a log-probability is impossible"));
    }
    let (id, bytes) = &tokens[place as usize];
    Ok(Candidate {
        id: *id,
        bytes: bytes.clone(),
        logprob,
    })
}
