//! The messages of WS-Management for a remote shell, and what is read from its answers.
//!
//! Facts: [MS-WSMV] 3.1.4.1.31 (shells); DMTF DSP0226. Answers are read by their element names alone: every server
//! chooses its own prefixes.

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;

const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
const ACTION: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";

/// What is asked of the server.
pub(super) enum Ask<'a> {
    Create,
    Command { shell: &'a str, line: &'a str },
    Send { shell: &'a str, command: &'a str, base64: &'a str, end: bool },
    Receive { shell: &'a str, command: &'a str },
    Terminate { shell: &'a str, command: &'a str },
    Delete { shell: &'a str },
}

impl Ask<'_> {
    fn action(&self) -> String {
        match self {
            Ask::Create => format!("{TRANSFER}/Create"),
            Ask::Delete { .. } => format!("{TRANSFER}/Delete"),
            Ask::Command { .. } => format!("{ACTION}/Command"),
            Ask::Send { .. } => format!("{ACTION}/Send"),
            Ask::Receive { .. } => format!("{ACTION}/Receive"),
            Ask::Terminate { .. } => format!("{ACTION}/Signal"),
        }
    }

    fn shell(&self) -> Option<&str> {
        match self {
            Ask::Create => None,
            Ask::Command { shell, .. }
            | Ask::Send { shell, .. }
            | Ask::Receive { shell, .. }
            | Ask::Terminate { shell, .. }
            | Ask::Delete { shell } => Some(shell),
        }
    }

    fn options(&self) -> &'static str {
        match self {
            Ask::Create => {
                r#"<w:OptionSet><w:Option Name="WINRS_NOPROFILE">FALSE</w:Option><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>"#
            }
            Ask::Command { .. } => {
                r#"<w:OptionSet><w:Option Name="WINRS_CONSOLEMODE_STDIN">TRUE</w:Option><w:Option Name="WINRS_SKIP_CMD_SHELL">FALSE</w:Option></w:OptionSet>"#
            }
            _ => "",
        }
    }

    fn body(&self) -> String {
        match self {
            Ask::Create => {
                "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>".to_owned()
            }
            Ask::Command { line, .. } => {
                format!("<rsp:CommandLine><rsp:Command>{}</rsp:Command></rsp:CommandLine>", escape(*line))
            }
            Ask::Send { command, base64, end, .. } => {
                let end = if *end { r#" End="TRUE""# } else { "" };
                format!(r#"<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}"{end}>{base64}</rsp:Stream></rsp:Send>"#)
            }
            Ask::Receive { command, .. } => {
                format!(r#"<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>"#)
            }
            Ask::Terminate { command, .. } => {
                format!(r#"<rsp:Signal CommandId="{command}"><rsp:Code>{ACTION}/signal/terminate</rsp:Code></rsp:Signal>"#)
            }
            Ask::Delete { .. } => String::new(),
        }
    }

    /// The whole message.
    pub(super) fn envelope(&self, to: &str, id: &str) -> String {
        let selector = self.shell().map_or_else(String::new, |shell| {
            format!(
                r#"<w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet>"#,
                escape(shell)
            )
        });
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="{ACTION}"><s:Header><a:To>{}</a:To><a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize><a:MessageID>uuid:{id}</a:MessageID><w:Locale s:mustUnderstand="false" xml:lang="en-US"/><p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/><w:OperationTimeout>PT20S</w:OperationTimeout><w:ResourceURI s:mustUnderstand="true">{SHELL}</w:ResourceURI><a:Action s:mustUnderstand="true">{}</a:Action>{selector}{}</s:Header><s:Body>{}</s:Body></s:Envelope>"#,
            escape(to),
            self.action(),
            self.options(),
            self.body()
        )
    }
}

/// A piece of output.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) stderr: bool,
    pub(super) base64: String,
}

/// What an answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) shell: Option<String>,
    pub(super) command: Option<String>,
    pub(super) pieces: Vec<Piece>,
    pub(super) done: bool,
    pub(super) exit: Option<i64>,
    pub(super) fault: Option<Fault>,
}

/// What a server refuses, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) text: String,
}

impl Fault {
    /// Nothing happened within the operation's time-out: asked again.
    pub(super) fn is_time_out(&self) -> bool {
        self.code == "2150858793"
    }
}

/// Reads an answer.
pub(super) fn read(xml: &str) -> Result<Answer, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut answer = Answer::default();
    let mut path: Vec<String> = Vec::new();
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => {
                path.push(local(tag.name().as_ref()));
                attributes = pairs(&tag);
                text.clear();
                opened(&mut answer, path.last().map_or("", String::as_str), &attributes);
            }
            Event::Empty(tag) => opened(&mut answer, &local(tag.name().as_ref()), &pairs(&tag)),
            Event::Text(piece) => {
                let raw = piece.to_string();
                text.push_str(&unescape(&raw).map_or_else(|_| raw.clone(), |text| text.into_owned()));
            }
            Event::GeneralRef(name) => {
                let raw = format!("&{};", &*name);
                text.push_str(&unescape(&raw).map_or_else(|_| raw.clone(), |text| text.into_owned()));
            }
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                closed(&mut answer, &name, &attributes, text.trim(), &path);
                text.clear();
                attributes.clear();
            }
            Event::Eof => return Ok(answer),
            _ => {}
        }
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

fn pairs(tag: &quick_xml::events::BytesStart<'_>) -> Vec<(String, String)> {
    tag.attributes()
        .flatten()
        .map(|attribute| (local(attribute.key.as_ref()), attribute.value.into_owned()))
        .collect()
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn opened(answer: &mut Answer, name: &str, attributes: &[(String, String)]) {
    match name {
        "CommandState" if attribute(attributes, "State").is_some_and(|state| state.ends_with("/Done")) => {
            answer.done = true;
        }
        "Fault" => drop(answer.fault.get_or_insert_with(Fault::default)),
        "WSManFault" => {
            let code = attribute(attributes, "Code").unwrap_or_default().to_owned();
            answer.fault.get_or_insert_with(Fault::default).code = code;
        }
        _ => {}
    }
}

fn closed(answer: &mut Answer, name: &str, attributes: &[(String, String)], text: &str, path: &[String]) {
    match name {
        "Selector" if attribute(attributes, "Name") == Some("ShellId") => {
            answer.shell = Some(text.to_owned())
        }
        "ShellId" => answer.shell = Some(text.to_owned()),
        "CommandId" => answer.command = Some(text.to_owned()),
        "Stream" if !text.is_empty() => {
            let stderr = attribute(attributes, "Name") == Some("stderr");
            answer.pieces.push(Piece { stderr, base64: text.to_owned() });
        }
        "ExitCode" => answer.exit = text.parse().ok(),
        "Text" | "Message" if !text.is_empty() && path.iter().any(|part| part == "Fault") => {
            if let Some(fault) = &mut answer.fault
                && fault.text.is_empty()
            {
                fault.text = text.to_owned();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]
    use super::*;

    #[test]
    fn answers_are_read_whatever_their_prefixes() {
        let xml = r#"<x:Envelope xmlns:x="e"><x:Body><q:ReceiveResponse xmlns:q="r"><q:Stream Name="stdout" CommandId="C">aGk=</q:Stream><q:Stream Name="stderr" CommandId="C" End="true"></q:Stream><q:CommandState CommandId="C" State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"><q:ExitCode>-1</q:ExitCode></q:CommandState></q:ReceiveResponse></x:Body></x:Envelope>"#;
        let answer = read(xml).unwrap();
        assert_eq!(answer.pieces, [Piece { stderr: false, base64: "aGk=".into() }]);
        assert!(answer.done);
        assert_eq!(answer.exit, Some(-1));
        let fault = r#"<s:Envelope><s:Body><s:Fault><s:Reason><s:Text xml:lang="en">a &amp; b</s:Text></s:Reason><s:Detail><f:WSManFault Code="2150858793" Machine="m"/></s:Detail></s:Fault></s:Body></s:Envelope>"#;
        let fault = read(fault).unwrap().fault.unwrap();
        assert!(fault.is_time_out());
    }

    #[test]
    fn commands_are_escaped() {
        let ask = Ask::Command { shell: "S", line: "echo \"a<b\" & dir" };
        let text = ask.envelope("http://h:5985/wsman", "1");
        assert!(text.contains("echo &quot;a&lt;b&quot; &amp; dir"), "{text}");
        assert!(text.contains(r#"Name="ShellId">S<"#));
    }
}
