# After provisioning: puts a checkpoint and its config into container `checkpoints`. The coordinator exports, verifies and publishes
# it as soon as it runs.
# Settings (azd env set NAME VALUE): NANODET_CHECKPOINT, a .pth or .ckpt file; NANODET_CONFIG, its .yml.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

$account = $env:NANODET_STORAGE_ACCOUNT
if (-not $account) { Stop-WithError "azd sets NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first" }
$checkpoint = $env:NANODET_CHECKPOINT
$config = $env:NANODET_CONFIG
if (-not $checkpoint -and -not $config) {
    Write-Output 'No model is published: set NANODET_CHECKPOINT and NANODET_CONFIG, or publish one later.'
    exit 0
}
foreach ($file in $checkpoint, $config) {
    if (-not $file -or -not (Test-Path -LiteralPath $file -PathType Leaf)) {
        Stop-WithError "expected NANODET_CHECKPOINT and NANODET_CONFIG to name two files, found '$checkpoint' and '$config'"
    }
}

# A role that was just assigned is not known everywhere yet.
function Send-Blob([string] $name, [string] $file) {
    for ($try = 1; $try -le 20; $try++) {
        try {
            Invoke-Native az storage blob upload --only-show-errors --auth-mode login --account-name $account `
                --container-name checkpoints --overwrite true --name $name --file $file | Out-Null
            return
        }
        catch {
            if ($try -lt 20) { Start-Sleep -Seconds 15 }
        }
    }
    Stop-WithError "'$file' could not be uploaded to container checkpoints of ${account}; is AZURE_PRINCIPAL_ID yours?"
}

# The two belong together by their name.
$stem = [IO.Path]::GetFileNameWithoutExtension($checkpoint)
$ending = [IO.Path]::GetExtension($checkpoint)
Send-Blob "$stem.yml" $config
Send-Blob "$stem$ending" $checkpoint
Write-Output "Uploaded $stem.yml and $stem$ending to container checkpoints of $account."
