#!/bin/sh
# Deletes everything of the deployment that costs by the hour, and keeps the storage account with its data: images, results, models, jobs.
# `azd provision` with the same environment makes the rest again around it.
# It takes AZURE_RESOURCE_GROUP, NANODET_STORAGE_ACCOUNT and NANODET_JOB_END_TOPIC_ID from the environment, or else from the azd
# environment in use.
set -eu
. "$(dirname "$0")/hooks/common.sh"

if [ -z "${NANODET_STORAGE_ACCOUNT:-}" ] && values=$(azd env get-values 2>/dev/null); then
  eval "$values"
fi
group=${AZURE_RESOURCE_GROUP:?"azd sets AZURE_RESOURCE_GROUP after provisioning"}
account=${NANODET_STORAGE_ACCOUNT:?"azd sets NANODET_STORAGE_ACCOUNT after provisioning"}

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

# In this order: apps before their environment and their rights, rights before their identities, endpoints before their network. The
# detector rule comes with Application Insights, unasked.
delete_types Microsoft.App/containerApps Microsoft.App/managedEnvironments

# Microsoft.Authorization/roleAssignments of the account, of the topic, and of all else that stays: with a new identity under the old
# name, the next provision could not make them again.
assignments=$(assignments_of "$group")
printf '%s\n' "$assignments" | while IFS= read -r id; do
  [ -n "$id" ] || continue
  az role assignment delete --only-show-errors --ids "$id" >/dev/null </dev/null
  echo "Deleted the role assignment $id"
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

delete_types Microsoft.ManagedIdentity/userAssignedIdentities
left=$(az resource list --resource-group "$group" --query '[].name' --output tsv)
if [ "$left" != "$account" ]; then
  echo "error: expected only storage account $account to be left in $group, found:" >&2
  echo "$left" >&2
  exit 1
fi
echo "Storage account $account is left in $group. Its bytes and its backups by soft delete cost as before."
