#!/bin/sh
# Deletes everything of the deployment that costs by the hour, and keeps the storage account with its data (images, results, models,
# jobs), and the identities of the apps with their rights.
# `azd provision --no-state` and `azd deploy` with the same environment make the rest again around it.
# It takes AZURE_SUBSCRIPTION_ID, AZURE_ENV_NAME, AZURE_RESOURCE_GROUP and NANODET_STORAGE_ACCOUNT from the environment, or else from
# the azd environment in use.
set -eu
. "$(dirname "$0")/hooks/common.sh"

[ -n "${NANODET_STORAGE_ACCOUNT:-}" ] || read_settings
group=${AZURE_RESOURCE_GROUP:?"azd sets AZURE_RESOURCE_GROUP after provisioning"}
account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning"}

# Before the first delete: az has a subscription of its own, and a group of the same name may be there.
subscription=$(az account show --query id --output tsv)
if [ -n "${AZURE_SUBSCRIPTION_ID:-}" ] && [ "$(lower "$subscription")" != "$(lower "$AZURE_SUBSCRIPTION_ID")" ]; then
  stop "az uses subscription $subscription, this deployment is in $AZURE_SUBSCRIPTION_ID." \
    "Nothing was deleted. Run 'az account set --subscription $AZURE_SUBSCRIPTION_ID'"
fi
owner=$(az group show --name "$group" --query 'tags."azd-env-name"' --output tsv)
if [ -n "${AZURE_ENV_NAME:-}" ] && [ "$owner" != "$AZURE_ENV_NAME" ]; then
  stop "expected tag azd-env-name of resource group $group to be '$AZURE_ENV_NAME', found '$owner'." \
    "Nothing was deleted. Choose the environment with 'azd env select'"
fi
accounts=$(az resource list --resource-group "$group" --resource-type Microsoft.Storage/storageAccounts --query '[].name' --output tsv)
if ! printf '%s\n' "$accounts" | grep -qxF "$account"; then
  stop "expected storage account $account in resource group $group of subscription $subscription, found '$accounts'." \
    "Nothing was deleted. Choose the environment with 'azd env select', or the subscription with 'az account set'"
fi

# Every resource of these types.
delete_types() {
  for type in "$@"; do
    ids=$(az resource list --resource-group "$group" --resource-type "$type" --query '[].id' --output tsv)
    # A line is an id: names of those that Azure makes itself have spaces in them.
    printf '%s\n' "$ids" | while IFS= read -r id; do
      [ -n "$id" ] || continue
      az resource delete --only-show-errors --ids "$id" >/dev/null </dev/null
      echo "Deleted ${id##*/providers/}"
    done
  done
}

# In this order: apps before their environment, rights before the identity that has them, endpoints before their network. The detector
# rule comes with Application Insights, unasked.
delete_types Microsoft.App/containerApps Microsoft.App/managedEnvironments

# Microsoft.Authorization/roleAssignments of Event Grid's topic on the account: its identity goes with it, they would stay, and the next
# provision could not make them again under their names: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
# Those of Microsoft.ManagedIdentity/userAssignedIdentities stay with their identities, in the group and wherever somebody gave one.
scope=$(az group show --name "$group" --query id --output tsv)
topics=$(az resource list --resource-group "$group" --resource-type Microsoft.EventGrid/systemTopics \
  --query '[].identity.principalId' --output tsv)
for principal in $topics; do
  assignments=$(assignments_at "$scope" "$principal")
  printf '%s\n' "$assignments" | while IFS= read -r id; do
    [ -n "$id" ] || continue
    az role assignment delete --only-show-errors --ids "$id" >/dev/null </dev/null
    echo "Deleted the role assignment $id"
  done
done

delete_types Microsoft.EventGrid/systemTopics \
  Microsoft.Network/privateEndpoints Microsoft.Network/privateDnsZones/virtualNetworkLinks Microsoft.Network/privateDnsZones \
  Microsoft.Network/virtualNetworks Microsoft.DurableTask/schedulers Microsoft.Insights/scheduledQueryRules \
  Microsoft.Insights/metricAlerts Microsoft.AlertsManagement/smartDetectorAlertRules Microsoft.Insights/actionGroups \
  Microsoft.Insights/workbooks Microsoft.Insights/components Microsoft.OperationalInsights/workspaces \
  Microsoft.ContainerRegistry/registries

# The image went with its registry: the next provision begins with the placeholder, as the first one did.
if [ "$(azd env get-value NANODET_STORAGE_ACCOUNT 2>/dev/null || true)" = "$account" ]; then
  azd env set SERVICE_APP_IMAGE_NAME ""
else
  echo "azd uses another environment, or none. In that of this deployment run: azd env set SERVICE_APP_IMAGE_NAME \"\""
fi

resources=$(az resource list --resource-group "$group" --query '[].[type, name]' --output tsv)
left=$(printf '%s\n' "$resources" | ACCOUNT=$account awk -F '\t' \
  'NF > 1 && tolower($1) != "microsoft.managedidentity/userassignedidentities" && $2 != ENVIRON["ACCOUNT"] { print $1 " " $2 }')
if [ -n "$left" ]; then
  stop "expected only storage account $account and identities to be left in $group, found:
$left
Delete it there, or run this again"
fi
echo "Storage account $account is left in $group. Its bytes and its backups by soft delete cost as before."
echo "The identities of the apps are left, too. They cost nothing, and their rights are there when the apps come back."
echo "To make the rest again: azd provision --no-state && azd deploy. Without --no-state azd may skip what it does not know to be gone."
