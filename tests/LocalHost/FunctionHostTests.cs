namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class FunctionHostTests(StorageFixture storage)
{
    [Fact]
    public async Task Functions_SampleApp_ListsEveryFunctionWithItsTrigger()
    {
        var host = await storage.SharedHostAsync();

        Assert.Contains(new FunctionInfo("Copy", "queueTrigger", false, null), host.Functions);
        Assert.Contains(new FunctionInfo("Scanned", "blobTrigger", false, null), host.Functions);
        Assert.Contains(new FunctionInfo("Yearly", "timerTrigger", false, null), host.Functions);
        Assert.Contains(new FunctionInfo("FanOut", "orchestrationTrigger", false, null), host.Functions);
        Assert.Contains(new FunctionInfo("Off", "httpTrigger", true, "api/Off"), host.Functions);
        Assert.Equal(1, host.WorkerStarts);
        Assert.NotNull(host.WorkerProcessId);
    }
}
