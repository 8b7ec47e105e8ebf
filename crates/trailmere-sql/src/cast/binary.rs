//! Which casts are there to and from varbinary?

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};
use datafusion::error::Result as DfResult;

use super::build;
use crate::call::downcast;
use crate::render;
use crate::types::Type;

/// Text to its UTF-8 bytes, addresses and UUIDs to theirs; sketches share their bytes with varbinary.
pub(crate) fn convert(array: &ArrayRef, from: &Type, to: &Type) -> DfResult<ArrayRef> {
    match (from, to) {
        (Type::Char(length), Type::Varbinary) => {
            let source: &StringViewArray = downcast(array)?;
            let mut text = String::new();
            Ok(build::binary(array, |i, out| {
                text.clear();
                render::padded(source.value(i), *length, &mut text);
                out.extend_from_slice(text.as_bytes());
            }))
        }
        (Type::Varchar(_), Type::Varbinary) => {
            let source: &StringViewArray = downcast(array)?;
            Ok(Arc::new(source.clone().to_binary_view()))
        }
        (Type::IpAddress, Type::Varbinary) => {
            let source = Arc::clone(array);
            Ok(build::binary(array, |i, out| {
                let bytes = render::fixed(&source, i);
                let mapped =
                    <[u8; 16]>::try_from(bytes).ok().and_then(|b| std::net::Ipv6Addr::from(b).to_ipv4_mapped());
                match mapped {
                    Some(v4) => out.extend_from_slice(&v4.octets()),
                    None => out.extend_from_slice(bytes),
                }
            }))
        }
        (Type::Uuid, Type::Varbinary) => {
            let source = Arc::clone(array);
            Ok(build::binary(array, |i, out| out.extend_from_slice(render::fixed(&source, i))))
        }
        _ => Ok(Arc::clone(array)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;

    #[test]
    fn char_keeps_its_blanks() {
        let source: ArrayRef = Arc::new(StringViewArray::from(vec![Some("abc"), None]));
        let result = convert(&source, &Type::Char(5), &Type::Varbinary).unwrap();
        assert_eq!(result.as_binary_view().value(0), b"abc  ");
        assert!(result.is_null(1));
    }
}
