//! The steps: one small file each.

pub(crate) mod artifact;
pub(crate) mod bootstrap;
pub(crate) mod bridge;
pub(crate) mod cd;
pub(crate) mod checkpoint;
pub(crate) mod compact;
pub(crate) mod connect;
pub(crate) mod disk;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod floppy;
pub(crate) mod http;
pub(crate) mod image;
pub(crate) mod library;
pub(crate) mod login;
pub(crate) mod machine;
pub(crate) mod output;
pub(crate) mod post;
pub(crate) mod provision;
pub(crate) mod screen;
pub(crate) mod settings;
pub(crate) mod shutdown;
pub(crate) mod tpm;
pub(crate) mod typing;
pub(crate) mod typist;
pub(crate) mod winrm;
