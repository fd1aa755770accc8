# Deletes everything of the deployment that costs by the hour, and keeps the storage account with its data: images, results, models, jobs.
# `azd provision` with the same environment makes the rest again around it.
# It takes AZURE_RESOURCE_GROUP, NANODET_STORAGE_ACCOUNT and NANODET_JOB_END_TOPIC_ID from the environment, or else from the azd
# environment in use.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'hooks/common.ps1')

$group = $env:AZURE_RESOURCE_GROUP
$account = $env:NANODET_STORAGE_ACCOUNT
$topic = $env:NANODET_JOB_END_TOPIC_ID
if (-not $account) {
    $values = Invoke-Native azd env get-values --output json | ConvertFrom-Json
    $group = $values.AZURE_RESOURCE_GROUP
    $account = $values.NANODET_STORAGE_ACCOUNT
    $topic = $values.NANODET_JOB_END_TOPIC_ID
}
if (-not $group -or -not $account) {
    Stop-WithError "azd sets AZURE_RESOURCE_GROUP and NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"
}

# Every resource of these types.
function Remove-Types([string[]] $types) {
    foreach ($type in $types) {
        $ids = Invoke-Native az resource list --resource-group $group --resource-type $type --query '[].id' --output tsv
        foreach ($id in $ids) {
            Invoke-Native az resource delete --only-show-errors --ids $id | Out-Null
            Write-Output "Deleted $(($id -split '/providers/')[-1])"
        }
    }
}

# In this order: apps before their environment and their rights, rights before their identities, endpoints before their network. The
# detector rule comes with Application Insights, unasked.
Remove-Types 'Microsoft.App/containerApps', 'Microsoft.App/managedEnvironments'

# Microsoft.Authorization/roleAssignments of the account, of the topic, and of all else that stays: with a new identity under the old
# name, the next provision could not make them again.
foreach ($id in Get-Assignments $group $topic) {
    Invoke-Native az role assignment delete --only-show-errors --ids $id | Out-Null
    Write-Output "Deleted the role assignment $id"
}

Remove-Types @(
    'Microsoft.EventGrid/systemTopics',
    'Microsoft.Network/privateEndpoints', 'Microsoft.Network/privateDnsZones/virtualNetworkLinks', 'Microsoft.Network/privateDnsZones',
    'Microsoft.Network/virtualNetworks', 'Microsoft.DurableTask/schedulers', 'Microsoft.Insights/scheduledQueryRules',
    'Microsoft.Insights/metricAlerts', 'Microsoft.AlertsManagement/smartDetectorAlertRules', 'Microsoft.Insights/actionGroups',
    'Microsoft.Insights/workbooks', 'Microsoft.Insights/components', 'Microsoft.OperationalInsights/workspaces',
    'Microsoft.ContainerRegistry/registries'
)

# The image went with its registry: the next provision begins with the placeholder, as the first one did.
if ((Invoke-Optional azd env get-value NANODET_STORAGE_ACCOUNT) -eq $account) { Invoke-Native azd env set SERVICE_APP_IMAGE_NAME '' }
else { Write-Output "azd uses another environment, or none. In that of this deployment run: azd env set SERVICE_APP_IMAGE_NAME ''" }

Remove-Types 'Microsoft.ManagedIdentity/userAssignedIdentities'
$left = @(Invoke-Native az resource list --resource-group $group --query '[].name' --output tsv)
if ($left.Count -ne 1 -or $left[0] -ne $account) {
    Stop-WithError "expected only storage account $account to be left in $group, found: $($left -join ', ')"
}
Write-Output "Storage account $account is left in $group. Its bytes and its backups by soft delete cost as before."
