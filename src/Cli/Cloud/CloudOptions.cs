using System.CommandLine;
using System.CommandLine.Parsing;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The options by which commands find a running app, here or in Azure.</summary>
internal sealed class CloudOptions
{
    private readonly Option<Uri?> _server = new("--server")
    {
        Description = "Address of the app; default: the one that 'nanodet up' started.",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var server) && server.Scheme is "http" or "https")
            {
                // Paths are relative to it: without the slash its last part would be lost.
                return server.AbsoluteUri.EndsWith('/') ? server : new Uri($"{server.AbsoluteUri}/");
            }

            result.AddError($"--server: expected an http or https address, found '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "Function key of an app in Azure; default: the environment variable NANODET_KEY.",
    };

    private readonly Option<DirectoryInfo> _data = Data();

    /// <summary><c>--data</c>.</summary>
    public static Option<DirectoryInfo> Data() => new("--data")
    {
        Description = "Data folder of 'nanodet up'.",
        DefaultValueFactory = _ => new DirectoryInfo(CloudAddress.DefaultFolder),
    };

    /// <summary>Whether the command line names an app by its address.</summary>
    public bool NamesServer(CommandResult result) => result.GetResult(_server) is not null;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_server);
        command.Options.Add(_key);
        command.Options.Add(_data);
    }

    /// <summary>A client of the app.</summary>
    /// <exception cref="CliException">No app is named, and none was started in the data folder.</exception>
    public async Task<AppClient> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var server = parsed.GetValue(_server) ?? (await FindAsync(parsed, cancellationToken)).Server;
        return new AppClient(server, parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable("NANODET_KEY"));
    }

    /// <summary>The app of the data folder.</summary>
    /// <exception cref="CliException">None was started there.</exception>
    public Task<CloudAddress> FindAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        FindAsync(parsed.GetRequiredValue(_data), cancellationToken);

    /// <summary>The app of a data folder.</summary>
    /// <exception cref="CliException">None was started there.</exception>
    public static async Task<CloudAddress> FindAsync(DirectoryInfo data, CancellationToken cancellationToken) =>
        await CloudAddress.FindAsync(data, cancellationToken) ?? throw new CliException(
            "app_not_running", $"no app runs in {data}: start one with 'nanodet up', or name one with --server.");
}
