#![allow(dead_code, clippy::print_stdout, missing_docs)]
#[path = "../tests/it/audit_simulation/model.rs"]
mod model;
use model::*;
use refalt_core::audit::*;
fn main() {
    let world = World::load();
    let mut random = Random::new(7);
    for _ in 0..6 {
        let file = world.file(200, Fault::Swapped, 0.01, &mut random);
        let (fit, judgements) = world.audit(&file, true);
        println!("file {:?}", fit.best().posterior);
        for d in fit.deviations() {
            println!("  dev {:?}", d);
        }
        for (w, j) in file.iter().zip(&judgements) {
            if w.is_damaged {
                println!(
                    "  truth {} written {}:{}>{}",
                    world.rows[w.real],
                    w.position,
                    String::from_utf8_lossy(&w.reference),
                    String::from_utf8_lossy(&w.alternate)
                );
                println!(
                    "    {} {:?}",
                    j.verdict.name(),
                    j.readings
                        .iter()
                        .map(|r| format!("{:?} {:.3}", r.hypothesis.map(|h| h.to_string()), r.posterior))
                        .collect::<Vec<_>>()
                );
            }
        }
    }
}
