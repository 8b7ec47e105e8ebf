//! How do text and bytes become IP addresses, IP prefixes and UUIDs?

use std::net::{IpAddr, Ipv6Addr};

use arrow::array::{ArrayRef, BinaryViewArray, StringViewArray};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use crate::call::downcast;
use crate::render;
use crate::types::Type;

/// Converts to ipaddress, ipprefix or uuid.
pub(crate) fn convert(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    match (from, to) {
        (Type::IpPrefix, Type::IpAddress) => build::fixed::<16>(array, failures, |i| {
            render::fixed(array, i)[..16].try_into().map_err(|_| "invalid prefix".to_string())
        }),
        (Type::IpAddress, Type::IpPrefix) => {
            build::fixed::<17>(array, failures, |i| Ok(whole(render::fixed(array, i))))
        }
        (Type::Varbinary, _) => {
            let source: &BinaryViewArray = downcast(array)?;
            build::fixed::<16>(array, failures, |i| from_bytes(source.value(i), to))
        }
        (_, Type::IpPrefix) => {
            let source: &StringViewArray = downcast(array)?;
            build::fixed::<17>(array, failures, |i| parse_prefix(source.value(i)))
        }
        (_, Type::IpAddress) => {
            let source: &StringViewArray = downcast(array)?;
            build::fixed::<16>(array, failures, |i| parse_address(source.value(i)))
        }
        _ => {
            let source: &StringViewArray = downcast(array)?;
            build::fixed::<16>(array, failures, |i| parse_uuid(source.value(i)))
        }
    }
}

fn from_bytes(bytes: &[u8], to: &Type) -> Result<[u8; 16], String> {
    if let Ok(all) = <[u8; 16]>::try_from(bytes) {
        return Ok(all);
    }
    match <[u8; 4]>::try_from(bytes) {
        Ok(v4) if *to == Type::IpAddress => Ok(std::net::Ipv4Addr::from(v4).to_ipv6_mapped().octets()),
        _ if *to == Type::IpAddress => Err(format!("Invalid IP address binary length: {}", bytes.len())),
        _ => Err(format!("Invalid UUID binary length: {}", bytes.len())),
    }
}

/// An address as 16 bytes.
pub(crate) fn parse_address(text: &str) -> Result<[u8; 16], String> {
    let Ok(address) = text.parse::<IpAddr>() else { return Err(format!("Cannot cast value to IPADDRESS: {text}")) };
    Ok(match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    })
}

/// A prefix as address and length; the bits after the prefix become zero.
pub(crate) fn parse_prefix(text: &str) -> Result<[u8; 17], String> {
    let invalid = || format!("Cannot cast value to IPPREFIX: {text}");
    let (address, length) = text.split_once('/').ok_or_else(invalid)?;
    let address = parse_address(address).map_err(|_| invalid())?;
    if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let length: u8 = length.parse().map_err(|_| invalid())?;
    mask(address, length).ok_or_else(invalid)
}

/// The prefix of `length` bits (of 32 for an IPv4 address) that holds the address.
pub(crate) fn mask(address: [u8; 16], length: u8) -> Option<[u8; 17]> {
    let v4 = Ipv6Addr::from(address).to_ipv4_mapped().is_some();
    let all = if v4 { 32 } else { 128 };
    if length > all {
        return None;
    }
    let keep = 128 - u32::from(all - length);
    let bits = u128::from_be_bytes(address) & u128::MAX.checked_shl(128 - keep).unwrap_or(0);
    let mut out = [0; 17];
    out[..16].copy_from_slice(&bits.to_be_bytes());
    out[16] = length;
    Some(out)
}

fn whole(address: &[u8]) -> [u8; 17] {
    let mut out = [0; 17];
    out[..16].copy_from_slice(address);
    let v4 = Ipv6Addr::from(<[u8; 16]>::try_from(address).unwrap_or([0; 16])).to_ipv4_mapped().is_some();
    out[16] = if v4 { 32 } else { 128 };
    out
}

/// Java's UUID.fromString: five groups of hexadecimal digits, here of full length.
pub(crate) fn parse_uuid(text: &str) -> Result<[u8; 16], String> {
    let dashes = text.len() == 36 && [8, 13, 18, 23].iter().all(|&i| text.as_bytes()[i] == b'-');
    match uuid::Uuid::try_parse(text) {
        Ok(id) if dashes => Ok(id.into_bytes()),
        _ => Err(format!("Cannot cast value to UUID: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_lose_the_bits_after_them() {
        for (text, shown) in [
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("10.1.2.3/32", Some("10.1.2.3/32")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("2001:db8::1/32", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("10.0.0.0/33", None),
            ("10.0.0.0", None),
            ("x/8", None),
        ] {
            let mut out = String::new();
            let parsed = parse_prefix(text);
            if let Ok(bytes) = &parsed {
                render::prefix(bytes, &mut out);
            }
            assert_eq!(parsed.ok().map(|_| out.as_str()), shown, "{text}");
        }
    }
}
