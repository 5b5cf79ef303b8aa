//! What the first bytes of a file prove: packings that are not unpacked, and formats that hold no variants.

use super::error::ReadCause;

/// Refuses what the first bytes prove to be something else.
pub(super) fn refuse_packing(first: &[u8]) -> Result<(), ReadCause> {
    let packed: [(&[u8], &str, &str); 7] = [
        (
            b"\x1f\x9d",
            "compressed with `compress` (.Z)",
            "unpack it with `uncompress`",
        ),
        (b"\xfd7zXZ\0", "compressed with xz", "unpack it with `xz -d`"),
        (
            b"PK\x03\x04",
            "a ZIP archive",
            "unpack it with `unzip` and give the file inside",
        ),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with `zstd -d`"),
        (
            b"7z\xbc\xaf\x27\x1c",
            "a 7-Zip archive",
            "unpack it and give the file inside",
        ),
        (
            b"\xff\xfe",
            "UTF-16 text",
            "convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            b"\xfe\xff",
            "UTF-16 text",
            "convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
    ];
    for (magic, found, remedy) in packed {
        if first.starts_with(magic) {
            return Err(ReadCause::UnsupportedPacking { found, remedy });
        }
    }
    // RFC 1950 section 2.2: CMF 0x78 (deflate, 32 KiB window); (CMF * 256 + FLG) is a multiple of 31.
    if let [0x78, flags, ..] = first
        && (0x7800 + u16::from(*flags)) % 31 == 0
        && !flags.is_ascii_graphic()
    {
        return Err(ReadCause::UnsupportedPacking {
            found: "a bare zlib stream",
            remedy: "compress it with `bgzip` or `gzip` instead",
        });
    }
    if first.len() > 262 && &first[257..262] == b"ustar" {
        return Err(ReadCause::UnsupportedPacking {
            found: "a tar archive",
            remedy: "unpack it with `tar -x` and give the file inside",
        });
    }
    let other: [(&[u8], &str); 11] = [
        (b"{", "JSON"),
        (b"[{", "JSON"),
        (b"<!", "an HTML or XML page"),
        (b"<html", "an HTML page"),
        (b"BAM\x01", "a BAM file"),
        (b"CRAM", "a CRAM file"),
        (b"\x89HDF", "an HDF5 file"),
        (b"BCF\x04", "a BCF file of version 1"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"%PDF", "a PDF document"),
        (b"\x26\xfc\x8f\x88", "a bigWig file"),
    ];
    for (magic, found) in other {
        if first.starts_with(magic) {
            return Err(ReadCause::OtherFormat { found });
        }
    }
    Ok(())
}
