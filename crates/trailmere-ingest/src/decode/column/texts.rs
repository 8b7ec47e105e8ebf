//! How do texts become a string column, batch after batch, without growing anew each time?
//!
//! What is finished is copied to buffers of its size, and the builder keeps its own: rows that wait take no more memory
//! than they need, and nothing is moved by growing or asked of the system again.

use arrow::array::{Array, NullBufferBuilder, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use trailmere_model::Result;

use super::internal;

/// More spare memory than this is given back if a batch has used less than half of it.
const SPARE_BYTES: usize = 1 << 20;

/// A string column under construction.
pub(crate) struct Texts {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0], validity: NullBufferBuilder::new(0) }
    }
}

impl Texts {
    /// Appends a text. Batches are limited to far less than offsets of 32 bits can count.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.offsets.push(self.bytes.len() as i32);
        self.validity.append_non_null();
    }

    pub(super) fn push_nulls(&mut self, count: usize) {
        let end = self.bytes.len() as i32;
        self.offsets.extend(std::iter::repeat_n(end, count));
        self.validity.append_n_nulls(count);
    }

    /// Takes what was appended and starts over.
    pub(super) fn finish(&mut self) -> Result<StringArray> {
        let values = Buffer::from(self.bytes.as_slice());
        let offsets = OffsetBuffer::new(self.offsets.clone().into());
        let array = StringArray::try_new(offsets, values, self.validity.finish()).map_err(internal)?;
        self.bytes.clear();
        self.offsets.truncate(1);
        if self.bytes.capacity() > SPARE_BYTES {
            self.bytes.shrink_to(array.value_data().len().saturating_mul(2).max(SPARE_BYTES));
        }
        self.offsets.shrink_to(array.len().saturating_mul(2).max(SPARE_BYTES / size_of::<i32>()));
        Ok(array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_batch_is_of_its_size_and_starts_anew() {
        let mut texts = Texts::default();
        texts.push("one");
        texts.push_nulls(2);
        texts.push("");
        texts.push("zwölf");
        let first = texts.finish().unwrap();
        assert_eq!(first, StringArray::from(vec![Some("one"), None, None, Some(""), Some("zwölf")]));
        texts.push("two");
        assert_eq!(texts.finish().unwrap(), StringArray::from(vec!["two"]));
        assert_eq!(texts.finish().unwrap().len(), 0);
        let long = "x".repeat(8 * SPARE_BYTES);
        texts.push(&long);
        assert!(texts.finish().unwrap().get_array_memory_size() < 9 * SPARE_BYTES);
        texts.push("short");
        texts.finish().unwrap();
        assert!(texts.bytes.capacity() <= SPARE_BYTES, "{}", texts.bytes.capacity());
    }
}
