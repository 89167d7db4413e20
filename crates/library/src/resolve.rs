use crate::error::LibraryError;
use crate::library::Library;
use crate::version::{Image, Version, VersionId};

impl Library {
    /// All images that have a version with bytes present, by name.
    pub fn images(&self) -> Result<Vec<Image>, LibraryError> {
        // One record per image is read in full, however many versions there are.
        let newest = "WHERE bytes = 'present' AND number = (SELECT max(number) FROM versions AS other \
                      WHERE other.image = versions.image AND other.bytes = 'present') ORDER BY image";
        let store = self.store();
        let (latest, counts) = (store.versions(newest, [])?, store.counts()?);
        drop(store);
        let image = |version: Version| Image {
            name: version.image.clone(),
            versions: counts.get(version.image.as_str()).copied().unwrap_or(1),
            latest: Some(self.with_paths(version)),
        };
        Ok(latest.into_iter().map(image).collect())
    }

    /// The versions of an image whose bytes are present, newest first.
    pub fn versions(&self, image: &str) -> Result<Vec<Version>, LibraryError> {
        let found =
            self.store().versions("WHERE image = ?1 AND bytes = 'present' ORDER BY number DESC", [image])?;
        if found.is_empty() {
            return Err(self.not_found(image)?);
        }
        Ok(found.into_iter().map(|v| self.with_paths(v)).collect())
    }

    /// One version by id, whatever the state of its bytes.
    pub fn version(&self, id: VersionId) -> Result<Version, LibraryError> {
        let found = self.store().versions("WHERE id = ?1", [id.to_string()])?.pop();
        match found {
            Some(version) => Ok(self.with_paths(version)),
            None => Err(self.not_found(&id.to_string())?),
        }
    }

    /// Finds a version: `name` or `name@latest` (the newest present one), `name@3`, `name@production` (where a channel
    /// points), a unique prefix of a name
    /// in place of the name, or a version's id or a unique prefix of it (8 characters or more).
    pub fn resolve(&self, reference: &str) -> Result<Version, LibraryError> {
        let (name, number) = match reference.split_once('@') {
            Some((name, number)) => (name, Some(number)),
            None => (reference, None),
        };
        if number.is_none()
            && name.len() >= 8
            && name.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
            && let Some(version) = self.by_id(name)?
        {
            return Ok(version);
        }
        let names: Vec<String> = self.store().names()?;
        let image: &String = match names.iter().find(|n| *n == name) {
            Some(exact) => exact,
            None => {
                let like: Vec<&String> =
                    names.iter().filter(|n| !name.is_empty() && n.starts_with(name)).collect();
                match like.as_slice() {
                    [one] => one,
                    [] => return Err(self.not_found(reference)?),
                    many => {
                        let candidates = many.iter().map(|n| (*n).clone()).collect();
                        return Err(LibraryError::Ambiguous { reference: reference.to_owned(), candidates });
                    }
                }
            }
        };
        let store = self.store();
        let found = match number {
            None | Some("latest") => store
                .versions("WHERE image = ?1 AND bytes = 'present' ORDER BY number DESC LIMIT 1", [image])?,
            Some(number) => match number.parse::<u32>() {
                Ok(number) => {
                    store.versions("WHERE image = ?1 AND number = ?2", rusqlite::params![image, number])?
                }
                Err(_) => match store.channels(Some(image))?.iter().find(|c| c.name.as_str() == number) {
                    Some(channel) => {
                        let id = channel.version.map(|id| id.to_string()).unwrap_or_default();
                        store.versions("WHERE id = ?1", [id])?
                    }
                    None => Vec::new(),
                },
            },
        };
        drop(store);
        match found.into_iter().next() {
            Some(version) => Ok(self.with_paths(version)),
            None => Err(self.not_found(reference)?),
        }
    }

    fn by_id(&self, prefix: &str) -> Result<Option<Version>, LibraryError> {
        let pattern = format!("{}%", prefix.to_ascii_lowercase());
        let mut found = self.store().versions("WHERE id LIKE ?1 LIMIT 2", [pattern])?;
        if found.len() > 1 {
            let candidates = found.iter().map(|v| format!("{} ({})", v.id, v.display_name())).collect();
            return Err(LibraryError::Ambiguous { reference: prefix.to_owned(), candidates });
        }
        Ok(found.pop().map(|v| self.with_paths(v)))
    }

    fn not_found(&self, reference: &str) -> Result<LibraryError, LibraryError> {
        let name = reference.split('@').next().unwrap_or(reference);
        let mut names = self.store().names()?;
        names.sort_by_key(|n| distance(n, name));
        let hint = match names.first().cloned() {
            None => "; it is empty: `goldsmith build` adds to it".to_owned(),
            Some(same) if same == name => {
                let numbers = self
                    .store()
                    .versions("WHERE image = ?1 AND bytes = 'present' ORDER BY number", [name])?;
                let numbers: Vec<_> = numbers.iter().map(|v| v.number.to_string()).collect();
                if numbers.is_empty() {
                    "; all its versions are in the trash or purged".to_owned()
                } else {
                    format!("; {name} has the version(s) {}", numbers.join(", "))
                }
            }
            Some(near) if distance(&near, name) <= 2 => format!("; did you mean \"{near}\"?"),
            Some(_) => {
                names.sort();
                format!("; it has {}", names.iter().take(8).cloned().collect::<Vec<_>>().join(", "))
            }
        };
        Ok(LibraryError::NotFound { reference: reference.to_owned(), hint })
    }
}

/// Edits between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #[test]
    fn distances() {
        let d = super::distance;
        assert_eq!(
            (d("debian", "debian"), d("debain", "debian"), d("", "abc"), d("abc", "abd")),
            (0, 2, 3, 1)
        );
    }
}
