# What the scripts for PowerShell have in common; they read it. A command that fails ends no script there as it does in sh with
# `set -e`: so az, azd and curl are called by one of these two only.

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
    $output = & $command @rest 2>$null
    if ($LASTEXITCODE -eq 0) { $output }
}

# Ids of the role assignments of every identity in a resource group: those of its subscription, and those on the topic of
# NANODET_JOB_END_TOPIC_ID, which may be in another one. An assignment stays when its identity goes, and the template gives the same
# name again: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
function Get-Assignments([string] $group, [string] $topic) {
    $subscription = (Invoke-Native az group show --name $group --query id --output tsv) -replace '/resourceGroups/.*', ''
    $principals = @(Invoke-Native az identity list --resource-group $group --query '[].principalId' --output tsv)
    $principals += @(Invoke-Native az resource list --resource-group $group `
            --query '[?identity.principalId].identity.principalId' --output tsv)
    $ids = foreach ($principal in $principals) {
        foreach ($scope in @($subscription, $topic) | Where-Object { $_ }) {
            Invoke-Native az rest --method get --url "$scope/providers/Microsoft.Authorization/roleAssignments" `
                --url-parameters api-version=2022-04-01 "`$filter=principalId eq '$principal'" --query 'value[].id' --output tsv
        }
    }
    $ids | Sort-Object -Unique
}
