using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class RoleTests(StorageFixture storage)
{
    private static readonly string[] Orchestrators = ["FanOut", "WaitForGo", "AskForGo", "Nap", "Parent", "Careless", "Count"];

    private static readonly string[] Activities = ["Square", "Ask", "Stumble", "Counter"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>
    /// The coordinator runs the orchestration, which asks over a queue; the worker role, without any durable function of its own,
    /// answers by raising the event.
    /// </summary>
    [Fact]
    public async Task TwoHosts_RolesSplitBySettings_WorkTogether()
    {
        var hub = StorageFixture.NewName();
        var (coordinatorPrefix, workerPrefix) = (StorageFixture.NewName(), StorageFixture.NewName());
        await using var coordinator = await storage.StartAsync(
            coordinatorPrefix, ("TaskHub", hub), ("RaisePrefix", workerPrefix), ("AzureWebJobs__Raise__Disabled", "true"));
        (string, string)[] onlyRaise =
            [.. Orchestrators.Concat(Activities).Append("Yearly").Append("Scanned").Append("Start").Select(name => ($"AzureWebJobs.{name}.Disabled", "1"))];
        await using var worker = await storage.StartAsync(workerPrefix, [("TaskHub", hub), .. onlyRaise]);
        using var orchestrations = new Orchestrations(coordinator.Address);

        Assert.Equal($"went from {workerPrefix}", await orchestrations.RunAsync("AskForGo"));

        Assert.True(coordinator.Functions.Single(function => function.Name == "Raise").IsDisabled);
        Assert.False(worker.Functions.Single(function => function.Name == "Raise").IsDisabled);
        Assert.All(Orchestrators, name => Assert.True(worker.Functions.Single(function => function.Name == name).IsDisabled));
        using var client = new HttpClient { BaseAddress = worker.Address };
        using var response = await client.PostAsync("/api/start/FanOut?input=2", null, Cancelled);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Disabled_QueueFunction_LeavesMessageAlone()
    {
        var prefix = StorageFixture.NewName();
        await storage.SendAsync($"{prefix}-in", "ignored");
        await storage.SendAsync($"{prefix}-orders", """{"Id":"seen","Amount":1}""");

        await using var host = await storage.StartAsync(prefix, ("AzureWebJobs__Copy__Disabled", "true"), ("AzureWebJobs_Yearly_Disabled", "TRUE"));

        await storage.ReceiveAsync($"{prefix}-parts", text => text == "seen/1");
        var waiting = await (await storage.QueueAsync($"{prefix}-in")).PeekMessageAsync(Cancelled);
        Assert.Equal("ignored", waiting.Value.Body.ToString());
        Assert.Equal(0, waiting.Value.DequeueCount);
        Assert.Null((await (await storage.QueueAsync($"{prefix}-ticks")).PeekMessageAsync(Cancelled)).Value);
    }

    [Fact]
    public async Task Restart_SameHostTwiceInOneProcess_GoesOnWhereItStopped()
    {
        var prefix = StorageFixture.NewName();
        var address = default(Uri);
        System.Text.Json.JsonElement instance;
        await using (var first = await storage.StartAsync(prefix))
        {
            using var orchestrations = new Orchestrations(first.Address);
            instance = await orchestrations.StartAsync("WaitForGo");
            await orchestrations.WaitAsync(instance, "Running");
            address = first.Address;
        }

        await using var second = await FunctionHost.StartAsync(
            new FunctionHostOptions
            {
                AppDirectory = StorageFixture.SampleApp,
                HostId = prefix,
                Port = address.Port,
                Settings = storage.Options(prefix).Settings,
                StorageConnectionString = storage.Azurite.ConnectionString,
                DurableWebHooks = true,
            },
            storage.Logs,
            Cancelled);

        Assert.Equal(address, second.Address);
        using var again = new Orchestrations(second.Address);
        await again.PostAsync(instance, "sendEventPostUri", "Go", "\"later\"");
        Assert.Equal("went later", await again.OutputAsync(instance));
    }

    [Fact]
    public async Task Override_QueueSettingOfHostJson_ReachesEngine()
    {
        var log = new RecordingLoggerFactory();

        await using var host = await FunctionHost.StartAsync(
            storage.Options(
                StorageFixture.NewName(),
                ("AzureFunctionsJobHost__extensions__queues__batchSize", "1"),
                ("AzureFunctionsJobHost:functionTimeout", "00:00:30")),
            log,
            Cancelled);

        Assert.Contains(log.Lines, line => line.Contains("\"BatchSize\": 1,", StringComparison.Ordinal));
    }
}
