using System.Text.Json;
using Nanodet.Serverless.LocalHost;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>The options of a host, on the command line of the process that runs it.</summary>
internal sealed record HostArguments(string AppDirectory, string HostId, string Storage, Dictionary<string, string> Settings)
{
    /// <summary>What the parent writes.</summary>
    public static string Of(FunctionHostOptions options) => JsonSerializer.Serialize(new HostArguments(
        options.AppDirectory, options.HostId!, options.StorageConnectionString!, new Dictionary<string, string>(options.Settings)));

    /// <summary>What the child reads.</summary>
    public static FunctionHostOptions Read(string arguments)
    {
        var read = JsonSerializer.Deserialize<HostArguments>(arguments)!;
        return new FunctionHostOptions
        {
            AppDirectory = read.AppDirectory,
            HostId = read.HostId,
            StorageConnectionString = read.Storage,
            Settings = read.Settings,
        };
    }
}
