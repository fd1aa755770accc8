using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.LocalHost.Logging;

namespace Nanodet.Serverless.LocalHost.Tests.Logging;

public sealed class HostLogTests(StorageFixture storage) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("host-log-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task AppLog_HostAndWorker_BothWriteIntoIt()
    {
        using var log = AppLog.Open(new AppLogOptions { Directory = directory }, problem => Assert.Fail(problem));
        using var logging = LoggerFactory.Create(builder => log.AddTo(builder.AddFunctionHostFilters()));
        var prefix = StorageFixture.NewName();
        var options = storage.Options(prefix, ("Announce", "words of the worker"));

        await using (await FunctionHost.StartAsync(options, logging, TestContext.Current.CancellationToken))
        {
            await storage.SendAsync($"{prefix}-broken", "this");
            await Eventually.TrueAsync(() => Task.FromResult(Read(log).Contains("cannot do this", StringComparison.Ordinal)), "the failure is in the log");
        }

        var text = Read(log);
        Assert.Contains($"Host {prefix} is ready at", text, StringComparison.Ordinal);
        Assert.Contains("WorkerSupervisor: words of the worker on standard output", text, StringComparison.Ordinal);
        Assert.Contains("WorkerSupervisor: words of the worker on standard error", text, StringComparison.Ordinal);
        Assert.Contains("SampleApp.Announcement: words of the worker by its logger", text, StringComparison.Ordinal);
        Assert.Contains($"Host {prefix} has stopped", text, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_WorkerDiesAtItsStart_SaysItsWordsAndWhereTheLogIs()
    {
        var options = storage.Options(StorageFixture.NewName(), ("FailAtStart", "no such thing"));
        var pointing = new FunctionHostOptions
        {
            AppDirectory = options.AppDirectory,
            HostId = options.HostId,
            Settings = options.Settings,
            StorageConnectionString = options.StorageConnectionString,
            LogLocation = "/somewhere/app.log",
        };

        var error = await Assert.ThrowsAsync<FunctionHostException>(
            () => FunctionHost.StartAsync(pointing, storage.Logs, TestContext.Current.CancellationToken));

        Assert.Equal("worker_start_failed", error.Code);
        Assert.Contains("It said: Unhandled exception. System.InvalidOperationException: no such thing", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("The rest is in the log (/somewhere/app.log).", error.Message, StringComparison.Ordinal);
    }

    private static string Read(AppLog log)
    {
        using var reader = new StreamReader(new FileStream(log.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
