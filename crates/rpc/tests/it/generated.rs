//! The checked-in code is what the `.proto` files say, and they say what the official client says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn proto_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proto")
}

const FILES: [&str; 4] = [
    "alphagenome/protos/tensor.proto",
    "alphagenome/protos/v1/dna_model.proto",
    "alphagenome/protos/v1/dna_model_service.proto",
    "alphagenome/protos/atlas_service.proto",
];

/// Encodes the files for reflection, without their comments.
fn descriptors(mut files: protox::prost_reflect::prost_types::FileDescriptorSet) -> Vec<u8> {
    for file in &mut files.file {
        file.source_code_info = None;
    }
    prost::Message::encode_to_vec(&files)
}

#[test]
fn generated_code_is_that_of_the_proto_files() {
    let made = tempfile::tempdir().unwrap();
    let files = protox::compile(FILES, [proto_folder()]).unwrap();
    tonic_prost_build::configure()
        .bytes(".")
        .emit_rerun_if_changed(false)
        .out_dir(made.path())
        .compile_fds(files.clone())
        .unwrap();
    std::fs::write(made.path().join("file_descriptor_set.bin"), descriptors(files)).unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    if std::env::var_os("REFALT_BLESS").is_some() {
        for name in names(made.path()) {
            std::fs::copy(made.path().join(&name), stored.join(&name)).unwrap();
        }
    }
    assert_eq!(names(made.path()), names(&stored));
    for name in names(made.path()) {
        let [made, stored] = [made.path(), &stored].map(|folder| std::fs::read(folder.join(&name)).unwrap());
        assert!(
            made == stored,
            "{name} is stale; `REFALT_BLESS=1 cargo test -p refalt-rpc generated` writes it"
        );
    }
}

/// Fields, enum values and methods of our files in the form of `descriptors.tsv`.
fn own_descriptors() -> BTreeSet<String> {
    let files = protox::compile(FILES, [proto_folder()]).unwrap();
    let short = |name: &str| name.trim_start_matches('.').to_owned();
    let mut rows = BTreeSet::new();
    for file in &files.file {
        let package = file.package();
        for message in &file.message_type {
            for field in &message.field {
                let repeated = field.label() as i32 == 3;
                let is_message = field.r#type() as i32 == 11;
                let presence = !repeated && (is_message || field.oneof_index.is_some());
                let oneof = field
                    .oneof_index
                    .map_or("-", |index| message.oneof_decl[usize::try_from(index).unwrap()].name());
                rows.insert(format!(
                    "field\t{package}.{}\t{}\t{}\t{}\t{}\t{}\t{}\t{oneof}",
                    message.name(),
                    field.name(),
                    field.number(),
                    field.r#type() as i32,
                    if repeated { "repeated" } else { "one" },
                    if presence { "presence" } else { "-" },
                    field.type_name.as_deref().map_or("-".to_owned(), short),
                ));
            }
        }
        for kind in &file.enum_type {
            for value in &kind.value {
                let (owner, name, number) = (kind.name(), value.name(), value.number());
                rows.insert(format!("value\t{package}.{owner}\t{name}\t{number}\t-\t-\t-\t-\t-"));
            }
        }
        for service in &file.service {
            for method in &service.method {
                let stream = |is: bool| if is { "stream" } else { "one" };
                rows.insert(format!(
                    "method\t{package}.{}\t{}\t-\t-\t{}\t{}\t{}\t{}",
                    service.name(),
                    method.name(),
                    stream(method.client_streaming()),
                    stream(method.server_streaming()),
                    short(method.input_type()),
                    short(method.output_type()),
                ));
            }
        }
    }
    rows
}

#[test]
fn the_proto_files_have_the_fields_values_and_methods_of_the_official_client() {
    let stored = crate::data("descriptors.tsv");
    let official: BTreeSet<String> = stored.lines().skip(1).map(str::to_owned).collect();
    let own = own_descriptors();
    assert_eq!(own.difference(&official).next(), None, "ours only");
    assert_eq!(official.difference(&own).next(), None, "official only");
    assert_eq!(own.len(), 238);
}
