//! `schedule`: the rebuild of what is behind, by systemd's user timers or cron.

use std::path::PathBuf;

use goldsmith_app::{Core, WireError, write_private};

use crate::args_suite;
use crate::output::Output;

const NAME: &str = "goldsmith-rebuild";

/// Prints, installs or removes the schedule.
pub async fn schedule(core: &Core, output: &Output, args: args_suite::Schedule) -> Result<u8, WireError> {
    let setup = core.setup();
    let folder = match (setup.env.get("XDG_CONFIG_HOME").filter(|text| !text.is_empty()), setup.env.home()) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(home)) => home.join(".config"),
        (None, None) => {
            return Err(WireError::environment("no_home", "there is no home folder (HOME is not set)"));
        }
    }
    .join("systemd/user");
    let units = units(core, &args)?;
    let paths: Vec<PathBuf> = units.iter().map(|(end, _)| folder.join(format!("{NAME}.{end}"))).collect();
    if args.cron {
        output.line(&cron(core, &args)?);
        if !output.json {
            output.note("Add this line with `crontab -e`.");
        }
        return Ok(0);
    }
    if args.remove {
        let disabled = systemctl(core, &["disable", "--now", &format!("{NAME}.timer")]).await;
        for path in &paths {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unwritable(path, &error));
                }
                _ => output.line(&format!("removed {}", path.display())),
            }
        }
        // The files are what counts; without a running systemd there is nothing to disable.
        if let Err(error) = disabled {
            output.note(&format!("systemd was not told: {}", error.title));
        }
        return Ok(0);
    }
    for (path, (_, text)) in paths.iter().zip(&units) {
        if args.apply {
            std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
            write_private(path, text.as_bytes()).map_err(|error| unwritable(path, &error))?;
            output.line(&format!("wrote {}", path.display()));
        } else {
            output.line(&format!("# {}\n{text}", path.display()));
        }
    }
    if !args.apply {
        output.note("Nothing was changed; --apply installs it.");
        return Ok(0);
    }
    systemctl(core, &["daemon-reload"]).await?;
    systemctl(core, &["enable", "--now", &format!("{NAME}.timer")]).await?;
    output.line(&format!("{NAME}.timer is on; `systemctl --user list-timers` shows when it runs next."));
    Ok(0)
}

fn unwritable(path: &std::path::Path, error: &std::io::Error) -> WireError {
    WireError::environment("unwritable", format!("cannot change {}", path.display())).because(error)
}

/// The service and the timer.
fn units(core: &Core, args: &args_suite::Schedule) -> Result<[(&'static str, String); 2], WireError> {
    let setup = core.setup();
    let bad = |c: char| c.is_control();
    if args.at.contains(bad) {
        return Err(WireError::input("bad_time", "a time is one line, such as daily or Mon 03:00"));
    }
    // systemd reads % and \ itself.
    let quoted =
        |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('%', "%%").replace('"', "\\\""));
    let program = quoted(&setup.program.display().to_string());
    let mut service = format!(
        "[Unit]\nDescription=Rebuild the images of Goldsmith's library that are behind\n\n[Service]\nType=oneshot\nNice=10\n\
         ExecStart={program} rebuild --outdated --force\n"
    );
    for name in ["GOLDSMITH_HOME", "PATH"] {
        if let Some(value) = setup.env.get(name).filter(|value| !value.is_empty()) {
            service.push_str(&format!("Environment={}\n", quoted(&format!("{name}={value}"))));
        }
    }
    let timer = format!(
        "[Unit]\nDescription=Rebuild the images of Goldsmith's library that are behind\n\n[Timer]\nOnCalendar={}\nPersistent=true\n\n\
         [Install]\nWantedBy=timers.target\n",
        args.at
    );
    Ok([("service", service), ("timer", timer)])
}

fn cron(core: &Core, args: &args_suite::Schedule) -> Result<String, WireError> {
    let when = match args.at.as_str() {
        "hourly" => "@hourly".to_owned(),
        "daily" => "@daily".to_owned(),
        "weekly" => "@weekly".to_owned(),
        "monthly" => "@monthly".to_owned(),
        own if own.split_whitespace().count() == 5 => own.to_owned(),
        own => {
            return Err(WireError::input("bad_time", format!("\"{own}\" is no time of cron"))
                .hint("Write hourly, daily, weekly, monthly, or cron's five fields: --at '0 3 * * 1'."));
        }
    };
    let setup = core.setup();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''").replace('%', r"\%"));
    let home = setup.env.get("GOLDSMITH_HOME").filter(|value| !value.is_empty());
    let home = home.map(|home| format!("GOLDSMITH_HOME={} ", quoted(home))).unwrap_or_default();
    Ok(format!("{when} {home}{} rebuild --outdated --force", quoted(&setup.program.display().to_string())))
}

async fn systemctl(core: &Core, arguments: &[&str]) -> Result<(), WireError> {
    core.run_program("systemctl", &[&["--user"], arguments].concat(), "install the schedule").await
}
