#Requires -Version 7.3
# Deletes everything of the deployment that costs by the hour, and keeps the storage account with its data (images, results, models,
# jobs), and the identities of the apps with their rights.
# `azd provision --no-state` and `azd deploy` with the same environment make the rest again around it.
# It takes AZURE_SUBSCRIPTION_ID, AZURE_ENV_NAME, AZURE_RESOURCE_GROUP and NANODET_STORAGE_ACCOUNT from the environment, or else from
# the azd environment in use.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'hooks/common.ps1')

if (-not $env:NANODET_STORAGE_ACCOUNT) { Read-Settings }
$group = Get-Setting AZURE_RESOURCE_GROUP
$account = Get-Setting NANODET_STORAGE_ACCOUNT
if (-not $group -or -not $account) {
    Stop-WithError "azd sets AZURE_RESOURCE_GROUP and NANODET_STORAGE_ACCOUNT after provisioning: run 'azd provision' first"
}

# Before the first delete: az has a subscription of its own, and a group of the same name may be there.
$subscription = Invoke-Native az account show --query id --output tsv
$wanted = Get-Setting AZURE_SUBSCRIPTION_ID
if ($wanted -and $subscription -ne $wanted) {
    Stop-WithError "az uses subscription $subscription, this deployment is in $wanted. Nothing was deleted. Run 'az account set --subscription $wanted'"
}
$environment = Get-Setting AZURE_ENV_NAME
$owner = Get-Owner $group
if ($environment -and $owner -cne $environment) {
    Stop-WithError ("expected tag azd-env-name of resource group $group to be '$environment', found '$owner'. " +
        "Nothing was deleted. Choose the environment with 'azd env select'")
}
$accounts = @(Invoke-Native az resource list --resource-group $group --resource-type Microsoft.Storage/storageAccounts --query '[].name' --output tsv)
if ($accounts -cnotcontains $account) {
    Stop-WithError ("expected storage account $account in resource group $group of subscription $subscription, found '$($accounts -join ' ')'. " +
        "Nothing was deleted. Choose the environment with 'azd env select', or the subscription with 'az account set'")
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

# In this order: apps before their environment, rights before the identity that has them, endpoints before their network. The detector
# rule comes with Application Insights, unasked.
Remove-Types 'Microsoft.App/containerApps', 'Microsoft.App/managedEnvironments'

# Microsoft.Authorization/roleAssignments of Event Grid's topic on the account: its identity goes with it, they would stay, and the next
# provision could not make them again under their names: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
# Those of Microsoft.ManagedIdentity/userAssignedIdentities stay with their identities, in the group and wherever somebody gave one.
$scope = Invoke-Native az group show --name $group --query id --output tsv
$topics = @(Invoke-Native az resource list --resource-group $group --resource-type Microsoft.EventGrid/systemTopics `
        --query '[].identity.principalId' --output tsv)
foreach ($principal in $topics) {
    foreach ($id in Get-Assignments $scope $principal) {
        Invoke-Native az role assignment delete --only-show-errors --ids $id | Out-Null
        Write-Output "Deleted the role assignment $id"
    }
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

$left = @(Invoke-Native az resource list --resource-group $group --query '[].[type, name]' --output tsv |
        Where-Object { ($_ -split "`t")[0] -ne 'Microsoft.ManagedIdentity/userAssignedIdentities' -and ($_ -split "`t")[1] -cne $account } |
        ForEach-Object { $_ -replace "`t", ' ' })
if ($left.Count -gt 0) {
    Stop-WithError "expected only storage account $account and identities to be left in $group, found: $($left -join ', '). Delete it there, or run this again"
}
Write-Output "Storage account $account is left in $group. Its bytes and its backups by soft delete cost as before."
Write-Output 'The identities of the apps are left, too. They cost nothing, and their rights are there when the apps come back.'
Write-Output 'To make the rest again: azd provision --no-state && azd deploy. Without --no-state azd may skip what it does not know to be gone.'
