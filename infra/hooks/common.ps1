# What the scripts for PowerShell have in common; they read it. A command that fails ends no script there as it does in sh with
# `set -e`: so az, azd and curl are called by one of these two only.

# The default since 7.3, whatever a profile has set: the old way of passing arguments drops empty ones, such as that of `azd env set NAME ''`.
$PSNativeCommandArgumentPassing = if ($IsWindows) { 'Windows' } else { 'Standard' }
# Nor does a command that fails throw by itself: its code is looked at below.
$PSNativeCommandUseErrorActionPreference = $false

function Stop-WithError([string] $message) {
    [Console]::Error.WriteLine("error: $message")
    exit 1
}

# A command that has to succeed: what it prints. Throws where it ends with another code than 0.
function Invoke-Native {
    $command = $args[0]
    $rest = @($args | Select-Object -Skip 1)
    & $command @rest
    if ($LASTEXITCODE -ne 0) { throw "'$command $rest' ended with $LASTEXITCODE" }
}

# A command that may be missing or fail: what it prints, or nothing.
function Invoke-Optional {
    $command = $args[0]
    $rest = @($args | Select-Object -Skip 1)
    if (-not (Get-Command $command -CommandType Application -ErrorAction SilentlyContinue)) { return }
    # With nothing to read: az may ask for a password, and nobody would see the question.
    $output = $null | & $command @rest 2>$null
    if ($LASTEXITCODE -eq 0) { $output }
}

# The settings of the azd environment in use, for a script that azd did not start. What the shell has set counts.
$script:settings = @{}
function Read-Settings {
    $values = Invoke-Optional azd env get-values --output json
    if ($values) { $script:settings = $values | ConvertFrom-Json -AsHashtable }
}

function Get-Setting([string] $name, [string] $default = '') {
    $value = [Environment]::GetEnvironmentVariable($name)
    if (-not $value) { $value = $script:settings[$name] }
    if ($value) { $value } else { $default }
}

# The subscription of the deployment, whichever az uses by itself.
[string[]] $inSubscription = @(if ($env:AZURE_SUBSCRIPTION_ID) { '--subscription', $env:AZURE_SUBSCRIPTION_ID })

# The environment that a resource group is tagged with. No double quotes in what az is given: as a batch file on Windows it loses them.
function Get-Owner([string] $group) {
    $tags = Invoke-Native az group show --name $group --query tags --output json | ConvertFrom-Json
    if ($tags) { $tags.'azd-env-name' }
}

# Ids of the role assignments of a principal at a scope and below it. Azure names those above it, too, which are somebody else's:
# https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
function Get-Assignments([string] $scope, [string] $principal) {
    Invoke-Native az rest --method get --url "$scope/providers/Microsoft.Authorization/roleAssignments" `
        --url-parameters api-version=2022-04-01 "`$filter=principalId eq '$principal'" --query 'value[].id' --output tsv |
        Where-Object { "$_".StartsWith("$scope/", [StringComparison]::OrdinalIgnoreCase) }
}
