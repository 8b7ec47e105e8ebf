//! How does an Insights event of a trail, which nests its details, become the flat row of an Insights store?

use super::column::{Column, ListColumn, StructColumn};
use super::keys::{Key, Slots};
use super::tape::{ABSENT, Json};

/// Appends what `insightDetails` has for a column; NULL if it has nothing.
pub(crate) fn append_detail(column: &mut Column, name: &str, (json, slots): (Json<'_>, &Slots), scratch: &mut String) {
    let detail = |member| json.member(slots.get(Key::InsightDetails), member);
    match name {
        "insightstate" => column.append(json, detail("state"), scratch),
        "insighteventsource" => column.append(json, detail("eventSource"), scratch),
        "insighteventname" => column.append(json, detail("eventName"), scratch),
        "insighterrorcode" => column.append(json, detail("errorCode"), scratch),
        "insighttype" => column.append(json, detail("insightType"), scratch),
        "insightcontext" => append_context(column, json, detail("insightContext"), scratch),
        _ => column.append_nulls(1),
    }
}

/// Appends an `insightContext`, whose numbers a trail nests in `statistics`.
fn append_context(column: &mut Column, json: Json<'_>, context: u32, scratch: &mut String) {
    let statistics = json.member(context, "statistics");
    match column {
        Column::Struct(row) if statistics != ABSENT => append_nested(row, json, (context, statistics), scratch),
        _ => column.append(json, context, scratch),
    }
}

fn append_nested(row: &mut StructColumn, json: Json<'_>, (context, statistics): (u32, u32), scratch: &mut String) {
    let average_of = |name| json.member(json.member(statistics, name), "average");
    row.append_row(&mut |column, member, _| match (member, column) {
        ("attributions", Column::List(list)) => append_attributions(list, json, json.member(context, member), scratch),
        ("baselineAverage", column) => column.append(json, average_of("baseline"), scratch),
        ("insightAverage", column) => column.append(json, average_of("insight"), scratch),
        (_, column) => column.append(json, json.member(statistics, member), scratch),
    });
}

/// The deprecated single values of an attribution are those of its first, highest entry.
fn append_attributions(list: &mut ListColumn, json: Json<'_>, attributions: u32, scratch: &mut String) {
    list.append_items(json, attributions, &mut |column, item| {
        let Column::Struct(row) = column else { return column.append_nulls(1) };
        if json.members(item).next().is_none() {
            return row.append(json, item, scratch);
        }
        let first = |name, member| json.member(json.items(json.member(item, name)).next().unwrap_or(ABSENT), member);
        row.append_row(&mut |column, member, _| {
            let value = match member {
                "insightValue" => first("insight", "value"),
                "insightAverage" => first("insight", "average"),
                "baselineValue" => first("baseline", "value"),
                "baselineAverage" => first("baseline", "average"),
                _ => json.member(item, member),
            };
            column.append(json, value, scratch);
        });
    });
}
