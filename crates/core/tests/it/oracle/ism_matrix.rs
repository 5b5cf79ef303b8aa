//! What a base contributes, against the published client.

use super::path;
use refalt_core::ism::{BASES, centred, contribution, substitutions};
use refalt_core::{ContigName, Interval, Position};

#[test]
fn centred_effects_are_those_of_the_published_client() {
    let text = std::fs::read_to_string(path("ism_matrix.tsv")).unwrap();
    let mut bases = Vec::new();
    let mut written = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let numbers: Vec<Option<f32>> = cells[2..]
            .iter()
            .map(|cell| cell.parse::<f64>().ok().map(|x| x as f32))
            .collect();
        let effects = [numbers[0], numbers[1], numbers[2], numbers[3]];
        let expected: Vec<f32> = numbers[4..8].iter().map(|number| number.unwrap()).collect();
        // The same operations in 32-bit floats, in the same order: equal to the last bit.
        assert_eq!(centred(effects).unwrap().as_slice(), expected, "{line}");
        assert_eq!(contribution(effects), numbers[8], "{line}");
        for (base, effect) in BASES.iter().zip(effects) {
            if effect.is_some() {
                written.push(format!("{}:{}>{}", cells[0], cells[1], char::from(*base)));
            }
        }
        bases.push(cells[1].as_bytes()[0]);
    }
    assert_eq!(bases.len(), 13);
    let first = Position::new(1_295_101).unwrap();
    let found = substitutions(&ContigName::new("chr5"), Interval::at(first, 13).unwrap(), &bases);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let written: Vec<String> = written.into_iter().map(|text| format!("chr5:{text}")).collect();
    assert_eq!(found, written);
}
