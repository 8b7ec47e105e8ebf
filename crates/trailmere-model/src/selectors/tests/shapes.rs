//! Which ways to write selectors are understood, and what do basic ones become?

use super::*;
use crate::Kind;
use crate::definition::Refusal;

const ONE: &str = r#"{"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
    {"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"],"NotEndsWith":[".tmp","~"]}]}"#;

#[test]
fn one_meaning_in_every_shape_of_the_cli() {
    let plain = selectors(&format!("[{ONE}]"));
    assert_eq!(plain.selectors.len(), 1);
    assert_eq!(plain.selectors[0].field_selectors[2].not_ends_with, [".tmp", "~"]);
    let shapes = [
        ONE.to_owned(),
        format!("\u{feff} [{ONE}]\n"),
        format!(r#"{{"AdvancedEventSelectors":[{ONE}]}}"#),
        format!(
            r#"{{"TrailARN":"arn:aws:cloudtrail:us-east-1:1:trail/t","AdvancedEventSelectors":[{ONE}],"EventSelectors":[]}}"#
        ),
        format!(r#"{{"EventDataStoreArn":"x","Name":"eds","EventSelectors":null,"AdvancedEventSelectors":[{ONE}]}}"#),
        "Name=n,FieldSelectors=[{Field=eventCategory,Equals=[Data]},{Field=resources.type,Equals=[AWS::S3::Object]},\
         {Field=resources.ARN,StartsWith=[arn:aws:s3:::b/],NotEndsWith=['.tmp',\"~\"]}]"
            .to_owned(),
        "Name=n,FieldSelectors=[{Field=eventCategory,Equals=Data},{Field=resources.type,Equals=AWS::S3::Object}, \
         {Field=resources.ARN,StartsWith=arn:aws:s3:::b/,NotEndsWith=.tmp,~}]"
            .to_owned(),
    ];
    for shape in shapes {
        assert_eq!(selectors(&shape), plain, "{shape}");
    }
}

#[test]
fn several_selectors_in_shorthand_are_parted_by_spaces() {
    let text = r#"Name="two words",FieldSelectors=[{Field=eventCategory,Equals=[Management]},{Field=readOnly,Equals=false}]
        FieldSelectors=[{Field=eventCategory,Equals=[Insight]}]"#;
    let both = selectors(text);
    assert_eq!(both.selectors[0].name.as_deref(), Some("two words"));
    assert_eq!(both.selectors[0].field_selectors[1].equals, ["false"]);
    assert_eq!(both.selectors[1].field_selectors[0].equals, ["Insight"]);
}

#[test]
fn what_was_read_is_written_in_awss_shape() {
    let written = serde_json::to_string(&selectors(&format!("[{ONE}]"))).unwrap();
    let compact: String = ONE.split_whitespace().collect();
    assert_eq!(written, format!("[{compact}]"));
    assert_eq!(serde_json::from_str::<AdvancedEventSelectors>(&written).unwrap(), selectors(ONE));
}

#[test]
fn malformed_selectors_are_refused_with_their_place() {
    let cases = [
        ("", "there are no selectors", None),
        ("17", "expected `key=value` in the selectors, found the end", Some("column 3")),
        ("\"x\"", "expected `key=value` in the selectors, found `\"`", Some("column 1")),
        ("[1]", "a selector is an object with `FieldSelectors`", Some("selector 1")),
        ("[{}]", "there are no `FieldSelectors`", Some("selector 1")),
        (r#"{"AdvancedEventSelectors":{}}"#, "`AdvancedEventSelectors` is no list", None),
        (r#"[{"Name":1,"FieldSelectors":[]}]"#, "`Name` is no text", Some("selector 1")),
        (r#"[{"Name":"a","FieldSelectors":{}}]"#, "`FieldSelectors` is no list", Some("selector 1 `a`")),
        (r#"[{"Name":"a","FieldSelector":[]}]"#, "`FieldSelector` is not known here", Some("selector 1 `a`")),
        (
            r#"[{"FieldSelectors":[7]}]"#,
            "a field selector is an object with `Field` and operators",
            Some("selector 1, field selector 1"),
        ),
        (r#"[{"FieldSelectors":[{"Equals":["x"]}]}]"#, "there is no `Field`", Some("selector 1, field selector 1")),
        (r#"[{"FieldSelectors":[{"Field":7}]}]"#, "`Field` is no text", Some("selector 1, field selector 1")),
        (r#"[{"FieldSelectors":[{"Field":"a","Equals":"x"}]}]"#, "`Equals` is no list", Some("selector 1, field `a`")),
        (
            r#"[{"FieldSelectors":[{"Field":"a","Equals":[]}]}]"#,
            "`Equals` has no values",
            Some("selector 1, field `a`"),
        ),
        (
            r#"[{"FieldSelectors":[{"Field":"a","Equals":[true]}]}]"#,
            "`true` in `Equals` is no text",
            Some("selector 1, field `a`"),
        ),
        (
            r#"[{"FieldSelectors":[{"Field":"a","NotEqual":["x"]}]}]"#,
            "`NotEqual` is not known here",
            Some("selector 1, field `a`"),
        ),
        (
            r#"[{"ReadWriteType":"All"},{"FieldSelectors":[]}]"#,
            "basic and advanced event selectors cannot be given together",
            None,
        ),
        (
            r#"{"AdvancedEventSelectors":[{}],"EventSelectors":[{}]}"#,
            "`AdvancedEventSelectors` and `EventSelectors` cannot be given together",
            None,
        ),
        (
            "Name=a,FieldSelectors=[{Field=b,Equals=[c]}",
            "expected `,` or `]` in the selectors, found the end",
            Some("column 44"),
        ),
        (
            "Name=a,FieldSelectors=[{Field=b,Equals=[c]",
            "expected `}` in the selectors, found the end",
            Some("column 43"),
        ),
        ("Name='a", "expected a closing quote in the selectors, found the end", Some("column 8")),
    ];
    for (text, message, place) in cases {
        let error = AdvancedEventSelectors::parse(text).unwrap_err();
        assert_eq!((error.message(), error.place()), (message, place), "{text}");
        let refused = error.cause() == Some(&Refusal::InvalidParameter);
        assert!(refused || error.kind() == Kind::Syntax, "{text}: {error:?}");
    }
}

#[test]
fn broken_json_is_a_syntax_error_with_its_position() {
    let error = AdvancedEventSelectors::parse("[{\"Name\": \"a\",\n  FieldSelectors: []}]").unwrap_err();
    assert_eq!((error.kind(), error.place()), (Kind::Syntax, Some("line 2, column 3")));
}

#[test]
fn a_misspelt_key_is_suggested() {
    let error =
        AdvancedEventSelectors::parse(r#"[{"FieldSelectors":[{"Field":"a","NotStartWith":["x"]}]}]"#).unwrap_err();
    assert_eq!(error.advice(), Some("did you mean `NotStartsWith`?"));
}

#[test]
fn endless_brackets_are_refused_without_a_crash() {
    let text = format!("Name={}", "[".repeat(100_000));
    assert_eq!(AdvancedEventSelectors::parse(&text).unwrap_err().kind(), Kind::Syntax);
    let json = "[".repeat(100_000);
    assert_eq!(AdvancedEventSelectors::parse(&json).unwrap_err().kind(), Kind::Syntax);
}

/// A basic selector and its advanced equivalents, each a list of `field operator values`.
const BASIC: [(&str, &[&[&str]]); 14] = [
    (r#"{"ReadWriteType":"All"}"#, &[&["eventCategory Equals Management"]]),
    (r#"{"ReadWriteType":"ReadOnly"}"#, &[&["eventCategory Equals Management", "readOnly Equals true"]]),
    (r#"{"ReadWriteType":"WriteOnly"}"#, &[&["eventCategory Equals Management", "readOnly Equals false"]]),
    (
        r#"{"ExcludeManagementEventSources":["kms.amazonaws.com","rdsdata.amazonaws.com"]}"#,
        &[&["eventCategory Equals Management", "eventSource NotEquals kms.amazonaws.com rdsdata.amazonaws.com"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::S3::Object"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::S3::Object"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/","arn:aws:s3:::c/p"]}]}"#,
        &[&[
            "eventCategory Equals Data",
            "resources.type Equals AWS::S3::Object",
            "resources.ARN StartsWith arn:aws:s3:::b/ arn:aws:s3:::c/p",
        ]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/","arn:aws:s3"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::S3::Object"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::Lambda::Function"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda:us-east-1:1:function:f"]}]}"#,
        &[&[
            "eventCategory Equals Data",
            "resources.type Equals AWS::Lambda::Function",
            "resources.ARN Equals arn:aws:lambda:us-east-1:1:function:f",
        ]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::DynamoDB::Table"]],
    ),
    (
        r#"{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb:us-east-1:1:table/t"]}]}"#,
        &[&[
            "eventCategory Equals Data",
            "resources.type Equals AWS::DynamoDB::Table",
            "resources.ARN StartsWith arn:aws:dynamodb:us-east-1:1:table/t",
        ]],
    ),
    (
        r#"{"ReadWriteType":"WriteOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}"#,
        &[&["eventCategory Equals Data", "resources.type Equals AWS::S3::Object", "readOnly Equals false"]],
    ),
    (
        r#"{"ReadWriteType":"ReadOnly","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]},{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}"#,
        &[
            &["eventCategory Equals Management", "readOnly Equals true"],
            &["eventCategory Equals Data", "resources.type Equals AWS::S3::Object", "readOnly Equals true"],
            &["eventCategory Equals Data", "resources.type Equals AWS::Lambda::Function", "readOnly Equals true"],
        ],
    ),
];

fn described(selectors: &AdvancedEventSelectors) -> Vec<Vec<String>> {
    let describe = |field: &FieldSelector| {
        let used = SelectorOperator::ALL.into_iter().filter(|operator| !field.values(*operator).is_empty());
        let parts: Vec<String> =
            used.map(|operator| format!("{} {}", operator.as_str(), field.values(operator).join(" "))).collect();
        format!("{} {}", field.field, parts.join(" "))
    };
    selectors.selectors.iter().map(|selector| selector.field_selectors.iter().map(describe).collect()).collect()
}

#[test]
fn basic_selectors_become_advanced_ones() {
    for (basic, expected) in BASIC {
        for shape in [basic.to_owned(), format!("[{basic}]"), format!(r#"{{"EventSelectors":[{basic}]}}"#)] {
            let translated = selectors(&shape);
            assert_eq!(described(&translated), expected, "{shape}");
            assert_eq!(translated.validate().unwrap(), StoreType::CloudTrail, "{shape}");
        }
    }
    let default = selectors(r#"{"EventSelectors":[{}]}"#);
    assert_eq!(described(&default), [["eventCategory Equals Management"]]);
}

#[test]
fn basic_selectors_in_shorthand() {
    let text =
        "ReadWriteType=ReadOnly,IncludeManagementEvents=false,DataResources=[{Type=AWS::S3::Object,Values=arn:aws:s3}]";
    let expected = ["eventCategory Equals Data", "resources.type Equals AWS::S3::Object", "readOnly Equals true"];
    assert_eq!(described(&selectors(text)), [expected]);
}

#[test]
fn malformed_basic_selectors_are_refused() {
    let cases = [
        (r#"{"ReadWriteType":"Both"}"#, "unknown variant `Both`"),
        (r#"{"ReadWriteType":"All","Values":[]}"#, "unknown field `Values`"),
        (r#"{"IncludeManagementEvents":false}"#, "the selector chooses nothing"),
        (
            r#"{"IncludeManagementEvents":false,"ExcludeManagementEventSources":["kms.amazonaws.com"]}"#,
            "`ExcludeManagementEventSources` needs `IncludeManagementEvents`",
        ),
        (r#"{"ExcludeManagementEventSources":["s3.amazonaws.com"]}"#, "`s3.amazonaws.com` cannot be excluded"),
        (
            r#"{"DataResources":[{"Type":"AWS::S3::Objects"}]}"#,
            "`AWS::S3::Objects` is no resource type of a basic selector",
        ),
    ];
    for (basic, message) in cases {
        let error = AdvancedEventSelectors::parse(&format!(r#"{{"EventSelectors":[{{}},{basic}]}}"#)).unwrap_err();
        assert!(error.message().starts_with(message), "{basic}: {}", error.message());
        assert_eq!(error.place(), Some("selector 2"), "{basic}");
    }
}
