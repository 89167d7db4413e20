# Opens WinRM for the build, as `Enable-PSRemoting` does: NTLM with encrypted messages, nothing weaker.
$ErrorActionPreference = 'Stop'

# On a public network Windows does not open the port.
Get-NetConnectionProfile | Set-NetConnectionProfile -NetworkCategory Private
Enable-PSRemoting -Force -SkipNetworkProfileCheck
Set-Item WSMan:\localhost\MaxTimeoutms 1800000
Set-NetFirewallRule -Name 'WINRM-HTTP-In-TCP' -RemoteAddress Any -Enabled True
