//! What can be done: one row per API action, with how often, and what its record holds.

use crate::identity::Actor;
use crate::json::{Array, Object};
use crate::scene::Scene;

/// Writes members of an object of the record.
pub(crate) type Fields = fn(&mut Scene<'_>, &mut Object<'_>);

/// One kind of event.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    /// `eventSource` without `.amazonaws.com`.
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    /// How often, against the others.
    pub(crate) weight: u32,
    pub(crate) read_only: bool,
    pub(crate) data: bool,
    pub(crate) event_type: &'static str,
    pub(crate) api_version: Option<&'static str>,
    /// Who can only have done it.
    pub(crate) actor: Option<Actor>,
    pub(crate) errors: &'static [&'static str],
    pub(crate) request: Option<Fields>,
    pub(crate) response: Option<Fields>,
    pub(crate) additional: Option<Fields>,
    pub(crate) service_details: Option<Fields>,
    pub(crate) resources: Option<fn(&mut Scene<'_>, &mut Array<'_>)>,
}

const fn action(service: &'static str, name: &'static str, weight: u32, read_only: bool) -> Action {
    Action {
        service,
        name,
        weight,
        read_only,
        data: false,
        event_type: "AwsApiCall",
        api_version: None,
        actor: None,
        errors: &["AccessDenied", "ThrottlingException"],
        request: None,
        response: None,
        additional: None,
        service_details: None,
        resources: None,
    }
}

/// A management event that reads.
pub(crate) const fn read(service: &'static str, name: &'static str, weight: u32) -> Action {
    action(service, name, weight, true)
}

/// A management event that writes.
pub(crate) const fn write(service: &'static str, name: &'static str, weight: u32) -> Action {
    action(service, name, weight, false)
}

impl Action {
    pub(crate) const fn data(mut self) -> Self {
        self.data = true;
        self
    }

    pub(crate) const fn of_type(mut self, event_type: &'static str) -> Self {
        self.event_type = event_type;
        self
    }

    pub(crate) const fn version(mut self, api_version: &'static str) -> Self {
        self.api_version = Some(api_version);
        self
    }

    pub(crate) const fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    pub(crate) const fn fails(mut self, errors: &'static [&'static str]) -> Self {
        self.errors = errors;
        self
    }

    pub(crate) const fn request(mut self, fields: Fields) -> Self {
        self.request = Some(fields);
        self
    }

    pub(crate) const fn response(mut self, fields: Fields) -> Self {
        self.response = Some(fields);
        self
    }

    pub(crate) const fn additional(mut self, fields: Fields) -> Self {
        self.additional = Some(fields);
        self
    }

    pub(crate) const fn details(mut self, fields: Fields) -> Self {
        self.service_details = Some(fields);
        self
    }

    pub(crate) const fn resources(mut self, resources: fn(&mut Scene<'_>, &mut Array<'_>)) -> Self {
        self.resources = Some(resources);
        self
    }
}
