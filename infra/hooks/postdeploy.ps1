#Requires -Version 7.3
# After a deployment: both apps get the image that azd has pushed, then one image goes the whole way.
# Settings (azd env set NAME VALUE): NANODET_SMOKE_IMAGE, an image file (default: a small grey one); NANODET_SMOKE_SECONDS, how long to
# wait for its result (default 1200: a GPU from zero takes minutes).
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

$account = $env:NANODET_STORAGE_ACCOUNT
$app = $env:NANODET_APP_NAME
$uri = $env:NANODET_APP_URI
$worker = $env:NANODET_WORKER_NAME
$limit = if ($env:NANODET_SMOKE_SECONDS) { [int] $env:NANODET_SMOKE_SECONDS } else { 1200 }
if (-not $account -or -not $app -or -not $uri) {
    Stop-WithError "azd sets NANODET_STORAGE_ACCOUNT, NANODET_APP_NAME and NANODET_APP_URI after provisioning: run 'azd provision' first"
}

function Invoke-Blob([string] $command, [string[]] $rest) {
    Invoke-Native az storage blob $command --only-show-errors --auth-mode login --account-name $account @rest @inSubscription
}

# Waits until a block is true.
function Wait-For([string] $what, [int] $seconds, [scriptblock] $test) {
    for ($left = $seconds; ; $left -= 10) {
        if (& $test) { return $true }
        if ($left -le 10) { break }
        Start-Sleep -Seconds 10
    }
    [Console]::Error.WriteLine("error: still not so: $what")
    return $false
}

function Test-Blob([string] $container, [string] $name) {
    (Invoke-Optional az storage blob exists --only-show-errors --auth-mode login --account-name $account `
        --container-name $container --name $name --query exists --output tsv @inSubscription) -eq 'true'
}

# An app that also detects is not ready without a model, and says so with 503: that it answers is enough here.
function Test-Live {
    [bool] ((Invoke-Optional curl --silent --show-error --max-time 20 "$uri/api/health") -match '"live": *true')
}

# The template knows how the apps look: with the image that azd has just pushed it gives them ports, probes and scale rules, and the
# worker the same image.
$image = $env:SERVICE_APP_IMAGE_NAME
if (-not $image) { Stop-WithError "azd sets SERVICE_APP_IMAGE_NAME when it deploys: run 'azd deploy'" }

# A tag can be moved, a digest cannot: both apps run, and a later provision runs again, exactly what was pushed.
$registry, $tagged = $image -split '/', 2
$registryName = ($registry -split '\.')[0]
if ($image -notmatch '@sha256:') {
    $repository = $tagged -replace ':[^:/]*$', ''
    $digest = Invoke-Native az acr repository show --only-show-errors --name $registryName --image $tagged --query digest --output tsv @inSubscription
    if ($digest -notmatch '^sha256:') { Stop-WithError "expected the registry to know the digest of $tagged, found '$digest'" }
    $image = "$registry/$repository@$digest"
    $env:SERVICE_APP_IMAGE_NAME = $image
    Invoke-Native azd env set SERVICE_APP_IMAGE_NAME $image
}

$env:NANODET_PREFLIGHT = 'off'
$env:NANODET_WITHIN_DEPLOY = 'true'
Invoke-Native azd provision --no-prompt --no-state
Write-Output "$app$(if ($worker) { " and $worker" }) run $image."

if (-not (Wait-For "$uri/api/health says that the app is alive" 600 { Test-Live })) { exit 1 }
Write-Output "$app answers."

if (-not (Wait-For 'a model is published in container models' 300 { Test-Blob models current.json })) {
    Write-Output 'No model is published yet, so nothing can be detected: docs/operations.md says how.'
    exit 0
}

$folder = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
New-Item -ItemType Directory -Path $folder | Out-Null
try {
    $file = $env:NANODET_SMOKE_IMAGE
    if (-not $file) {
        $file = Join-Path $folder 'smoke.png'
        [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String(
            'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAFklEQVR42mNoIAAYRhWMKhhVMFIVAABCAAAfN5c2AAAAAABJRU5ErkJggg=='))
    }
    $name = "smoke/$([DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ'))-$([IO.Path]::GetFileName($file))"
    Invoke-Blob upload @('--container-name', 'images', '--name', $name, '--file', $file, '--output', 'none')
    if (-not (Wait-For "container detections has images/$name.json" $limit { Test-Blob detections "images/$name.json" })) { exit 1 }
    $result = Join-Path $folder 'result.json'
    Invoke-Blob download @('--container-name', 'detections', '--name', "images/$name.json", '--file', $result, '--output', 'none')
    Invoke-Blob delete @('--container-name', 'images', '--name', $name, '--output', 'none')
    $record = Get-Content -LiteralPath $result -Raw
    if ($record -notmatch '"status": *"detected"') {
        Stop-WithError "expected the smoke test's image to be detected, found: $record"
    }
    $null = $record -match '"provider": *"[^"]*"'
    Write-Output "Smoke test passed: $($Matches[0]), images/$name.json."
}
finally {
    Remove-Item -LiteralPath $folder -Recurse -Force
}
