//! Which column of a table is what: the map that the user gives, and the names that are known without one.
//!
//! Effect, risk, other, minor allele: such columns are never taken for REF or ALT on their own, because their order
//! differs between sources. The user says which is which: `--columns ref=other_allele,alt=effect_allele`.

use super::ids;
use super::problem::RowProblem;
use super::vcf_header::assembly_in;
use crate::Diagnostic;
use refalt_core::Assembly;
use refalt_core::nearest::{nearest, question};
use std::fmt;
use std::str::FromStr;

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A variant in one word, in any of the forms of [`ids`](super::ids); beside coordinate columns a mere name.
    Id,
    /// The contig.
    Contig,
    /// The position (1-based).
    Position,
    /// The position (0-based), as BED starts are.
    Start0,
    /// The reference allele.
    Reference,
    /// The alternate allele, or several with commas between.
    Alternate,
    /// The dbSNP name.
    Rsid,
    /// The gene.
    Gene,
    /// The strand of the gene.
    GeneStrand,
    /// HGVS descriptions.
    Hgvs,
    /// The assembly that the coordinates of the row count on.
    Assembly,
}

/// A role, its key in `--columns`, and the column names that have it without being told, best first.
///
/// Names are compared in lower case, without a leading `#`, spaces, dots and underscores.
const ROLES: [(Role, &str, &[&str]); 11] = [
    (
        Role::Id,
        "id",
        &["variantid", "variant", "spdi", "hgvsg", "markername", "snpid", "snp"],
    ),
    (Role::Contig, "chrom", &["chrom", "chr", "chromosome", "contig"]),
    (Role::Position, "pos", &["pos", "position", "bp", "basepairlocation"]),
    (Role::Start0, "start0", &[]),
    (
        Role::Reference,
        "ref",
        &["ref", "reference", "refallele", "referenceallele", "referencebases"],
    ),
    (
        Role::Alternate,
        "alt",
        &[
            "alt",
            "alternate",
            "alternative",
            "altallele",
            "alternateallele",
            "alternativeallele",
            "alternatebases",
        ],
    ),
    (Role::Rsid, "rsid", &["rsid", "rs", "dbsnpid"]),
    (Role::Gene, "gene", &["gene", "genename", "genesymbol"]),
    (Role::GeneStrand, "strand", &["genestrand", "strand"]),
    (Role::Hgvs, "hgvs", &["hgvs", "hgvsg", "hgvsc", "hgvsexpressions"]),
    (
        Role::Assembly,
        "assembly",
        &["assembly", "genomeassembly", "build", "genomebuild"],
    ),
];

/// Columns that name a row beside its coordinates, after those of [`Role::Id`].
///
/// They may hold anything, so none of them alone makes a table one of variants.
pub(super) const NAME_COLUMNS: [&str; 3] = ["id", "name", "variantname"];

impl Role {
    /// Returns the key of the role in `--columns`.
    pub fn key(self) -> &'static str {
        ROLES
            .iter()
            .find(|(role, ..)| *role == self)
            .map_or("", |(_, key, _)| key)
    }

    /// Returns the column names that have the role without being told, in the compared form, best first.
    pub fn known_names(self) -> &'static [&'static str] {
        ROLES
            .iter()
            .find(|(role, ..)| *role == self)
            .map_or(&[], |(.., names)| names)
    }

    fn from_key(key: &str) -> Option<Self> {
        ROLES.iter().find(|(_, own, _)| *own == key).map(|(role, ..)| *role)
    }
}

impl fmt::Display for Role {
    /// Writes what the column holds, for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "the variant in one word (`id`)",
            Self::Contig => "the contig (`chrom`)",
            Self::Position => "the position (`pos`)",
            Self::Start0 => "the 0-based start (`start0`)",
            Self::Reference => "the reference allele (`ref`)",
            Self::Alternate => "the alternate allele (`alt`)",
            Self::Rsid => "the dbSNP name (`rsid`)",
            Self::Gene => "the gene (`gene`)",
            Self::GeneStrand => "the strand of the gene (`strand`)",
            Self::Hgvs => "the HGVS description (`hgvs`)",
            Self::Assembly => "the assembly (`assembly`)",
        })
    }
}

/// How the user names a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnName {
    /// By its name in the header.
    Name(String),
    /// By its number (1-based), in a table without a header line.
    Number(usize),
    /// One value for every row; only for the contig and the assembly.
    Constant(String),
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(&quote(name)),
            Self::Number(number) => number.fmt(f),
            Self::Constant(value) => write!(f, "={}", quote(value)),
        }
    }
}

/// Writes a name as `--columns` reads it: in quotation marks when it holds `,`, `"` or is a number.
pub(super) fn quote(name: &str) -> String {
    let plain = !name.contains([',', '"']) && !name.starts_with('=') && name.trim() == name;
    let numeric = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    if plain && !numeric && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The columns of a table as the user names them: `chrom=CHR,pos=BP,ref=A2,alt=A1`.
///
/// A name with commas stands in quotation marks: `id="Variant ID (CHROM:GENPOS, hg37)"`. A bare number is the number of
/// a column (1-based) and says that the table has no header line. `chrom==20` gives every row the contig `20`.
/// Roles that are not named are found by the known names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap {
    entries: Vec<(Role, ColumnName)>,
}

/// A column map that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnMapError {
    /// An entry is no `role=column`.
    #[error("`{found}` is not of the form `role=column`")]
    NoEquals {
        /// The entry.
        found: String,
    },
    /// The word before `=` is no role.
    #[error("unknown role `{found}`; known: {}", known_keys())]
    UnknownRole {
        /// The word.
        found: String,
    },
    /// A role is named twice.
    #[error("`{key}` is given twice")]
    Twice {
        /// The key of the role.
        key: &'static str,
    },
    /// Nothing follows `=`, or the column number is 0.
    #[error("`{key}` has no column; columns are counted from 1")]
    NoColumn {
        /// The key of the role.
        key: &'static str,
    },
    /// A constant for something other than the contig and the assembly.
    #[error("`{key}` cannot be one value for all rows; only `chrom` and `assembly` can")]
    ConstantRole {
        /// The key of the role.
        key: &'static str,
    },
    /// A constant assembly that is not known.
    #[error("unknown assembly `{found}`; known: GRCh38, GRCh37, GRCm38 and their other names")]
    UnknownAssembly {
        /// The name.
        found: String,
    },
    /// 1-based and 0-based positions at once.
    #[error("`pos` (1-based) and `start0` (0-based) exclude each other")]
    TwoPositions,
    /// Some columns are numbers and some are names.
    #[error("`{first}` and `{second}` mix column numbers with names; numbers are for tables without a header line")]
    NumbersAndNames {
        /// An entry.
        first: String,
        /// An entry of the other kind.
        second: String,
    },
}

impl Diagnostic for ColumnMapError {
    fn hint(&self) -> Option<String> {
        if let Self::UnknownRole { found } = self
            && let Some(question) = question(&nearest(found, ROLES.iter().map(|(_, key, _)| *key)))
        {
            return Some(question);
        }
        Some(format!(
            "example: `--columns chrom=CHR,pos=BP,ref=A2,alt=A1`; roles: {}",
            known_keys()
        ))
    }

    fn is_usage(&self) -> bool {
        true
    }
}

fn known_keys() -> String {
    ROLES
        .iter()
        .map(|(_, key, _)| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for ColumnMap {
    type Err = ColumnMapError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Self::default();
        if text.trim().is_empty() {
            return Ok(map);
        }
        for entry in split_entries(text) {
            let entry = entry.trim();
            let (key, column) = entry.split_once('=').ok_or_else(|| ColumnMapError::NoEquals {
                found: entry.to_owned(),
            })?;
            let role =
                Role::from_key(key.trim()).ok_or_else(|| ColumnMapError::UnknownRole { found: key.to_owned() })?;
            map.insert(role, column_name(role, column.trim())?)?;
        }
        Ok(map)
    }
}

impl fmt::Display for ColumnMap {
    /// Writes the form that `from_str` reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (role, column)) in self.entries.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={column}", role.key())?;
        }
        Ok(())
    }
}

impl ColumnMap {
    /// Adds a role.
    ///
    /// # Errors
    /// [`ColumnMapError`] when the entry contradicts an earlier one or cannot be.
    pub fn insert(&mut self, role: Role, column: ColumnName) -> Result<(), ColumnMapError> {
        let key = role.key();
        if self.get(role).is_some() {
            return Err(ColumnMapError::Twice { key });
        }
        match &column {
            ColumnName::Constant(_) if !matches!(role, Role::Contig | Role::Assembly) => {
                return Err(ColumnMapError::ConstantRole { key });
            }
            ColumnName::Constant(text)
                if role == Role::Assembly && !text.is_empty() && stated_assembly(text).is_err() =>
            {
                return Err(ColumnMapError::UnknownAssembly { found: text.clone() });
            }
            ColumnName::Number(0) => return Err(ColumnMapError::NoColumn { key }),
            ColumnName::Name(text) | ColumnName::Constant(text) if text.is_empty() => {
                return Err(ColumnMapError::NoColumn { key });
            }
            _ => {}
        }
        let is_number = |column: &ColumnName| match column {
            ColumnName::Number(_) => Some(true),
            ColumnName::Name(_) => Some(false),
            ColumnName::Constant(_) => None,
        };
        let other = self
            .entries
            .iter()
            .find(|(_, earlier)| is_number(earlier).zip(is_number(&column)).is_some_and(|(a, b)| a != b));
        if let Some((earlier, name)) = other {
            return Err(ColumnMapError::NumbersAndNames {
                first: format!("{}={name}", earlier.key()),
                second: format!("{key}={column}"),
            });
        }
        self.entries.push((role, column));
        if self.get(Role::Position).is_some() && self.get(Role::Start0).is_some() {
            return Err(ColumnMapError::TwoPositions);
        }
        Ok(())
    }

    /// Returns the column of a role.
    pub fn get(&self, role: Role) -> Option<&ColumnName> {
        self.entries
            .iter()
            .find(|(own, _)| *own == role)
            .map(|(_, column)| column)
    }

    /// Returns the entries in the order given.
    pub fn entries(&self) -> &[(Role, ColumnName)] {
        &self.entries
    }

    /// Says whether columns are named by number, that is, whether the table has no header line.
    pub fn is_by_number(&self) -> bool {
        self.entries
            .iter()
            .any(|(_, column)| matches!(column, ColumnName::Number(_)))
    }
}

/// Reads what a cell or a constant says of the assembly; `None` for a missing value.
///
/// A bare `37`, `19` or `38` is the human build of that number, as columns called `build` have it.
///
/// # Errors
/// [`RowProblem::AssemblyUnknown`] for text that names none of the known assemblies, or several.
pub(super) fn stated_assembly(text: &str) -> Result<Option<Assembly>, RowProblem> {
    match text.trim() {
        text if ids::is_missing(text) => Ok(None),
        "37" | "19" => Ok(Some(Assembly::GRCh37)),
        "38" => Ok(Some(Assembly::GRCh38)),
        text => assembly_in(text)
            .map(Some)
            .ok_or_else(|| RowProblem::AssemblyUnknown { found: text.into() }),
    }
}

/// Splits at commas outside quotation marks.
fn split_entries(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

fn column_name(role: Role, text: &str) -> Result<ColumnName, ColumnMapError> {
    if let Some(value) = text.strip_prefix('=') {
        return Ok(ColumnName::Constant(unquote(value)));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let number = text.parse().ok().filter(|&number| number > 0);
        return number
            .map(ColumnName::Number)
            .ok_or(ColumnMapError::NoColumn { key: role.key() });
    }
    Ok(ColumnName::Name(unquote(text)))
}

fn unquote(text: &str) -> String {
    match text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_page_on_input_lists_every_known_name() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/input.md");
        let page = std::fs::read_to_string(page).unwrap();
        for (role, key, names) in ROLES {
            let line = page
                .lines()
                .find(|line| line.contains(&format!("| `{key}` |")))
                .unwrap();
            let listed = line.rsplit('|').nth(1).unwrap().replace(' ', "");
            for name in names {
                let known = listed.split([',', ';']).any(|listed| listed == *name);
                assert!(known, "docs/input.md does not list `{name}` for {role}");
            }
        }
    }

    #[test]
    fn faulty_maps_are_refused() {
        let fault = |text: &str| text.parse::<ColumnMap>().unwrap_err();
        assert!(matches!(fault("chrom"), ColumnMapError::NoEquals { .. }));
        assert!(matches!(fault("CHR=chrom"), ColumnMapError::UnknownRole { .. }));
        assert!(matches!(fault("pos=a,pos=b"), ColumnMapError::Twice { key: "pos" }));
        assert!(matches!(fault("pos="), ColumnMapError::NoColumn { .. }));
        assert!(matches!(fault("pos=0"), ColumnMapError::NoColumn { .. }));
        assert!(matches!(fault("alt==A"), ColumnMapError::ConstantRole { .. }));
        assert!(matches!(
            fault("assembly==hg18"),
            ColumnMapError::UnknownAssembly { .. }
        ));
        assert!(matches!(fault("pos=a,start0=b"), ColumnMapError::TwoPositions));
        assert!(matches!(
            fault("chrom=1,pos=BP"),
            ColumnMapError::NumbersAndNames { .. }
        ));
    }

    #[test]
    fn a_name_with_commas_stands_in_quotation_marks() {
        let map: ColumnMap = r#"id="a, ""b""",gene=g"#.parse().unwrap();
        assert_eq!(map.get(Role::Id), Some(&ColumnName::Name("a, \"b\"".to_owned())));
        assert_eq!(map.to_string(), r#"id="a, ""b""",gene=g"#);
    }

    proptest! {
        #[test]
        fn a_map_written_out_reads_back(names in proptest::collection::vec("[a-zA-Z ,=\"0-9(]{1,8}", 1..6)) {
            let roles = [Role::Id, Role::Contig, Role::Position, Role::Reference, Role::Alternate];
            let mut map = ColumnMap::default();
            for (role, name) in roles.into_iter().zip(names) {
                map.insert(role, ColumnName::Name(name)).unwrap();
            }
            prop_assert_eq!(map.to_string().parse::<ColumnMap>(), Ok(map));
        }

        #[test]
        fn no_text_makes_the_map_reader_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<ColumnMap>();
        }
    }
}
