//! A file of measured effects as it is downloaded: plain, compressed, or a member of a tar archive.

use super::error::MeasuredError;
use crate::io::gzip;
use crate::io::table::Table;
use crate::provenance::FileIdentity;
use refalt_core::nearest::nearest;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use tempfile::NamedTempFile;

/// How the files end that hold effects; of several that fit a name these are meant.
const ENDINGS: [&str; 4] = [
    ".signif_variant_gene_pairs.txt.gz",
    ".sqtl_signifpairs.txt.gz",
    ".signif_pairs.parquet",
    ".credible_sets.tsv.gz",
];

/// A table found in a file.
pub(super) struct OpenTable {
    pub(super) table: Table,
    /// Name of the file, with the member where there is one.
    pub(super) label: String,
    /// The member of the archive.
    pub(super) member: Option<String>,
    /// Name, size and digest of the file as a whole.
    pub(super) identity: FileIdentity,
    /// The unpacked member, removed when the table is dropped.
    _unpacked: Option<NamedTempFile>,
}

impl OpenTable {
    /// Opens a file; of an archive the member that is asked for.
    pub(super) fn open(path: &Path, asked: Option<&str>) -> Result<Self, MeasuredError> {
        let unreadable = |source: io::Error| MeasuredError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let identity = FileIdentity::of(path).map_err(unreadable)?;
        let file = path.display().to_string();
        if !is_archive(path).map_err(unreadable)? {
            if let Some(asked) = asked {
                return Err(MeasuredError::NoArchive {
                    file,
                    asked: asked.to_owned(),
                });
            }
            return Ok(Self {
                table: Table::open(path)?,
                label: file,
                member: None,
                identity,
                _unpacked: None,
            });
        }
        let members = members(path).map_err(unreadable)?;
        let member = choose(&file, &members, asked)?;
        let unpacked = unpack(path, &member).map_err(unreadable)?;
        let label = format!("{file}, {member}");
        Ok(Self {
            table: Table::open_as(unpacked.path(), Path::new(&label))?,
            label,
            member: Some(member),
            identity,
            _unpacked: Some(unpacked),
        })
    }
}

/// Says whether the unpacked bytes are those of a tar archive: POSIX.1-2017, `pax`, ustar interchange format: magic at 257.
fn is_archive(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let read = bytes(path).and_then(|text| text.take(262).read_to_end(&mut start));
    match read {
        Ok(_) => Ok(start.get(257..262) == Some(b"ustar")),
        // A compressed file that is cut off before is told by whoever reads it.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The bytes of a file, unpacked when they are compressed.
fn bytes(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let mut start = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut start)?;
    if gzip::is_gzip(&start) {
        gzip::open_text(path)
    } else {
        Ok(Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)))
    }
}

/// Returns the names of the files in an archive.
fn members(path: &Path) -> io::Result<Vec<String>> {
    let mut archive = tar::Archive::new(bytes(path)?);
    let mut names = Vec::new();
    let broken = |error: io::Error| io::Error::new(error.kind(), format!("the archive is cut off or damaged: {error}"));
    for entry in archive.entries()? {
        let entry = entry.map_err(broken)?;
        if entry.header().entry_type().is_file() {
            names.push(entry.path()?.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// Finds the member that is meant.
fn choose(file: &str, members: &[String], asked: Option<&str>) -> Result<String, MeasuredError> {
    let file = || file.to_owned();
    let Some(asked) = asked else {
        return match members {
            [only] => Ok(only.clone()),
            members => Err(MeasuredError::Member {
                file: file(),
                members: members.to_vec(),
            }),
        };
    };
    let base = |member: &str| member.rsplit('/').next().unwrap_or(member).to_owned();
    let is_meant = |member: &&String| {
        let base = base(member);
        *member == asked || base == asked || base.split('.').next() == Some(asked)
    };
    let meant: Vec<&String> = members.iter().filter(is_meant).collect();
    let with_effects: Vec<&String> = meant
        .iter()
        .copied()
        .filter(|member| ENDINGS.iter().any(|ending| member.ends_with(ending)))
        .collect();
    match (meant.as_slice(), with_effects.as_slice()) {
        ([only], _) | (_, [only]) => Ok((*only).clone()),
        ([], _) => {
            let bases: Vec<String> = members
                .iter()
                .map(|member| base(member).split('.').next().unwrap_or_default().to_owned())
                .collect();
            let near = nearest(asked, bases.iter().map(String::as_str));
            let close = |member: &&String| near.iter().any(|near| base(member).split('.').next() == Some(near));
            let close: Vec<String> = members.iter().filter(close).cloned().collect();
            Err(MeasuredError::MemberUnknown {
                file: file(),
                asked: asked.to_owned(),
                total: members.len(),
                nearest: if close.is_empty() { members.to_vec() } else { close },
            })
        }
        (several, _) => Err(MeasuredError::MemberOfSeveral {
            file: file(),
            asked: asked.to_owned(),
            members: several.iter().map(|member| (*member).clone()).collect(),
        }),
    }
}

/// Writes a member into a temporary file; its size has to be that of its header.
fn unpack(path: &Path, member: &str) -> io::Result<NamedTempFile> {
    let mut archive = tar::Archive::new(bytes(path)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.to_string_lossy() != member {
            continue;
        }
        let size = entry.header().size()?;
        let mut file = NamedTempFile::new()?;
        let written = io::copy(&mut entry, file.as_file_mut())?;
        if written != size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the archive is cut off: `{member}` has {written} of its {size} bytes"),
            ));
        }
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("`{member}` is gone from the archive"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(members: &[(&str, &[u8])], gzip: bool) -> NamedTempFile {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, name, *content).unwrap();
        }
        let mut bytes = builder.into_inner().unwrap();
        if gzip {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(&bytes).unwrap();
            bytes = packer.finish().unwrap();
        }
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        file
    }

    const HEADER: &[u8] = b"variant_id\tslope\nchr1_1_A_C_b38\t0.5\n";

    #[test]
    fn members_are_found_by_their_names_in_archives_packed_or_not() {
        let members = [
            ("v8/Whole_Blood.v8.egenes.txt", b"x\ty\n1\t2\n".as_slice()),
            ("v8/Whole_Blood.v8.signif_variant_gene_pairs.txt.gz", HEADER),
            ("v8/Lung.v8.signif_variant_gene_pairs.txt.gz", b"z\tw\n1\t2\n"),
        ];
        for gzip in [false, true] {
            let file = archive(&members, gzip);
            // Of the two that fit, the one with effects.
            let open = OpenTable::open(file.path(), Some("Whole_Blood")).unwrap();
            assert_eq!(open.member.as_deref(), Some(members[1].0));
            assert_eq!(open.table.header, ["variant_id", "slope"]);
            let open = OpenTable::open(file.path(), Some("v8/Whole_Blood.v8.egenes.txt")).unwrap();
            assert_eq!(open.table.header, ["x", "y"]);
            let refused = |asked| OpenTable::open(file.path(), asked).err().unwrap().to_string();
            assert!(
                refused(None).ends_with("holds 3 files, and one is read"),
                "{}",
                refused(None)
            );
            let told = refused(Some("Whole_Bloood"));
            assert!(told.starts_with("none of the 3 files of the archive"), "{told}");
            let listed = |asked| match OpenTable::open(file.path(), Some(asked)) {
                Err(MeasuredError::MemberUnknown { nearest, .. }) => nearest.len(),
                _ => 0,
            };
            assert_eq!((listed("Whole_Bloood"), listed("Spleen")), (2, 3));
        }
    }

    #[test]
    fn a_member_of_a_file_that_is_no_archive_is_refused_and_a_cut_archive_told() {
        let mut plain = NamedTempFile::new().unwrap();
        plain.write_all(HEADER).unwrap();
        assert!(matches!(
            OpenTable::open(plain.path(), Some("x")),
            Err(MeasuredError::NoArchive { .. })
        ));
        assert!(OpenTable::open(plain.path(), None).is_ok());
        let file = archive(
            &[("Lung.v8.signif_variant_gene_pairs.txt.gz", &HEADER.repeat(40))],
            false,
        );
        let whole = std::fs::read(file.path()).unwrap();
        std::fs::write(file.path(), &whole[..1000]).unwrap();
        let error = OpenTable::open(file.path(), None).err().unwrap();
        assert!(matches!(error, MeasuredError::Unreadable { .. }), "{error}");
    }
}
