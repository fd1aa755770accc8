#Requires -Version 7.3
# Before anything is created: whether `azd up` can work with this environment's settings, on this machine, in this subscription and region.
# azd runs it before it provisions. By hand it takes the settings from the environment, or else from the azd environment in use.
# Prints one line for each check: ok, warn or error. Ends with 1 when there was an error. It checks what infra/preflight.sh checks.
# Settings: AZURE_ENV_NAME, AZURE_LOCATION, AZURE_SUBSCRIPTION_ID and every NANODET_... of docs/operations.md. NANODET_PREFLIGHT=off skips it.
$ErrorActionPreference = 'Stop'
trap { [Console]::Error.WriteLine("error: $_"); exit 1 }
. (Join-Path $PSScriptRoot 'hooks/common.ps1')

if ($env:NANODET_PREFLIGHT -ceq 'off') {
    Write-Output 'Preflight is off.'
    exit 0
}

$script:errors = 0
function Write-Ok([string] $text) { Write-Output "ok     $text" }
function Write-Warn([string] $text) { Write-Output "warn   $text" }
function Write-Fault([string] $text) {
    Write-Output "error  $text"
    $script:errors++
}

if (-not $env:AZURE_ENV_NAME) { Read-Settings }

# A tool, a text with its version, the least that is needed, and where it comes from.
function Test-Tool([string] $name, [string] $text, [version] $least, [string] $from) {
    if ($text -notmatch '\d+\.\d+\.\d+') { Write-Fault "$name is missing: $from" }
    elseif ([version] $Matches[0] -lt $least) { Write-Fault "${name}: expected $least or later, found $($Matches[0]): $from" }
    else { Write-Ok "$name $($Matches[0])" }
}

$versions = Invoke-Optional az version --output json | ConvertFrom-Json
Test-Tool az $versions.'azure-cli' '2.70.0' 'https://learn.microsoft.com/cli/azure/install-azure-cli'
$azdVersion = (Invoke-Optional azd version) -join ' '
Test-Tool azd $azdVersion '1.20.0' 'https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd'
$hasAz = [bool] (Get-Command az -ErrorAction SilentlyContinue)
if ($hasAz) {
    $bicep = (Invoke-Optional az bicep version) -join ' '
    if ($bicep -notmatch '\d+\.\d+\.\d+') { Write-Ok 'bicep: az has none; azd brings its own' }
    elseif ([version] $Matches[0] -lt [version] '0.36.0') { Write-Fault "bicep: expected 0.36.0 or later, found $($Matches[0]): az bicep upgrade" }
    else { Write-Ok "bicep $($Matches[0])" }
}
if (-not (Get-Command curl -CommandType Application -ErrorAction SilentlyContinue)) {
    Write-Fault 'curl is missing: the hooks ask the app for its health with it'
}

$location = Get-Setting AZURE_LOCATION
$environment = Get-Setting AZURE_ENV_NAME
$hosting = Get-Setting NANODET_HOSTING gpu-t4
$topology = Get-Setting NANODET_TOPOLOGY split
$store = Get-Setting NANODET_ORCHESTRATION_STORE storage
$provider = Get-Setting NANODET_SCHEDULER_PROVIDER false
$workers = Get-Setting NANODET_MAX_WORKERS 3
$private = Get-Setting NANODET_PRIVATE_NETWORK false
$isPrivate = $private -ceq 'true'
$budget = Get-Setting NANODET_MONTHLY_BUDGET 0
if (-not $environment) { Write-Fault "AZURE_ENV_NAME is not set: run 'azd env new NAME'" }
if (-not $location) { Write-Fault "AZURE_LOCATION is not set: run 'azd env set AZURE_LOCATION REGION'" }

# Settings that contradict each other or lead nowhere.
$gpuProfile, $card = switch -CaseSensitive ($hosting) {
    'gpu-t4' { 'Consumption-GPU-NC8as-T4', 'T4' }
    'gpu-a100' { 'Consumption-GPU-NC24-A100', 'A100' }
    'cpu' { '', '' }
    default { '', '' }
}
if ($hosting -cnotin 'gpu-t4', 'gpu-a100', 'cpu') { Write-Fault "NANODET_HOSTING: expected gpu-t4, gpu-a100 or cpu, found '$hosting'" }
if ($card) { $gpuProfile = Get-Setting NANODET_GPU_PROFILE_TYPE $gpuProfile }
if ($topology -cnotin 'split', 'single') { Write-Fault "NANODET_TOPOLOGY: expected split or single, found '$topology'" }
if ($store -cnotin 'storage', 'scheduler') { Write-Fault "NANODET_ORCHESTRATION_STORE: expected storage or scheduler, found '$store'" }
if ($provider -cnotin 'true', 'false') { Write-Fault "NANODET_SCHEDULER_PROVIDER: expected true or false, found '$provider'" }
if ($private -cnotin 'true', 'false') { Write-Fault "NANODET_PRIVATE_NETWORK: expected true or false, found '$private'" }
if ("$workers" -notmatch '^([1-9][0-9]?|100)$') {
    Write-Fault "NANODET_MAX_WORKERS: expected a number from 1 to 100, found '$workers'"
    $workers = 1
}
$workers = [int] $workers
if ($store -ceq 'scheduler' -and $provider -ceq 'false') {
    Write-Fault 'NANODET_ORCHESTRATION_STORE=scheduler needs an image with its provider: azd env set NANODET_SCHEDULER_PROVIDER true'
}
# Some versions before it built in the registry without the arguments of azure.yaml: https://github.com/Azure/azure-dev/issues/7990
if ($provider -ceq 'true') {
    if ($azdVersion -match '\d+\.\d+\.\d+' -and [version] $Matches[0] -lt [version] '1.26.0') {
        Write-Fault "NANODET_SCHEDULER_PROVIDER=true needs azd 1.26.0 or later, found $($Matches[0]): the image would be built without the provider"
    }
}
if ($topology -cne 'split') { $workers = 1 }
# A machine inside the network needs no address of its own, and nothing here can tell where this one is.
if ($isPrivate -and -not (Get-Setting NANODET_ALLOWED_IP_ADDRESSES)) {
    Write-Warn 'NANODET_PRIVATE_NETWORK=true keeps the hooks out of storage, unless this machine is inside the network: azd env set NANODET_ALLOWED_IP_ADDRESSES with its public address'
}
foreach ($file in (Get-Setting NANODET_CHECKPOINT), (Get-Setting NANODET_CONFIG)) {
    if ($file -and -not (Test-Path -LiteralPath $file -PathType Leaf)) {
        Write-Fault "there is no file '$file' (NANODET_CHECKPOINT and NANODET_CONFIG name a checkpoint and its config)"
    }
}
$upload = Get-Setting NANODET_CHECKPOINT_UPLOAD changed
if ($upload -cnotin 'changed', 'always') { Write-Fault "NANODET_CHECKPOINT_UPLOAD: expected changed or always, found '$upload'" }
if ($budget -ne '0' -and (-not (Get-Setting NANODET_ALERT_EMAIL) -or -not (Get-Setting NANODET_BUDGET_START))) {
    Write-Fault 'NANODET_MONTHLY_BUDGET needs NANODET_ALERT_EMAIL and NANODET_BUDGET_START, or there is no budget'
}
# How many months after this one the budget begins; empty where there is none.
$now = [DateTime]::UtcNow
$thisMonth = $now.ToString('yyyy-MM-01', [Globalization.CultureInfo]::InvariantCulture)
$budgetStart = Get-Setting NANODET_BUDGET_START
$ahead = $null
if ($budget -ne '0' -and $budgetStart) {
    if ($budgetStart -match '^([0-9]{4})-(0[1-9]|1[0-2])-01$') {
        $ahead = ([int] $Matches[1] - $now.Year) * 12 + [int] $Matches[2] - $now.Month
        if ($ahead -gt 12) { Write-Fault "NANODET_BUDGET_START: expected at most twelve months after $thisMonth, found '$budgetStart'" }
    }
    else { Write-Fault "NANODET_BUDGET_START: expected the first day of a month, such as $thisMonth, found '$budgetStart'" }
}
$schedule = Get-Setting NANODET_NIGHTLY_SCHEDULE '0 0 2 * * *'
if (($schedule.Trim() -split '\s+').Count -ne 6) { Write-Fault "NANODET_NIGHTLY_SCHEDULE: expected six fields, seconds first, found '$schedule'" }
if ([bool] (Get-Setting NANODET_WARM_START) -ne [bool] (Get-Setting NANODET_WARM_END)) {
    Write-Fault 'NANODET_WARM_START and NANODET_WARM_END belong together'
}
if (((Get-Setting NANODET_JOB_END_WEBHOOK) -or (Get-Setting NANODET_JOB_END_WEBHOOK_HOSTS)) -and -not (Get-Setting NANODET_JOB_END_KEY_VAULT_URL)) {
    Write-Fault 'NANODET_JOB_END_WEBHOOK and NANODET_JOB_END_WEBHOOK_HOSTS need NANODET_JOB_END_KEY_VAULT_URL, or the coordinator does not start'
}
$topic = Get-Setting NANODET_JOB_END_TOPIC_ID
if ($topic -and $topic -notlike '/subscriptions/*/resourceGroups/*/providers/Microsoft.EventGrid/topics/*') {
    Write-Fault "NANODET_JOB_END_TOPIC_ID: expected the resource id of an Event Grid topic, found '$topic'"
}
if (-not (Get-Setting NANODET_ALERT_EMAIL)) { Write-Warn 'NANODET_ALERT_EMAIL is not set: alerts are seen in the portal only' }

# What follows asks Azure.
function Exit-Preflight {
    if ($script:errors -gt 0) {
        Write-Host "Preflight found $script:errors error(s); nothing was created."
        exit 1
    }
    Write-Host 'Preflight found nothing that stands in the way.'
    exit 0
}
if (-not $hasAz) { Exit-Preflight }
$account = Invoke-Optional az account show --query '[id, state]' --output json | ConvertFrom-Json
if (-not $account) {
    Write-Fault "az is not signed in: run 'az login'; the hooks use az beside azd"
    Exit-Preflight
}
$subscription, $state = $account
if ($state -eq 'Enabled') { Write-Ok "subscription $subscription is enabled" }
else { Write-Fault "subscription ${subscription}: expected state Enabled, found '$state'" }
$wanted = Get-Setting AZURE_SUBSCRIPTION_ID
if ($wanted -and $wanted -ne $subscription) {
    Write-Fault "az uses subscription $subscription, azd uses ${wanted}: run 'az account set --subscription $wanted'"
    # What follows would be said of another subscription.
    Exit-Preflight
}

$registered = @(Invoke-Native az provider list --query "[?registrationState=='Registered'].namespace" --output tsv)
$needed = @(
    'Microsoft.App', 'Microsoft.ContainerRegistry', 'Microsoft.EventGrid', 'Microsoft.Insights', 'Microsoft.ManagedIdentity',
    'Microsoft.OperationalInsights', 'Microsoft.Storage'
)
if ($isPrivate) { $needed += 'Microsoft.Network' }
if ($budget -ne '0') { $needed += 'Microsoft.Consumption' }
if ($store -ceq 'scheduler') { $needed += 'Microsoft.DurableTask' }
$missing = @($needed | Where-Object { $registered -notcontains $_ })
if ($missing.Count -eq 0) { Write-Ok 'resource providers are registered' }
foreach ($namespace in $missing) { Write-Fault "provider $namespace is not registered: az provider register --namespace $namespace" }

# azd keeps the name of the image that it pushed last, also where the registry is gone: the apps could not start.
$image = Get-Setting SERVICE_APP_IMAGE_NAME
if ($image -like '*.azurecr.*/*') {
    $registry = ($image -split '\.')[0]
    $found = Invoke-Native az resource list --resource-type Microsoft.ContainerRegistry/registries --name $registry --query '[].name' --output tsv
    if (-not $found) {
        Write-Fault "SERVICE_APP_IMAGE_NAME: there is no registry $registry for the image ${image}: azd env set SERVICE_APP_IMAGE_NAME '', and 'azd up' builds it again"
    }
    elseif (Invoke-Optional az acr repository show --name $registry --image ($image -split '/', 2)[1] --query digest --output tsv) {
        Write-Ok "registry $registry has the image"
    }
    else {
        Write-Warn "registry $registry does not show the image ${image}: if it is gone, azd env set SERVICE_APP_IMAGE_NAME '', and 'azd up' builds it again"
    }
}

if ($card -and $location) {
    $supported = @(Invoke-Optional az containerapp env workload-profile list-supported --location $location --query '[].name' --output tsv)
    if ($supported.Count -eq 0) {
        Write-Warn "the workload profiles of $location cannot be listed: is the extension there? az extension add --name containerapp"
    }
    elseif ($supported -contains $gpuProfile) { Write-Ok "$location offers $gpuProfile" }
    else { Write-Fault "$location does not offer ${gpuProfile}: choose another region, NANODET_HOSTING or NANODET_GPU_PROFILE_TYPE" }

    # What a region offers is not what the subscription may use of it. There is a quota for dedicated profiles of some cards, too.
    $usages = @(Invoke-Optional az rest --method get `
        --url "/subscriptions/$subscription/providers/Microsoft.App/locations/$location/usages?api-version=2025-07-01" `
        --query "value[?contains(name.value, '$card')].[name.value, currentValue, limit]" --output tsv)
    $usages = @($usages | Where-Object { ($_ -split "`t")[0] -match 'consumption' })
    if ($usages.Count -eq 0) {
        Write-Warn "the quota for $card GPUs in $location cannot be read: look in the portal under Quotas, Azure Container Apps"
    }
    else {
        $free = ($usages | ForEach-Object { $part = $_ -split "`t"; [int] $part[2] - [int] $part[1] } | Measure-Object -Minimum).Minimum
        $limit = ($usages | ForEach-Object { [int] ($_ -split "`t")[2] } | Measure-Object -Minimum).Minimum
        if ($free -ge $workers) { Write-Ok "quota for $free $card GPU(s) in $location" }
        elseif ($limit -ge 1) {
            Write-Warn "quota for $free more of $limit $card GPU(s) in $location, fewer than the $workers workers that may run: the others would wait"
        }
        else { Write-Fault "no quota for $card GPUs in ${location}: ask for it in the portal under Quotas, Azure Container Apps" }
    }
}

# What is deployed and does not become what the settings ask for: docs/operations.md, "What cannot be changed later".
function Compare-WithDeployed {
    $anew = 'set it back; or let all work end, run infra/down.ps1, which keeps the storage account, and then azd provision --no-state && azd deploy'
    $where = Invoke-Native az group show --name $group --query location --output tsv
    if ($location -and ($where -replace ' ') -ne ($location -replace ' ')) {
        Write-Fault "AZURE_LOCATION is $location, and resource group $group is in $where, where it stays: set it back, or run 'azd env new' for another deployment"
    }

    $apps = @(Invoke-Native az resource list --resource-group $group --resource-type Microsoft.App/containerApps --query '[].name' --output tsv)
    $pattern = if ($topology -ceq 'split') { '^ca-nanodet-' } elseif ($topology -ceq 'single') { '^ca-(coordinator|worker)-' } else { '^$' }
    $others = @($apps | Where-Object { $_ -match $pattern })
    if ($others.Count -gt 0) {
        Write-Fault "NANODET_TOPOLOGY is $topology, and $($others -join ', ') of the other one would go on beside the new: $anew"
    }

    $environments = @(Invoke-Native az resource list --resource-group $group --resource-type Microsoft.App/managedEnvironments --query '[].id' --output tsv)
    foreach ($id in $environments) {
        $subnet = Invoke-Native az resource show --ids $id --query properties.vnetConfiguration.infrastructureSubnetId --output tsv
        $wasPrivate = [bool] $subnet -and $subnet -ne 'None'
        if ($wasPrivate -ne $isPrivate) {
            Write-Fault "NANODET_PRIVATE_NETWORK is $("$isPrivate".ToLowerInvariant()), and the apps' environment was made with $("$wasPrivate".ToLowerInvariant()): $anew"
        }
        $profiles = @(Invoke-Native az resource show --ids $id --query 'properties.workloadProfiles[].[name, workloadProfileType]' --output tsv)
        $kept = @($profiles | ForEach-Object { , ($_ -split "`t") } | Where-Object { $_.Count -gt 1 -and $_[1] -ne 'Consumption' } |
                ForEach-Object { "$($_[0]) ($($_[1]))" })
        $gone = @($kept | Where-Object { $_ -ne "$hosting ($gpuProfile)" })
        if ($gone.Count -gt 0) {
            $wanted = if ($gpuProfile) { "$hosting ($gpuProfile)" } else { $hosting }
            Write-Fault "NANODET_HOSTING is $wanted, and an app uses profile $($gone -join ' '), which cannot be taken away from it: $anew"
        }
        elseif ($card -and $kept.Count -eq 0) {
            Write-Warn "NANODET_HOSTING=$hosting gives a GPU to a deployment without one, which nobody has tried"
        }
    }
}

# A budget keeps the month that it was made with; a new one cannot begin in a month that is over. Whether the group is there.
function Test-Budget([bool] $isThere) {
    if ($null -eq $ahead) { return }
    $made = @()
    if ($isThere) {
        try {
            $made = @(Invoke-Native az rest --method get `
                    --url "/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Consumption/budgets?api-version=2024-08-01" `
                    --query "value[?starts_with(name, 'budget-')].properties.timePeriod.startDate" --output tsv 2>$null |
                    ForEach-Object { $_.Substring(0, 10) })
        }
        catch {
            Write-Warn "the budgets of $group cannot be read: a new one cannot begin before $thisMonth, and one that is there keeps its NANODET_BUDGET_START"
            return
        }
    }
    if ($made.Count -gt 0) {
        if ($made -notcontains $budgetStart) {
            Write-Fault "NANODET_BUDGET_START is $budgetStart, and the budget keeps the day that it was made with: azd env set NANODET_BUDGET_START $($made[0])"
        }
    }
    elseif ($ahead -lt 0) {
        Write-Fault "NANODET_BUDGET_START: expected this month or a later one, found '$budgetStart': azd env set NANODET_BUDGET_START $thisMonth"
    }
}

# A new identity has no right on a vault that was given to an old one. Whether the group is there.
function Test-Vault([bool] $isThere) {
    if (-not (Get-Setting NANODET_JOB_END_KEY_VAULT_URL)) { return }
    $found = if ($isThere) {
        Invoke-Native az identity list --resource-group $group --query "[?starts_with(name, 'id-coordinator-')].name" --output tsv
    }
    if (-not $found) {
        Write-Warn "NANODET_JOB_END_KEY_VAULT_URL is set, and the coordinator's identity, which has to read the secret, is not there yet: empty it, NANODET_JOB_END_WEBHOOK and NANODET_JOB_END_WEBHOOK_HOSTS, deploy, give the identity Key Vault Secrets User, set them again, deploy again"
    }
}

# The names of account and registry end with a hash of subscription, environment and region, which only a deployment computes; only the
# group's is known here, and can be taken.
if ($environment) {
    $group = "rg-$environment"
    if ((Invoke-Native az group exists --name $group --output tsv) -ne 'true') {
        Write-Ok "resource group $group is free"
        Test-Budget $false
        Test-Vault $false
    }
    else {
        $owner = Get-Owner $group
        if ($owner -ceq $environment) {
            Write-Ok "resource group $group is this environment's"
            Compare-WithDeployed
            Test-Budget $true
            Test-Vault $true
        }
        else { Write-Fault "resource group $group is somebody else's (tag azd-env-name is '$owner'): choose another name with 'azd env new'" }
    }
}
Exit-Preflight
