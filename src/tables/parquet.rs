//! Rows as Parquet, a group of them at a time: encoded in memory, on whichever thread, and then written behind each other.

use std::borrow::Cow;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor, Type};

use super::{Cell, Column, FRONT, Kind, Rows, Table};

/// How many rows a group has, at the most.
const MOST_ROWS: usize = 1 << 18;

/// How many rows are handed to the encoder at a time.
const BATCH: usize = 4_096;

/// How many texts of their own the rows of a group have, at the most.
const MOST_TEXTS: usize = 1 << 18;

/// What takes the bytes of a file.
pub trait Receiver: Write + Send {}

impl<W: Write + Send> Receiver for W {}

/// A file with one table.
pub(super) struct Writer<W: Receiver> {
    file: SerializedFileWriter<W>,
    form: Form,
    rows: u64,
}

/// What groups of rows are made by.
#[derive(Clone)]
pub(super) struct Form {
    columns: Vec<(Column, ColumnDescPtr)>,
    properties: WriterPropertiesPtr,
    snapshot: i32,
    source: ByteArray,
}

impl<W: Receiver> Writer<W> {
    pub fn new(table: &Table, snapshot: i32, source: &str, to: W) -> io::Result<Self> {
        let columns: Vec<Column> = FRONT.iter().chain(table.columns).copied().collect();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("kaslint ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true);
        // In each group of so many rows, every word and agent is met: what is the least and the most of them helps nobody to pass over a group.
        let has_many_rows = matches!(table.rows, Rows::Decisions);
        for column in columns.iter().filter(|column| has_many_rows && column.kind == Kind::Text) {
            if column.name != "project" {
                properties =
                    properties.set_column_statistics_enabled(ColumnPath::from(column.name), EnabledStatistics::None);
            }
        }
        let properties = Arc::new(properties.build());
        let fields = columns.iter().map(|column| Ok(Arc::new(field(column)?))).collect::<Result<_, ParquetError>>();
        let schema = fields.and_then(|fields| Type::group_type_builder(table.name).with_fields(fields).build());
        let schema = Arc::new(schema.map_err(plain)?);
        let described = SchemaDescriptor::new(Arc::clone(&schema));
        let columns = columns.into_iter().zip(described.columns().iter().cloned()).collect();
        let file = SerializedFileWriter::new(to, schema, Arc::clone(&properties)).map_err(plain)?;
        let source = ByteArray::from(super::masked(source).into_owned().into_bytes());
        Ok(Self { file, form: Form { columns, properties, snapshot, source }, rows: 0 })
    }

    pub fn form(&self) -> Form {
        self.form.clone()
    }

    /// Writes a group behind those before it.
    pub fn append(&mut self, encoded: Encoded) -> io::Result<()> {
        if encoded.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(plain)?;
        for (bytes, closed) in encoded.columns {
            group.append_column(&Bytes::from(bytes), closed).map_err(plain)?;
        }
        group.close().map_err(plain)?;
        self.rows += encoded.rows;
        Ok(())
    }

    /// Ends the file and says how many rows it has.
    pub fn close(mut self) -> io::Result<u64> {
        self.file.finish().map_err(plain)?;
        self.file.inner_mut().flush()?;
        Ok(self.rows)
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Number => (Physical::INT64, None),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
    };
    let converted = match column.kind {
        Kind::Text => ConvertedType::UTF8,
        Kind::Date => ConvertedType::DATE,
        Kind::Number | Kind::Flag => ConvertedType::NONE,
    };
    let repetition = if column.is_optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .with_converted_type(converted)
        .build()
}

/// The error of the receiver, if that is what it was.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

/// Rows that wait to be encoded.
pub(super) struct Group<'f> {
    form: &'f Form,
    /// Those behind the front, in order.
    columns: Vec<Values>,
    /// What texts are told by their places here.
    texts: Vec<ByteArray>,
    rows: usize,
}

/// The values of a column.
enum Values {
    Texts(Vec<Option<TextId>>),
    Numbers(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
}

/// A text of a group.
#[derive(Clone, Copy, Debug)]
pub struct TextId(NonZero<u32>);

/// A group that is encoded.
pub(super) struct Encoded {
    columns: Vec<(Vec<u8>, ColumnCloseResult)>,
    rows: u64,
}

impl Encoded {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        usize::try_from(self.rows).unwrap_or(usize::MAX)
    }
}

impl Form {
    /// A group without rows.
    pub fn group(&self) -> Group<'_> {
        let columns = self.columns.iter().skip(FRONT.len()).map(|(column, _)| match column.kind {
            Kind::Text => Values::Texts(Vec::new()),
            Kind::Number | Kind::Date => Values::Numbers(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        });
        Group { form: self, columns: columns.collect(), texts: Vec::new(), rows: 0 }
    }
}

impl Group<'_> {
    /// Whether there are so many rows, or so many texts, that it is time for another group.
    pub fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.texts.len() >= MOST_TEXTS
    }

    /// Takes in a text that rows are going to share.
    pub fn share(&mut self, text: Cow<'_, str>) -> io::Result<TextId> {
        let bytes = match text {
            Cow::Borrowed(text) => text.as_bytes().to_vec(),
            Cow::Owned(text) => text.into_bytes(),
        };
        self.texts.push(ByteArray::from(bytes));
        let id = u32::try_from(self.texts.len()).ok().and_then(NonZero::new);
        id.map(TextId).ok_or_else(|| io::Error::other("too many texts for one group of rows"))
    }

    /// Adds a row: a value for each column behind the front.
    pub fn push(&mut self, cells: &mut [Cell<'_>]) -> io::Result<()> {
        for (at, cell) in cells.iter_mut().enumerate() {
            if let Cell::Text(text) = cell {
                let text = std::mem::take(text);
                *cell = Cell::Shared(self.share(text)?);
            }
            match (self.columns.get_mut(at), cell) {
                (Some(Values::Texts(values)), Cell::Shared(id)) => values.push(Some(*id)),
                (Some(Values::Texts(values)), Cell::Null) => values.push(None),
                (Some(Values::Numbers(values)), Cell::Number(number)) => values.push(Some(*number)),
                (Some(Values::Numbers(values)), Cell::Null) => values.push(None),
                (Some(Values::Flags(values)), Cell::Flag(flag)) => values.push(Some(*flag)),
                (Some(Values::Flags(values)), Cell::Null) => values.push(None),
                (_, cell) => return Err(io::Error::other(format!("column {at} takes no {cell:?}"))),
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Encodes its rows.
    pub fn close(self) -> io::Result<Encoded> {
        let Self { form, columns, texts, rows } = self;
        let mut encoded = Vec::with_capacity(form.columns.len());
        let mut behind = columns.into_iter();
        for (at, (column, described)) in form.columns.iter().enumerate() {
            let column = Drawn { column, described, properties: &form.properties };
            encoded.push(match at {
                0 => column.write::<Int32Type>(rows, |_| Some(form.snapshot)),
                1 => column.write::<ByteArrayType>(rows, |_| Some(form.source.clone())),
                _ => match behind.next() {
                    Some(Values::Texts(values)) => column.write::<ByteArrayType>(rows, |row| {
                        let id = values.get(row).copied().flatten()?;
                        texts.get(usize::try_from(id.0.get()).ok()? - 1).cloned()
                    }),
                    Some(Values::Numbers(values)) => {
                        column.write::<Int64Type>(rows, |row| values.get(row).copied().flatten())
                    }
                    Some(Values::Flags(values)) => {
                        column.write::<BoolType>(rows, |row| values.get(row).copied().flatten())
                    }
                    None => Err(ParquetError::General("a column has no values".to_owned())),
                },
            });
        }
        let columns: Result<Vec<_>, ParquetError> = encoded.into_iter().collect();
        Ok(Encoded { columns: columns.map_err(plain)?, rows: u64::try_from(rows).unwrap_or(u64::MAX) })
    }
}

/// A column that is being encoded.
struct Drawn<'f> {
    column: &'f Column,
    described: &'f ColumnDescPtr,
    properties: &'f WriterPropertiesPtr,
}

impl Drawn<'_> {
    fn write<T: DataType>(
        &self,
        rows: usize,
        value: impl Fn(usize) -> Option<T::T>,
    ) -> Result<(Vec<u8>, ColumnCloseResult), ParquetError> {
        let mut bytes = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut bytes));
        let mut writer = ColumnWriterImpl::<T>::new(Arc::clone(self.described), Arc::clone(self.properties), pages);
        let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        for start in (0..rows).step_by(BATCH) {
            values.clear();
            levels.clear();
            for row in start..rows.min(start + BATCH) {
                let value = value(row);
                levels.push(i16::from(value.is_some()));
                values.extend(value);
            }
            if !self.column.is_optional && values.len() < levels.len() {
                return Err(ParquetError::General(format!("a row has no `{}`", self.column.name)));
            }
            writer.write_batch(&values, self.column.is_optional.then_some(&levels), None)?;
        }
        let closed = writer.close()?;
        Ok((bytes.into_inner()?, closed))
    }
}
