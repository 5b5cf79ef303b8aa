//! stub
use crate::io::variants::Source;
use std::path::PathBuf;
#[derive(Debug, Clone)]
pub struct VetReport;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct VetError;
impl crate::Diagnostic for VetError {}
#[derive(Debug, Clone)]
pub struct VetRequest {
    pub chain: Option<PathBuf>,
    pub genes: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub threads: usize,
}
impl VetRequest {
    pub fn new(_s: Source, _r: PathBuf) -> Self {
        Self {
            chain: None,
            genes: None,
            out: None,
            threads: 1,
        }
    }
}
pub fn vet_files(_r: &VetRequest) -> Result<VetReport, VetError> {
    Ok(VetReport)
}
