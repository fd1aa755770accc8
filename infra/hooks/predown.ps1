# Before `azd down`: it deletes the resource group and with it the images, results and models. Only somebody who has said so wants that.
# Settings (azd env set NAME VALUE): NANODET_DELETE_DATA=true.
$ErrorActionPreference = 'Stop'

if ($env:NANODET_DELETE_DATA -ne 'true') {
    $account = if ($env:NANODET_STORAGE_ACCOUNT) { $env:NANODET_STORAGE_ACCOUNT } else { '(not made yet)' }
    [Console]::Error.WriteLine("error: 'azd down' would delete storage account $account with every image, result and model in it.")
    [Console]::Error.WriteLine("To keep the account and delete all else: pwsh infra/down.ps1")
    [Console]::Error.WriteLine("To delete the account, too: azd env set NANODET_DELETE_DATA true, then 'azd down --purge'")
    exit 1
}
Write-Output 'NANODET_DELETE_DATA is true: the storage account is deleted with everything in it.'
