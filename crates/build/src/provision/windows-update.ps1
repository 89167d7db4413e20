# Searches, downloads and installs Windows updates through the Windows Update Agent, one round at a time.
# Ends with 0 when nothing is left to install, with 101 when a restart is needed before the next round, and always
# says "Exiting with code N" last: a script whose output ends otherwise did not finish.
param(
    [string]$SearchCriteria = 'BrowseOnly=0 and IsInstalled=0',
    [string[]]$Filters = @('include:$true'),
    [int]$UpdateLimit = 1000,
    [switch]$OnlyCheckForRebootRequired
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

function Stop-WithCode([int]$code) {
    Write-Output "Exiting with code $code"
    $host.SetShouldExit($code)
    exit $code
}
trap {
    Write-Output "ERROR: $_"
    Stop-WithCode 1
}

function Test-RestartRequired {
    $keys = @(
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending',
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootInProgress',
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
    )
    if (@($keys | Where-Object { Test-Path $_ }).Count -gt 0) { return $true }
    return [bool](New-Object -ComObject 'Microsoft.Update.SystemInfo').RebootRequired
}

# The first filter that holds decides; an update for which none holds is left alone.
$rules = @(foreach ($filter in $Filters) {
    $action, $expression = $filter -split ':', 2
    if ($action -notin 'include', 'exclude' -or [string]::IsNullOrEmpty($expression)) {
        throw "the filter '$filter' is not written as include:EXPRESSION or exclude:EXPRESSION"
    }
    @{ Include = $action -eq 'include'; Test = [ScriptBlock]::Create($expression) }
})
function Test-Wanted($update) {
    foreach ($rule in $rules) {
        if ($update | Where-Object $rule.Test) { return $rule.Include }
    }
    return $false
}

if (Test-RestartRequired) {
    Write-Output 'Windows has to be restarted first'
    Stop-WithCode 101
}
if ($OnlyCheckForRebootRequired) { Stop-WithCode 0 }

$session = New-Object -ComObject 'Microsoft.Update.Session'
$session.ClientApplicationID = 'windows-update'
Write-Output 'Searching for Windows updates...'
$found = $session.CreateUpdateSearcher().Search($SearchCriteria)
$chosen = New-Object -ComObject 'Microsoft.Update.UpdateColl'
$downloads = New-Object -ComObject 'Microsoft.Update.UpdateColl'
for ($i = 0; $i -lt $found.Updates.Count -and $chosen.Count -lt $UpdateLimit; $i++) {
    $update = $found.Updates.Item($i)
    # One that asks somebody something cannot be installed here.
    if ($update.InstallationBehavior.CanRequestUserInput) { continue }
    if (-not (Test-Wanted $update)) {
        Write-Output "Left alone: $($update.Title)"
        continue
    }
    if (-not $update.EulaAccepted) { [void]$update.AcceptEula() }
    Write-Output "Found: $($update.Title)"
    [void]$chosen.Add($update)
    if (-not $update.IsDownloaded) { [void]$downloads.Add($update) }
}
if ($chosen.Count -eq 0) {
    Write-Output 'No Windows updates are left to install'
    Stop-WithCode 0
}
if ($downloads.Count -gt 0) {
    Write-Output "Downloading $($downloads.Count) updates..."
    $downloader = $session.CreateUpdateDownloader()
    $downloader.Updates = $downloads
    [void]$downloader.Download()
}
Write-Output "Installing $($chosen.Count) updates..."
$installer = $session.CreateUpdateInstaller()
$installer.Updates = $chosen
$result = $installer.Install()
# 2: all installed; 3: all installed, some with errors to look at.
if ($result.ResultCode -notin 2, 3) {
    throw "the installation ended with result $($result.ResultCode) (HRESULT $($result.HResult))"
}
# Another round finds what these made possible; a restart between keeps Windows' own order.
Stop-WithCode 101
