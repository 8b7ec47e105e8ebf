//! Parquet's runs and packed numbers, which levels and positions in dictionaries are written in.

/// Reads so many numbers of so many bits each; `None` if there are not as many. `numbers` is replaced.
pub(super) fn unpack(bytes: &[u8], width: u32, count: usize, numbers: &mut Vec<u32>) -> Option<()> {
    numbers.clear();
    if width > u32::BITS {
        return None;
    }
    numbers.reserve(count);
    let mut rest = bytes;
    while numbers.len() < count {
        let left = count - numbers.len();
        let header = varint(&mut rest)?;
        if header & 1 == 0 {
            let (value, length) = (width.div_ceil(8) as usize, (header >> 1) as usize);
            let bytes = rest.get(..value)?;
            rest = &rest[value..];
            let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            if length == 0 {
                return None;
            }
            numbers.resize(numbers.len() + length.min(left), value);
            continue;
        }
        let groups = (header >> 1) as usize;
        if groups == 0 {
            return None;
        }
        let wanted = groups.saturating_mul(8).min(left);
        // Writers may leave out the end of the last group.
        if rest.len().saturating_mul(8) < wanted.saturating_mul(width as usize) {
            return None;
        }
        packed(rest, width, wanted, numbers);
        rest = rest.get(groups.saturating_mul(width as usize)..).unwrap_or_default();
    }
    Some(())
}

/// Numbers one after the other, the lowest bits first. There are enough bytes.
fn packed(bytes: &[u8], width: u32, count: usize, numbers: &mut Vec<u32>) {
    let mask = (1_u64 << width) - 1;
    // Where eight bytes are there, a number is within them wherever it begins.
    let fast = match bytes.len().checked_sub(8) {
        Some(last) if width > 0 => ((last * 8 + 7) / width as usize).min(count),
        Some(_) => count,
        None => 0,
    };
    let number = |index: usize, window: u64| (window >> ((index * width as usize) & 7) & mask) as u32;
    numbers.extend((0..fast).map(|index| {
        let at = index * width as usize / 8;
        let window = bytes.get(at..at + 8).and_then(|window| window.try_into().ok()).map_or(0, u64::from_le_bytes);
        number(index, window)
    }));
    numbers.extend((fast..count).map(|index| {
        let mut window = [0; 8];
        let from = bytes.get(index * width as usize / 8..).unwrap_or_default();
        let length = from.len().min(8);
        window[..length].copy_from_slice(&from[..length]);
        number(index, u64::from_le_bytes(window))
    }));
}

fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs numbers as Parquet does, the plain way.
    fn pack(numbers: &[u32], width: u32) -> Vec<u8> {
        let groups = numbers.len().div_ceil(8);
        let mut bytes = vec![0; groups * width as usize];
        for (index, number) in numbers.iter().enumerate() {
            for bit in 0..width as usize {
                let at = index * width as usize + bit;
                bytes[at / 8] |= ((number >> bit & 1) as u8) << (at % 8);
            }
        }
        let mut all = vec![];
        let mut header = (groups << 1 | 1) as u32;
        while header >= 0x80 {
            all.push(header as u8 | 0x80);
            header >>= 7;
        }
        all.push(header as u8);
        all.extend(bytes);
        all
    }

    #[test]
    fn packed_numbers_of_every_width() {
        let mut state = 7_u64;
        for width in 0..=32 {
            for count in [1, 7, 8, 9, 64, 1003] {
                let numbers: Vec<u32> = (0..count)
                    .map(|_| {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        ((state >> 32) & ((1_u64 << width) - 1)) as u32
                    })
                    .collect();
                let mut read = vec![];
                unpack(&pack(&numbers, width), width, count, &mut read).unwrap();
                assert_eq!(read, numbers, "{width} bits, {count} numbers");
            }
        }
    }

    #[test]
    fn runs_and_packed_numbers_follow_each_other() {
        let mut bytes = vec![5 << 1, 3];
        bytes.extend(pack(&[1, 2, 3, 0, 1, 2, 3, 0], 2));
        bytes.extend([200, 1, 1]);
        let mut read = vec![];
        unpack(&bytes, 2, 113, &mut read).unwrap();
        let expected: Vec<u32> = [3; 5].into_iter().chain([1, 2, 3, 0, 1, 2, 3, 0]).chain([1; 100]).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_cut_short_or_nonsense_is_none() {
        let bytes = pack(&[1, 2, 3, 4, 5, 6, 7, 0], 3);
        for cut in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..cut], 3, 8, &mut vec![]), None, "cut at {cut}");
        }
        assert_eq!(unpack(&[0, 1], 1, 1, &mut vec![]), None);
        assert_eq!(unpack(&[1], 1, 1, &mut vec![]), None);
        assert_eq!(unpack(&[0x80; 9], 1, 1, &mut vec![]), None);
        assert_eq!(unpack(&bytes, 33, 1, &mut vec![]), None);
    }
}
