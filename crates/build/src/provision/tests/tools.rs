//! Puppet, Chef, Salt, goss and Ansible in the guest, against the same guest: what is uploaded and run. Their
//! behaviour is their documented contract; none of the tools runs here.

use super::*;

fn uploads(guest: &Guest) -> Vec<String> {
    let told = guest.fake.told.lock().unwrap();
    let name = |path: &str| path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
    told.iter()
        .filter_map(|told| match told {
            Told::Upload(from, to) => Some(format!("{} > {to}", name(&from.to_string_lossy()))),
            Told::UploadDir(from, to) => Some(format!("{}/ > {to}", name(from))),
            _ => None,
        })
        .collect()
}

fn ready() -> Guest {
    let guest = Guest::new();
    for folder in ["modules", "cookbooks", "states", "tests", "roles/web"] {
        std::fs::create_dir_all(guest.bench.place.join(folder)).unwrap();
    }
    for (file, text) in [
        ("site.pp", ""),
        ("hiera.yaml", ""),
        ("goss.yaml", ""),
        ("play.yml", ""),
        ("req.yml", "roles:\ncollections:\n"),
    ] {
        std::fs::write(guest.bench.place.join(file), text).unwrap();
    }
    guest
}

#[tokio::test]
async fn puppet_applies_a_manifest() {
    let guest = ready().answers(&[("puppet apply", "", Goes::Exits(2))]);
    let options = "manifest_file = \"site.pp\"\n module_paths = [\"modules\"]\n hiera_config_path = \"hiera.yaml\"\n facter = { role = \"web\" }\n clean_staging_directory = true";
    guest.run("puppet-masterless", options).await.unwrap();
    let s = "/tmp/packer-puppet-masterless";
    assert_eq!(
        uploads(&guest),
        [
            format!("hiera.yaml > {s}/hiera.yaml"),
            format!("modules/ > {s}/module-0"),
            format!("site.pp > {s}/manifests/site.pp")
        ]
    );
    let commands = guest.fake.commands();
    let apply = commands.iter().find(|c| c.contains("puppet apply")).unwrap();
    assert_eq!(
        *apply,
        format!(
            "cd {s} && FACTER_packer_build_name='x' FACTER_packer_builder_type='qemu' FACTER_role='web' sudo -E puppet apply --detailed-exitcodes --modulepath='{s}/module-0' --hiera_config='{s}/hiera.yaml' {s}/manifests/site.pp"
        )
    );
    assert_eq!(commands.last().unwrap(), &format!("sudo rm -rf '{s}'"));
    let failed = ready().answers(&[("puppet apply", "", Goes::Exits(4))]);
    assert!(failed.run("puppet-masterless", "manifest_file = \"site.pp\"").await.is_err());
    let ignored = ready().answers(&[("puppet apply", "", Goes::Exits(4))]);
    ignored.run("puppet-masterless", "manifest_file = \"site.pp\"\n ignore_exit_codes = true").await.unwrap();
    let agent = ready();
    agent
        .run("puppet-server", "puppet_server = \"p.example\"\n prevent_sudo = true\n puppet_node = \"n\"")
        .await
        .unwrap();
    let commands = agent.fake.commands();
    assert!(
        commands[1].ends_with(
            "puppet agent --onetime --no-daemonize --detailed-exitcodes --server='p.example' --certname='n' "
        ),
        "{commands:?}"
    );
}

#[tokio::test]
async fn chef_solo_gets_its_files() {
    let guest = ready();
    let options = "cookbook_paths = [\"cookbooks\"]\n run_list = [\"recipe[web]\"]\n json_string = jsonencode({ a = { b = 1 } })";
    guest.run("chef-solo", options).await.unwrap();
    let s = "/tmp/packer-chef-solo";
    let commands = guest.fake.commands();
    assert_eq!(commands[0], "curl -L https://omnitruck.chef.io/install.sh | sudo bash -s --");
    assert_eq!(
        commands.last().unwrap(),
        &format!("sudo chef-solo --no-color -c {s}/solo.rb -j {s}/node.json")
    );
    let written = guest.fake.written();
    assert!(
        written[0].1.contains(&format!("cookbook_path [\"{s}/cookbooks-0\"]"))
            && written[0].1.contains("accept-silent")
    );
    let node: serde_json::Value = serde_json::from_str(&written[1].1).unwrap();
    assert_eq!(node, serde_json::json!({"a": {"b": 1}, "run_list": ["recipe[web]"]}));
    let failed = ready().answers(&[("chef-solo --no", "", Goes::Exits(1))]);
    assert!(failed.run("chef-solo", "skip_install = true").await.is_err());
}

#[tokio::test]
async fn chef_client_registers_runs_and_leaves_the_server_clean() {
    let options = "server_url = \"https://chef.example/organizations/o\"\n node_name = \"web-1\"\n run_list = [\"recipe[web]\"]\n validation_client_name = \"o-validator\"\n ssl_verify_mode = \"verify_peer\"";
    let guest = ready();
    guest.run("chef-client", options).await.unwrap();
    let s = "/tmp/packer-chef-client";
    let commands = guest.fake.commands();
    assert_eq!(commands[0], "curl -L https://omnitruck.chef.io/install.sh | sudo bash -s --");
    assert_eq!(
        commands[commands.len() - 4..],
        [
            format!("sudo chef-client --no-color -c {s}/client.rb -j {s}/first-boot.json"),
            format!("sudo knife node delete web-1 -y -c {s}/knife.rb"),
            format!("sudo knife client delete web-1 -y -c {s}/knife.rb"),
            format!("sudo rm -rf '{s}'"),
        ]
    );
    let written = guest.fake.written();
    let config = &written[0].1;
    for line in [
        "chef_license \"accept-silent\"",
        "chef_server_url \"https://chef.example/organizations/o\"",
        "client_key \"/tmp/packer-chef-client/client.pem\"",
        "validation_client_name \"o-validator\"",
        "node_name \"web-1\"",
        "ssl_verify_mode :verify_peer",
    ] {
        assert!(config.contains(line), "{line}: {config}");
    }
    assert!(!config.contains("validation_key ") && !config.contains("policy"), "{config}");
    assert!(written[1].1.contains("node_name \"web-1\"") && written[2].1.contains("recipe[web]"));
    // A run that fails is told after the server is clean; a server that does not let go is only a warning.
    let more = format!("{options}\n skip_install = true\n skip_clean_staging_directory = true");
    let failed = ready().answers(&[("chef-client --no", "", Goes::Exits(1))]);
    assert!(failed.run("chef-client", &more).await.is_err());
    assert!(failed.fake.commands().iter().any(|command| command.contains("knife client delete")));
    let stubborn = ready().answers(&[("knife", "", Goes::Exits(100))]);
    stubborn.run("chef-client", &more).await.unwrap();
}

#[tokio::test]
async fn salt_states_are_put_in_place() {
    let guest = ready();
    guest
        .run(
            "salt-masterless",
            "local_state_tree = \"states\"\n skip_bootstrap = true\n custom_state = \"web\"",
        )
        .await
        .unwrap();
    let commands = guest.fake.commands();
    assert_eq!(
        commands[commands.len() - 2..],
        [
            "sudo mv '/tmp/salt/states' '/srv/salt'",
            "sudo salt-call --local state.sls web --file-root=/srv/salt --pillar-root=/srv/pillar --retcode-passthrough -l info"
        ]
    );
    let failed = ready().answers(&[("salt-call", "", Goes::Exits(2))]);
    assert!(
        failed.run("salt-masterless", "local_state_tree = \"states\"\n skip_bootstrap = true").await.is_err()
    );
}

#[tokio::test]
async fn goss_tests_run_and_their_specs_come_back() {
    let guest = ready();
    let options = "tests = [\"goss.yaml\", \"tests\"]\n use_sudo = true\n format = \"tap\"\n vars_inline = { a = \"1\" }\n vars_env = { E = \"2\" }";
    guest.run("goss", options).await.unwrap();
    assert_eq!(uploads(&guest), ["goss.yaml > /tmp/goss/goss.yaml", "tests/ > /tmp/goss/tests"]);
    let commands = guest.fake.commands();
    assert!(commands[1].starts_with("curl -sL -o /tmp/goss-0.4.2-linux-amd64 https://github.com/goss-org/goss/releases/download/v0.4.2/goss-linux-amd64 || wget"), "{commands:?}");
    assert_eq!(
        commands.last().unwrap(),
        "cd /tmp/goss && sudo E=\"2\" /tmp/goss-0.4.2-linux-amd64 --vars-inline '{\"a\":\"1\"}' validate --retry-timeout 0s --sleep 1s -f tap"
    );
    assert!(
        guest
            .fake
            .told
            .lock()
            .unwrap()
            .iter()
            .any(|t| matches!(t, Told::Download(from, _) if from == "/tmp/goss-spec.yaml"))
    );
    let failing = || ready().answers(&[("validate", "", Goes::Exits(1))]);
    assert!(failing().run("goss", "tests = [\"goss.yaml\"]\n skip_install = true").await.is_err());
    failing().run("goss", "tests = [\"goss.yaml\"]\n skip_install = true\n inspect = true").await.unwrap();
}

#[tokio::test]
async fn ansible_in_the_guest() {
    let guest = ready();
    let options = "playbook_file = \"play.yml\"\n role_paths = [\"roles/web\"]\n inventory_groups = [\"web\"]\n galaxy_file = \"req.yml\"\n staging_directory = \"/tmp/s\"\n clean_staging_directory = true\n extra_arguments = [\"-v\"]";
    guest.run("ansible-local", options).await.unwrap();
    assert_eq!(
        uploads(&guest),
        ["play.yml > /tmp/s/play.yml", "web/ > /tmp/s/roles/web", "req.yml > /tmp/s/req.yml"]
    );
    assert_eq!(guest.fake.written()[0].1, "[web]\n127.0.0.1\n");
    let commands = guest.fake.commands();
    assert!(
        commands.contains(
            &"cd /tmp/s && ansible-galaxy install -r /tmp/s/req.yml -p /tmp/s/galaxy_roles".to_owned()
        ),
        "{commands:?}"
    );
    assert!(
        commands.contains(
            &"cd /tmp/s && ansible-galaxy collection install -r /tmp/s/req.yml -p /tmp/s/galaxy_collections"
                .to_owned()
        )
    );
    let run = commands.iter().find(|c| c.contains("ansible-playbook")).unwrap();
    assert!(run.starts_with("cd /tmp/s && ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_COLLECTIONS_PATH:/tmp/s/galaxy_collections ANSIBLE_ROLES_PATH=$ANSIBLE_ROLES_PATH:/tmp/s/galaxy_roles ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook /tmp/s/play.yml --extra-vars"), "{run}");
    assert!(run.ends_with(" -v -c local -i /tmp/s/packer-provisioner-ansible-local-inventory"), "{run}");
    assert_eq!(commands.last().unwrap(), "rm -rf '/tmp/s'");
    let absent = ready().answers(&[("ansible-playbook", "", Goes::Exits(127))]);
    let error = absent.run("ansible-local", "playbook_files = [\"play.yml\"]").await.unwrap_err();
    assert!(error.failure().hints[0].contains("shell provisioner"), "{error:?}");
}
