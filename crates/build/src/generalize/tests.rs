use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample build@x";

fn full(after: After) -> String {
    let credentials = Credentials {
        public_keys: vec![KEY.into()],
        lock_passwords: vec!["root".into()],
        remove_user: Some("builder".into()),
    };
    script(&Generalize::default(), &credentials, after)
}

#[test]
fn the_script_is_what_a_posix_shell_can_read() {
    // `sh -n` reads without running; dash, where it is the system's sh, knows nothing beyond POSIX.
    let text = full(After::PowerOff);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap_or_else(|e| panic!("{e}"));
    let inv = goldsmith_process::Invocation::new("sh").arg("-n").stdin_bytes(text.into_bytes());
    let cancel = tokio_util::sync::CancellationToken::new();
    let ran = runtime.block_on(goldsmith_process::capture(&goldsmith_process::System, &inv, &cancel));
    let ran = ran.unwrap_or_else(|e| panic!("{e}"));
    assert!(ran.exit.success(), "{}", ran.stderr);
}

#[test]
fn the_builds_key_goes_by_itself_without_its_comment() {
    let text = full(After::Nothing);
    assert!(text.contains("drop_key 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample'\n"), "{text}");
    assert!(text.contains("lock_password 'root'\n") && text.contains("remove_user 'builder'\n"));
    assert!(!text.contains("poweroff"), "{text}");
    assert!(full(After::PowerOff).contains("poweroff"));
}

#[test]
fn what_is_switched_off_is_left_alone() {
    let none = Generalize {
        machine_id: false,
        ssh_host_keys: false,
        build_credentials: false,
        cloud_init: false,
        logs: false,
        history: false,
        package_caches: false,
    };
    let text = script(
        &none,
        &Credentials { public_keys: vec![KEY.into()], ..Credentials::default() },
        After::Nothing,
    );
    for word in ["machine-id", "ssh_host", "drop_key", "cloud-init", "journal", "bash_history", "apt-get"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert_eq!(none.list(), ["DHCP leases, generated resolver settings and temporary files"]);
    assert_eq!(Generalize::default().list().len(), 8);
}

#[test]
fn text_from_outside_cannot_leave_its_quotes() {
    let credentials = Credentials { lock_passwords: vec!["a'; reboot; '".into()], ..Credentials::default() };
    let text = script(&Generalize::default(), &credentials, After::Nothing);
    assert!(text.contains(r"lock_password 'a'\''; reboot; '\'''"), "{text}");
}
