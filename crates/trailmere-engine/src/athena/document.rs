//! How does a member of the record become a column of JSON text, exactly as delivered and without a copy?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray, StringViewBuilder};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, Expr};
use trailmere_sql::call::{Typed, apply, downcast};
use trailmere_sql::function::ScalarCall;
use trailmere_sql::{Type, member_text};

/// The member `key` of the record; NULL where it is missing or null.
pub(super) fn member_of_record(record: Expr, key: &'static str) -> Typed {
    let call = ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, move |args| {
        let records = args.array(0)?;
        cut(downcast::<StringViewArray>(&records)?, key)
    });
    // The key is part of the name, which tells calls apart.
    apply(&format!("record_{key}"), call, vec![Typed::new(record, Type::VARCHAR)], vec![])
}

/// The result's views point into the buffers of the records.
fn cut(records: &StringViewArray, key: &str) -> DfResult<ColumnarValue> {
    let mut out = StringViewBuilder::with_capacity(records.len());
    let blocks: Vec<u32> = records.data_buffers().iter().map(|buffer| out.append_block(buffer.clone())).collect();
    for (record, view) in records.iter().zip(records.views()) {
        let Some(record) = record else {
            out.append_null();
            continue;
        };
        match member_text(record, key) {
            None => out.append_null(),
            Some(text) => {
                // A view is length, prefix, buffer and offset; records of up to 12 bytes are within their view.
                let (buffer, offset) = ((view >> 64) as u32, (view >> 96) as u32);
                let block = blocks.get(buffer as usize).filter(|_| record.len() > INLINE);
                let start = text.as_ptr() as usize - record.as_ptr() as usize;
                match block {
                    Some(block) => out.try_append_view(*block, offset + start as u32, text.len() as u32)?,
                    None => out.append_value(text),
                }
            }
        }
    }
    Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
}

/// Bytes that a view holds itself.
const INLINE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_cut_from_records_of_any_size() {
        let long = format!(r#"{{"x":1,"p":{{"name":"{}"}},"q":2}}"#, "n".repeat(40));
        let records = StringViewArray::from(vec![
            Some(r#"{"p":7}"#),
            None,
            Some(long.as_str()),
            Some(r#"{"some":"other","p":null}"#),
            Some(r#"{"first":"long enough","p":{}}"#),
        ]);
        let ColumnarValue::Array(cut) = cut(&records.slice(0, 5), "p").unwrap() else { panic!("an array") };
        let cut = cut.as_any().downcast_ref::<StringViewArray>().unwrap().clone();
        let expected = format!(r#"{{"name":"{}"}}"#, "n".repeat(40));
        assert_eq!(cut.iter().collect::<Vec<_>>(), [Some("7"), None, Some(expected.as_str()), None, Some("{}")]);
    }
}
