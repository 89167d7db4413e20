//! Options of the post-processors.

use super::decode::options;
use super::spec::PathKind;
use crate::text::Text;
use std::collections::BTreeMap;

options! {
    /// Meta-arguments every post-processor takes (packer.md 1.4).
    pub struct PostProcessorMeta;
    "When" {
        name: Option<String>, "Name", "Name of this step, for -except.";
        only: Vec<String>, "Only for", "Sources this step runs for, as type.name; excludes except.";
        except: Vec<String>, "Not for", "Sources this step does not run for, as type.name; excludes only.";
        keep_input_artifact: Option<bool>, "Keep the input", "Keep the artifact this step was given." => basic();
    }
}

options! {
    /// Options of the `checksum` post-processor.
    pub struct ChecksumOptions;
    "Checksum" {
        checksum_types: Vec<String>, "Types", "Checksums that are made." => default("[\"md5\"]").one_of(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]).basic();
        output: Text, "Output", "File the checksums are appended to; {{.BuildName}}, {{.BuilderType}} and {{.ChecksumType}} are filled in." => default("packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum").path(PathKind::Output).late().basic();
    }
}

options! {
    /// Options of the `manifest` post-processor.
    pub struct ManifestOptions;
    "Manifest" {
        output: Text, "Output", "The manifest; entries are appended." => default("packer-manifest.json").path(PathKind::Output).basic();
        strip_path: bool, "File names only", "Leave out the folders of the files." => default("false");
        strip_time: bool, "No times", "Leave out the build time." => default("false");
        custom_data: BTreeMap<String, Text>, "Custom data", "Further entries for the manifest.";
    }
}

options! {
    /// Options of the `compress` post-processor.
    pub struct CompressOptions;
    "Compress" {
        output: Text, "Output", "The archive; its last extension decides how it is packed. {{.BuildName}} and {{.BuilderType}} are filled in." => default("packer_{{.BuildName}}_{{.BuilderType}}").path(PathKind::Output).late().basic();
        format: Option<String>, "Format", "Packing, instead of by extension." => one_of(&["", "zip", "tar", "gz", "gzip", "lz4", "bgzf", "xz", "bzip2", "tar.gz", ".tar.gz", ".gz", ".zip", ".tar", ".lz4", ".bgzf"]);
        compression_level: i64, "Level", "How hard to try, 1 to 9; 0 and -1 mean the default, 6." => default("6").range(-1, 9);
    }
}

options! {
    /// Options of the `provenance` post-processor: an in-toto statement with SLSA provenance.
    pub struct ProvenanceOptions;
    "Provenance" {
        output: Text, "Output", "The statement; {{.BuildName}} and {{.BuilderType}} are filled in." => default("packer_{{.BuildName}}_{{.BuilderType}}.intoto.json").path(PathKind::Output).late().basic();
        sbom: Vec<Text>, "Bills of materials", "Files that are named as by-products, such as those of the sbom provisioner." => path(PathKind::File).basic();
        build_type: Option<Text>, "Build type", "A URI for the kind of build. Default: urn:goldsmith:packer-template:1.";
    }
}

options! {
    /// Options of the `artifice` post-processor.
    pub struct ArtificeOptions;
    "Artifact" {
        files: Vec<Text>, "Files", "Files that become the artifact." => required();
    }
}
