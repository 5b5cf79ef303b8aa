//! The order of alleles in measured effects: what the rows of a file show of it, and which assembly they are on.

use crate::measured::{counted, file, measured, on_chr1, refused, request};
use refalt::core::Assembly;
use refalt::diagnostic::Diagnostic;
use refalt::measured::{MeasuredError, MeasuredRequest};
use refalt::reference_assembly::AssemblyRefused;

/// Bases of GRCh38 chr1:600001-600030.
const BASES: &[u8; 30] = b"TGTAGCTGTGGCCACTGGGAGCTCTTACAT";

/// Pairs of GTEx: substitutions with the alleles as the genome has them, or swapped; an insertion of A before the A of
/// chr1:603011-603017, which the genome admits in both orders, listed as its rows are.
fn pairs(listed: usize, swapped: usize, indel_is_swapped: bool) -> String {
    let mut text = String::from("variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n");
    for (row, &base) in BASES.iter().enumerate().take(listed + swapped) {
        let (base, position) = (char::from(base), 600_001 + row);
        // A transition is no complement.
        let other = match base {
            'A' => 'G',
            'G' => 'A',
            'C' => 'T',
            _ => 'C',
        };
        let (first, second) = if row < listed { (base, other) } else { (other, base) };
        let slope = if row % 2 == 0 { 0.5 } else { -0.25 };
        text.push_str(&format!(
            "chr1_{position}_{first}_{second}_b38\tg\t{slope}\t0.1\t0.01\n"
        ));
    }
    let indel = if indel_is_swapped { "TA_T" } else { "T_TA" };
    text.push_str(&format!("chr1_603010_{indel}_b38\tg\t0.75\t0.1\t0.01\n"));
    text
}

#[test]
fn an_indel_of_either_order_is_dropped_when_substitutions_are_listed_the_other_way() {
    let of = |text: String, indels_as_others| {
        let table = file(&text);
        measured(MeasuredRequest {
            indels_as_others,
            ..on_chr1(table.path().to_owned())
        })
    };
    // As the format defines it: believed.
    let (report, table) = of(pairs(30, 0, false), false);
    assert_eq!((report.rows.as_written, report.rows.order.either), (31, 1));
    assert_eq!(
        (table.rows[30]["alt"].as_str(), table.rows[30]["effect"].as_str()),
        ("TA", "0.75")
    );
    // The whole file the other way: the substitutions are turned, and nobody says that the insertion is to be.
    let (report, table) = of(pairs(0, 30, true), false);
    assert_eq!((report.rows.flipped, report.rows.written), (30, 30));
    assert_eq!(counted(&report.rows.dropped), [("order_ambiguous", 1)]);
    assert_eq!((report.rows.order.swapped, report.rows.order.either), (30, 1));
    assert!(table.texts("pos").iter().all(|position| position.starts_with("6000")));
    assert!(report.notes[0].starts_with("30 of 30 rows"), "{:?}", report.notes);
    // Until the user says it: T>TA of the genome, and an effect of T is one of REF.
    let (report, table) = of(pairs(0, 30, true), true);
    assert_eq!((report.rows.flipped, report.rows.dropped.len()), (31, 0));
    let indel = &table.rows[30];
    assert_eq!((indel["ref"].as_str(), indel["alt"].as_str()), ("T", "TA"));
    assert_eq!(
        (indel["effect"].as_str(), indel["orientation"].as_str()),
        ("-0.75", "flipped")
    );
    // Rows of both orders have none to go by.
    let (report, _) = of(pairs(15, 15, true), true);
    assert_eq!(counted(&report.rows.dropped), [("order_ambiguous", 1)]);
}

#[test]
fn a_stated_build_is_noted_where_the_reference_proves_none_and_two_are_refused() {
    let one = file(&pairs(30, 0, false).replace("_b38", "_b37"));
    let (report, _) = measured(on_chr1(one.path().to_owned()));
    assert_eq!(report.assembly.rows["GRCh37"], 31);
    let note = report.assembly.note.unwrap();
    assert!(
        note.contains("stated to be on GRCh37") && report.notes.contains(&note),
        "{note}"
    );

    let two = file(&pairs(30, 0, false).replacen("_b38", "_b37", 3));
    let error = refused(&on_chr1(two.path().to_owned()));
    assert!(
        matches!(error, MeasuredError::Assemblies(AssemblyRefused::Disagree { .. })),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--assembly"));
    let vouched = MeasuredRequest {
        assembly: Some(Assembly::GRCh38),
        ..on_chr1(two.path().to_owned())
    };
    let (report, _) = measured(vouched);
    assert_eq!(counted(&report.rows.dropped), [("other_assembly", 3)]);
    assert_eq!((report.rows.written, report.assembly.note), (28, None));
    // Without a genome two builds in one table are no better.
    assert!(matches!(
        refused(&request(two.path().to_owned())),
        MeasuredError::Assemblies(_)
    ));
}
