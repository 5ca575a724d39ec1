//! The signatures of host functions: what the embedding program writes, checked before it is used.

/// What a signature says. The text is what the VM reads; the rest is for the closure.
pub struct Layout {
    text: String,
    /// How many of its bytes are the name.
    name_length: usize,
    /// The names of the parameters as they stand in the signature.
    names: Vec<String>,
    /// Where the VM puts the argument of each parameter, if not in their order: behind the
    /// parameters with names of their own come `*rest` and `**named`.
    order: Option<Vec<usize>>,
    /// An operand of the wrong type is left to other classes.
    leaves_to_others: bool,
    /// It is an attribute's: what is set has no name of its own.
    is_attribute: bool,
    /// What messages call the function, if not by its name.
    called: Option<String>,
    problem: Option<String>,
}

impl Layout {
    /// Of this text, for a closure with so many parameters (unless it takes any number).
    pub fn of(text: &str, arity: Option<usize>) -> Layout {
        Layout::read(text, arity, None)
    }

    /// Of a method, whose receiver has this name and is not in the text.
    pub fn of_method(text: &str, arity: Option<usize>, receiver: &str) -> Layout {
        Layout::read(text, arity, Some(receiver))
    }

    fn read(text: &str, arity: Option<usize>, receiver: Option<&str>) -> Layout {
        let text = text.trim();
        let (name, inside) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.strip_suffix(')'))),
            None => (text, None),
        };
        let mut layout = Layout {
            text: String::new(),
            name_length: name.len(),
            names: Vec::new(),
            order: None,
            leaves_to_others: false,
            is_attribute: false,
            called: None,
            problem: None,
        };
        if !is_identifier(name) {
            layout.problem = Some(format!("{name:?} is no name"));
        }
        let mut parts: Vec<String> = match inside {
            Some(Some(inside)) => split(inside),
            Some(None) => {
                layout.problem = Some("the closing parenthesis is missing".into());
                Vec::new()
            }
            None => {
                let count = arity.unwrap_or(0);
                let names = (0..count).map(|n| format!("argument{}", n + 1));
                let end = (count > 0 || receiver.is_some()).then(|| "/".to_string());
                names.chain(end).collect()
            }
        };
        if let Err(problem) = layout.read_parameters(&parts) {
            layout.problem.get_or_insert(problem);
        }
        if let Some(arity) = arity
            && arity != layout.names.len()
        {
            let named = layout.names.len();
            layout.problem.get_or_insert(format!(
                "it names {named} parameters, but the closure takes {arity}"
            ));
        }
        for part in &mut parts {
            // As Rust writes them.
            for (own, theirs) in [("true", "True"), ("false", "False")] {
                let start = part.strip_suffix(own);
                if let Some(start) = start.filter(|start| start.trim_end().ends_with('=')) {
                    *part = format!("{start}{theirs}");
                }
            }
        }
        if let Some(receiver) = receiver {
            parts.insert(0, receiver.to_string());
            // What has names keeps them; the receiver goes by its place.
            if !parts.iter().any(|part| part == "/") {
                parts.insert(1, "/".into());
            }
        }
        layout.text = format!("{name}({})", parts.join(", "));
        layout
    }

    fn read_parameters(&mut self, parts: &[String]) -> Result<(), String> {
        // By name, `*rest`, `**named`: the order in which the VM has them.
        let mut groups: [Vec<usize>; 3] = Default::default();
        let mut stars = 0;
        for part in parts {
            let (group, name) = match part.as_str() {
                "/" => continue,
                "*" => {
                    stars += 1;
                    continue;
                }
                part if part.starts_with("**") => (2, &part[2..]),
                part if part.starts_with('*') => {
                    stars += 1;
                    (1, &part[1..])
                }
                part => (0, part),
            };
            let (name, default) = match name.split_once('=') {
                Some((name, default)) => (name.trim(), Some(default.trim())),
                None => (name, None),
            };
            if !is_identifier(name) {
                return Err(format!("{name:?} is no name"));
            }
            if self.names.iter().any(|known| known == name) {
                return Err(format!("there are two parameters '{name}'"));
            }
            if let Some(default) = default.filter(|text| group > 0 || !is_literal(text)) {
                return Err(format!("the default {default} of '{name}' is no literal"));
            }
            groups[group].push(self.names.len());
            self.names.push(name.to_string());
        }
        if stars > 1 || groups[1].len() > 1 || groups[2].len() > 1 {
            return Err("it has more than one * or **".into());
        }
        let places = groups.concat();
        if places.iter().enumerate().any(|(at, &number)| at != number) {
            let mut order = vec![0; places.len()];
            for (at, number) in places.into_iter().enumerate() {
                order[number] = at;
            }
            self.order = Some(order);
        }
        Ok(())
    }

    /// The text that the VM reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the function.
    pub fn name(&self) -> &str {
        &self.text[..self.name_length]
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Where the arguments lie, if not in the order of the parameters.
    #[inline]
    pub fn order(&self) -> Option<&[usize]> {
        self.order.as_deref()
    }

    /// The argument of a parameter, for a message.
    pub fn place(&self, number: usize) -> String {
        let name = self.called.as_deref().unwrap_or(self.name());
        if self.is_attribute {
            return format!("attribute '{name}'");
        }
        match self.names.get(number) {
            Some(parameter) if !parameter.starts_with("argument") => {
                format!("{name}() argument '{parameter}'")
            }
            _ => format!("{name}() argument {}", number + 1),
        }
    }

    /// The same for an operator, which leaves operands of other types to other classes.
    pub fn leaving_to_others(mut self) -> Layout {
        self.leaves_to_others = true;
        self
    }

    /// The same for what sets an attribute.
    pub fn of_attribute(mut self) -> Layout {
        self.is_attribute = true;
        self
    }

    /// The same for what goes by another name in messages.
    pub fn called(mut self, name: &str) -> Layout {
        self.called = Some(name.to_string());
        self
    }

    /// Whether it is that of such an operator.
    pub fn leaves_to_others(&self) -> bool {
        self.leaves_to_others
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|c| c == '_' || c.is_alphabetic())
        && characters.all(|c| c == '_' || c.is_alphanumeric())
}

/// Whether the VM can read a default.
fn is_literal(text: &str) -> bool {
    let quoted = |quote: char| {
        text.len() >= 2
            && text.starts_with(quote)
            && text.ends_with(quote)
            && !text[1..text.len() - 1].contains([quote, '\\'])
    };
    matches!(
        text,
        "None" | "True" | "False" | "true" | "false" | "..." | "()" | "b''"
    ) || text.parse::<i64>().is_ok()
        || text.parse::<f64>().is_ok() && text.contains(|c: char| c.is_ascii_digit())
        || quoted('\'')
        || quoted('"')
}

/// The parts between the commas that stand in no quotes and brackets.
fn split(inside: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0, None);
    for character in inside.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim().to_string());
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::Layout;

    fn problem(text: &str, arity: usize) -> String {
        let layout = Layout::of(text, Some(arity));
        layout.problem().unwrap_or("none").to_string()
    }

    #[test]
    fn texts_are_read() {
        let layout = Layout::of("f(a, *rest, b=1, **named)", Some(4));
        assert_eq!(layout.problem(), None);
        assert_eq!(layout.order(), Some(&[0, 2, 1, 3][..]));
        assert_eq!(layout.name(), "f");
        assert_eq!(layout.place(1), "f() argument 'rest'");
        let layout = Layout::of("f", Some(2));
        assert_eq!(layout.text(), "f(argument1, argument2, /)");
        assert_eq!(layout.place(1), "f() argument 2");
        let layout = Layout::of("f", Some(0));
        assert_eq!(layout.text(), "f()");
        let layout = Layout::of_method("move(x, y=0.5)", Some(2), "self");
        assert_eq!(layout.text(), "move(self, /, x, y=0.5)");
        assert_eq!(
            Layout::of("f(sep=', ', end=\"(\")", Some(2)).problem(),
            None
        );
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(problem("f(a", 1), "the closing parenthesis is missing");
        assert_eq!(problem("1f(a)", 1), "\"1f\" is no name");
        assert_eq!(problem("f(a b)", 1), "\"a b\" is no name");
        assert_eq!(problem("f(a, a)", 2), "there are two parameters 'a'");
        assert_eq!(problem("f(a=[])", 1), "the default [] of 'a' is no literal");
        assert_eq!(
            problem("f(a=inf)", 1),
            "the default inf of 'a' is no literal"
        );
        assert_eq!(problem("f(*a, *b)", 2), "it has more than one * or **");
        assert_eq!(
            problem("f(a, b)", 1),
            "it names 2 parameters, but the closure takes 1"
        );
    }
}
