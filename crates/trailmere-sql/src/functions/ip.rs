//! IP address functions: which addresses does a network hold?

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeBinaryArray, FixedSizeBinaryBuilder, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, becomes, booleans, takes};
use crate::types::{Type, item_field};

/// The IP functions of Trino's manual, but `contains`, which the arrays share, and those of Presto's.
pub(crate) fn all() -> Vec<Function> {
    vec![
        entry(
            "ip_prefix",
            "ip_prefix(ipaddress, bits) -> ipprefix\nip_prefix(varchar, bits) -> ipprefix",
            "The network of a length that an address is in.",
            "ip_prefix(IPADDRESS '192.168.255.255', 9)",
            ip_prefix,
        ),
        entry(
            "ip_subnet_min",
            "ip_subnet_min(ipprefix) -> ipaddress",
            "The smallest address of a network.",
            "ip_subnet_min(ip_prefix(IPADDRESS '192.168.1.7', 24))",
            |args| edge("ip_subnet_min", args, first),
        ),
        entry(
            "ip_subnet_max",
            "ip_subnet_max(ipprefix) -> ipaddress",
            "The greatest address of a network.",
            "ip_subnet_max(ip_prefix(IPADDRESS '192.168.1.7', 24))",
            |args| edge("ip_subnet_max", args, last),
        ),
        entry(
            "ip_subnet_range",
            "ip_subnet_range(ipprefix) -> array(ipaddress)",
            "The smallest and the greatest address of a network.",
            "ip_subnet_range(ip_prefix(IPADDRESS '192.168.1.7', 24))",
            range,
        ),
        entry(
            "is_subnet_of",
            "is_subnet_of(ipprefix, ipaddress) -> boolean\nis_subnet_of(ipprefix, ipprefix) -> boolean",
            "Whether an address or network lies in a network.",
            "is_subnet_of(ip_prefix(IPADDRESS '10.0.0.0', 8), IPADDRESS '10.1.2.3')",
            is_subnet_of,
        ),
    ]
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "ip", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// The 128 bits that all addresses of a network share, and how many of them count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: u128,
    bits: u32,
}

impl Network {
    fn mask(self) -> u128 {
        u128::MAX.checked_shl(128 - self.bits).unwrap_or(0)
    }

    fn holds(self, address: u128) -> bool {
        (self.address ^ address) & self.mask() == 0
    }

    /// Reads a network as Trino's `contains` does: an IPv4 one must not have bits beyond its length.
    fn parse(cidr: &str) -> std::result::Result<Network, &'static str> {
        let (address, length) = cidr.split_once('/').ok_or("Invalid CIDR")?;
        let length: u32 = length.parse().map_err(|_| "Invalid prefix length")?;
        match address.parse().map_err(|_| "Invalid network IP address")? {
            IpAddr::V4(v4) => {
                let network =
                    Network { address: number(&v4.to_ipv6_mapped().octets()), bits: length.saturating_add(96) };
                let valid = network.bits <= 128 && network.address & !network.mask() == 0;
                valid.then_some(network).ok_or("Invalid CIDR")
            }
            IpAddr::V6(v6) if length <= 128 => Ok(Network { address: number(&v6.octets()), bits: length }),
            IpAddr::V6(_) => Err("Invalid CIDR"),
        }
    }

    /// From an ipprefix value: the address and, in its own family, the length.
    fn of(prefix: &[u8]) -> Network {
        let address = number(prefix);
        let length = u32::from(prefix.get(16).copied().unwrap_or(0));
        let bits = if is_v4(address) { (length + 96).min(128) } else { length.min(128) };
        Network { address, bits }
    }

    fn to_prefix(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[..16].copy_from_slice(&self.address.to_be_bytes());
        bytes[16] = if is_v4(self.address) { self.bits.saturating_sub(96) } else { self.bits } as u8;
        bytes
    }
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).fold(0, |n, b| n << 8 | u128::from(*b))
}

fn is_v4(address: u128) -> bool {
    Ipv6Addr::from(address).to_ipv4_mapped().is_some()
}

/// Binds `contains(network, address)`, if the arguments are these.
pub(crate) fn bind_contains(args: &[Arg<'_>]) -> Option<ScalarCall> {
    let address = args.get(1).is_some_and(|a| a.ty() == &Type::IpAddress);
    if !address || !takes(args, &[Type::VARCHAR, Type::IpAddress]) {
        return None;
    }
    Some(ScalarCall::new(vec![Type::VARCHAR, Type::IpAddress], Type::Boolean, |call| {
        let (networks, addresses) = (Texts::of(call, 0)?, Column::<FixedSizeBinaryArray>::of(call, 1)?);
        let constant = networks.constant().map(Network::parse);
        booleans(call.rows, |row| {
            let (Some(cidr), Some(address)) = (networks.get(row), addresses.get(row)) else { return Ok(None) };
            match constant.unwrap_or_else(|| Network::parse(cidr)) {
                Ok(network) => Ok(Some(network.holds(number(address)))),
                Err(reason) => fail(format!("{reason}: `{cidr}`")),
            }
        })
    }))
}

fn ip_prefix(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let text = args.first().is_some_and(|a| a.ty().is_text());
    let types = vec![if text { Type::VARCHAR } else { Type::IpAddress }, Type::BigInt];
    if !takes(args, &types) {
        return Err(no_overload("ip_prefix", args, "(ipaddress or varchar, bigint)"));
    }
    Ok(ScalarCall::new(types, Type::IpPrefix, move |call| {
        let lengths = Column::<Int64Array>::of(call, 1)?;
        let addresses: Vec<Option<u128>> = if text { parsed(call)? } else { raw(call)? };
        fixed(17, call.rows, |row| {
            let (Some(address), Some(length)) = (addresses[row], lengths.get(row)) else { return Ok(None) };
            let (family, longest) = if is_v4(address) { ("IPv4", 32) } else { ("IPv6", 128) };
            if !(0..=longest).contains(&length) {
                return fail(format!("{family} subnet size must be in range [0, {longest}]"));
            }
            let bits = 128 - longest as u32 + length as u32;
            let network = Network { address, bits };
            Ok(Some(Network { address: address & network.mask(), bits }.to_prefix().to_vec()))
        })
    }))
}

fn parsed(call: &CallArgs<'_>) -> DfResult<Vec<Option<u128>>> {
    let texts = Texts::of(call, 0)?;
    let parse = |text: &str| match text.parse() {
        Ok(IpAddr::V4(v4)) => Ok(number(&v4.to_ipv6_mapped().octets())),
        Ok(IpAddr::V6(v6)) => Ok(number(&v6.octets())),
        Err(_) => fail(format!("Cannot cast value to IPADDRESS: {text}")),
    };
    (0..call.rows).map(|row| texts.get(row).map(parse).transpose()).collect()
}

fn raw(call: &CallArgs<'_>) -> DfResult<Vec<Option<u128>>> {
    let addresses = Column::<FixedSizeBinaryArray>::of(call, 0)?;
    Ok((0..call.rows).map(|row| addresses.get(row).map(number)).collect())
}

fn fixed(
    width: i32,
    rows: usize,
    mut value: impl FnMut(usize) -> DfResult<Option<Vec<u8>>>,
) -> DfResult<ColumnarValue> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(rows, width);
    for row in 0..rows {
        match value(row)? {
            Some(bytes) => builder.append_value(bytes)?,
            None => builder.append_null(),
        }
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

fn first(network: Network) -> u128 {
    network.address & network.mask()
}

fn last(network: Network) -> u128 {
    network.address | !network.mask()
}

fn edge(name: &str, args: &[Arg<'_>], of: fn(Network) -> u128) -> Result<ScalarCall> {
    if !takes(args, &[Type::IpPrefix]) {
        return Err(no_overload(name, args, "(ipprefix)"));
    }
    Ok(ScalarCall::new(vec![Type::IpPrefix], Type::IpAddress, move |call| {
        let prefixes = Column::<FixedSizeBinaryArray>::of(call, 0)?;
        fixed(16, call.rows, |row| Ok(prefixes.get(row).map(|p| of(Network::of(p)).to_be_bytes().to_vec())))
    }))
}

fn range(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::IpPrefix]) {
        return Err(no_overload("ip_subnet_range", args, "(ipprefix)"));
    }
    Ok(ScalarCall::new(vec![Type::IpPrefix], Type::array(Type::IpAddress), |call| {
        let prefixes = Column::<FixedSizeBinaryArray>::of(call, 0)?;
        let mut edges = FixedSizeBinaryBuilder::new(16);
        for row in 0..call.rows {
            let network = prefixes.get(row).map_or(Network { address: 0, bits: 128 }, Network::of);
            edges.append_value(first(network).to_be_bytes())?;
            edges.append_value(last(network).to_be_bytes())?;
        }
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(2, call.rows));
        let values: ArrayRef = Arc::new(edges.finish());
        let list = ListArray::try_new(item_field(&Type::IpAddress), offsets, values, None)?;
        Ok(ColumnarValue::Array(Arc::new(list) as Arc<dyn Array>))
    }))
}

fn is_subnet_of(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let inner = match args {
        [network, inner] if becomes(network, &Type::IpPrefix) && becomes(inner, &Type::IpAddress) => Type::IpAddress,
        [network, inner] if becomes(network, &Type::IpPrefix) && becomes(inner, &Type::IpPrefix) => Type::IpPrefix,
        args => return Err(no_overload("is_subnet_of", args, "(ipprefix, ipaddress or ipprefix)")),
    };
    Ok(ScalarCall::new(vec![Type::IpPrefix, inner], Type::Boolean, |call| {
        let (networks, inner) =
            (Column::<FixedSizeBinaryArray>::of(call, 0)?, Column::<FixedSizeBinaryArray>::of(call, 1)?);
        booleans(call.rows, |row| {
            Ok(networks.get(row).zip(inner.get(row)).map(|(network, inner)| {
                let network = Network::of(network);
                let narrower = inner.len() == 16 || Network::of(inner).bits >= network.bits;
                narrower && network.holds(number(inner))
            }))
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(cidr: &str, address: &str) -> bool {
        let address = match address.parse().expect("an address") {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Network::parse(cidr).expect("a network").holds(number(&address.octets()))
    }

    #[test]
    fn networks_hold_their_addresses() {
        for (cidr, address, holds_it) in [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001::", false),
            ("::/0", "2001::", true),
            ("0:0:0:0:0:ffff::/96", "170.187.204.221", true),
            ("2001:abcd:ef01:2345:6789:abcd:ef01:234/60", "2001:abcd:ef01:2340::", true),
            ("2001:abcd:ef01:2345:6789:abcd:ef01:234/60", "2001:abcd:ef01:2330::", false),
        ] {
            assert_eq!(holds(cidr, address), holds_it, "{cidr} {address}");
        }
    }

    #[test]
    fn refuses_what_is_no_network() {
        for cidr in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "x/8", "10.0.0.0", "::/129", "10.0.0.0/8/8"] {
            assert!(Network::parse(cidr).is_err(), "{cidr}");
        }
    }
}
