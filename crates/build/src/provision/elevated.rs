//! Running a command in a Windows guest with all rights: as a scheduled task.
//!
//! A logon over the network (WinRM, SSH) has no right to some things, Windows Update among them; a task of the task
//! scheduler has. The task writes its output to a file, which the script that started it repeats line by line until
//! the task is over; the script then ends with the task's exit code (sdk, guestexec: the method, not the text).

use crate::error::StepError;
use crate::provision::{Communicator, ProvisionContext};

/// Whose task it is.
pub(crate) struct Elevation<'a> {
    pub(crate) user: &'a str,
    /// Empty for SYSTEM and other accounts of services.
    pub(crate) password: &'a str,
}

/// Escapes what PowerShell gives a meaning inside double quotes, as Packer does (a back quote before each of
/// `` $ " ` ' ``).
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '$' | '"' | '`' | '\'') {
            out.push('`');
        }
        out.push(c);
    }
    out
}

/// A text as a PowerShell literal in single quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `powershell -EncodedCommand`'s argument: UTF-16LE in base64.
pub(crate) fn encoded(script: &str) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// The script that runs `command` (for `cmd /c`) as a task called `name` and removes itself from `path`.
pub(crate) fn script(command: &str, elevation: &Elevation<'_>, name: &str, path: &str) -> String {
    let log = format!("%SYSTEMROOT%/Temp/{name}.out");
    let arguments = xml(&format!("/c {command} > {log} 2>&1"));
    let user = quoted(elevation.user);
    let user_xml = xml(elevation.user).replace('\'', "''");
    let password = quoted(elevation.password);
    format!(
        r#"$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$name = '{name}'
$output = [Environment]::ExpandEnvironmentVariables('{log}')
$user = {user}
$password = {password}
$scheduler = New-Object -ComObject 'Schedule.Service'
$scheduler.Connect()
$definition = $scheduler.NewTask($null)
$description = [xml]@'
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Packer elevated task</Description></RegistrationInfo>
  <Principals><Principal id="Author"><UserId>{user_xml}</UserId><LogonType>Password</LogonType><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
  </Settings>
  <Actions Context="Author"><Exec><Command>cmd</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
'@
$logon = 1
if ($password.Length -eq 0) {{
  # An account of a service: the task has no password and says nothing of how to log on.
  $logon = 5
  $password = $null
  $space = New-Object System.Xml.XmlNamespaceManager($description.NameTable)
  $space.AddNamespace('t', $description.DocumentElement.NamespaceURI)
  $node = $description.SelectSingleNode('//t:LogonType', $space)
  [void]$node.ParentNode.RemoveChild($node)
}}
$definition.XmlText = $description.OuterXml
$folder = $scheduler.GetFolder('\')
[void]$folder.RegisterTaskDefinition($name, $definition, 6, $user, $password, $logon, $null)
$task = $folder.GetTask("\$name")
[void]$task.Run($null)
$patience = 100
while ($task.State -ne 4 -and $patience -gt 0) {{ Start-Sleep -Milliseconds 100; $patience-- }}
$shown = 0
do {{
  $over = $task.State -eq 3
  if (Test-Path $output) {{
    Get-Content $output -ErrorAction SilentlyContinue | Select-Object -Skip $shown | ForEach-Object {{ $shown++; "$_" }}
  }}
  if (-not $over) {{ Start-Sleep -Milliseconds 100 }}
}} while (-not $over)
$result = $task.LastTaskResult
Remove-Item $output -Force -ErrorAction SilentlyContinue
Remove-Item '{path}' -Force -ErrorAction SilentlyContinue
$folder.DeleteTask($name, 0)
exit $result
"#
    )
}

/// Uploads the script that runs `command` elevated; the command that starts it.
pub(crate) async fn prepare(
    guest: &dyn Communicator,
    cx: &ProvisionContext,
    command: &str,
    elevation: &Elevation<'_>,
) -> Result<String, StepError> {
    let id = cx.step.fresh();
    let path = format!("C:/Windows/Temp/packer-elevated-shell-{id}.ps1");
    let text = script(command, elevation, &format!("packer-{id}"), &path);
    guest.write(&cx.step, text.as_bytes(), &path, 0o644).await?;
    Ok(format!("powershell -executionpolicy bypass -file \"{path}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_for_powershell_and_xml() {
        assert_eq!(escaped(r#"a$b"c`d'e"#), "a`$b`\"c``d`'e");
        assert_eq!(quoted("it's"), "'it''s'");
        assert_eq!(encoded("dir"), "ZABpAHIA");
        let elevation = Elevation { user: "O'Neil", password: "p'w$x" };
        let text = script("powershell \"a & b\" > 'x'", &elevation, "packer-1", "C:/p.ps1");
        assert!(text.contains("<Arguments>/c powershell &#34;a &amp; b&#34; &gt; &#39;x&#39; &gt; %SYSTEMROOT%/Temp/packer-1.out 2&gt;&amp;1</Arguments>"), "{text}");
        assert!(text.contains("$password = 'p''w$x'") && text.contains("$user = 'O''Neil'"));
        assert!(text.contains("<UserId>O&#39;Neil</UserId>"));
    }
}
