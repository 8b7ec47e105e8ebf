//! Does every query survive being written down, whatever is in it?

use proptest::prelude::*;
use trailmere_queries::{Parameter, SavedQuery, placeholders, shipped};

#[test]
fn shipped_queries_are_the_same_when_written_and_read() {
    for query in shipped() {
        assert_eq!(SavedQuery::parse(&query.name, &query.to_text()).expect("a query"), *query);
    }
}

prop_compose! {
    fn parameter()(
        name in "[a-z][a-z0-9_]{0,8}",
        type_name in prop::sample::select(vec!["varchar", "bigint", "timestamp(3) with time zone", "array(varchar)"]),
        default in prop::option::of("('[a-z =$-]{0,12}'|[0-9]{1,5}|now\\(\\))"),
        about in "([a-zäö=:][a-zäö=:,]{0,10}( [a-z=:]{1,8}){0,3})?",
    ) -> Parameter {
        let default = default.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        Parameter { name, type_name: type_name.to_owned(), default, about }
    }
}

prop_compose! {
    fn query()(
        title in "([A-Za-zé][a-z:é-]{0,9}( [a-z:]{1,9}){0,4})?",
        description in "([A-Za-zé][a-z:é-]{0,9}( [a-z:]{1,9}){0,9})?",
        tags in prop::collection::vec("[a-z][a-z -]{0,6}[a-z]", 0..4),
        mut parameters in prop::collection::vec(parameter(), 0..4),
        comment in "(/\\* [^*]{0,12} \\*/ )?",
        text in "[ -&(-~]{0,20}",
    ) -> SavedQuery {
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        parameters.dedup_by(|a, b| a.name == b.name);
        let used: Vec<String> = parameters.iter().map(|parameter| format!(", ${}", parameter.name)).collect();
        let sql = format!("{comment}SELECT '{text}'{}", used.concat());
        SavedQuery { name: "q".to_owned(), title, description, tags, parameters, sql }
    }
}

proptest! {
    #[test]
    fn any_query_is_the_same_when_written_and_read(query in query()) {
        query.validate().expect("valid");
        let text = query.to_text();
        prop_assert_eq!(SavedQuery::parse("q", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?, query);
    }

    #[test]
    fn no_text_is_too_strange_to_be_read_or_refused(text in "(.|\n|--|'|\\$a|: ){0,60}") {
        let _ = SavedQuery::parse("q", &text);
        for name in placeholders(&text) {
            let is_written = text.contains(&format!("${name}"));
            prop_assert!(is_written);
        }
    }
}
