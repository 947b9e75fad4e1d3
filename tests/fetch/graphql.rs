//! As much of GraphQL as queries of a client have: operations, variables, arguments, aliases, fragments, `@include`.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

/// A field with what is asked of it.
#[derive(Debug, Default)]
pub struct Field {
    pub alias: String,
    pub name: String,
    pub arguments: Map<String, Value>,
    pub is_included: bool,
    pub selection: Vec<Field>,
}

struct Parser<'t> {
    text: Peekable<Chars<'t>>,
    variables: &'t Value,
    fragments: &'t HashMap<&'t str, &'t str>,
}

/// The fields of a query, which stands in front of its fragments.
pub fn parse(text: &str, variables: &Value) -> Vec<Field> {
    let mut definitions = text.split("fragment ");
    let query = definitions.next().unwrap();
    let fragments: HashMap<&str, &str> = definitions.map(|fragment| fragment.split_once(" on ").unwrap()).collect();
    selection_of(query, variables, &fragments)
}

/// The fields of the first selection of a definition.
fn selection_of(text: &str, variables: &Value, fragments: &HashMap<&str, &str>) -> Vec<Field> {
    let mut parser = Parser { text: text.chars().peekable(), variables, fragments };
    while parser.text.peek().is_some_and(|&letter| letter != '{' && letter != '(') {
        parser.text.next();
    }
    if parser.text.peek() == Some(&'(') {
        while parser.text.next() != Some(')') {}
    }
    parser.blanks();
    parser.selection()
}

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.text.peek().is_some_and(|letter| letter.is_whitespace() || *letter == ',') {
            self.text.next();
        }
    }

    fn next_is(&mut self, letter: char) -> bool {
        self.blanks();
        self.text.next_if_eq(&letter).is_some()
    }

    fn name(&mut self) -> String {
        self.blanks();
        let mut name = String::new();
        while let Some(letter) = self.text.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
            name.push(letter);
        }
        assert!(!name.is_empty(), "a name is missing before {:?}", self.text.peek());
        name
    }

    fn selection(&mut self) -> Vec<Field> {
        let mut fields = Vec::new();
        if self.next_is('{') {
            while !self.next_is('}') {
                if self.next_is('.') {
                    assert!(self.next_is('.') && self.next_is('.'));
                    let name = self.name();
                    fields.extend(selection_of(self.fragments[&*name], self.variables, self.fragments));
                } else {
                    fields.push(self.field());
                }
            }
        }
        fields
    }

    fn field(&mut self) -> Field {
        let alias = self.name();
        let name = if self.next_is(':') { self.name() } else { alias.clone() };
        let mut field = Field { alias, name, is_included: true, ..Field::default() };
        if self.next_is('(') {
            field.arguments = self.arguments();
        }
        while self.next_is('@') {
            assert_eq!(self.name(), "include");
            assert!(self.next_is('('));
            field.is_included = self.arguments()["if"] == Value::Bool(true);
        }
        self.blanks();
        field.selection = self.selection();
        field
    }

    fn arguments(&mut self) -> Map<String, Value> {
        let mut arguments = Map::new();
        while !self.next_is(')') {
            let name = self.name();
            assert!(self.next_is(':'));
            arguments.insert(name, self.value());
        }
        arguments
    }

    fn value(&mut self) -> Value {
        self.blanks();
        match self.text.peek() {
            Some('$') => {
                self.text.next();
                let name = self.name();
                self.variables[name].clone()
            }
            Some('"') => {
                self.text.next();
                let mut text = String::new();
                while let Some(letter) = self.text.next().filter(|letter| *letter != '"') {
                    text.push(letter);
                }
                Value::String(text)
            }
            Some('[') => {
                self.text.next();
                let mut items = Vec::new();
                while !self.next_is(']') {
                    items.push(self.value());
                }
                Value::Array(items)
            }
            _ => serde_json::from_str(&self.name()).unwrap(),
        }
    }
}
