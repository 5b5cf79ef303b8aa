//! From text to expression: a lexer and a recursive descent of three levels.

use super::{Comparison, Expression, Field, Term};
use crate::nearest::{nearest, question};

/// Parentheses and negations within each other.
const MOST_NESTED: usize = 64;

/// A selection is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the selection is not understood: {what}")]
pub struct SelectionSyntaxError {
    /// The text.
    pub text: String,
    /// Where in the text, in characters from 1.
    pub column: usize,
    /// What was expected and what was found.
    pub what: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl SelectionSyntaxError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// Returns the text with a caret below the place, two lines.
    pub fn marked(&self) -> String {
        let line: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("{line}\n{}^", " ".repeat(self.column.saturating_sub(1)))
    }
}

/// Says whether a character can stand in a value without quotes.
pub(super) fn is_word(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"&|!(){},=~\"\\".contains(c)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Words without quotes, joined by one space.
    Words(String),
    Quoted(String),
    Sign(&'static str),
}

/// A token with the index of its first character.
type Placed = (usize, Token);

/// Reads a selection.
pub(super) fn selection(text: &str) -> Result<Expression, SelectionSyntaxError> {
    let mut parser = Parser::new(text)?;
    let expression = parser.any_of(0)?;
    parser.end()?;
    Ok(expression)
}

/// Reads the values of one field.
pub(super) fn values_of(field: Field, text: &str) -> Result<Expression, SelectionSyntaxError> {
    let mut parser = Parser::new(text)?;
    let term = parser.term_of(Some(field), Comparison::Is, field.name())?;
    parser.end()?;
    Ok(term)
}

struct Parser<'a> {
    text: &'a str,
    length: usize,
    tokens: Vec<Placed>,
    next: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, SelectionSyntaxError> {
        let parser = Self {
            text,
            length: text.chars().count(),
            tokens: Vec::new(),
            next: 0,
        };
        let tokens = parser.tokens()?;
        Ok(Self { tokens, ..parser })
    }

    fn error(&self, at: usize, what: impl Into<String>, hint: Option<String>) -> SelectionSyntaxError {
        SelectionSyntaxError {
            text: self.text.to_owned(),
            column: at + 1,
            what: what.into(),
            hint,
        }
    }

    fn tokens(&self) -> Result<Vec<Placed>, SelectionSyntaxError> {
        let letters: Vec<char> = self.text.chars().collect();
        let mut tokens: Vec<Placed> = Vec::new();
        let mut at = 0;
        while let Some(&letter) = letters.get(at) {
            let first = at;
            at += 1;
            let sign = match letter {
                c if c.is_whitespace() => continue,
                '"' => {
                    let mut value = String::new();
                    loop {
                        match letters.get(at) {
                            None => {
                                let what = "the quote that begins here has no end".to_owned();
                                return Err(self.error(first, what, Some("add a `\"`".to_owned())));
                            }
                            Some('"') => break,
                            Some('\\') if matches!(letters.get(at + 1), Some('"' | '\\')) => {
                                value.push(letters[at + 1]);
                                at += 2;
                            }
                            Some(&c) => {
                                value.push(c);
                                at += 1;
                            }
                        }
                    }
                    at += 1;
                    if value.trim().is_empty() {
                        return Err(self.error(first, "a value between the quotes is missing", None));
                    }
                    tokens.push((first, Token::Quoted(value)));
                    continue;
                }
                '!' if letters.get(at) == Some(&'=') => {
                    at += 1;
                    "!="
                }
                '&' => "&",
                '|' => "|",
                '!' => "!",
                '(' => "(",
                ')' => ")",
                '{' => "{",
                '}' => "}",
                ',' => ",",
                '=' => "=",
                '~' => "~",
                c if is_word(c) => {
                    while letters.get(at).is_some_and(|c| is_word(*c)) {
                        at += 1;
                    }
                    let word: String = letters[first..at].iter().collect();
                    match tokens.last_mut() {
                        Some((_, Token::Words(words))) => {
                            words.push(' ');
                            words.push_str(&word);
                        }
                        _ => tokens.push((first, Token::Words(word))),
                    }
                    continue;
                }
                c => {
                    let what = format!("`{}` cannot stand outside quotes", c.escape_default());
                    return Err(self.error(first, what, None));
                }
            };
            tokens.push((first, Token::Sign(sign)));
        }
        Ok(tokens)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// Returns where the next token begins, or the end of the text.
    fn place(&self) -> usize {
        self.tokens.get(self.next).map_or(self.length, |(at, _)| *at)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.next += usize::from(is);
        is
    }

    fn found(&self) -> String {
        match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Words(text)) => format!("`{text}`"),
            Some(Token::Quoted(text)) => format!("`\"{text}\"`"),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        }
    }

    fn expected(&self, what: &str) -> SelectionSyntaxError {
        let hint = match (
            self.peek(),
            self.next.checked_sub(1).map(|before| &self.tokens[before].1),
        ) {
            (Some(Token::Sign(sign @ ("&" | "|" | "="))), Some(Token::Sign(before))) if sign == before => {
                Some(format!("write a single `{sign}`"))
            }
            (Some(Token::Quoted(_)), Some(Token::Words(_))) | (Some(Token::Words(_)), Some(Token::Quoted(_))) => {
                Some("put the whole value in quotes".to_owned())
            }
            (Some(Token::Sign("(")), Some(Token::Words(_))) => {
                Some("a value with parentheses stands in quotes, `\"...\"`".to_owned())
            }
            _ => None,
        };
        self.error(self.place(), format!("expected {what}, found {}", self.found()), hint)
    }

    fn end(&self) -> Result<(), SelectionSyntaxError> {
        if self.next == self.tokens.len() {
            return Ok(());
        }
        Err(self.expected("`&`, `|` or the end"))
    }

    fn any_of(&mut self, depth: usize) -> Result<Expression, SelectionSyntaxError> {
        self.joined(depth, "|", Self::all_of, Expression::any_of)
    }

    fn all_of(&mut self, depth: usize) -> Result<Expression, SelectionSyntaxError> {
        self.joined(depth, "&", Self::factor, Expression::all_of)
    }

    fn joined(
        &mut self,
        depth: usize,
        sign: &str,
        part: fn(&mut Self, usize) -> Result<Expression, SelectionSyntaxError>,
        join: fn(Vec<Expression>) -> Option<Expression>,
    ) -> Result<Expression, SelectionSyntaxError> {
        let mut parts = vec![part(self, depth)?];
        while self.take(sign) {
            parts.push(part(self, depth)?);
        }
        join(parts).ok_or_else(|| self.expected("a condition"))
    }

    fn factor(&mut self, depth: usize) -> Result<Expression, SelectionSyntaxError> {
        if depth > MOST_NESTED {
            let what = format!("more than {MOST_NESTED} parentheses and negations within each other");
            return Err(self.error(self.place(), what, None));
        }
        if self.take("!") {
            return Ok(Expression::Not(Box::new(self.factor(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.any_of(depth + 1)?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.expected("`&`, `|` or `)`"))
            };
        }
        self.term()
    }

    fn term(&mut self) -> Result<Expression, SelectionSyntaxError> {
        if self.take("~") {
            return self.term_of(None, Comparison::Like, "~");
        }
        let at = self.place();
        let (words, then) = match (self.peek(), self.tokens.get(self.next + 1).map(|(_, token)| token)) {
            (Some(Token::Words(words)), Some(Token::Sign(sign))) => (words.clone(), *sign),
            _ => return self.term_of(None, Comparison::Is, ""),
        };
        // `tf in {A, B}`: the words before the brace end in `in`.
        let lower = words.to_ascii_lowercase();
        let (name, comparison, negated) = match then {
            "=" => (words.as_str(), Comparison::Is, false),
            "!=" => (words.as_str(), Comparison::Is, true),
            "~" => (words.as_str(), Comparison::Like, false),
            "{" if lower.ends_with(" in") => (words[..words.len() - 3].trim_end(), Comparison::Is, false),
            _ => return self.term_of(None, Comparison::Is, ""),
        };
        let Some(field) = Field::from_name(name) else {
            return Err(self.unknown_field(at, name));
        };
        self.next += if then == "{" { 1 } else { 2 };
        let term = self.term_of(Some(field), comparison, &format!("{field}{then}"))?;
        Ok(if negated { Expression::Not(Box::new(term)) } else { term })
    }

    fn unknown_field(&self, at: usize, name: &str) -> SelectionSyntaxError {
        let lower = name.to_ascii_lowercase();
        let hint = if lower.contains(" and ") || lower.contains(" or ") || lower.starts_with("not ") {
            "conditions are joined by the signs `&`, `|` and `!`".to_owned()
        } else {
            let names: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
            let all = format!("fields: {}", names.join(", "));
            question(&Field::nearest(name)).map_or(all.clone(), |question| format!("{question} {all}"))
        };
        self.error(at, format!("no field is called `{name}`"), Some(hint))
    }

    /// Reads the values of a term.
    fn term_of(
        &mut self,
        field: Option<Field>,
        comparison: Comparison,
        after: &str,
    ) -> Result<Expression, SelectionSyntaxError> {
        let braces = self.take("{");
        let mut values: Vec<String> = Vec::new();
        let mut outputs: Vec<String> = Vec::new();
        loop {
            let at = self.place();
            let value = match self.peek() {
                Some(Token::Words(value) | Token::Quoted(value)) => value.trim().to_owned(),
                _ if field.is_some() || braces || !values.is_empty() => {
                    let after = if braces || !values.is_empty() { "" } else { after };
                    let what = if after.is_empty() {
                        "a value".to_owned()
                    } else {
                        format!("a value after `{after}`")
                    };
                    return Err(self.expected(&what));
                }
                _ if self.tokens.is_empty() => {
                    let hint = Some("for example `CHIP_TF & tf=GABPA & biosample=HepG2`".to_owned());
                    return Err(self.error(at, "the text is empty", hint));
                }
                _ => return Err(self.expected("a condition, `!` or `(`")),
            };
            self.next += 1;
            match (field, comparison) {
                (Some(field), Comparison::Is) => {
                    let stored = field
                        .stored(&value)
                        .ok_or_else(|| self.unknown_value(at, field, &value))?;
                    push(&mut values, stored);
                }
                (None, Comparison::Is) => match Field::Output.stored(&value) {
                    Some(output) => push(&mut outputs, output),
                    None => push(&mut values, value),
                },
                (_, Comparison::Like) => push(&mut values, value),
            }
            if !self.take(",") {
                break;
            }
        }
        if braces && !self.take("}") {
            return Err(self.expected("`,` or `}`"));
        }
        let mut terms = Vec::new();
        for (field, values) in [(Some(Field::Output), outputs), (field, values)] {
            if !values.is_empty() {
                terms.push(Expression::Term(Term {
                    field,
                    comparison,
                    values,
                }));
            }
        }
        Expression::any_of(terms).ok_or_else(|| self.expected("a value"))
    }

    fn unknown_value(&self, at: usize, field: Field, value: &str) -> SelectionSyntaxError {
        let allowed = field.allowed();
        let all = format!("values of {field}: {}", allowed.join(", "));
        let hint = question(&nearest(value, allowed)).map_or(all.clone(), |question| format!("{question} {all}"));
        self.error(at, format!("{field} has no value `{value}`"), Some(hint))
    }
}

fn push(values: &mut Vec<String>, value: String) {
    if !values.contains(&value) {
        values.push(value);
    }
}
