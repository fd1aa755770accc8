#!/bin/sh
# Before anything is created: whether `azd up` can work with this environment's settings, on this machine, in this subscription and region.
# azd runs it before it provisions. By hand it takes the settings from the environment, or else from the azd environment in use.
# Prints one line for each check: ok, warn or error. Ends with 1 when there was an error.
# Settings: AZURE_ENV_NAME, AZURE_LOCATION, AZURE_SUBSCRIPTION_ID and every NANODET_... of docs/operations.md. NANODET_PREFLIGHT=off skips it.
set -eu
. "$(dirname "$0")/hooks/common.sh"

if [ "${NANODET_PREFLIGHT:-on}" = off ]; then
  echo "Preflight is off."
  exit 0
fi

[ -n "${AZURE_ENV_NAME:-}" ] || read_settings

errors=0
ok() { echo "ok     $*"; }
warn() { echo "warn   $*"; }
error() {
  echo "error  $*"
  errors=$((errors + 1))
}

# Whether version $1 is at least $2.
at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]
}

# A tool, its version, the least that is needed, and where it comes from.
tool() {
  if [ -z "$2" ]; then
    error "$1 is missing: $4"
  elif at_least "$2" "$3"; then
    ok "$1 $2"
  else
    error "$1: expected $3 or later, found $2: $4"
  fi
}

number() { sed -n 's/^[^0-9]*\([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1; }
version_of() { { "$@" 2>/dev/null || true; } | number; }

az_version=$(version_of az version --query '"azure-cli"' --output tsv)
tool az "$az_version" 2.70.0 "https://learn.microsoft.com/cli/azure/install-azure-cli"
tool azd "$(version_of azd version)" 1.20.0 "https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd"
bicep_version=$(version_of az bicep version)
if [ -z "$bicep_version" ]; then
  ok "bicep: az has none; azd brings its own"
else
  tool bicep "$bicep_version" 0.36.0 "az bicep upgrade"
fi
command -v curl >/dev/null || error "curl is missing: the hooks ask the app for its health with it"

location=${AZURE_LOCATION:-}
environment=${AZURE_ENV_NAME:-}
hosting=${NANODET_HOSTING:-gpu-t4}
topology=${NANODET_TOPOLOGY:-split}
store=${NANODET_ORCHESTRATION_STORE:-storage}
provider=${NANODET_SCHEDULER_PROVIDER:-false}
workers=${NANODET_MAX_WORKERS:-3}
[ -n "$environment" ] || error "AZURE_ENV_NAME is not set: run 'azd env new NAME'"
[ -n "$location" ] || error "AZURE_LOCATION is not set: run 'azd env set AZURE_LOCATION REGION'"

# Settings that contradict each other or lead nowhere.
case $hosting in
  gpu-t4) profile=Consumption-GPU-NC8as-T4 card=T4 ;;
  gpu-a100) profile=Consumption-GPU-NC24-A100 card=A100 ;;
  cpu) profile= card= ;;
  *) profile= card= && error "NANODET_HOSTING: expected gpu-t4, gpu-a100 or cpu, found '$hosting'" ;;
esac
[ -z "$card" ] || profile=${NANODET_GPU_PROFILE_TYPE:-$profile}
case $topology in split | single) ;; *) error "NANODET_TOPOLOGY: expected split or single, found '$topology'" ;; esac
case $store in storage | scheduler) ;; *) error "NANODET_ORCHESTRATION_STORE: expected storage or scheduler, found '$store'" ;; esac
case $provider in true | false) ;; *) error "NANODET_SCHEDULER_PROVIDER: expected true or false, found '$provider'" ;; esac
private=${NANODET_PRIVATE_NETWORK:-false}
case $private in true | false) ;; *) error "NANODET_PRIVATE_NETWORK: expected true or false, found '$private'" ;; esac
case $workers in
  [1-9] | [1-9][0-9] | 100) ;;
  *)
    error "NANODET_MAX_WORKERS: expected a number from 1 to 100, found '$workers'"
    workers=1
    ;;
esac
if [ "$store" = scheduler ] && [ "$provider" = false ]; then
  error "NANODET_ORCHESTRATION_STORE=scheduler needs an image with its provider: azd env set NANODET_SCHEDULER_PROVIDER true"
fi
# Some versions before it built in the registry without the arguments of azure.yaml: https://github.com/Azure/azure-dev/issues/7990
azd_version=$(version_of azd version)
if [ "$provider" = true ] && [ -n "$azd_version" ] && ! at_least "$azd_version" 1.26.0; then
  error "NANODET_SCHEDULER_PROVIDER=true needs azd 1.26.0 or later, found $azd_version: the image would be built without the provider"
fi
[ "$topology" = split ] || workers=1
# A machine inside the network needs no address of its own, and nothing here can tell where this one is.
if [ "$private" = true ] && [ -z "${NANODET_ALLOWED_IP_ADDRESSES:-}" ]; then
  warn "NANODET_PRIVATE_NETWORK=true keeps the hooks out of storage, unless this machine is inside the network: azd env set NANODET_ALLOWED_IP_ADDRESSES with its public address"
fi
for file in "${NANODET_CHECKPOINT:-}" "${NANODET_CONFIG:-}"; do
  [ -z "$file" ] || [ -f "$file" ] || error "there is no file '$file' (NANODET_CHECKPOINT and NANODET_CONFIG name a checkpoint and its config)"
done
case ${NANODET_CHECKPOINT_UPLOAD:-changed} in
  changed | always) ;;
  *) error "NANODET_CHECKPOINT_UPLOAD: expected changed or always, found '$NANODET_CHECKPOINT_UPLOAD'" ;;
esac
if [ "${NANODET_MONTHLY_BUDGET:-0}" != 0 ] && { [ -z "${NANODET_ALERT_EMAIL:-}" ] || [ -z "${NANODET_BUDGET_START:-}" ]; }; then
  error "NANODET_MONTHLY_BUDGET needs NANODET_ALERT_EMAIL and NANODET_BUDGET_START, or there is no budget"
fi
# How many months after this one the budget begins; empty where there is none.
this_month=$(date -u +%Y-%m-01)
ahead=
if [ "${NANODET_MONTHLY_BUDGET:-0}" != 0 ] && [ -n "${NANODET_BUDGET_START:-}" ]; then
  case $NANODET_BUDGET_START in
    [0-9][0-9][0-9][0-9]-0[1-9]-01 | [0-9][0-9][0-9][0-9]-1[0-2]-01)
      ahead=$(echo "$NANODET_BUDGET_START-$this_month" | awk -F - '{ print ($1 - $4) * 12 + $2 - $5 }')
      [ "$ahead" -le 12 ] || error "NANODET_BUDGET_START: expected at most twelve months after $this_month, found '$NANODET_BUDGET_START'"
      ;;
    *) error "NANODET_BUDGET_START: expected the first day of a month, such as $this_month, found '$NANODET_BUDGET_START'" ;;
  esac
fi
if [ "$(echo "${NANODET_NIGHTLY_SCHEDULE:-0 0 2 * * *}" | awk '{ print NF }')" != 6 ]; then
  error "NANODET_NIGHTLY_SCHEDULE: expected six fields, seconds first, found '$NANODET_NIGHTLY_SCHEDULE'"
fi
if { [ -n "${NANODET_WARM_START:-}" ] && [ -z "${NANODET_WARM_END:-}" ]; } || { [ -z "${NANODET_WARM_START:-}" ] && [ -n "${NANODET_WARM_END:-}" ]; }; then
  error "NANODET_WARM_START and NANODET_WARM_END belong together"
fi
if [ -n "${NANODET_JOB_END_WEBHOOK:-}${NANODET_JOB_END_WEBHOOK_HOSTS:-}" ] && [ -z "${NANODET_JOB_END_KEY_VAULT_URL:-}" ]; then
  error "NANODET_JOB_END_WEBHOOK and NANODET_JOB_END_WEBHOOK_HOSTS need NANODET_JOB_END_KEY_VAULT_URL, or the coordinator does not start"
fi
case $(lower "${NANODET_JOB_END_TOPIC_ID:-}") in
  "" | /subscriptions/*/resourcegroups/*/providers/microsoft.eventgrid/topics/*) ;;
  *) error "NANODET_JOB_END_TOPIC_ID: expected the resource id of an Event Grid topic, found '$NANODET_JOB_END_TOPIC_ID'" ;;
esac
[ -n "${NANODET_ALERT_EMAIL:-}" ] || warn "NANODET_ALERT_EMAIL is not set: alerts are seen in the portal only"

# What follows asks Azure.
finish() {
  if [ "$errors" -gt 0 ]; then
    echo "Preflight found $errors error(s); nothing was created."
    exit 1
  fi
  echo "Preflight found nothing that stands in the way."
  exit 0
}
[ -n "$az_version" ] || finish
if ! account=$(az account show --query '[id, state, name]' --output tsv 2>/dev/null); then
  error "az is not signed in: run 'az login'; the hooks use az beside azd"
  finish
fi
subscription=$(echo "$account" | awk 'NR == 1 { print $1 }')
state=$(echo "$account" | tr '\t' '\n' | sed -n 2p)
if [ "$state" = Enabled ]; then
  ok "subscription $subscription is enabled"
else
  error "subscription $subscription: expected state Enabled, found '$state'"
fi
if [ -n "${AZURE_SUBSCRIPTION_ID:-}" ] && [ "$(lower "$AZURE_SUBSCRIPTION_ID")" != "$(lower "$subscription")" ]; then
  error "az uses subscription $subscription, azd uses $AZURE_SUBSCRIPTION_ID: run 'az account set --subscription $AZURE_SUBSCRIPTION_ID'"
  # What follows would be said of another subscription.
  finish
fi

registered=$(az provider list --query "[?registrationState=='Registered'].namespace" --output tsv)
needed="Microsoft.App Microsoft.ContainerRegistry Microsoft.EventGrid Microsoft.Insights Microsoft.ManagedIdentity
  Microsoft.OperationalInsights Microsoft.Storage"
[ "$private" != true ] || needed="$needed Microsoft.Network"
[ "${NANODET_MONTHLY_BUDGET:-0}" = 0 ] || needed="$needed Microsoft.Consumption"
[ "$store" != scheduler ] || needed="$needed Microsoft.DurableTask"
missing=
for namespace in $needed; do
  echo "$registered" | grep -qix "$namespace" || missing="$missing $namespace"
done
if [ -z "$missing" ]; then
  ok "resource providers are registered"
else
  for namespace in $missing; do
    error "provider $namespace is not registered: az provider register --namespace $namespace"
  done
fi

# azd keeps the name of the image that it pushed last, also where the registry is gone: the apps could not start.
image=${SERVICE_APP_IMAGE_NAME:-}
case $image in
  *.azurecr.*/*)
    registry=${image%%.*}
    found=$(az resource list --resource-type Microsoft.ContainerRegistry/registries --name "$registry" --query '[].name' --output tsv)
    if [ -z "$found" ]; then
      error "SERVICE_APP_IMAGE_NAME: there is no registry $registry for the image $image: azd env set SERVICE_APP_IMAGE_NAME \"\", and 'azd up' builds it again"
    elif [ -n "$(az acr repository show --name "$registry" --image "${image#*/}" --query digest --output tsv 2>/dev/null </dev/null || true)" ]; then
      ok "registry $registry has the image"
    else
      warn "registry $registry does not show the image $image: if it is gone, azd env set SERVICE_APP_IMAGE_NAME \"\", and 'azd up' builds it again"
    fi
    ;;
esac

if [ -n "$card" ] && [ -n "$location" ]; then
  supported=$(az containerapp env workload-profile list-supported --location "$location" --query '[].name' --output tsv 2>/dev/null || true)
  if [ -z "$supported" ]; then
    warn "the workload profiles of $location cannot be listed: is the extension there? az extension add --name containerapp"
  elif echo "$supported" | grep -qix "$profile"; then
    ok "$location offers $profile"
  else
    error "$location does not offer $profile: choose another region, NANODET_HOSTING or NANODET_GPU_PROFILE_TYPE"
  fi

  # What a region offers is not what the subscription may use of it. There is a quota for dedicated profiles of some cards, too.
  usages=$(az rest --method get --url "/subscriptions/$subscription/providers/Microsoft.App/locations/$location/usages?api-version=2025-07-01" \
    --query "value[?contains(name.value, '$card')].[name.value, currentValue, limit]" --output tsv 2>/dev/null || true)
  usages=$(printf '%s\n' "$usages" | awk -F '\t' 'tolower($1) ~ /consumption/')
  if [ -z "$usages" ]; then
    warn "the quota for $card GPUs in $location cannot be read: look in the portal under Quotas, Azure Container Apps"
  else
    free=$(echo "$usages" | awk -F '\t' 'NR == 1 || $3 - $2 < least { least = $3 - $2 } END { printf "%d", least }')
    limit=$(echo "$usages" | awk -F '\t' 'NR == 1 || $3 < least { least = $3 } END { printf "%d", least }')
    if [ "$free" -ge "$workers" ]; then
      ok "quota for $free $card GPU(s) in $location"
    elif [ "$limit" -ge 1 ]; then
      warn "quota for $free more of $limit $card GPU(s) in $location, fewer than the $workers workers that may run: the others would wait"
    else
      error "no quota for $card GPUs in $location: ask for it in the portal under Quotas, Azure Container Apps"
    fi
  fi
fi

# The name of a region: "Sweden Central" is swedencentral.
plain() { printf '%s' "$1" | tr -d ' ' | tr '[:upper:]' '[:lower:]'; }

# What is deployed and does not become what the settings ask for: docs/operations.md, "What cannot be changed later".
compare_with_deployed() {
  anew="set it back; or let all work end, run infra/down.sh, which keeps the storage account, and then azd provision --no-state && azd deploy"
  where=$(az group show --name "$group" --query location --output tsv)
  if [ -n "$location" ] && [ "$(plain "$where")" != "$(plain "$location")" ]; then
    error "AZURE_LOCATION is $location, and resource group $group is in $where, where it stays: set it back, or run 'azd env new' for another deployment"
  fi

  apps=$(az resource list --resource-group "$group" --resource-type Microsoft.App/containerApps --query '[].name' --output tsv)
  others=
  for app in $apps; do
    case $topology:$app in
      split:ca-nanodet-* | single:ca-coordinator-* | single:ca-worker-*) others="${others:+$others, }$app" ;;
    esac
  done
  if [ -n "$others" ]; then
    error "NANODET_TOPOLOGY is $topology, and $others of the other one would go on beside the new: $anew"
  fi

  is_private=false
  [ "$private" != true ] || is_private=true
  environments=$(az resource list --resource-group "$group" --resource-type Microsoft.App/managedEnvironments --query '[].id' --output tsv)
  for id in $environments; do
    subnet=$(az resource show --ids "$id" --query properties.vnetConfiguration.infrastructureSubnetId --output tsv)
    case $subnet in "" | None) was_private=false ;; *) was_private=true ;; esac
    if [ "$was_private" != "$is_private" ]; then
      error "NANODET_PRIVATE_NETWORK is $is_private, and the apps' environment was made with $was_private: $anew"
    fi
    profiles=$(az resource show --ids "$id" --query 'properties.workloadProfiles[].[name, workloadProfileType]' --output tsv)
    kept=$(printf '%s\n' "$profiles" | awk -F '\t' 'NF > 1 && tolower($2) != "consumption" { print $1 " (" $2 ")" }')
    gone=$(printf '%s\n' "$kept" | grep -vixF "$hosting ($profile)" | paste -s -d ' ' -)
    if [ -n "$gone" ]; then
      error "NANODET_HOSTING is $hosting${profile:+ ($profile)}, and an app uses profile $gone, which cannot be taken away from it: $anew"
    elif [ -n "$card" ] && [ -z "$kept" ]; then
      warn "NANODET_HOSTING=$hosting gives a GPU to a deployment without one, which nobody has tried"
    fi
  done
}

# A budget keeps the month that it was made with; a new one cannot begin in a month that is over. Whether the group is there.
check_budget() {
  [ -n "$ahead" ] || return 0
  made=
  if [ "$1" = true ] && ! made=$(az rest --method get \
    --url "/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Consumption/budgets?api-version=2024-08-01" \
    --query "value[?starts_with(name, 'budget-')].properties.timePeriod.startDate" --output tsv 2>/dev/null); then
    warn "the budgets of $group cannot be read: a new one cannot begin before $this_month, and one that is there keeps its NANODET_BUDGET_START"
    return 0
  fi
  if [ -n "$made" ]; then
    echo "$made" | cut -c 1-10 | grep -qxF "$NANODET_BUDGET_START" \
      || error "NANODET_BUDGET_START is $NANODET_BUDGET_START, and the budget keeps the day that it was made with: azd env set NANODET_BUDGET_START $(echo "$made" | head -n 1 | cut -c 1-10)"
  elif [ "$ahead" -lt 0 ]; then
    error "NANODET_BUDGET_START: expected this month or a later one, found '$NANODET_BUDGET_START': azd env set NANODET_BUDGET_START $this_month"
  fi
}

# A new identity has no right on a vault that was given to an old one. Whether the group is there.
check_vault() {
  [ -n "${NANODET_JOB_END_KEY_VAULT_URL:-}" ] || return 0
  found=
  [ "$1" = false ] || found=$(az identity list --resource-group "$group" --query "[?starts_with(name, 'id-coordinator-')].name" --output tsv)
  [ -n "$found" ] || warn "NANODET_JOB_END_KEY_VAULT_URL is set, and the coordinator's identity, which has to read the secret, is not there yet: empty it, NANODET_JOB_END_WEBHOOK and NANODET_JOB_END_WEBHOOK_HOSTS, deploy, give the identity Key Vault Secrets User, set them again, deploy again"
}

# The names of account and registry end with a hash of subscription, environment and region, which only a deployment computes; only the
# group's is known here, and can be taken.
if [ -n "$environment" ]; then
  group=rg-$environment
  exists=$(az group exists --name "$group" --output tsv)
  if [ "$exists" != true ]; then
    ok "resource group $group is free"
    check_budget false
    check_vault false
  else
    owner=$(az group show --name "$group" --query 'tags."azd-env-name"' --output tsv)
    if [ "$owner" = "$environment" ]; then
      ok "resource group $group is this environment's"
      compare_with_deployed
      check_budget true
      check_vault true
    else
      error "resource group $group is somebody else's (tag azd-env-name is '$owner'): choose another name with 'azd env new'"
    fi
  fi
fi
finish
