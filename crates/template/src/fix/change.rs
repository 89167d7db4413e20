//! What the fixes do to a component.

use serde_json::{Map, Value};

pub(super) type Members = Map<String, Value>;
pub(super) type Outcome = Result<(), String>;

pub(super) fn builders(template: &mut Members) -> Result<Vec<&mut Members>, String> {
    match template.get_mut("builders") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => {
            let objects = all.iter_mut().map(|builder| builder.as_object_mut());
            objects.collect::<Option<_>>().ok_or_else(|| "an item of \"builders\" is no object".to_owned())
        }
        Some(_) => Err("\"builders\" must be an array: [ { \"type\": \"qemu\" } ]".to_owned()),
    }
}

pub(super) fn post_processors(template: &mut Members) -> Result<Vec<&mut Members>, String> {
    let all = match template.get_mut("post-processors") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(all)) => all,
        Some(_) => return Err("\"post-processors\" must be an array".to_owned()),
    };
    let mut found = Vec::new();
    for item in all {
        match item {
            Value::Object(one) => found.push(one),
            Value::Array(chain) => found.extend(chain.iter_mut().filter_map(Value::as_object_mut)),
            _ => {}
        }
    }
    Ok(found)
}

pub(super) fn type_of(component: &Members) -> Option<&str> {
    component.get("type").and_then(Value::as_str)
}

pub(super) fn is_type(component: &Members, name: &str) -> bool {
    type_of(component) == Some(name)
}

/// Gives a member another name; one that has that name already is replaced.
pub(super) fn rename(component: &mut Members, old: &str, new: &str) {
    if let Some(value) = component.shift_remove(old) {
        component.insert(new.to_owned(), value);
    }
}

/// Gives a member another name where its value is of the right kind; one that has that name already stays and the
/// old one goes.
pub(super) fn rename_unless_there(component: &mut Members, old: &str, new: &str, right: fn(&Value) -> bool) {
    if component.get(old).is_some_and(right) {
        match component.contains_key(new) {
            true => drop(component.shift_remove(old)),
            false => rename(component, old, new),
        }
    }
}

pub(super) fn remove(component: &mut Members, name: &str) {
    component.shift_remove(name);
}

pub(super) fn is_amazon(name: &str) -> bool {
    name.starts_with("amazon-")
}

pub(super) fn retype(builder: &mut Members, old: &str, new: &str) {
    if is_type(builder, old) {
        builder.insert("type".to_owned(), new.into());
    }
}

pub(super) fn is_parallels(name: &str) -> bool {
    matches!(name, "parallels-iso" | "parallels-pvm")
}

/// Removes the old member where the new one is there, else gives it the new name if its value is of the right kind.
pub(super) fn replaced_by(component: &mut Members, old: &str, new: &str, right: fn(&Value) -> bool) {
    if component.contains_key(new) {
        remove(component, old);
    } else if component.get(old).is_some_and(right) {
        rename(component, old, new);
    }
}

/// Moves members into one object, the first element of a list.
pub(super) fn gather(builder: &mut Members, from: &[(&str, &str)], to: &str) {
    let mut one = Members::new();
    for (old, new) in from {
        if let Some(value) = builder.shift_remove(*old) {
            one.insert((*new).to_owned(), value);
        }
    }
    if one.is_empty() {
        return;
    }
    let mut all = vec![Value::Object(one)];
    if let Some(Value::Array(there)) = builder.get(to) {
        all.extend(there.iter().cloned());
    }
    builder.insert(to.to_owned(), Value::Array(all));
}

pub(super) fn clean_name(text: &mut String) {
    *text = text.replace("clean_image_name", "clean_resource_name");
    *text = text.replace("clean_ami_name", "clean_resource_name");
}

/// `{{ .CreateTime }}` becomes `{{timestamp}}`.
pub(super) fn without_create_time(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (before, tail) = rest.split_at(open);
        out.push_str(before);
        let inner = tail.get(2..).unwrap_or("");
        let found = inner
            .trim_start()
            .strip_prefix(".CreateTime")
            .and_then(|tail| tail.trim_start().strip_prefix("}}"));
        match found {
            Some(after) => {
                out.push_str("{{timestamp}}");
                rest = after;
            }
            None => {
                // The next pair may begin with the second of these braces.
                out.push('{');
                rest = tail.get(1..).unwrap_or("");
            }
        }
    }
    out + rest
}

pub(super) fn amazon_private_ip(template: &mut Members) -> Outcome {
    for builder in builders(template)? {
        if !type_of(builder).is_some_and(is_amazon) || builder.contains_key("ssh_interface") {
            continue;
        }
        let private = match builder.get("ssh_private_ip") {
            None => continue,
            Some(Value::Bool(private)) => Some(*private),
            Some(Value::String(text)) => match text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
                _ => None,
            },
            Some(_) => None,
        };
        let Some(private) = private else {
            return Err("ssh_private_ip is neither true nor false".to_owned());
        };
        let interface = if private { "private_ip" } else { "public_ip" };
        rename(builder, "ssh_private_ip", "ssh_interface");
        builder.insert("ssh_interface".to_owned(), interface.into());
    }
    Ok(())
}

pub(super) fn docker_tags(step: &mut Members) {
    if !is_type(step, "docker-tag") {
        return;
    }
    let mut tags: Vec<Value> = Vec::new();
    for name in ["tag", "tags"] {
        let found: Vec<String> = match step.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        for tag in found {
            if !tags.iter().any(|there| *there == tag) {
                tags.push(tag.into());
            }
        }
    }
    remove(step, "tag");
    step.insert("tags".to_owned(), Value::Array(tags));
}

pub(super) fn powershell_escapes(step: &mut Members) {
    if !is_type(step, "powershell") {
        return;
    }
    // As in Packer, variables that are no list of strings keep everything as it is.
    let plain = match step.get("environment_vars") {
        None => true,
        Some(Value::Array(all)) => all.iter().all(Value::is_string),
        Some(_) => false,
    };
    if !plain {
        return;
    }
    for name in ["elevated_user", "elevated_password"] {
        if let Some(Value::String(text)) = step.get_mut(name) {
            *text = without_backticks(text);
        }
    }
    if let Some(Value::Array(all)) = step.get_mut("environment_vars") {
        for value in all {
            if let Value::String(text) = value {
                *text = without_backticks(text);
            }
        }
    }
}

/// PowerShell's escape character goes from before `$`, quotes and itself.
pub(super) fn without_backticks(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = (c == '`').then(|| chars.next_if(|next| matches!(next, '$' | '"' | '`' | '\'')));
        out.push(escaped.flatten().unwrap_or(c));
    }
    out
}

pub(super) fn vmware_compaction(builder: &mut Members) {
    if builder.get("remote_type").and_then(Value::as_str) != Some("esx5") {
        return;
    }
    match builder.get("disk_type_id") {
        None => {
            builder.insert("disk_type_id".to_owned(), "zeroedthick".into());
        }
        Some(Value::String(disk)) if disk != "thin" => {}
        Some(_) => return,
    }
    match builder.get("skip_compaction") {
        None | Some(Value::Bool(_)) => {
            builder.insert("skip_compaction".to_owned(), true.into());
        }
        Some(_) => {}
    }
}
