//! Which queries come with the program? Every file of `queries/`, in alphabetical order; a test holds the list to it.

use std::sync::LazyLock;

use trailmere_model::{Error, Result, nearest};

use crate::saved::SavedQuery;

/// The shipped queries, by name.
pub fn shipped() -> &'static [SavedQuery] {
    static SHIPPED: LazyLock<Vec<SavedQuery>> =
        LazyLock::new(|| TEXTS.iter().filter_map(|(name, text)| SavedQuery::parse(name, text).ok()).collect());
    &SHIPPED
}

/// The shipped query of a name.
pub fn find_shipped(name: &str) -> Result<&'static SavedQuery> {
    shipped().iter().find(|query| query.name == name).ok_or_else(|| {
        let error = Error::not_found(format!("there is no shipped query `{name}`"));
        match nearest(name, shipped().iter().map(|query| query.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("search for a word of it"),
        }
    })
}

const TEXTS: &[(&str, &str)] = &[
    ("access-key-activity", include_str!("../../../queries/access-key-activity.sql")),
    ("access-keys-created", include_str!("../../../queries/access-keys-created.sql")),
    ("access-keys-in-use", include_str!("../../../queries/access-keys-in-use.sql")),
    ("activity-by-weekday", include_str!("../../../queries/activity-by-weekday.sql")),
    ("administrator-policies-granted", include_str!("../../../queries/administrator-policies-granted.sql")),
    ("bedrock-use", include_str!("../../../queries/bedrock-use.sql")),
    ("calls-by-aws-services", include_str!("../../../queries/calls-by-aws-services.sql")),
    ("console-changes", include_str!("../../../queries/console-changes.sql")),
    ("console-sign-ins", include_str!("../../../queries/console-sign-ins.sql")),
    ("console-sign-ins-without-mfa", include_str!("../../../queries/console-sign-ins-without-mfa.sql")),
    ("console-versus-cli", include_str!("../../../queries/console-versus-cli.sql")),
    ("created-outside-cloudformation", include_str!("../../../queries/created-outside-cloudformation.sql")),
    ("created-resources", include_str!("../../../queries/created-resources.sql")),
    ("cross-account-access", include_str!("../../../queries/cross-account-access.sql")),
    ("cross-account-role-assumptions", include_str!("../../../queries/cross-account-role-assumptions.sql")),
    ("daily-volume", include_str!("../../../queries/daily-volume.sql")),
    ("deleted-resources", include_str!("../../../queries/deleted-resources.sql")),
    ("denied-calls", include_str!("../../../queries/denied-calls.sql")),
    ("detect-access-key-for-another-user", include_str!("../../../queries/detect-access-key-for-another-user.sql")),
    ("detect-administrator-granted", include_str!("../../../queries/detect-administrator-granted.sql")),
    ("detect-cloudtrail-turned-off", include_str!("../../../queries/detect-cloudtrail-turned-off.sql")),
    ("detect-console-login-without-mfa", include_str!("../../../queries/detect-console-login-without-mfa.sql")),
    ("detect-cross-account-role", include_str!("../../../queries/detect-cross-account-role.sql")),
    ("detect-failed-console-logins", include_str!("../../../queries/detect-failed-console-logins.sql")),
    ("detect-guardduty-disabled", include_str!("../../../queries/detect-guardduty-disabled.sql")),
    ("detect-kms-key-deletion", include_str!("../../../queries/detect-kms-key-deletion.sql")),
    ("detect-mass-deletes", include_str!("../../../queries/detect-mass-deletes.sql")),
    ("detect-public-bucket", include_str!("../../../queries/detect-public-bucket.sql")),
    ("detect-root-use", include_str!("../../../queries/detect-root-use.sql")),
    ("detect-security-group-opened", include_str!("../../../queries/detect-security-group-opened.sql")),
    ("detect-snapshot-shared", include_str!("../../../queries/detect-snapshot-shared.sql")),
    ("detect-unusual-region", include_str!("../../../queries/detect-unusual-region.sql")),
    ("duplicate-events", include_str!("../../../queries/duplicate-events.sql")),
    ("dynamodb-data-access", include_str!("../../../queries/dynamodb-data-access.sql")),
    ("error-rate-by-hour", include_str!("../../../queries/error-rate-by-hour.sql")),
    ("errors-by-service", include_str!("../../../queries/errors-by-service.sql")),
    ("errors-by-user", include_str!("../../../queries/errors-by-user.sql")),
    ("failed-console-sign-ins", include_str!("../../../queries/failed-console-sign-ins.sql")),
    ("failed-console-sign-ins-by-hour", include_str!("../../../queries/failed-console-sign-ins-by-hour.sql")),
    ("federated-sign-ins", include_str!("../../../queries/federated-sign-ins.sql")),
    ("hourly-volume", include_str!("../../../queries/hourly-volume.sql")),
    ("iam-activity", include_str!("../../../queries/iam-activity.sql")),
    ("iam-policy-changes", include_str!("../../../queries/iam-policy-changes.sql")),
    ("iam-user-changes", include_str!("../../../queries/iam-user-changes.sql")),
    ("identity-center-users", include_str!("../../../queries/identity-center-users.sql")),
    ("identity-types", include_str!("../../../queries/identity-types.sql")),
    ("insights", include_str!("../../../queries/insights.sql")),
    ("insights-by-action", include_str!("../../../queries/insights-by-action.sql")),
    ("insights-by-day", include_str!("../../../queries/insights-by-day.sql")),
    ("instance-credentials-by-imds-version", include_str!("../../../queries/instance-credentials-by-imds-version.sql")),
    (
        "instance-credentials-from-many-addresses",
        include_str!("../../../queries/instance-credentials-from-many-addresses.sql"),
    ),
    ("instance-lifecycle", include_str!("../../../queries/instance-lifecycle.sql")),
    ("instances-launched", include_str!("../../../queries/instances-launched.sql")),
    ("kms-key-changes", include_str!("../../../queries/kms-key-changes.sql")),
    ("kms-use", include_str!("../../../queries/kms-use.sql")),
    ("lambda-changes", include_str!("../../../queries/lambda-changes.sql")),
    ("lambda-invocations", include_str!("../../../queries/lambda-invocations.sql")),
    ("log-coverage", include_str!("../../../queries/log-coverage.sql")),
    ("log-deletion", include_str!("../../../queries/log-deletion.sql")),
    ("mass-deletion", include_str!("../../../queries/mass-deletion.sql")),
    ("mfa-disabled", include_str!("../../../queries/mfa-disabled.sql")),
    ("network-changes", include_str!("../../../queries/network-changes.sql")),
    ("new-actions", include_str!("../../../queries/new-actions.sql")),
    ("off-hours-changes", include_str!("../../../queries/off-hours-changes.sql")),
    ("organization-changes", include_str!("../../../queries/organization-changes.sql")),
    ("outdated-tls", include_str!("../../../queries/outdated-tls.sql")),
    ("privilege-escalation", include_str!("../../../queries/privilege-escalation.sql")),
    ("public-buckets", include_str!("../../../queries/public-buckets.sql")),
    ("public-security-groups", include_str!("../../../queries/public-security-groups.sql")),
    ("rare-events", include_str!("../../../queries/rare-events.sql")),
    ("rds-changes", include_str!("../../../queries/rds-changes.sql")),
    ("read-versus-write", include_str!("../../../queries/read-versus-write.sql")),
    ("reconnaissance", include_str!("../../../queries/reconnaissance.sql")),
    ("remote-commands", include_str!("../../../queries/remote-commands.sql")),
    ("resource-history", include_str!("../../../queries/resource-history.sql")),
    ("resources-touched", include_str!("../../../queries/resources-touched.sql")),
    ("role-assumption-chains", include_str!("../../../queries/role-assumption-chains.sql")),
    ("role-assumptions", include_str!("../../../queries/role-assumptions.sql")),
    ("role-session-actions", include_str!("../../../queries/role-session-actions.sql")),
    ("role-trust-changes", include_str!("../../../queries/role-trust-changes.sql")),
    ("roles-assuming-themselves", include_str!("../../../queries/roles-assuming-themselves.sql")),
    ("root-activity", include_str!("../../../queries/root-activity.sql")),
    ("root-sign-ins", include_str!("../../../queries/root-sign-ins.sql")),
    ("s3-anonymous-access", include_str!("../../../queries/s3-anonymous-access.sql")),
    ("s3-bucket-access-changes", include_str!("../../../queries/s3-bucket-access-changes.sql")),
    ("s3-object-access", include_str!("../../../queries/s3-object-access.sql")),
    ("s3-top-users", include_str!("../../../queries/s3-top-users.sql")),
    ("secrets-access", include_str!("../../../queries/secrets-access.sql")),
    ("security-group-changes", include_str!("../../../queries/security-group-changes.sql")),
    ("security-services-disabled", include_str!("../../../queries/security-services-disabled.sql")),
    ("sign-in-after-failures", include_str!("../../../queries/sign-in-after-failures.sql")),
    ("snapshots-shared", include_str!("../../../queries/snapshots-shared.sql")),
    ("source-address-activity", include_str!("../../../queries/source-address-activity.sql")),
    ("suspicious-user-agents", include_str!("../../../queries/suspicious-user-agents.sql")),
    ("throttled-calls", include_str!("../../../queries/throttled-calls.sql")),
    ("tls-versions", include_str!("../../../queries/tls-versions.sql")),
    ("top-errors", include_str!("../../../queries/top-errors.sql")),
    ("top-events", include_str!("../../../queries/top-events.sql")),
    ("top-regions", include_str!("../../../queries/top-regions.sql")),
    ("top-services", include_str!("../../../queries/top-services.sql")),
    ("top-source-addresses", include_str!("../../../queries/top-source-addresses.sql")),
    ("top-users", include_str!("../../../queries/top-users.sql")),
    ("trail-tampering", include_str!("../../../queries/trail-tampering.sql")),
    ("unusual-regions", include_str!("../../../queries/unusual-regions.sql")),
    ("user-activity", include_str!("../../../queries/user-activity.sql")),
    ("user-activity-summary", include_str!("../../../queries/user-activity-summary.sql")),
    ("user-agents", include_str!("../../../queries/user-agents.sql")),
    ("users-with-many-addresses", include_str!("../../../queries/users-with-many-addresses.sql")),
    ("volume-by-size", include_str!("../../../queries/volume-by-size.sql")),
    ("vpc-endpoint-denials", include_str!("../../../queries/vpc-endpoint-denials.sql")),
    ("vpc-endpoint-use", include_str!("../../../queries/vpc-endpoint-use.sql")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_the_list_is_a_query() {
        for (name, text) in TEXTS {
            if let Err(error) = SavedQuery::parse(name, text) {
                panic!("{error}");
            }
        }
        assert_eq!(shipped().len(), TEXTS.len());
        assert!(TEXTS.is_sorted_by(|a, b| a.0 < b.0), "the list is in alphabetical order, and no name stands twice");
    }

    #[test]
    fn a_query_is_found_by_its_name_or_a_near_one_suggested() {
        assert_eq!(find_shipped("denied-calls").unwrap().title, "Denied calls");
        assert_eq!(find_shipped("denied-cals").unwrap_err().advice(), Some("did you mean `denied-calls`?"));
        assert_eq!(find_shipped("zzz").unwrap_err().advice(), Some("search for a word of it"));
    }
}
