#!/bin/sh
# What the scripts that delete have in common; they read it.

# Ids of the role assignments of every identity in resource group $1, a line each: those of its subscription, and those on the topic of
# NANODET_JOB_END_TOPIC_ID, which may be in another one. An assignment stays when its identity goes, and the template gives the same
# name again: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
assignments_of() {
  subscription=$(az group show --name "$1" --query id --output tsv) || return
  subscription=${subscription%%/resourceGroups/*}
  principals=$(az identity list --resource-group "$1" --query '[].principalId' --output tsv) || return
  of_resources=$(az resource list --resource-group "$1" --query '[?identity.principalId].identity.principalId' --output tsv) || return
  assignments=
  for principal in $principals $of_resources; do
    for scope in "$subscription" ${NANODET_JOB_END_TOPIC_ID:+"$NANODET_JOB_END_TOPIC_ID"}; do
      found=$(az rest --method get --url "$scope/providers/Microsoft.Authorization/roleAssignments" \
        --url-parameters api-version=2022-04-01 "\$filter=principalId eq '$principal'" --query 'value[].id' --output tsv) || return
      assignments="$assignments
$found"
    done
  done
  printf '%s\n' "$assignments" | grep . | sort -u
}
