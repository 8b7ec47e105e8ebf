//! `\d` and `\ds`.

use trailmere_model::Result;

use super::Flow;
use crate::session::Session;

pub(super) async fn describe(session: &mut Session, table: &str) -> Result<Flow> {
    let sql = match table {
        "" => "SHOW TABLES".to_string(),
        name => format!("DESCRIBE {name}"),
    };
    quietly(session, &sql).await
}

pub(super) async fn stores(session: &mut Session, _: &str) -> Result<Flow> {
    quietly(session, "SELECT * FROM trailmere.stores ORDER BY name").await
}

/// Runs a statement of the shell's own, which `\save` must not take for the user's.
async fn quietly(session: &mut Session, sql: &str) -> Result<Flow> {
    let last = session.last_statement.take();
    let result = session.run(sql, vec![]).await;
    session.last_statement = last;
    result.map(|()| Flow::Stay)
}
