//! Finds the columns of a table from its header, the user's map and the known names.

use super::columns::{ColumnMap, ColumnName, NAME_COLUMNS, Role, stated_assembly};
use super::error::ReadCause;
use refalt_core::Assembly;
use refalt_core::nearest::{nearest, plain};

/// Where the contig of a row comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContigFrom {
    Column(usize),
    Constant(Box<str>),
}

/// Where the position of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PositionFrom {
    /// 1-based.
    Bases(usize),
    /// 0-based.
    BedStart(usize),
}

impl PositionFrom {
    pub(super) const fn column(self) -> usize {
        match self {
            Self::Bases(column) | Self::BedStart(column) => column,
        }
    }
}

/// Where the variant of a row comes from (column indices, 0-based).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VariantFrom {
    Word(usize),
    Columns {
        contig: ContigFrom,
        position: PositionFrom,
        reference: usize,
        alternate: usize,
    },
}

/// Where the stated assembly of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssemblyFrom {
    Column(usize),
    Constant(Option<Assembly>),
}

/// The columns of a table, found (indices, 0-based).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) variant: VariantFrom,
    pub(super) name: Option<usize>,
    pub(super) rsid: Option<usize>,
    pub(super) gene: Option<usize>,
    pub(super) strand: Option<usize>,
    pub(super) hgvs: Option<usize>,
    pub(super) assembly: AssemblyFrom,
    pub(super) carried: Vec<usize>,
}

impl Columns {
    /// Returns every column used, in ascending order, each once.
    pub(super) fn used(&self) -> Vec<usize> {
        let mut used = self.carried.clone();
        used.extend(
            [self.name, self.rsid, self.gene, self.strand, self.hgvs]
                .into_iter()
                .flatten(),
        );
        if let AssemblyFrom::Column(column) = self.assembly {
            used.push(column);
        }
        used.extend(self.places());
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Returns the columns that make the variant.
    pub(super) fn places(&self) -> Vec<usize> {
        match &self.variant {
            VariantFrom::Word(column) => vec![*column],
            VariantFrom::Columns {
                contig,
                position,
                reference,
                alternate,
            } => {
                let mut places = vec![position.column(), *reference, *alternate];
                if let ContigFrom::Column(column) = contig {
                    places.push(*column);
                }
                places
            }
        }
    }

    /// Rewrites every index through `new_index`.
    pub(super) fn renumber(&mut self, new_index: impl Fn(usize) -> usize) {
        let move_one = |column: &mut usize| *column = new_index(*column);
        match &mut self.variant {
            VariantFrom::Word(column) => move_one(column),
            VariantFrom::Columns {
                contig,
                position,
                reference,
                alternate,
            } => {
                if let ContigFrom::Column(column) = contig {
                    move_one(column);
                }
                match position {
                    PositionFrom::Bases(column) | PositionFrom::BedStart(column) => move_one(column),
                }
                move_one(reference);
                move_one(alternate);
            }
        }
        if let AssemblyFrom::Column(column) = &mut self.assembly {
            move_one(column);
        }
        let optional = [
            &mut self.name,
            &mut self.rsid,
            &mut self.gene,
            &mut self.strand,
            &mut self.hgvs,
        ];
        optional.into_iter().flatten().for_each(move_one);
        self.carried.iter_mut().for_each(move_one);
    }
}

/// A header and the user's wishes.
pub(super) struct Resolver<'a> {
    /// Column names as written; empty for a table without a header line.
    pub(super) header: &'a [String],
    pub(super) map: &'a ColumnMap,
    pub(super) carry: &'a [String],
}

impl Resolver<'_> {
    /// Finds the columns.
    pub(super) fn resolve(&self) -> Result<Columns, ReadCause> {
        let variant = self.variant()?;
        let name = match variant {
            VariantFrom::Word(column) => Some(column),
            VariantFrom::Columns { .. } => self
                .named(Role::Id)?
                .or_else(|| self.best(Role::Id.known_names()))
                .or_else(|| self.best(&NAME_COLUMNS)),
        };
        let gene = self.optional(Role::Gene)?;
        let strand = match self.named(Role::GeneStrand)? {
            Some(column) => Some(column),
            // The strand of a row without a gene is that of a probe or an element.
            None => gene.and_then(|_| self.best(Role::GeneStrand.known_names())),
        };
        Ok(Columns {
            variant,
            name,
            rsid: self.optional(Role::Rsid)?,
            gene,
            strand,
            hgvs: self.optional(Role::Hgvs)?,
            assembly: self.assembly()?,
            carried: self
                .carry
                .iter()
                .map(|name| self.carried(name))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Finds the contig, the position and, where there is one, REF, for tables of places whose alleles nobody asks for.
    pub(super) fn place(&self) -> Result<(ContigFrom, PositionFrom, Option<usize>), ReadCause> {
        let (contig, position) = (self.contig()?, self.position()?);
        match (contig, position) {
            (Some(contig), Some(position)) => Ok((contig, position, self.required(Role::Reference)?)),
            (contig, position) => {
                let missing: Vec<Role> = [(Role::Contig, contig.is_none()), (Role::Position, position.is_none())]
                    .into_iter()
                    .filter_map(|(role, is_missing)| is_missing.then_some(role))
                    .collect();
                let near = missing.iter().filter_map(|&role| Some((role, self.near(role)?)));
                Err(ReadCause::ColumnsMissing {
                    nearest: near.collect(),
                    missing,
                    present: self.header.to_vec(),
                })
            }
        }
    }

    fn contig(&self) -> Result<Option<ContigFrom>, ReadCause> {
        Ok(match self.map.get(Role::Contig) {
            Some(ColumnName::Constant(value)) => Some(ContigFrom::Constant(value.as_str().into())),
            _ => self.required(Role::Contig)?.map(ContigFrom::Column),
        })
    }

    fn position(&self) -> Result<Option<PositionFrom>, ReadCause> {
        Ok(match self.named(Role::Start0)? {
            Some(column) => Some(PositionFrom::BedStart(column)),
            None => self.required(Role::Position)?.map(PositionFrom::Bases),
        })
    }

    fn assembly(&self) -> Result<AssemblyFrom, ReadCause> {
        if let Some(ColumnName::Constant(text)) = self.map.get(Role::Assembly) {
            // The map was checked when it was made.
            return Ok(AssemblyFrom::Constant(stated_assembly(text).unwrap_or_default()));
        }
        // Two columns that both speak of the assembly: neither is chosen in silence.
        let column = self.required(Role::Assembly)?;
        Ok(column.map_or(AssemblyFrom::Constant(None), AssemblyFrom::Column))
    }

    fn variant(&self) -> Result<VariantFrom, ReadCause> {
        let place = [
            Role::Contig,
            Role::Position,
            Role::Start0,
            Role::Reference,
            Role::Alternate,
        ];
        let names_place = place.iter().any(|&role| self.map.get(role).is_some());
        if !names_place && let Some(column) = self.named(Role::Id)? {
            return Ok(VariantFrom::Word(column));
        }
        let (contig, position) = (self.contig()?, self.position()?);
        let (reference, alternate) = (self.required(Role::Reference)?, self.required(Role::Alternate)?);
        let missing: Vec<Role> = [
            (Role::Contig, contig.is_none()),
            (Role::Position, position.is_none()),
            (Role::Reference, reference.is_none()),
            (Role::Alternate, alternate.is_none()),
        ]
        .into_iter()
        .filter_map(|(role, is_missing)| is_missing.then_some(role))
        .collect();
        if let (Some(contig), Some(position), Some(reference), Some(alternate)) =
            (contig, position, reference, alternate)
        {
            return Ok(VariantFrom::Columns {
                contig,
                position,
                reference,
                alternate,
            });
        }
        if !names_place && let Some(column) = self.required(Role::Id)? {
            return Ok(VariantFrom::Word(column));
        }
        let nearest = missing
            .iter()
            .filter_map(|&role| Some((role, self.near(role)?)))
            .collect();
        Err(ReadCause::ColumnsMissing {
            missing,
            present: self.header.to_vec(),
            nearest,
        })
    }

    /// Returns the column that the user names for a role.
    fn named(&self, role: Role) -> Result<Option<usize>, ReadCause> {
        match self.map.get(role) {
            None | Some(ColumnName::Constant(_)) => Ok(None),
            Some(ColumnName::Number(number)) => Ok(number.checked_sub(1)),
            Some(ColumnName::Name(name)) => self.by_name(name).map(Some),
        }
    }

    /// Returns the column of a role that a variant cannot do without; several candidates are an error.
    fn required(&self, role: Role) -> Result<Option<usize>, ReadCause> {
        if let Some(column) = self.named(role)? {
            return Ok(Some(column));
        }
        let candidates: Vec<usize> = self.candidates(role).collect();
        match candidates[..] {
            [] => Ok(None),
            [column] => Ok(Some(column)),
            _ => Err(ReadCause::ColumnAmbiguous {
                role,
                candidates: candidates.iter().map(|&column| self.header[column].clone()).collect(),
            }),
        }
    }

    /// Returns the column of a role that only informs; of several the best known name wins.
    fn optional(&self, role: Role) -> Result<Option<usize>, ReadCause> {
        Ok(self.named(role)?.or_else(|| self.best(role.known_names())))
    }

    /// Returns the column whose name comes first in `names`.
    fn best(&self, names: &[&str]) -> Option<usize> {
        let rank = |column: &usize| {
            let name = plain(&self.header[*column]);
            names.iter().position(|known| *known == name)
        };
        (0..self.header.len())
            .filter(|column| rank(column).is_some())
            .min_by_key(rank)
    }

    fn candidates(&self, role: Role) -> impl Iterator<Item = usize> + '_ {
        let known = move |name: &String| role.known_names().contains(&plain(name).as_str());
        (0..self.header.len()).filter(move |&column| known(&self.header[column]))
    }

    fn carried(&self, name: &str) -> Result<usize, ReadCause> {
        if self.map.is_by_number() || self.header.is_empty() {
            let number: Option<usize> = name.parse().ok();
            if let Some(column) = number.and_then(|number| number.checked_sub(1)) {
                return Ok(column);
            }
        }
        self.by_name(name)
    }

    fn by_name(&self, name: &str) -> Result<usize, ReadCause> {
        let mut columns = (0..self.header.len()).filter(|&column| self.header[column] == name);
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(column),
            (Some(_), Some(_)) => Err(ReadCause::ColumnTwice {
                column: name.to_owned(),
            }),
            (None, _) => Err(ReadCause::ColumnUnknown {
                column: name.to_owned(),
                present: self.header.to_vec(),
                nearest: nearest(name, self.header.iter().map(String::as_str)),
            }),
        }
    }

    /// Returns a column whose name speaks of the role without being a known one.
    fn near(&self, role: Role) -> Option<String> {
        let words: &[&str] = match role {
            Role::Contig => &["chr", "chrom", "chromosome", "contig", "seqname"],
            Role::Position => &["pos", "position", "bp", "genpos", "start", "chromstart"],
            Role::Reference => &["ref", "reference", "other", "nea", "refallele"],
            Role::Alternate => &["alt", "alternate", "effect", "ea", "altallele"],
            _ => &[],
        };
        let named = |word: &&str| {
            let has_word = |name: &&String| name_words(name).iter().any(|own| own == word);
            // Of several the shortest: long names hold remarks.
            self.header
                .iter()
                .filter(has_word)
                .min_by_key(|name| name.len())
                .cloned()
        };
        words.iter().find_map(named)
    }
}

/// Splits `var.pos_hg38` and `refAllele` into words in lower case.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (after_lower && letter.is_uppercase()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words
                .last_mut()
                .expect("there is a first word")
                .extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(header: &[&str], map: &str) -> Result<Columns, ReadCause> {
        let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        Resolver {
            header: &header,
            map: &map.parse().unwrap(),
            carry: &[],
        }
        .resolve()
    }

    fn places(header: &[&str], map: &str) -> Vec<usize> {
        resolve(header, map).unwrap().places()
    }

    #[test]
    fn known_names_are_found_in_any_case() {
        let columns = resolve(&["#chr", "pos", "ID", "ref", "alt", "gene", "strand"], "").unwrap();
        assert_eq!(columns.places(), [1, 3, 4, 0]);
        assert_eq!(
            (columns.name, columns.gene, columns.strand),
            (Some(2), Some(5), Some(6))
        );
        assert_eq!(places(&["Chrom", "Pos", "Ref", "Alt"], ""), [1, 2, 3, 0]);
        assert_eq!(
            places(&["chrom", "position", "ref_allele", "Alt Allele"], ""),
            [1, 2, 3, 0]
        );
        assert_eq!(places(&["variant_id", "gene_id", "slope"], ""), [0]);
    }

    #[test]
    fn coordinates_go_before_a_word_unless_the_user_names_the_word() {
        let header = ["chrom", "pos", "ref", "alt", "variant_id", "hm_variant_id"];
        assert_eq!(places(&header, ""), [1, 2, 3, 0]);
        assert_eq!(places(&header, "id=hm_variant_id"), [5]);
        assert_eq!(places(&header, "id=variant_id,pos=pos"), [1, 2, 3, 0]);
        // Without a position the word is all there is.
        assert_eq!(places(&["chr", "snp_pos", "ref", "alt", "variant"], ""), [4]);
    }

    #[test]
    fn effect_alleles_are_never_guessed() {
        let header = ["chromosome", "base_pair_location", "effect_allele", "other_allele"];
        let Err(ReadCause::ColumnsMissing { missing, nearest, .. }) = resolve(&header, "") else {
            panic!("alleles were guessed");
        };
        assert_eq!(missing, [Role::Reference, Role::Alternate]);
        assert_eq!(nearest[0], (Role::Reference, "other_allele".to_owned()));
        assert_eq!(places(&header, "ref=other_allele,alt=effect_allele"), [1, 3, 2, 0]);
    }

    #[test]
    fn near_misses_are_whole_words() {
        let header = ["chrom", "str.start", "var.pos_hg38", "repeats", "refAllele2"];
        let Err(ReadCause::ColumnsMissing { nearest, .. }) = resolve(&header, "") else {
            panic!("`repeats` is no allele");
        };
        let expected = [(Role::Position, "var.pos_hg38"), (Role::Reference, "refAllele2")];
        assert_eq!(nearest, expected.map(|(role, name)| (role, name.to_owned())));
    }

    #[test]
    fn two_columns_for_one_needed_role_are_refused_and_for_a_name_are_not() {
        let twice = resolve(&["chr", "chrom", "pos", "ref", "alt"], "");
        assert!(matches!(
            twice,
            Err(ReadCause::ColumnAmbiguous { role: Role::Contig, .. })
        ));
        assert_eq!(
            places(&["chr", "chrom", "pos", "ref", "alt"], "chrom=chr"),
            [2, 3, 4, 0]
        );
        let names = resolve(&["chr", "pos", "ref", "alt", "rs_id", "rsid"], "").unwrap();
        assert_eq!(names.rsid, Some(4));
    }

    #[test]
    fn the_strand_of_a_probe_is_not_the_strand_of_a_gene() {
        let columns = resolve(&["chrom", "pos", "ref", "alt", "strand"], "").unwrap();
        assert_eq!(columns.strand, None);
        let told = resolve(&["chrom", "pos", "ref", "alt", "strand"], "strand=strand").unwrap();
        assert_eq!(told.strand, Some(4));
    }

    #[test]
    fn a_bed_start_is_never_taken_for_a_position_unasked() {
        let header = ["chrom", "chromStart", "chromEnd", "refAllele", "altAllele"];
        assert!(matches!(resolve(&header, ""), Err(ReadCause::ColumnsMissing { .. })));
        let columns = resolve(&header, "start0=chromStart").unwrap();
        assert!(matches!(
            columns.variant,
            VariantFrom::Columns {
                position: PositionFrom::BedStart(1),
                ..
            }
        ));
    }

    #[test]
    fn columns_by_number_and_constants_need_no_header() {
        assert_eq!(places(&[], "chrom=1,start0=2,ref=7,alt=8"), [1, 6, 7, 0]);
        let columns = resolve(&["Position", "REF", "ALT"], "chrom==20").unwrap();
        assert!(matches!(
            columns.variant,
            VariantFrom::Columns { contig: ContigFrom::Constant(ref name), .. } if &**name == "20"
        ));
    }

    #[test]
    fn a_misspelt_column_is_refused_with_the_nearest() {
        let Err(ReadCause::ColumnUnknown { nearest, .. }) = resolve(&["CHROM", "POS", "REF", "ALT"], "pos=PSO") else {
            panic!("the column does not exist");
        };
        assert_eq!(nearest, ["POS"]);
    }
}
