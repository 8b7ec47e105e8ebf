//! How does a record spell a name that SQL writes in any case, and what was meant by one that does not exist?

use crate::StoreType;
use crate::schema::{Column, find_column};

/// The record's spelling of a column, or of a member path such as `useridentity.sessioncontext.sessionissuer.arn`.
///
/// Any case is taken; `None` if the store type has no such column or member. Below a map nothing is known.
pub fn display_name(store_type: StoreType, name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let column = find_column(store_type, parts.next()?)?;
    let members: Vec<&str> = parts.collect();
    display_path(column, &members)
}

/// The record's spelling of a member path below a column, lists being passed through.
pub fn display_path(column: &Column, members: &[&str]) -> Option<String> {
    let mut path = column.display.to_owned();
    let mut column_type = column.column_type;
    for name in members {
        let member = column_type.members().iter().find(|member| member.display.eq_ignore_ascii_case(name))?;
        path.push('.');
        path.push_str(member.display);
        column_type = member.column_type;
    }
    Some(path)
}

/// The known name nearest to a misspelt one, if any is near enough to be worth a "did you mean".
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_records_spell_them() {
        let cases = [
            ("eventid", Some("eventID")),
            ("EVENTID", Some("eventID")),
            ("sourceipaddress", Some("sourceIPAddress")),
            ("useridentity.sessioncontext.sessionissuer.arn", Some("userIdentity.sessionContext.sessionIssuer.arn")),
            (
                "useridentity.sessioncontext.webidfederationdata",
                Some("userIdentity.sessionContext.webIdFederationData"),
            ),
            ("resources.arn", Some("resources.ARN")),
            ("eventcontext.tagcontext.resourcetags.tags", Some("eventContext.tagContext.resourceTags.tags")),
            ("tlsdetails.keyexchange", Some("tlsDetails.keyExchange")),
            ("eventnam", None),
            ("useridentity.nosuch", None),
            ("requestparameters.bucketname", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(display_name(StoreType::CloudTrail, name).as_deref(), expected, "{name}");
        }
        let insight = display_name(StoreType::Insights, "insightcontext.attributions.insight.average");
        assert_eq!(insight.as_deref(), Some("insightContext.attributions.insight.average"));
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["eventname", "eventsource", "eventtime"];
        assert_eq!(nearest("evntname", known), Some("eventname"));
        assert_eq!(nearest("EventTme", known), Some("eventtime"));
        assert_eq!(nearest("bucket", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
