//! How is compact JSON written, in the order the fields are named, without a tree in between?

/// A JSON object being written to the end of a text.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Writes one object, whose members `fill` adds.
    pub(crate) fn write(out: &'a mut String, fill: impl FnOnce(&mut Object<'_>)) {
        out.push('{');
        let mut object = Object { out, empty: true };
        fill(&mut object);
        object.out.push('}');
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        quote(self.out, key);
        self.out.push(':');
    }

    /// Adds a string member.
    pub(crate) fn str(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        quote(self.out, value);
        self
    }

    /// Adds a member whose value is already JSON: a number, `true`, `null`.
    pub(crate) fn raw(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        self.out.push_str(value);
        self
    }

    /// Adds an integer member.
    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.raw(key, &value.to_string())
    }

    /// Adds an object member.
    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        Object::write(self.out, fill);
        self
    }

    /// Adds an array member.
    pub(crate) fn array(&mut self, key: &str, fill: impl FnOnce(&mut Array<'_>)) -> &mut Self {
        self.key(key);
        self.out.push('[');
        let mut array = Array { out: self.out, empty: true };
        fill(&mut array);
        self.out.push(']');
        self
    }

    /// Adds `{"items":[{…}]}`, the way EC2 and others spell lists, with one item.
    pub(crate) fn items(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.object(key, |set| {
            set.array("items", |items| {
                items.object(fill);
            });
        })
    }
}

/// A JSON array being written.
pub(crate) struct Array<'a> {
    out: &'a mut String,
    empty: bool,
}

impl Array<'_> {
    fn comma(&mut self) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
    }

    /// Adds a string.
    pub(crate) fn str(&mut self, value: &str) -> &mut Self {
        self.comma();
        quote(self.out, value);
        self
    }

    /// Adds an object.
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.comma();
        Object::write(self.out, fill);
        self
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out.push('"');
}
