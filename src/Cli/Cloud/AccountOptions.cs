using System.CommandLine;
using System.CommandLine.Parsing;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The options by which commands find a storage account in Azure, by identity and without a key.</summary>
internal sealed class AccountOptions
{
    private readonly Option<string?> _account = new("--account")
    {
        Description = "Storage account in Azure, by identity ('az login', or a managed one): its name, or the address of its blob service.",
    };

    private readonly Option<string?> _clientId = new("--client-id")
    {
        Description = "Client id of a user-assigned identity, for --account.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_account);
        command.Options.Add(_clientId);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_account) is not null && !CloudStorage.IsAccount(result.GetValue(_account)))
            {
                result.AddError("--account: expected the name of a storage account, or https://NAME.blob.core.windows.net.");
            }

            if (result.GetResult(_clientId) is not null && result.GetResult(_account) is null)
            {
                result.AddError("--client-id: only with --account.");
            }
        });
    }

    /// <summary>Whether the command line names an account.</summary>
    public bool IsNamed(CommandResult result) => result.GetResult(_account) is not null;

    /// <summary>The account that the command line names, or null.</summary>
    public CloudStorage? Find(ParseResult parsed) =>
        parsed.GetValue(_account) is { } account ? CloudStorage.ByIdentity(account, parsed.GetValue(_clientId)) : null;
}
