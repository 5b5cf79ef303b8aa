//! Messages and services of the protocol, generated from `proto/`.
//!
//! The code is checked in, so that building needs neither protoc nor a build script. A test compiles the `.proto` files
//! and compares; `REFALT_BLESS=1 cargo test -p refalt-rpc generated` writes the code. The `.proto` files are refalt's
//! own text with the published numbers and names; tests compare them with the official client's descriptors and its
//! encoding of every message.

/// Messages of the model and its service.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]
pub mod v1main {
    include!("generated/google.gdm.gdmscience.alphagenome.v1main.rs");
}

/// The atlas of scores that are computed already.
pub mod atlas {
    /// Messages of the atlas and its service.
    #[allow(
        missing_docs,
        unreachable_pub,
        clippy::all,
        clippy::pedantic,
        reason = "generated code"
    )]
    pub mod v1main {
        include!("generated/google.gdm.gdmscience.alphagenome.atlas.v1main.rs");
    }
}

/// The `.proto` files of all services as an encoded `google.protobuf.FileDescriptorSet`, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/file_descriptor_set.bin");

pub use v1main::*;
