//! Values for `$name`: bound as constants of their types.

use datafusion::common::ScalarValue;
use trailmere_model::{Error, Result};
use trailmere_sql::{Type, Typed};

use crate::engine::Engine;
use crate::options::{Parameter, ParameterValue, QueryRequest};

impl Engine {
    /// The constants of a statement's parameters.
    pub(crate) async fn bind(&self, parameters: &[Parameter], request: &QueryRequest) -> Result<Vec<(String, Typed)>> {
        let mut bound = vec![];
        for parameter in parameters {
            let value = self.value(parameter, request).await.map_err(|e| match e.place() {
                Some(_) => e,
                None => e.at(format!("parameter `${}`", parameter.name)),
            })?;
            bound.push((parameter.name.clone(), value));
        }
        Ok(bound)
    }

    async fn value(&self, parameter: &Parameter, request: &QueryRequest) -> Result<Typed> {
        match &parameter.value {
            ParameterValue::Text(text) => Ok(varchar(text)),
            ParameterValue::Typed { type_name, text } if type_name.eq_ignore_ascii_case("varchar") => Ok(varchar(text)),
            ParameterValue::Typed { type_name, text } => {
                let given = Parameter { name: "value".into(), value: ParameterValue::Text(text.clone()) };
                self.evaluate(&format!("SELECT CAST($value AS {type_name})"), vec![given], request).await
            }
            ParameterValue::Expression { type_name, sql } => {
                self.evaluate(&format!("SELECT CAST(({sql}) AS {type_name})"), vec![], request).await
            }
        }
    }

    /// The only value of a query that needs no table.
    async fn evaluate(&self, sql: &str, parameters: Vec<Parameter>, request: &QueryRequest) -> Result<Typed> {
        let request = QueryRequest { parameters, ..request.clone() };
        let mut run = Box::pin(self.query(sql, &request)).await?;
        let ty = run.columns.first().map_or(Type::Unknown, |c| c.ty.clone());
        let batch = run.next_batch().await?.filter(|b| b.num_rows() == 1);
        let batch = batch.ok_or_else(|| Error::invalid("the value is no single value"))?;
        let value = ScalarValue::try_from_array(batch.column(0), 0)
            .map_err(|e| Error::internal("the value can't be read").source(e))?;
        Ok(Typed::constant(value, ty))
    }
}

fn varchar(text: &str) -> Typed {
    Typed::constant(ScalarValue::Utf8View(Some(text.to_string())), Type::VARCHAR)
}
