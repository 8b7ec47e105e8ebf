//! When are two values equal, identical or in order, whatever their type? Values of nested types, above all.

use std::cmp::Ordering;

use arrow::array::{Array, ArrowPrimitiveType, AsArray, MapArray, StructArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};

use crate::render::time::stamp;
use crate::render::{fixed, primitive};
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_SECOND};
use crate::types::Type;

/// SQL's `=`: `None` where a NULL leaves it open.
pub(crate) fn equal(ty: &Type, a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> Option<bool> {
    if *ty == Type::Unknown || a.is_null(i) || b.is_null(j) {
        return None;
    }
    match ty {
        Type::Array(element) => {
            let (x, y) = (a.as_list::<i32>(), b.as_list::<i32>());
            let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
            if p.len() != q.len() {
                return Some(false);
            }
            all(p.zip(q).map(|(i, j)| equal(element, x.values(), i, y.values(), j)))
        }
        Type::Row(fields) => {
            let (x, y) = (a.as_struct(), b.as_struct());
            all(fields.iter().enumerate().map(|(n, f)| equal(&f.ty, x.column(n), i, y.column(n), j)))
        }
        Type::Map(key, value) => {
            let (x, y) = (a.as_map(), b.as_map());
            let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
            if p.len() != q.len() {
                return Some(false);
            }
            all(p.map(|i| match find(key, x, i, y, q.clone()) {
                Some(j) => equal(value, x.values(), i, y.values(), j),
                None => Some(false),
            }))
        }
        Type::Double => Some(primitive::<Float64Type>(a, i) == primitive::<Float64Type>(b, j)),
        Type::Real => Some(primitive::<Float32Type>(a, i) == primitive::<Float32Type>(b, j)),
        _ => Some(order(ty, a, i, b, j).is_eq()),
    }
}

/// `IS NOT DISTINCT FROM`: NULLs are alike, and so are NaNs.
pub(crate) fn identical(ty: &Type, a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> bool {
    if *ty == Type::Unknown || a.is_null(i) || b.is_null(j) {
        return *ty == Type::Unknown || a.is_null(i) && b.is_null(j);
    }
    match ty {
        Type::Array(element) => {
            let (x, y) = (a.as_list::<i32>(), b.as_list::<i32>());
            let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
            p.len() == q.len() && p.zip(q).all(|(i, j)| identical(element, x.values(), i, y.values(), j))
        }
        Type::Row(fields) => {
            let (x, y) = (a.as_struct(), b.as_struct());
            fields.iter().enumerate().all(|(n, f)| identical(&f.ty, x.column(n), i, y.column(n), j))
        }
        Type::Map(key, value) => {
            let (x, y) = (a.as_map(), b.as_map());
            let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
            p.len() == q.len()
                && p.into_iter().all(|i| {
                    find(key, x, i, y, q.clone()).is_some_and(|j| identical(value, x.values(), i, y.values(), j))
                })
        }
        _ => order(ty, a, i, b, j).is_eq(),
    }
}

/// SQL's ordering comparison: `None` where a NULL or a NaN leaves it open or unordered.
pub(crate) fn compare(ty: &Type, a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> Compared {
    if *ty == Type::Unknown || a.is_null(i) || b.is_null(j) {
        return Compared::Null;
    }
    let of = |o: Option<Ordering>| o.map_or(Compared::Unordered, Compared::Ordered);
    match ty {
        Type::Double => of(primitive::<Float64Type>(a, i).partial_cmp(&primitive::<Float64Type>(b, j))),
        Type::Real => of(primitive::<Float32Type>(a, i).partial_cmp(&primitive::<Float32Type>(b, j))),
        Type::Array(element) => {
            let (x, y) = (a.as_list::<i32>(), b.as_list::<i32>());
            let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
            let by_length = p.len().cmp(&q.len());
            let members = p.zip(q).map(|(i, j)| compare(element, x.values(), i, y.values(), j));
            first_difference(members).unwrap_or(Compared::Ordered(by_length))
        }
        Type::Row(fields) => {
            let (x, y) = (a.as_struct(), b.as_struct());
            let members = fields.iter().enumerate().map(|(n, f)| compare(&f.ty, x.column(n), i, y.column(n), j));
            first_difference(members).unwrap_or(Compared::Ordered(Ordering::Equal))
        }
        _ => Compared::Ordered(order(ty, a, i, b, j)),
    }
}

/// What a comparison of two values says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    Ordered(Ordering),
    /// A NaN: every comparison is false.
    Unordered,
    Null,
}

fn first_difference(mut members: impl Iterator<Item = Compared>) -> Option<Compared> {
    members.find(|c| *c != Compared::Ordered(Ordering::Equal))
}

/// A total order for sorting and finding: NULLs and NaNs last, -0.0 equal to 0.0.
pub(crate) fn order(ty: &Type, a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> Ordering {
    Order::ODD_LAST.of(ty, (a, i), (b, j))
}

/// A total order, with NULLs and NaNs at one end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    odd_first: bool,
}

type Cell<'a> = (&'a dyn Array, usize);

impl Order {
    pub(crate) const ODD_FIRST: Order = Order { odd_first: true };
    pub(crate) const ODD_LAST: Order = Order { odd_first: false };

    /// Puts what is odd where it belongs.
    fn place(self, order: Ordering) -> Ordering {
        if self.odd_first { order.reverse() } else { order }
    }

    pub(crate) fn of(self, ty: &Type, (a, i): Cell<'_>, (b, j): Cell<'_>) -> Ordering {
        if *ty == Type::Unknown {
            return Ordering::Equal;
        }
        match (a.is_null(i), b.is_null(j)) {
            (false, false) => {}
            (x, y) => return self.place(x.cmp(&y)),
        }
        match ty {
            Type::Real => self.floats(primitive::<Float32Type>(a, i).into(), primitive::<Float32Type>(b, j).into()),
            Type::Double => self.floats(primitive::<Float64Type>(a, i), primitive::<Float64Type>(b, j)),
            Type::Array(element) => {
                let (x, y) = (a.as_list::<i32>(), b.as_list::<i32>());
                let (p, q) = (span(x.value_offsets(), i), span(y.value_offsets(), j));
                let by_length = p.len().cmp(&q.len());
                decide(p.zip(q).map(|(i, j)| self.of(element, (x.values(), i), (y.values(), j)))).then(by_length)
            }
            Type::Row(fields) => {
                let (x, y) = (a.as_struct(), b.as_struct());
                decide(fields.iter().enumerate().map(|(n, f)| self.of(&f.ty, (x.column(n), i), (y.column(n), j))))
            }
            Type::Map(key, value) => self.maps(key, value, (a.as_map(), i), (b.as_map(), j)),
            _ => flat(ty, a, i, b, j),
        }
    }

    fn floats(self, a: f64, b: f64) -> Ordering {
        a.partial_cmp(&b).unwrap_or_else(|| self.place(a.is_nan().cmp(&b.is_nan())))
    }

    /// Maps have no order in SQL; this one, by sorted entries, only has to be consistent.
    fn maps(self, key: &Type, value: &Type, (a, i): (&MapArray, usize), (b, j): (&MapArray, usize)) -> Ordering {
        let (x, y) = (sorted_entries(key, a, i), sorted_entries(key, b, j));
        let by_length = x.len().cmp(&y.len());
        decide(x.into_iter().zip(y).map(|(i, j)| {
            let keys = self.of(key, (a.keys(), i), (b.keys(), j));
            keys.then_with(|| self.of(value, (a.values(), i), (b.values(), j)))
        }))
        .then(by_length)
    }
}

/// Values that have no members and are not NULL.
fn flat(ty: &Type, a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> Ordering {
    match ty {
        Type::Boolean => a.as_boolean().value(i).cmp(&b.as_boolean().value(j)),
        Type::TinyInt => numbers::<Int8Type>(a, i, b, j),
        Type::SmallInt => numbers::<Int16Type>(a, i, b, j),
        Type::Integer | Type::IntervalYearToMonth | Type::Color => numbers::<Int32Type>(a, i, b, j),
        Type::BigInt | Type::Time(_) | Type::IntervalDayToSecond => numbers::<Int64Type>(a, i, b, j),
        Type::Date => numbers::<Date32Type>(a, i, b, j),
        Type::Decimal(..) => numbers::<Decimal128Type>(a, i, b, j),
        Type::Varchar(_) | Type::Json => a.as_string_view().value(i).cmp(b.as_string_view().value(j)),
        Type::Char(_) => padded(a.as_string_view().value(i), b.as_string_view().value(j)),
        Type::Varbinary | Type::HyperLogLog | Type::TDigest | Type::QDigest(_) => {
            a.as_binary_view().value(i).cmp(b.as_binary_view().value(j))
        }
        Type::TimeTz(_) => time_tz(a.as_struct(), i).cmp(&time_tz(b.as_struct(), j)),
        Type::Timestamp(_) => stamp(a, i).cmp(&stamp(b, j)),
        Type::TimestampTz(_) => stamp(a.as_struct().column(0), i).cmp(&stamp(b.as_struct().column(0), j)),
        Type::IpAddress | Type::IpPrefix | Type::Uuid => fixed(a, i).cmp(fixed(b, j)),
        _ => Ordering::Equal,
    }
}

fn decide(mut members: impl Iterator<Item = Ordering>) -> Ordering {
    members.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

fn numbers<T: ArrowPrimitiveType>(a: &dyn Array, i: usize, b: &dyn Array, j: usize) -> Ordering
where
    T::Native: Ord,
{
    primitive::<T>(a, i).cmp(&primitive::<T>(b, j))
}

/// char: as if filled with blanks to one length.
fn padded(a: &str, b: &str) -> Ordering {
    let length = a.len().max(b.len());
    let fill = |s: &'_ str| s.len()..length;
    let (x, y) = (fill(a).map(|_| b' '), fill(b).map(|_| b' '));
    a.bytes().chain(x).cmp(b.bytes().chain(y))
}

/// Picoseconds of the UTC day of a time with time zone.
pub(crate) fn time_tz(array: &StructArray, i: usize) -> i128 {
    let picos = i128::from(primitive::<Int64Type>(array.column(0), i));
    let offset = i128::from(primitive::<Int32Type>(array.column(1), i));
    (picos - offset * 60 * PICOS_PER_SECOND).rem_euclid(PICOS_PER_DAY)
}

/// The entries of a map in the order of their keys.
pub(crate) fn sorted_entries(key: &Type, map: &MapArray, row: usize) -> Vec<usize> {
    let mut entries: Vec<usize> = span(map.value_offsets(), row).collect();
    entries.sort_by(|a, b| order(key, map.keys(), *a, map.keys(), *b));
    entries
}

fn find(key: &Type, x: &MapArray, i: usize, y: &MapArray, mut among: std::ops::Range<usize>) -> Option<usize> {
    among.find(|j| order(key, x.keys(), i, y.keys(), *j).is_eq())
}

/// The items of a row.
pub(crate) fn span(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

/// False if one is false, else open if one is open.
fn all(members: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for member in members {
        match member {
            Some(true) => {}
            Some(false) => return Some(false),
            None => result = None,
        }
    }
    result
}
