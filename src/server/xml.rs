//! The XML of bodies: a writer for answers (no namespace: the SDKs' parsers look for bare names) and a reader for the
//! small documents that requests carry, bounded in depth and number of elements.

use super::error::{Error, MALFORMED_XML, Result};
use quick_xml::events::Event;
use std::fmt::Display;

/// Elements that a request's document may have; the largest, a deletion of 1,000 keys, has some 3,000.
const MAX_ELEMENTS: usize = 40_000;

/// How deep they may be nested.
const MAX_DEPTH: usize = 16;

/// Writes a document.
pub struct Writer {
    out: String,
    root: &'static str,
}

impl Writer {
    /// Begins a document with this root.
    pub fn new(root: &'static str) -> Self {
        let out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>");
        Self { out, root }
    }

    /// Writes an element that holds text.
    pub fn text(&mut self, name: &str, value: impl Display) {
        self.open(name);
        escape(&mut self.out, &value.to_string());
        self.close(name);
    }

    /// Writes an element that holds elements.
    pub fn within(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.open(name);
        content(self);
        self.close(name);
    }

    /// Ends the document.
    pub fn finish(mut self) -> String {
        self.close(self.root);
        self.out
    }

    fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

/// Escapes what a parser would read otherwise, line ends and control characters included.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() => out.push_str(&format!("&#{};", c as u32)),
            c => out.push(c),
        }
    }
}

/// An element of a request's document.
#[derive(Debug, Default)]
pub struct Element {
    /// Its name without prefix.
    pub name: String,
    /// The text directly within it.
    pub text: String,
    elements: Vec<Element>,
}

impl Element {
    /// Reads a document and returns its root.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("not UTF-8"))?;
        let mut reader = quick_xml::Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Element> = Vec::new();
        let mut count = 0;
        loop {
            match reader
                .read_event()
                .map_err(|error| malformed(error.to_string()))?
            {
                Event::Start(start) => {
                    count += 1;
                    if count > MAX_ELEMENTS || open.len() >= MAX_DEPTH {
                        return Err(malformed("too many elements"));
                    }
                    let name = start.local_name().as_ref().to_owned();
                    open.push(Element {
                        name,
                        ..Self::default()
                    });
                }
                Event::End(_) => {
                    let element = open.pop().ok_or_else(|| malformed("not balanced"))?;
                    match open.last_mut() {
                        Some(parent) => parent.elements.push(element),
                        None => return Ok(element),
                    }
                }
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::CData(data) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&data);
                    }
                }
                Event::GeneralRef(reference) => {
                    let c = resolve(&reference).ok_or_else(|| malformed("an unknown entity"))?;
                    if let Some(element) = open.last_mut() {
                        element.text.push(c);
                    }
                }
                Event::DocType(_) => return Err(malformed("a document type")),
                Event::Eof => return Err(malformed("it ends early")),
                _ => {}
            }
        }
    }

    /// Returns the first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.elements.iter().find(|e| e.name == name)
    }

    /// Returns the children of this name.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements.iter().filter(move |e| e.name == name)
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Some(c);
    }
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

fn malformed(why: impl Display) -> Error {
    Error::from(&MALFORMED_XML).element("ErrorDetail", why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test]
    fn what_is_written_is_read_back() {
        let text = "a<b>&\"'\r\n\t\u{1}é\u{1f600} ]]>";
        let mut xml = Writer::new("Root");
        xml.within("A", |xml| xml.text("B", text));
        let root = Element::parse(xml.finish().as_bytes()).unwrap();
        assert_eq!(root.child("A").unwrap().child("B").unwrap().text, text);
    }

    #[test]
    fn prefixes_namespaces_and_cdata_are_read_through() {
        let xml = r#"<?xml version="1.0"?><n:A xmlns:n="x"><!-- c --><n:B><![CDATA[<]]>&#x41;</n:B></n:A>"#;
        let root = Element::parse(xml.as_bytes()).unwrap();
        assert_eq!(
            (root.name.as_str(), root.child("B").unwrap().text.as_str()),
            ("A", "<A")
        );
    }

    #[test_case(""; "nothing")]
    #[test_case("text"; "no element")]
    #[test_case("<A><B></A>"; "not nested")]
    #[test_case("<A>&bomb;</A>"; "an entity")]
    #[test_case("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"; "a document type")]
    #[test_case(&"<A>".repeat(10_000); "ten thousand levels")]
    #[test_case(&format!("<A>{}</A>", "<B/>".repeat(50_000)); "fifty thousand elements")]
    fn refuses(xml: &str) {
        assert_eq!(
            Element::parse(xml.as_bytes()).unwrap_err().code.name,
            "MalformedXML"
        );
    }
}
