//! JavaScript: what a browser would refuse to start. Run-time errors come from the preview.

use super::Place;
use super::place;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use std::sync::mpsc;
use std::time::Duration;

/// Where a piece of JavaScript stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Classic,
    Module,
    /// The value of an attribute such as `onclick`.
    Handler,
}

/// A mistake, with its place in the piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) place: Place,
    pub(super) message: String,
}

#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) mistakes: Vec<Mistake>,
    /// What a module imports from.
    pub(super) imports: Vec<(String, Place)>,
}

/// It is longer or more nested than can be checked safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// The parser calls itself for every level of nesting and would take the whole app along when the stack ends.
/// So it gets a stack that is enough for the deepest nesting that a text of these characters can have: most
/// shapes use 0.2 to 1.5 KB a level without optimisation, the worst (calls, classes) 2.6 KB.
const STACK_OF_A_LEVEL: usize = 8 * 1024;
const STACK_OF_EVERYTHING_ELSE: usize = 4 * 1024 * 1024;
const MOST_STACK: usize = 384 * 1024 * 1024;

/// For some shapes of nesting the parser's work grows with the square of the depth.
const DEEPEST: usize = 1_000;
/// Mistakes, and imports; finding the place of each takes time.
const MOST: usize = 50;
const LONGEST: Duration = Duration::from_secs(10);

/// What a browser would refuse. Only the first mistakes are meant to be shown: later ones follow from them.
pub(super) fn check(source: &str, kind: Kind) -> Result<Checked, TooLong> {
    let stack = STACK_OF_EVERYTHING_ELSE + most_levels(source) * STACK_OF_A_LEVEL;
    if stack > MOST_STACK || deepest_brackets(source) > DEEPEST {
        return Err(TooLong);
    }
    // Carries the one result out of the thread, if it comes in time. A thread cannot be ended; one that
    // takes longer ends by itself, since its work is bounded by the limits above.
    let (send, receive) = mpsc::channel();
    let owned = source.to_owned();
    // Address space alone; memory is used as far as the stack really grows.
    std::thread::Builder::new()
        .name("opzest-javascript".into())
        .stack_size(stack)
        .spawn(move || send.send(parse(&owned, kind)))
        .map_err(|_| TooLong)?;
    receive.recv_timeout(LONGEST).map_err(|_| TooLong)
}

/// More levels of nesting than this are impossible: every level needs one of these characters or words.
fn most_levels(source: &str) -> usize {
    const CHARACTERS: &[u8] = b"([{`!~+-*/%&|^<>=?:.";
    const WORDS: [&str; 18] = [
        "if",
        "else",
        "for",
        "while",
        "do",
        "with",
        "new",
        "typeof",
        "void",
        "delete",
        "await",
        "yield",
        "async",
        "in",
        "instanceof",
        "extends",
        "case",
        "default",
    ];
    let characters = source
        .bytes()
        .filter(|byte| CHARACTERS.contains(byte))
        .count();
    let words = source
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
        .filter(|word| WORDS.contains(word))
        .count();
    characters + words
}

/// About, as brackets in strings and comments count as well.
fn deepest_brackets(source: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn parse(source: &str, kind: Kind) -> Checked {
    let allocator = Allocator::default();
    let source_type = match kind {
        Kind::Classic | Kind::Handler => SourceType::script(),
        Kind::Module => SourceType::mjs(),
    };
    let options = ParseOptions {
        allow_return_outside_function: kind == Kind::Handler,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(&allocator, source, source_type)
        .with_options(options)
        .parse();
    let imports = parsed.module_record.requested_modules.iter();
    let imports = imports
        .take(MOST)
        .filter_map(|(address, places)| {
            Some((
                address.to_string(),
                place::at(source, places.first()?.span.start as usize),
            ))
        })
        .collect();
    let mut diagnostics: Vec<_> = parsed.diagnostics.into_iter().collect();
    if diagnostics.is_empty() {
        // What the grammar alone does not show: a name declared twice, a break outside a loop ...
        let checked = SemanticBuilder::new()
            .with_check_syntax_error(true)
            .build(&parsed.program);
        diagnostics.extend(checked.diagnostics);
    }
    let mistakes = diagnostics.iter().take(MOST).map(|diagnostic| {
        let offset = diagnostic
            .labels
            .iter()
            .next()
            .map_or(0, |label| label.offset());
        Mistake {
            place: place::at(source, offset as usize),
            message: diagnostic.message.to_string(),
        }
    });
    Checked {
        mistakes: mistakes.collect(),
        imports,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(source: &str, kind: Kind) -> Vec<String> {
        let checked = check(source, kind).expect("short");
        let text = |mistake: Mistake| {
            format!(
                "{}:{} {}",
                mistake.place.line, mistake.place.column, mistake.message
            )
        };
        checked.mistakes.into_iter().map(text).collect()
    }

    #[test]
    fn modern_code_is_fine() {
        let code = r#"
            "use strict";
            const grid = Array.from({ length: 3 }, (_, i) => i ** 2);
            class Ball { #x = 0; static #n = 0; get x() { return this.#x ?? 1; } *[Symbol.iterator]() { yield* grid; } }
            async function load() { for await (const a of []) { await a?.b?.(); } }
            label: for (let i = 0, re = /[/"](?<a>x)/giu; i < 2; i++) { if (i) break label; }
            const { a = 1, ...rest } = {}, text = `a ${`b ${1}`} c`;
            document.onclick = (event) => { event.target.value ||= 1_000n; };
            try { throw 1 } catch { } finally { }
        "#;
        assert_eq!(mistakes(code, Kind::Classic), [""; 0]);
        assert_eq!(
            mistakes(
                "import a from './a.js'; export default await a;",
                Kind::Module
            ),
            [""; 0]
        );
        assert_eq!(
            mistakes("event.preventDefault(); return false", Kind::Handler),
            [""; 0]
        );
    }

    #[test]
    fn what_does_not_start_is_named_with_its_place() {
        assert_eq!(
            mistakes("let a = 1;\nlet b = (a + ;\n", Kind::Classic),
            ["2:14 Unexpected token"]
        );
        assert_eq!(
            mistakes("const a = 1;\nconst a = 2;", Kind::Classic),
            ["1:7 Identifier `a` has already been declared"]
        );
        for (source, kind) in [
            ("function f() {", Kind::Classic),
            ("break;", Kind::Classic),
            ("return 1", Kind::Classic),
            ("import a from 'b'", Kind::Classic),
            ("let a; let a", Kind::Module),
            ("alert('a)", Kind::Handler),
        ] {
            assert_ne!(mistakes(source, kind), [""; 0], "{source}");
        }
    }

    #[test]
    fn imports_are_found() {
        let checked = check(
            "let a;\nimport b from 'https://example.org/b.js';",
            Kind::Module,
        )
        .expect("short");
        assert_eq!(
            checked.imports,
            [(
                "https://example.org/b.js".into(),
                Place {
                    line: 2,
                    column: 15
                }
            )]
        );
    }

    /// The shapes in which JavaScript nests, repeated; the stack is what `check` would give. Passing is not
    /// ending with a stack overflow.
    #[test]
    fn no_shape_of_nesting_uses_more_stack_than_it_gets() {
        const TIMES: usize = 1_200;
        const SHAPES: [&str; 58] = [
            "(",
            "[",
            "{",
            "!",
            "- ",
            "++",
            "a?",
            "a?b:",
            "a=",
            "a=>",
            "(a)=>",
            "new ",
            "typeof ",
            "await ",
            "if(a)",
            "if(a);else ",
            "for(;;)",
            "for(let a of ",
            "while(a)",
            "do ",
            "with(a)",
            "a:",
            "a+",
            "a**",
            "a.",
            "a(",
            "a`",
            "`${",
            "({a:",
            "function f(){",
            "function*f(){yield ",
            "class a{a(){",
            "class a extends ",
            "class a{static{",
            "class a{[",
            "async a=>",
            "async(",
            "[a,",
            "let [",
            "let {a:",
            "a&&",
            "a??",
            "a in ",
            "try{",
            "switch(a){case 1:",
            "import(",
            "...",
            "[...",
            "a?.",
            "(function(){throw ",
            "export default ",
            "void ",
            "delete ",
            "a instanceof ",
            "a,",
            "case a:",
            "default:",
            "(a,",
        ];
        for shape in SHAPES {
            for kind in [Kind::Classic, Kind::Module] {
                let source = shape.repeat(TIMES) + "a";
                let stack = STACK_OF_EVERYTHING_ELSE / 4 + most_levels(&source) * STACK_OF_A_LEVEL;
                std::thread::Builder::new()
                    .stack_size(stack)
                    .spawn(move || parse(&source, kind).mistakes.len())
                    .expect("a thread")
                    .join()
                    .expect("no panic");
            }
        }
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_not_parsed() {
        for source in [
            "(".repeat(100_000),
            "[".repeat(100_000),
            "(a=".repeat(20_000),
            "a+".repeat(100_000),
        ] {
            assert!(check(&source, Kind::Classic).is_err());
        }
    }
}
