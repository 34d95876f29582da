//! The environment of a function, read once into typed settings; all that is missing is named at once.

use std::collections::BTreeMap;
use std::fmt;

/// Environment variables: the process's own on Lambda, the template's in the local stack.
#[derive(Clone, Debug)]
pub struct Environment(BTreeMap<String, String>);

/// Variables that are not set, all of them.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("missing or malformed environment variables: {}; template.yaml sets them for every function", .0.join(", "))]
pub struct MissingSettings(Vec<&'static str>);

/// What a process prints that ends with it: the sentence, not the type.
impl fmt::Debug for MissingSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Reads variables and remembers those that are missing.
#[derive(Debug)]
pub struct Reader<'a> {
    environment: &'a Environment,
    missing: Vec<&'static str>,
}

impl Environment {
    /// The process's own.
    pub fn process() -> Self {
        std::env::vars().collect()
    }

    /// A variable that may be missing; an empty one is.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Builds settings; fails with the names of all variables that `build` asked for in vain.
    pub fn read<T>(&self, build: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, MissingSettings> {
        let mut reader = Reader {
            environment: self,
            missing: Vec::new(),
        };
        let settings = build(&mut reader);
        if reader.missing.is_empty() {
            Ok(settings)
        } else {
            Err(MissingSettings(reader.missing))
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Reader<'_> {
    /// A variable that may be missing; an empty one is.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.environment.optional(name)
    }

    /// A variable of a certain shape; one of another shape is as good as missing, and its default is never used.
    pub fn parsed<T: TryFrom<String> + Default>(&mut self, name: &'static str) -> T {
        let value = self.text(name);
        let is_missing = value.is_empty();
        T::try_from(value).unwrap_or_else(|_| {
            if !is_missing {
                self.missing.push(name);
            }
            T::default()
        })
    }

    /// The same where an empty or missing one has its default.
    pub fn parsed_or_default<T: TryFrom<String> + Default>(&mut self, name: &'static str) -> T {
        match self.optional(name) {
            Some(_) => self.parsed(name),
            None => T::default(),
        }
    }

    /// The environment itself.
    pub fn environment(&self) -> &Environment {
        self.environment
    }

    /// A variable's text.
    pub fn text(&mut self, name: &'static str) -> String {
        let value = self.environment.optional(name);
        if value.is_none() {
            self.missing.push(name);
        }
        value.unwrap_or_default().to_owned()
    }

    /// A list with commas between its parts, at least one of them.
    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        self.text(name)
            .split(',')
            .map(|part| part.trim().to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let environment: Environment = [("A", "1"), ("B", "")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into_iter()
            .collect();
        let read = environment.read(|get| (get.text("A"), get.text("B"), get.list("C")));
        assert_eq!(
            read.unwrap_err().to_string(),
            "missing or malformed environment variables: B, C; template.yaml sets them for every function"
        );
        assert_eq!(environment.read(|get| get.text("A")).unwrap(), "1");
    }

    #[test]
    fn what_may_be_missing_must_still_be_well_formed() {
        #[derive(Debug, Default, PartialEq)]
        struct Digit(u8);
        impl TryFrom<String> for Digit {
            type Error = std::num::ParseIntError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse().map(Self)
            }
        }
        let environment: Environment = [("A", "1"), ("B", ""), ("C", "x")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into_iter()
            .collect();
        let read = |name| environment.read(|get| get.parsed_or_default::<Digit>(name));
        assert_eq!(read("A"), Ok(Digit(1)));
        assert_eq!(read("B"), Ok(Digit(0)));
        assert_eq!(read("D"), Ok(Digit(0)));
        assert_eq!(read("C"), Err(MissingSettings(vec!["C"])));
    }
}
