//! The function library: what can be called, and under which names?
//!
//! A family is a section of Trino's manual, in its own file; a family's `all()` lists its functions. Help, completion and
//! the compatibility table are read off this list. One name is one function: overloads are told apart by its `bind`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::function::Function;

pub(crate) mod aggregate;
pub(crate) mod arguments;
pub(crate) mod array;
pub(crate) mod binary;
pub(crate) mod color;
pub(crate) mod comparison;
pub(crate) mod conversion;
pub(crate) mod datetime;
pub(crate) mod ip;
pub(crate) mod json;
pub(crate) mod lambda;
pub mod manual;
pub(crate) mod map;
pub(crate) mod math;
pub(crate) mod regexp;
pub(crate) mod sketch;
pub(crate) mod sql_json;
pub(crate) mod string;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod url;
pub(crate) mod uuid;
pub(crate) mod window;

/// Every family with its functions, in the order of Trino's manual; a new family is a line here.
pub fn families() -> Vec<(&'static str, Vec<Function>)> {
    vec![
        ("comparison", comparison::all()),
        ("conversion", conversion::all()),
        ("string", string::all()),
        ("regexp", regexp::all()),
        ("json", json::all()),
        ("binary", binary::all()),
        ("url", url::all()),
        ("ip", ip::all()),
        ("uuid", uuid::all()),
        ("color", color::all()),
        ("math", math::all()),
        ("datetime", datetime::all()),
        ("array", array::all()),
        ("map", map::all()),
        ("lambda", lambda::all()),
        ("aggregate", aggregate::all()),
        ("sketch", sketch::all()),
        ("window", window::all()),
    ]
}

/// All functions, by family.
pub fn all() -> &'static [Function] {
    static ALL: LazyLock<Vec<Function>> = LazyLock::new(|| families().into_iter().flat_map(|(_, f)| f).collect());
    &ALL
}

/// The function of this name or alias, in any case.
pub fn lookup(name: &str) -> Option<&'static Function> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
        static UNLISTED: LazyLock<Vec<Function>> = LazyLock::new(sql_json::all);
        let names = |f: &'static Function| std::iter::once(f.name).chain(f.aliases.iter().copied());
        all().iter().chain(UNLISTED.iter()).flat_map(|f| names(f).map(move |name| (name, f))).collect()
    });
    INDEX.get(name.to_lowercase().as_str()).copied()
}

/// The names most like `name`, the best first; for "did you mean".
pub fn nearest(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase();
    let mut near: Vec<(f64, &'static str)> = all()
        .iter()
        .flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()))
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.84)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_stands_twice() {
        let mut seen = HashSet::new();
        for f in all() {
            for name in std::iter::once(&f.name).chain(f.aliases) {
                assert!(seen.insert(*name), "{name} stands twice");
                assert_eq!(*name, name.to_lowercase(), "names are lower case");
            }
        }
    }

    #[test]
    fn every_function_says_what_it_is() {
        for (family, functions) in families() {
            assert!(!functions.is_empty(), "{family} is empty");
            for f in functions {
                assert_eq!(f.family, family, "{}", f.name);
                assert!(f.signature.contains("->"), "{} has no signature", f.name);
                assert!(f.about.ends_with('.') && f.about.len() > 10, "{} has no sentence", f.name);
                assert!(!f.example.is_empty(), "{} has no example", f.name);
            }
        }
    }

    #[test]
    fn lookup_takes_any_case_and_aliases() {
        assert_eq!(lookup("SubStr").map(|f| f.name), Some("substr"));
        assert_eq!(lookup("substring").map(|f| f.name), Some("substr"));
        assert!(lookup("no_such_function").is_none());
        assert_eq!(nearest("lenght").first(), Some(&"length"));
    }
}
