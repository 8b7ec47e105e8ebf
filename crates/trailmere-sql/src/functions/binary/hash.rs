//! What is the hash of bytes?

use arrow::array::BinaryViewArray;
use arrow::datatypes::Int64Type;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{entry, map, murmur, pairs, spooky};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, binaries, numbers, takes};
use crate::types::Type;

/// Hashes.
pub(super) fn all() -> Vec<Function> {
    let mut all = checksums();
    all.extend(keyed());
    all
}

fn checksums() -> Vec<Function> {
    vec![
        entry("md5", "md5(varbinary) -> varbinary", "The MD5 hash.", "to_hex(md5(to_utf8('a')))", |args| {
            map("md5", args, |b| Md5::digest(b))
        }),
        entry("sha1", "sha1(varbinary) -> varbinary", "The SHA-1 hash.", "to_hex(sha1(to_utf8('a')))", |args| {
            map("sha1", args, |b| Sha1::digest(b))
        }),
        entry(
            "sha256",
            "sha256(varbinary) -> varbinary",
            "The SHA-256 hash.",
            "to_hex(sha256(to_utf8('a')))",
            |args| map("sha256", args, |b| Sha256::digest(b)),
        ),
        entry(
            "sha512",
            "sha512(varbinary) -> varbinary",
            "The SHA-512 hash.",
            "to_hex(sha512(to_utf8('a')))",
            |args| map("sha512", args, |b| Sha512::digest(b)),
        ),
        entry("crc32", "crc32(varbinary) -> bigint", "The CRC-32 checksum.", "crc32(to_utf8('a'))", crc32),
        entry(
            "xxhash64",
            "xxhash64(varbinary) -> varbinary",
            "The xxHash64.",
            "to_hex(xxhash64(to_utf8('a')))",
            |args| map("xxhash64", args, |b| xxhash_rust::xxh64::xxh64(b, 0).to_be_bytes()),
        ),
        entry(
            "murmur3",
            "murmur3(varbinary) -> varbinary",
            "The 128-bit MurmurHash3.",
            "to_hex(murmur3(to_utf8('a')))",
            |args| map("murmur3", args, murmur::murmur3),
        ),
        entry(
            "spooky_hash_v2_32",
            "spooky_hash_v2_32(varbinary) -> varbinary",
            "The 32-bit SpookyHash.",
            "to_hex(spooky_hash_v2_32(to_utf8('a')))",
            |args| map("spooky_hash_v2_32", args, |b| (spooky::hash(b) as u32).to_be_bytes()),
        ),
        entry(
            "spooky_hash_v2_64",
            "spooky_hash_v2_64(varbinary) -> varbinary",
            "The 64-bit SpookyHash.",
            "to_hex(spooky_hash_v2_64(to_utf8('a')))",
            |args| map("spooky_hash_v2_64", args, |b| spooky::hash(b).to_be_bytes()),
        ),
    ]
}

fn keyed() -> Vec<Function> {
    vec![
        entry(
            "hmac_md5",
            "hmac_md5(varbinary, key) -> varbinary",
            "The MD5 hash under a key.",
            "to_hex(hmac_md5(to_utf8('a'), to_utf8('key')))",
            |args| keyed_hash("hmac_md5", args, sign::<Hmac<Md5>>),
        ),
        entry(
            "hmac_sha1",
            "hmac_sha1(varbinary, key) -> varbinary",
            "The SHA-1 hash under a key.",
            "to_hex(hmac_sha1(to_utf8('a'), to_utf8('key')))",
            |args| keyed_hash("hmac_sha1", args, sign::<Hmac<Sha1>>),
        ),
        entry(
            "hmac_sha256",
            "hmac_sha256(varbinary, key) -> varbinary",
            "The SHA-256 hash under a key.",
            "to_hex(hmac_sha256(to_utf8('a'), to_utf8('key')))",
            |args| keyed_hash("hmac_sha256", args, sign::<Hmac<Sha256>>),
        ),
        entry(
            "hmac_sha512",
            "hmac_sha512(varbinary, key) -> varbinary",
            "The SHA-512 hash under a key.",
            "to_hex(hmac_sha512(to_utf8('a'), to_utf8('key')))",
            |args| keyed_hash("hmac_sha512", args, sign::<Hmac<Sha512>>),
        ),
    ]
}

fn crc32(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::Varbinary]) {
        return Err(no_overload("crc32", args, "(varbinary)"));
    }
    Ok(ScalarCall::new(vec![Type::Varbinary], Type::BigInt, |call| {
        let bytes = Column::<BinaryViewArray>::of(call, 0)?;
        numbers::<Int64Type>(call.rows, |row| Ok(bytes.get(row).map(|b| i64::from(crc32fast::hash(b)))))
    }))
}

fn sign<M: Mac + hmac::digest::KeyInit>(bytes: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as Mac>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(mac.finalize().into_bytes().to_vec())
}

fn keyed_hash(name: &str, args: &[Arg<'_>], sign: fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Result<ScalarCall> {
    let types = vec![Type::Varbinary; 2];
    if !takes(args, &types) {
        return Err(no_overload(name, args, "(varbinary, varbinary)"));
    }
    Ok(ScalarCall::new(types, Type::Varbinary, move |call| {
        let (bytes, keys) = (Column::<BinaryViewArray>::of(call, 0)?, Column::<BinaryViewArray>::of(call, 1)?);
        binaries(call.rows, |row| match pairs(&bytes, &keys, row) {
            None => Ok(None),
            // Java refuses it as well.
            Some((_, [])) => fail("Empty key"),
            Some((bytes, key)) => Ok(sign(bytes, key)),
        })
    }))
}
