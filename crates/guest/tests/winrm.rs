//! WinRM against a double that speaks to PyPI's pywinrm as well, unmodified. No real Windows runs here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "winrm_double/mod.rs"]
mod winrm_double;

use std::time::Duration;

use goldsmith_guest::{Login, Secret, Stream, WinrmError, WinrmSession, WinrmTarget};
use goldsmith_process::{Invocation, System, capture};
use tokio_util::sync::CancellationToken;
use winrm_double::{Double, PASSWORD, USER};

fn target(double: &Double, login: Login) -> WinrmTarget {
    WinrmTarget {
        host: "127.0.0.1".into(),
        port: double.port,
        username: USER.into(),
        password: Secret::new(PASSWORD.to_owned()),
        tls: false,
        any_certificate: false,
        no_proxy: true,
        login,
        request_timeout: Duration::from_secs(30),
        unix_time: 1_700_000_000,
    }
}

async fn output(session: &WinrmSession, line: &str) -> (u32, String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let code = session
        .exec(line, &CancellationToken::new(), &mut |stream, line| {
            let to = if stream == Stream::Stdout { &mut out } else { &mut err };
            to.push_str(line);
            to.push('\n');
        })
        .await
        .unwrap();
    (code, out, err)
}

#[tokio::test]
async fn commands_give_their_output_and_codes() {
    for login in [Login::Basic, Login::Ntlm] {
        let double = Double::start().await;
        let session = WinrmSession::new(target(&double, login));
        assert_eq!(output(&session, "say one & <two>").await, (0, "one & <two>\n".into(), String::new()));
        assert_eq!(output(&session, "complain no").await, (7, String::new(), "no\n".into()));
        // Packer's 2147942501 is a code of Windows: unsigned, 32 bits.
        assert_eq!(output(&session, "exit -2147024795").await.0, 2_147_942_501);
        assert_eq!(output(&session, "slow").await, (0, "after a time-out\n".into(), String::new()));
        assert_eq!(double.open_shells(), 0, "every shell is deleted");
        assert_eq!(
            double.logins(),
            if login == Login::Ntlm { 1 } else { 0 },
            "one login serves all commands"
        );
    }
}

#[tokio::test]
async fn files_go_up_and_come_back() {
    let double = Double::start().await;
    let session = WinrmSession::new(target(&double, Login::Ntlm));
    let cancel = CancellationToken::new();
    for size in [0, 1, 3071, 3072, 300_000] {
        let bytes: Vec<u8> = (0..size).map(|at: usize| (at * 7 % 251) as u8).collect();
        session.upload(&bytes, "C:/Windows/Temp/it's.bin", &cancel).await.unwrap();
        assert_eq!(double.file("C:/Windows/Temp/it's.bin").unwrap(), bytes, "{size}");
        assert_eq!(session.download("C:/Windows/Temp/it's.bin", &cancel).await.unwrap(), bytes, "{size}");
    }
    let absent = session.download("C:/absent", &cancel).await.unwrap_err();
    assert!(matches!(absent, WinrmError::Transfer { .. }), "{absent}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_with_what_would_do() {
    let double = Double::start().await;
    for login in [Login::Basic, Login::Ntlm] {
        let wrong = WinrmTarget { password: Secret::new("wrong".to_owned()), ..target(&double, login) };
        let session = WinrmSession::new(wrong);
        let error = session.exec("say x", &CancellationToken::new(), &mut |_, _| {}).await.unwrap_err();
        assert!(matches!(error, WinrmError::LoginRefused { .. }), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
}

#[tokio::test]
async fn cancelling_returns_at_once_and_the_session_still_serves() {
    let double = Double::start().await;
    let session = WinrmSession::new(target(&double, Login::Ntlm));
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let mut quiet = |_: Stream, _: &str| {};
    let asked = session.exec("hang", &cancel, &mut quiet);
    let waiting = async {
        while double.open_shells() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(asked, waiting);
    assert_eq!(ended.unwrap_err(), WinrmError::Cancelled);
    assert_eq!(output(&session, "say again").await.1, "again\n");
}

/// The double must be what an independent client takes for WinRM.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pywinrm_takes_the_double_for_a_server() {
    let python = std::env::var_os("GOLDSMITH_TEST_PYTHON")
        .map_or_else(|| "python3".to_owned(), |path| path.to_string_lossy().into_owned());
    let cancel = CancellationToken::new();
    let there = capture(&System, &Invocation::new(&python).args(["-c", "import winrm"]), &cancel).await;
    if !there.is_ok_and(|run| run.exit.success()) {
        eprintln!(
            "skipped: PyPI's pywinrm is not installed for {python} (GOLDSMITH_TEST_PYTHON names another)"
        );
        return;
    }
    let double = Double::start().await;
    let script = "import sys, winrm\n\
        for transport, how in (('basic', 'never'), ('ntlm', 'always')):\n\
        \x20   s = winrm.Session(sys.argv[1], auth=(sys.argv[2], sys.argv[3]), transport=transport, message_encryption=how)\n\
        \x20   r = s.run_cmd('say', ['hello', 'there'])\n\
        \x20   print(transport, r.status_code, r.std_out.decode().strip())\n\
        \x20   r = s.run_cmd('complain', ['no'])\n\
        \x20   print(transport, r.status_code, r.std_err.decode().strip())\n\
        try:\n\
        \x20   winrm.Session(sys.argv[1], auth=(sys.argv[2], sys.argv[3]), transport='ntlm', message_encryption='never').run_cmd('say', ['x'])\n\
        \x20   print('unencrypted taken')\n\
        except Exception as e:\n\
        \x20   print('unencrypted refused')\n";
    let url = format!("http://127.0.0.1:{}/wsman", double.port);
    let run = Invocation::new(&python)
        .args(["-c", script, &url, USER, PASSWORD])
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let ended = capture(&System, &run, &cancel).await.unwrap();
    let expected = "basic 0 hello there\nbasic 7 no\nntlm 0 hello there\nntlm 7 no\nunencrypted refused\n";
    assert_eq!(ended.stdout, expected, "{}", ended.stderr);
}
