//! What do a trail's basic event selectors mean in advanced ones?

use serde::Deserialize;

use super::{AdvancedEventSelector, FieldSelector};
use crate::definition::Refusal;
use crate::{Error, Result, nearest};

/// A basic event selector, as `put-event-selectors` takes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct BasicEventSelector {
    #[serde(default)]
    read_write_type: ReadWriteType,
    #[serde(default = "included")]
    include_management_events: bool,
    #[serde(default)]
    data_resources: Vec<DataResource>,
    #[serde(default)]
    exclude_management_event_sources: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum ReadWriteType {
    #[default]
    All,
    ReadOnly,
    WriteOnly,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DataResource {
    r#type: String,
    #[serde(default)]
    values: Vec<String>,
}

const TYPES: [&str; 3] = ["AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"];
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

fn included() -> bool {
    true
}

/// One selector for the management events, and one for each resource type.
pub(super) fn translate(basic: BasicEventSelector) -> Result<Vec<AdvancedEventSelector>> {
    let mut selectors = Vec::new();
    if basic.include_management_events {
        selectors.push(management(&basic)?);
    } else if !basic.exclude_management_event_sources.is_empty() {
        return Err(refuse("`ExcludeManagementEventSources` needs `IncludeManagementEvents`"));
    }
    for resource in &basic.data_resources {
        selectors.push(data(resource, basic.read_write_type)?);
    }
    if selectors.is_empty() {
        return Err(refuse("the selector chooses nothing").hint("include management events or name data resources"));
    }
    Ok(selectors)
}

fn management(basic: &BasicEventSelector) -> Result<AdvancedEventSelector> {
    let mut fields = vec![FieldSelector::equals("eventCategory", ["Management"])];
    fields.extend(read_only(basic.read_write_type));
    let excluded = &basic.exclude_management_event_sources;
    if let Some(wrong) = excluded.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
        return Err(refuse(format!("`{wrong}` cannot be excluded")).hint(format!("only {}", EXCLUDABLE.join(" and "))));
    }
    if !excluded.is_empty() {
        let (field, not_equals) = ("eventSource".to_owned(), excluded.clone());
        fields.push(FieldSelector { field, not_equals, ..FieldSelector::default() });
    }
    Ok(AdvancedEventSelector { name: None, field_selectors: fields })
}

fn data(resource: &DataResource, read_write_type: ReadWriteType) -> Result<AdvancedEventSelector> {
    let kind = resource.r#type.as_str();
    if !TYPES.contains(&kind) {
        let hint = nearest(kind, TYPES)
            .map_or_else(|| format!("one of {}", TYPES.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(refuse(format!("`{kind}` is no resource type of a basic selector")).hint(hint));
    }
    let mut fields =
        vec![FieldSelector::equals("eventCategory", ["Data"]), FieldSelector::equals("resources.type", [kind])];
    fields.extend(read_only(read_write_type));
    fields.extend(arns(resource));
    Ok(AdvancedEventSelector { name: None, field_selectors: fields })
}

/// The condition on the ARN; none where the values name a whole service.
fn arns(resource: &DataResource) -> Option<FieldSelector> {
    let service = match resource.r#type.as_str() {
        "AWS::S3::Object" => "arn:aws:s3",
        "AWS::Lambda::Function" => "arn:aws:lambda",
        _ => "arn:aws:dynamodb",
    };
    let whole = |value: &String| value.trim_end_matches(':') == service;
    if resource.values.is_empty() || resource.values.iter().any(whole) {
        return None;
    }
    let mut arns = FieldSelector { field: "resources.ARN".to_owned(), ..FieldSelector::default() };
    let exact = resource.r#type == "AWS::Lambda::Function";
    *(if exact { &mut arns.equals } else { &mut arns.starts_with }) = resource.values.clone();
    Some(arns)
}

fn read_only(read_write_type: ReadWriteType) -> Option<FieldSelector> {
    match read_write_type {
        ReadWriteType::All => None,
        ReadWriteType::ReadOnly => Some(FieldSelector::equals("readOnly", ["true"])),
        ReadWriteType::WriteOnly => Some(FieldSelector::equals("readOnly", ["false"])),
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Refusal::InvalidEventSelectors.because(message)
}
