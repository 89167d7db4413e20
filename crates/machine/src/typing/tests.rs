use super::*;

fn parsed(text: &str) -> Vec<Item> {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn seconds(item: &Item) -> Option<f64> {
    match item {
        Item::Wait(time) => Some(time.as_secs_f64()),
        _ => None,
    }
}

#[test]
fn every_layout_types_printable_ascii_with_its_own_strokes() {
    for name in Layout::NAMES {
        let layout = Layout::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(layout.name(), *name);
        let mut seen = std::collections::HashMap::new();
        for c in (' '..='~').chain(['\n', '\t']) {
            let typed = layout.key(c).unwrap_or_else(|| panic!("{name} has no key for {c:?}"));
            if let Some(other) = seen.insert((typed.key, typed.shift, typed.alt_gr), c) {
                panic!("{name}: {c:?} and {other:?} share {typed:?}");
            }
        }
    }
    assert_eq!(Layout::named("xx"), None);
    assert_eq!(Layout::us().key('é'), None);
}

#[test]
fn layouts_differ_where_they_should() {
    let strokes = |layout: &str, text: &str| -> String {
        let layout = Layout::named(layout).unwrap_or_else(Layout::us);
        let actions = actions(&parsed(text), layout).unwrap_or_else(|error| panic!("{error}"));
        let keys = actions.into_iter().flat_map(|action| match action {
            Action::Keys { strokes, .. } => strokes,
            _ => Vec::new(),
        });
        keys.map(|stroke| format!("{}{}", if stroke.down { "+" } else { "-" }, stroke.key.qcode()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(strokes("us", "aB"), "+a -a +shift +b -b -shift");
    assert_eq!(strokes("de", "z/"), "+y -y +shift +7 -7 -shift");
    assert_eq!(strokes("de", "@"), "+alt_r +q -q -alt_r");
    assert_eq!(strokes("de", "^"), "+grave_accent -grave_accent +spc -spc", "a dead key and a space");
    assert_eq!(strokes("fr", "a1"), "+q -q +shift +1 -1 -shift");
    assert_eq!(strokes("it", "{"), "+shift +alt_r +bracket_left -bracket_left -shift -alt_r");
}

#[test]
fn waits() {
    for (text, expected) in [
        ("<wait>", 1.0),
        ("<wait5>", 5.0),
        ("<wait120>", 120.0),
        ("<wait5s>", 5.0),
        ("<wait1m30s>", 90.0),
        ("<wait1.5s>", 1.5),
        ("<wait250ms>", 0.25),
        ("<wait1h>", 3600.0),
        ("<wait500us>", 0.0005),
    ] {
        let items = parsed(text);
        assert_eq!(items.len(), 1, "{text}");
        let found = seconds(&items[0]).unwrap_or_else(|| panic!("{text} is no wait"));
        assert!((found - expected).abs() < 1e-6, "{text}: {found}");
    }
    for text in ["<wait0>", "<wait0s>", "<wait-5s>"] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.excerpt, text);
    }
    // Packer's own grammar: the word in lower case, no leading zero, no space.
    for text in ["<Wait>", "<WAIT5>", "<wait05>", "<wait 5>", "<wait5x>", "<wait"] {
        assert!(parsed(text).iter().all(|item| matches!(item, Item::Char(_, Toggle::Press))), "{text}");
    }
}

#[test]
fn keys_and_what_only_looks_like_keys() {
    assert_eq!(parsed("<enter>"), [Item::Key(Key::Enter, Toggle::Press)]);
    assert_eq!(parsed("<ENTER><PageUp>").len(), 2, "case does not matter");
    assert_eq!(parsed("<leftShiftOn>"), [Item::Key(Key::LeftShift, Toggle::On)]);
    assert_eq!(parsed("<leftCTRLoff>"), [Item::Key(Key::LeftCtrl, Toggle::Off)]);
    assert_eq!(parsed("<f1><f10><f12On>")[1], Item::Key(Key::F10, Toggle::Press));
    assert_eq!(parsed("<xOn>"), [Item::Char('x', Toggle::On)]);
    assert_eq!(parsed("<XOFF>"), [Item::Char('X', Toggle::Off)]);
    assert_eq!(parsed("<<On><>off>"), [Item::Char('<', Toggle::On), Item::Char('>', Toggle::Off)]);
    let typed: String = parsed("<foo>a<")
        .into_iter()
        .map(|item| match item {
            Item::Char(c, Toggle::Press) => c,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(typed, "<foo>a<");
    assert_eq!(lookalikes("<esc><entr><wait><foo> <entr> a < b > <>"), ["<entr>", "<foo>"]);
}

#[test]
fn text_on_the_screen_is_waited_for() {
    assert_eq!(
        parsed("<waitForText \"boot:\" 90s>x"),
        [
            Item::WaitForText { text: "boot:".into(), within: Duration::from_secs(90) },
            Item::Char('x', Toggle::Press)
        ]
    );
    assert_eq!(
        parsed("<waitForText \"a > b\">"),
        [Item::WaitForText { text: "a > b".into(), within: Duration::from_secs(60) }]
    );
    for text in ["<waitForText boot>", "<waitForText \"a>", "<waitForText \"\">", "<waitForText \"a\" soon>"]
    {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_character_without_a_key_is_named() {
    let error = actions(&parsed("für"), Layout::us()).expect_err("no ü");
    assert_eq!(error.to_string(), "a keyboard with layout \"us\" has no key for `ü`");
}
