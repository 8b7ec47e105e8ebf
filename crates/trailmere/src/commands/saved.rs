//! `trailmere saved`: the shipped queries and the user's own.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use trailmere_engine::bind_saved;
use trailmere_queries::SavedQuery;

use super::query::{Output, run_statement};
use crate::arguments::Global;
use crate::context::{engine, open_lake};

/// Saved queries.
#[derive(Debug, Args)]
pub(crate) struct Saved {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all
    List,
    /// Find queries by words
    Search {
        /// Words of the title, description or tags
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Show a query: what it answers, its parameters, its SQL
    Show {
        /// Name
        name: String,
    },
    /// Run a query
    Run(Box<Run>),
    /// Save a query of your own under a name (again: a new version)
    Save(Save),
    /// Show the versions of a query of your own
    History {
        /// Name
        name: String,
    },
    /// Delete a query of your own
    Delete {
        /// Name
        name: String,
    },
}

/// What to run.
#[derive(Debug, Args)]
struct Run {
    /// Name
    name: String,
    #[command(flatten)]
    output: Output,
}

/// What to save.
#[derive(Debug, Args)]
struct Save {
    /// Name: letters, digits, `-`, `_`, `.`
    name: String,
    /// The SQL, a header of `-- title:`, `-- description:`, `-- tags:`, `-- param:` lines included if you like
    #[arg(required_unless_present = "file", allow_hyphen_values = true)]
    sql: Option<String>,
    /// Read the SQL from a file
    #[arg(long, conflicts_with = "sql")]
    file: Option<String>,
    /// A title
    #[arg(long, default_value = "")]
    title: String,
}

pub(crate) async fn run(global: &Global, command: Saved) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    if let Action::Run(run) = command.action {
        let engine = engine(lake, run.output.memory_limit)?;
        let query = engine.saved().find(&run.name).await?;
        let parameters = bind_saved(&query, &run.output.texts())?;
        return run_statement(&engine, &query.sql, parameters, &run.output).await;
    }
    let saved = engine(lake, None)?.saved();
    match command.action {
        Action::List => list(&saved.list(None).await?),
        Action::Search { words } => list(&saved.list(Some(&words.join(" "))).await?),
        Action::Show { name } => show(&saved.find(&name).await?),
        Action::Save(save) => {
            let sql = match (&save.file, save.sql) {
                (Some(file), _) => std::fs::read_to_string(file)?,
                (None, sql) => sql.unwrap_or_default(),
            };
            let mut query = SavedQuery::parse(&save.name, &sql)?;
            if !save.title.is_empty() {
                query.title = save.title;
            }
            let version = saved.save(&query).await?;
            println!("saved {} version {version}", save.name);
        }
        Action::History { name } => {
            for version in saved.history(&name).await? {
                let state = version.value.map_or("deleted".to_string(), |q| q.sql);
                println!("version {}\n{state}\n", version.version);
            }
        }
        Action::Delete { name } => {
            saved.delete(&name).await?;
            println!("deleted {name}");
        }
        Action::Run(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn list(queries: &[SavedQuery]) {
    let width = queries.iter().map(|q| q.name.len()).max().unwrap_or(0);
    for query in queries {
        println!("{:<width$}  {}", query.name, query.title);
    }
    if queries.is_empty() {
        eprintln!("no saved query has these words");
    }
}

fn show(query: &SavedQuery) {
    println!("{}: {}", query.name, query.title);
    if !query.description.is_empty() {
        println!("{}", query.description);
    }
    if !query.tags.is_empty() {
        println!("tags: {}", query.tags.join(", "));
    }
    for parameter in &query.parameters {
        let default = parameter.default.as_ref().map_or(String::new(), |d| format!(" (default {d})"));
        println!("  --param {}=…  {}{default}  {}", parameter.name, parameter.type_name, parameter.about);
    }
    println!("\n{}", query.sql.trim());
}
