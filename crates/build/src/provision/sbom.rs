//! `sbom` (Goldsmith's own): what the guest is made of, out of its package database, as SPDX and CycloneDX.
//!
//! Facts: SPDX 2.3 (JSON) and CycloneDX 1.5; packages are named by purl (types deb, rpm, apk, alpm). The package
//! database is asked by its own program (`dpkg-query`, `rpm`, `pacman`); of apk the file itself is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_template::options::SbomOptions;
use serde_json::{Value, json};

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::post::put;
use crate::provision::{ProvisionContext, Provisioner};

/// Prints what is installed.
const ASK: &str = include_str!("packages.sh");

/// Writes what the guest is made of.
pub struct Sbom {
    options: SbomOptions,
}

/// A package of the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    architecture: String,
    license: String,
    vendor: String,
}

/// What was found in the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inventory {
    /// `deb`, `rpm`, `apk` or `alpm`: the type of a purl.
    kind: String,
    packages: Vec<Package>,
    os: BTreeMap<String, String>,
}

impl Inventory {
    fn parse(lines: &[String]) -> Self {
        let mut found = Self::default();
        let mut section = "";
        for line in lines {
            if let Some(name) = line.strip_prefix("##") {
                section = if name == "os" { "os" } else { "packages" };
                if section == "packages" {
                    name.clone_into(&mut found.kind);
                }
                continue;
            }
            if section == "os" {
                if let Some((key, value)) = line.split_once('=') {
                    found.os.insert(key.to_owned(), value.trim_matches(['"', '\'']).to_owned());
                }
                continue;
            }
            let mut fields = line.split('\t').map(str::to_owned);
            let mut field = || fields.next().unwrap_or_default();
            let (state, name, version) = (field(), field(), field());
            // What was removed and left its configuration behind is not there.
            if !state.starts_with("ii") || name.is_empty() {
                continue;
            }
            let (architecture, license, vendor) = (field(), field(), field());
            // An epoch of 0 is none.
            let version = version.strip_prefix("0:").unwrap_or(&version).to_owned();
            found.packages.push(Package { name, version, architecture, license, vendor });
        }
        found.packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        found
    }

    fn os(&self, key: &str) -> &str {
        self.os.get(key).map_or("", String::as_str)
    }

    fn os_name(&self) -> &str {
        if self.os("PRETTY_NAME").is_empty() { "guest" } else { self.os("PRETTY_NAME") }
    }

    /// <https://github.com/package-url/purl-spec>
    fn purl(&self, package: &Package) -> String {
        let escaped = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .replace("%2E", ".")
                .replace("%2D", "-")
                .replace("%5F", "_")
                .replace("%7E", "~")
        };
        let namespace = if self.os("ID").is_empty() { &self.kind } else { self.os("ID") };
        let mut purl =
            format!("pkg:{}/{namespace}/{}@{}", self.kind, escaped(&package.name), escaped(&package.version));
        let mut separator = '?';
        let distro = match (self.os("ID"), self.os("VERSION_ID")) {
            ("", _) | (_, "") => String::new(),
            (id, version) => format!("{id}-{version}"),
        };
        for (key, value) in [("arch", package.architecture.as_str()), ("distro", distro.as_str())] {
            if !value.is_empty() {
                purl.push_str(&format!("{separator}{key}={}", escaped(value)));
                separator = '&';
            }
        }
        purl
    }

    fn spdx(&self, name: &str, id: &uuid::Uuid, time: &str) -> Value {
        const NONE: &str = "NOASSERTION";
        let mut packages = vec![json!({
            "SPDXID": "SPDXRef-OperatingSystem",
            "name": self.os_name(),
            "versionInfo": self.os("VERSION_ID"),
            "downloadLocation": NONE,
            "filesAnalyzed": false,
            "primaryPackagePurpose": "OPERATING-SYSTEM",
            "licenseConcluded": NONE,
            "licenseDeclared": NONE,
            "copyrightText": NONE,
        })];
        let mut relationships = vec![json!({
            "spdxElementId": "SPDXRef-DOCUMENT",
            "relationshipType": "DESCRIBES",
            "relatedSpdxElement": "SPDXRef-OperatingSystem",
        })];
        for (number, package) in self.packages.iter().enumerate() {
            let reference = format!("SPDXRef-Package-{}", number + 1);
            let mut entry = json!({
                "SPDXID": reference,
                "name": package.name,
                "versionInfo": package.version,
                "downloadLocation": NONE,
                "filesAnalyzed": false,
                "licenseConcluded": NONE,
                "licenseDeclared": NONE,
                "copyrightText": NONE,
                "externalRefs": [{
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": self.purl(package),
                }],
            });
            if !package.license.is_empty() {
                // As the package says; not every distribution writes SPDX expressions.
                entry["licenseComments"] = json!(package.license);
            }
            if !package.vendor.is_empty() {
                entry["supplier"] = json!(format!("Organization: {}", package.vendor));
            }
            packages.push(entry);
            relationships.push(json!({
                "spdxElementId": "SPDXRef-OperatingSystem",
                "relationshipType": "CONTAINS",
                "relatedSpdxElement": reference,
            }));
        }
        json!({
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": name,
            "documentNamespace": format!("urn:uuid:{id}"),
            "creationInfo": {
                "created": time,
                "creators": [concat!("Tool: goldsmith-", env!("CARGO_PKG_VERSION"))],
            },
            "packages": packages,
            "relationships": relationships,
        })
    }

    fn cyclonedx(&self, name: &str, id: &uuid::Uuid, time: &str) -> Value {
        let components: Vec<Value> = self
            .packages
            .iter()
            .enumerate()
            .map(|(number, package)| {
                let purl = self.purl(package);
                let mut entry = json!({
                    "type": "library",
                    "bom-ref": format!("{purl}#{}", number + 1),
                    "name": package.name,
                    "version": package.version,
                    "purl": purl,
                });
                if !package.license.is_empty() {
                    entry["licenses"] = json!([{ "license": { "name": package.license } }]);
                }
                if !package.vendor.is_empty() {
                    entry["publisher"] = json!(package.vendor);
                }
                entry
            })
            .collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "serialNumber": format!("urn:uuid:{id}"),
            "version": 1,
            "metadata": {
                "timestamp": time,
                "tools": { "components": [{
                    "type": "application",
                    "name": "goldsmith",
                    "version": env!("CARGO_PKG_VERSION"),
                }] },
                "component": {
                    "type": "operating-system",
                    "bom-ref": "operating-system",
                    "name": self.os_name(),
                    "version": self.os("VERSION_ID"),
                    "description": name,
                },
            },
            "components": components,
        })
    }
}

impl Sbom {
    /// With these options.
    pub fn new(options: SbomOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Provisioner for Sbom {
    fn sketch(&self) -> Sketch {
        let formats = self.options.formats.join(" and ");
        Sketch::new(format!("List the guest's packages as {formats}"), StepKind::Provision)
            .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let mut lines = Vec::new();
        let exit = cx.guest()?.exec(&cx.step, ASK, &mut |_, line| lines.push(line.to_owned())).await?;
        let found = Inventory::parse(&lines);
        if exit.code != Some(0) || found.packages.is_empty() {
            return Err(StepError::guest("No package database was found in the guest.")
                .hint("`sbom` reads those of dpkg, rpm, apk and pacman."));
        }
        let fixed = cx.names.fixed();
        let destination = match &self.options.destination {
            Some(text) => fill(text, &cx.names, &[])?,
            None => format!("sbom-{}", fixed.build_name),
        };
        let mut bytes = [0u8; 16];
        cx.step.build().random.fill(&mut bytes);
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let time = cx.step.build().clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut outputs: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for format in &self.options.formats {
            let (document, extension) = match format.as_str() {
                "spdx" => (found.spdx(&fixed.build_name, &id, &time), "spdx.json"),
                _ => (found.cyclonedx(&fixed.build_name, &id, &time), "cdx.json"),
            };
            let text =
                serde_json::to_vec_pretty(&document).map_err(|e| StepError::internal(e.to_string()))?;
            outputs.insert(cx.step.absolute(format!("{destination}.{extension}")), text);
        }
        put(&cx.step, &outputs)?;
        cx.step.say(format!("{} packages of {}.", found.packages.len(), found.os_name()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn packages_of_every_database_get_their_purl() {
        let deb = Inventory::parse(&lines(
            "##deb\nii \tlibc++1\t1:14.0-1~deb12\tamd64\t\tA <a@b>\nrc \tgone\t1\tamd64\t\t\n##os\nID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"",
        ));
        assert_eq!(deb.packages.len(), 1, "what left only its configuration is not there");
        assert_eq!(
            deb.purl(&deb.packages[0]),
            "pkg:deb/debian/libc%2B%2B1@1%3A14.0-1~deb12?arch=amd64&distro=debian-12"
        );
        let rpm = Inventory::parse(&lines(
            "##rpm\nii\tbash\t0:5.2-1.fc41\tx86_64\tGPL-3.0\tFedora\n##os\nID=fedora\nVERSION_ID=41",
        ));
        assert_eq!(rpm.purl(&rpm.packages[0]), "pkg:rpm/fedora/bash@5.2-1.fc41?arch=x86_64&distro=fedora-41");
        let apk = Inventory::parse(&lines(
            "##apk\nii\tmusl\t1.2.5-r0\tx86_64\tMIT\t\n##os\nID=alpine\nVERSION_ID=3.20.3",
        ));
        assert_eq!(
            apk.purl(&apk.packages[0]),
            "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3"
        );
        let arch = Inventory::parse(&lines("##alpm\nii\tlinux\t6.12-1\t\t\t\n##os\nID=arch"));
        assert_eq!(arch.purl(&arch.packages[0]), "pkg:alpm/arch/linux@6.12-1");
        assert_eq!(Inventory::parse(&lines("##os\nID=x")).packages, []);
    }
}
