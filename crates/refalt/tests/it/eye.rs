use refalt::predict::*;
use refalt::ism::*;
use refalt::engine::{PlanOptions, TableOptions};
use crate::study;
#[test]
fn eye_draw() {
    let base = PredictRequest { reference: Some(study("tert/chr5_1294490_1296547.fa")), assembly: Some(refalt::core::Assembly::GRCh38), window: std::num::NonZeroU32::new(2048), tracks: Some("tf in {GABPA, ETS1, ELK4, SP1, MYC}".into()), zoom: Some("400".parse().unwrap()), figure_tracks: 4, formats: vec![Format::BigWig, Format::Npz, Format::Parquet], ..PredictRequest::new(SubjectText::Place("chr5:1295113:G>A".into())) };
    let work = Predicting::prepare(&base, &|_| {}).unwrap();
    for n in work.notes() { println!("{n}"); }
    println!("{:#?}", work.run(std::path::Path::new("/tmp/eye/tert")).unwrap().notes);
    let chr9 = std::path::Path::new("/tmp/eye/chr9.fa");
    if chr9.exists() {
        let genes = refalt::scoring::GeneFiles { models: "/work/shared/data/hg38_chr9_1mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz".into(), cache_folder: Some("/tmp/eye/cache".into()), polya: None };
        let r = PredictRequest { reference: Some(chr9.into()), window: std::num::NonZeroU32::new(131072), genes: Some(genes.clone()), tracks: Some("tf in {CTCF, SP1, GATA1}".into()), zoom: Some("chr9:460000-480000".parse().unwrap()), figure_tracks: 3, ..PredictRequest::new(SubjectText::Place("9:440000-490000".into())) };
        let work = Predicting::prepare(&r, &|_| {}).unwrap();
        for n in work.notes() { println!("{n}"); }
        println!("{:#?}", work.run(std::path::Path::new("/tmp/eye/chr9")).unwrap().notes);
        let r = PredictRequest { subject: SubjectText::Place("9:214500:C>CTTTTTTTTTTTTTTTTTTTTTTTT".into()), zoom: Some("2048".parse().unwrap()), tracks: None, figure_tracks: 3, ..r };
        match Predicting::prepare(&r, &|_| {}) { Ok(w) => println!("{:#?}", w.run(std::path::Path::new("/tmp/eye/dock8")).unwrap().notes), Err(e) => println!("{e}") }
    }
    let ism = IsmRequest { stretch: "chr5:1295080-1295170".parse().unwrap(), reference: study("tert/chr5_1294490_1296547.fa"), assembly: None, model: format!("motif:{}", study("tert/MA0062.3.jaspar").display()), plan: PlanOptions { scorers: vec!["CHIP_TF".into()], tracks: None, window: std::num::NonZeroU32::new(2048).unwrap(), rows_per_part: None, annotation: None, table: TableOptions::default() }, genes: None, figures: 1, most_bytes: 1<<30, threads: 2 };
    Mutagenesis::prepare(&ism, &|_| {}).unwrap().run(std::path::Path::new("/tmp/eye/ism"), &|_| {}).unwrap();
}
