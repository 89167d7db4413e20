//! The form of a block: every option the block can have, with what is set, from the option tables.
//!
//! Options that are set but in no table (those of foreign components, misspelt ones) are fields too, so that
//! nothing the file says is hidden.

pub(crate) mod schema;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::blocks::BlockRef;
use crate::config::{Inputs, Resolver};
use crate::diagnostic::{Diagnostic, Place};
use crate::disabled;
use crate::document::Document;
use crate::files::Files;
use crate::options::{Constraint, OptionSpec, OptionType, PathKind, lookup};
use crate::outline::{self, OutlineNode};
use crate::project::Project;
use crate::syntax::ast::{Attribute, Expr, ExprKind, ObjectKey, UnaryOp};

/// The group of what is set but in no table.
const OTHER: &str = "Other";

/// The form of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Form {
    /// The block, as edits name it.
    pub block: String,
    /// What to call it, as in the outline.
    pub title: String,
    /// `source`, `provisioner`, `variable` ...
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What it does.
    pub help: Option<String>,
    /// The fields under their headings, in the order of the option table.
    pub groups: Vec<FormGroup>,
    /// The blocks in it.
    pub nested: Vec<OutlineNode>,
    /// Whether it is a component that Goldsmith keeps but does not build.
    pub foreign: bool,
    /// Where it is.
    pub place: Place,
}

/// Fields under one heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormGroup {
    /// The heading.
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// One option of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Field {
    /// Packer's own name.
    pub name: String,
    /// A human title.
    pub title: String,
    /// Which widget suits: `string`, `integer`, `bool`, `duration`, `size`, `list`, `integer_list`, `rows`,
    /// `map`, `block`, or `expression` for a value of any kind.
    #[serde(rename = "type")]
    pub ty: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What it does.
    pub help: String,
    /// Its default, as written.
    pub default: Option<String>,
    /// Whether it must be set.
    pub required: bool,
    /// Whether most people never touch it.
    pub advanced: bool,
    /// Whether it is set.
    pub set: bool,
    /// The source of the value, exactly as in the file.
    pub text: Option<String>,
    /// The value when it is written out: a string, number, bool, list or map without anything to evaluate.
    #[ts(type = "unknown")]
    pub literal: Option<serde_json::Value>,
    /// What an expression comes to, for reading; absent for a written-out value and for what is not known.
    pub resolved: Option<String>,
    /// The values it may take, when few.
    pub choices: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
    /// Whether its value is a secret.
    pub sensitive: bool,
    /// What a path points at: `file`, `folder` or `output`.
    pub path: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// Whether it stands in the file as a comment, from which it can be switched on again.
    pub disabled: bool,
    /// Where it is set.
    pub place: Option<Place>,
}

/// What a form shows beyond what the file says.
pub struct FormContext<'a> {
    /// The problems of the whole project; a field shows those in its lines.
    pub diagnostics: &'a [Diagnostic],
    /// What an expression in a block comes to, for people, secrets masked; `None` when it is not known.
    pub resolve: &'a dyn Fn(&BlockRef<'_>, &Expr) -> Option<String>,
}

impl Project {
    /// The form of the block of that name, with what its expressions come to under these inputs and with these
    /// problems of the project (those of [`crate::analyze`]); `None` when there is no such block.
    pub fn form(
        &self,
        block: &str,
        files: &dyn Files,
        inputs: &Inputs,
        diagnostics: &[Diagnostic],
    ) -> Option<Form> {
        let resolver = Resolver::new(self, files, inputs);
        let resolve = |block: &BlockRef<'_>, expr: &Expr| resolver.resolve(block, expr);
        self.form_with(block, &FormContext { diagnostics, resolve: &resolve })
    }

    /// The form of the block of that name; `None` when there is none.
    pub fn form_with(&self, block: &str, context: &FormContext<'_>) -> Option<Form> {
        let found = self.block(block)?;
        let document = self.document(found.file)?;
        let component = outline::component(found.block, found.parent);
        let declared = component.and_then(|(kind, type_name)| lookup(kind, type_name));
        let foreign = component.is_some() && declared.is_none();
        let builder = Builder { document, found: &found, context };
        let groups = match declared {
            Some(declared) => builder.groups(declared.all_options()),
            // The build of a JSON template is not written out: it has no arguments.
            None if self.is_legacy() => builder.groups([].iter()),
            None => builder.groups(schema::options(found.block, found.parent, foreign).iter()),
        };
        let help = match declared {
            Some(declared) => Some(declared.help.to_owned()),
            None if foreign => Some(
                "Goldsmith does not build this type. It is kept as it is, and can be edited as plain arguments.".to_owned(),
            ),
            None => schema::help(found.block).map(str::to_owned),
        };
        let nested = self.outline_with(context.diagnostics).nodes;
        Some(Form {
            block: found.id.clone(),
            title: outline::title(found.block, found.parent),
            kind: found.block.kind.name.to_string(),
            labels: found.block.labels.iter().map(|label| label.text.to_string()).collect(),
            help,
            groups,
            nested: children(nested, &found.id),
            foreign,
            place: document.place_of(found.block.span),
        })
    }
}

/// The children of a node of the outline.
fn children(nodes: Vec<OutlineNode>, id: &str) -> Vec<OutlineNode> {
    for node in nodes {
        if node.id == id {
            return node.children;
        }
        if id.starts_with(&format!("{}/", node.id)) {
            return children(node.children, id);
        }
    }
    Vec::new()
}

struct Builder<'a> {
    document: &'a Document,
    found: &'a BlockRef<'a>,
    context: &'a FormContext<'a>,
}

impl Builder<'_> {
    /// The declared options in groups, and after them what is set besides.
    fn groups<'o>(&self, options: impl Iterator<Item = &'o OptionSpec>) -> Vec<FormGroup> {
        let mut groups: Vec<FormGroup> = Vec::new();
        let mut known: Vec<&str> = Vec::new();
        for spec in options {
            known.push(spec.name);
            let field = self.declared(spec);
            match groups.iter_mut().find(|group| group.name == spec.group) {
                Some(group) => group.fields.push(field),
                None => groups.push(FormGroup { name: spec.group.to_owned(), fields: vec![field] }),
            }
        }
        let disabled = disabled::attributes(self.document, self.found.block);
        for field in groups.iter_mut().flat_map(|group| &mut group.fields).filter(|field| !field.set) {
            field.disabled = disabled.iter().any(|(name, _)| *name == field.name);
        }
        let mut others = Vec::new();
        for attribute in self.found.block.body.attributes() {
            let name = attribute.name.as_str();
            if !known.contains(&name) {
                known.push(name);
                others.push(self.undeclared(attribute));
            }
        }
        if !others.is_empty() {
            groups.push(FormGroup { name: OTHER.to_owned(), fields: others });
        }
        groups
    }

    fn declared(&self, spec: &OptionSpec) -> Field {
        let attribute = self.found.block.body.attribute(spec.name);
        let choices = match spec.constraint {
            Constraint::OneOf(choices) => choices.iter().map(|choice| (*choice).to_owned()).collect(),
            _ => Vec::new(),
        };
        let mut field = Field {
            title: spec.title.to_owned(),
            ty: type_name(spec).to_owned(),
            unit: spec.unit.map(str::to_owned),
            help: spec.help.to_owned(),
            default: spec.default.map(str::to_owned),
            required: spec.required,
            advanced: spec.advanced,
            choices,
            sensitive: spec.sensitive,
            path: spec.path.map(|path| path_name(path).to_owned()),
            deprecated: spec.deprecated.map(str::to_owned),
            ..empty(spec.name)
        };
        if let Some(attribute) = attribute {
            self.fill(&mut field, attribute);
        } else if let Some(block) = self.found.block.body.blocks_of(spec.name).next() {
            // Some options may be written as an argument or as blocks.
            field.set = true;
            field.place = Some(self.document.place_of(block.span));
        }
        field
    }

    fn undeclared(&self, attribute: &Attribute) -> Field {
        let mut field = Field { title: attribute.name.name.to_string(), ..empty(attribute.name.as_str()) };
        self.fill(&mut field, attribute);
        field.ty = match &field.literal {
            Some(serde_json::Value::String(_)) => "string",
            Some(serde_json::Value::Bool(_)) => "bool",
            _ => "expression",
        }
        .to_owned();
        field
    }

    fn fill(&self, field: &mut Field, attribute: &Attribute) {
        let place = self.document.place_of(attribute.span);
        field.set = true;
        field.text = Some(self.document.source(&attribute.value).to_owned());
        field.literal = literal(&attribute.value);
        if field.literal.is_none() && !matches!(attribute.value.kind, ExprKind::Missing) {
            field.resolved = (self.context.resolve)(self.found, &attribute.value);
        }
        field.problems = self
            .context
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.place.as_ref().is_some_and(|at| within(at, &place)))
            .cloned()
            .collect();
        field.place = Some(place);
    }
}

fn within(inner: &Place, outer: &Place) -> bool {
    inner.file == outer.file && outer.start <= inner.start && inner.start <= outer.end
}

fn empty(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        title: String::new(),
        ty: "expression".to_owned(),
        unit: None,
        help: String::new(),
        default: None,
        required: false,
        advanced: false,
        set: false,
        text: None,
        literal: None,
        resolved: None,
        choices: Vec::new(),
        problems: Vec::new(),
        sensitive: false,
        path: None,
        deprecated: None,
        disabled: false,
        place: None,
    }
}

/// The name of a type for the window. Values of any type say so by having no other.
fn type_name(spec: &OptionSpec) -> &'static str {
    if schema::is_expression(spec) {
        return "expression";
    }
    match spec.ty {
        OptionType::String => "string",
        OptionType::Integer => "integer",
        OptionType::Bool => "bool",
        OptionType::Duration => "duration",
        OptionType::Size => "size",
        OptionType::List => "list",
        OptionType::IntegerList => "integer_list",
        OptionType::Rows => "rows",
        OptionType::Map => "map",
        OptionType::Block => "block",
    }
}

fn path_name(path: PathKind) -> &'static str {
    match path {
        PathKind::File => "file",
        PathKind::Folder => "folder",
        PathKind::Output => "output",
    }
}

/// The value of an expression that holds nothing to evaluate.
pub fn literal(expr: &Expr) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match &expr.kind {
        ExprKind::Null => Json::Null,
        ExprKind::Bool(value) => Json::Bool(*value),
        ExprKind::Number(text) => Json::Number(text.parse::<serde_json::Number>().ok()?),
        ExprKind::Unary { op: UnaryOp::Negate, operand } => match &operand.kind {
            ExprKind::Number(text) => Json::Number(format!("-{text}").parse::<serde_json::Number>().ok()?),
            _ => return None,
        },
        ExprKind::Template(template) => Json::String(template.literal()?.to_owned()),
        ExprKind::Parens(inner) => literal(inner)?,
        ExprKind::List(elements) => Json::Array(elements.iter().map(literal).collect::<Option<_>>()?),
        ExprKind::Object(items) => {
            let mut map = serde_json::Map::new();
            for item in items {
                let key = match &item.key {
                    ObjectKey::Name(name) => name.name.to_string(),
                    ObjectKey::Expr(key) => key.literal_string()?,
                };
                map.insert(key, literal(&item.value)?);
            }
            Json::Object(map)
        }
        _ => return None,
    })
}
