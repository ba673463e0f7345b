//! Parquet: the same columns, packed. Written column by column in groups of rows, without Arrow.
//!
//! A file of others may be broken in ways that make the library panic; that is caught and told as what it is.

use super::columns::{COLUMNS, Column, Exported, Kind};
use super::reading::Object;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A file of this format begins with it.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Rows are written together up to these bounds: what is held in memory.
const MOST_ROWS: usize = 1_000;
const MOST_BYTES: usize = 16 << 20;
/// Values of one column that are read together.
const READ_TOGETHER: usize = 64;

/// The columns as Parquet's own description of them.
fn schema() -> Type {
    let fields: String = COLUMNS.iter().map(field).collect();
    parse_message_type(&format!("message example {{ {fields} }}"))
        .expect("the columns are well-formed: a test writes them")
}

fn field(column: &Column) -> String {
    let name = column.name;
    let repetition = if column.optional {
        "OPTIONAL"
    } else {
        "REQUIRED"
    };
    match column.kind {
        Kind::Text => format!("{repetition} BYTE_ARRAY {name} (STRING);\n"),
        Kind::Number => format!("{repetition} INT64 {name};\n"),
        Kind::Flag => format!("{repetition} BOOLEAN {name};\n"),
        Kind::Pairs([first, second]) => format!(
            "{repetition} GROUP {name} (LIST) {{ REPEATED GROUP list {{ REQUIRED GROUP element {{
               REQUIRED BYTE_ARRAY {first} (STRING); REQUIRED BYTE_ARRAY {second} (STRING);
             }} }} }}\n"
        ),
    }
}

/// Writes rows as they come, a group at a time.
pub(super) struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// For each row that is not written yet, its values in the order of the columns.
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl<W: Write + Send> Writer<W> {
    pub(super) fn new(file: W) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Least and greatest texts would be of no use to anyone.
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        Ok(Self {
            file: SerializedFileWriter::new(file, Arc::new(schema()), Arc::new(properties))?,
            rows: Vec::new(),
            bytes: 0,
        })
    }

    pub(super) fn write(&mut self, row: &Exported<'_>) -> Result<(), ParquetError> {
        let values: Vec<_> = COLUMNS.iter().map(|column| (column.value)(row)).collect();
        self.bytes += values.iter().map(bytes).sum::<usize>();
        self.rows.push(values);
        if self.rows.len() >= MOST_ROWS || self.bytes >= MOST_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// The whole file is written; gives back where to.
    pub(super) fn finish(mut self) -> Result<W, ParquetError> {
        self.flush()?;
        self.file.into_inner()
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for (at, column) in COLUMNS.iter().enumerate() {
            let values: Vec<_> = rows.iter().map(|row| &row[at]).collect();
            match column.kind {
                Kind::Pairs(parts) => {
                    for part in parts {
                        write_leaf(&mut group, &listed(&values, part, column.optional))?;
                    }
                }
                Kind::Text | Kind::Number | Kind::Flag => {
                    write_leaf(&mut group, &plain(&values, column.optional))?;
                }
            }
        }
        group.close().map(drop)
    }
}

/// About what a value takes in memory.
fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(parts) => parts.values().map(bytes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// The values of one leaf of the schema, with the levels that say where they belong.
#[derive(Default)]
struct Leaf<'a> {
    values: Vec<&'a Value>,
    /// How much of the way to the value is there: null, an empty list, or all of it.
    defined: Vec<i16>,
    /// 1: one more in the list of the row before.
    repeated: Vec<i16>,
}

fn plain<'a>(values: &[&'a Value], optional: bool) -> Leaf<'a> {
    let there = values.iter().filter(|value| !value.is_null());
    Leaf {
        values: there.copied().collect(),
        defined: match optional {
            true => values
                .iter()
                .map(|value| i16::from(!value.is_null()))
                .collect(),
            false => Vec::new(),
        },
        repeated: Vec::new(),
    }
}

fn listed<'a>(values: &[&'a Value], part: &str, optional: bool) -> Leaf<'a> {
    let mut leaf = Leaf::default();
    let empty = i16::from(optional);
    for value in values {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() {
            leaf.defined.push(if value.is_null() { 0 } else { empty });
            leaf.repeated.push(0);
        }
        for (at, item) in items.iter().enumerate() {
            leaf.values.push(&item[part]);
            leaf.defined.push(empty + 1);
            leaf.repeated.push(i16::from(at > 0));
        }
    }
    leaf
}

fn write_leaf<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    leaf: &Leaf<'_>,
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .expect("the schema has a place for every leaf");
    let defined = Some(&*leaf.defined).filter(|levels| !levels.is_empty());
    let repeated = Some(&*leaf.repeated).filter(|levels| !levels.is_empty());
    let values = leaf.values.iter();
    match column.untyped() {
        ColumnWriter::ByteArrayColumnWriter(_) => {
            let text = |value: &&Value| ByteArray::from(value.as_str().unwrap_or_default());
            let values: Vec<_> = values.map(text).collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, defined, repeated)?;
        }
        ColumnWriter::Int64ColumnWriter(_) => {
            let values: Vec<_> = values
                .map(|value| value.as_i64().unwrap_or_default())
                .collect();
            column
                .typed::<Int64Type>()
                .write_batch(&values, defined, repeated)?;
        }
        _ => {
            let values: Vec<_> = values
                .map(|value| value.as_bool().unwrap_or_default())
                .collect();
            column
                .typed::<BoolType>()
                .write_batch(&values, defined, repeated)?;
        }
    }
    column.close()
}

/// The objects of a file with their numbers, from 1. Of its columns only ours are read. A file that is damaged anywhere fails as a whole: what is behind cannot be told.
pub(super) fn read<'a>(file: &'a SerializedFileReader<File>) -> Result<Rows<'a>, ParquetError> {
    guarded(|| {
        let root = file.metadata().file_metadata().schema();
        let is_ours = |field: &&Arc<Type>| COLUMNS.iter().any(|column| column.name == field.name());
        let ours = root.get_fields().iter().filter(is_ours).cloned().collect();
        let wanted = Type::group_type_builder(root.name())
            .with_fields(ours)
            .build()?;
        let rows = RowIter::from_file(Some(wanted), file)?.with_batch_size(READ_TOGETHER);
        Ok(Rows { rows, number: 0 })
    })
}

pub(super) fn open(file: File) -> Result<SerializedFileReader<File>, ParquetError> {
    guarded(|| SerializedFileReader::new(file))
}

pub(super) struct Rows<'a> {
    rows: RowIter<'a>,
    number: u32,
}

impl Iterator for Rows<'_> {
    type Item = Result<(u32, Object), ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.number = self.number.saturating_add(1);
        let rows = &mut self.rows;
        let row = guarded(|| rows.next().transpose()).transpose()?;
        Some(row.map(|row| (self.number, object(&row))))
    }
}

/// What is wrong with a file, for the user.
pub(super) fn told(problem: &ParquetError) -> String {
    match problem {
        ParquetError::General(text) if text.starts_with("Disabled feature") => {
            "it is compressed in a way that OpZest does not know; use Zstandard or Snappy"
                .to_owned()
        }
        problem => problem.to_string(),
    }
}

/// A panic of the library as its error.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParquetError::General("it is damaged".into())))
}

fn object(row: &Row) -> Object {
    let columns = row.get_column_iter();
    columns
        .map(|(name, field)| (name.clone(), value(field)))
        .collect()
}

/// Kinds that none of our columns has are nothing.
fn value(field: &Field) -> Value {
    match field {
        Field::Bool(flag) => json!(flag),
        Field::Byte(number) => json!(number),
        Field::Short(number) => json!(number),
        Field::Int(number) => json!(number),
        Field::Long(number) => json!(number),
        Field::UByte(number) => json!(number),
        Field::UShort(number) => json!(number),
        Field::UInt(number) => json!(number),
        Field::ULong(number) => json!(number),
        Field::Str(text) => json!(text),
        // Some programs do not say that their bytes are text.
        Field::Bytes(bytes) => bytes.as_utf8().map_or(Value::Null, |text| json!(text)),
        Field::Group(row) => Value::Object(object(row)),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::Null
        | Field::Float16(_)
        | Field::Float(_)
        | Field::Double(_)
        | Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_)
        | Field::MapInternal(_) => Value::Null,
    }
}
