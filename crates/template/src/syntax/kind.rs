//! The kinds of tokens and nodes of the lossless tree.

/// Kind of a token or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
#[allow(missing_docs)] // the names say it; the text of each fixed token is in `text`
pub enum SyntaxKind {
    // Tokens without meaning for the grammar.
    Bom,
    Whitespace,
    LineComment,
    BlockComment,
    // Tokens.
    Newline,
    Ident,
    Number,
    QuoteOpen,
    QuoteClose,
    /// Text between quotes, escapes included.
    StringText,
    /// `<<EOT` or `<<-EOT` with its line break.
    HeredocOpen,
    /// At most one line of a heredoc, its line break included.
    HeredocText,
    /// The word that ends a heredoc, with the spaces before it.
    HeredocClose,
    /// `${` or `${~`
    InterpOpen,
    /// `%{` or `%{~`
    ControlOpen,
    /// The `}` or `~}` that ends either.
    TemplateClose,
    LBrace,
    RBrace,
    LBrack,
    RBrack,
    LParen,
    RParen,
    Equal,
    EqualEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    AndAnd,
    OrOr,
    Bang,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Question,
    Colon,
    ColonColon,
    Comma,
    Dot,
    Ellipsis,
    FatArrow,
    /// Characters the language has no use for.
    Unknown,
    /// Never in a tree: what the parser sees after the last token.
    Eof,
    // Nodes.
    Root,
    Body,
    Attribute,
    Block,
    Label,
    Literal,
    Template,
    Heredoc,
    Interpolation,
    Directive,
    Variable,
    Access,
    AttrStep,
    IndexStep,
    LegacyIndexStep,
    SplatAttrStep,
    SplatFullStep,
    Call,
    Unary,
    Binary,
    Conditional,
    Tuple,
    Object,
    ObjectItem,
    ForTuple,
    ForObject,
    Parens,
    /// What could not be understood.
    Error,
}

impl SyntaxKind {
    const ALL: [SyntaxKind; SyntaxKind::Error as usize + 1] = {
        use SyntaxKind::*;
        [
            Bom,
            Whitespace,
            LineComment,
            BlockComment,
            Newline,
            Ident,
            Number,
            QuoteOpen,
            QuoteClose,
            StringText,
            HeredocOpen,
            HeredocText,
            HeredocClose,
            InterpOpen,
            ControlOpen,
            TemplateClose,
            LBrace,
            RBrace,
            LBrack,
            RBrack,
            LParen,
            RParen,
            Equal,
            EqualEqual,
            NotEqual,
            Less,
            LessEqual,
            Greater,
            GreaterEqual,
            AndAnd,
            OrOr,
            Bang,
            Plus,
            Minus,
            Star,
            Slash,
            Percent,
            Question,
            Colon,
            ColonColon,
            Comma,
            Dot,
            Ellipsis,
            FatArrow,
            Unknown,
            Eof,
            Root,
            Body,
            Attribute,
            Block,
            Label,
            Literal,
            Template,
            Heredoc,
            Interpolation,
            Directive,
            Variable,
            Access,
            AttrStep,
            IndexStep,
            LegacyIndexStep,
            SplatAttrStep,
            SplatFullStep,
            Call,
            Unary,
            Binary,
            Conditional,
            Tuple,
            Object,
            ObjectItem,
            ForTuple,
            ForObject,
            Parens,
            Error,
        ]
    };

    /// Spaces, comments and the byte order mark. Line breaks are not among them: they end items.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Bom | Self::Whitespace | Self::LineComment | Self::BlockComment)
    }

    /// Whether it is a comment.
    pub fn is_comment(self) -> bool {
        matches!(self, Self::LineComment | Self::BlockComment)
    }

    /// The token as a person would name it in a sentence.
    pub fn describe(self) -> &'static str {
        use SyntaxKind::*;
        match self {
            Newline => "the end of the line",
            Ident => "a name",
            Number => "a number",
            QuoteOpen | QuoteClose => "a quote mark",
            StringText | HeredocText => "text",
            HeredocOpen => "a heredoc",
            HeredocClose => "the end of the heredoc",
            InterpOpen => "`${`",
            ControlOpen => "`%{`",
            TemplateClose | RBrace => "`}`",
            LBrace => "`{`",
            LBrack => "`[`",
            RBrack => "`]`",
            LParen => "`(`",
            RParen => "`)`",
            Equal => "`=`",
            EqualEqual => "`==`",
            NotEqual => "`!=`",
            Less => "`<`",
            LessEqual => "`<=`",
            Greater => "`>`",
            GreaterEqual => "`>=`",
            AndAnd => "`&&`",
            OrOr => "`||`",
            Bang => "`!`",
            Plus => "`+`",
            Minus => "`-`",
            Star => "`*`",
            Slash => "`/`",
            Percent => "`%`",
            Question => "`?`",
            Colon => "`:`",
            ColonColon => "`::`",
            Comma => "a comma",
            Dot => "a dot",
            Ellipsis => "`...`",
            FatArrow => "`=>`",
            Eof => "the end of the file",
            _ => "this",
        }
    }
}

/// HCL for rowan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hcl {}

impl rowan::Language for Hcl {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        SyntaxKind::ALL.get(raw.0 as usize).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the lossless tree.
pub type SyntaxNode = rowan::SyntaxNode<Hcl>;
/// A token of the lossless tree.
pub type SyntaxToken = rowan::SyntaxToken<Hcl>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Hcl>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_raw_form() {
        for (index, kind) in SyntaxKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }
}
