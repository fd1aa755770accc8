#Requires -Version 7.3
# After `azd down`: what went with the resource group, and what is left elsewhere, is forgotten, so that the next `azd up` begins anew.
# NANODET_TOPIC_ASSIGNMENTS is what the hook before has noted. Where the group is still there, somebody has said no.
# The group is gone whatever happens here: what does not work is a warning with what to do.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

if (-not $env:AZURE_ENV_NAME) { Stop-WithError 'azd sets AZURE_ENV_NAME' }
$group = "rg-$env:AZURE_ENV_NAME"
$noted = @("$env:NANODET_TOPIC_ASSIGNMENTS" -split ' ' | Where-Object { $_ })
try {
    $exists = Invoke-Native az group exists --name $group --output tsv @inSubscription
}
catch {
    [Console]::Error.WriteLine("warning: whether resource group $group is gone cannot be looked up, so nothing is forgotten. If it is gone, run:")
    [Console]::Error.WriteLine("azd env set SERVICE_APP_IMAGE_NAME '' && azd env set NANODET_DELETE_DATA false")
    foreach ($id in $noted) { [Console]::Error.WriteLine("az role assignment delete --ids $id") }
    exit 0
}
if ($exists -ne 'false') {
    Write-Output "Resource group $group is still there: nothing is forgotten."
    exit 0
}
# The image went with its registry: the next provision begins with the placeholder, as the first one did.
Invoke-Native azd env set SERVICE_APP_IMAGE_NAME ''
# Somebody agreed to delete this data, and not that of the next deployment.
Invoke-Native azd env set NANODET_DELETE_DATA false

if ($noted.Count -gt 0) {
    $left = foreach ($id in $noted) {
        try {
            Invoke-Native az role assignment delete --only-show-errors --ids $id | Out-Null
            Write-Host "Deleted the role assignment $id"
        }
        catch {
            [Console]::Error.WriteLine("warning: a role assignment could not be deleted. As long as it is there, an 'azd up' with this topic fails:")
            [Console]::Error.WriteLine("az role assignment delete --ids $id")
            $id
        }
    }
    Invoke-Native azd env set NANODET_TOPIC_ASSIGNMENTS ($left -join ' ')
}
exit 0
