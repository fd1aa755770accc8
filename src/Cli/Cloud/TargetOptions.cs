using System.CommandLine;
using System.CommandLine.Parsing;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>
/// The options that name what a command works on. A command works on one thing: two that are named, and one that the command cannot
/// work on, are wrong usage, so that nothing is changed elsewhere than where it was meant.
/// </summary>
internal sealed class TargetOptions
{
    private readonly TargetKinds _kinds;
    private readonly Option<Uri?> _server;
    private readonly Option<string?> _key;
    private readonly Option<DirectoryInfo> _data = Data();
    private readonly Option<string?> _account;
    private readonly Option<string?> _clientId;

    /// <summary>The options of one command.</summary>
    /// <param name="kinds">What it can work on; the options of the others are refused with a word on why.</param>
    public TargetOptions(TargetKinds kinds)
    {
        _kinds = kinds;
        _server = new("--server")
        {
            Description = "Address of the app; default: the one that 'nanodet up' started.",
            Hidden = !kinds.HasFlag(TargetKinds.Server),
            CustomParser = ParseServer,
        };
        _key = new("--key")
        {
            Description = "Function key of the app at --server; default: the environment variable NANODET_KEY.",
            Hidden = !kinds.HasFlag(TargetKinds.Server),
        };
        _account = new("--account")
        {
            Description = "Storage account in Azure, by identity ('az login', or a managed one): its name, or the address of its "
                + "blob service.",
            Hidden = !kinds.HasFlag(TargetKinds.Account),
        };
        _clientId = new("--client-id")
        {
            Description = "Client id of a user-assigned identity, for --account.",
            Hidden = !kinds.HasFlag(TargetKinds.Account),
        };
    }

    /// <summary><c>--data</c>.</summary>
    public static Option<DirectoryInfo> Data() => new("--data")
    {
        Description = "Data folder of 'nanodet up'.",
        DefaultValueFactory = _ => new DirectoryInfo(CloudAddress.DefaultFolder),
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _server, _key, _data, _account, _clientId })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result => Check(result, command.Name));
    }

    /// <summary>Whether the command line names an account.</summary>
    public bool NamesAccount(CommandResult result) => result.GetResult(_account) is not null;

    /// <summary>Whether the command line names a data folder.</summary>
    public bool NamesData(CommandResult result) => result.GetResult(_data) is { Implicit: false };

    /// <summary>Whether the command line names an app by its address.</summary>
    public bool NamesServer(CommandResult result) => result.GetResult(_server) is not null;

    /// <summary>Whether the command line names anything to work on.</summary>
    public bool IsNamed(CommandResult result) => Named(result).Any();

    /// <summary>The target as the command line names it, for a command that a message proposes: <c> --data other</c>, or nothing.</summary>
    public string Again(ParseResult parsed) => string.Concat(
        Named(parsed.CommandResult)
            .Select(target => parsed.CommandResult.GetResult(target.Option))
            .OfType<OptionResult>()
            .Select(option => $" {option.Option.Name} {Quoted(option.Tokens[0].Value)}"));

    /// <summary>A client of the app, whose address is said on standard error before anything is asked of it.</summary>
    /// <exception cref="CliException">No app is named, and none was started in the data folder.</exception>
    public async Task<AppClient> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_server) is { } server)
        {
            await SayAsync($"the app at {server}");
            return new AppClient(server, parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable("NANODET_KEY"));
        }

        var address = await FindAsync(parsed, cancellationToken);
        await SayAsync($"the app at {address.Server}");
        return new AppClient(address.Server, address.Key);
    }

    /// <summary>The storage account, which is said on standard error before anything is changed there.</summary>
    /// <exception cref="CliException">No account is named, and no app was started in the data folder.</exception>
    public async Task<CloudStorage> StorageAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (FindAccount(parsed) is { } account)
        {
            await SayAsync($"the storage account at {account.Clients.Blobs.Uri}");
            return account;
        }

        var address = await FindAsync(parsed, cancellationToken);
        await SayAsync($"the storage of the app at {address.Server} ({parsed.GetRequiredValue(_data)})");
        return new CloudStorage(address.Storage);
    }

    /// <summary>The app of the data folder.</summary>
    /// <exception cref="CliException">None was started there.</exception>
    public async Task<CloudAddress> FindAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var data = parsed.GetRequiredValue(_data);
        return await CloudAddress.FindAsync(data, cancellationToken) ?? throw new CliException(
            "app_not_running", $"no app runs in {data}: start one with 'nanodet up'{Others()}.");
    }

    /// <summary>As a shell takes it.</summary>
    private static string Quoted(string text) => text.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:@%+=,".Contains(letter))
        ? text
        : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static Task SayAsync(string target) => Console.Error.WriteLineAsync($"target: {target}");

    private static Uri? ParseServer(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var server) && server.Scheme is "http" or "https")
        {
            // Paths are relative to it: without the slash its last part would be lost.
            return server.AbsoluteUri.EndsWith('/') ? server : new Uri($"{server.AbsoluteUri}/");
        }

        result.AddError($"--server: expected an http or https address, found '{result.Tokens[0].Value}'.");
        return null;
    }

    /// <summary>The account that the command line names, or null.</summary>
    private CloudStorage? FindAccount(ParseResult parsed) =>
        parsed.GetValue(_account) is { } account ? CloudStorage.ByIdentity(account, parsed.GetValue(_clientId)) : null;

    private string Others() => _kinds switch
    {
        _ when _kinds.HasFlag(TargetKinds.Server) => $", or name one with {_server.Name}",
        _ when _kinds.HasFlag(TargetKinds.Account) => $", or name a storage account with {_account.Name}",
        _ => "",
    };

    private IEnumerable<(TargetKinds Kind, Option Option)> Named(CommandResult result) =>
        new (TargetKinds Kind, Option Option)[]
        {
            (TargetKinds.Data, _data), (TargetKinds.Server, _server), (TargetKinds.Account, _account),
        }.Where(named => result.GetResult(named.Option) is { Implicit: false });

    private void Check(CommandResult result, string command)
    {
        var named = Named(result).ToList();
        foreach (var (_, option) in named.Where(target => !_kinds.HasFlag(target.Kind)))
        {
            result.AddError(option == _server
                ? $"--server: '{command}' works on the app's storage, which an address of its functions does not give. Name "
                    + $"{(_kinds.HasFlag(TargetKinds.Account) ? "the storage account with --account, or " : "")}"
                    + "the data folder of 'nanodet up' with --data."
                : $"{option.Name}: '{command}' asks the app itself. Name "
                    + $"{(_kinds.HasFlag(TargetKinds.Server) ? "it with --server, or " : "")}its data folder with --data.");
        }

        if (named.Count > 1)
        {
            result.AddError(
                $"{string.Join(" and ", named.Select(target => target.Option.Name))} name different things to work on: give one of them.");
        }

        if (result.GetResult(_account) is not null && !CloudStorage.IsAccount(result.GetValue(_account)))
        {
            result.AddError("--account: expected the name of a storage account, or https://NAME.blob.core.windows.net.");
        }

        if (result.GetResult(_clientId) is not null && result.GetResult(_account) is null)
        {
            result.AddError("--client-id: only with --account.");
        }

        if (result.GetResult(_key) is not null && result.GetResult(_server) is null)
        {
            result.AddError("--key: only with --server; the key of an app of 'nanodet up' is in its data folder.");
        }
    }
}
