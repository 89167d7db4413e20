//! Turning steps of a JSON template off and on: JSON has no comments, but a step whose `except` names every build
//! runs in none (packer.md 1.7).

use super::Target;
use crate::disabled;
use crate::edit::{About, AttributeValue, EditError, Planned};

pub(super) fn disable(target: &Target<'_>) -> Result<Planned, EditError> {
    let refused = || EditError::NoComments { what: format!("`{}`", target.found.id) };
    let builds = disabled::builds(target.document);
    let step = matches!(target.kind(), "provisioner" | "post-processor");
    // A name that is computed is no name that `except` knows.
    let plain = builds.iter().all(|build| !build.contains("{{"));
    if !target.legacy() || !step || builds.is_empty() || !plain {
        return Err(refused());
    }
    if target.member("only").is_some() || target.member("except").is_some() {
        return Err(EditError::Unsuitable {
            what: format!("`{}` cannot be switched off", target.found.id),
            why: "it says in which builds it runs already; change its `only` or `except`".to_owned(),
        });
    }
    let all = builds.into_iter().map(|build| AttributeValue::String(build.to_owned())).collect();
    Ok(about(target, target.set("except", &AttributeValue::List(all))?))
}

pub(super) fn enable(target: &Target<'_>) -> Result<Planned, EditError> {
    if !disabled::left_out(target.document, target.found.block) {
        return Err(EditError::Unsuitable {
            what: format!("`{}` cannot be switched on", target.found.id),
            why: "it is not switched off".to_owned(),
        });
    }
    Ok(about(target, target.unset("except")))
}

fn about(target: &Target<'_>, patches: Vec<crate::edit::RawPatch>) -> Planned {
    let file = target.document.id().0 as usize;
    Planned { patches, about: Some(About { file, offset: target.node.span.start }) }
}
