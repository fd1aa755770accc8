using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class RefusalTests(StorageFixture storage)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_UnknownBinding_NamesFunctionBindingAndWhatIsSupported()
    {
        var options = storage.Options(StorageFixture.NewName(), ("UnknownBinding", "yes"));

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => FunctionHost.StartAsync(options, storage.Logs, Cancelled));

        Assert.Equal("unsupported_binding", error.Code);
        Assert.Contains("Function 'Telegram': its binding 'wire' is a trigger of type 'telegraphTrigger'", error.Message, StringComparison.Ordinal);
        Assert.Contains("blobTrigger, queueTrigger, timerTrigger, httpTrigger", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_FolderWithoutApp_SaysWhatIsMissing()
    {
        var directory = Directory.CreateTempSubdirectory("no-app-");

        var error = await Assert.ThrowsAsync<FunctionHostException>(
            () => FunctionHost.StartAsync(new FunctionHostOptions { AppDirectory = directory.FullName }, storage.Logs, Cancelled));

        directory.Delete();
        Assert.Equal("not_a_function_app", error.Code);
        Assert.Contains("host.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_WithoutStorage_SaysSo()
    {
        var options = new FunctionHostOptions { AppDirectory = StorageFixture.SampleApp };

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => FunctionHost.StartAsync(options, storage.Logs, Cancelled));

        Assert.Equal("storage_missing", error.Code);
    }

    [Theory]
    [InlineData(-1, null, null)]
    [InlineData(65536, null, null)]
    [InlineData(0, "Upper", null)]
    [InlineData(0, "two--dashes", null)]
    [InlineData(0, "a-name-of-more-than-thirty-two-letters", null)]
    [InlineData(0, null, "")]
    [InlineData(0, null, "fifteen letters")]
    public async Task StartAsync_OptionOutOfRange_NamesIt(int port, string? hostId, string? key)
    {
        var options = new FunctionHostOptions { AppDirectory = StorageFixture.SampleApp, Port = port, HostId = hostId, Key = key };

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => FunctionHost.StartAsync(options, storage.Logs, Cancelled));

        Assert.Equal("invalid_options", error.Code);
    }

    [Fact]
    public async Task StartAsync_PortInUse_SaysSoAndLeavesNoWorker()
    {
        var host = await storage.SharedHostAsync();
        var options = new FunctionHostOptions
        {
            AppDirectory = StorageFixture.SampleApp,
            Port = host.Address.Port,
            StorageConnectionString = storage.Azurite.ConnectionString,
            Settings = storage.Options(StorageFixture.NewName()).Settings,
        };
        var log = new RecordingLoggerFactory();

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => FunctionHost.StartAsync(options, log, Cancelled));

        Assert.Equal("invalid_options", error.Code);
        var ready = log.Lines.Single(line => line.Contains("Worker ", StringComparison.Ordinal) && line.Contains("is ready", StringComparison.Ordinal));
        Assert.False(ChildHost.IsAlive(int.Parse(ready.Split("Worker ")[1].Split(' ')[0])));
    }

    [Fact]
    public async Task StartAsync_Cancelled_LeavesNoWorker()
    {
        using var cancellation = new CancellationTokenSource();
        var log = new RecordingLoggerFactory(line =>
        {
            if (line.Contains("is ready with", StringComparison.Ordinal))
            {
                cancellation.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => FunctionHost.StartAsync(storage.Options(StorageFixture.NewName()), log, cancellation.Token));

        var ready = log.Lines.Single(line => line.Contains("is ready with", StringComparison.Ordinal));
        Assert.False(ChildHost.IsAlive(int.Parse(ready.Split("Worker ")[1].Split(' ')[0])));
    }

    [Fact]
    public async Task Azurite_ScriptThatDoesNotExist_IsRefused()
    {
        var options = new AzuriteOptions { DataDirectory = Path.GetTempPath(), ScriptPath = "/nowhere/azurite.js" };

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => AzuriteServer.StartAsync(options, cancellationToken: Cancelled));

        Assert.Equal("azurite_missing", error.Code);
    }

    [Fact]
    public async Task Azurite_PortInUse_FailsWithItsOwnWords()
    {
        var directory = Directory.CreateTempSubdirectory("azurite-");
        var options = new AzuriteOptions { DataDirectory = directory.FullName, BlobPort = storage.Azurite.BlobEndpoint.Port };

        var error = await Assert.ThrowsAsync<FunctionHostException>(() => AzuriteServer.StartAsync(options, cancellationToken: Cancelled));

        directory.Delete(recursive: true);
        Assert.Equal("azurite_failed", error.Code);
        Assert.Contains("EADDRINUSE", error.Message, StringComparison.Ordinal);
    }
}
