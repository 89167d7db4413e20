//! A build's journal: the facts, in the order they happened, one JSON object per line.
//!
//! `<state>/builds/<id>/journal.jsonl` holds the facts, `log/lines.jsonl` what programs and scripts said,
//! `log/serial.txt` the guest's console, `screens/` pictures of its screen, `lock` is held while the worker lives.
//! The window, the command line, recovery and history are all readers of it.

mod fact;
pub mod index;
mod log;
mod reader;

mod resource;
#[cfg(test)]
mod tests;
mod writer;

pub use fact::{Answer, AskedScript, Entry, Fact, Outcome, ProducedFile, SCHEMA, Unit, When};
pub use index::{FoundLine, LogFilter, LogIndex, LogSection, LogSections, plain};
pub use log::{LogLine, LogStream, LogWindow};
pub use reader::{BuildReader, Follow, ReadError, Summary};
pub(crate) use reader::{ids, last_entry};

pub use resource::{Evidence, NodeIdentity, ProcessMark, Resource};
pub use writer::{Journal, JournalError};
