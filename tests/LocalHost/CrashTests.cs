using System.Diagnostics;
using Azure.Storage.Queues;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class CrashTests(StorageFixture storage)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkerKilled_WorkWaiting_IsDoneByTheNextWorker()
    {
        var prefix = StorageFixture.NewName();
        await using var host = await storage.StartAsync(prefix);
        using var orchestrations = new Orchestrations(host.Address);
        var instance = await orchestrations.StartAsync("WaitForGo");
        await orchestrations.WaitAsync(instance, "Running");
        var first = host.WorkerProcessId!.Value;

        Kill(first);
        await storage.SendAsync($"{prefix}-in", "after");
        await host.WaitForWorkerStartsAsync(2, Cancelled);

        var second = host.WorkerProcessId!.Value;
        Assert.NotEqual(first, second);
        Assert.Equal(2, host.WorkerStarts);
        var copied = await storage.ReceiveAsync($"{prefix}-copied", text => text.StartsWith("after", StringComparison.Ordinal));
        Assert.EndsWith($"|{second}", copied, StringComparison.Ordinal);
        await orchestrations.PostAsync(instance, "sendEventPostUri", "Go", "\"still\"");
        Assert.Equal("went still", await orchestrations.OutputAsync(instance));
    }

    [Fact]
    public async Task WorkerKilled_RequestUnderWay_FailsAtOnce()
    {
        var log = new RecordingLoggerFactory();
        await using var host = await FunctionHost.StartAsync(storage.Options(StorageFixture.NewName()), log, Cancelled);
        using var client = new HttpClient { BaseAddress = host.Address };
        var call = client.GetAsync("/api/Wait?file=unused", Cancelled);
        await Eventually.TrueAsync(
            () => Task.FromResult(log.Lines.Any(line => line.Contains("Executing 'Wait'", StringComparison.Ordinal))), "the function runs");

        Kill(host.WorkerProcessId!.Value);

        using var response = await call.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancelled);
        Assert.False(response.IsSuccessStatusCode);
        await Eventually.TrueAsync(
            () => Task.FromResult(log.Lines.Any(line => line.Contains("WorkerProcessExitException", StringComparison.Ordinal))),
            "the invocation failed with the worker's exit");
    }

    [Fact]
    public async Task WorkerKilled_NoRestartsLeft_FailsCompletion()
    {
        var options = storage.Options(StorageFixture.NewName());
        await using var host = await FunctionHost.StartAsync(
            new FunctionHostOptions
            {
                AppDirectory = options.AppDirectory,
                HostId = options.HostId,
                MaxWorkerRestarts = 0,
                Settings = options.Settings,
                StorageConnectionString = options.StorageConnectionString,
            },
            storage.Logs,
            Cancelled);

        Kill(host.WorkerProcessId!.Value);

        var error = await Assert.ThrowsAsync<FunctionHostException>(
            () => host.Completion.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancelled));
        Assert.Equal("worker_lost", error.Code);
        Assert.Null(host.WorkerProcessId);
    }

    [Fact]
    public async Task FunctionTimeout_FunctionThatNeverEnds_IsCancelled()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var host = await storage.StartAsync(StorageFixture.NewName(), ("AzureFunctionsJobHost__functionTimeout", "00:00:05"));
        using var client = new HttpClient { BaseAddress = host.Address };

        using var response = await client.GetAsync($"/api/Wait?file={Uri.EscapeDataString(file)}", Cancelled);

        Assert.False(response.IsSuccessStatusCode);
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(file)), "the function saw its cancellation");
        File.Delete(file);
        File.Delete($"{file}.started");
        Assert.Equal(1, host.WorkerStarts);
    }

    [Fact]
    public async Task HostKilled_WorkerAndAzurite_GoWithIt()
    {
        var data = Directory.CreateTempSubdirectory("killed-");
        using var child = await ChildHost.StartAsync(StorageFixture.SampleApp, data.FullName, Cancelled);
        Assert.True(ChildHost.IsAlive(child.WorkerProcessId));
        Assert.True(ChildHost.IsAlive(child.AzuriteProcessId));

        child.Process.Kill();

        await Eventually.TrueAsync(
            () => Task.FromResult(!ChildHost.IsAlive(child.WorkerProcessId) && !ChildHost.IsAlive(child.AzuriteProcessId)),
            "worker and Azurite are gone",
            seconds: 15);
        data.Delete(recursive: true);
    }

    /// <summary>The listener's timeout is no setting, here and in Azure: ten minutes after the message was taken, by the clock of storage.</summary>
    [Fact]
    public async Task HostKilled_MessageThatItHadTaken_ComesBackAfterTenMinutes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the clock of storage is shifted by a shell script");
        var folder = Directory.CreateTempSubdirectory("taken-");
        var clock = new ShiftedClock(folder.FullName);
        await using (var azurite = await AzuriteServer.StartAsync(
            new AzuriteOptions { DataDirectory = Path.Combine(folder.FullName, "azurite"), NodePath = clock.NodePath },
            cancellationToken: Cancelled))
        {
            var prefix = StorageFixture.NewName();
            var encoding = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
            var (held, again) = (
                new QueueClient(azurite.ConnectionString, $"{prefix}-held", encoding),
                new QueueClient(azurite.ConnectionString, $"{prefix}-held-again", encoding));
            await held.CreateAsync(cancellationToken: Cancelled);
            await again.CreateAsync(cancellationToken: Cancelled);
            var message = Path.Combine(folder.FullName, "message");
            await held.SendMessageAsync(message, Cancelled);
            using (var child = await ChildHost.StartOnAsync(
                StorageFixture.SampleApp, azurite.ConnectionString, prefix, Cancelled))
            {
                await Eventually.TrueAsync(() => Task.FromResult(File.Exists($"{message}.started")), "the message is taken");
                child.Process.Kill();
            }

            await using var next = await FunctionHost.StartAsync(
                new FunctionHostOptions
                {
                    AppDirectory = StorageFixture.SampleApp,
                    HostId = prefix,
                    StorageConnectionString = azurite.ConnectionString,
                    Settings = new Dictionary<string, string> { ["Prefix"] = prefix, ["RaisePrefix"] = prefix, ["TaskHub"] = prefix },
                },
                storage.Logs,
                Cancelled);
            clock.Set(TimeSpan.FromMinutes(9));
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, Cancelled);
            Assert.Null((await again.PeekMessageAsync(Cancelled)).Value);
            Assert.Equal(1, (await held.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);

            clock.Set(TimeSpan.FromMinutes(10));

            var back = await Eventually.GetAsync(async () => (await again.PeekMessageAsync(Cancelled)).Value, "the message is back");
            Assert.Equal($"{message}|2", back.Body.ToString());
        }

        folder.Delete(recursive: true);
    }

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }
}
