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
