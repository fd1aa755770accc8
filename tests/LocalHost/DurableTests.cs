namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class DurableTests(StorageFixture storage)
{
    [Theory]
    [InlineData("FanOut", "5", "sum 30")]
    [InlineData("Parent", "", "child: sum 5")]
    [InlineData("Nap", "", "rested")]
    [InlineData("Count", "", "5")]
    public async Task Run_Orchestration_CompletesWithOutput(string name, string input, string expected)
    {
        using var orchestrations = await OrchestrationsAsync();

        Assert.Equal(expected, await orchestrations.RunAsync(name, input));
    }

    [Fact]
    public async Task Run_ActivityThrows_GivesOrchestratorTypeAndMessage()
    {
        using var orchestrations = await OrchestrationsAsync();

        Assert.Equal("System.IO.InvalidDataException: stumbled over \"quoted\"", await orchestrations.RunAsync("Careless"));
    }

    [Fact]
    public async Task Raise_ByWebHook_ReachesWaitingOrchestration()
    {
        using var orchestrations = await OrchestrationsAsync();
        var instance = await orchestrations.StartAsync("WaitForGo");
        await orchestrations.WaitAsync(instance, "Running");

        await orchestrations.PostAsync(instance, "sendEventPostUri", "Go", "\"by web hook\"");

        Assert.Equal("went by web hook", await orchestrations.OutputAsync(instance));
    }

    [Fact]
    public async Task Terminate_ByWebHook_EndsOrchestrationWithReason()
    {
        using var orchestrations = await OrchestrationsAsync();
        var instance = await orchestrations.StartAsync("WaitForGo");
        await orchestrations.WaitAsync(instance, "Running");

        await orchestrations.PostAsync(instance, "terminatePostUri", "enough");

        var status = await orchestrations.WaitAsync(instance, "Terminated");
        Assert.Equal("enough", status.GetProperty("output").GetString());
    }

    [Fact]
    public async Task Ask_ThroughQueueInSameHost_IsAnsweredByClientInQueueFunction()
    {
        using var orchestrations = await OrchestrationsAsync();

        Assert.Equal($"went from {storage.Prefix}", await orchestrations.RunAsync("AskForGo"));
    }

    private async Task<Orchestrations> OrchestrationsAsync() => new((await storage.SharedHostAsync()).Address);
}
