# After `azd down`: what went with the resource group, and what is left elsewhere, is forgotten, so that the next `azd up` begins anew.
# NANODET_TOPIC_ASSIGNMENTS is what the hook before has noted. Where the group is still there, somebody has said no.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'common.ps1')

if (-not $env:AZURE_ENV_NAME) { Stop-WithError 'azd sets AZURE_ENV_NAME' }
$group = "rg-$env:AZURE_ENV_NAME"
if ((Invoke-Native az group exists --name $group --output tsv) -ne 'false') {
    Write-Output "Resource group $group is still there: nothing is forgotten."
    exit 0
}
# The image went with its registry: the next provision begins with the placeholder, as the first one did.
Invoke-Native azd env set SERVICE_APP_IMAGE_NAME ''

if ($env:NANODET_TOPIC_ASSIGNMENTS) {
    foreach ($id in $env:NANODET_TOPIC_ASSIGNMENTS -split ' ' | Where-Object { $_ }) {
        Invoke-Native az role assignment delete --only-show-errors --ids $id | Out-Null
        Write-Output "Deleted the role assignment $id"
    }
    Invoke-Native azd env set NANODET_TOPIC_ASSIGNMENTS ''
}
