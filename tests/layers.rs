//! The source tree against the architecture: which module may use which, which words may occur where, and that no test
//! file is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name in `crate::...`, by the longest path that fits. `store` alone means all of it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["config", "mount", "server", "store"]),
    (
        "config",
        &["store::types", "store::Dialect", "store::dialect"],
    ),
    (
        "mount",
        &[
            "config",
            "fuse",
            "fs",
            "namespace",
            "xattr",
            "meta",
            "data",
            "store",
        ],
    ),
    ("fuse", &["fs", "namespace", "xattr"]),
    ("fs", &["namespace", "xattr", "meta", "data", "store"]),
    ("namespace", &["store::types"]),
    (
        "xattr",
        &[
            "store::types",
            "store::Dialect",
            "store::dialect",
            "store::Kind",
        ],
    ),
    ("meta", &["namespace", "xattr", "store"]),
    ("data", &["store"]),
    ("store::types", &["store::types", "store::Error"]),
    ("store::error", &["store::types"]),
    (
        "store::dialect",
        &["store::dialect", "store::types", "store::Kind"],
    ),
    (
        "store::wire",
        &[
            "store::dialect",
            "store::Dialect",
            "store::types",
            "store::error",
            "store::Error",
            "store::Kind",
            "store::Result",
            "store::wire",
            "store",
        ],
    ),
    ("store", &["config", "store"]),
    ("server", &["store"]),
];

/// Modules that do nothing but compute: no runtime, no kernel, no sockets.
const PURE: &[&str] = &[
    "namespace",
    "xattr",
    "store::types",
    "store::dialect",
    "store::wire",
];

const IMPURE_CRATES: &[&str] = &["tokio", "fuser", "reqwest", "hyper"];

/// Modules that may know which service they speak to; the rest asks the dialect.
const MAY_NAME_SERVICES: &[&str] = &["store::dialect", "cli", "server"];

struct Module {
    path: PathBuf,
    /// `store::dialect::oss`
    name: String,
    /// Without its tests and comments.
    code: String,
}

#[test]
fn modules_use_what_their_layer_may() {
    let mut wrong = Vec::new();
    for module in modules() {
        let Some(allowed) = rule(&module.name) else {
            continue;
        };
        let own = module.name.split("::").next().unwrap_or_default();
        for used in crate_paths(&module.code) {
            let fine = within(&used, own) && !own.eq("store")
                || allowed.iter().any(|allowed| within(&used, allowed));
            if !fine {
                wrong.push(format!("{}: uses crate::{used}", module.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_has_a_layer() {
    let unknown: BTreeSet<_> = modules()
        .into_iter()
        .map(|module| module.name)
        .filter(|name| name != "lib" && rule(name).is_none())
        .collect();
    assert!(
        unknown.is_empty(),
        "say in MAY_USE what these may use: {unknown:#?}"
    );
}

#[test]
fn pure_modules_only_compute() {
    let mut wrong = Vec::new();
    for module in modules() {
        if !PURE.iter().any(|pure| within(&module.name, pure)) {
            continue;
        }
        for line in module.code.lines() {
            if IMPURE_CRATES
                .iter()
                .any(|c| line.contains(&format!("{c}::")))
            {
                wrong.push(format!("{}: {}", module.path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_dialects_know_which_service_it_is() {
    let mut wrong = Vec::new();
    for module in modules() {
        if MAY_NAME_SERVICES
            .iter()
            .any(|may| within(&module.name, may))
        {
            continue;
        }
        for line in module.code.lines() {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            if words
                .map(str::to_ascii_lowercase)
                .any(|w| w == "oss" || w == "s3")
            {
                wrong.push(format!("{}: {}", module.path.display(), line.trim()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "ask the dialect a question instead: {wrong:#?}"
    );
}

#[test]
fn source_files_say_what_they_are_for_and_stay_short() {
    let mut wrong = Vec::new();
    for module in modules() {
        let text = fs::read_to_string(&module.path).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{}: opens without its purpose",
                module.path.display()
            ));
        }
        let lines = module.code.lines().count();
        if lines > 400 {
            wrong.push(format!(
                "{}: {lines} lines without tests and comments",
                module.path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_test_file_is_forgotten() {
    let tests = root().join("tests");
    let forgotten: Vec<_> = rust_files(&tests)
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| name != "main.rs"))
        .filter(|file| {
            let (parent, name) = declaration(file);
            let declared = fs::read_to_string(&parent).unwrap_or_default();
            !declared.lines().any(|line| {
                let line = line
                    .trim_start_matches("pub ")
                    .trim_start_matches("pub(crate) ");
                line == format!("mod {name};")
            })
        })
        .collect();
    assert!(forgotten.is_empty(), "no `mod` names these: {forgotten:#?}");
}

/// Returns the file that has to declare `file`, and the name it has there.
fn declaration(file: &Path) -> (PathBuf, String) {
    let dir = file.parent().unwrap();
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let (dir, name) = match stem {
        "mod" => (
            dir.parent().unwrap(),
            dir.file_name().unwrap().to_str().unwrap(),
        ),
        _ => (dir, stem),
    };
    let parent = ["main.rs", "mod.rs"]
        .map(|p| dir.join(p))
        .into_iter()
        .find(|p| p.exists());
    (
        parent.unwrap_or_else(|| dir.with_extension("rs")),
        name.into(),
    )
}

fn rule(module: &str) -> Option<&'static [&'static str]> {
    MAY_USE
        .iter()
        .filter(|(name, _)| within(module, name))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, allowed)| *allowed)
}

fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Returns the paths that follow `crate::`, groups in braces taken apart at their first level.
fn crate_paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(rest.len());
        let path = rest[..end].trim_end_matches(':');
        match rest[end..].strip_prefix('{') {
            Some(group) => found.extend(first_level(group).map(|name| join(path, name))),
            None => found.push(path.into()),
        }
    }
    found
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.into(),
        (path, "self") => path.into(),
        (path, name) => format!("{path}::{name}"),
    }
}

/// Returns the names of a group, without what their own groups hold.
fn first_level(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 1;
    let end = group
        .char_indices()
        .find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        })
        .map_or(group.len(), |(at, _)| at);
    let mut depth = 0;
    group[..end]
        .split(move |c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .map(|name| {
            let name = name.trim();
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            name[..end.unwrap_or(name.len())].trim_end_matches(':')
        })
        .filter(|name| !name.is_empty())
}

fn modules() -> Vec<Module> {
    let src = root().join("src");
    rust_files(&src)
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let relative = path.strip_prefix(&src).unwrap().with_extension("");
            let mut parts: Vec<_> = relative.iter().map(|p| p.to_str().unwrap()).collect();
            if parts.last() == Some(&"mod") {
                parts.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            // A file or folder of tests is all tests.
            let code = match parts.contains(&"tests") {
                true => "",
                false => without_tests(&text),
            };
            Module {
                name: parts.join("::"),
                code: without_comments(code),
                path,
            }
        })
        .collect()
}

fn without_tests(text: &str) -> &str {
    let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    &text[..end]
}

fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reader_of_paths_sees_groups_and_inline_paths() {
    let code = "use crate::store::{self, types::{Key, Tags}, Error};\nlet x = crate::meta::new();\nuse crate::{fs, data::Reader};";
    assert_eq!(
        crate_paths(code),
        [
            "store",
            "store::types",
            "store::Error",
            "meta::new",
            "fs",
            "data::Reader"
        ]
    );
}
