using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>A host and an Azurite in a process of their own, to see what is left when that process is killed.</summary>
internal sealed record ChildHost(Process Process, int WorkerProcessId, int AzuriteProcessId) : IDisposable
{
    public const string Verb = "run-host";
    public const string VerbOfStorage = "run-host-on";

    public static async Task<int> RunAsync(string app, string data)
    {
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions { DataDirectory = data });
        await using var host = await FunctionHost.StartAsync(new FunctionHostOptions
        {
            AppDirectory = app,
            StorageConnectionString = azurite.ConnectionString,
            Settings = new Dictionary<string, string> { ["Prefix"] = "child", ["RaisePrefix"] = "child", ["TaskHub"] = "child" },
        });
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new[] { host.WorkerProcessId!.Value, azurite.ProcessId }));
        await Console.In.ReadLineAsync();
        return 0;
    }

    public static async Task<int> RunAsync(string app, string storage, string prefix)
    {
        await using var host = await FunctionHost.StartAsync(new FunctionHostOptions
        {
            AppDirectory = app,
            HostId = prefix,
            StorageConnectionString = storage,
            Settings = new Dictionary<string, string> { ["Prefix"] = prefix, ["RaisePrefix"] = prefix, ["TaskHub"] = prefix },
        });
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new[] { host.WorkerProcessId!.Value, 0 }));
        await Console.In.ReadLineAsync();
        return 0;
    }

    public static Task<ChildHost> StartAsync(string app, string data, CancellationToken cancellationToken) =>
        StartAsync([Verb, app, data], cancellationToken);

    /// <summary>A host on storage that is there.</summary>
    public static Task<ChildHost> StartOnAsync(string app, string storage, string prefix, CancellationToken cancellationToken) =>
        StartAsync([VerbOfStorage, app, storage, prefix], cancellationToken);

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Process.Kill();
        Process.Dispose();
    }

    private static async Task<ChildHost> StartAsync(string[] arguments, CancellationToken cancellationToken)
    {
        // Started by "dotnet FILE.dll" the process is dotnet; started by its own executable it is that.
        var isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, isDotnet ? [typeof(ChildHost).Assembly.Location, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        var ids = JsonSerializer.Deserialize<int[]>(line!)!;
        return new ChildHost(process, ids[0], ids[1]);
    }
}
