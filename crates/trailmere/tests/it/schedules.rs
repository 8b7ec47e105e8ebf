//! Schedules, driven through the real binary: on a folder and on an S3 server, alone, in a race, and after a kill.

mod alerts;
mod applying;
mod catching_up;
mod handling;
mod lake;
mod races;
mod receiver;
