//! Just enough XML: a reader that makes a small tree within bounds, and a writer.
//!
//! No document type, no entity but the five predefined ones, no namespace: what the services send has none that
//! matters. Bounds are on bytes, depth and elements, since an answer may come from anyone.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;

/// The largest document read, in bytes; bodies above it need not be read to their end.
pub const MAX_BYTES: usize = 16 << 20;
const MAX_DEPTH: usize = 16;
/// A page of 1,000 keys with all that services tell of each has 20,000.
const MAX_ELEMENTS: usize = 200_000;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidXml {
    /// Not XML, or not UTF-8.
    #[error("not XML: {0}")]
    Syntax(String),
    /// A document type or an entity it could define.
    #[error("XML with a document type or its entities")]
    Entities,
    /// Larger, deeper or of more elements than any answer.
    #[error("XML beyond all bounds")]
    Bounds,
}

/// An element: its local name, its text if it holds no elements, and those it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The name without a namespace's prefix.
    pub name: Box<str>,
    /// The text, as it is.
    pub text: Cow<'a, str>,
    /// The elements in it, in order.
    pub children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// Returns the first child of a name.
    pub fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// Iterates over the children of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element<'a>> {
        self.children
            .iter()
            .filter(move |child| &*child.name == name)
    }

    /// Returns the text of the first child of a name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| &*child.text)
    }

    fn new(start: &BytesStart<'_>) -> Self {
        Self {
            name: start.local_name().as_ref().into(),
            text: Cow::Borrowed(""),
            children: Vec::new(),
        }
    }

    fn append(&mut self, text: Cow<'a, str>) {
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.to_mut().push_str(&text);
        }
    }
}

/// Reads a document and returns its root.
pub fn parse(bytes: &[u8]) -> Result<Element<'_>, InvalidXml> {
    if bytes.len() > MAX_BYTES {
        return Err(InvalidXml::Bounds);
    }
    let syntax = |e: &dyn std::fmt::Display| InvalidXml::Syntax(e.to_string());
    let text = std::str::from_utf8(bytes).map_err(|e| syntax(&e))?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut elements = 0;
    loop {
        let closed = match reader.read_event().map_err(|e| syntax(&e))? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(InvalidXml::Bounds);
                }
                open.push(Element::new(&start));
                None
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(InvalidXml::Bounds);
                }
                Some(Element::new(&start))
            }
            // The reader has checked that it is the end of the last one opened.
            Event::End(_) => open.pop().map(|mut element| {
                if !element.children.is_empty() {
                    element.text = Cow::Borrowed("");
                }
                element
            }),
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.append(text.xml10_content());
                } else if !text.trim().is_empty() {
                    return Err(InvalidXml::Syntax("text outside of the root".into()));
                }
                None
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.append(text.xml10_content());
                }
                None
            }
            Event::GeneralRef(reference) => {
                let c = resolve(&reference)?;
                if let Some(element) = open.last_mut() {
                    element.append(Cow::Owned(c.into()));
                }
                None
            }
            Event::DocType(_) => return Err(InvalidXml::Entities),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
            Event::Eof => return Err(InvalidXml::Syntax("ends before its root does".into())),
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Ok(element),
            }
        }
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, InvalidXml> {
    let syntax = |e: &dyn std::fmt::Display| InvalidXml::Syntax(e.to_string());
    if let Some(c) = reference.resolve_char_ref().map_err(|e| syntax(&e))? {
        return Ok(c);
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(InvalidXml::Entities),
    }
}

/// Writes a document, escaping all text.
#[derive(Debug)]
pub struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Begins a document with its root.
    pub fn new(root: &'static str, namespace: Option<&str>) -> Self {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.push('<');
        out.push_str(root);
        if let Some(namespace) = namespace {
            out.push_str(" xmlns=\"");
            out.push_str(namespace);
            out.push('"');
        }
        out.push('>');
        Self {
            out,
            open: vec![root],
        }
    }

    /// Opens an element.
    pub fn open(&mut self, name: &'static str) -> &mut Self {
        self.tag("<", name);
        self.open.push(name);
        self
    }

    /// Closes the element opened last.
    pub fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.tag("</", name);
        }
        self
    }

    /// Writes an element that holds text.
    pub fn leaf(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.tag("<", name);
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' => self.out.push_str("&quot;"),
                // Literal line ends would be normalised by the reader; other controls are no XML at all, and services
                // write them so.
                c if c.is_ascii_control() => self.out.push_str(&format!("&#{};", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.tag("</", name);
        self
    }

    /// Closes what is open and returns the document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn tag(&mut self, start: &str, name: &str) {
        self.out.push_str(start);
        self.out.push_str(name);
        self.out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use test_case::test_case;

    fn show(element: &Element<'_>) -> String {
        let inner: String = element.children.iter().map(show).collect();
        format!("{}({}{inner})", element.name, element.text)
    }

    #[test_case("<a/>" => "a()"; "empty")]
    #[test_case(" \n<?xml version=\"1.0\"?>\n\n  <a><b>x</b>\n<b> y </b><c/></a>" => "a(b(x)b( y )c())"; "tree")]
    #[test_case("<s:a xmlns:s=\"x\" y='1'><s:b>&lt;&#65;&#x42;&amp;</s:b></s:a>" => "a(b(<AB&))"; "references")]
    #[test_case("<a><![CDATA[<&>]]>x<!-- c --></a>" => "a(<&>x)"; "cdata")]
    #[test_case("\u{feff}<a>é</a>" => "a(é)"; "byte order mark")]
    fn reads(text: &str) -> String {
        show(&parse(text.as_bytes()).expect("XML"))
    }

    #[test_case("" ; "empty text")]
    #[test_case("<a>" ; "cut")]
    #[test_case("<a><b></a>" ; "crossed")]
    #[test_case("hello <a/>" ; "text first")]
    #[test_case("<a>&nbsp;</a>" ; "other entity")]
    #[test_case("<a>&#0;</a>" ; "NUL")]
    #[test_case("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>" ; "document type")]
    #[test_case("<html><br></html>" ; "HTML")]
    fn refuses(text: &str) {
        assert!(parse(text.as_bytes()).is_err());
    }

    #[test]
    fn refuses_what_is_too_deep_too_many_or_too_big() {
        let deep = "<a>".repeat(10_000);
        assert_eq!(parse(deep.as_bytes()), Err(InvalidXml::Bounds));
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        assert_eq!(parse(many.as_bytes()), Err(InvalidXml::Bounds));
        let big = format!("<a>{}</a>", "x".repeat(MAX_BYTES));
        assert_eq!(parse(big.as_bytes()), Err(InvalidXml::Bounds));
        assert!(matches!(parse(b"<a>\xFF</a>"), Err(InvalidXml::Syntax(_))));
    }

    #[test]
    fn writes_what_it_opens() {
        let mut writer = Writer::new("A", Some("urn:x"));
        writer.open("B").leaf("C", "<&>").close().leaf("D", "");
        writer.open("E");
        assert_eq!(
            writer.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <A xmlns=\"urn:x\"><B><C>&lt;&amp;&gt;</C></B><D></D><E></E></A>"
        );
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn never_panics_on_what_looks_like_xml(text in "(<[a/!?]?|[>&#;x\\[\\]\"=é-]|CDATA|a=|DOCTYPE){0,40}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn reads_back_what_it_wrote(text in "[^\0]*") {
            let mut writer = Writer::new("A", None);
            writer.leaf("B", &text);
            let written = writer.finish();
            let root = parse(written.as_bytes()).expect("XML");
            prop_assert_eq!(root.text_of("B"), Some(&*text));
        }
    }
}
