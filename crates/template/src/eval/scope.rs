//! What the names of an expression mean.

use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a root name stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Root {
    /// An object whose attributes are all known by name: `var`, `local`, `path`, `packer`, `source`.
    Object {
        /// Its attributes. Every job has a scope of its own, and all of them have the same variables and locals.
        entries: Arc<BTreeMap<String, Value>>,
        /// What an attribute is called in messages: "variable".
        noun: &'static str,
    },
    /// `build`: every attribute is filled in during the build.
    Build,
    /// `data`: attributes are `type` then `name`; what they give is not known.
    Data {
        /// The declared data sources, by type and name.
        declared: BTreeMap<String, BTreeMap<String, Value>>,
    },
}

/// The names an expression can use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// By root name.
    pub roots: BTreeMap<String, Root>,
    /// What is known of `build` before the build runs.
    pub known_build: BTreeMap<String, Value>,
    /// Why a root that exists elsewhere does not exist here.
    pub absent: BTreeMap<&'static str, &'static str>,
}

impl Scope {
    /// An empty scope.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// Adds an object.
    #[must_use]
    pub fn with(mut self, name: &str, noun: &'static str, entries: BTreeMap<String, Value>) -> Scope {
        self.roots.insert(name.to_owned(), Root::Object { entries: Arc::new(entries), noun });
        self
    }

    /// Adds a root.
    #[must_use]
    pub fn with_root(mut self, name: &str, root: Root) -> Scope {
        self.roots.insert(name.to_owned(), root);
        self
    }

    /// Says why a name does not exist here.
    #[must_use]
    pub fn without(mut self, name: &'static str, why: &'static str) -> Scope {
        self.absent.insert(name, why);
        self
    }

    /// Sets one attribute of an object.
    pub fn set(&mut self, root: &str, name: &str, value: Value) {
        if let Some(Root::Object { entries, .. }) = self.roots.get_mut(root) {
            Arc::make_mut(entries).insert(name.to_owned(), value);
        }
    }
}
