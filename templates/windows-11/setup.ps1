# Runs in the guest as Administrator. Your own steps go here.
$ErrorActionPreference = 'Stop'

# The rest of the virtio drivers and the guest agent, from the CD that Setup took disk and network from.
$cd = (Get-Volume | Where-Object { $_.DriveLetter -and (Test-Path "$($_.DriveLetter):\virtio-win-gt-x64.msi") } | Select-Object -First 1).DriveLetter
if (-not $cd) { throw 'The CD with the virtio drivers is not there.' }
foreach ($package in "${cd}:\virtio-win-gt-x64.msi", "${cd}:\guest-agent\qemu-ga-x86_64.msi") {
    $run = Start-Process msiexec -ArgumentList "/i `"$package`" /qn /norestart" -Wait -PassThru
    # 3010: installed, and wants a restart.
    if ($run.ExitCode -notin 0, 3010) { throw "$package ended with $($run.ExitCode)." }
}
