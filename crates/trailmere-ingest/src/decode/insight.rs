//! How does an Insights event of a trail, which nests its details, become the flat row of an Insights store?

use super::column::{Column, ListColumn, StructColumn};
use super::keys::{Key, Slots};
use super::tape::{ABSENT, Json};

/// Where a column's value is in `insightDetails`; [`ABSENT`] if the column is none of these or the event has none.
pub(crate) fn detail(json: Json<'_>, slots: &Slots, column: &str) -> u32 {
    let name = match column {
        "insightstate" => "state",
        "insighteventsource" => "eventSource",
        "insighteventname" => "eventName",
        "insighterrorcode" => "errorCode",
        "insighttype" => "insightType",
        "insightcontext" => "insightContext",
        _ => return ABSENT,
    };
    json.member(slots.get(Key::InsightDetails), name)
}

/// Appends an `insightContext`: the nested one of a trail, or one that is flat already.
pub(crate) fn append_context(column: &mut Column, json: Json<'_>, context: u32, scratch: &mut String) {
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
