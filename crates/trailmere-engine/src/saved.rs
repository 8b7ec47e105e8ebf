//! Saved queries: the shipped ones, and the user's own in the lake, versioned.

use trailmere_model::{Error, Result, nearest};
use trailmere_queries::{SavedQuery, find_shipped, search, shipped};
use trailmere_store::{DocumentVersion, Documents, Lake};

use crate::options::{Parameter, ParameterValue};

const KIND: &str = "saved";

/// The saved queries of a lake; the user's own hide shipped ones of the same name.
#[derive(Debug, Clone)]
pub struct SavedQueries {
    documents: Documents,
}

impl SavedQueries {
    pub(crate) fn new(lake: &Lake) -> Self {
        SavedQueries { documents: lake.documents() }
    }

    /// All queries by name, or those that `phrase` finds, best first.
    pub async fn list(&self, phrase: Option<&str>) -> Result<Vec<SavedQuery>> {
        let mut queries: Vec<SavedQuery> = self.documents.list(KIND).await?.into_iter().map(|d| d.value).collect();
        let own: Vec<String> = queries.iter().map(|q| q.name.clone()).collect();
        queries.extend(shipped().iter().filter(|q| !own.contains(&q.name)).cloned());
        queries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(match phrase {
            Some(phrase) => search(&queries, phrase).into_iter().map(|hit| hit.query.clone()).collect(),
            None => queries,
        })
    }

    /// The query of that name.
    pub async fn find(&self, name: &str) -> Result<SavedQuery> {
        if let Some(own) = self.documents.get::<SavedQuery>(KIND, name).await? {
            return Ok(own.value);
        }
        if let Ok(query) = find_shipped(name) {
            return Ok(query.clone());
        }
        let error = Error::not_found(format!("there is no saved query `{name}`"));
        let all = self.list(None).await?;
        Err(match nearest(name, all.iter().map(|q| q.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`trailmere saved list` shows all"),
        })
    }

    /// Saves a query; an older one of that name stays in its history. Gives the version.
    pub async fn save(&self, query: &SavedQuery) -> Result<u64> {
        match self.documents.get::<SavedQuery>(KIND, &query.name).await? {
            Some(old) => self.documents.put_next(KIND, &query.name, old.version, query).await,
            None => self.documents.put_new(KIND, &query.name, query).await,
        }
    }

    /// All versions of the user's query, oldest first.
    pub async fn history(&self, name: &str) -> Result<Vec<DocumentVersion<SavedQuery>>> {
        let versions = self.documents.history(KIND, name).await?;
        if versions.is_empty() {
            let why = if find_shipped(name).is_ok() { "is shipped and has no history here" } else { "does not exist" };
            return Err(Error::not_found(format!("the saved query `{name}` {why}")));
        }
        Ok(versions)
    }

    /// Deletes the user's query; a shipped one of that name comes to light again.
    pub async fn delete(&self, name: &str) -> Result<()> {
        match self.documents.get::<SavedQuery>(KIND, name).await? {
            Some(own) => self.documents.delete(KIND, name, own.version).await,
            None => {
                Err(Error::not_found(format!("you have no saved query `{name}`")).hint("shipped ones can't be deleted"))
            }
        }
    }
}

/// The parameters of a saved query: what is given as text, cast to the declared type, else the default.
///
/// # Errors
/// A name that the query does not declare, and a parameter without default that is not given.
pub fn bind_saved(query: &SavedQuery, given: &[(String, String)]) -> Result<Vec<Parameter>> {
    query.check_given(given.iter().map(|(name, _)| name.as_str()))?;
    let value = |p: &trailmere_queries::Parameter| {
        let type_name = p.type_name.clone();
        match (given.iter().rfind(|(name, _)| *name == p.name), &p.default) {
            (Some((_, text)), _) => Ok(ParameterValue::Typed { type_name, text: text.clone() }),
            (None, Some(sql)) => Ok(ParameterValue::Expression { type_name, sql: sql.clone() }),
            (None, None) => Err(Error::invalid(format!("`{}` needs its parameter `{}`", query.name, p.name))
                .hint(format!("`--param {}=…` ({}: {})", p.name, p.type_name, p.about))),
        }
    };
    query.parameters.iter().map(|p| Ok(Parameter { name: p.name.clone(), value: value(p)? })).collect()
}
