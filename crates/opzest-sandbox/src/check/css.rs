//! CSS: what a browser would silently skip. Names and values are not judged.

use super::place::number;
use super::{Place, Problem};
use cssparser::{
    AtRuleParser, BasicParseErrorKind, CowRcStr, DeclarationParser, ParseError, ParseErrorKind,
    Parser, ParserInput, ParserState, QualifiedRuleParser, RuleBodyItemParser, RuleBodyParser,
    SourceLocation, StyleSheetParser, Token,
};

/// Deeper blocks are taken as they are.
const DEEPEST: usize = 32;
const MOST_MISTAKES: usize = 50;

/// What was found in a style sheet; places count in the sheet.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) problems: Vec<Problem>,
    /// Addresses in `url()` and `@import`.
    pub(super) addresses: Vec<(String, Place)>,
}

pub(super) fn check(source: &str) -> Checked {
    let mut input = ParserInput::new(source);
    let mut parser = Parser::new(&mut input);
    let mut sheet = Sheet {
        source,
        depth: 0,
        checked: Checked::default(),
    };
    let mut rules = StyleSheetParser::new(&mut parser, &mut sheet);
    while let Some(rule) = rules.next() {
        if let Err((error, _)) = rule {
            rules.parser.mistake(&error);
        }
    }
    sheet.checked
}

struct Sheet<'s> {
    source: &'s str,
    depth: usize,
    checked: Checked,
}

type Failure<'i> = ParseError<'i, &'static str>;

impl Sheet<'_> {
    fn add(&mut self, problem: Problem) {
        if self.checked.problems.len() < MOST_MISTAKES {
            self.checked.problems.push(problem);
        }
    }

    fn mistake(&mut self, error: &Failure<'_>) {
        let what = match &error.kind {
            ParseErrorKind::Custom(what) => (*what).to_owned(),
            ParseErrorKind::Basic(BasicParseErrorKind::UnexpectedToken(token)) => {
                format!(
                    "`{}` is not expected here",
                    cssparser::ToCss::to_css_string(token)
                )
            }
            ParseErrorKind::Basic(BasicParseErrorKind::EndOfInput) => {
                "something is missing at the end".into()
            }
            ParseErrorKind::Basic(
                BasicParseErrorKind::AtRuleInvalid(_)
                | BasicParseErrorKind::AtRuleBodyInvalid
                | BasicParseErrorKind::QualifiedRuleInvalid,
            ) => "this is not a complete rule".into(),
        };
        self.add(Problem::warning(
            place(error.location),
            format!("CSS: {what}."),
        ));
    }

    /// Everything up to the end of a prelude or a value, which must at least be balanced.
    fn consume<'i>(
        &self,
        input: &mut Parser<'i, '_>,
        depth: usize,
        addresses: &mut Vec<(String, Place)>,
    ) -> Result<(), Failure<'i>> {
        loop {
            let location = input.current_source_location();
            let Ok(token) = input.next().cloned() else {
                return Ok(());
            };
            match token {
                Token::BadString(_)
                | Token::BadUrl(_)
                | Token::CloseParenthesis
                | Token::CloseSquareBracket
                | Token::CloseCurlyBracket => {
                    return Err(location.new_unexpected_token_error(token));
                }
                Token::UnquotedUrl(address) => {
                    addresses.push((address.to_string(), place(location)))
                }
                Token::Function(name) if name.eq_ignore_ascii_case("url") => {
                    let address = input.parse_nested_block(|inner| {
                        inner.expect_string_cloned().map_err(Failure::from)
                    })?;
                    addresses.push((address.to_string(), place(location)));
                }
                Token::Function(_)
                | Token::ParenthesisBlock
                | Token::SquareBracketBlock
                | Token::CurlyBracketBlock
                    if depth < DEEPEST =>
                {
                    input.parse_nested_block(|inner| self.consume(inner, depth + 1, addresses))?;
                }
                // Everything else may stand anywhere.
                _ => {}
            }
        }
    }

    /// The inside of `{ }`: declarations, and rules in it.
    fn body<'i>(&mut self, start: &ParserState, input: &mut Parser<'i, '_>) {
        if self.depth == DEEPEST {
            return;
        }
        self.depth += 1;
        let mut items = RuleBodyParser::new(input, self);
        while let Some(item) = items.next() {
            if let Err((error, _)) = item {
                items.parser.mistake(&error);
            }
        }
        self.depth -= 1;
        if self.source.as_bytes().get(input.position().byte_index()) != Some(&b'}') {
            let message = "CSS: this block is never closed: `}` is missing.";
            self.add(Problem::error(place(start.source_location()), message));
        }
    }
}

impl<'i> AtRuleParser<'i> for Sheet<'_> {
    type Prelude = ();
    type AtRule = ();
    type Error = &'static str;

    fn parse_prelude<'t>(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i, 't>,
    ) -> Result<(), Failure<'i>> {
        let mut addresses = Vec::new();
        if name.eq_ignore_ascii_case("import") {
            let location = input.current_source_location();
            if let Ok(address) = input.try_parse(|input| input.expect_string_cloned()) {
                addresses.push((address.to_string(), place(location)));
            }
        }
        self.consume(input, 0, &mut addresses)?;
        self.checked.addresses.append(&mut addresses);
        Ok(())
    }

    fn rule_without_block(&mut self, (): (), _: &ParserState) -> Result<(), ()> {
        Ok(())
    }

    fn parse_block<'t>(
        &mut self,
        (): (),
        start: &ParserState,
        input: &mut Parser<'i, 't>,
    ) -> Result<(), Failure<'i>> {
        self.body(start, input);
        Ok(())
    }
}

impl<'i> QualifiedRuleParser<'i> for Sheet<'_> {
    type Prelude = ();
    type QualifiedRule = ();
    type Error = &'static str;

    fn parse_prelude<'t>(&mut self, input: &mut Parser<'i, 't>) -> Result<(), Failure<'i>> {
        if input.is_exhausted() {
            return Err(input.new_custom_error("a rule needs a selector before `{`"));
        }
        self.consume(input, 0, &mut Vec::new())
    }

    fn parse_block<'t>(
        &mut self,
        (): (),
        start: &ParserState,
        input: &mut Parser<'i, 't>,
    ) -> Result<(), Failure<'i>> {
        self.body(start, input);
        Ok(())
    }
}

impl<'i> DeclarationParser<'i> for Sheet<'_> {
    type Declaration = ();
    type Error = &'static str;

    fn parse_value<'t>(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i, 't>,
        start: &ParserState,
    ) -> Result<(), Failure<'i>> {
        let custom = name.starts_with("--");
        let begin = input.state();
        if !custom {
            let failed = |what: &'static str| Err(start.source_location().new_custom_error(what));
            if input.is_exhausted() {
                return failed("a value is missing after `:`");
            }
            while let Ok(token) = input.next() {
                match token {
                    Token::Colon => {
                        return failed("`;` seems to be missing at the end of this line");
                    }
                    // This may be a rule inside the rule.
                    Token::CurlyBracketBlock => return failed("`{` is not expected in a value"),
                    _ => {}
                }
            }
            input.reset(&begin);
        }
        let mut addresses = Vec::new();
        self.consume(input, 0, &mut addresses)?;
        self.checked.addresses.append(&mut addresses);
        Ok(())
    }
}

impl<'i> RuleBodyItemParser<'i, (), &'static str> for Sheet<'_> {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        true
    }
}

fn place(location: SourceLocation) -> Place {
    Place {
        line: location.line + 1,
        column: number(location.column as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        check(source)
            .problems
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn usual_sheets_are_fine() {
        let sheet = r#"
            @charset "utf-8";
            :root { --main: #123; --empty:; --json: { "a": 1 }; }
            body, a:hover > b::before { color: red; background: url(data:image/png;base64,AA==) }
            .card { & .title { color: blue } &:hover { color: green; } a:hover { color: red } }
            @media (max-width: 600px) { .a { display: none !important; } }
            @keyframes spin { from { rotate: 0deg } 50.5% { rotate: 1turn } to { rotate: 360deg } }
            @font-face { font-family: x; src: local("x"), url('data:font/woff2;base64,AA') format("woff2"); }
            @supports (display: grid) and (not (display: inline-grid)) { p { width: calc(100% - (2 * 1em)); } }
            @layer base, components;
            .grid { grid-template-areas: "a b" "c d"; } /* end */
        "#;
        assert_eq!(texts(sheet), [""; 0]);
    }

    #[test]
    fn what_a_browser_skips_is_named() {
        assert_eq!(
            texts("a {\n  color red;\n  width: 1px\n  height: 2px;\n  margin: ;\n}\n"),
            [
                "line 2, column 8: CSS: `red` is not expected here.",
                "line 3, column 3: CSS: `;` seems to be missing at the end of this line.",
                "line 5, column 3: CSS: a value is missing after `:`.",
            ]
        );
        assert_eq!(
            texts("a { } }\nb { }"),
            ["line 1, column 7: CSS: `}` is not expected here."]
        );
        assert_eq!(
            texts("a"),
            ["line 1, column 2: CSS: something is missing at the end."]
        );
    }

    #[test]
    fn an_open_block_is_an_error() {
        let problems = check("p { }\n@media print {\n  a { color: red\n").problems;
        assert!(super::super::has_errors(&problems));
        assert_eq!(
            problems[0].to_string(),
            "line 3, column 3: CSS: this block is never closed: `}` is missing."
        );
    }

    #[test]
    fn addresses_are_found() {
        let sheet = "@import 'a.css';\n@import url(\"b.css\");\n.c { background: url(c.png), image-set(url('d.png') 1x) }";
        let found: Vec<_> = check(sheet)
            .addresses
            .into_iter()
            .map(|(text, place)| (text, place.line))
            .collect();
        assert_eq!(
            found,
            [("a.css", 1), ("b.css", 2), ("c.png", 3), ("d.png", 3)]
                .map(|(text, line)| (text.to_owned(), line))
        );
    }

    #[test]
    fn depth_is_bounded() {
        for open in ["a{", "(", "[", "a:{", "@media{", "f(", "a{b:c("] {
            check(&open.repeat(100_000));
            check(&format!("a {{ b: {} }}", open.repeat(10_000)));
        }
    }
}
