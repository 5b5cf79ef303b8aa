//! Invariants of ARCHITECTURE.md that the compiler does not check: what the source of the crate must not contain.
//!
//! The source is read as text. Comments are left out where they could name a thing in order to exclude it, and
//! everything from `#[cfg(test)]` on, which by convention ends a file.

use refalt_core::scorer::SCORERS;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

struct SourceFile {
    /// Path below `src`, with `/`.
    name: String,
    text: String,
}

impl SourceFile {
    /// The lines of the product with their numbers (1-based), without tests and comment lines.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        (1..)
            .zip(lines)
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn source() -> Vec<SourceFile> {
    let source = root().join("src");
    let mut paths = Vec::new();
    rust_files(&source, &mut paths);
    paths.sort();
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| SourceFile {
            name: path.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/"),
            text: std::fs::read_to_string(path).unwrap(),
        })
        .collect();
    assert!(files.iter().any(|file| file.name == "scorer/center_mask.rs"));
    files
}

/// The words of a line: runs of letters, digits and underscores.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

#[test]
fn core_depends_on_thiserror_alone() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut section = "";
    let mut dependencies = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
            // `[build-dependencies]`, `[target.'cfg(...)'.dependencies]` and `[dependencies.name]`.
            let others = line.contains("dependencies") && line != "[dependencies]" && line != "[dev-dependencies]";
            assert!(!others, "`{line}` in the manifest of core");
        } else if section == "[dependencies]" && !line.is_empty() && !line.starts_with('#') {
            dependencies.push(line);
        }
    }
    assert_eq!(dependencies, ["thiserror.workspace = true"]);
    assert!(!root().join("build.rs").exists());
}

#[test]
fn core_opens_nothing_spawns_nothing_and_reads_no_clock() {
    let modules = ["fs", "net", "thread", "time", "env", "process", "io", "os"];
    let forbidden = [
        "unsafe",
        "async",
        "await",
        "extern",
        "thread_local",
        "println",
        "eprintln",
        "print",
        "eprint",
        "dbg",
        "Mutex",
        "RwLock",
    ];
    for file in source() {
        for (number, line) in file.code() {
            let place = format!("src/{}:{number}: {}", file.name, line.trim());
            for module in modules {
                for path in [
                    format!("std::{module}::"),
                    format!("std::{module};"),
                    format!("std::{module} "),
                ] {
                    assert!(!line.contains(&path), "{place}");
                }
            }
            assert!(
                !line.contains("std::{"),
                "import one module of std on each line: {place}"
            );
            assert!(!line.contains("static mut"), "{place}");
            let quoted = line.contains('"');
            for word in words(line) {
                assert!(quoted || !forbidden.contains(&word), "`{word}` in {place}");
            }
        }
    }
}

/// `CenterMaskScorer` of the file `center_mask.rs`. Published acronyms (`GeneMaskLFCScorer`) differ in case.
fn class_of(file: &str) -> String {
    let mut class = String::new();
    for word in file.split('_') {
        class.extend(word.chars().next().map(|first| first.to_ascii_uppercase()));
        class.push_str(&word[1..]);
    }
    class + "Scorer"
}

#[test]
fn every_file_of_a_scorer_has_its_line_in_the_table() {
    let files: BTreeSet<String> = source()
        .iter()
        .filter_map(|file| file.name.strip_prefix("scorer/")?.strip_suffix(".rs"))
        .filter(|name| !name.contains('/'))
        .map(|name| class_of(name).to_lowercase())
        .collect();
    let table: Vec<&str> = SCORERS.iter().map(|kind| kind.class()).collect();
    assert_eq!(files, table.iter().map(|class| class.to_lowercase()).collect());
    assert_eq!(files.len(), table.len(), "a class is in the table twice");
    for kind in SCORERS {
        let docs = kind.docs();
        for text in [docs.measures, docs.formula, docs.when_to_use, docs.limits, docs.source] {
            assert!(text.len() > 20 && text.ends_with('.'), "{}: `{text}`", kind.class());
        }
    }
}

/// The place of the bracket that closes the one at `open`; the `>` of an arrow is no bracket.
fn closing(text: &str, open: usize, brackets: [char; 2]) -> usize {
    let mut depth = 0;
    let mut previous = ' ';
    for (at, letter) in text[open..].char_indices() {
        if previous != '-' {
            depth += i32::from(letter == brackets[0]) - i32::from(letter == brackets[1]);
        }
        if depth == 0 {
            return open + at;
        }
        previous = letter;
    }
    panic!("nothing closes the {} of `{text}`", brackets[0]);
}

/// The public functions of a file and the methods of its public traits: (name, parameters, result).
fn public_functions(file: &SourceFile) -> Vec<(String, String, String)> {
    let mut functions = Vec::new();
    let mut in_trait = false;
    let lines: Vec<&str> = file.code().map(|(_, line)| line).collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("pub trait ") {
            in_trait = true;
        } else if *line == "}" {
            in_trait = false;
        }
        let Some((before, after)) = line.split_once("fn ") else {
            continue;
        };
        let public = matches!(before.trim(), "pub" | "pub const") || (in_trait && before.trim().is_empty());
        if !public {
            continue;
        }
        // The signature goes on up to the body or the semicolon.
        let mut signature = after.to_owned();
        for next in &lines[index + 1..] {
            if signature.ends_with(['{', ';']) || signature.contains(" { ") {
                break;
            }
            signature.push(' ');
            signature.push_str(next.trim());
        }
        let end = signature.find(" {").unwrap_or(signature.len());
        let signature = signature[..end].trim_end_matches(';');
        let name_end = signature.find(['(', '<']).unwrap();
        let open = if signature[name_end..].starts_with('<') {
            closing(signature, name_end, ['<', '>']) + 1
        } else {
            name_end
        };
        let close = closing(signature, open, ['(', ')']);
        functions.push((
            signature[..name_end].to_owned(),
            signature[open + 1..close].to_owned(),
            signature[close + 1..].trim().to_owned(),
        ));
    }
    functions
}

/// Says whether a type is a bare integer, possibly behind a reference, a slice or an `Option`.
fn is_integer(kind: &str) -> bool {
    let integers = ["u16", "u32", "u64", "usize", "i16", "i32", "i64", "isize"];
    words(kind).any(|word| integers.contains(&word) || word.starts_with("NonZero"))
}

/// Says whether a name is that of a coordinate; one that ends in `_bp` is a distance with its unit.
fn is_coordinate(name: &str) -> bool {
    let whole = ["pos", "first", "last", "site", "bin", "base"];
    let parts = ["start", "end", "position", "offset", "coordinate", "based"];
    !name.ends_with("_bp") && (whole.contains(&name) || name.split('_').any(|part| parts.contains(&part)))
}

/// Public items whose name is that of a coordinate and whose type is an integer: where the types of coordinates
/// are made from numbers and give them back, under a name that says the base.
const INTEGER_COORDINATES: &[&str] = &[
    "interval.rs from_bed(end)",
    "interval.rs from_bed(start)",
    "interval.rs -> bed_end",
    "interval.rs -> bed_start",
    "position.rs new(one_based)",
    "position.rs -> one_based",
    "position.rs -> zero_based",
    "track.rs new(zero_based)",
    "track.rs -> end",
    "track.rs -> start",
    "window.rs new(zero_based)",
    // The protocol's intervals are those of BED, and those of windows may begin before the contig.
    "window.rs from_bed(start)",
    "window.rs from_bed(end)",
    "window.rs -> bed_end",
    "window.rs -> bed_start",
];

/// Files whose public fields are the columns of a table in memory and on disk, each with its base in its documentation.
const COLUMN_FILES: &[&str] = &["annotation/columns.rs", "annotation/polya.rs"];

#[test]
fn a_coordinate_is_never_a_bare_integer_in_a_public_signature() {
    let mut found = BTreeSet::new();
    for file in source() {
        for (function, parameters, result) in public_functions(&file) {
            for parameter in parameters.split(',') {
                if let Some((name, kind)) = parameter.split_once(": ")
                    && is_coordinate(name.trim())
                    && is_integer(kind)
                {
                    found.insert(format!("{} {function}({})", file.name, name.trim()));
                }
            }
            if is_coordinate(&function) && is_integer(&result) {
                found.insert(format!("{} -> {function}", file.name));
            }
        }
        if COLUMN_FILES.contains(&file.name.as_str()) {
            continue;
        }
        for (_, line) in file.code() {
            if let Some((name, kind)) = line
                .trim()
                .strip_prefix("pub ")
                .and_then(|field| field.split_once(": "))
                && words(name).eq([name])
                && is_coordinate(name)
                && is_integer(kind)
            {
                found.insert(format!("{} {name}", file.name));
            }
        }
    }
    let allowed = INTEGER_COORDINATES.iter().map(ToString::to_string).collect();
    assert_eq!(found, allowed);
}

#[test]
fn one_is_added_to_a_coordinate_only_where_coordinates_are_made() {
    let getters = ["one_based()", "zero_based()", "bed_start()", "bed_end()", ".index()"];
    for file in source() {
        if ["position.rs", "interval.rs"].contains(&file.name.as_str()) {
            continue;
        }
        for (number, line) in file.code() {
            let moves = line.contains("+ 1") || line.contains("- 1");
            let coordinate = getters.iter().any(|getter| line.contains(getter));
            assert!(!(moves && coordinate), "src/{}:{number}: {}", file.name, line.trim());
        }
    }
}

#[test]
fn only_check_makes_a_checked_variant() {
    let mut makers = Vec::new();
    for file in source() {
        for (_, line) in file.code() {
            let literal = line.contains("CheckedVariant {");
            let other = ["struct ", "impl ", "for ", "-> "]
                .iter()
                .any(|word| line.contains(word));
            if literal && !other {
                makers.push(file.name.clone());
            }
        }
    }
    assert_eq!(makers, ["normalize.rs"]);
}

#[test]
fn the_checks_of_this_file_see_what_they_forbid() {
    let file = SourceFile {
        name: "x.rs".to_owned(),
        text: "/// pub fn commented(start: u32) {}\n\
            pub fn span(\n    contig: &str,\n    bed_start: u32,\n) -> Option<u32> {\n\
            pub const fn offset(self) -> usize {\n\
            pub fn map<F: Fn(u8) -> u8>(values: [f32; 2], with: F) -> (f32, f32) { todo }\n\
            pub trait T {\n    fn at(&self, position: u64);\n}\n\
            fn private(start: u32) {}\n\
            #[cfg(test)]\npub fn tested(start: u32) {}\n"
            .to_owned(),
    };
    let functions = public_functions(&file);
    let names: Vec<&str> = functions.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["span", "offset", "map", "at"]);
    assert!(functions[0].1.contains("bed_start: u32"));
    assert_eq!(functions[1].2, "-> usize");
    assert_eq!(
        (functions[2].1.as_str(), functions[2].2.as_str()),
        ("values: [f32; 2], with: F", "-> (f32, f32)")
    );
    assert!(is_coordinate("bed_start") && is_coordinate("zero_based") && is_coordinate("start"));
    assert!(!is_coordinate("length_bp") && !is_coordinate("intron_offset_bp") && !is_coordinate("reference_bases"));
    assert!(is_integer("Option<NonZeroU32>") && is_integer("&[u32]") && !is_integer("Position"));
    assert_eq!(class_of("center_mask"), "CenterMaskScorer");
}
