#Requires -Version 7.3
# After provisioning: puts a checkpoint and its config into container `checkpoints`. The coordinator exports, verifies and publishes
# it as soon as it runs, and makes it current. So what is there already is not put there again: a later model, or one that somebody
# went back to, stays current.
# Settings (azd env set NAME VALUE): NANODET_CHECKPOINT, a .pth or .ckpt file; NANODET_CONFIG, its .yml.
# NANODET_CHECKPOINT_UPLOAD=always uploads both whatever is there. NANODET_WITHIN_DEPLOY is the deployment's own: nothing is uploaded then.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

$account = $env:NANODET_STORAGE_ACCOUNT
if (-not $account) { Stop-WithError "azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first" }
$checkpoint = $env:NANODET_CHECKPOINT
$config = $env:NANODET_CONFIG
$when = if ($env:NANODET_CHECKPOINT_UPLOAD) { $env:NANODET_CHECKPOINT_UPLOAD } else { 'changed' }
if ($env:NANODET_WITHIN_DEPLOY -ceq 'true') {
    Write-Output "Within a deployment no checkpoint is uploaded: 'azd provision' does that."
    exit 0
}
if (-not $checkpoint -and -not $config) {
    Write-Output 'No model is published: set NANODET_CHECKPOINT and NANODET_CONFIG, or publish one later.'
    exit 0
}
foreach ($file in $checkpoint, $config) {
    if (-not $file -or -not (Test-Path -LiteralPath $file -PathType Leaf)) {
        Stop-WithError "expected NANODET_CHECKPOINT and NANODET_CONFIG to name two files, found '$checkpoint' and '$config'"
    }
}
if ($when -cnotin 'changed', 'always') { Stop-WithError "NANODET_CHECKPOINT_UPLOAD: expected changed or always, found '$when'" }

# A role that was just assigned is not known everywhere yet: what went wrong in the end, and the command.
function Invoke-Patiently([string] $problem, [string] $command, [string[]] $rest) {
    for ($try = 1; $try -le 20; $try++) {
        try {
            return Invoke-Native az storage blob $command --only-show-errors --auth-mode login --account-name $account `
                --container-name checkpoints @rest @inSubscription
        }
        catch {
            if ($try -lt 20) { Start-Sleep -Seconds 15 }
        }
    }
    Stop-WithError "$problem container checkpoints of ${account}; is AZURE_PRINCIPAL_ID yours?"
}

function Get-Md5([string] $file) { (Get-FileHash -LiteralPath $file -Algorithm MD5).Hash.ToLowerInvariant() }

# Whether a blob has an MD5: this hook writes it down, and storage computes it for what comes in one piece.
function Test-There([string] $name, [string] $md5) {
    foreach ($line in $there) {
        $part = $line -split "`t"
        if ($part[0] -cne $name) { continue }
        if ($part[1] -eq $md5) { return $true }
        if ($part[2] -match '^[A-Za-z0-9+/]{22}==$') {
            return [Convert]::ToHexString([Convert]::FromBase64String($part[2])).ToLowerInvariant() -eq $md5
        }
    }
    return $false
}

function Send-Blob([string] $name, [string] $file, [string] $md5) {
    Invoke-Patiently "'$file' could not be uploaded to" upload @(
        '--overwrite', 'true', '--name', $name, '--file', $file, '--metadata', "md5=$md5") | Out-Null
    $script:uploaded += $name
}

# The two belong together by their name.
$stem = [IO.Path]::GetFileNameWithoutExtension($checkpoint)
$ending = [IO.Path]::GetExtension($checkpoint)
$configMd5 = Get-Md5 $config
$checkpointMd5 = Get-Md5 $checkpoint
$there = @()
if ($when -eq 'changed') {
    $there = @(Invoke-Patiently 'found no way to look into' list @(
            '--prefix', "$stem.", '--include', 'm', '--query',
            '[].[name, metadata.md5, properties.contentSettings.contentMd5, properties.lastModified]', '--output', 'tsv'))
}

# Whether the pair has a report: one that is not newer than both is an older pair's.
function Test-Reported {
    $changed = @{}
    foreach ($line in $there) {
        $part = $line -split "`t"
        $changed[$part[0]] = "$($part[3])"
    }
    $report = "$($changed["$stem.report.json"])"
    foreach ($name in "$stem.yml", "$stem$ending") {
        if ([string]::CompareOrdinal($report, "$($changed[$name])") -le 0) { return $false }
    }
    return $true
}

# The code of a report that says that the pair was refused; nothing where it was published.
function Get-Refusal {
    $file = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
    try {
        Invoke-Optional az storage blob download --only-show-errors --auth-mode login --account-name $account --container-name checkpoints `
            --name "$stem.report.json" --file $file --output none @inSubscription
        $report = Get-Content -LiteralPath $file -Raw -ErrorAction SilentlyContinue
        if ("$report" -match '"status": *"refused"') {
            if ($report -match '"error":\s*{\s*"code": *"([^"]*)"') { $Matches[1] } else { 'refused' }
        }
    }
    finally {
        Remove-Item -LiteralPath $file -ErrorAction SilentlyContinue
    }
}

# Nobody has seen a pair without a report: its event may have been lost, so it is put there again.
$script:uploaded = @()
if (-not (Test-There "$stem.yml" $configMd5)) { Send-Blob "$stem.yml" $config $configMd5 }
if (-not (Test-There "$stem$ending" $checkpointMd5) -or ($script:uploaded.Count -eq 0 -and -not (Test-Reported))) {
    Send-Blob "$stem$ending" $checkpoint $checkpointMd5
}
if ($script:uploaded.Count -gt 0) {
    Write-Output "Uploaded $($script:uploaded -join ' and ') to container checkpoints of $account."
    exit 0
}
$code = Get-Refusal
if ($code) {
    [Console]::Error.WriteLine("warning: $stem.yml and $stem$ending are in container checkpoints of $account already, and $stem.report.json there says")
    [Console]::Error.WriteLine("that they were not published: $code. Nothing is uploaded. To try again, set NANODET_CHECKPOINT_UPLOAD to always for one azd provision")
}
else {
    Write-Output "$stem.yml and $stem$ending are in container checkpoints of $account already, with a report: nothing is uploaded."
}
exit 0
