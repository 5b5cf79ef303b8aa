//! The language as people write it, over a handful of tracks.

use super::*;
use crate::track::{OutputType, Resolution, Track, TrackSet};
use proptest::prelude::*;

fn sets() -> Vec<TrackSet> {
    let text = |text: &str| Some(text.to_owned());
    let track = |name: &str, curie: &str, biosample: &str| Track {
        name: name.to_owned(),
        ontology_curie: text(curie),
        biosample_name: text(biosample),
        ..Track::default()
    };
    let factor = |tf: &str, curie: &str, biosample: &str| Track {
        transcription_factor: text(tf),
        ..track(&format!("{curie} TF ChIP-seq {tf}"), curie, biosample)
    };
    let rna = |curie: &str, biosample: &str, tissue: &str| Track {
        gtex_tissue: text(tissue),
        assay_title: text("polyA plus RNA-seq"),
        ..track(&format!("{curie} polyA plus RNA-seq"), curie, biosample)
    };
    let set = |output: OutputType, tracks: Vec<Track>| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: tracks.into(),
    };
    vec![
        set(
            OutputType::ChipTf,
            vec![
                factor("GABPA", "EFO:0001187", "HepG2"),
                factor("GABPA", "EFO:0002067", "K562"),
                factor("CTCF", "EFO:0001187", "HepG2"),
                factor("CTCF", "EFO:0003042", "H1"),
            ],
        ),
        set(
            OutputType::RnaSeq,
            vec![
                rna("UBERON:0002107", "liver", ""),
                rna("UBERON:0001114", "right lobe of liver", "Liver"),
                rna("UBERON:0001870", "frontal cortex", "Brain_Cortex"),
                rna("EFO:0003042", "H1-hESC", ""),
            ],
        ),
    ]
}

fn resolve(text: &str) -> Result<Resolved, SelectionError> {
    text.parse::<Selection>().unwrap().resolve(&sets())
}

#[track_caller]
fn takes(text: &str, factors: &[usize], rna: &[usize]) {
    assert_eq!(resolve(text).unwrap().places, [factors, rna], "{text}");
}

#[track_caller]
fn refused(text: &str) -> String {
    resolve(text).unwrap_err().to_string()
}

#[track_caller]
fn canonical(text: &str, expected: &str) {
    let selection: Selection = text.parse().unwrap();
    assert_eq!(selection.to_string(), expected);
    assert_eq!(expected.parse::<Selection>().unwrap(), selection);
}

#[track_caller]
fn wrong(text: &str, expected: &str) {
    let error = text.parse::<Selection>().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the selection is not understood: {}",
            expected.split('@').next().unwrap()
        )
    );
    let column: usize = expected.split('@').nth(1).unwrap().parse().unwrap();
    assert_eq!(error.column, column, "{}", error.marked());
}

#[test]
fn conditions_join_as_in_boolean_algebra() {
    takes("CHIP_TF & tf=GABPA & biosample=HepG2", &[0], &[]);
    takes("tf=gabpa,ctcf & biosample=hepg2", &[0, 2], &[]);
    takes("tf in {GABPA} | RNA_SEQ & !tissue=Liver", &[0, 1], &[0, 2, 3]);
    takes("(tf=GABPA | RNA_SEQ) & !tissue=Liver", &[0, 1], &[0, 2, 3]);
    takes("!(tf=GABPA | RNA_SEQ)", &[2, 3], &[]);
    // A track without a factor has not the factor CTCF.
    takes("tf!=CTCF", &[0, 1], &[0, 1, 2, 3]);
    takes("strand=.", &[0, 1, 2, 3], &[0, 1, 2, 3]);
    takes("name~RNA-seq & biosample~\"*of LIVER\"", &[], &[1]);
    takes("biosample~liver", &[], &[0, 1]);
    takes("tissue~*", &[], &[1, 2]);
}

#[test]
fn negation_takes_the_rest() {
    let all: usize = sets().iter().map(|set| set.tracks.len()).sum();
    for text in ["tf=GABPA", "RNA_SEQ", "biosample=H1"] {
        let taken = |text: &str| resolve(text).map_or(0, |resolved| resolved.len());
        assert_eq!(taken(text) + taken(&format!("!({text})")), all);
    }
}

#[test]
fn words_without_a_field_are_found_and_said_to_be() {
    takes("GABPA & HepG2", &[0], &[]);
    takes("GABPA,EFO:0003042", &[0, 1, 3], &[3]);
    takes("EFO:0001187 TF ChIP-seq CTCF", &[2], &[]);
    let said = |text: &str| -> Vec<String> {
        resolve(text)
            .unwrap()
            .statements
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(said("GABPA"), ["`GABPA` is the tf of 2 tracks"]);
    assert_eq!(
        said("liver"),
        ["`liver` is the biosample of 1 track, and the tissue of 1 track"]
    );
    assert_eq!(said("CHIP_TF"), Vec::<String>::new());
}

#[test]
fn synonyms_are_taken_and_stated() {
    let said = |text: &str| resolve(text).unwrap().statements[0].to_string();
    takes("biosample=Hep G2", &[0, 2], &[]);
    assert_eq!(
        said("biosample=Hep G2"),
        "biosample=`Hep G2` is taken for HepG2 (EFO:0001187, 2 tracks); a spelling of the same cell line, \
         Cellosaurus CVCL_0027"
    );
    takes("tissue=\"Brain - Cortex\"", &[], &[2]);
    assert_eq!(
        said("tissue=\"Brain - Cortex\""),
        "tissue=`Brain - Cortex` is taken for Brain_Cortex (UBERON:0001870, 1 track); the GTEx portal's name of the \
         same tissue"
    );
    takes("biosample=liver", &[], &[0]);
    assert_eq!(
        said("biosample=liver"),
        "not taken with biosample=`liver`: the GTEx tissue Liver, which is right lobe of liver (UBERON:0001114, 1 \
         track); `tissue=Liver` takes it"
    );
    assert_eq!(
        said("biosample=H1"),
        "not taken: H1-hESC (EFO:0003042, 1 track) has the ontology term of `H1`; `ontology=EFO:0003042` takes both"
    );
}

#[test]
fn what_no_track_has_is_refused_with_the_nearest() {
    assert_eq!(
        refused("biosample=`hepg-2".replace('`', "").as_str()),
        "no exact match for biosample=`hepg-2`; nearest is HepG2 (EFO:0001187, 2 tracks)"
    );
    assert_eq!(
        refused("tf=GABPB,XYZZY"),
        "no exact match for tf=`GABPB`; nearest is GABPA (2 tracks); no exact match for tf=`XYZZY`, and no name comes \
         near"
    );
    assert_eq!(
        refused("!ontology=efo:0001187"),
        "no exact match for ontology=`efo:0001187`; nearest are EFO:0001187 (HepG2, 2 tracks), EFO:0002067 (K562, 1 \
         track), EFO:0003042 (H1, 2 tracks)"
    );
    assert_eq!(refused("name~zzz"), "no match for name~`zzz`");
    assert_eq!(
        refused("histone=H3K27ac"),
        "no match for histone=`H3K27ac`: none of the tracks has the field histone"
    );
    assert_eq!(
        refused("tf=CTCF & biosample=K562"),
        "no track meets `tf=CTCF & biosample=K562` as a whole; by themselves: `tf=CTCF` 2, `biosample=K562` 1"
    );
    assert_eq!(
        refused("biosample=lymphoblastoid & DNASE"),
        "no exact match for biosample=`lymphoblastoid`, and no name comes near; none of the tracks is DNASE; there are \
         CHIP_TF (4 tracks), RNA_SEQ (4 tracks)"
    );
    let hint = |text: &str| resolve(text).unwrap_err().hint().unwrap();
    assert_eq!(
        hint("biosample=EFO:0001187"),
        "`EFO:0001187` is a value of ontology; write `ontology=EFO:0001187`"
    );
    assert_eq!(hint("tf=GAB*"), "`*` works after `~`: `tf~GAB*`");
    assert_eq!(
        hint("biosample=hepg-2"),
        "is `biosample=HepG2` meant? `refalt tracks search` looks for names; `--organism mouse`, `--model` or `--from` makes it those of the mouse, a \
         model or a run"
    );
}

#[test]
fn a_text_has_one_canonical_form() {
    canonical("chip_tf&TF =  GABPA", "output=CHIP_TF & tf=GABPA");
    canonical("tf in{A,B , A}", "tf in {A, B}");
    canonical("tf={A}", "tf=A");
    canonical("a | (b | c) & d", "a | (b | c) & d");
    canonical("(a & (b & c))", "a & b & c");
    canonical("!!(a|b)", "!!(a | b)");
    canonical("tf != A,B", "!tf in {A, B}");
    canonical("biosample=Hep G2", "biosample=\"Hep G2\"");
    canonical(
        "\"CD4-positive, alpha-beta T cell\"",
        "\"CD4-positive, alpha-beta T cell\"",
    );
    canonical("name~\"a\\\"b\\\\\", c", "name~{\"a\\\"b\\\\\", c}");
    canonical("~liver & strand=minus", "~liver & strand=-");
    canonical("GABPA, DNASE", "output=DNASE | GABPA");
    canonical("transcription_factor=A & Assay title=B", "tf=A & assay=B");
    canonical("tf=\"in\"", "tf=\"in\"");
}

#[test]
fn a_wrong_text_is_pointed_at() {
    wrong("", "the text is empty@1");
    wrong("CHIP_TF & tf= & x", "expected a value after `tf=`, found `&`@15");
    wrong("CHIP_TF && x", "expected a condition, `!` or `(`, found `&`@10");
    wrong("(a | b", "expected `&`, `|` or `)`, found the end@7");
    wrong("a) & b", "expected `&`, `|` or the end, found `)`@2");
    wrong("tf in {A, B", "expected `,` or `}`, found the end@12");
    wrong("tf=A,", "expected a value, found the end@6");
    wrong("biosampel=A", "no field is called `biosampel`@1");
    wrong("CHIP_TF & \"abc", "the quote that begins here has no end@11");
    wrong("output=CHIPTF", "output has no value `CHIPTF`@8");
    wrong("strand=x", "strand has no value `x`@8");
    wrong("tf=\"\"", "a value between the quotes is missing@4");
    wrong(
        &"(".repeat(9000),
        "more than 64 parentheses and negations within each other@66",
    );
    let hint = |text: &str| text.parse::<Selection>().unwrap_err().hint().unwrap();
    assert!(hint("biosampel=A").starts_with("is `biosample` meant? fields: output, tf,"));
    assert!(hint("output=CHIPTF").starts_with("is `CHIP_TF` meant? values of output: ATAC,"));
    assert_eq!(hint("CHIP_TF && x"), "write a single `&`");
    assert_eq!(
        hint("CHIP_TF and tf=A"),
        "conditions are joined by the signs `&`, `|` and `!`"
    );
    let error = "CHIP_TF & tf=".parse::<Selection>().unwrap_err();
    assert_eq!(error.marked(), "CHIP_TF & tf=\n             ^");
}

#[test]
fn options_are_the_same_language() {
    let of = |values: &str| Selection::of_field(Field::Factor, values).unwrap().to_string();
    assert_eq!(of("GABPA"), "tf=GABPA");
    assert_eq!(of("GABPA, CTCF"), "tf in {GABPA, CTCF}");
    assert!(Selection::of_field(Field::Factor, "A & B").is_err());
    let both = Selection::all_of([
        "a | b".parse().unwrap(),
        Selection::of_field(Field::Factor, "A").unwrap(),
    ]);
    assert_eq!(both.unwrap().to_string(), "(a | b) & tf=A");
}

#[test]
fn a_selection_keeps_the_model_s_order_and_resolution() {
    let chosen = resolve("tf=CTCF,GABPA & HepG2").unwrap().sets(&sets());
    assert_eq!(chosen.len(), 1);
    assert_eq!(
        (chosen[0].output, chosen[0].resolution),
        (OutputType::ChipTf, Resolution::BP_128)
    );
    let factors: Vec<_> = chosen[0]
        .tracks
        .iter()
        .map(|track| track.transcription_factor.as_deref())
        .collect();
    assert_eq!(factors, [Some("GABPA"), Some("CTCF")]);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9:+/.'-]{1,8}",
        "[ -~]{1,10}",
        "[a-zα-ω\"\\\\*]{1,6}",
        Just("in".to_owned()),
        Just("CD4-positive, alpha-beta T cell".to_owned()),
    ]
    .prop_map(|value| value.trim().to_owned())
    .prop_filter(
        "values are not empty, and a word that is an output type is one",
        |value| !value.is_empty() && Field::Output.stored(value).is_none(),
    )
}

fn term() -> impl Strategy<Value = Expression> {
    let field = prop::option::of(prop::sample::select(Field::ALL.to_vec()));
    let like = prop::bool::ANY;
    (field, like, prop::collection::hash_set(value(), 1..4)).prop_map(|(field, like, values)| {
        let fixed = field.map_or(Vec::new(), Field::allowed);
        let values = match like || fixed.is_empty() {
            true => values.into_iter().collect(),
            false => vec![fixed[values.len() % fixed.len()].to_owned()],
        };
        let comparison = if like { Comparison::Like } else { Comparison::Is };
        Expression::Term(Term {
            field,
            comparison,
            values,
        })
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    term().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| Expression::Not(Box::new(part))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| Expression::all_of(parts).unwrap()),
            prop::collection::vec(inner, 1..4).prop_map(|parts| Expression::any_of(parts).unwrap()),
        ]
    })
}

proptest! {
    #[test]
    fn the_canonical_form_reads_back(expression in expression()) {
        let selection = Selection::new(expression);
        let text = selection.to_string();
        prop_assert_eq!(text.parse::<Selection>().unwrap(), selection, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_inside_itself(text in "[a-z=~&|!(){},\" \\\\*A-Z_αβ]{0,40}") {
        match text.parse::<Selection>() {
            Ok(selection) => prop_assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection),
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.column)),
        }
    }
}

#[test]
fn one_selection_has_one_canonical_form_whatever_order_and_case() {
    let canonical = |text: &str| resolve(text).unwrap().canonical.to_string();
    for (texts, expected) in [
        (
            &["tf=GABPA,CTCF", "tf in {ctcf, gabpa}", "tf in {CTCF, Ctcf, GABPA}"][..],
            "tf in {CTCF, GABPA}",
        ),
        (
            &[
                "chip_tf & biosample=hepg2",
                "biosample=HepG2 & CHIP_TF",
                "biosample=HEPG2 & output=chip_tf & biosample=hepG2",
            ],
            "biosample=HepG2 & output=CHIP_TF",
        ),
        (&["!(tf=ctcf | hepg2)", "!(HEPG2 | tf=CTCF)"], "!(HepG2 | tf=CTCF)"),
        (&["biosample~LIVER", "biosample~Liver,liver"], "biosample~liver"),
        // One condition twice is the condition.
        (&["liver | LIVER", "liver"], "Liver"),
    ] {
        for text in texts {
            assert_eq!(canonical(text), expected, "{text}");
            assert_eq!(
                resolve(expected).unwrap().places,
                resolve(text).unwrap().places,
                "{text}"
            );
        }
        assert_eq!(canonical(expected), expected);
    }
}
