//! The provisioners for Windows, and the reboot, against the same guest. None of this runs a real Windows.

use super::*;

#[tokio::test]
async fn inline_powershell_is_wrapped_and_cleaned_up() {
    let guest = Guest::new();
    let options = "inline = [\"Get-Date\", \"exit 3\"]\n environment_vars = [\"A=x $y \\\"q\\\"\"]\n remote_path = \"c:/s.ps1\"\n remote_env_var_path = \"c:/v.ps1\"";
    guest.run("powershell", options).await.unwrap();
    let commands = guest.fake.commands();
    assert_eq!(commands[0], "powershell -executionpolicy bypass -file c:/s.ps1");
    assert!(
        commands[1].starts_with("powershell -executionpolicy bypass -file c:/Windows/Temp/packer-cleanup-")
    );
    let written = guest.fake.written();
    assert_eq!(written[0].0, "c:/v.ps1");
    assert!(
        written[0].1.starts_with("$env:A=\"x `$y `\"q`\"\"; $env:PACKER_BUILDER_TYPE=\"qemu\"; "),
        "{}",
        written[0].1
    );
    let script = &written[1].1;
    assert!(
        script.contains("try {\n$env:A=") && script.contains("\nGet-Date\nexit 3\n$exitCode = 0\n} catch"),
        "{script}"
    );
    assert!(script.ends_with("exit $exitCode\n"));
    let cleanup = &written[2].1;
    assert!(
        cleanup.contains("if (Test-Path c:/s.ps1) {Remove-Item c:/s.ps1}") && cleanup.contains("c:/v.ps1")
    );
}

#[tokio::test]
async fn powershell_scripts_and_their_commands() {
    let run = async |options: &str| {
        let guest = Guest::new();
        std::fs::write(guest.bench.place.join("a.ps1"), "Get-Item\r\n").unwrap();
        let common = "script = \"a.ps1\"\n remote_path = \"c:/s.ps1\"\n remote_env_var_path = \"c:/v.ps1\"\n skip_clean = true\n";
        guest.run("powershell", &format!("{common}{options}")).await.unwrap();
        assert_eq!(guest.fake.written()[1].1, "Get-Item\r\n", "as it is");
        guest.fake.commands()[0].clone()
    };
    let body = "& { if (Test-Path variable:global:ProgressPreference){set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'};. c:/v.ps1; &'c:/s.ps1'; exit $LastExitCode }";
    assert_eq!(run("").await, format!("powershell -executionpolicy bypass \"{body}\""));
    assert_eq!(
        run("use_pwsh = true\n execution_policy = \"remotesigned\"").await,
        format!("pwsh -executionpolicy remotesigned -command \"{body}\"")
    );
    assert_eq!(run("execution_policy = \"none\"").await, body);
    assert!(run("debug_mode = 1").await.contains("Set-PsDebug -Trace 1;. c:/v.ps1"));
    assert_eq!(run("execute_command = \"x {{.Vars}} {{ .Path }}\"").await, "x c:/v.ps1 c:/s.ps1");
}

#[tokio::test]
async fn elevated_powershell_is_a_scheduled_task() {
    let guest = Guest::new();
    guest
        .run(
            "powershell",
            "inline = [\"x\"]\n elevated_user = \"SYSTEM\"\n elevated_password = \"\"\n skip_clean = true",
        )
        .await
        .unwrap();
    let commands = guest.fake.commands();
    let path = commands[0]
        .strip_prefix("powershell -executionpolicy bypass -file \"")
        .unwrap()
        .trim_end_matches('"');
    let written = guest.fake.written();
    let (_, task, _) = written.iter().find(|(to, ..)| to == path).unwrap();
    assert!(task.contains("Schedule.Service") && task.contains("$user = 'SYSTEM'"), "{task}");
    assert!(task.contains("<Arguments>/c powershell -executionpolicy bypass -file c:/Windows/Temp/script-"));
    assert!(Guest::new().script(&[Goes::Exits(1)]).run("powershell", "inline = [\"x\"]").await.is_err());
    let allowed = "inline = [\"x\"]\n valid_exit_codes = [0, 3010]";
    Guest::new().script(&[Goes::Exits(3010)]).run("powershell", allowed).await.unwrap();
}

#[tokio::test]
async fn batch_scripts() {
    let guest = Guest::new();
    guest.run("windows-shell", "inline = [\"dir\", \"ver\"]\n environment_vars = [\"A=1\"]").await.unwrap();
    assert_eq!(guest.fake.written(), [("c:/Windows/Temp/script.bat".into(), "dir\nver\n".into(), 0o755)]);
    let command = "set \"A=1\" && set \"PACKER_BUILDER_TYPE=qemu\" && set \"PACKER_BUILD_NAME=x\" && \"c:/Windows/Temp/script.bat\"";
    assert_eq!(guest.fake.commands(), [command]);
    assert!(Guest::new().script(&[Goes::Exits(2)]).run("windows-shell", "inline = [\"x\"]").await.is_err());
}

#[tokio::test]
async fn a_windows_restart_is_followed() {
    let guest = Guest::new().answers(&[
        ("/t 0", "", Goes::Exits(1190)),
        ("/t 60", "", Goes::Exits(1115)),
        ("/t 60", "", Goes::DoesNotStart),
        ("EncodedCommand", "", Goes::DoesNotStart),
        ("EncodedCommand", "the shell is not ready", Goes::Exits(1)),
        ("EncodedCommand", "BOX restarted.", Goes::Exits(0)),
    ]);
    guest.run("windows-restart", "").await.unwrap();
    assert_eq!(guest.fake.commands().len(), 6, "{:?}", guest.fake.commands());
    // A registry key that says a restart is pending is waited for.
    let guest = Guest::new().answers(&[
        ("/t 60", "", Goes::Exits(0)),
        ("EncodedCommand", "BOX restarted.", Goes::Exits(0)),
        ("EncodedCommand", "True", Goes::Exits(0)),
        ("EncodedCommand", "BOX restarted.", Goes::Exits(0)),
        ("EncodedCommand", "False", Goes::Exits(0)),
    ]);
    guest
        .run(
            "windows-restart",
            "check_registry = true\n registry_keys = [\"HKLM:X\"]\n restart_check_command = \"whoami\"",
        )
        .await
        .unwrap();
    let commands = guest.fake.commands();
    assert!(commands.contains(&"shutdown /a".to_owned()), "the test is taken back: {commands:?}");
    assert_eq!(commands.iter().filter(|c| *c == "whoami").count(), 1, "{commands:?}");
    let error =
        Guest::new().answers(&[("/t 0", "", Goes::Exits(5))]).run("windows-restart", "").await.unwrap_err();
    assert!(error.failure().message.contains("exit code 5"), "{error:?}");
    let late = Guest::new().run("windows-restart", "restart_timeout = \"20ms\"").await.unwrap_err();
    assert!(late.failure().message.contains("not back within"), "{late:?}");
}

#[tokio::test]
async fn windows_updates_go_in_rounds() {
    let guest = Guest::new().answers(&[
        ("update-elevated", "something broke", Goes::Exits(0)),
        ("update-elevated", "Exiting with code 101", Goes::Exits(101)),
        ("pending-reboot", "", Goes::DoesNotStart),
        ("pending-reboot", "Exiting with code 0", Goes::Exits(0)),
        ("update-elevated", "Exiting with code 0", Goes::Exits(0)),
    ]);
    guest
        .run(
            "windows-update",
            "filters = [\"exclude:$_.Title -like '*Preview*'\", \"include:$true\"]\n update_limit = 25",
        )
        .await
        .unwrap();
    let commands = guest.fake.commands();
    assert_eq!(commands.iter().filter(|c| c.contains("update-elevated")).count(), 3, "{commands:?}");
    assert_eq!(commands.iter().filter(|c| c.contains("-t 0")).count(), 1);
    let written = guest.fake.written();
    assert_eq!(written.len(), 3);
    assert!(written[2].1.contains("Microsoft.Update.Session"), "the script itself");
    let never = Guest::new().answers(&[("update-elevated", "no end", Goes::Exits(0))]);
    let error = never.run("windows-update", "update_max_retries = 1").await.unwrap_err();
    assert!(error.failure().message.contains("did not finish"), "{error:?}");
}

#[tokio::test]
async fn a_reboot_ends_with_another_boot_id() {
    let guest = Guest::new().answers(&[
        ("boot_id", "one", Goes::Exits(0)),
        ("boot_id", "one", Goes::Exits(0)),
        ("boot_id", "", Goes::DoesNotStart),
        ("boot_id", "two", Goes::Exits(0)),
        ("reboot", "", Goes::Disconnects),
    ]);
    guest.run("reboot", "").await.unwrap();
    let refused = Guest::new().answers(&[("boot_id", "one", Goes::Exits(0)), ("reboot", "", Goes::Exits(1))]);
    assert!(refused.run("reboot", "").await.unwrap_err().failure().message.contains("did not take"));
    let same = Guest::new().answers(&[("boot_id", "a line", Goes::Exits(0))]);
    let late = same.run("reboot", "restart_timeout = \"30ms\"").await.unwrap_err();
    assert!(late.failure().message.contains("not back within"), "{late:?}");
}
