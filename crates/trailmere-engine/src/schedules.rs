//! How is a question asked again and again, and who is told? Schedules, their runs, alerts and notifications.
//!
//! A schedule is a document that says what to ask, when, and whom to tell of what. Beside it lies a state: up to which
//! slot the work is settled, who holds the next one, what waits to be sent. Every change of a state is one conditional
//! write of its next version, so that of two schedulers one wins, on a disk and on S3 alike, and what a run came to and
//! the notifications it owes become visible together or not at all.

mod cadence;
mod condition;
mod definition;
mod due;
mod period;

mod findings;
mod message;
mod template;

mod alert;
mod state;

mod catalog;

mod notify;

mod answer;
mod delivery;
mod run;
mod scheduler;
mod work;

pub use cadence::Cadence;
pub use catalog::{DeadLetter, Schedules};
pub use condition::Condition;
pub use definition::{
    Alerting, Failures, GivenParameter, LAST_SUCCESS_TIME, QueryTask, Question, SCHEDULED_TIME, Schedule, Task,
};
pub use delivery::Retry;
pub use due::CatchUp;
pub use message::Message;
pub use notify::{LocalActions, Notify, Target};
pub use period::Period;
pub use scheduler::{Clock, Happening, Scheduler, SchedulerOptions, Tally};
pub use state::{Lease, Notice, NoticeStatus, RunRecord, RunStatus, ScheduleState};
