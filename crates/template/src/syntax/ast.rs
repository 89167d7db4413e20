//! The typed tree that evaluation, the outline and the edits read.
//!
//! It is lowered once from the lossless tree, is owned, and every node keeps the exact span of its
//! source. It is the view *above* the syntaxes: a native-syntax file lowers to it directly, and a
//! JSON file will lower to the same types with the help of a schema. Broken input lowers to what was
//! understood; the holes are [`ExprKind::Missing`], for which a diagnostic exists already.

use smol_str::SmolStr;

use super::span::Span;

/// A name with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ident {
    /// The name itself.
    pub name: SmolStr,
    /// Its place.
    pub span: Span,
}

impl Ident {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// The content of a file or of a block: attributes and blocks in source order.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Attributes and blocks in source order.
    pub items: Vec<Item>,
    /// From after `{` to before `}`, or the whole file.
    pub span: Span,
}

/// One item of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `name = value`
    Attribute(Attribute),
    /// `kind "label" { ... }`
    Block(Block),
}

impl Body {
    /// The attributes in source order, duplicates included.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(attribute) => Some(attribute),
            Item::Block(_) => None,
        })
    }

    /// The blocks in source order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|item| match item {
            Item::Block(block) => Some(block),
            Item::Attribute(_) => None,
        })
    }

    /// The blocks of one kind in source order.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks().filter(move |block| block.kind.name == kind)
    }

    /// The first attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| attribute.name.name == name)
    }
}

/// `name = value`
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
    /// From the name to the end of the value.
    pub span: Span,
}

/// A label of a block, quoted or bare, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The decoded text.
    pub text: SmolStr,
    /// Whether it stands in quotes.
    pub quoted: bool,
    /// Its place, quotes included.
    pub span: Span,
}

/// `kind "label" { body }`
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// `source`, `build`, `provisioner` ...
    pub kind: Ident,
    /// The labels in source order.
    pub labels: Vec<Label>,
    /// What is between the braces.
    pub body: Body,
    /// From the kind to the last label.
    pub header: Span,
    /// From the kind to the closing brace.
    pub span: Span,
    /// Whether the closing brace is there.
    pub closed: bool,
}

impl Block {
    /// The text of the label at `index`.
    pub fn label(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(|label| label.text.as_str())
    }
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// The expressions of HCL's native syntax.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Nothing usable is there; a syntax diagnostic says so.
    Missing,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written: `10`, `1.5e3`.
    Number(SmolStr),
    /// A quoted or heredoc template; also every plain string.
    Template(Template),
    /// The bare name an access starts from: `var`, `local`, `each`.
    Variable(SmolStr),
    /// `base.name`, `base[key]`, `base.*.name`, `base[*].name`: accesses in order.
    Access {
        /// What is accessed.
        base: Box<Expr>,
        /// The accesses in order; never empty.
        steps: Vec<Step>,
    },
    /// `name(args...)`
    Call {
        /// The function, possibly with a namespace (`provider::a::b`).
        name: Ident,
        /// The arguments.
        args: Vec<Expr>,
        /// Whether the last argument is followed by `...`.
        expand: bool,
    },
    /// `-x`, `!x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `left op right`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Place of the operator.
        op_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `condition ? then : otherwise`
    Conditional {
        /// Decides.
        condition: Box<Expr>,
        /// Value when true.
        then: Box<Expr>,
        /// Value when false.
        otherwise: Box<Expr>,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<ObjectItem>),
    /// `[for ...]`, `{for ...}`
    For(Box<ForExpr>),
    /// `( inner )`
    Parens(Box<Expr>),
}

/// One access of an [`ExprKind::Access`].
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Which access.
    pub kind: StepKind,
    /// Its place, the dot or the brackets included.
    pub span: Span,
}

/// The kinds of access.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// `.name`
    Attr(SmolStr),
    /// `[key]`
    Index(Expr),
    /// `.0`, the old way to write `[0]`.
    LegacyIndex(SmolStr),
    /// `.*` (followed by attribute names only) or `[*]` (followed by any access).
    Splat {
        /// True for `[*]`.
        full: bool,
        /// Accesses applied to each element.
        each: Vec<Step>,
    },
}

/// One `key = value` of an object constructor.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectItem {
    /// The key.
    pub key: ObjectKey,
    /// The value.
    pub value: Expr,
    /// Key to end of value.
    pub span: Span,
}

/// The key of an object constructor item.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectKey {
    /// A bare word, taken literally.
    Name(Ident),
    /// Anything else: a template, a number, an expression in parentheses.
    Expr(Expr),
}

impl ObjectKey {
    /// Place of the key.
    pub fn span(&self) -> Span {
        match self {
            Self::Name(name) => name.span,
            Self::Expr(expr) => expr.span,
        }
    }

    /// The key when it is known without evaluation.
    pub fn literal(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name.name.to_string()),
            Self::Expr(expr) => match &expr.kind {
                ExprKind::Number(text) => Some(text.to_string()),
                _ => expr.literal_string(),
            },
        }
    }
}

/// `[for k, v in collection : value if condition]` or `{for k, v in collection : key => value... if condition}`
#[derive(Debug, Clone, PartialEq)]
pub struct ForExpr {
    /// Whether the result is an object (braces).
    pub object: bool,
    /// Name of the key or index, when given.
    pub key_name: Option<Ident>,
    /// Name of the element.
    pub value_name: Ident,
    /// What is iterated.
    pub collection: Expr,
    /// Result key; present exactly for objects.
    pub key: Option<Expr>,
    /// Result value.
    pub value: Expr,
    /// Whether values of one key are grouped into a list (`...`).
    pub group: bool,
    /// The `if` condition.
    pub condition: Option<Expr>,
}

/// The unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// The binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// A string with holes: `"a ${b} c"` or a heredoc.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Literal text, interpolations and directives in order. Strip markers (`~`) and heredoc
    /// dedentation have been applied to the literals; adjacent literals are merged and empty ones left out.
    pub parts: Vec<TemplatePart>,
    /// How it is written.
    pub style: TemplateStyle,
}

/// How a template is written.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateStyle {
    /// In double quotes.
    Quoted,
    /// `<<MARKER` or, with `dedent`, `<<-MARKER`.
    Heredoc {
        /// The word that ends it.
        marker: SmolStr,
        /// Whether the common indentation is removed.
        dedent: bool,
    },
}

impl Template {
    /// The whole text, when there is nothing to evaluate in it.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Literal(text)] => Some(&text.text),
            _ => None,
        }
    }

    /// The expression of `"${expr}"`, whose value is not turned into a string.
    pub fn wrapped(&self) -> Option<&Expr> {
        match (self.parts.as_slice(), &self.style) {
            ([TemplatePart::Interpolation { expr, .. }], _) => Some(expr),
            _ => None,
        }
    }
}

/// One part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    /// Text.
    Literal(LiteralText),
    /// `${expr}`
    Interpolation {
        /// What is inserted.
        expr: Expr,
        /// From `${` to `}`.
        span: Span,
    },
    /// `%{if condition} ... %{else} ... %{endif}`
    If {
        /// Decides.
        condition: Expr,
        /// Parts when true.
        then: Vec<TemplatePart>,
        /// Parts when false.
        otherwise: Vec<TemplatePart>,
        /// From the first directive to the last.
        span: Span,
    },
    /// `%{for k, v in collection} ... %{endfor}`
    For {
        /// Name of the key or index, when given.
        key_name: Option<Ident>,
        /// Name of the element.
        value_name: Ident,
        /// What is iterated.
        collection: Expr,
        /// Parts repeated.
        body: Vec<TemplatePart>,
        /// From the first directive to the last.
        span: Span,
    },
}

/// Decoded literal text with the way back to its source.
#[derive(Debug, Clone, PartialEq)]
pub struct LiteralText {
    /// The text after escapes and dedentation.
    pub text: String,
    /// Decoded offset to source offset.
    pub map: TextMap,
    /// From the first to the last source character that contributes.
    pub span: Span,
}

/// Maps byte offsets of decoded text to byte offsets of the source.
///
/// A list of anchors `(decoded, source)` in rising order: from one anchor to the next, both sides
/// advance together, except that a decoded offset never maps beyond the next anchor's source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextMap {
    anchors: Vec<(u32, u32)>,
}

impl TextMap {
    /// Adds an anchor; ignored when the previous anchor already implies it.
    pub fn push(&mut self, decoded: u32, source: u32) {
        if let Some(&(last_decoded, last_source)) = self.anchors.last() {
            if last_decoded == decoded {
                self.anchors.pop();
            } else if source.checked_sub(last_source) == decoded.checked_sub(last_decoded) {
                return;
            }
        }
        self.anchors.push((decoded, source));
    }

    /// The source offset of a decoded offset.
    pub fn source(&self, decoded: u32) -> u32 {
        let after = self.anchors.partition_point(|anchor| anchor.0 <= decoded);
        let Some(&(base_decoded, base_source)) = after.checked_sub(1).and_then(|i| self.anchors.get(i))
        else {
            return self.anchors.first().map_or(0, |anchor| anchor.1);
        };
        let mapped = base_source + (decoded - base_decoded);
        self.anchors.get(after).map_or(mapped, |next| mapped.min(next.1))
    }

    /// The anchors `(decoded, source)`.
    pub fn anchors(&self) -> &[(u32, u32)] {
        &self.anchors
    }
}

impl Expr {
    /// The text of a string without holes.
    pub fn literal_string(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Template(template) => template.literal().map(str::to_owned),
            ExprKind::Parens(inner) => inner.literal_string(),
            _ => None,
        }
    }

    /// The dotted path of `a.b.c`, when the expression is exactly a bare name followed by attribute names.
    pub fn as_path(&self) -> Option<Vec<&str>> {
        match &self.kind {
            ExprKind::Variable(name) => Some(vec![name.as_str()]),
            ExprKind::Access { base, steps } => {
                let ExprKind::Variable(root) = &base.kind else { return None };
                let mut path = vec![root.as_str()];
                for step in steps {
                    match &step.kind {
                        StepKind::Attr(name) => path.push(name),
                        _ => return None,
                    }
                }
                Some(path)
            }
            _ => None,
        }
    }
}
