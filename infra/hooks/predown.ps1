#Requires -Version 7.3
# Before `azd down`: it deletes the resource group and with it the images, results and models. Only somebody who has said so wants that.
# Settings (azd env set NAME VALUE): NANODET_DELETE_DATA=true.
# The coordinator's right on the topic of NANODET_JOB_END_TOPIC_ID lies outside the group. It is noted in NANODET_TOPIC_ASSIGNMENTS, and
# deleted after the group: here somebody may still say no. What an earlier run has noted stays noted.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

if ($env:NANODET_DELETE_DATA -cne 'true') {
    $account = if ($env:NANODET_STORAGE_ACCOUNT) { $env:NANODET_STORAGE_ACCOUNT } else { '(not made yet)' }
    [Console]::Error.WriteLine("error: 'azd down' would delete storage account $account with every image, result and model in it.")
    [Console]::Error.WriteLine("To keep the account and delete all else: pwsh infra/down.ps1")
    [Console]::Error.WriteLine("To delete the account, too: azd env set NANODET_DELETE_DATA true, then 'azd down --purge'")
    exit 1
}
Write-Output 'NANODET_DELETE_DATA is true: the storage account is deleted with everything in it.'

$topic = $env:NANODET_JOB_END_TOPIC_ID
if (-not $topic) { exit 0 }
$group = if ($env:AZURE_RESOURCE_GROUP) { $env:AZURE_RESOURCE_GROUP } else { "rg-$env:AZURE_ENV_NAME" }
try {
    $principals = @(Invoke-Native az identity list --resource-group $group `
            --query "[?starts_with(name, 'id-coordinator-')].principalId" --output tsv @inSubscription)
    $found = @($principals | Where-Object { $_ } | ForEach-Object { Get-Assignments $topic $_ })
}
catch {
    [Console]::Error.WriteLine("warning: the role assignments on $topic cannot be looked up: delete the coordinator's there, or the next 'azd up' fails")
    exit 0
}
if ($found.Count -gt 0) {
    $noted = @("$env:NANODET_TOPIC_ASSIGNMENTS" -split ' ') + $found | Where-Object { $_ } | Sort-Object -Unique
    Invoke-Native azd env set NANODET_TOPIC_ASSIGNMENTS ($noted -join ' ')
}
exit 0
