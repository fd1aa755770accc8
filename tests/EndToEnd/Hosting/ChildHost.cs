using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>A host in a process of its own, to be killed.</summary>
internal sealed class ChildHost : IDisposable
{
    public const string Verb = "run-host";

    private readonly Process _process;

    private ChildHost(Process process, Started started)
    {
        _process = process;
        App = new App(new Uri(started.Address));
        WorkerProcessId = started.Worker;
    }

    public App App { get; }

    public int WorkerProcessId { get; }

    /// <summary>The child's side: runs a host until its input ends.</summary>
    public static async Task<int> RunAsync(string options)
    {
        await using var host = await FunctionHost.StartAsync(HostArguments.Read(options), TestLog.Instance);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new Started(host.Address.ToString(), host.WorkerProcessId!.Value)));
        await Console.In.ReadLineAsync();
        return 0;
    }

    public static async Task<ChildHost> StartAsync(FunctionHostOptions options)
    {
        var arguments = HostArguments.Of(options);

        // Started by "dotnet FILE.dll" this process is dotnet; started by its own executable it is that.
        var isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] line = isDotnet ? [typeof(ChildHost).Assembly.Location, Verb, arguments] : [Verb, arguments];
        var start = new ProcessStartInfo(Environment.ProcessPath!, line) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var answer = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return new ChildHost(process, JsonSerializer.Deserialize<Started>(answer!)!);
    }

    /// <summary>SIGKILL, and nothing else.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }

    private sealed record Started(string Address, int Worker);
}
